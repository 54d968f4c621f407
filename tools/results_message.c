/*
 * results_message.c - messages as the JSON that scripts read: numbers are numbers.
 *
 * Happy path:  the fields of a message as its descriptor has them, one after another.
 * Failures:    want of memory anywhere makes the whole value NULL.
 */
#include "results_message.h"

#include "results.h"

static json_t *value_of(const ProtobufCFieldDescriptor *field, const void *place)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        return json_integer(*(const uint32_t *)place);
    case PROTOBUF_C_TYPE_UINT64:
        return json_integer(pnd_results_integer(*(const uint64_t *)place));
    case PROTOBUF_C_TYPE_INT32:
        return json_integer(*(const int32_t *)place);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)place);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *)place);
    case PROTOBUF_C_TYPE_STRING:
        return json_string(*(char *const *)place);
    case PROTOBUF_C_TYPE_MESSAGE:
        return pnd_results_message(*(ProtobufCMessage *const *)place);
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumValue *known =
            protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)place);
        return json_string(known != NULL ? known->name : "UNKNOWN");
    }
    default:
        return json_null(); /* no report has any other */
    }
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT32:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    default:
        return sizeof(void *);
    }
}

static bool is_said(const ProtobufCFieldDescriptor *field, const void *place)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)place;
        return text != NULL && text[0] != '\0';
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(void *const *)place != NULL;
    case PROTOBUF_C_TYPE_ENUM:
        return *(const int *)place != 0;
    default:
        return true;
    }
}

static json_t *list_of(const ProtobufCFieldDescriptor *field, const char *first, size_t count)
{
    json_t *list = json_array();
    for (size_t index = 0; index < count; index++)
        if (json_array_append_new(list, value_of(field, first + index * size_of(field))) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

json_t *pnd_results_message(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *base = (const char *)message;
    json_t *object = json_object();
    int status = object != NULL ? 0 : -1;
    for (unsigned index = 0; status == 0 && index < type->n_fields; index++) {
        const ProtobufCFieldDescriptor *field = &type->fields[index];
        const char *place = base + field->offset;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            if (is_said(field, place))
                status = json_object_set_new(object, field->name, value_of(field, place));
            continue;
        }
        size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
        if (count > 0)
            status = json_object_set_new(
                object, field->name, list_of(field, *(char *const *)(const void *)place, count));
    }
    if (status == 0)
        return object;
    json_decref(object);
    return NULL;
}

json_t *pnd_results_messages(ProtobufCMessage *const *messages, size_t message_count)
{
    json_t *list = json_array();
    for (size_t index = 0; index < message_count; index++)
        if (json_array_append_new(list, pnd_results_message(messages[index])) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}
