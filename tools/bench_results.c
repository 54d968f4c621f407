/*
 * bench_results.c - what was measured, for people and for scripts.
 *
 * Happy path:  a line on the machine, then a row for each subject of each case: its figure, and its
 *              ratio to the reference with the quartiles of that; the same as JSON.
 * Failures:    what was skipped or failed has its reason where the figures would stand.
 */
#include "bench_results.h"

#include "results.h"
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static const struct pnd_column columns[] = {
    {"CASE", PND_LEFT},      {"SUBJECT", PND_LEFT}, {"MEDIAN", PND_RIGHT}, {"MIN", PND_RIGHT},
    {"MAX", PND_RIGHT},      {"UNIT", PND_LEFT},    {"RATIO", PND_RIGHT},  {"QUARTILES", PND_RIGHT},
    {"REFERENCE", PND_LEFT}, {"BEST", PND_RIGHT},   {"ROUNDS", PND_RIGHT},
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0], CELL_BYTES = 32 };

static void print_machine(const struct pnd_bench_report *report, FILE *stream);
static int add_row(struct pnd_table *table, const struct pnd_bench_report *report,
                   const struct pnd_bench_result *result);
static int add_measured(struct pnd_table *table, const struct pnd_bench_result *result);
static json_t *environment_value(const struct pnd_bench_report *report);
static json_t *features_value(const char *features);
static json_t *result_value(const struct pnd_bench_report *report,
                            const struct pnd_bench_result *result);
static void add_figures(json_t *value, const struct pnd_bench_result *result, bool is_timed);
static void add_comparisons(json_t *value, const struct pnd_bench_result *result, bool is_timed);
static void set(json_t *value, const char *name, bool is_timed, double figure);
static json_t *text(const char *name, bool is_timed);

int pnd_bench_results_print(const struct pnd_bench_report *report, FILE *stream)
{
    struct pnd_table *table = NULL;
    print_machine(report, stream);
    int status = pnd_table_create(columns, COLUMN_COUNT, stream, &table);
    if (status < 0)
        return status;
    for (size_t index = 0; status == 0 && index < report->count; index++)
        status = add_row(table, report, &report->results[index]);
    if (status == 0)
        status = pnd_table_print(table);
    pnd_table_destroy(table);
    if (status == 0 && !report->is_quick)
        status = pnd_bench_budgets_print(report->budgets, report->budget_count, stream);
    return status;
}

static void print_machine(const struct pnd_bench_report *report, FILE *stream)
{
    const struct pnd_bench_machine *machine = report->machine;
    double load[1] = {0};
    (void)getloadavg(load, 1);
    if (machine->has_own_network)
        (void)fprintf(stream, "Private network namespace, %s", machine->congestion);
    else
        (void)fprintf(stream, "The system's own network (%s), %s", machine->reason,
                      machine->congestion);
    if (machine->core >= 0)
        (void)fprintf(stream, "; pinned to core %d, servers to core %d", machine->core,
                      machine->server_core);
    (void)fprintf(stream, "; load average %.1f.\n", load[0]);
    if (!report->is_quick)
        (void)fprintf(stream, "A system call that does nothing: %.0f ns.\n",
                      machine->system_call_ns);
    else
        (void)fputs("Quick: everything ran and was checked, nothing was timed.\n", stream);
}

static int add_row(struct pnd_table *table, const struct pnd_bench_report *report,
                   const struct pnd_bench_result *result)
{
    const char *cells[COLUMN_COUNT] = {
        result->bench_case->name, result->subject, "", "", "", "", "", "", "", "", ""};
    if (result->state == PND_BENCH_MEASURED && !report->is_quick)
        return add_measured(table, result);
    char rounds[CELL_BYTES];
    (void)snprintf(rounds, sizeof rounds, "%u", result->round_count);
    cells[COLUMN_COUNT - 1] = rounds;
    if (result->state == PND_BENCH_MEASURED)
        return pnd_table_add(table, cells, PND_GREEN);
    bool has_failed = result->state == PND_BENCH_FAILED;
    cells[COLUMN_COUNT - 3] = result->reason;
    cells[COLUMN_COUNT - 1] = has_failed ? "failed" : "skipped";
    return pnd_table_add(table, cells, has_failed ? PND_RED : PND_YELLOW);
}

static int add_measured(struct pnd_table *table, const struct pnd_bench_result *result)
{
    char median[CELL_BYTES], minimum[CELL_BYTES], maximum[CELL_BYTES];
    char ratio[CELL_BYTES] = "-", quartiles[CELL_BYTES] = "-", best[CELL_BYTES] = "-";
    char rounds[CELL_BYTES];
    (void)snprintf(median, sizeof median, "%.1f", result->figure.median);
    (void)snprintf(minimum, sizeof minimum, "%.1f", result->figure.minimum);
    (void)snprintf(maximum, sizeof maximum, "%.1f", result->figure.maximum);
    if (result->ratio.median > 0) {
        (void)snprintf(ratio, sizeof ratio, "%.3f", result->ratio.median);
        (void)snprintf(quartiles, sizeof quartiles, "%.3f-%.3f", result->ratio.low,
                       result->ratio.high);
    }
    if (result->ratio_to_best.median > 0)
        (void)snprintf(best, sizeof best, "%.3f", result->ratio_to_best.median);
    (void)snprintf(rounds, sizeof rounds, "%u", result->round_count);
    const char *cells[COLUMN_COUNT] = {
        result->bench_case->name,
        result->subject,
        median,
        minimum,
        maximum,
        result->bench_case->unit,
        ratio,
        quartiles,
        result->reference,
        best,
        rounds,
    };
    return pnd_table_add(table, cells, PND_PLAIN);
}

