/*
 * report.c - what a run has to tell: progress, statistics, and the report at its end.
 *
 * Happy path:  messages are put together on the stack and written as one frame each.
 * Failures:    the frame's.
 */
#include "report.h"

#include "content_hash.h"
#include "frame.h"
#include "names.h"
#include "report_details.h"

#include <stdio.h>

enum {
    FEATURE_COUNT = 64, /* a bit each */
    DONE_COUNT = 7,
    REFUSED_COUNT = 5,
    COUNTER_COUNT = 37,
};

/* Everything a Stats message points to. */
struct stats_parts {
    Pendio__Stats message;
    char *features[FEATURE_COUNT];
    Pendio__Count counts[DONE_COUNT + REFUSED_COUNT + COUNTER_COUNT];
    Pendio__Count *pointers[DONE_COUNT + REFUSED_COUNT + COUNTER_COUNT];
};

struct named_value {
    const char *name;
    uint64_t value;
};

static Pendio__Count **put_counts(struct stats_parts *parts, size_t first,
                                  const struct named_value *values, size_t value_count)
{
    for (size_t i = 0; i < value_count; i++) {
        Pendio__Count *count = &parts->counts[first + i];
        pendio__count__init(count);
        count->name = (char *)values[i].name;
        count->value = values[i].value;
        parts->pointers[first + i] = count;
    }
    return &parts->pointers[first];
}

static void put_reasons(struct stats_parts *parts, const struct pendio_loop_statistics *from)
{
    const struct named_value done[DONE_COUNT] = {
        {"known_end", from->done_known_end}, {"known_error", from->done_known_error},
        {"empty", from->done_empty},         {"tried", from->done_tried},
        {"direct", from->done_direct},       {"cached", from->done_cached},
        {"collected", from->done_collected},
    };
    const struct named_value refused[REFUSED_COUNT] = {
        {"invalid", from->refused_invalid},   {"handle", from->refused_handle},
        {"busy", from->refused_busy},         {"no_capacity", from->refused_no_capacity},
        {"shutdown", from->refused_shutdown},
    };
    parts->message.done_by_reason = put_counts(parts, 0, done, DONE_COUNT);
    parts->message.n_done_by_reason = DONE_COUNT;
    parts->message.refused_by_reason = put_counts(parts, DONE_COUNT, refused, REFUSED_COUNT);
    parts->message.n_refused_by_reason = REFUSED_COUNT;
}

static void put_counters(struct stats_parts *parts, const struct pendio_loop_statistics *from)
{
    const struct named_value counters[COUNTER_COUNT] = {
        {"delivered_callback", from->delivered_callback},
        {"delivered_record", from->delivered_record},
        {"posts", from->posts},
        {"turns", from->turns},
        {"system_calls", from->system_calls},
        {"requests", from->requests},
        {"cancels", from->cancels},
        {"stale_completions", from->stale_completions},
        {"completion_overflows", from->completion_overflows},
        {"handles_open", from->handles_open},
        {"pool_contexts", from->pool_contexts},
        {"pool_in_use", from->pool_in_use},
        {"pool_high_water", from->pool_high_water},
        {"pool_gets", from->pool_gets},
        {"pool_exhausted", from->pool_exhausted},
        {"arena_registered_bytes", from->arena_registered_bytes},
        {"multishot_armed", from->multishot_armed},
        {"multishot_ended", from->multishot_ended},
        {"connections_collected", from->connections_collected},
        {"buffers", from->buffers},
        {"buffers_in_use", from->buffers_in_use},
        {"buffers_exhausted", from->buffers_exhausted},
        {"spins", from->spins},
        {"spins_paid", from->spins_paid},
        {"gathers", from->gathers},
        {"sends_gathered", from->sends_gathered},
        {"streams_ahead", from->streams_ahead},
        {"ahead_for_lending", from->ahead_for_lending},
        {"ahead_for_lone", from->ahead_for_lone},
        {"ahead_for_crowd", from->ahead_for_crowd},
        {"single_for_large", from->single_for_large},
        {"single_for_unasked", from->single_for_unasked},
        {"streams_polled", from->streams_polled},
        {"polled_for_lone", from->polled_for_lone},
        {"polled_for_crowd", from->polled_for_crowd},
        {"received_direct", from->received_direct},
        {"warm_rounds", from->warm_rounds},
    };
    parts->message.counters =
        put_counts(parts, DONE_COUNT + REFUSED_COUNT, counters, COUNTER_COUNT);
    parts->message.n_counters = COUNTER_COUNT;
}

