/* verdict.h - what a run's process that ended otherwise than with a report is worth. */
#ifndef PND_VERDICT_H
#define PND_VERDICT_H

#include "messages.h"
#include "process.h"

#include <stdbool.h>

/* Why the daemon ended a process, if it did. */
enum pnd_cause {
    PND_CAUSE_NONE,
    PND_CAUSE_TIME,   /* the run took longer than it may */
    PND_CAUSE_LATE,   /* it reported, and then did not end */
    PND_CAUSE_NOISE,  /* what it wrote is no event */
    PND_CAUSE_STOP,   /* the daemon itself was told to end */
    PND_CAUSE_CANCEL, /* somebody asked for that */
    PND_CAUSE_ALONE,  /* it was ready, and the other places were not in time */
};

struct pnd_ending {
    const char *workload;
    pid_t process; /* 0: it was never started */
    enum pnd_cause cause;
    bool to_crash; /* its workload kills it, and expects that */
    bool is_dying; /* it told that it kills itself */
    struct pnd_process_end end;
    uint64_t time_limit_ms;
    uint64_t operation_count; /* as of its last progress */
    const char *last_words;
    const Pendio__Report *report; /* NULL: it wrote none */
};

/*
 * Returns 0 when the process's own report stands, else 1, with the verdict and the line that says
 * why in the place of it; no line for one that was killed as its workload expects, which passes.
 */
int pnd_verdict_decide(const struct pnd_ending *ending, Pendio__Verdict *ret_verdict,
                       struct pnd_message_error *reason);

#endif
