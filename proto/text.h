/* text.h - error lines, UTF-8 and base64. */
#ifndef PND_TEXT_H
#define PND_TEXT_H

#include "messages.h"

#include <stdbool.h>

/* Appends to the line, which stays one line of whole characters however long the arguments are. */
__attribute__((format(printf, 2, 3))) void pnd_text_add(struct pnd_message_error *error,
                                                        const char *format, ...);

/* The end of a name that is too long for an error line, else the name. */
const char *pnd_text_tail(const char *name);

/* Text of `limit` bytes or more ends in "..." afterwards, and before `limit`; `limit` > 3. */
void pnd_text_cut(char *text, size_t limit);

/* True for UTF-8 that C can hold: no overlong forms, no surrogates, no NUL. */
bool pnd_text_is_valid(const void *text, size_t byte_count);

/* Characters that `byte_count` bytes take in base64, with padding and without the final NUL. */
size_t pnd_text_base64_length(size_t byte_count);

/* `ret_text` has room for pnd_text_base64_length() and a NUL. */
void pnd_text_to_base64(const uint8_t *bytes, size_t byte_count, char *ret_text);

/*
 * Either alphabet, padded or not. `ret_bytes` has room for three bytes per four characters begun.
 * Returns the count of bytes, or -EBADMSG.
 */
int64_t pnd_text_from_base64(const char *text, uint8_t *ret_bytes);

#endif
