/* last_words.h - of all that a process writes to its standard error, the one line worth quoting. */
#ifndef PND_LAST_WORDS_H
#define PND_LAST_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { PND_LAST_WORDS_BYTES = 200 };

/* Zeroed at first. */
struct pnd_last_words {
    char line[PND_LAST_WORDS_BYTES]; /* the one quoted so far */
    char next[PND_LAST_WORDS_BYTES]; /* the one that is coming in */
    size_t next_bytes;
    bool is_summary; /* `line` is what a sanitizer sums itself up with: it stays */
};

void pnd_last_words_hear(struct pnd_last_words *words, const char *text, size_t byte_count);

/* The last line that was not empty, ended or not; "" when nothing was said. */
const char *pnd_last_words_quote(struct pnd_last_words *words);

#endif
