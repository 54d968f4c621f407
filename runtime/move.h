/*
 * move.h - moving handles between loops, as other parts of the runtime use it.
 */
#ifndef PND_MOVE_H
#define PND_MOVE_H

#include "context.h"

/* Told on the target's thread, while it collects. */
typedef void pnd_arrived_fn(struct pnd_loop *target, pendio_handle handle, void *state);

/* `arrived` may be NULL. The target is another loop, which does not end before the call returns. */
int pnd_move_start(struct pnd_context *context, struct pnd_handle *handle, struct pnd_loop *target,
                   pnd_arrived_fn *arrived, void *arrived_state);

/* Lets go of the targets of those that were told. Out of line: a turn has no atomic instruction. */
void pnd_moves_forget_told(struct pnd_loop *loop) __attribute__((noinline));

/* Frees what the loop keeps for moves to come; none is still to be told. */
void pnd_moves_fini(struct pnd_loop *loop);

#endif
