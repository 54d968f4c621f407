/*
 * timeline.c - how a run went over its time: samples in fixed memory, coarser as it goes on.
 *
 * Happy path:  a slice ends when its time has come; when there are as many as can be, each two of
 *              them become one, and slices are twice as long from then on.
 * Failures:    want of memory at the beginning; none later.
 */
#include "timeline.h"

#include "latency.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t first_slice_ns = UINT64_C(100000000);

int pnd_timeline_init(struct pnd_timeline *timeline)
{
    timeline->samples = calloc(PND_TIMELINE_COUNT + 1, sizeof *timeline->samples);
    return timeline->samples != NULL ? 0 : -ENOMEM;
}

void pnd_timeline_fini(struct pnd_timeline *timeline)
{
    free(timeline->samples);
    memset(timeline, 0, sizeof *timeline);
}

void pnd_timeline_begin(struct pnd_timeline *timeline, uint64_t now_ns)
{
    timeline->slice_ns = first_slice_ns;
    timeline->begun_ns = now_ns;
    timeline->next_ns = now_ns + timeline->slice_ns;
}

void pnd_timeline_add(struct pnd_timeline *timeline, uint64_t latency_ns)
{
    if (timeline->samples == NULL)
        return;
    struct pnd_timeline_sample *sample = &timeline->samples[timeline->count];
    sample->latency_count++;
    sample->latencies[pnd_latency_bucket(latency_ns, PND_TIMELINE_LINEAR_BITS)]++;
    if (latency_ns > sample->latency_max_ns)
        sample->latency_max_ns = latency_ns;
}

static void merge(struct pnd_timeline_sample *first, const struct pnd_timeline_sample *second)
{
    first->elapsed_ns = second->elapsed_ns;
    first->done += second->done;
    first->pending += second->pending;
    first->refused += second->refused;
    first->delivered += second->delivered;
    first->contexts_taken = second->contexts_taken;
    if (second->latency_max_ns > first->latency_max_ns)
        first->latency_max_ns = second->latency_max_ns;
    first->latency_count += second->latency_count;
    for (uint32_t i = 0; i < PND_TIMELINE_BUCKET_COUNT; i++)
        first->latencies[i] += second->latencies[i];
}

static void halve(struct pnd_timeline *timeline)
{
    for (uint32_t i = 0; i < PND_TIMELINE_COUNT / 2; i++) {
        struct pnd_timeline_sample *merged = &timeline->samples[i];
        if (i > 0)
            *merged = timeline->samples[2 * i];
        merge(merged, &timeline->samples[2 * i + 1]);
    }
    timeline->count = PND_TIMELINE_COUNT / 2;
    timeline->slice_ns *= 2;
}

static void cut(struct pnd_timeline *timeline, const struct pnd_ledger_counts *counts,
                uint64_t now_ns)
{
    const struct pnd_ledger_counts *before = &timeline->before;
    struct pnd_timeline_sample *sample = &timeline->samples[timeline->count++];
    sample->elapsed_ns = now_ns - timeline->begun_ns;
    sample->done = counts->done - before->done;
    sample->pending = counts->pending - before->pending;
    sample->refused = counts->refused - before->refused;
    sample->delivered = counts->delivered_callback + counts->delivered_record -
                        before->delivered_callback - before->delivered_record;
    sample->contexts_taken = counts->contexts_taken;
    timeline->before = *counts;
    if (timeline->count == PND_TIMELINE_COUNT)
        halve(timeline);
    memset(&timeline->samples[timeline->count], 0, sizeof timeline->samples[0]);
}

void pnd_timeline_look(struct pnd_timeline *timeline, const struct pnd_ledger_counts *counts,
                       uint64_t now_ns)
{
    if (timeline->samples == NULL || now_ns < timeline->next_ns)
        return;
    cut(timeline, counts, now_ns);
    timeline->next_ns = now_ns + timeline->slice_ns;
}

void pnd_timeline_end(struct pnd_timeline *timeline, const struct pnd_ledger_counts *counts,
                      uint64_t now_ns)
{
    bool empty = memcmp(&timeline->before, counts, sizeof *counts) == 0;
    if (timeline->samples != NULL && (!empty || timeline->count == 0))
        cut(timeline, counts, now_ns);
}

uint64_t pnd_timeline_median_ns(const struct pnd_timeline_sample *sample)
{
    uint64_t wanted = ((uint64_t)sample->latency_count + 1) / 2;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < PND_TIMELINE_BUCKET_COUNT && wanted > 0; i++) {
        seen += sample->latencies[i];
        uint64_t top_ns = pnd_latency_bucket_top(i, PND_TIMELINE_LINEAR_BITS);
        if (seen >= wanted)
            return top_ns < sample->latency_max_ns ? top_ns : sample->latency_max_ns;
    }
    return 0;
}
