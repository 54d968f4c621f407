/* apart.h - a subject in a process of its own, where all would need too many descriptors. */
#ifndef PND_BENCH_APART_H
#define PND_BENCH_APART_H

#include "contest.h"

/* As the subject's own; the others sleep while one works. */
int pnd_bench_apart_begin(const struct pnd_bench_case *bench_case,
                          const struct pnd_bench_subject *subject, void **ret_state);

/* Returns also -ECHILD: the process died. */
int pnd_bench_apart_run(void *state, struct pnd_bench_block *block);
void pnd_bench_apart_end(void *state);

#endif