json_t *pnd_bench_results_value(const struct pnd_bench_report *report)
{
    json_t *results = json_array();
    for (size_t index = 0; index < report->count; index++)
        if (json_array_append_new(results, result_value(report, &report->results[index])) < 0) {
            json_decref(results);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:b, s:f, s:o, s:o}", "version", PENDIO_VERSION_TEXT,
                     "environment", environment_value(report), "quick", report->is_quick,
                     "seconds_per_case", report->seconds, "results", results, "budgets",
                     pnd_bench_budgets_value(report->budgets, report->budget_count));
}

static json_t *environment_value(const struct pnd_bench_report *report)
{
    const struct pnd_bench_machine *machine = report->machine;
    struct utsname system = {0};
    double load[1] = {0};
    (void)uname(&system);
    (void)getloadavg(load, 1);
    return json_pack("{s:s, s:s, s:s, s:o, s:i, s:i, s:b, s:s, s:f, s:f}", "kernel", system.release,
                     "machine", system.machine, "backend", "uring", "features",
                     features_value(machine->features), "core", machine->core, "server_core",
                     machine->server_core, "private_network", machine->has_own_network,
                     "congestion", machine->congestion, "load_average", load[0], "system_call_ns",
                     machine->system_call_ns);
}

/* From "a,b,c". */
static json_t *features_value(const char *features)
{
    json_t *value = json_array();
    for (size_t length; *features != '\0'; features += length + (features[length] == ',')) {
        length = strcspn(features, ",");
        (void)json_array_append_new(value, json_stringn(features, length));
    }
    return value;
}

static json_t *result_value(const struct pnd_bench_report *report,
                            const struct pnd_bench_result *result)
{
    static const char *const states[] = {[PND_BENCH_MEASURED] = "ok",
                                         [PND_BENCH_SKIPPED] = "skipped",
                                         [PND_BENCH_FAILED] = "failed"};
    static const char *const roles[] = {[PND_BENCH_FLOOR] = "floor",
                                        [PND_BENCH_OURS] = "pendio",
                                        [PND_BENCH_PEER] = "peer",
                                        [PND_BENCH_INFORMATION] = "information"};
    json_t *value = json_pack(
        "{s:s, s:s, s:s, s:s, s:s?, s:s, s:i}", "case", result->bench_case->name, "subject",
        result->subject, "role", roles[result->role], "unit", result->bench_case->unit, "reference",
        result->reference, "state", states[result->state], "repeats", (int)result->round_count);
    if (value == NULL)
        return NULL;
    if (result->state != PND_BENCH_MEASURED)
        (void)json_object_set_new(value, "reason", json_string(result->reason));
    bool is_timed = result->state == PND_BENCH_MEASURED && !report->is_quick;
    add_figures(value, result, is_timed);
    add_comparisons(value, result, is_timed);
    return value;
}

static void add_figures(json_t *value, const struct pnd_bench_result *result, bool is_timed)
{
    set(value, "median", is_timed, result->figure.median);
    set(value, "min", is_timed, result->figure.minimum);
    set(value, "max", is_timed, result->figure.maximum);
    set(value, "low_quartile", is_timed, result->figure.low);
    set(value, "high_quartile", is_timed, result->figure.high);
    set(value, "ratio_to_reference", is_timed, result->ratio.median);
    set(value, "ratio_low_quartile", is_timed, result->ratio.low);
    set(value, "ratio_high_quartile", is_timed, result->ratio.high);
}

/* With the best of those written by hand, with the best peer, and by the clock on the wall. */
static void add_comparisons(json_t *value, const struct pnd_bench_result *result, bool is_timed)
{
    (void)json_object_set_new(value, "best", text(result->best, is_timed));
    set(value, "ratio_to_best", is_timed, result->ratio_to_best.median);
    set(value, "ratio_to_best_low_quartile", is_timed, result->ratio_to_best.low);
    set(value, "ratio_to_best_high_quartile", is_timed, result->ratio_to_best.high);
    (void)json_object_set_new(value, "best_peer", text(result->best_peer, is_timed));
    set(value, "ratio_to_peer", is_timed, result->ratio_to_peer.median);
    set(value, "ratio_to_peer_low_quartile", is_timed, result->ratio_to_peer.low);
    set(value, "ratio_to_peer_high_quartile", is_timed, result->ratio_to_peer.high);
    set(value, "per_second", is_timed, result->rate.median);
    set(value, "rate_ratio_to_reference", is_timed, result->rate_ratio.median);
    set(value, "rate_ratio_low_quartile", is_timed, result->rate_ratio.low);
    set(value, "rate_ratio_high_quartile", is_timed, result->rate_ratio.high);
    set(value, "rate_ratio_to_peer", is_timed, result->rate_to_peer.median);
}

/* null is for what was not timed, or has no reference that was. */
static void set(json_t *value, const char *name, bool is_timed, double figure)
{
    (void)json_object_set_new(value, name,
                              is_timed && figure > 0 ? json_real(figure) : json_null());
}

static json_t *text(const char *name, bool is_timed)
{
    return is_timed && name != NULL ? json_string(name) : json_null();
}
