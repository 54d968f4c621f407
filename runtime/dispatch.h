/*
 * dispatch.h - whose a completion is, by its token.
 */
#ifndef PND_DISPATCH_H
#define PND_DISPATCH_H

#include "loop.h"

/* Hands it to whoever it is for. */
void pnd_dispatch(struct pnd_loop *loop, const struct pnd_ring_completion *completion);

#endif
