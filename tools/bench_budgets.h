/* bench_budgets.h - what pendio may cost, held against what a run has seen. */
#ifndef PND_BENCH_BUDGETS_H
#define PND_BENCH_BUDGETS_H

#include "bench.h"

#include <jansson.h>
#include <stdio.h>

enum pnd_bench_verdict {
    PND_BENCH_MET,
    PND_BENCH_MISSED,
    PND_BENCH_OPEN,      /* met where it was measured, which was not everywhere */
    PND_BENCH_NOT_TIMED, /* by this run, or by any */
};

struct pnd_bench_judgement {
    const char *budget;    /* as it is read */
    const char *limit;     /* as it is read: "<= 1.05x" */
    const char *elsewhere; /* who looks after it; NULL: this command */
    enum pnd_bench_verdict verdict;
    uint32_t cell_count, measured_count, met_count;
    const struct pnd_bench_result *worst; /* NULL: none was measured */
    const char *unit;                     /* of what was seen: "x", " bytes" */
    double mean;                          /* geometric, of all cells measured */
    double seen, low, high;               /* in the worst cell: median and quartiles */
};

enum { PND_BENCH_BUDGET_MAXIMUM = 24 };

/* Returns how many there are. A run that timed nothing leaves all of them open. */
size_t pnd_bench_budgets_judge(const struct pnd_bench_result *results, size_t count, bool is_quick,
                               struct pnd_bench_judgement *ret_judgements);

/* A line for each. Returns 0 or -errno. */
int pnd_bench_budgets_print(const struct pnd_bench_judgement *judgements, size_t count,
                            FILE *stream);

/* A new array; NULL: no memory. */
json_t *pnd_bench_budgets_value(const struct pnd_bench_judgement *judgements, size_t count);

#endif
