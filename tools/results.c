/*
 * results.c - outcomes as the JSON that scripts read.
 *
 * Happy path:  one jansson value for each object, packed with the names others script against.
 * Failures:    want of memory anywhere makes the whole value NULL.
 */
#include "results.h"

#include "results_message.h"

#include <errno.h>
#include <stdlib.h>

static json_t *environment_value(const struct pnd_environment *environment);
static json_t *run_value(const struct pnd_outcome *outcome);
static int add_identity(json_t *run, const Pendio__Report *report);
static int add_details(json_t *run, const Pendio__Report *report);
static int add_list(json_t *run, const char *name, ProtobufCMessage *const *messages,
                    size_t message_count);
static int add_histogram(json_t *run, const char *name, const Pendio__Histogram *histogram);
static json_t *sums_value(const struct pnd_outcome *outcome);
static json_t *checks_value(const struct pnd_outcome *outcome);
static json_t *pool_value(const Pendio__PoolUse *pool);
static json_t *latency_value(const Pendio__Latency *latency);

int pnd_results_write(const struct pnd_results *results, FILE *stream)
{
    const struct pnd_environment *environment = &results->environment;
    json_t *runs = json_array();
    for (size_t index = 0; index < results->outcome_count; index++)
        if (json_array_append_new(runs, run_value(&results->outcomes[index])) < 0) {
            json_decref(runs);
            return -ENOMEM;
        }
    return pnd_results_dump(json_pack("{s:s, s:o, s:o}", "version", environment->version,
                                      "environment", environment_value(environment), "runs", runs),
                            stream);
}

int pnd_results_dump(json_t *value, FILE *stream)
{
    if (value == NULL)
        return -ENOMEM;
    char *text = json_dumps(value, JSON_INDENT(2));
    json_decref(value);
    if (text == NULL)
        return -ENOMEM;
    int status = fprintf(stream, "%s\n", text) < 0 ? -errno : 0;
    free(text);
    return status;
}

json_int_t pnd_results_integer(uint64_t number)
{
    return number < INT64_MAX ? (json_int_t)number : INT64_MAX;
}

static json_t *environment_value(const struct pnd_environment *environment)
{
    json_t *features = json_array();
    for (size_t index = 0; index < environment->feature_count; index++)
        (void)json_array_append_new(features, json_string(environment->features[index]));
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "kernel", environment->system.release,
                     "machine", environment->system.machine, "backend", environment->backend,
                     "features", features, "daemon", environment->daemon_version, "url",
                     environment->url);
}

static json_t *run_value(const struct pnd_outcome *outcome)
{
    const Pendio__Report *report = outcome->report;
    json_t *run = sums_value(outcome);
    if (run == NULL || add_identity(run, report) < 0 || add_details(run, report) < 0) {
        json_decref(run);
        return NULL;
    }
    return run;
}

/* "reason" is there only when there is one: when the verdict is not "passed". */
static json_t *sums_value(const struct pnd_outcome *outcome)
{
    const Pendio__Answers *answers = outcome->answers;
    const char *reason = outcome->reason[0] != '\0' ? outcome->reason : NULL;
    const char *subject = outcome->report->subject;
    subject = subject != NULL && subject[0] != '\0' ? subject : NULL;
    return json_pack(
        "{s:s, s:s, s:s*, s:s*, s:o, s:{s:I, s:I, s:I}, s:I, s:o, s:o, s:{s:I, s:I}, s:I, s:I}",
        "workload", outcome->workload, "verdict", pnd_outcome_verdict(outcome->verdict), "reason",
        reason, "subject", subject, "checks", checks_value(outcome), "answers", "done",
        pnd_results_integer(answers->done), "pending", pnd_results_integer(answers->pending),
        "refused", pnd_results_integer(answers->refused), "deliveries",
        pnd_results_integer(outcome->report->deliveries), "pool", pool_value(outcome->pool),
        "latency_ns", latency_value(outcome->latency_ns), "bytes", "sent",
        pnd_results_integer(outcome->bytes->sent), "received",
        pnd_results_integer(outcome->bytes->received), "operations",
        pnd_results_integer(outcome->report->operations), "elapsed_ns",
        pnd_results_integer(outcome->report->elapsed_ns));
}

static int add_text(json_t *run, const char *name, const char *text)
{
    return text == NULL || text[0] == '\0' ? 0 : json_object_set_new(run, name, json_string(text));
}

/* Which run it was. A seed that is no integer of JSON is a text, for it is of use only whole. */
static int add_identity(json_t *run, const Pendio__Report *report)
{
    int status = 0;
    if (report->seed > 0)
        status = json_object_set_new(run, "seed",
                                     report->seed <= INT64_MAX
                                         ? json_integer((json_int_t)report->seed)
                                         : json_sprintf("%llu", (unsigned long long)report->seed));
    if (status == 0)
        status = add_text(run, "content_hash", report->content_hash);
    if (status == 0)
        status = add_text(run, "fixed_answers_hash", report->fixed_answers_hash);
    if (status == 0 && report->place > 0)
        status = json_object_set_new(run, "place", json_integer(report->place));
    return status;
}

static int add_details(json_t *run, const Pendio__Report *report)
{
    int status = add_list(run, "violations", (ProtobufCMessage *const *)report->violations,
                          report->n_violations);
    if (status == 0)
        status = add_histogram(run, "latency", report->latency);
    if (status == 0)
        status = add_histogram(run, "round_latency", report->round_latency);
    if (status == 0)
        status = add_list(run, "timeline", (ProtobufCMessage *const *)report->timeline,
                          report->n_timeline);
    if (status == 0)
        status = add_list(run, "trace", (ProtobufCMessage *const *)report->trace, report->n_trace);
    return status;
}

/* What is empty is left out. */
static int add_list(json_t *run, const char *name, ProtobufCMessage *const *messages,
                    size_t message_count)
{
    if (message_count == 0)
        return 0;
    return json_object_set_new(run, name, pnd_results_messages(messages, message_count));
}

static int add_histogram(json_t *run, const char *name, const Pendio__Histogram *histogram)
{
    return histogram == NULL
               ? 0
               : json_object_set_new(run, name, pnd_results_message(&histogram->base));
}

static json_t *checks_value(const struct pnd_outcome *outcome)
{
    json_t *checks = json_array();
    for (size_t index = 0; index < outcome->report->n_checks; index++) {
        const Pendio__Check *check = outcome->report->checks[index];
        json_t *value = json_pack("{s:s, s:s, s:s, s:s}", "name", check->name, "verdict",
                                  pnd_outcome_verdict(check->verdict), "expected", check->expected,
                                  "seen", check->seen);
        if (json_array_append_new(checks, value) < 0) {
            json_decref(checks);
            return NULL;
        }
    }
    return checks;
}

static json_t *pool_value(const Pendio__PoolUse *pool)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "contexts", pnd_results_integer(pool->contexts),
                     "gets", pnd_results_integer(pool->gets), "reuses",
                     pnd_results_integer(pool->reuses), "high_water",
                     pnd_results_integer(pool->high_water), "allocations_after_warmup",
                     pnd_results_integer(pool->allocations_after_warmup));
}

static json_t *latency_value(const Pendio__Latency *latency)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "p50", pnd_results_integer(latency->p50), "p90",
                     pnd_results_integer(latency->p90), "p99", pnd_results_integer(latency->p99),
                     "p999", pnd_results_integer(latency->p999), "max",
                     pnd_results_integer(latency->max));
}
