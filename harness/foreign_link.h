/* foreign_link.h - commands to a foreign subject, and its answers, each within its time. */
#ifndef PND_FOREIGN_LINK_H
#define PND_FOREIGN_LINK_H

#include "foreign_line.h"
#include "foreign_process.h"
#include "last_words.h"
#include "messages.h"

#include <stdarg.h>

typedef void pnd_foreign_failed_fn(void *state);

struct pnd_foreign_link {
    struct pnd_foreign_process process;
    struct pnd_last_words words;
    struct pnd_foreign_line line; /* the last answer, taken apart */
    char quoted[160];             /* how it began */
    bool deaf;                    /* nothing more comes from its standard error */
    const char *asked;            /* the word of the last command */
    const char *name;             /* of the subject, for people */
    bool known;                   /* it has answered already */
    uint64_t limit_ns;            /* when all answers must be there; 0: never */
    Pendio__Verdict verdict;      /* once it has failed */
    char reason[600];
    pnd_foreign_failed_fn *failed; /* may be NULL */
    void *failed_state;
    size_t begin; /* of what was read and not taken yet */
    size_t end;
    size_t command_bytes;
    char command[PND_FOREIGN_LINE_BYTES];
    char input[PND_FOREIGN_LINE_BYTES + 1];
};

/* Begins a command, and adds to it. `word` is a constant. */
void pnd_foreign_link_begin(struct pnd_foreign_link *link, const char *word);
__attribute__((format(printf, 2, 3))) void pnd_foreign_link_add(struct pnd_foreign_link *link,
                                                                const char *format, ...);
void pnd_foreign_link_add_list(struct pnd_foreign_link *link, const char *format, va_list list);

/* Sends the command. Returns 0, or -EIO when the subject has failed. */
int pnd_foreign_link_send(struct pnd_foreign_link *link);

/* Until when an answer has to be there that may take wait_ns longer than usual. */
uint64_t pnd_foreign_link_until_ns(const struct pnd_foreign_link *link, uint64_t wait_ns);

/* Reads the next line into `line`. The same. */
int pnd_foreign_link_read(struct pnd_foreign_link *link, uint64_t until_ns);

/* Sends the command and reads its answer. The same. */
int pnd_foreign_link_ask(struct pnd_foreign_link *link);

/* What was answered is `ok` or a refusal: 0, its -errno, or -EIO. */
int pnd_foreign_link_status(struct pnd_foreign_link *link);

/* A value that was no value of its kind ends the run: -EIO. Else 0. */
int pnd_foreign_link_check(struct pnd_foreign_link *link);

/* The run ends here: the first reason stays. Returns -EIO. */
__attribute__((format(printf, 3, 4))) int pnd_foreign_link_fail(struct pnd_foreign_link *link,
                                                                Pendio__Verdict verdict,
                                                                const char *format, ...);

/* Waits for the end of the process, after its last answer. 0 when it ended well, else -EIO. */
int pnd_foreign_link_end(struct pnd_foreign_link *link);

#endif