static const char *arena_text(const struct pendio_loop_statistics *from)
{
    if (from->arena_error != 0)
        return pnd_names_error(from->arena_error);
    return from->arena_registered_bytes > 0 ? "registered" : "none";
}

static void put_features(struct stats_parts *parts, uint64_t features)
{
    Pendio__Stats *message = &parts->message;
    message->features = parts->features;
    for (uint64_t bit = 1; bit != 0; bit <<= 1)
        if ((features & bit) != 0 && pendio_feature_name(bit) != NULL)
            parts->features[message->n_features++] = (char *)pendio_feature_name(bit);
}

static void put_stats(struct stats_parts *parts, const struct pnd_engine *engine, bool running)
{
    const struct pendio_loop_statistics *from = &engine->statistics;
    Pendio__Stats *message = &parts->message;
    pendio__stats__init(message);
    message->workload = engine->plan->workload->name;
    message->running = running;
    message->backend = (char *)(from->backend == PENDIO_BACKEND_URING ? "uring" : "unknown");
    put_features(parts, from->features);
    message->started = from->started;
    message->done = from->done;
    message->pending = from->pending;
    message->refused = from->refused;
    message->delivered = from->delivered;
    message->arena = (char *)arena_text(from);
    put_reasons(parts, from);
    put_counters(parts, from);
}

int pnd_report_progress(struct pnd_engine *engine, int output)
{
    Pendio__Progress progress = PENDIO__PROGRESS__INIT;
    Pendio__Event event = PENDIO__EVENT__INIT;
    struct stats_parts parts;
    progress.workload = engine->plan->workload->name;
    progress.operations = engine->operations;
    if (engine->plan->operation_count < UINT64_MAX) /* else nobody can say */
        progress.operations_expected = engine->plan->operation_count;
    progress.elapsed_ns = pnd_engine_now_ns() - engine->begun_ns;
    progress.dying = engine->dying;
    event.body_case = PENDIO__EVENT__BODY_PROGRESS;
    event.progress = &progress;
    int status = pnd_frame_write(output, &event.base);
    if (status < 0)
        return status;
    engine->statistics.size = sizeof engine->statistics;
    (void)engine->subject->loop_stats(engine->loop, &engine->statistics);
    put_stats(&parts, engine, true);
    pendio__event__init(&event);
    event.body_case = PENDIO__EVENT__BODY_STATS;
    event.stats = &parts.message;
    return pnd_frame_write(output, &event.base);
}

Pendio__Verdict pnd_report_verdict(const struct pnd_engine *engine)
{
    if (engine->skip_reason[0] != '\0')
        return PENDIO__VERDICT__SKIPPED;
    return engine->referee.offence_count > 0 ? PENDIO__VERDICT__FAILED : PENDIO__VERDICT__PASSED;
}

/* Everything a Report message points to. */
struct report_parts {
    Pendio__Report message;
    struct stats_parts stats;
    Pendio__Answers answers;
    Pendio__PoolUse pool;
    Pendio__Latency latency;
    Pendio__Bytes bytes;
    Pendio__Check checks[PND_RULE_COUNT];
    Pendio__Check *check_pointers[PND_RULE_COUNT];
    char seen[PND_RULE_COUNT][400];
    char reason[512];
    char content_hash[PND_CONTENT_HASH_BYTES];
};

static void put_check(struct report_parts *parts, const struct pnd_finding *finding,
                      enum pnd_rule rule)
{
    size_t index = parts->message.n_checks++;
    Pendio__Check *check = &parts->checks[index];
    char *seen = parts->seen[index];
    pendio__check__init(check);
    check->name = (char *)pnd_referee_name(rule);
    check->expected = (char *)pnd_referee_expected(rule);
    check->seen = seen;
    check->held_count = finding->held_count;
    if (finding->offence_count == 0)
        snprintf(seen, sizeof parts->seen[index], "held %llu times",
                 (unsigned long long)finding->held_count);
    else
        snprintf(seen, sizeof parts->seen[index], "%s (%llu of %llu times)", finding->seen,
                 (unsigned long long)finding->offence_count,
                 (unsigned long long)finding->offence_count + finding->held_count);
    check->verdict = finding->offence_count > 0 ? PENDIO__VERDICT__FAILED : PENDIO__VERDICT__PASSED;
    parts->check_pointers[index] = check;
}

