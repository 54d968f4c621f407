/* plain_lines.h - the line at hand, and what is written in answers, for the small subject. */
#ifndef PLAIN_LINES_H
#define PLAIN_LINES_H

#include "plain.h"

enum { LINE_ADDRESS_BYTES = 200 };

extern const char *const pnd_line_flags[];
extern const char *const pnd_line_ends[];

/* Reads the next line; false at the end of them. */
bool pnd_line_read(void);
const char *pnd_line_word(void);

/* Fields of the line at hand; one that is missing is "", 0, or empty. */
bool pnd_line_has(const char *key);
const char *pnd_line_text(const char *key); /* the beginning of a long one */
const char *pnd_line_raw(const char *key);  /* ends with a line feed or the string; or NULL */
uint64_t pnd_line_number(const char *key);
void pnd_line_range(const char *key, uint64_t *ret_offset, uint64_t *ret_byte_count);
uint32_t pnd_line_names(const char *key, const char *const *names);
bool pnd_line_family(int *ret_domain, int *ret_type); /* of a socket; false: there is no such one */
void pnd_line_address(const char *key, struct sockaddr_storage *ret_address,
                      socklen_t *ret_byte_count);

/* Fields of an answer; those that are 0 or empty are left out. */
void pnd_line_show(const char *key, const char *value);
void pnd_line_show_number(const char *key, uint64_t number);
void pnd_line_show_range(const char *key, uint64_t offset, uint64_t byte_count);
void pnd_line_show_names(const char *key, uint32_t bits, const char *const *names);
void pnd_line_show_result(const char *prefix, const char *operation, const struct result *result);

const char *pnd_line_tell_address(const struct sockaddr_storage *address, socklen_t byte_count,
                                  char *text);

#endif
