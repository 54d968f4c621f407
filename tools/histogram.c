/*
 * histogram.c - latencies as reports have them: quantiles, and several as one.
 *
 * Happy path:  buckets are in ascending order, so that two lists are merged in one walk.
 * Failures:    lists out of order, of unequal length or beyond the scale are not sound, and not
 *              looked at.
 */
#include "histogram.h"

#include <errno.h>
#include <stdlib.h>

enum { LINEAR_BITS_LIMIT = 16 };

bool pnd_histogram_is_sound(const Pendio__Histogram *histogram)
{
    if (histogram == NULL || histogram->linear_bits > LINEAR_BITS_LIMIT ||
        histogram->n_buckets == 0 || histogram->n_buckets != histogram->n_counts)
        return false;
    uint32_t bucket_count = (65 - histogram->linear_bits) << histogram->linear_bits;
    for (size_t index = 0; index < histogram->n_buckets; index++)
        if (histogram->buckets[index] >= bucket_count ||
            (index > 0 && histogram->buckets[index] <= histogram->buckets[index - 1]))
            return false;
    return true;
}

uint64_t pnd_histogram_low(uint32_t linear_bits, uint32_t bucket)
{
    uint64_t linear_count = UINT64_C(1) << linear_bits;
    uint32_t group = bucket >> linear_bits;
    return group == 0 ? bucket : (linear_count + (bucket & (linear_count - 1))) << (group - 1);
}

uint64_t pnd_histogram_high(uint32_t linear_bits, uint32_t bucket)
{
    uint32_t group = bucket >> linear_bits;
    uint64_t width = group == 0 ? 1 : UINT64_C(1) << (group - 1);
    return pnd_histogram_low(linear_bits, bucket) + (width - 1);
}

uint64_t pnd_histogram_count(const Pendio__Histogram *histogram)
{
    uint64_t count = 0;
    for (size_t index = 0; index < histogram->n_counts; index++)
        count += histogram->counts[index];
    return count;
}

/* The rank of the value that is looked for, from 1, without going over. */
static uint64_t rank_of(uint64_t count, uint32_t per_mille)
{
    return count / 1000 * per_mille + (count % 1000 * per_mille + 999) / 1000;
}

uint64_t pnd_histogram_quantile(const Pendio__Histogram *histogram, uint32_t per_mille)
{
    uint64_t wanted = rank_of(pnd_histogram_count(histogram), per_mille);
    uint64_t seen = 0;
    for (size_t index = 0; index < histogram->n_buckets; index++) {
        seen += histogram->counts[index];
        if (seen < wanted || seen == 0)
            continue;
        uint64_t high = pnd_histogram_high(histogram->linear_bits, histogram->buckets[index]);
        return high < histogram->max ? high : histogram->max;
    }
    return seen > 0 ? histogram->max : 0;
}

static void add(Pendio__Histogram *histogram, uint32_t bucket, uint64_t count)
{
    histogram->buckets[histogram->n_buckets++] = bucket;
    histogram->counts[histogram->n_counts++] = count;
}

/* Both lists in one, into arrays with room for it. */
static void walk(const Pendio__Histogram *one, const Pendio__Histogram *other,
                 Pendio__Histogram *both)
{
    size_t first = 0, second = 0;
    while (first < one->n_buckets || second < other->n_buckets) {
        bool takes_first =
            second == other->n_buckets ||
            (first < one->n_buckets && one->buckets[first] <= other->buckets[second]);
        bool takes_second =
            first == one->n_buckets ||
            (second < other->n_buckets && other->buckets[second] <= one->buckets[first]);
        uint32_t bucket = takes_first ? one->buckets[first] : other->buckets[second];
        uint64_t count = 0;
        if (takes_first)
            count += one->counts[first++];
        if (takes_second)
            count += other->counts[second++];
        add(both, bucket, count);
    }
}

int pnd_histogram_merge(Pendio__Histogram *histogram, const Pendio__Histogram *other)
{
    if (histogram->n_buckets > 0 && histogram->linear_bits != other->linear_bits)
        return -EINVAL;
    size_t room = histogram->n_buckets + other->n_buckets;
    Pendio__Histogram both = *histogram;
    both.n_buckets = both.n_counts = 0;
    both.buckets = calloc(room + 1, sizeof *both.buckets);
    both.counts = calloc(room + 1, sizeof *both.counts);
    if (both.buckets == NULL || both.counts == NULL) {
        free(both.buckets);
        free(both.counts);
        return -ENOMEM;
    }
    walk(histogram, other, &both);
    both.linear_bits = other->linear_bits;
    if (other->max > both.max)
        both.max = other->max;
    pnd_histogram_fini(histogram);
    *histogram = both;
    return 0;
}

void pnd_histogram_fini(Pendio__Histogram *histogram)
{
    free(histogram->buckets);
    free(histogram->counts);
    histogram->buckets = NULL;
    histogram->counts = NULL;
    histogram->n_buckets = histogram->n_counts = 0;
}
