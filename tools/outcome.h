/* outcome.h - what became of one workload, ready to be shown. */
#ifndef PND_OUTCOME_H
#define PND_OUTCOME_H

#include "messages.h"

#include <stdbool.h>

struct pnd_outcome {
    char *workload;
    char *reason;                 /* one line when the verdict is not "passed"; else empty */
    Pendio__Verdict verdict;      /* never unspecified */
    const Pendio__Report *report; /* without a missing part; all zeroes when there was no run */
    const Pendio__Answers *answers;
    const Pendio__PoolUse *pool;
    const Pendio__Latency *latency_ns;
    const Pendio__Bytes *bytes;
    const Pendio__Stats *stats;
    ProtobufCMessage *owner; /* of all these; NULL when there was no run */
};

/*
 * Of a reply with a finished run, which the outcome owns from then on. `name` is for a report
 * without one. Returns 0, -EBADMSG (no such report) or -ENOMEM.
 */
int pnd_outcome_init(struct pnd_outcome *outcome, const char *name, Pendio__Reply *reply);

/* The same of a report, as it was written once. */
int pnd_outcome_init_report(struct pnd_outcome *outcome, const char *name, Pendio__Report *report);

/* Of a workload the daemon did not run. Returns 0 or -ENOMEM. */
int pnd_outcome_init_invalid(struct pnd_outcome *outcome, const char *name, const char *reason);

void pnd_outcome_fini(struct pnd_outcome *outcome);

/* False for a workload that was not run, and when nothing was heard of the run before its end. */
bool pnd_outcome_has_numbers(const struct pnd_outcome *outcome);

/* "passed", "failed", "crashed", "invalid" or "skipped". */
const char *pnd_outcome_verdict(Pendio__Verdict verdict);

#endif
