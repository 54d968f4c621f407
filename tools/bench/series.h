/* series.h - many figures of one thing, and how they spread. */
#ifndef PND_BENCH_SERIES_H
#define PND_BENCH_SERIES_H

#include "bench.h"

/* Sorts the figures. None of them: all zero. */
void pnd_bench_series_spread(double *figures, size_t count, struct pnd_bench_spread *ret_spread);

/* What that share of the figures does not exceed. Sorts them; none: 0. */
double pnd_bench_series_quantile(double *figures, size_t count, double share);

#endif
