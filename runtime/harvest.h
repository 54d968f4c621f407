/*
 * harvest.h - from the completion queue into the caller's array: the straight way there.
 */
#ifndef PND_HARVEST_H
#define PND_HARVEST_H

#include "loop.h"

/*
 * From now on completions go into the array at once, as long as that is the order of delivery:
 * nothing waits to be delivered, and no callback is to come before.
 */
void pnd_harvest_begin(struct pnd_loop *loop, struct pendio_completion *ret_completions,
                       uint32_t count);

/* No longer; returns how many went there. */
uint32_t pnd_harvest_end(struct pnd_loop *loop);

/* The first in line was received for, as if by a request: its answer. */
void pnd_harvest_answer(struct pnd_loop *loop, struct pnd_context *context, int32_t result);

/* Takes all that the ring has. Returns whether there was any. */
bool pnd_harvest_collect(struct pnd_loop *loop);

#endif
