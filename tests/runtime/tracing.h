/*
 * tracing.h - the system calls of a child, counted from outside between two marks.
 */
#ifndef TRACING_H
#define TRACING_H

#include <stdbool.h>
#include <stdint.h>

/* What the child says of itself; shared with it. */
struct tally {
    uint64_t turns;
    uint64_t system_calls; /* as its loop counts them */
    uint64_t starts;
    uint64_t messages;
};

typedef void tracing_fn(struct tally *tally, void *state);

/* False: this process must not trace others. */
bool tracing_is_permitted(void);

/* In the child: what is counted begins here, or ends. */
void tracing_mark(void);

/*
 * Runs `body` in a child. Returns its system calls between the marks: all of them enter a ring, or
 * are sends that stand for that.
 */
uint64_t tracing_count(tracing_fn *body, void *state, struct tally *ret_tally);

/* The same, and nothing is counted from outside, nor anything slower for it. */
void tracing_leave_alone(tracing_fn *body, void *state, struct tally *ret_tally);

#endif
