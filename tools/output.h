/* output.h - files that appear whole or not at all. */
#ifndef PND_OUTPUT_H
#define PND_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct pnd_output {
    FILE *stream; /* NULL: none */
    const char *name;
    char *path;      /* NULL: written in place, as stdout and devices are */
    char *temporary; /* what becomes `path` */
};

/*
 * Ready to be written to; "-" is stdout, NULL is no output at all. `name` must outlive it. Each
 * returns 0, or -errno after a line on stderr; an output that was begun is ended or abandoned.
 */
int pnd_output_begin(const char *name, struct pnd_output *ret_output);
int pnd_output_end(struct pnd_output *output);

/* What was to be written could not be: says so on stderr, abandons the output, returns `status`. */
int pnd_output_fail(struct pnd_output *output, int status);

/* Leaves no trace of a file. */
void pnd_output_abandon(struct pnd_output *output);

bool pnd_output_is_stdout(const struct pnd_output *output);

#endif
