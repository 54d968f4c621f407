/* summary.h - outcomes as a table, with what went wrong below it. */
#ifndef PND_SUMMARY_H
#define PND_SUMMARY_H

#include "outcome.h"

#include <stdio.h>

struct pnd_summary {
    const struct pnd_outcome *outcomes;
    size_t outcome_count;
    FILE *stream;
    bool quiet; /* only what went wrong */
};

/* Returns 0 or -errno. */
int pnd_summary_print(const struct pnd_summary *summary);

#endif
