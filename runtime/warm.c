/*
 * warm.c - rounds that ask the kernel for nothing.
 *
 * Happy path:  hand over -> what that brought at once is collected.
 * Failures:    it brought nothing, or the ring failed: the round goes on as any other, and says so.
 */
#include "warm.h"

#include "collect.h"

/* Fewer entries go with a question: what is under way for a few stays in the cache anyway. */
enum { WARM_LEAST = 4 };

bool pnd_warm_go_on(struct pnd_loop *loop)
{
    loop->warm_count--;
    if (pnd_ring_queued_count(&loop->ring) < WARM_LEAST || loop->host.is_asked ||
        loop->handles.lone != NULL || pnd_loop_flush(loop) < 0)
        return false;
    loop->stats.warm_rounds++;
    if (pnd_collect(loop))
        return true;
    loop->warm_count = 0;
    return false;
}
