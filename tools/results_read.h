/* results_read.h - results as `pendio run --json` wrote them once. */
#ifndef PND_RESULTS_READ_H
#define PND_RESULTS_READ_H

#include "results.h"

/* Results, and what they point to. */
struct pnd_read_results {
    struct pnd_results results;
    struct pnd_outcome *outcomes;
    char **texts; /* of the environment */
    size_t text_count;
};

/* Returns 0, or -errno after a line on stderr that names the file. */
int pnd_results_read(const char *name, struct pnd_read_results *ret_read);
void pnd_results_read_fini(struct pnd_read_results *read);

#endif
