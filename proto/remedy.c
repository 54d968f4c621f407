/*
 * remedy.c - what would have been right, from the names a descriptor knows.
 *
 * - All names, as far as the line has room, and the nearest one if it is near enough to be meant:
 *   swapped, missing, added and exchanged letters count one each, upper and lower case nothing.
 */
#include "remedy.h"

#include "text.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum {
    LETTER_LIMIT = 48, /* longer words have no nearest name */
    LIST_LIMIT = 900,  /* of a line, so that the nearest name still fits */
};

struct names {
    const void *descriptor;
    size_t count;
    const char *(*at)(const void *descriptor, size_t index); /* NULL: not to be recommended */
};

static const char *field_at(const void *descriptor, size_t index)
{
    const ProtobufCMessageDescriptor *type = descriptor;
    return type->fields[index].name;
}

static const char *value_at(const void *descriptor, size_t index)
{
    static const char suffix[] = "_UNSPECIFIED";
    const ProtobufCEnumDescriptor *type = descriptor;
    const char *name = type->values[index].name;
    size_t length = strlen(name);

    if (length >= strlen(suffix) && strcmp(name + length - strlen(suffix), suffix) == 0)
        return NULL;
    return name;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Damerau and Levenshtein's distance, by optimal alignment. */
static size_t distance(const char *a, const char *b)
{
    size_t cost[LETTER_LIMIT + 1][LETTER_LIMIT + 1];
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);

    if (a_length > LETTER_LIMIT || b_length > LETTER_LIMIT)
        return SIZE_MAX;
    for (size_t i = 0; i <= a_length; i++) {
        for (size_t j = 0; j <= b_length; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            size_t exchanged = cost[i - 1][j - 1] + !is_same(a[i - 1], b[j - 1]);
            cost[i][j] = smaller(exchanged, 1 + smaller(cost[i - 1][j], cost[i][j - 1]));
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                cost[i][j] = smaller(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[a_length][b_length];
}

static const char *nearest(const struct names *names, const char *wrong)
{
    const char *best = NULL;
    size_t best_distance = strlen(wrong) / 3 + 1;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->at(names->descriptor, i);
        size_t away = name != NULL ? distance(wrong, name) : SIZE_MAX;
        if (away < best_distance) {
            best_distance = away;
            best = name;
        }
    }
    return best;
}

static void add_names(struct pnd_message_error *error, const struct names *names)
{
    const char *separator = "; use one of ";
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->at(names->descriptor, i);
        if (name == NULL)
            continue;
        if (strlen(error->text) + strlen(name) > LIST_LIMIT) {
            pnd_text_add(error, "%s...", separator);
            return;
        }
        pnd_text_add(error, "%s%s", separator, name);
        separator = ", ";
    }
}

static void add_remedy(struct pnd_message_error *error, const struct names *names,
                       const char *wrong)
{
    const char *meant = nearest(names, wrong);
    add_names(error, names);
    if (meant != NULL)
        pnd_text_add(error, " (did you mean %s?)", meant);
}

void pnd_remedy_add_fields(struct pnd_message_error *error, const ProtobufCMessageDescriptor *type,
                           const char *wrong)
{
    struct names names = {.descriptor = type, .count = type->n_fields, .at = field_at};
    add_remedy(error, &names, wrong);
}

void pnd_remedy_add_values(struct pnd_message_error *error, const ProtobufCEnumDescriptor *type,
                           const char *wrong)
{
    struct names names = {.descriptor = type, .count = type->n_values, .at = value_at};
    add_remedy(error, &names, wrong);
}
