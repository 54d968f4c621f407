/*
 * latency.c - a mergeable histogram of times in fixed memory, within one per cent of each value.
 *
 * Happy path:  a value's power of two chooses a group, its next seven bits the bucket therein;
 *              small values have a bucket each.
 * Failures:    none; the highest bucket takes whatever 64 bits can say.
 */
#include "latency.h"

#include <string.h>

uint32_t pnd_latency_bucket(uint64_t value_ns, uint32_t linear_bits)
{
    uint64_t linear_count = UINT64_C(1) << linear_bits;
    if (value_ns < linear_count)
        return (uint32_t)value_ns;
    uint32_t shift = 63U - (uint32_t)__builtin_clzll(value_ns) - linear_bits;
    return (uint32_t)(((uint64_t)(shift + 1) << linear_bits) + (value_ns >> shift) - linear_count);
}

uint64_t pnd_latency_bucket_top(uint32_t bucket_index, uint32_t linear_bits)
{
    uint64_t linear_count = UINT64_C(1) << linear_bits;
    uint32_t group = bucket_index >> linear_bits;
    if (group == 0)
        return bucket_index;
    uint64_t base = linear_count + (bucket_index & (linear_count - 1));
    return (base << (group - 1)) + ((UINT64_C(1) << (group - 1)) - 1);
}

void pnd_latency_init(struct pnd_latency *latency)
{
    memset(latency, 0, sizeof *latency);
}

void pnd_latency_add(struct pnd_latency *latency, uint64_t value_ns)
{
    latency->count++;
    latency->buckets[pnd_latency_bucket(value_ns, PND_LATENCY_LINEAR_BITS)]++;
    if (value_ns > latency->max_ns)
        latency->max_ns = value_ns;
}

void pnd_latency_merge(struct pnd_latency *latency, const struct pnd_latency *other)
{
    latency->count += other->count;
    for (uint32_t i = 0; i < PND_LATENCY_BUCKET_COUNT; i++)
        latency->buckets[i] += other->buckets[i];
    if (other->max_ns > latency->max_ns)
        latency->max_ns = other->max_ns;
}

uint64_t pnd_latency_quantile(const struct pnd_latency *latency, uint32_t per_mille)
{
    uint64_t wanted = (latency->count * per_mille + 999) / 1000;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < PND_LATENCY_BUCKET_COUNT && latency->count > 0; i++) {
        seen += latency->buckets[i];
        if (seen >= wanted && seen > 0) {
            uint64_t top_ns = pnd_latency_bucket_top(i, PND_LATENCY_LINEAR_BITS);
            return top_ns < latency->max_ns ? top_ns : latency->max_ns;
        }
    }
    return latency->max_ns;
}
