/*
 * bench_budgets.c - what pendio may cost, held against what a run has seen.
 *
 * Happy path:  for each budget: all results it speaks of -> the worst of them decides.
 * Failures:    what this run has not measured, or not everywhere, is said to be so.
 */
#include "bench_budgets.h"

#include "table.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum quantity {
    RATIO,   /* to the reference */
    CHEAPER, /* the reference's to it */
    RATIO_TO_BEST,
    RATIO_TO_PEER,
    CHEAPER_THAN_PEER,
    RATE_RATIO,
    RATE_TO_PEER,
    FIGURE,
    ELSEWHERE,
};

struct budget {
    const char *text;
    enum quantity quantity;
    bool is_least; /* at least so much; else at most */
    double bound;
    const char *limit;
    const char *cases, *subjects; /* patterns */
    const char *elsewhere;
};

static const struct budget budgets[] = {
    {"echo, beside a bare ring of the same strategy", RATIO, false, 1.05, "<= 1.05x", "echo/*",
     "pendio-*", NULL},
    {"echo, beside the best loop written by hand", RATIO_TO_BEST, false, 1.10, "<= 1.10x", "echo/*",
     "pendio", NULL},
    {"echo, beside the best peer", RATIO_TO_PEER, false, 1.00, "<= 1.00x", "@(echo|peer)/*",
     "pendio", NULL},
    {"eight sends on one TCP stream, beside eight calls", CHEAPER, true, 6, ">= 6x cheaper",
     "gather/tcp/*", "pendio", NULL},
    {"eight sends on one Unix stream, beside eight calls", CHEAPER, true, 3.5, ">= 3.5x cheaper",
     "gather/unix/*", "pendio", NULL},
    {"cached reads, 32 at once, beside a bare ring", RATIO, false, 1.15, "<= 1.15x",
     "read/cached/4096x32", "pendio", NULL},
    {"cached reads, 32 at once, beside libuv", CHEAPER_THAN_PEER, true, 3, ">= 3x cheaper",
     "read/cached/4096x32", "pendio", NULL},
    {"O_DIRECT reads a second, 128 at once, beside a bare ring", RATE_RATIO, true, 0.97, ">= 0.97x",
     "read/direct/4096x128", "pendio", NULL},
    {"O_DIRECT reads a second, 128 at once, beside libuv", RATE_TO_PEER, true, 2, ">= 2x",
     "read/direct/4096x128", "pendio", NULL},
    {"nop, 32 at once, user instructions", ELSEWHERE, false, 80, "<= 80", NULL, NULL,
     "test tools.instructions"},
    {"nops a second, 32 at once, beside a bare ring", RATE_RATIO, true, 0.85, ">= 0.85x", "nop/32",
     "pendio", NULL},
    {"allocations, locks, atomic changes an operation", ELSEWHERE, false, 0, "none", NULL, NULL,
     "tests runtime.allocation, runtime.hot_path"},
    {"memory of an idle connection, no buffer held", FIGURE, false, 512, "<= 512 bytes",
     "memory/idle", "pendio", NULL},
    {"15,000 connections on one loop, nothing lost", ELSEWHERE, false, 0, "none lost", NULL, NULL,
     "test live.echo"},
};

enum { BUDGET_COUNT = sizeof budgets / sizeof budgets[0] };
_Static_assert((int)BUDGET_COUNT <= (int)PND_BENCH_BUDGET_MAXIMUM, "there is room for all");

static const char *const verdicts[] = {[PND_BENCH_MET] = "met",
                                       [PND_BENCH_MISSED] = "missed",
                                       [PND_BENCH_OPEN] = "open",
                                       [PND_BENCH_NOT_TIMED] = "not measured"};

static void judge(const struct budget *budget, const struct pnd_bench_result *results, size_t count,
                  struct pnd_bench_judgement *judgement);
static uint32_t count_cells(const struct budget *budget);
static bool speaks_of(const struct budget *budget, const char *case_name, const char *subject);
static bool look(const struct budget *budget, const struct pnd_bench_result *result,
                 struct pnd_bench_spread *ret_seen);
