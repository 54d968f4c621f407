/*
 * merge_details.c - histograms, violations, traces and timelines of several places as one.
 *
 * Happy path:  buckets are added; contexts and handles of a place get numbers behind those of the
 *              places before it; traces are merged by time, timelines by the coarsest of them.
 * Failures:    a histogram that is not sound, or of another scale, is left out; want of memory.
 */
#include "merge_details.h"

#include "histogram.h"
#include "places.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRACE_COUNT_DEFAULT = 1000, COMMAND_BYTES = 4096 };

struct pnd_merge_block {
    struct pnd_merge_block *next;
    max_align_t bytes[];
};

/* What the numbers of a place begin after. */
struct offsets {
    uint32_t context;
    uint32_t handle;
};

void *pnd_merge_take(struct pnd_merge_heap *heap, size_t byte_count)
{
    struct pnd_merge_block *block = calloc(1, sizeof *block + byte_count);
    if (block == NULL)
        return NULL;
    block->next = heap->blocks;
    heap->blocks = block;
    return block->bytes;
}

char *pnd_merge_print(struct pnd_merge_heap *heap, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length >= 0 ? pnd_merge_take(heap, (size_t)length + 1) : NULL;
    if (text != NULL)
        (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

void pnd_merge_free(struct pnd_merge_heap *heap)
{
    while (heap->blocks != NULL) {
        struct pnd_merge_block *block = heap->blocks;
        heap->blocks = block->next;
        free(block);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Histograms
 * --------------------------------------------------------------------------------------------- */

static int add_histogram(Pendio__Histogram *all, const Pendio__Histogram *one)
{
    int status = pnd_histogram_is_sound(one) ? pnd_histogram_merge(all, one) : 0;
    return status == -ENOMEM ? status : 0;
}

static int add_histograms(struct pnd_merge *merge)
{
    int status = 0;
    pendio__histogram__init(&merge->latency);
    pendio__histogram__init(&merge->round_latency);
    for (size_t index = 0; status == 0 && index < merge->part_count; index++) {
        const Pendio__Report *report = merge->parts[index].outcome->report;
        status = add_histogram(&merge->latency, report->latency);
        if (status == 0)
            status = add_histogram(&merge->round_latency, report->round_latency);
    }
    if (merge->latency.n_buckets > 0)
        merge->report.latency = &merge->latency;
    if (merge->round_latency.n_buckets > 0)
        merge->report.round_latency = &merge->round_latency;
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * Events
 * --------------------------------------------------------------------------------------------- */

static void find_offsets(const struct pnd_merge *merge,
                         struct offsets ret_offsets[PND_PLACES_COUNT])
{
    struct offsets next = {0, 0};
    for (size_t index = 0; index < merge->part_count; index++) {
        const struct pnd_outcome *outcome = merge->parts[index].outcome;
        uint32_t handle = 0;
        for (size_t event = 0; event < outcome->report->n_trace; event++)
            if (outcome->report->trace[event]->handle > handle)
                handle = outcome->report->trace[event]->handle;
        ret_offsets[index] = next;
        next.context += (uint32_t)outcome->pool->contexts;
        next.handle += handle;
    }
}

static Pendio__TraceEvent *copy_event(struct pnd_merge *merge, const Pendio__TraceEvent *event,
                                      const struct offsets *offsets)
{
    Pendio__TraceEvent *copy = pnd_merge_take(&merge->heap, sizeof *copy);
    if (copy == NULL)
        return NULL;
    *copy = *event;
    copy->context += copy->context > 0 ? offsets->context : 0;
    copy->handle += copy->handle > 0 ? offsets->handle : 0;
    return copy;
}

/* The earliest of those that come next; of as early ones that of the first place. */
static size_t find_earliest(const struct pnd_merge *merge, const size_t next[PND_PLACES_COUNT])
{
    size_t found = merge->part_count;
    for (size_t index = 0; index < merge->part_count; index++) {
        const Pendio__Report *report = merge->parts[index].outcome->report;
        if (next[index] == report->n_trace)
            continue;
        if (found == merge->part_count ||
            report->trace[next[index]]->elapsed_ns <
                merge->parts[found].outcome->report->trace[next[found]]->elapsed_ns)
            found = index;
    }
    return found;
}

/* The first ones of all, as many as the workload asks for. */
static int merge_traces(struct pnd_merge *merge, const struct offsets offsets[PND_PLACES_COUNT])
{
    const Pendio__Record *record = merge->workload->record;
    size_t limit =
        record != NULL && record->event_count > 0 ? record->event_count : TRACE_COUNT_DEFAULT;
    size_t next[PND_PLACES_COUNT] = {0};
    size_t all_count = 0;
    for (size_t index = 0; index < merge->part_count; index++)
        all_count += merge->parts[index].outcome->report->n_trace;
    if (limit > all_count)
        limit = all_count;
    Pendio__TraceEvent **trace = pnd_merge_take(&merge->heap, limit * sizeof *trace);
    if (trace == NULL)
        return -ENOMEM;
    size_t count = 0;
    for (size_t from; count < limit && (from = find_earliest(merge, next)) < merge->part_count;) {
        const Pendio__Report *report = merge->parts[from].outcome->report;
        trace[count] = copy_event(merge, report->trace[next[from]++], &offsets[from]);
        if (trace[count++] == NULL)
            return -ENOMEM;
    }
    merge->report.trace = trace;
    merge->report.n_trace = count;
    return 0;
}

/* On the same daemons, also those that have no part: the order tells whose place is where. */
static char *repeat_command(struct pnd_merge *merge, const char *command)
{
    static const char begin[] = "pendio run";
    const struct pnd_options *options = merge->options;
    char urls[COMMAND_BYTES] = "";
    size_t used = 0;
    if (strncmp(command, begin, sizeof begin - 1) != 0)
        return pnd_merge_print(&merge->heap, "%s", command);
    for (int index = 0; index < options->url_count && used < sizeof urls; index++) {
        const char *address = options->addresses[index];
        used += (size_t)snprintf(urls + used, sizeof urls - used, " --url '%s'%s%s",
                                 options->urls[index], address != NULL ? " --address " : "",
                                 address != NULL ? address : "");
    }
    return pnd_merge_print(&merge->heap, "%s%s%s", begin, urls, command + sizeof begin - 1);
}

static Pendio__Violation *copy_violation(struct pnd_merge *merge, const struct offsets *offsets,
                                         uint32_t place, const Pendio__Violation *violation)
{
    Pendio__Violation *copy = pnd_merge_take(&merge->heap, sizeof *copy);
    if (copy == NULL)
        return NULL;
    *copy = *violation;
    copy->context += copy->context > 0 ? offsets->context : 0;
    copy->seen = pnd_merge_print(&merge->heap, "place %u: %s", place, violation->seen);
    copy->repeat_command = repeat_command(merge, violation->repeat_command);
    copy->events =
        pnd_merge_take(&merge->heap, (violation->n_events + 1) * sizeof(Pendio__TraceEvent *));
    if (copy->seen == NULL || copy->repeat_command == NULL || copy->events == NULL)
        return NULL;
    for (size_t index = 0; index < violation->n_events; index++) {
        copy->events[index] = copy_event(merge, violation->events[index], offsets);
        if (copy->events[index] == NULL)
            return NULL;
    }
    return copy;
}

static int add_violations(struct pnd_merge *merge, const struct offsets offsets[PND_PLACES_COUNT])
{
    size_t count = 0;
    for (size_t index = 0; index < merge->part_count; index++)
        count += merge->parts[index].outcome->report->n_violations;
    Pendio__Violation **all = pnd_merge_take(&merge->heap, (count + 1) * sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    merge->report.violations = all;
    for (size_t index = 0; index < merge->part_count; index++) {
        const struct pnd_merge_part *part = &merge->parts[index];
        const Pendio__Report *report = part->outcome->report;
        for (size_t each = 0; each < report->n_violations; each++) {
            Pendio__Violation *copy =
                copy_violation(merge, &offsets[index], part->place, report->violations[each]);
            if (copy == NULL)
                return -ENOMEM;
            all[merge->report.n_violations++] = copy;
        }
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * Timelines
 * --------------------------------------------------------------------------------------------- */

/* Of those that have one, the one with the fewest slices; NULL: none has. */
static const Pendio__Report *find_coarsest(const struct pnd_merge *merge)
{
    const Pendio__Report *found = NULL;
    for (size_t index = 0; index < merge->part_count; index++) {
        const Pendio__Report *report = merge->parts[index].outcome->report;
        if (report->n_timeline > 0 && (found == NULL || report->n_timeline < found->n_timeline))
            found = report;
    }
    return found;
}

static uint64_t operations_of(const Pendio__Sample *sample)
{
    return sample->done + sample->delivered;
}

/* The median of the slice is that of its parts, in the mean. */
static void add_sample(Pendio__Sample *all, const Pendio__Sample *one)
{
    double before = (double)operations_of(all), more = (double)operations_of(one);
    double p50_ns = (double)all->latency_p50_ns;
    if (before + more > 0)
        p50_ns += ((double)one->latency_p50_ns - p50_ns) * (more / (before + more));
    all->latency_p50_ns = p50_ns < (double)UINT64_MAX ? (uint64_t)p50_ns : UINT64_MAX;
    if (one->latency_max_ns > all->latency_max_ns)
        all->latency_max_ns = one->latency_max_ns;
    all->done += one->done;
    all->pending += one->pending;
    all->refused += one->refused;
    all->delivered += one->delivered;
}

/* What is in it of one place: until its end, or, when it is the last, all that is left. */
static void fill_slice(Pendio__Sample *slice, const Pendio__Report *report, size_t *next,
                       bool is_last)
{
    while (*next < report->n_timeline &&
           (is_last || report->timeline[*next]->elapsed_ns <= slice->elapsed_ns))
        add_sample(slice, report->timeline[(*next)++]);
    if (*next > 0)
        slice->contexts_taken += report->timeline[*next - 1]->contexts_taken;
}

static int merge_timelines(struct pnd_merge *merge)
{
    const Pendio__Report *coarsest = find_coarsest(merge);
    size_t next[PND_PLACES_COUNT] = {0};
    if (coarsest == NULL)
        return 0;
    size_t count = coarsest->n_timeline;
    Pendio__Sample **timeline = pnd_merge_take(&merge->heap, count * sizeof *timeline);
    Pendio__Sample *slices = pnd_merge_take(&merge->heap, count * sizeof *slices);
    if (timeline == NULL || slices == NULL)
        return -ENOMEM;
    for (size_t slice = 0; slice < count; slice++) {
        timeline[slice] = &slices[slice];
        pendio__sample__init(&slices[slice]);
        slices[slice].elapsed_ns = coarsest->timeline[slice]->elapsed_ns;
        for (size_t index = 0; index < merge->part_count; index++)
            fill_slice(&slices[slice], merge->parts[index].outcome->report, &next[index],
                       slice + 1 == count);
    }
    merge->report.timeline = timeline;
    merge->report.n_timeline = count;
    return 0;
}

int pnd_merge_details(struct pnd_merge *merge)
{
    struct offsets offsets[PND_PLACES_COUNT];
    find_offsets(merge, offsets);
    int status = add_histograms(merge);
    if (status == 0)
        status = add_violations(merge, offsets);
    if (status == 0)
        status = merge_traces(merge, offsets);
    if (status == 0)
        status = merge_timelines(merge);
    return status;
}
