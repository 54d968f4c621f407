/*
 * timeline.h - how a run went over its time: samples in fixed memory, coarser as it goes on.
 */
#ifndef PND_TIMELINE_H
#define PND_TIMELINE_H

#include "ledger.h"

#include <stdint.h>

enum {
    PND_TIMELINE_COUNT = 128,
    PND_TIMELINE_LINEAR_BITS = 4, /* of its latencies' buckets: at most 6 % wide */
    PND_TIMELINE_BUCKET_COUNT = (64 - PND_TIMELINE_LINEAR_BITS + 1) << PND_TIMELINE_LINEAR_BITS,
};

/* What happened in a slice of time, and what was so at its end. */
struct pnd_timeline_sample {
    uint64_t elapsed_ns; /* at its end */
    uint64_t done;
    uint64_t pending;
    uint64_t refused;
    uint64_t delivered;
    uint64_t contexts_taken;
    uint64_t latency_max_ns;
    uint32_t latency_count;
    uint32_t latencies[PND_TIMELINE_BUCKET_COUNT];
};

struct pnd_timeline {
    struct pnd_timeline_sample *samples; /* NULL: nobody asked for them */
    uint32_t count;                      /* that are complete; the one under way follows */
    uint64_t slice_ns;
    uint64_t begun_ns;
    uint64_t next_ns; /* when the one under way ends */
    struct pnd_ledger_counts before;
};

/* Returns 0 or -ENOMEM. */
int pnd_timeline_init(struct pnd_timeline *timeline);
void pnd_timeline_fini(struct pnd_timeline *timeline);

void pnd_timeline_begin(struct pnd_timeline *timeline, uint64_t now_ns);

/* An operation took so long. */
void pnd_timeline_add(struct pnd_timeline *timeline, uint64_t latency_ns);

/* It is so late: ends the slice under way when its time has come. */
void pnd_timeline_look(struct pnd_timeline *timeline, const struct pnd_ledger_counts *counts,
                       uint64_t now_ns);

/* The run is over: ends the slice under way, unless nothing happened in it. */
void pnd_timeline_end(struct pnd_timeline *timeline, const struct pnd_ledger_counts *counts,
                      uint64_t now_ns);

/* The latency that half of a slice's operations did not exceed. */
uint64_t pnd_timeline_median_ns(const struct pnd_timeline_sample *sample);

#endif
