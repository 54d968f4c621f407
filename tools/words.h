/* words.h - numbers, times and lists as parts of a sentence. */
#ifndef PND_WORDS_H
#define PND_WORDS_H

#include "messages.h"

#include <stdio.h>

struct pnd_words {
    char text[160];
};

struct pnd_words pnd_words_count(uint64_t count, const char *one, const char *many);
struct pnd_words pnd_words_times(uint64_t count); /* once, twice, 3 times */
struct pnd_words pnd_words_bytes(uint64_t byte_count);
struct pnd_words pnd_words_ns(uint64_t ns);

/* "1 ms to 9 ms (drawn evenly)", "1 byte or 4 KiB (drawn 3:1)" */
struct pnd_words pnd_words_drawn(const Pendio__Distribution *distribution,
                                 struct pnd_words (*unit)(uint64_t number));

/* What stands before number `index` of a list of `count`: nothing, a comma or "and". */
const char *pnd_words_between(size_t index, size_t count);

/* The same of a choice. */
const char *pnd_words_or(size_t index, size_t count);

/* The schema's name of a value. */
const char *pnd_words_value(const ProtobufCEnumDescriptor *type, int value);

#endif
