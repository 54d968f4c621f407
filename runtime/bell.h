/*
 * bell.h - a standing poll of a stream, so that a receive is handed to the kernel only when there
 * is something for it: by then it is at once what it was to be, and waits for nothing.
 *
 *     a receive waits in its line -> it rings -> the receive's own request -> nothing left: waits
 *                                                                          -> more: the next one
 *
 * A word is kept that there may be data. Each request that takes any clears it as it is written,
 * so whatever comes later rings anew; an answer that leaves some behind, or tells nothing of that,
 * sets it. So at worst a request finds nothing, and nothing is ever left without a word.
 */
#ifndef PND_BELL_H
#define PND_BELL_H

#include "multishot.h"

extern const struct pnd_multishot pnd_bell;

/* For the first in line, nothing being collected: now, or when it has rung. */
enum pnd_source pnd_bell_ask(const struct pnd_context *context);

/* It is for one of many that are busy. Nothing, if the handle has none, or is closing. */
void pnd_bell_for_crowd(struct pnd_loop *loop, struct pnd_handle *handle);

/* The handle has it no more. */
void pnd_bell_take_down(struct pnd_loop *loop, struct pnd_handle *handle);

/* Whoever is to be handed over has been rung for: it is not to wait in the kernel. */
uint32_t pnd_bell_flags(const struct pnd_context *context);

/* The answer to a request of its handle. False: there was nothing, and it rings for more. */
bool pnd_bell_was_right(const struct pnd_context *context, int32_t result, uint32_t cqe_flags);

static inline bool pnd_bell_is_up(const struct pnd_handle *handle)
{
    return handle->strategy.has_bell && handle->multishot == &pnd_bell &&
           handle->arming == PND_ARMED;
}

#endif
