/*
 * report_details.c - what a report has beside sums: violations, histograms, a timeline, a trace.
 *
 * Happy path:  counts what there is, reserves memory for it at once, fills it in.
 * Failures:    a part there is no memory for is left out.
 */
#include "report_details.h"

#include "names.h"

#include <stdio.h>
#include <stdlib.h>

enum { PLACE_BYTES = 80 };

struct event_parts {
    Pendio__TraceEvent message;
    char place[PLACE_BYTES];
};

/* Of all violations and of the whole run. */
struct pnd_report_events {
    size_t used;
    Pendio__TraceEvent **pointers;
    struct event_parts *parts;
};

struct pnd_report_violations {
    Pendio__Violation messages[PND_RULE_COUNT];
    Pendio__Violation *pointers[PND_RULE_COUNT];
    char seen[PND_RULE_COUNT][sizeof((struct pnd_finding *)NULL)->seen];
};

struct pnd_report_samples {
    Pendio__Sample messages[PND_TIMELINE_COUNT + 1];
    Pendio__Sample *pointers[PND_TIMELINE_COUNT + 1];
};

static void events_destroy(struct pnd_report_events *events)
{
    if (events == NULL)
        return;
    free(events->pointers);
    free(events->parts);
    free(events);
}

static struct pnd_report_events *events_create(size_t count)
{
    struct pnd_report_events *events = calloc(1, sizeof *events);
    if (events == NULL)
        return NULL;
    events->pointers = calloc(count + 1, sizeof *events->pointers);
    events->parts = calloc(count + 1, sizeof *events->parts);
    if (events->pointers != NULL && events->parts != NULL)
        return events;
    events_destroy(events);
    return NULL;
}

static size_t count_events(const struct pnd_engine *engine)
{
    size_t count = engine->ledger.trace.first_count;
    for (int rule = 0; rule < PND_RULE_COUNT; rule++)
        count += engine->referee.findings[rule].event_count;
    return count;
}

static void describe_place(const struct pnd_plan *plan, const struct pnd_trace_place *place,
                           char text[PLACE_BYTES])
{
    if (!place->known)
        text[0] = '\0';
    else
        (void)snprintf(text, PLACE_BYTES, "%.24s[%u].blocks[%u].steps[%u]",
                       plan->actors[place->actor_index].name, place->instance_index,
                       place->block_index, place->step_index);
}

static void put_event(struct pnd_report_events *events, const struct pnd_plan *plan,
                      const struct pnd_trace_event *event)
{
    struct event_parts *parts = &events->parts[events->used];
    Pendio__TraceEvent *message = &parts->message;
    pendio__trace_event__init(message);
    describe_place(plan, &event->place, parts->place);
    message->elapsed_ns = event->elapsed_ns;
    message->kind = (Pendio__TraceKind)event->kind;
    message->context = event->context;
    message->generation = event->generation;
    message->operation = (char *)pnd_names_operation_or_none(event->operation);
    message->answer = (Pendio__Answer)event->answer;
    message->error = event->error;
    message->bytes = event->bytes;
    message->flags = event->flags;
    message->handle = event->handle;
    message->place = parts->place;
    events->pointers[events->used++] = message;
}

/* Returns where they begin. */
static Pendio__TraceEvent **put_events(struct pnd_report_events *events,
                                       const struct pnd_plan *plan,
                                       const struct pnd_trace_event *from, size_t count)
{
    Pendio__TraceEvent **first = &events->pointers[events->used];
    for (size_t i = 0; i < count; i++)
        put_event(events, plan, &from[i]);
    return first;
}

static void put_violation(struct pnd_report_details *details, const struct pnd_engine *engine,
                          enum pnd_rule rule, Pendio__Report *report)
{
    const struct pnd_finding *finding = &engine->referee.findings[rule];
    struct pnd_report_violations *violations = details->violations;
    size_t index = report->n_violations++;
    Pendio__Violation *message = &violations->messages[index];
    pendio__violation__init(message);
    violations->pointers[index] = message;
    message->rule = (char *)pnd_referee_name(rule);
    (void)snprintf(violations->seen[index], sizeof violations->seen[index], "%s", finding->seen);
    message->seen = violations->seen[index];
    message->repeat_command = details->repeat_command;
    if (finding->event_count == 0)
        return;
    const struct pnd_trace_event *last = &finding->events[finding->event_count - 1];
    message->context = last->context;
    message->generation = last->generation;
    message->operation = (char *)pnd_names_operation_or_none(last->operation);
    if (details->events == NULL)
        return;
    message->events =
        put_events(details->events, engine->plan, finding->events, finding->event_count);
    message->n_events = finding->event_count;
}

