/* result_outputs.h - where results go: JSON, JUnit, a page. */
#ifndef PND_RESULT_OUTPUTS_H
#define PND_RESULT_OUTPUTS_H

#include "options.h"
#include "output.h"
#include "results.h"

enum { PND_RESULT_OUTPUT_COUNT = 3 };

struct pnd_result_outputs {
    struct pnd_output each[PND_RESULT_OUTPUT_COUNT];
};

/*
 * Begins those that `options` name, before anything runs: an output that cannot be written must not
 * cost the runs. `what` is what the files on the command line are. Returns 0, or -errno after a
 * line on stderr; those that were begun are ended or abandoned in any case.
 */
int pnd_result_outputs_begin(const struct pnd_options *options, const char *what,
                             struct pnd_result_outputs *ret_outputs);

bool pnd_result_outputs_is_stdout(const struct pnd_result_outputs *outputs);

/* Writes the results, JSON only of the first. Returns 0, or -errno after a line on stderr. */
int pnd_result_outputs_end(struct pnd_result_outputs *outputs, const struct pnd_results *results,
                           size_t result_count);

/* Leaves no trace of files. */
void pnd_result_outputs_abandon(struct pnd_result_outputs *outputs);

#endif
