/*
 * json_fuzz.c - any text as a message in JSON.
 *
 * - The first byte chooses the type; where it is a brace, this is a workload and begins there.
 * - What can be read must be written again, and the second reading must say the same.
 * - What cannot be read must be explained in one line.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void check_round_trip(const ProtobufCMessage *message)
{
    struct pnd_message_error error;
    ProtobufCMessage *again = NULL;
    char *first = NULL;
    char *second = NULL;

    assert(pnd_message_to_json(message, &first) == 0);
    assert(pnd_message_from_json(message->descriptor, first, strlen(first), "fuzz", NULL, &again,
                                 &error) == 0);
    assert(pnd_message_to_json(again, &second) == 0);
    assert(strcmp(first, second) == 0);
    pnd_message_free(again);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    static const struct pnd_message_limits limits = {.allocation_bytes = 1 << 20};
    const ProtobufCMessageDescriptor *type = fuzz_types[0];
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;

    if (byte_count == 0)
        return 0;
    if (bytes[0] != '{') {
        type = fuzz_types[bytes[0] % FUZZ_TYPE_COUNT];
        bytes++;
        byte_count--;
    }
    (void)pnd_message_from_json(type, (const char *)bytes, byte_count, "fuzz", &limits, &message,
                                &error);
    assert((message != NULL) == (error.text[0] == '\0'));
    assert(strchr(error.text, '\n') == NULL);
    if (message != NULL)
        check_round_trip(message);
    pnd_message_free(message);
    return 0;
}