/* What was broken first comes first. */
static void put_violations(struct pnd_report_details *details, const struct pnd_engine *engine,
                           Pendio__Report *report)
{
    const struct pnd_referee *referee = &engine->referee;
    if (referee->offence_count == 0)
        return;
    details->violations = calloc(1, sizeof *details->violations);
    if (details->violations == NULL)
        return;
    report->violations = details->violations->pointers;
    put_violation(details, engine, referee->first_broken, report);
    for (int rule = 0; rule < PND_RULE_COUNT; rule++)
        if (referee->findings[rule].offence_count > 0 && rule != (int)referee->first_broken)
            put_violation(details, engine, (enum pnd_rule)rule, report);
}

static void put_trace(struct pnd_report_details *details, const struct pnd_engine *engine,
                      Pendio__Report *report)
{
    const struct pnd_trace *trace = &engine->ledger.trace;
    if (trace->first_count == 0 || details->events == NULL)
        return;
    report->trace =
        put_events(details->events, engine->plan, trace->first_events, trace->first_count);
    report->n_trace = trace->first_count;
}

/* Returns the message, or NULL when nothing was added. */
static Pendio__Histogram *put_histogram(Pendio__Histogram *message,
                                        const struct pnd_latency *latency)
{
    size_t count = 0;
    pendio__histogram__init(message);
    for (uint32_t i = 0; i < PND_LATENCY_BUCKET_COUNT; i++)
        count += latency->buckets[i] > 0;
    message->buckets = calloc(count + 1, sizeof *message->buckets);
    message->counts = calloc(count + 1, sizeof *message->counts);
    if (count == 0 || message->buckets == NULL || message->counts == NULL)
        return NULL;
    message->linear_bits = PND_LATENCY_LINEAR_BITS;
    message->max = latency->max_ns;
    message->n_counts = count;
    for (uint32_t i = 0; i < PND_LATENCY_BUCKET_COUNT; i++) {
        if (latency->buckets[i] == 0)
            continue;
        message->buckets[message->n_buckets] = i;
        message->counts[message->n_buckets++] = latency->buckets[i];
    }
    return message;
}

static void put_sample(const struct pnd_timeline_sample *from, Pendio__Sample *message)
{
    pendio__sample__init(message);
    message->elapsed_ns = from->elapsed_ns;
    message->done = from->done;
    message->pending = from->pending;
    message->refused = from->refused;
    message->delivered = from->delivered;
    message->contexts_taken = (uint32_t)from->contexts_taken;
    message->latency_p50_ns = pnd_timeline_median_ns(from);
    message->latency_max_ns = from->latency_max_ns;
}

static void put_samples(struct pnd_report_details *details, const struct pnd_timeline *timeline,
                        Pendio__Report *report)
{
    if (timeline->samples == NULL)
        return;
    details->samples = calloc(1, sizeof *details->samples);
    if (details->samples == NULL)
        return;
    report->timeline = details->samples->pointers;
    report->n_timeline = timeline->count;
    for (uint32_t i = 0; i < timeline->count; i++) {
        details->samples->pointers[i] = &details->samples->messages[i];
        put_sample(&timeline->samples[i], &details->samples->messages[i]);
    }
}

void pnd_report_details_init(struct pnd_report_details *details, const struct pnd_engine *engine,
                             const char *subject, Pendio__Report *report)
{
    *details = (struct pnd_report_details){.events = events_create(count_events(engine))};
    pnd_repeat_command(engine->plan, subject, details->repeat_command);
    pnd_fixed_digits(engine, details->fixed_digits);
    report->fixed_answers_hash = details->fixed_digits;
    put_violations(details, engine, report);
    put_trace(details, engine, report);
    put_samples(details, &engine->timeline, report);
    report->latency = put_histogram(&details->latency, &engine->latency);
    report->round_latency = put_histogram(&details->round_latency, &engine->round_latency);
}

void pnd_report_details_fini(struct pnd_report_details *details)
{
    free(details->latency.buckets);
    free(details->latency.counts);
    free(details->round_latency.buckets);
    free(details->round_latency.counts);
    free(details->violations);
    free(details->samples);
    events_destroy(details->events);
}
