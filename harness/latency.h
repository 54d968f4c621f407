/* latency.h - a mergeable histogram of times in fixed memory, within one per cent of each value. */
#ifndef PND_LATENCY_H
#define PND_LATENCY_H

#include <stdint.h>

enum {
    PND_LATENCY_LINEAR_BITS = 7, /* 128 buckets for each power of two: at most 0.8 % wide */
    PND_LATENCY_BUCKET_COUNT = (64 - PND_LATENCY_LINEAR_BITS + 1) << PND_LATENCY_LINEAR_BITS,
};

struct pnd_latency {
    uint64_t count;
    uint64_t max_ns;
    uint64_t buckets[PND_LATENCY_BUCKET_COUNT];
};

/* Which bucket of a scale a value belongs to, and the highest value of a bucket. */
uint32_t pnd_latency_bucket(uint64_t value_ns, uint32_t linear_bits);
uint64_t pnd_latency_bucket_top(uint32_t bucket_index, uint32_t linear_bits);

void pnd_latency_init(struct pnd_latency *latency);
void pnd_latency_add(struct pnd_latency *latency, uint64_t value_ns);
void pnd_latency_merge(struct pnd_latency *latency, const struct pnd_latency *other);

/* The value that `per_mille` of 1000 do not exceed; 0 when nothing was added. */
uint64_t pnd_latency_quantile(const struct pnd_latency *latency, uint32_t per_mille);

#endif
