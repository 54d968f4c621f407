/* run_files.h - a directory with a file for each of some runs, named RUN and a suffix. */
#ifndef PND_RUN_FILES_H
#define PND_RUN_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PND_RUN_FILES_NAME_BYTES = 40 };

struct pnd_run_files {
    int directory;      /* descriptor; -1: not open */
    const char *suffix; /* ".report" */
};

/* Is told of a run that has a file. What it returns but 0 ends the telling. */
typedef int pnd_run_files_fn(void *state, uint64_t run);

/* Makes the directory if need be. Returns 0, or why it cannot be read and written. */
int pnd_run_files_open(const char *path, const char *suffix, struct pnd_run_files *ret_files);

/*
 * Removes what was not finished, and tells of every run that has a file. Returns 0, what `tell`
 * returned, or -errno.
 */
int pnd_run_files_list(const struct pnd_run_files *files, pnd_run_files_fn *tell, void *state);

void pnd_run_files_format(const struct pnd_run_files *files, uint64_t run,
                          char ret_name[PND_RUN_FILES_NAME_BYTES]);

/*
 * In place of the run's file, if it has one: a reader sees either. `durable`: once it is on the
 * disk. Returns 0 or -errno.
 */
int pnd_run_files_write(const struct pnd_run_files *files, uint64_t run, const void *bytes,
                        size_t byte_count, bool durable);

void pnd_run_files_remove(const struct pnd_run_files *files, uint64_t run);
void pnd_run_files_close(struct pnd_run_files *files);

#endif
