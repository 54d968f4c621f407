/* junit.h - outcomes as JUnit XML, for what collects test results. */
#ifndef PND_JUNIT_H
#define PND_JUNIT_H

#include "environment.h"

#include <stdio.h>

/* Returns 0, -ENOMEM or -EIO. */
int pnd_junit_write(const struct pnd_environment *environment, const struct pnd_outcome *outcomes,
                    size_t outcome_count, FILE *stream);

#endif
