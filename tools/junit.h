/* junit.h - outcomes as JUnit XML, for what collects test results. */
#ifndef PND_JUNIT_H
#define PND_JUNIT_H

#include "results.h"

#include <stdio.h>

/* A suite for each of the results. Returns 0, -ENOMEM or -EIO. */
int pnd_junit_write(const struct pnd_results *results, size_t result_count, FILE *stream);

#endif
