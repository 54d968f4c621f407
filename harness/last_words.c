/*
 * last_words.c - the last line of a stream, in constant memory.
 *
 * Happy path:  hear pieces of any size; each line that ends replaces the one before.
 * Failures:    none. Long lines are cut, and what is not printable ASCII becomes a question mark,
 *              so that the line can be quoted anywhere.
 */
#include "last_words.h"

#include <string.h>

static const char summary_mark[] = "SUMMARY: ";

static char printable(char character);
static void end_line(struct pnd_last_words *words);

void pnd_last_words_hear(struct pnd_last_words *words, const char *text, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++) {
        if (text[i] == '\n')
            end_line(words);
        else if (words->next_bytes < sizeof words->next - 1)
            words->next[words->next_bytes++] = printable(text[i]);
    }
}

static char printable(char character)
{
    static const char other = '?';
    if (character < ' ' || character > '~')
        return other;
    return character;
}

static void end_line(struct pnd_last_words *words)
{
    words->next[words->next_bytes] = '\0';
    if (words->next_bytes > 0 && !words->is_summary) {
        memcpy(words->line, words->next, words->next_bytes + 1);
        words->is_summary = strncmp(words->line, summary_mark, strlen(summary_mark)) == 0;
    }
    words->next_bytes = 0;
}

const char *pnd_last_words_quote(struct pnd_last_words *words)
{
    end_line(words);
    return words->line;
}
