/*
 * likely.h - what the next completion is likely to be about, fetched side by side.
 *
 * A completion leads from one place to the next: its place in the queue, the table of contexts, the
 * context, its handle. Behind a system call none of them is near any more, and each would be waited
 * for in its turn. So what the oldest entry is about is noted before, and asked for all at once
 * behind it. Whoever guesses wrong has lost nothing but a few instructions.
 */
#ifndef PND_LIKELY_H
#define PND_LIKELY_H

#include "context.h"

struct pnd_likely {
    const struct pnd_context *context; /* NULL: nobody */
    const struct pnd_handle *handle;   /* NULL: none */
};

/* In a crowd it is not worth its while. */
enum { PND_LIKELY_MAXIMUM = 8 };

/* Whom the oldest of a few entries is of. */
static inline struct pnd_likely pnd_likely_next(const struct pnd_loop *loop)
{
    const struct pnd_ring *ring = &loop->ring;
    const struct pnd_context *context;

    if ((size_t)(ring->next - ring->first) - 1 >= PND_LIKELY_MAXIMUM)
        return (struct pnd_likely){NULL, NULL};
    context = pnd_loop_holder(loop, ring->first->user_data);
    return (struct pnd_likely){context, context->handle};
}

/* The lines of a processor's cache that its completion needs. */
static inline void pnd_likely_fetch(const struct pnd_loop *loop, struct pnd_likely likely)
{
    enum { LINE_BYTES = 64 };
    const char *context = (const char *)likely.context;
    const char *handle = (const char *)likely.handle;

    if (context == NULL)
        return;
    __builtin_prefetch(loop->ring.given);
    __builtin_prefetch(loop->contexts);
    __builtin_prefetch(context);
    __builtin_prefetch(context + LINE_BYTES);
    __builtin_prefetch(context + 2 * LINE_BYTES);
    __builtin_prefetch(handle); /* of none, too: that is no access */
    __builtin_prefetch(handle + LINE_BYTES);
    __builtin_prefetch(loop->harvest.next);
}

#endif