static struct pnd_bench_spread inverse(const struct pnd_bench_spread *spread);
static bool is_met(const struct budget *budget, double seen);
static int add_row(struct pnd_table *table, const struct pnd_bench_judgement *judgement);
static json_t *number(bool is_known, double value);

size_t pnd_bench_budgets_judge(const struct pnd_bench_result *results, size_t count, bool is_quick,
                               struct pnd_bench_judgement *ret_judgements)
{
    for (size_t index = 0; index < BUDGET_COUNT; index++) {
        const struct budget *budget = &budgets[index];
        ret_judgements[index] = (struct pnd_bench_judgement){
            .budget = budget->text,
            .limit = budget->limit,
            .elsewhere = budget->elsewhere,
            .verdict = PND_BENCH_NOT_TIMED,
            .cell_count = count_cells(budget),
            .unit = budget->quantity == FIGURE ? "" : "x",
        };
        if (!is_quick)
            judge(budget, results, count, &ret_judgements[index]);
    }
    return BUDGET_COUNT;
}

static uint32_t count_cells(const struct budget *budget)
{
    uint32_t cells = 0;
    size_t case_count;
    const struct pnd_bench_case *cases = pnd_bench_cases(&case_count);
    for (size_t index = 0; index < case_count; index++)
        for (size_t place = 0; place < cases[index].subject_count; place++)
            cells +=
                speaks_of(budget, cases[index].name, pnd_bench_subject_name(&cases[index], place));
    return cells;
}

static bool speaks_of(const struct budget *budget, const char *case_name, const char *subject)
{
    return budget->cases != NULL && fnmatch(budget->cases, case_name, FNM_EXTMATCH) == 0 &&
           fnmatch(budget->subjects, subject, 0) == 0;
}

static void judge(const struct budget *budget, const struct pnd_bench_result *results, size_t count,
                  struct pnd_bench_judgement *judgement)
{
    double logarithms = 0;
    for (size_t index = 0; index < count; index++) {
        const struct pnd_bench_result *result = &results[index];
        struct pnd_bench_spread seen;
        if (!speaks_of(budget, result->bench_case->name, result->subject) ||
            !look(budget, result, &seen))
            continue;
        judgement->measured_count++;
        logarithms += log(seen.median);
        judgement->met_count += is_met(budget, seen.median);
        bool is_worse =
            budget->is_least ? seen.median < judgement->seen : seen.median > judgement->seen;
        if (judgement->worst != NULL && !is_worse)
            continue;
        judgement->worst = result;
        judgement->seen = seen.median;
        judgement->low = seen.low;
        judgement->high = seen.high;
    }
    if (judgement->measured_count == 0)
        return;
    judgement->mean = exp(logarithms / judgement->measured_count);
    judgement->verdict = judgement->met_count < judgement->measured_count    ? PND_BENCH_MISSED
                         : judgement->measured_count < judgement->cell_count ? PND_BENCH_OPEN
                                                                             : PND_BENCH_MET;
}

/* False: that was not measured. */
static bool look(const struct budget *budget, const struct pnd_bench_result *result,
                 struct pnd_bench_spread *ret_seen)
{
    const struct pnd_bench_spread *const spreads[] = {
        [RATIO] = &result->ratio,
        [CHEAPER] = &result->ratio,
        [RATIO_TO_BEST] = &result->ratio_to_best,
        [RATIO_TO_PEER] = &result->ratio_to_peer,
        [CHEAPER_THAN_PEER] = &result->ratio_to_peer,
        [RATE_RATIO] = &result->rate_ratio,
        [RATE_TO_PEER] = &result->rate_to_peer,
        [FIGURE] = &result->figure,
    };
    if (budget->quantity == ELSEWHERE || result->state != PND_BENCH_MEASURED ||
        spreads[budget->quantity]->median <= 0)
        return false;
    bool is_turned = budget->quantity == CHEAPER || budget->quantity == CHEAPER_THAN_PEER;
    *ret_seen = is_turned ? inverse(spreads[budget->quantity]) : *spreads[budget->quantity];
    return true;
}

