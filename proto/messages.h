/*
 * messages.h - the messages of pendio.proto, packed, unpacked and as JSON, within bounds.
 *
 * Nothing that comes from outside is trusted before it was decoded here: input has a size cap,
 * decoding has an allocation budget (protobuf-c amplifies up to 25 times), and every error says
 * where it is and what would be right. No other folder includes protobuf-c or jansson.
 */
#ifndef PND_MESSAGES_H
#define PND_MESSAGES_H

#include "pendio.pb-c.h"

#include <stddef.h>
#include <stdint.h>

/* What one decode may cost; a field of zero, or NULL for all, takes the default beside it. */
struct pnd_message_limits {
    size_t input_bytes;      /* 4 MiB */
    size_t allocation_bytes; /* 64 MiB, over the whole decode; each block counts 16 bytes more */
};

/* One line for people: where, what is wrong, what would be right. Empty when all went well. */
struct pnd_message_error {
    char text[1024];
};

/* Packs into memory the caller frees with free(). Returns 0 or -ENOMEM. */
int pnd_message_pack(const ProtobufCMessage *message, uint8_t **ret_bytes, size_t *ret_byte_count);

/*
 * Returns 0, -E2BIG (over a limit), -EBADMSG (not such a message) or -ENOMEM, with `error` filled.
 * The message is freed with pnd_message_free(). Strings are UTF-8 without NUL; fields the schema
 * does not know are kept but count; enum values the schema does not know are kept as they are.
 */
int pnd_message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t byte_count,
                       const struct pnd_message_limits *limits, ProtobufCMessage **ret_message,
                       struct pnd_message_error *error);

/*
 * From proto3 JSON. `name` is the input's name for error lines ("workload.json:12: ...").
 * Unknown fields, wrong types, out-of-range numbers and unknown enum values are errors that name
 * line, field and what would be right. Same statuses and ownership as pnd_message_unpack().
 * Field names may be the schema's or in lowerCamelCase; null is "not given". The parsed text itself
 * is bounded by `input_bytes` alone (it takes up to 80 times its length for a moment).
 */
int pnd_message_from_json(const ProtobufCMessageDescriptor *type, const char *text,
                          size_t byte_count, const char *name,
                          const struct pnd_message_limits *limits, ProtobufCMessage **ret_message,
                          struct pnd_message_error *error);

/*
 * Proto3 JSON on one line without newline, fields in schema order under the schema's names,
 * defaults left out, 64-bit numbers as strings; the caller frees the text with free(). Returns 0,
 * -EBADMSG (a string is not UTF-8) or -ENOMEM.
 */
int pnd_message_to_json(const ProtobufCMessage *message, char **ret_text);

/* NULL is allowed. Only for messages of pnd_message_unpack() and pnd_message_from_json(). */
void pnd_message_free(ProtobufCMessage *message);

#endif
