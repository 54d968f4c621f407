/*
 * say.c - what the CLI says on stderr, fit for a terminal.
 *
 * Happy path:  text is formatted, made printable and written as one line.
 * Failures:    too long a text is cut; bytes that are no printable UTF-8 become '?'.
 */
#include "say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

enum { NAME_BYTES = 32 }; /* longer names are compared up to here */

static void clean_field(const ProtobufCFieldDescriptor *field, ProtobufCMessage *message);
static void clean_value(const ProtobufCFieldDescriptor *field, void *value);
static size_t distance_between(const char *left, const char *right);

void pnd_say_error(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    pnd_say_clean(text);
    pnd_say_for_now("");
    (void)fprintf(stderr, "pendio: %s\n", text);
}

void pnd_say_for_now(const char *line)
{
    static bool shown;
    if (!shown && line[0] == '\0')
        return;
    shown = line[0] != '\0';
    (void)fprintf(stderr, "\r%s\033[K", line);
    (void)fflush(stderr);
}

void pnd_say_clean(char *text)
{
    mbstate_t state = {0};
    size_t left_bytes = strlen(text);
    while (left_bytes > 0) {
        wchar_t character = 0;
        size_t byte_count = mbrtowc(&character, text, left_bytes, &state);
        bool valid = byte_count != (size_t)-1 && byte_count != (size_t)-2;
        if (!valid) {
            state = (mbstate_t){0};
            byte_count = 1;
        }
        if (!valid || !iswprint((wint_t)character))
            memset(text, '?', byte_count);
        text += byte_count;
        left_bytes -= byte_count;
    }
}

/* Ends, because no message of the schema contains itself. */
void pnd_say_clean_message(ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned index = 0; index < type->n_fields; index++)
        clean_field(&type->fields[index], message);
}

static void clean_field(const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
        return;

    char *base = (char *)message;
    unsigned count = 1;
    void **values = (void **)(void *)(base + field->offset);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        count = (unsigned)*(size_t *)(void *)(base + field->quantifier_offset);
        values = (void **)*values;
    } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
               *(uint32_t *)(void *)(base + field->quantifier_offset) != field->id) {
        return;
    }
    for (unsigned index = 0; index < count; index++)
        clean_value(field, values[index]);
}

/* An absent string is a constant empty one, in which nothing is ever replaced. */
static void clean_value(const ProtobufCFieldDescriptor *field, void *value)
{
    if (value == NULL)
        return;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        pnd_say_clean(value);
    else
        pnd_say_clean_message(value);
}

const char *pnd_say_nearest(const char *wrong, const char *const *names, size_t name_count)
{
    const char *nearest = NULL;
    size_t nearest_distance = 3; /* more than two changes is another word */
    for (size_t index = 0; index < name_count; index++) {
        size_t distance = distance_between(wrong, names[index]);
        if (distance < nearest_distance && distance < strlen(names[index])) {
            nearest_distance = distance;
            nearest = names[index];
        }
    }
    return nearest;
}

/* Letters to insert, remove or replace; one row of the usual table at a time. */
static size_t distance_between(const char *left, const char *right)
{
    size_t left_length = strnlen(left, NAME_BYTES);
    size_t right_length = strnlen(right, NAME_BYTES);
    size_t row[NAME_BYTES + 1];
    for (size_t column = 0; column <= right_length; column++)
        row[column] = column;

    for (size_t line = 1; line <= left_length; line++) {
        size_t diagonal = row[0];
        row[0] = line;
        for (size_t column = 1; column <= right_length; column++) {
            size_t replaced = diagonal + (left[line - 1] != right[column - 1]);
            diagonal = row[column];
            size_t changed = (row[column] < row[column - 1] ? row[column] : row[column - 1]) + 1;
            row[column] = changed < replaced ? changed : replaced;
        }
    }
    return row[right_length];
}
