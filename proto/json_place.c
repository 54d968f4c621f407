/*
 * json_place.c - where in a JSON text an error is.
 *
 * - jansson keeps no lines, so a place is counted out: the n-th member of the m-th element ...;
 * only when there is something to blame is the text walked again to find that place.
 * - A refused value is shown as it was written, not as it was understood.
 * - The text has been parsed before, so the walk need not check it.
 */
#include "json.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIELD_LIMIT = 64 };

struct span {
    const char *at;
    const char *end;
};

static struct span skip_space(struct span span)
{
    while (span.at < span.end && strchr(" \t\r\n", *span.at) != NULL)
        span.at++;
    return span;
}

/* From an opening quote to behind the closing one. */
static struct span skip_string(struct span span)
{
    for (span.at++; span.at < span.end && *span.at != '"'; span.at++) {
        if (*span.at == '\\')
            span.at++;
    }
    span.at++;
    return span;
}

/* To behind the comma that ends this member or element. */
static struct span skip_item(struct span span)
{
    size_t depth = 0;
    while (span.at < span.end) {
        char c = *span.at;
        if (c == '"') {
            span = skip_string(span);
            continue;
        }
        span.at++;
        if (c == '{' || c == '[')
            depth++;
        if (c == '}' || c == ']')
            depth--;
        if (c == ',' && depth == 0)
            break;
    }
    return span;
}

/* From a member's name to its value; an element is its value. */
static struct span enter_value(struct span span, const struct pnd_json_place *place)
{
    if (place->parent == NULL || place->field == NULL)
        return span;
    span = skip_space(skip_string(span));
    span.at++; /* the colon */
    return skip_space(span);
}

static struct span find(struct span text, const struct pnd_json_place *place)
{
    if (place->parent == NULL)
        return skip_space(text);
    struct span span = enter_value(find(text, place->parent), place->parent);
    span.at++; /* the bracket */
    for (size_t i = 0; i < place->index; i++)
        span = skip_item(span);
    return skip_space(span);
}

size_t pnd_json_line(const char *text, size_t byte_count, const struct pnd_json_place *place)
{
    struct span found = find((struct span){.at = text, .end = text + byte_count}, place);
    size_t line = 1;
    for (const char *at = text; at < found.at && at < found.end; at++)
        line += *at == '\n';
    return line;
}

static void add_path(struct pnd_message_error *error, const struct pnd_json_place *place)
{
    if (place->parent == NULL)
        return;
    add_path(error, place->parent);
    if (place->field == NULL) {
        pnd_text_add(error, "[%zu]", place->index);
        return;
    }
    if (place->parent->parent != NULL)
        pnd_text_add(error, ".");
    pnd_text_add(error, "%.*s", FIELD_LIMIT, place->field);
}

int pnd_json_blame(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                   const char *format, ...)
{
    struct pnd_message_error what;
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what.text, sizeof(what.text), format, arguments);
    va_end(arguments);

    pnd_text_add(reader->error, "%s:%zu: ", pnd_text_tail(reader->name),
                 pnd_json_line(reader->text, reader->byte_count, place));
    add_path(reader->error, place);
    pnd_text_add(reader->error, "%s%s", place->parent != NULL ? ": " : "", what.text);
    return -EBADMSG;
}

/* To the end of a value that is neither an object nor an array. */
static struct span skip_scalar(struct span span)
{
    if (span.at < span.end && *span.at == '"')
        return skip_string(span);
    while (span.at < span.end && strchr(",]} \t\r\n", *span.at) == NULL)
        span.at++;
    return span;
}

struct pnd_json_shown pnd_json_show(const struct pnd_json_reader *reader,
                                    const struct pnd_json_place *place)
{
    struct pnd_json_shown shown = {.text = "an object"};
    struct span value = {.at = reader->text, .end = reader->text + reader->byte_count};

    value = enter_value(find(value, place), place);
    if (value.at < value.end && *value.at == '{')
        return shown;
    if (value.at < value.end && *value.at == '[')
        return (struct pnd_json_shown){.text = "an array"};

    size_t length = (size_t)(skip_scalar(value).at - value.at);
    if (length > sizeof(shown.text) - 1)
        length = sizeof(shown.text) - 1;
    memcpy(shown.text, value.at, length);
    shown.text[length] = '\0';
    pnd_text_cut(shown.text, sizeof(shown.text) - 1);
    return shown;
}
