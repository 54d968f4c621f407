/*
 * message_fuzz.c - any bytes as a packed message.
 *
 * - The first byte chooses the type. What unpacks must pack again, and come back the same.
 * - Its JSON must be readable, unless it holds an enum value without a name.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void check_packing(const ProtobufCMessage *message)
{
    struct pnd_message_error error;
    ProtobufCMessage *again = NULL;
    uint8_t *first = NULL;
    uint8_t *second = NULL;
    size_t first_count = 0;
    size_t second_count = 0;

    assert(pnd_message_pack(message, &first, &first_count) == 0);
    if (pnd_message_unpack(message->descriptor, first, first_count, NULL, &again, &error) == 0) {
        assert(pnd_message_pack(again, &second, &second_count) == 0);
        assert(first_count == second_count && memcmp(first, second, first_count) == 0);
    }
    pnd_message_free(again);
    free(first);
    free(second);
}

static void check_json(const ProtobufCMessage *message)
{
    struct pnd_message_error error;
    ProtobufCMessage *again = NULL;
    char *text = NULL;

    assert(pnd_message_to_json(message, &text) == 0);
    (void)pnd_message_from_json(message->descriptor, text, strlen(text), "fuzz", NULL, &again,
                                &error);
    assert((again != NULL) == (error.text[0] == '\0'));
    pnd_message_free(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    static const struct pnd_message_limits limits = {.allocation_bytes = 1 << 20};
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;

    if (byte_count == 0)
        return 0;
    (void)pnd_message_unpack(fuzz_types[bytes[0] % FUZZ_TYPE_COUNT], bytes + 1, byte_count - 1,
                             &limits, &message, &error);
    assert((message != NULL) == (error.text[0] == '\0'));
    if (message != NULL) {
        check_packing(message);
        check_json(message);
    }
    pnd_message_free(message);
    return 0;
}
