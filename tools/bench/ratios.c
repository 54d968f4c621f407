/*
 * ratios.c - what the figures of all subjects of a case say beside each other.
 *
 * Happy path:  figures and rates -> who is the best of those written by hand, and of the peers ->
 *              ratios within each round to the reference and to both of them.
 * Failures:    a ratio to someone who took no part stays zero.
 */
#include "ratios.h"

#include "series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sheet {
    const struct pnd_bench_column *columns;
    size_t count;
    uint32_t round_count;
    double *scratch; /* a series is sorted: never the figures themselves */
};

static void take_spreads(const struct sheet *sheet);
static void take_ratios(const struct sheet *sheet, const struct pnd_bench_column *column,
                        const struct pnd_bench_column *best, const struct pnd_bench_column *peer);
static const struct pnd_bench_column *find_best(const struct sheet *sheet,
                                                enum pnd_bench_role role);
static const struct pnd_bench_column *find(const struct sheet *sheet, const char *name);
static void divide(const struct sheet *sheet, const double *dividends, const double *divisors,
                   struct pnd_bench_spread *ret_spread);

int pnd_bench_ratios_take(const struct pnd_bench_column *columns, size_t count,
                          uint32_t round_count)
{
    struct sheet sheet = {columns, count, round_count, calloc(round_count + 1, sizeof(double))};
    if (sheet.scratch == NULL)
        return -ENOMEM;

    take_spreads(&sheet);
    const struct pnd_bench_column *best = find_best(&sheet, PND_BENCH_FLOOR);
    const struct pnd_bench_column *peer = find_best(&sheet, PND_BENCH_PEER);
    for (size_t index = 0; index < count; index++)
        if (columns[index].figures != NULL)
            take_ratios(&sheet, &columns[index], best, peer);
    free(sheet.scratch);
    return 0;
}

static void take_spreads(const struct sheet *sheet)
{
    size_t bytes = sheet->round_count * sizeof(double);
    for (size_t index = 0; index < sheet->count; index++) {
        const struct pnd_bench_column *column = &sheet->columns[index];
        if (column->figures == NULL)
            continue;
        column->result->round_count = sheet->round_count;
        memcpy(sheet->scratch, column->figures, bytes);
        pnd_bench_series_spread(sheet->scratch, sheet->round_count, &column->result->figure);
        memcpy(sheet->scratch, column->rates, bytes);
        pnd_bench_series_spread(sheet->scratch, sheet->round_count, &column->result->rate);
    }
}

static const struct pnd_bench_column *find_best(const struct sheet *sheet, enum pnd_bench_role role)
{
    const struct pnd_bench_column *best = NULL;
    for (size_t index = 0; index < sheet->count; index++) {
        const struct pnd_bench_column *column = &sheet->columns[index];
        if (column->figures == NULL || column->result->role != role)
            continue;
        if (best == NULL || column->result->figure.median < best->result->figure.median)
            best = column;
    }
    return best;
}

static const struct pnd_bench_column *find(const struct sheet *sheet, const char *name)
{
    for (size_t index = 0; index < sheet->count; index++)
        if (strcmp(sheet->columns[index].result->subject, name) == 0)
            return &sheet->columns[index];
    return NULL;
}

/* A ratio is of two blocks of one round: what slows the machine down for a while slows both. */
static void take_ratios(const struct sheet *sheet, const struct pnd_bench_column *column,
                        const struct pnd_bench_column *best, const struct pnd_bench_column *peer)
{
    struct pnd_bench_result *result = column->result;
    if (result->reference == NULL)
        result->reference = best != NULL ? best->result->subject : result->subject;

    const struct pnd_bench_column *reference = find(sheet, result->reference);
    if (reference != NULL && reference->figures != NULL) {
        divide(sheet, column->figures, reference->figures, &result->ratio);
        divide(sheet, column->rates, reference->rates, &result->rate_ratio);
    }
    if (best != NULL) {
        result->best = best->result->subject;
        divide(sheet, column->figures, best->figures, &result->ratio_to_best);
    }
    if (peer != NULL) {
        result->best_peer = peer->result->subject;
        divide(sheet, column->figures, peer->figures, &result->ratio_to_peer);
        divide(sheet, column->rates, peer->rates, &result->rate_to_peer);
    }
}

/* A round in which the divisor is nothing tells nothing. */
static void divide(const struct sheet *sheet, const double *dividends, const double *divisors,
                   struct pnd_bench_spread *ret_spread)
{
    size_t count = 0;
    for (uint32_t round = 0; round < sheet->round_count; round++)
        if (divisors[round] > 0)
            sheet->scratch[count++] = dividends[round] / divisors[round];
    pnd_bench_series_spread(sheet->scratch, count, ret_spread);
}
