/*
 * stats.c - `pendio stats`: the runtime's statistics of running and finished runs, one look.
 *
 * Happy path:  ask once -> a table and the reasons of each run below it, or JSON.
 * Failures:    no daemon is exit 3.
 */
#include "command.h"
#include "daemon.h"
#include "output.h"
#include "results.h"
#include "say.h"
#include "table.h"
#include "units.h"

#include <errno.h>
#include <string.h>

static const struct pnd_column columns[] = {
    {"RUN", PND_RIGHT},     {"STATE", PND_LEFT},    {"STARTED", PND_RIGHT},   {"DONE", PND_RIGHT},
    {"PENDING", PND_RIGHT}, {"REFUSED", PND_RIGHT}, {"DELIVERED", PND_RIGHT}, {"BACKEND", PND_LEFT},
    {"ARENA", PND_LEFT},    {"WORKLOAD", PND_LEFT},
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

static int ask(struct pnd_daemon *daemon, Pendio__Reply **ret_reply);
static int show(const Pendio__StatsReply *stats, const struct pnd_options *options);
static int print_table(const Pendio__StatsReply *stats, FILE *stream);
static int add_row(struct pnd_table *table, const Pendio__Stats *run);
static void print_details(const Pendio__Stats *run, FILE *stream);
static void print_counts(const char *title, Pendio__Count *const *counts, size_t count,
                         FILE *stream);
static int print_json(const Pendio__StatsReply *stats, FILE *stream);
static json_t *run_value(const Pendio__Stats *run);
static json_t *counts_value(Pendio__Count *const *counts, size_t count);

enum pnd_exit pnd_command_stats(const struct pnd_options *options)
{
    struct pnd_daemon daemon = {0};
    int status = pnd_daemon_open(options, &daemon);
    if (status < 0)
        return pnd_daemon_exit(status);

    Pendio__Reply *reply = NULL;
    status = ask(&daemon, &reply);
    if (status == 0)
        status = show(reply->stats, options);
    pnd_link_free_reply(reply);
    return status < 0 ? PND_EXIT_UNREACHABLE : PND_EXIT_OK;
}

static int ask(struct pnd_daemon *daemon, Pendio__Reply **ret_reply)
{
    Pendio__StatsRequest wish = PENDIO__STATS_REQUEST__INIT;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.version = 1;
    request.body_case = PENDIO__REQUEST__BODY_STATS;
    request.stats = &wish;

    int status =
        pnd_daemon_ask(daemon, daemon->url, &request, PENDIO__REPLY__BODY_STATS, ret_reply);
    if (status == 0 && (*ret_reply)->status != PENDIO__STATUS__OK) {
        pnd_daemon_complain(daemon->url, *ret_reply);
        status = -EPROTO;
    }
    return status;
}

static int show(const Pendio__StatsReply *stats, const struct pnd_options *options)
{
    struct pnd_output output;
    int status = pnd_output_begin(options->json != NULL ? options->json : "-", &output);
    if (status < 0)
        return status;

    if (options->json != NULL)
        status = print_json(stats, output.stream);
    else if (stats->n_runs == 0)
        (void)fputs("No run yet: 'pendio run FILE' starts one.\n", output.stream);
    else
        status = print_table(stats, output.stream);
    if (status == 0)
        return pnd_output_end(&output);
    return pnd_output_fail(&output, status);
}

static int print_table(const Pendio__StatsReply *stats, FILE *stream)
{
    struct pnd_table *table = NULL;
    int status = pnd_table_create(columns, COLUMN_COUNT, stream, &table);
    if (status < 0)
        return status;

    for (size_t index = 0; status == 0 && index < stats->n_runs; index++)
        status = add_row(table, stats->runs[index]);
    if (status == 0)
        status = pnd_table_print(table);
    pnd_table_destroy(table);
    for (size_t index = 0; status == 0 && index < stats->n_runs; index++)
        print_details(stats->runs[index], stream);
    return status;
}

static int add_row(struct pnd_table *table, const Pendio__Stats *run)
{
    const uint64_t values[] = {run->run,     run->started, run->done,
                               run->pending, run->refused, run->delivered};
    struct pnd_units_text numbers[sizeof values / sizeof values[0]];
    for (size_t index = 0; index < sizeof values / sizeof values[0]; index++)
        numbers[index] = pnd_units_count(values[index]);

    const char *const cells[COLUMN_COUNT] = {
        numbers[0].text, run->running ? "running" : "finished",
        numbers[1].text, numbers[2].text,
        numbers[3].text, numbers[4].text,
        numbers[5].text, run->backend,
        run->arena,      run->workload,
    };
    return pnd_table_add(table, cells, PND_PLAIN);
}

static void print_details(const Pendio__Stats *run, FILE *stream)
{
    (void)fprintf(stream, "\nrun %llu, %s\n", (unsigned long long)run->run, run->workload);
    print_counts("done by reason", run->done_by_reason, run->n_done_by_reason, stream);
    print_counts("refused by reason", run->refused_by_reason, run->n_refused_by_reason, stream);
    print_counts("counters", run->counters, run->n_counters, stream);
    (void)fprintf(stream, "  features:");
    for (size_t index = 0; index < run->n_features; index++)
        (void)fprintf(stream, " %s", run->features[index]);
    (void)fputs(run->n_features == 0 ? " none\n" : "\n", stream);
}

static void print_counts(const char *title, Pendio__Count *const *counts, size_t count,
                         FILE *stream)
{
    (void)fprintf(stream, "  %s:", title);
    for (size_t index = 0; index < count; index++)
        (void)fprintf(stream, "%s %s %llu", index > 0 ? "," : "", counts[index]->name,
                      (unsigned long long)counts[index]->value);
    (void)fputs(count == 0 ? " none\n" : "\n", stream);
}

static int print_json(const Pendio__StatsReply *stats, FILE *stream)
{
    json_t *runs = json_array();
    for (size_t index = 0; index < stats->n_runs; index++)
        if (json_array_append_new(runs, run_value(stats->runs[index])) < 0) {
            json_decref(runs);
            return -ENOMEM;
        }
    return pnd_results_dump(json_pack("{s:s, s:o}", "version", PENDIO_VERSION_TEXT, "runs", runs),
                            stream);
}

static json_t *run_value(const Pendio__Stats *run)
{
    json_t *features = json_array();
    for (size_t index = 0; index < run->n_features; index++)
        (void)json_array_append_new(features, json_string(run->features[index]));
    return json_pack("{s:s, s:I, s:b, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:s}",
                     "workload", run->workload, "run", pnd_results_integer(run->run), "running",
                     (int)run->running, "backend", run->backend, "features", features, "started",
                     pnd_results_integer(run->started), "done", pnd_results_integer(run->done),
                     "pending", pnd_results_integer(run->pending), "refused",
                     pnd_results_integer(run->refused), "delivered",
                     pnd_results_integer(run->delivered), "done_by_reason",
                     counts_value(run->done_by_reason, run->n_done_by_reason), "refused_by_reason",
                     counts_value(run->refused_by_reason, run->n_refused_by_reason), "counters",
                     counts_value(run->counters, run->n_counters), "arena", run->arena);
}

static json_t *counts_value(Pendio__Count *const *counts, size_t count)
{
    json_t *value = json_object();
    for (size_t index = 0; index < count; index++)
        if (json_object_set_new(value, counts[index]->name,
                                json_integer(pnd_results_integer(counts[index]->value))) < 0) {
            json_decref(value);
            return NULL;
        }
    return value;
}
