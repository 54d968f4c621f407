/* contest.h - who takes part in a case, and how one block of its work is timed. */
#ifndef PND_BENCH_CONTEST_H
#define PND_BENCH_CONTEST_H

#include "bench.h"

/* What a block of work cost. */
struct pnd_bench_block {
    bool brief; /* set by the contest: next to no work */
    uint64_t operation_count;
    int64_t spent_ns, begun_ns;   /* of CPU */
    int64_t passed_ns, opened_ns; /* by the clock on the wall */
};

struct pnd_bench_subject {
    const char *name;
    const char *reference; /* its own name: the others are compared with it; NULL: the best floor */
    enum pnd_bench_role role;
    const void *kind;    /* what begin() needs to tell subjects apart */
    const char *lacking; /* what is missing where begin() answers -ENOTSUP; NULL: the kernel's */
    int (*begin)(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state);
    int (*run)(void *state, struct pnd_bench_block *block);
    void (*end)(void *state);
};

/*
 * Around the part of a block that counts, as often as there are such parts: CPU time of the
 * process, the kernel's own threads for it included, less what reading the clock costs.
 */
void pnd_bench_block_start(struct pnd_bench_block *block);
void pnd_bench_block_stop(struct pnd_bench_block *block);

#endif
