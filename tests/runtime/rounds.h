/*
 * rounds.h - rounds of work of every hot kind, to be repeated while something is counted.
 *
 * Check's own assertions allocate and write, so a round only keeps that something went wrong; what
 * leads to the rounds may assert.
 */
#ifndef ROUNDS_H
#define ROUNDS_H

#include "workbench.h"

#include <stdbool.h>

enum { ROUNDS_CONTEXTS = 8, ROUNDS_SLICE_BYTES = 4096 };

struct work {
    struct pendio_loop *loop;
    struct pendio_context *contexts[ROUNDS_CONTEXTS];
    pendio_handle handles[2];
    int far; /* where no handle is: the other end; -1: none */
    bool failed;
};

struct round {
    const char *name;
    void (*begin)(struct work *work, uint32_t policy);
    void (*go)(struct work *work);
};

extern const struct round rounds[];
extern const int round_count;

/* The one of that name. */
const struct round *round_named(const char *name);

void round_begin(const struct round *round, struct work *work, uint32_t policy);
void round_repeat(const struct round *round, struct work *work, int count);

/* Nothing went wrong; the loop ends. */
void round_end(struct work *work);

#endif
