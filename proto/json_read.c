/*
 * json_read.c - a message from JSON, by walking the descriptors protobuf-c generates.
 *
 * Happy path:  size -> jansson (syntax, UTF-8, doubled names) -> message -> member -> value.
 * Failures:    one line with input, line, field and remedy; what was built so far is freed.
 * Names:       as the schema has them, or in lowerCamelCase; null means "not given".
 *
 * A message holds members no deeper than the schema does, because no message of it contains itself.
 */
#include "json.h"
#include "remedy.h"
#include "text.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

static int read_message(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                        const ProtobufCMessageDescriptor *type, const json_t *value,
                        ProtobufCMessage **ret_message);

/* What would be right, where jansson says only what is wrong. */
static const struct {
    enum json_error_code code;
    const char *text;
} syntax_remedies[] = {
    {json_error_premature_end_of_input, "the text ends too early"},
    {json_error_numeric_overflow, "put such a number in quotes"},
    {json_error_null_character, "leave it out"},
    {json_error_invalid_utf8, "save the text in UTF-8"},
    {json_error_duplicate_key, "keep one of the two"},
    {json_error_stack_overflow, "nest less"},
};

static int syntax_status(struct pnd_json_reader *reader, const json_error_t *fault)
{
    if (json_error_code(fault) == json_error_out_of_memory) {
        pnd_text_add(reader->error, "%s: out of memory", pnd_text_tail(reader->name));
        return -ENOMEM;
    }
    pnd_text_add(reader->error, "%s:%d: column %d: %s", pnd_text_tail(reader->name), fault->line,
                 fault->column,
                 json_error_code(fault) == json_error_null_character
                     ? "\\u0000 is not allowed in a text" /* jansson names an option of its own */
                     : fault->text);
    for (size_t i = 0; i < sizeof(syntax_remedies) / sizeof(syntax_remedies[0]); i++) {
        if (syntax_remedies[i].code == json_error_code(fault))
            pnd_text_add(reader->error, "; %s", syntax_remedies[i].text);
    }
    return -EBADMSG;
}

int pnd_message_from_json(const ProtobufCMessageDescriptor *type, const char *text,
                          size_t byte_count, const char *name,
                          const struct pnd_message_limits *limits, ProtobufCMessage **ret_message,
                          struct pnd_message_error *error)
{
    assert(type != NULL && text != NULL && name != NULL && error != NULL);

    static const char mark[] = "\xEF\xBB\xBF";
    const struct pnd_json_place outermost = {.parent = NULL};
    struct pnd_json_reader reader = {
        .name = name, .text = text, .byte_count = byte_count, .error = error};
    pnd_budget_init(&reader.budget, limits);
    error->text[0] = '\0';

    int status = pnd_budget_check_input(&reader.budget, name, byte_count, error);
    if (status < 0)
        return status;

    if (byte_count >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0) {
        pnd_text_add(error, "%s:1: begins with a byte order mark; save the text without it",
                     pnd_text_tail(name));
        return -EBADMSG;
    }

    json_error_t fault;
    json_t *json = json_loadb(text, byte_count, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (json == NULL)
        return syntax_status(&reader, &fault);
    status = read_message(&reader, &outermost, type, json, ret_message);
    json_decref(json);
    return status;
}

/* True if `key` is `name` in lowerCamelCase. */
static bool is_camel_case_of(const char *key, const char *name)
{
    while (*name != '\0') {
        char expected = *name++;
        if (expected == '_' && *name != '\0')
            expected = (char)toupper((unsigned char)*name++);
        if (*key++ != expected)
            return false;
    }
    return *key == '\0';
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
                                                  const char *key)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, key);
    for (unsigned i = 0; field == NULL && i < type->n_fields; i++) {
        if (is_camel_case_of(key, type->fields[i].name))
            field = &type->fields[i];
    }
    return field;
}

static int refuse_unknown(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                          const ProtobufCMessageDescriptor *type)
{
    int status = pnd_json_blame(reader, place, "no such field in %s", type->short_name);
    if (type->n_fields == 0)
        pnd_text_add(reader->error, "; it has none, use {}");
    else
        pnd_remedy_add_fields(reader->error, type, place->field);
    return status;
}

