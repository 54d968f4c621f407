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

/* Takes one that did not come by the queue. */
void pnd_harvest_take(struct pnd_loop *loop, const struct pnd_ring_completion *completion);

/* Takes all that the ring has. Returns whether there was any. */
bool pnd_harvest_collect(struct pnd_loop *loop);

#endif
