/*
 * series.c - many figures of one thing, and how they spread.
 */
#include "series.h"

#include <stdlib.h>

static int compare(const void *left, const void *right);
static double at(const double *figures, size_t count, double share);

void pnd_bench_series_spread(double *figures, size_t count, struct pnd_bench_spread *ret_spread)
{
    *ret_spread = (struct pnd_bench_spread){0};
    if (count == 0)
        return;
    qsort(figures, count, sizeof *figures, compare);
    ret_spread->minimum = figures[0];
    ret_spread->low = at(figures, count, 0.25);
    ret_spread->median = at(figures, count, 0.5);
    ret_spread->high = at(figures, count, 0.75);
    ret_spread->maximum = figures[count - 1];
}

double pnd_bench_series_quantile(double *figures, size_t count, double share)
{
    if (count == 0)
        return 0;
    qsort(figures, count, sizeof *figures, compare);
    return at(figures, count, share);
}

static int compare(const void *left, const void *right)
{
    const double *first = left, *second = right;
    return (*first > *second) - (*first < *second);
}

/* Between two figures: as far from each as the share says. */
static double at(const double *figures, size_t count, double share)
{
    double place = share * (double)(count - 1);
    size_t below = (size_t)place;
    double beyond = place - (double)below;
    if (below + 1 == count)
        return figures[below];
    return figures[below] * (1 - beyond) + figures[below + 1] * beyond;
}
