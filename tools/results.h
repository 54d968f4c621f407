/* results.h - what became of workloads: to be written, or as it was written once. */
#ifndef PND_RESULTS_H
#define PND_RESULTS_H

#include "environment.h"

#include <jansson.h>
#include <stdio.h>

struct pnd_results {
    struct pnd_environment environment;
    const struct pnd_outcome *outcomes;
    size_t outcome_count;
};

/* As the JSON that scripts read. Returns 0 or -errno. */
int pnd_results_write(const struct pnd_results *results, FILE *stream);

/* Writes any value the same way, ends its life, and returns the same; NULL is -ENOMEM. */
int pnd_results_dump(json_t *value, FILE *stream);

/* JSON has no unsigned numbers: what is over the largest integer becomes that. */
json_int_t pnd_results_integer(uint64_t number);

#endif
