/* bench_results.h - what was measured, for people and for scripts. */
#ifndef PND_BENCH_RESULTS_H
#define PND_BENCH_RESULTS_H

#include "bench_budgets.h"

#include <stdio.h>

struct pnd_bench_report {
    const struct pnd_bench_machine *machine;
    const struct pnd_bench_result *results;
    size_t count;
    const struct pnd_bench_judgement *budgets;
    size_t budget_count;
    double seconds; /* for each case */
    bool is_quick;  /* nothing was timed */
};

/* Returns 0 or -errno. */
int pnd_bench_results_print(const struct pnd_bench_report *report, FILE *stream);

/* The whole report; NULL: no memory. */
json_t *pnd_bench_results_value(const struct pnd_bench_report *report);

#endif
