/* bench_results.h - what was measured, for people and for scripts. */
#ifndef PND_BENCH_RESULTS_H
#define PND_BENCH_RESULTS_H

#include "bench.h"

#include <stdio.h>

struct pnd_bench_report {
    const struct pnd_bench_machine *machine;
    const struct pnd_bench_result *results;
    size_t count;
    double seconds; /* for each case */
    bool is_quick;  /* nothing was timed */
};

/* Each returns 0 or -errno. */
int pnd_bench_results_print(const struct pnd_bench_report *report, FILE *stream);
int pnd_bench_results_write(const struct pnd_bench_report *report, FILE *stream);

#endif