static struct pnd_bench_spread inverse(const struct pnd_bench_spread *spread)
{
    return (struct pnd_bench_spread){
        .low = 1 / spread->high, .median = 1 / spread->median, .high = 1 / spread->low};
}

static bool is_met(const struct budget *budget, double seen)
{
    return budget->is_least ? seen >= budget->bound : seen <= budget->bound;
}

/* ---- for people, for scripts ---------------------------------------------------------------- */

int pnd_bench_budgets_print(const struct pnd_bench_judgement *judgements, size_t count,
                            FILE *stream)
{
    static const struct pnd_column columns[] = {
        {"BUDGET", PND_LEFT}, {"LIMIT", PND_RIGHT},     {"MEAN", PND_RIGHT},
        {"WORST", PND_RIGHT}, {"QUARTILES", PND_RIGHT}, {"CELLS MET", PND_RIGHT},
        {"WHERE", PND_LEFT},  {"VERDICT", PND_LEFT},
    };
    struct pnd_table *table = NULL;

    (void)fputc('\n', stream);
    int status = pnd_table_create(columns, sizeof columns / sizeof columns[0], stream, &table);
    if (status < 0)
        return status;
    for (size_t index = 0; status == 0 && index < count; index++)
        status = add_row(table, &judgements[index]);
    if (status == 0)
        status = pnd_table_print(table);
    pnd_table_destroy(table);
    return status;
}

static int add_row(struct pnd_table *table, const struct pnd_bench_judgement *judgement)
{
    static const enum pnd_colour colours[] = {[PND_BENCH_MET] = PND_GREEN,
                                              [PND_BENCH_MISSED] = PND_RED,
                                              [PND_BENCH_OPEN] = PND_YELLOW,
                                              [PND_BENCH_NOT_TIMED] = PND_YELLOW};
    const struct pnd_bench_result *worst = judgement->worst;
    char mean[32] = "-", seen[32] = "-", quartiles[48] = "-", cells[32] = "-", where[128] = "-";

    if (judgement->elsewhere != NULL)
        (void)snprintf(where, sizeof where, "%s", judgement->elsewhere);
    if (worst != NULL) {
        (void)snprintf(mean, sizeof mean, "%.3f%s", judgement->mean, judgement->unit);
        (void)snprintf(seen, sizeof seen, "%.3f%s", judgement->seen, judgement->unit);
        (void)snprintf(quartiles, sizeof quartiles, "%.3f-%.3f", judgement->low, judgement->high);
        (void)snprintf(cells, sizeof cells, "%u of %u", judgement->met_count,
                       judgement->measured_count);
        (void)snprintf(where, sizeof where, "%s %s", worst->bench_case->name, worst->subject);
    }
    const char *row[] = {
        judgement->budget,           judgement->limit, mean, seen, quartiles, cells, where,
        verdicts[judgement->verdict]};
    return pnd_table_add(table, row, colours[judgement->verdict]);
}

json_t *pnd_bench_budgets_value(const struct pnd_bench_judgement *judgements, size_t count)
{
    json_t *value = json_array();
    for (size_t index = 0; value != NULL && index < count; index++) {
        const struct pnd_bench_judgement *judgement = &judgements[index];
        bool is_known = judgement->worst != NULL;
        json_t *one = json_pack(
            "{s:s, s:s, s:s, s:i, s:i, s:i, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:o}", "budget",
            judgement->budget, "limit", judgement->limit, "verdict", verdicts[judgement->verdict],
            "cells", (int)judgement->cell_count, "cells_measured", (int)judgement->measured_count,
            "cells_met", (int)judgement->met_count, "worst_case",
            is_known ? judgement->worst->bench_case->name : NULL, "worst_subject",
            is_known ? judgement->worst->subject : NULL, "elsewhere", judgement->elsewhere, "mean",
            number(is_known, judgement->mean), "seen", number(is_known, judgement->seen),
            "low_quartile", number(is_known, judgement->low), "high_quartile",
            number(is_known, judgement->high));
        if (json_array_append_new(value, one) < 0) {
            json_decref(value);
            value = NULL;
        }
    }
    return value;
}

static json_t *number(bool is_known, double value)
{
    return is_known ? json_real(value) : json_null();
}
