/* foreign_line.h - a line of the subject protocol, taken apart: see SUBJECT.md. */
#ifndef PND_FOREIGN_LINE_H
#define PND_FOREIGN_LINE_H

#include <pendio/pendio.h>

#include <stddef.h>
#include <stdint.h>

enum {
    PND_FOREIGN_LINE_BYTES = 1 << 16, /* at most, its end included */
    PND_FOREIGN_FIELD_COUNT = 64,
    PND_FOREIGN_ADDRESS_BYTES = 160, /* of an address as text */
};

struct pnd_foreign_field {
    const char *key;
    const char *value;
};

struct pnd_foreign_line {
    const char *word;
    uint32_t field_count;
    uint32_t next;     /* where the next field is looked for first */
    const char *wrong; /* the first field found to be no value of its kind; NULL: none */
    struct pnd_foreign_field fields[PND_FOREIGN_FIELD_COUNT];
};

/* Takes apart a line without its end, in place. Returns 0 or -EBADMSG. */
int pnd_foreign_line_parse(char *text, struct pnd_foreign_line *ret_line);

/* Values of fields; one that is missing, or wrong, is "", 0 or empty. */
const char *pnd_foreign_line_text(struct pnd_foreign_line *line, const char *key);
uint64_t pnd_foreign_line_number(struct pnd_foreign_line *line, const char *key);
void pnd_foreign_line_range(struct pnd_foreign_line *line, const char *key, uint64_t *ret_offset,
                            uint64_t *ret_byte_count);
int pnd_foreign_line_error(struct pnd_foreign_line *line, const char *key); /* 0 or -errno */
void pnd_foreign_line_address(struct pnd_foreign_line *line, const char *key,
                              struct pendio_endpoint *ret_address);

/* The index of the value in a table of names that NULL ends. */
uint32_t pnd_foreign_line_name(struct pnd_foreign_line *line, const char *key,
                               const char *const *names);

/* The same for a list of names: a bit for each. */
uint32_t pnd_foreign_line_names(struct pnd_foreign_line *line, const char *key,
                                const char *const *names);

/* An address as text, of at most PND_FOREIGN_ADDRESS_BYTES. Returns `text`. */
const char *pnd_foreign_line_tell_address(const struct pendio_endpoint *address, char *text);

#endif
