/* histogram.h - latencies as reports have them: quantiles, and several as one. */
#ifndef PND_HISTOGRAM_H
#define PND_HISTOGRAM_H

#include "messages.h"

#include <stdbool.h>

/* Whether it can be read at all: reports come from files, too. NULL is none. */
bool pnd_histogram_is_sound(const Pendio__Histogram *histogram);

/* The smallest and the largest value of a bucket. This and what follows is for sound ones. */
uint64_t pnd_histogram_low(uint32_t linear_bits, uint32_t bucket);
uint64_t pnd_histogram_high(uint32_t linear_bits, uint32_t bucket);

uint64_t pnd_histogram_count(const Pendio__Histogram *histogram);

/* The value that `per_mille` of 1000 do not exceed, within a bucket; 0 when there are none. */
uint64_t pnd_histogram_quantile(const Pendio__Histogram *histogram, uint32_t per_mille);

/*
 * Adds `other` to `histogram`, which is one of these, or all zeroes; its arrays are its own and go
 * with pnd_histogram_fini(). Returns 0, -EINVAL (another scale) or -ENOMEM, with nothing changed.
 */
int pnd_histogram_merge(Pendio__Histogram *histogram, const Pendio__Histogram *other);
void pnd_histogram_fini(Pendio__Histogram *histogram);

#endif
