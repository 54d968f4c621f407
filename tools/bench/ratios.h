/* ratios.h - what the figures of all subjects of a case say beside each other. */
#ifndef PND_BENCH_RATIOS_H
#define PND_BENCH_RATIOS_H

#include "bench.h"

struct pnd_bench_column {
    struct pnd_bench_result *result; /* gets spreads and ratios */
    double *figures;                 /* one for each round; NULL: took no part */
    double *rates;
};

/* Returns 0 or -ENOMEM. */
int pnd_bench_ratios_take(const struct pnd_bench_column *columns, size_t count,
                          uint32_t round_count);

#endif