static int read_one(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                    const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return read_message(reader, place, field->descriptor, value, ret_value);
    return pnd_json_read_value(reader, place, field, value, ret_value);
}

/* Counts as it goes, so that what is there can be freed at any time. */
static int read_elements(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                         const ProtobufCFieldDescriptor *field, const json_t *array,
                         ProtobufCMessage *message)
{
    size_t *count = pnd_json_at(message, field->quantifier_offset);
    char *elements = *(char **)pnd_json_at(message, field->offset);
    int status = 0;

    while (status == 0 && *count < json_array_size(array)) {
        const struct pnd_json_place inner = {.parent = place, .index = *count};
        const json_t *element = json_array_get(array, *count);
        status = read_one(reader, &inner, field, element,
                          elements + *count * pnd_json_value_bytes(field->type));
        if (status == 0)
            ++*count;
    }
    return status;
}

static int read_array(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                      const ProtobufCFieldDescriptor *field, const json_t *value,
                      ProtobufCMessage *message)
{
    if (!json_is_array(value))
        return pnd_json_blame(reader, place, "%s is no array; put it in [ ]",
                              pnd_json_show(reader, place).text);
    if (json_array_size(value) == 0)
        return 0;

    void *elements = pnd_budget_alloc(&reader->budget,
                                      json_array_size(value) * pnd_json_value_bytes(field->type));
    if (elements == NULL)
        return pnd_budget_explain(&reader->budget, reader->name, reader->error);
    *(void **)pnd_json_at(message, field->offset) = elements;
    return read_elements(reader, place, field, value, message);
}

/* One of several fields that share a place. */
static int read_alternative(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                            const ProtobufCFieldDescriptor *field, const json_t *value,
                            ProtobufCMessage *message)
{
    uint32_t *chosen = pnd_json_at(message, field->quantifier_offset);
    if (*chosen != 0) {
        const ProtobufCFieldDescriptor *other =
            protobuf_c_message_descriptor_get_field(message->descriptor, *chosen);
        return pnd_json_blame(reader, place, "\"%s\" is there already; keep one of the two",
                              other->name);
    }
    int status = read_one(reader, place, field, value, pnd_json_at(message, field->offset));
    if (status == 0)
        *chosen = field->id;
    return status;
}

static int read_member(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                       const json_t *object, const json_t *value, ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = find_field(message->descriptor, place->field);

    if (field == NULL)
        return refuse_unknown(reader, place, message->descriptor);
    if (strcmp(place->field, field->name) != 0 && json_object_get(object, field->name) != NULL)
        return pnd_json_blame(reader, place, "\"%s\" is the same field; keep one of the two",
                              field->name);
    if (json_is_null(value))
        return 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_array(reader, place, field, value, message);
    if (pnd_json_is_alternative(field))
        return read_alternative(reader, place, field, value, message);
    return read_one(reader, place, field, value, pnd_json_at(message, field->offset));
}

static int read_members(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                        const json_t *value, ProtobufCMessage *message)
{
    json_t *object = (json_t *)(uintptr_t)value; /* jansson's iterators take no const */
    struct pnd_json_place inner = {.parent = place};
    json_t *member;

    json_object_foreach(object, inner.field, member)
    {
        int status = read_member(reader, &inner, object, member, message);
        if (status < 0)
            return status;
        inner.index++;
    }
    return 0;
}

static int read_message(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                        const ProtobufCMessageDescriptor *type, const json_t *value,
                        ProtobufCMessage **ret_message)
{
    if (!json_is_object(value))
        return pnd_json_blame(reader, place, "%s is no %s; use an object in { }",
                              pnd_json_show(reader, place).text, type->short_name);

    ProtobufCMessage *message = pnd_budget_alloc(&reader->budget, type->sizeof_message);
    if (message == NULL)
        return pnd_budget_explain(&reader->budget, reader->name, reader->error);
    protobuf_c_message_init(type, message);

    int status = read_members(reader, place, value, message);
    if (status < 0) {
        pnd_message_free(message);
        return status;
    }
    *ret_message = message;
    return 0;
}
