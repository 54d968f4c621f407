/* keep.h - reports of finished runs as files, one for each, so that they outlive the daemon. */
#ifndef PND_KEEP_H
#define PND_KEEP_H

#include "messages.h"

#include <stdbool.h>

struct pnd_keep;

/* A report that was kept. */
struct pnd_kept {
    Pendio__Event *report; /* to be freed with pnd_message_free() */
    size_t byte_count;     /* packed */
    uint64_t ended_s;      /* since 1970 */
};

/*
 * Makes the directory if need be. Returns 0, -EADDRINUSE (another daemon has it), or what keeps it
 * from being used, with `error` filled.
 */
int pnd_keep_create(const char *directory, struct pnd_keep **ret_keep,
                    struct pnd_message_error *error);

/* The highest number of a run whose file was found at the start, whole or not; 0: none. */
uint64_t pnd_keep_last_run(const struct pnd_keep *keep);

/*
 * The next report, in the order of the runs, of the last `run_count` of them; files of older ones
 * are removed. What is not a whole report is passed over after a line on standard error. False when
 * there is no more.
 */
bool pnd_keep_next(struct pnd_keep *keep, size_t run_count, struct pnd_kept *ret_kept);

/* The whole report or, when that cannot be, none; then a line on standard error says why. */
void pnd_keep_write(struct pnd_keep *keep, const Pendio__Event *report);

void pnd_keep_remove(struct pnd_keep *keep, uint64_t run);

void pnd_keep_destroy(struct pnd_keep *keep);

#endif
