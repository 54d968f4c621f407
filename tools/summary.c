/*
 * summary.c - outcomes as a table, with what went wrong below it.
 *
 * Happy path:  one row a workload, in the order they ran; nothing below.
 * Failures:    each workload that did not pass gets a line with its reason, one for each check that
 *              failed, and the command that repeats it.
 */
#include "summary.h"

#include "table.h"
#include "units.h"

#include <string.h>

static const struct pnd_column columns[] = {
    {"WORKLOAD", PND_LEFT}, {"DONE", PND_RIGHT},       {"PENDING", PND_RIGHT},
    {"REFUSED", PND_RIGHT}, {"DELIVERIES", PND_RIGHT}, {"REUSE", PND_RIGHT},
    {"BYTES", PND_RIGHT},   {"P50", PND_RIGHT},        {"P99", PND_RIGHT},
    {"VERDICT", PND_LEFT},
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

static const enum pnd_colour colours[] = {
    [PENDIO__VERDICT__PASSED] = PND_GREEN,   [PENDIO__VERDICT__FAILED] = PND_RED,
    [PENDIO__VERDICT__CRASHED] = PND_RED,    [PENDIO__VERDICT__INVALID] = PND_RED,
    [PENDIO__VERDICT__SKIPPED] = PND_YELLOW,
};

static int print_table(const struct pnd_summary *summary);
static int add_row(struct pnd_table *table, const struct pnd_outcome *outcome);
static const char *bare_reason(const struct pnd_outcome *outcome);
static void print_trouble(const struct pnd_summary *summary, const struct pnd_outcome *outcome);

int pnd_summary_print(const struct pnd_summary *summary)
{
    int status = summary->quiet ? 0 : print_table(summary);
    for (size_t index = 0; status == 0 && index < summary->outcome_count; index++)
        if (summary->outcomes[index].verdict != PENDIO__VERDICT__PASSED)
            print_trouble(summary, &summary->outcomes[index]);
    return status;
}

static int print_table(const struct pnd_summary *summary)
{
    struct pnd_table *table = NULL;
    int status = pnd_table_create(columns, COLUMN_COUNT, summary->stream, &table);
    if (status < 0)
        return status;

    for (size_t index = 0; status == 0 && index < summary->outcome_count; index++)
        status = add_row(table, &summary->outcomes[index]);
    if (status == 0)
        status = pnd_table_print(table);
    pnd_table_destroy(table);
    return status;
}

static int add_row(struct pnd_table *table, const struct pnd_outcome *outcome)
{
    const char *verdict = pnd_outcome_verdict(outcome->verdict);
    enum pnd_colour colour = colours[outcome->verdict];
    if (!pnd_outcome_has_numbers(outcome))
        return pnd_table_add(table,
                             (const char *const[COLUMN_COUNT]){outcome->workload, "-", "-", "-",
                                                               "-", "-", "-", "-", "-", verdict},
                             colour);

    const struct pnd_units_text numbers[COLUMN_COUNT - 2] = {
        pnd_units_count(outcome->answers->done),
        pnd_units_count(outcome->answers->pending),
        pnd_units_count(outcome->answers->refused),
        pnd_units_count(outcome->report->deliveries),
        pnd_units_times(outcome->report->operations, outcome->pool->contexts),
        pnd_units_bytes(outcome->bytes->sent + outcome->bytes->received),
        pnd_units_ns(outcome->latency_ns->p50),
        pnd_units_ns(outcome->latency_ns->p99),
    };
    const char *cells[COLUMN_COUNT] = {[0] = outcome->workload, [COLUMN_COUNT - 1] = verdict};
    for (size_t index = 0; index < COLUMN_COUNT - 2; index++)
        cells[index + 1] = numbers[index].text;
    return pnd_table_add(table, cells, colour);
}

/* Without the workload's name, which stands before it already. */
static const char *bare_reason(const struct pnd_outcome *outcome)
{
    const char *reason = outcome->reason;
    size_t name_length = strlen(outcome->workload);
    if (strncmp(reason, outcome->workload, name_length) == 0 &&
        strncmp(reason + name_length, ": ", 2) == 0)
        reason += name_length + 2;
    return reason[0] != '\0' ? reason : "no reason given";
}

static void print_trouble(const struct pnd_summary *summary, const struct pnd_outcome *outcome)
{
    const Pendio__Report *report = outcome->report;
    (void)fprintf(summary->stream, "%s %s: %s\n", outcome->workload,
                  pnd_outcome_verdict(outcome->verdict), bare_reason(outcome));
    for (size_t index = 0; index < report->n_checks; index++) {
        const Pendio__Check *check = report->checks[index];
        if (check->verdict == PENDIO__VERDICT__FAILED)
            (void)fprintf(summary->stream, "  %s: expected %s, seen %s\n", check->name,
                          check->expected, check->seen);
    }
    if (report->n_violations > 0 && report->violations[0]->repeat_command[0] != '\0')
        (void)fprintf(summary->stream, "  again with: %s\n", report->violations[0]->repeat_command);
}
