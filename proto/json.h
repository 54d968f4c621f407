/* json.h - what the readers and the writer of JSON share; nobody else includes it. */
#ifndef PND_JSON_H
#define PND_JSON_H

#include "budget.h"

#include <jansson.h>
#include <stdbool.h>

/* One text on its way to becoming a message. */
struct pnd_json_reader {
    const char *name;
    const char *text;
    size_t byte_count;
    struct pnd_budget budget;
    struct pnd_message_error *error;
};

/* Where in the text: a chain from a member or an element up to the outermost object. */
struct pnd_json_place {
    const struct pnd_json_place *parent; /* NULL: the outermost object */
    const char *field;                   /* NULL: an element of an array */
    size_t index;                        /* among its parent's members or elements */
};

/* "name:line: path: what is wrong". Returns -EBADMSG. */
__attribute__((format(printf, 3, 4))) int pnd_json_blame(struct pnd_json_reader *reader,
                                                         const struct pnd_json_place *place,
                                                         const char *format, ...);

/* From one, also beyond the end of the text. The text is known to be JSON. */
size_t pnd_json_line(const char *text, size_t byte_count, const struct pnd_json_place *place);

/* A value as the text has it, short enough for an error line. */
struct pnd_json_shown {
    char text[64];
};
struct pnd_json_shown pnd_json_show(const struct pnd_json_reader *reader,
                                    const struct pnd_json_place *place);

/* Any value but a message, an array or null, into the field's place in memory. */
int pnd_json_read_value(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                        const ProtobufCFieldDescriptor *field, const json_t *value,
                        void *ret_value);

/* Bytes that one value of this type takes in a message. */
size_t pnd_json_value_bytes(ProtobufCType type);

/* A pointer to where a message keeps something. */
static inline void *pnd_json_at(const ProtobufCMessage *message, unsigned offset)
{
    return (char *)(uintptr_t)message + offset;
}

/* True if the field shares its place with others of a oneof. */
static inline bool pnd_json_is_alternative(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

#endif