/* The checks that were ever applied; what was broken first is the reason. */
static void put_checks(struct report_parts *parts, const struct pnd_engine *engine)
{
    parts->message.checks = parts->check_pointers;
    for (int rule = 0; rule < PND_RULE_COUNT; rule++) {
        const struct pnd_finding *finding = &engine->referee.findings[rule];
        if (finding->held_count + finding->offence_count == 0)
            continue;
        put_check(parts, finding, (enum pnd_rule)rule);
    }
    if (engine->referee.offence_count > 0)
        snprintf(parts->reason, sizeof parts->reason, "%s: %s",
                 pnd_referee_name(engine->referee.first_broken),
                 engine->referee.findings[engine->referee.first_broken].seen);
    if (engine->skip_reason[0] != '\0')
        snprintf(parts->reason, sizeof parts->reason, "%s", engine->skip_reason);
    parts->message.reason = parts->reason;
}

static void put_uses(struct report_parts *parts, const struct pnd_engine *engine,
                     uint64_t allocation_count)
{
    const struct pnd_ledger_counts *counts = &engine->ledger.counts;
    pendio__answers__init(&parts->answers);
    parts->answers.done = counts->done;
    parts->answers.pending = counts->pending;
    parts->answers.refused = counts->refused;
    pendio__pool_use__init(&parts->pool);
    parts->pool.contexts = engine->plan->context_count;
    parts->pool.gets = counts->gets;
    parts->pool.reuses = counts->reuses;
    parts->pool.high_water = counts->contexts_high_water;
    parts->pool.allocations_after_warmup = allocation_count;
    pendio__bytes__init(&parts->bytes);
    parts->bytes.sent = counts->bytes_sent;
    parts->bytes.received = counts->bytes_received;
    pendio__latency__init(&parts->latency);
    parts->latency.p50 = pnd_latency_quantile(&engine->latency, 500);
    parts->latency.p90 = pnd_latency_quantile(&engine->latency, 900);
    parts->latency.p99 = pnd_latency_quantile(&engine->latency, 990);
    parts->latency.p999 = pnd_latency_quantile(&engine->latency, 999);
    parts->latency.max = engine->latency.max_ns;
}

/* `digits` has room for the hash, and stays with the report. */
static void put_identity(Pendio__Report *report, const Pendio__Workload *workload, char *digits)
{
    report->workload = workload->name;
    report->seed = workload->seed > 0 ? workload->seed : 1;
    if (pnd_content_hash(workload, digits) == 0)
        report->content_hash = digits;
}

static int write_report(Pendio__Report *report, int output)
{
    Pendio__Event event = PENDIO__EVENT__INIT;
    event.body_case = PENDIO__EVENT__BODY_REPORT;
    event.report = report;
    return pnd_frame_write(output, &event.base);
}

int pnd_report_run(const struct pnd_engine *engine, const struct pnd_report_end *end,
                   uint64_t allocation_count, int output)
{
    struct report_parts parts;
    struct pnd_report_details details;
    Pendio__Report *report = &parts.message;
    pendio__report__init(report);
    parts.reason[0] = '\0';
    put_checks(&parts, engine);
    put_uses(&parts, engine, allocation_count);
    put_stats(&parts.stats, engine, false);
    put_identity(report, engine->plan->workload, parts.content_hash);
    report->subject = (char *)engine->subject->name;
    report->verdict = pnd_report_verdict(engine);
    if (end->reason != NULL) {
        report->verdict = end->verdict;
        report->reason = (char *)end->reason;
    }
    report->answers = &parts.answers;
    report->deliveries =
        engine->ledger.counts.delivered_callback + engine->ledger.counts.delivered_record;
    report->pool = &parts.pool;
    report->latency_ns = &parts.latency;
    report->bytes = &parts.bytes;
    report->operations = engine->operations;
    report->elapsed_ns = engine->ended_ns - engine->begun_ns;
    report->stats = &parts.stats.message;
    pnd_report_details_init(&details, engine, end->subject, report);
    int status = write_report(report, output);
    pnd_report_details_fini(&details);
    return status;
}

int pnd_report_failure(const Pendio__Workload *workload, Pendio__Verdict verdict,
                       const char *reason, int output)
{
    Pendio__Report report = PENDIO__REPORT__INIT;
    char digits[PND_CONTENT_HASH_BYTES];
    report.verdict = verdict;
    report.reason = (char *)reason;
    if (workload != NULL)
        put_identity(&report, workload, digits);
    return write_report(&report, output);
}
