/* referee.h - the rules a run is held to, and the first offence against each. */
#ifndef PND_REFEREE_H
#define PND_REFEREE_H

#include "trace.h"

#include <stdbool.h>
#include <stdint.h>

enum pnd_rule {
    /* What every start and delivery must be. */
    PND_RULE_ANSWER,
    PND_RULE_REFUSED_UNCHANGED,
    PND_RULE_REFUSED_RIGHTLY,
    PND_RULE_BUSY,
    PND_RULE_STALE,
    PND_RULE_FRESH_RUN,
    PND_RULE_POLICY,
    PND_RULE_BUDGET,
    PND_RULE_ONE_DELIVERY,
    PND_RULE_NO_DELIVERY,
    PND_RULE_FROM_TURN,
    PND_RULE_IDENTITY,
    PND_RULE_FREE_AGAIN,
    PND_RULE_RESULT_KEPT,
    PND_RULE_REQUEST_KEPT,
    PND_RULE_BYTES,
    PND_RULE_WHOLE_SEND,
    PND_RULE_MEMORY,
    PND_RULE_LENT,
    PND_RULE_PRODUCT,
    PND_RULE_END_OF_STREAM,
    PND_RULE_END_STICKS,
    PND_RULE_ERROR_STICKS,
    PND_RULE_UNUSABLE,
    PND_RULE_TRUNCATED,
    PND_RULE_ENDED_EARLY,
    PND_RULE_NEVER_EARLY,
    PND_RULE_ORDER,
    PND_RULE_CLOSE_LAST,
    PND_RULE_POOL,
    PND_RULE_CANCEL,
    PND_RULE_POST,
    PND_RULE_MESSAGE,
    PND_RULE_CHILD,
    PND_RULE_SIGNAL,
    /* What the bytes must be. */
    PND_RULE_CONTENT,
    PND_RULE_UNTOUCHED,
    PND_RULE_SUMS,
    /* What the workload expects. */
    PND_RULE_EXPECTED_ANSWER,
    PND_RULE_EXPECTED_ERROR,
    PND_RULE_EXPECTED_BYTES,
    PND_RULE_EXPECTED_SIZE,
    PND_RULE_EXPECTED_VALUE,
    PND_RULE_EXPECTED_MESSAGE,
    PND_RULE_EXPECTED_FLAGS,
    PND_RULE_EXPECTED_ORDER,
    PND_RULE_EXPECTED_LATENCY,
    PND_RULE_FINISHED,
    PND_RULE_REUSE,
    PND_RULE_OPERATIONS,
    PND_RULE_LATENCY,
    /* What must be so at the end. */
    PND_RULE_ALL_DELIVERED,
    PND_RULE_POOL_BALANCED,
    PND_RULE_HANDLES_CLOSED,
    PND_RULE_BUFFERS,
    PND_RULE_STATISTICS,
    PND_RULE_SHUTDOWN,
    PND_RULE_NOTHING_LEAKED,
    PND_RULE_DESCRIPTORS,
    PND_RULE_ALLOCATIONS,
    PND_RULE_COUNT,
};

struct pnd_finding {
    uint64_t held_count;
    uint64_t offence_count;
    char seen[320];       /* the first offence */
    uint32_t event_count; /* what had happened to its context then; 0: it has none */
    struct pnd_trace_event events[PND_TRACE_RING_COUNT];
};

struct pnd_referee {
    uint64_t offence_count;
    bool closed;                        /* nothing is counted any more */
    enum pnd_rule first_broken;         /* when offence_count is not 0 */
    const struct pnd_trace_ring *about; /* the context that is judged; NULL: none */
    struct pnd_finding findings[PND_RULE_COUNT];
};

void pnd_referee_init(struct pnd_referee *referee);

/* What is judged from now on is about the context with this ring, or NULL: about none. */
void pnd_referee_about(struct pnd_referee *referee, const struct pnd_trace_ring *ring);

/*
 * Counts one application of a rule; when it does not hold, the first offence is kept as told by
 * `format`. Returns `holds`.
 */
__attribute__((format(printf, 4, 5))) bool pnd_referee_hold(struct pnd_referee *referee,
                                                            enum pnd_rule rule, bool holds,
                                                            const char *format, ...);

const char *pnd_referee_name(enum pnd_rule rule);
const char *pnd_referee_expected(enum pnd_rule rule);

#endif
