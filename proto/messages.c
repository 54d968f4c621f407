/*
 * messages.c - packing, unpacking and freeing the messages of pendio.proto.
 *
 * Unpacking:  size -> look through the bytes (wire.c) -> protobuf-c, which allocates from a budget.
 * Freeing:    the budget's blocks are malloc's own, as are those of protobuf-c by default.
 * Failures:   leave nothing allocated, the outputs untouched and one line in the error.
 */
#include "messages.h"

#include "budget.h"
#include "text.h"
#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int pnd_message_pack(const ProtobufCMessage *message, uint8_t **ret_bytes, size_t *ret_byte_count)
{
    assert(message != NULL);

    size_t byte_count = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(byte_count != 0 ? byte_count : 1);
    if (bytes == NULL)
        return -ENOMEM;

    *ret_byte_count = protobuf_c_message_pack(message, bytes);
    *ret_bytes = bytes;
    return 0;
}

static int explain(const ProtobufCMessageDescriptor *type, const struct pnd_budget *budget,
                   struct pnd_message_error *error)
{
    if (budget->is_spent || budget->is_out_of_memory)
        return pnd_budget_explain(budget, type->short_name, error);
    pnd_text_add(error, "%s: fields of other types than this schema's; use a packed %s",
                 type->short_name, type->short_name);
    return -EBADMSG;
}

int pnd_message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t byte_count,
                       const struct pnd_message_limits *limits, ProtobufCMessage **ret_message,
                       struct pnd_message_error *error)
{
    assert(type != NULL && error != NULL);
    assert(bytes != NULL || byte_count == 0);

    struct pnd_budget budget;
    pnd_budget_init(&budget, limits);
    error->text[0] = '\0';

    int status = pnd_budget_check_input(&budget, type->short_name, byte_count, error);
    if (status < 0)
        return status;
    status = pnd_wire_check(type, bytes, byte_count, error);
    if (status < 0)
        return status;

    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &budget.allocator, byte_count, bytes);
    if (message == NULL)
        return explain(type, &budget, error);
    *ret_message = message;
    return 0;
}

void pnd_message_free(ProtobufCMessage *message)
{
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
}
