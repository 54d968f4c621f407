/* merge_details.h - histograms, violations, traces and timelines of several places as one. */
#ifndef PND_MERGE_DETAILS_H
#define PND_MERGE_DETAILS_H

#include "merge.h"

/* Memory that goes all at once. */
struct pnd_merge_heap {
    struct pnd_merge_block *blocks;
};

/* Zeroed; NULL without memory. */
void *pnd_merge_take(struct pnd_merge_heap *heap, size_t byte_count);
char *pnd_merge_print(struct pnd_merge_heap *heap, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void pnd_merge_free(struct pnd_merge_heap *heap);

struct pnd_merge {
    const struct pnd_merge_part *parts;
    size_t part_count;
    const Pendio__Workload *workload;
    const struct pnd_options *options;
    Pendio__Report report;
    Pendio__Histogram latency;
    Pendio__Histogram round_latency;
    struct pnd_merge_heap heap;
};

/* Fills the report; what there is no memory for is -ENOMEM. */
int pnd_merge_details(struct pnd_merge *merge);

#endif
