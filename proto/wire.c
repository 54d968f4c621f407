/*
 * wire.c - packed bytes looked through before protobuf-c decodes them.
 *
 * - protobuf-c takes any bytes for a string and stops reading it at a NUL: here both are errors.
 * - What the schema does not know is skipped. What cannot be taken apart is an error.
 * - No deeper than the schema, because no message of it contains itself.
 */
#include "wire.h"

#include "text.h"

#include <errno.h>

struct cursor {
    const uint8_t *at;
    size_t left_bytes;
};

struct place {
    const struct place *parent; /* NULL: the message as a whole */
    const char *name;
};

static int check_message(const ProtobufCMessageDescriptor *type, struct cursor cursor,
                         const struct place *place, struct pnd_message_error *error);

static void add_place(struct pnd_message_error *error, const struct place *place)
{
    if (place->parent == NULL) {
        pnd_text_add(error, "%s", place->name);
        return;
    }
    add_place(error, place->parent);
    pnd_text_add(error, ".%s", place->name);
}

static int blame(struct pnd_message_error *error, const struct place *place, const char *what)
{
    add_place(error, place);
    pnd_text_add(error, ": %s", what);
    return -EBADMSG;
}

static int take_varint(struct cursor *cursor, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && cursor->left_bytes > 0; shift += 7) {
        uint8_t byte = *cursor->at++;
        cursor->left_bytes--;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            *ret_value = value;
            return 0;
        }
    }
    return -EBADMSG;
}

static int take_bytes(struct cursor *cursor, uint64_t byte_count, struct cursor *ret_bytes)
{
    if (byte_count > cursor->left_bytes)
        return -EBADMSG;
    *ret_bytes = (struct cursor){.at = cursor->at, .left_bytes = (size_t)byte_count};
    cursor->at += byte_count;
    cursor->left_bytes -= (size_t)byte_count;
    return 0;
}

static int take_value(struct cursor *cursor, uint64_t wire_type, struct cursor *ret_value)
{
    uint64_t number;
    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return take_varint(cursor, &number);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return take_bytes(cursor, sizeof(uint64_t), ret_value);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return take_bytes(cursor, sizeof(uint32_t), ret_value);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        if (take_varint(cursor, &number) < 0)
            return -EBADMSG;
        return take_bytes(cursor, number, ret_value);
    default:
        return -EBADMSG;
    }
}

static int check_field(const ProtobufCFieldDescriptor *field, struct cursor value,
                       const struct place *place, struct pnd_message_error *error)
{
    const struct place inner = {.parent = place, .name = field->name};

    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_message(field->descriptor, value, &inner, error);
    if (field->type == PROTOBUF_C_TYPE_STRING && !pnd_text_is_valid(value.at, value.left_bytes))
        return blame(error, &inner, "not text; use UTF-8 without NUL");
    return 0;
}

static int check_message(const ProtobufCMessageDescriptor *type, struct cursor cursor,
                         const struct place *place, struct pnd_message_error *error)
{
    while (cursor.left_bytes > 0) {
        uint64_t tag;
        struct cursor value;
        if (take_varint(&cursor, &tag) < 0 || tag > UINT32_MAX ||
            take_value(&cursor, tag & 7, &value) < 0)
            return blame(error, place, "cut off or damaged; use a whole packed message");

        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
        if (field == NULL || (tag & 7) != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        int status = check_field(field, value, place, error);
        if (status < 0)
            return status;
    }
    return 0;
}

int pnd_wire_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t byte_count,
                   struct pnd_message_error *error)
{
    const struct place whole = {.parent = NULL, .name = type->short_name};
    const struct cursor cursor = {.at = bytes, .left_bytes = byte_count};
    return check_message(type, cursor, &whole, error);
}
