/*
 * deliver.h - what was not harvested is told: by a call, or by a record.
 */
#ifndef PND_DELIVER_H
#define PND_DELIVER_H

#include "loop.h"

/*
 * What is ready is free again, before the application hears of it, so that it may start,
 * reconfigure or put the context.
 */
void pnd_deliver_set_free(struct pnd_loop *loop, struct pnd_context *context);

/* Calls back for everything that is ready for that. What callbacks finish is left for later. */
void pnd_deliver_callbacks(struct pnd_loop *loop);

/* Hands out records while there is room; returns how many. Mostly none are left. */
uint32_t pnd_deliver_records(struct pnd_loop *loop, struct pendio_completion *ret_completions,
                             uint32_t count);

#endif
