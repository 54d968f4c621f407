/*
 * json_write.c - a message as proto3 JSON, by walking the descriptors protobuf-c generates.
 *
 * - Names as the schema has them, in the order of their numbers; defaults are left out.
 * - 64-bit numbers as strings, enums as names, bytes in base64, as the mapping has it; an enum
 * value that has no name is written as its number.
 * - Doubles in as few digits as bring every one of them back: 15, 16 or 17.
 */
#include "json.h"
#include "text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    int digit_count; /* that the doubles so far need */
    int status;      /* why a value could not be written, if not for want of memory */
};

typedef json_t *write_fn(struct writer *writer, const ProtobufCFieldDescriptor *field,
                         const void *value);

static json_t *write_message(struct writer *writer, const ProtobufCMessage *message);

static json_t *write_int32(struct writer *writer, const ProtobufCFieldDescriptor *field,
                           const void *value)
{
    (void)writer;
    (void)field;
    return json_integer(*(const int32_t *)value);
}

static json_t *write_uint32(struct writer *writer, const ProtobufCFieldDescriptor *field,
                            const void *value)
{
    (void)writer;
    (void)field;
    return json_integer(*(const uint32_t *)value);
}

static json_t *write_int64(struct writer *writer, const ProtobufCFieldDescriptor *field,
                           const void *value)
{
    (void)writer;
    (void)field;
    return json_sprintf("%" PRId64, *(const int64_t *)value);
}

static json_t *write_uint64(struct writer *writer, const ProtobufCFieldDescriptor *field,
                            const void *value)
{
    (void)writer;
    (void)field;
    return json_sprintf("%" PRIu64, *(const uint64_t *)value);
}

static json_t *write_real(struct writer *writer, double real)
{
    char text[32];

    if (isnan(real))
        return json_string("NaN");
    if (isinf(real))
        return json_string(real > 0 ? "Infinity" : "-Infinity");
    for (; writer->digit_count < 17; writer->digit_count++) {
        (void)snprintf(text, sizeof(text), "%.*g", writer->digit_count, real);
        if (strtod(text, NULL) == real)
            break;
    }
    return json_real(real);
}

static json_t *write_float(struct writer *writer, const ProtobufCFieldDescriptor *field,
                           const void *value)
{
    (void)field;
    return write_real(writer, (double)*(const float *)value);
}

static json_t *write_double(struct writer *writer, const ProtobufCFieldDescriptor *field,
                            const void *value)
{
    (void)field;
    return write_real(writer, *(const double *)value);
}

static json_t *write_bool(struct writer *writer, const ProtobufCFieldDescriptor *field,
                          const void *value)
{
    (void)writer;
    (void)field;
    return json_boolean(*(const protobuf_c_boolean *)value);
}

static json_t *write_enum(struct writer *writer, const ProtobufCFieldDescriptor *field,
                          const void *value)
{
    (void)writer;
    int number = *(const int *)value;
    const ProtobufCEnumValue *found =
        protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    return found != NULL ? json_string(found->name) : json_integer(number);
}

static json_t *write_string(struct writer *writer, const ProtobufCFieldDescriptor *field,
                            const void *value)
{
    (void)field;
    const char *text = *(char *const *)value;
    if (text == NULL)
        text = "";
    if (!pnd_text_is_valid(text, strlen(text)))
        writer->status = -EBADMSG;
    return json_string(text);
}

static json_t *write_bytes(struct writer *writer, const ProtobufCFieldDescriptor *field,
                           const void *value)
{
    (void)writer;
    (void)field;
    const ProtobufCBinaryData *bytes = value;
    char *text = malloc(pnd_text_base64_length(bytes->len) + 1);
    if (text == NULL)
        return NULL;
    pnd_text_to_base64(bytes->data, bytes->len, text);
    json_t *written = json_string(text);
    free(text);
    return written;
}

static json_t *write_inner(struct writer *writer, const ProtobufCFieldDescriptor *field,
                           const void *value)
{
    (void)field;
    return write_message(writer, *(ProtobufCMessage *const *)value);
}

static write_fn *const writers[] = {
    [PROTOBUF_C_TYPE_INT32] = write_int32,    [PROTOBUF_C_TYPE_SINT32] = write_int32,
    [PROTOBUF_C_TYPE_SFIXED32] = write_int32, [PROTOBUF_C_TYPE_INT64] = write_int64,
    [PROTOBUF_C_TYPE_SINT64] = write_int64,   [PROTOBUF_C_TYPE_SFIXED64] = write_int64,
    [PROTOBUF_C_TYPE_UINT32] = write_uint32,  [PROTOBUF_C_TYPE_FIXED32] = write_uint32,
    [PROTOBUF_C_TYPE_UINT64] = write_uint64,  [PROTOBUF_C_TYPE_FIXED64] = write_uint64,
    [PROTOBUF_C_TYPE_FLOAT] = write_float,    [PROTOBUF_C_TYPE_DOUBLE] = write_double,
    [PROTOBUF_C_TYPE_BOOL] = write_bool,      [PROTOBUF_C_TYPE_ENUM] = write_enum,
    [PROTOBUF_C_TYPE_STRING] = write_string,  [PROTOBUF_C_TYPE_BYTES] = write_bytes,
    [PROTOBUF_C_TYPE_MESSAGE] = write_inner,
};

/* True for what a message says when nothing was said. */
static bool is_default(const ProtobufCFieldDescriptor *field, const void *value)
{
    static const uint8_t zeroes[sizeof(ProtobufCBinaryData)];

    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)value;
        return text == NULL || text[0] == '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)value)->len == 0;
    return memcmp(value, zeroes, pnd_json_value_bytes(field->type)) == 0;
}

static json_t *write_elements(struct writer *writer, const ProtobufCFieldDescriptor *field,
                              const char *elements, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < count; i++) {
        const void *element = elements + i * pnd_json_value_bytes(field->type);
        if (json_array_append_new(array, writers[field->type](writer, field, element)) < 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

/* True if the message holds the field; then `ret_json` is what to write, NULL if that failed. */
static bool write_field(struct writer *writer, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field, json_t **ret_json)
{
    const void *value = pnd_json_at(message, field->offset);
    const void *quantifier = pnd_json_at(message, field->quantifier_offset);

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(const size_t *)quantifier;
        if (count == 0)
            return false;
        *ret_json = write_elements(writer, field, *(char *const *)value, count);
        return true;
    }
    if (pnd_json_is_alternative(field) ? *(const uint32_t *)quantifier != field->id
                                       : is_default(field, value))
        return false;
    *ret_json = writers[field->type](writer, field, value);
    return true;
}

static json_t *write_message(struct writer *writer, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    json_t *object = json_object();

    for (unsigned i = 0; object != NULL && i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        json_t *value;
        if (!write_field(writer, message, field, &value))
            continue;
        if (json_object_set_new(object, field->name, value) < 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

int pnd_message_to_json(const ProtobufCMessage *message, char **ret_text)
{
    assert(message != NULL);

    struct writer writer = {.digit_count = 15, .status = -ENOMEM};
    json_t *json = write_message(&writer, message);
    if (json == NULL)
        return writer.status;
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION((size_t)writer.digit_count));
    json_decref(json);
    if (text == NULL)
        return -ENOMEM;
    *ret_text = text;
    return 0;
}
