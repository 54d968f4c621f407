/* report.h - what a run has to tell: progress, statistics, and the report at its end. */
#ifndef PND_REPORT_H
#define PND_REPORT_H

#include "engine.h"

#include "messages.h"

/* Progress and Stats of a run under way, as two events on `output`. Returns 0 or -errno. */
int pnd_report_progress(struct pnd_engine *engine, int output);

/* Which subject it was, and how it failed if it could no longer be judged. */
struct pnd_report_end {
    const char *subject; /* as the request named it; "": libpendio */
    Pendio__Verdict verdict;
    const char *reason; /* NULL: it did not */
};

/* The report of a run that is over, as an event. Returns 0 or -errno. */
int pnd_report_run(const struct pnd_engine *engine, const struct pnd_report_end *end,
                   uint64_t allocation_count, int output);

/* The report of a run that never began; NULL: its workload never came. Returns 0 or -errno. */
int pnd_report_failure(const Pendio__Workload *workload, Pendio__Verdict verdict,
                       const char *reason, int output);

/* PASSED, FAILED or SKIPPED. */
Pendio__Verdict pnd_report_verdict(const struct pnd_engine *engine);

#endif
