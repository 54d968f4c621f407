/* run_cases.h - each run's own part of the page: what was violated, and what was measured. */
#ifndef PND_RUN_CASES_H
#define PND_RUN_CASES_H

#include "outcome.h"

#include <libxml/xmlwriter.h>

/* What links lead to: "run-7". */
struct pnd_run_anchor {
    char text[32];
};
struct pnd_run_anchor pnd_run_anchor(size_t number);

/* Something is to be said of it beyond a row of a table. */
bool pnd_run_has_case(const struct pnd_outcome *outcome);

/* False: no memory. */
bool pnd_run_case_write(xmlTextWriter *writer, const struct pnd_outcome *outcome, size_t number);

#endif
