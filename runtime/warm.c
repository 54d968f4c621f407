/*
 * warm.c - rounds that ask the kernel for nothing.
 *
 * Happy path:  hand over -> what that brought at once is collected, and something can be delivered.
 * Failures:    it cannot, or the ring failed: the round goes on as any other, and says so. Next
 *              time there are no more such rounds than have brought something now.
 */
#include "warm.h"

#include "collect.h"

/* Fewer entries go with a question: what is under way for a few stays in the cache anyway. */
enum { WARM_LEAST = 4 };

/* After so many times that all rounds brought something, or none was tried, there are more. */
enum { WARM_PATIENCE = 16 };

void pnd_warm_begin(struct pnd_loop *loop)
{
    struct pnd_warm *warm = &loop->warm;

    warm->look_count = loop->look_count;
    if (warm->left_count == 0 && ++warm->streak >= WARM_PATIENCE) {
        warm->streak = 0;
        warm->round_count = warm->round_count == 0 ? 1 : 2 * warm->round_count;
        if (warm->round_count > PND_WARM_ROUNDS)
            warm->round_count = PND_WARM_ROUNDS;
    }
    warm->left_count = warm->round_count;
}

static void brought_nothing(struct pnd_warm *warm)
{
    warm->round_count -= warm->left_count + 1;
    warm->left_count = 0;
    warm->streak = 0;
}

bool pnd_warm_go_on(struct pnd_loop *loop)
{
    if (pnd_ring_queued_count(&loop->ring) < WARM_LEAST || loop->host.is_asked ||
        loop->handles.lone != NULL || pnd_loop_flush(loop) < 0)
        return false;
    loop->warm.left_count--;
    pnd_collect(loop);
    if (!pnd_loop_is_deliverable(loop)) {
        brought_nothing(&loop->warm);
        return false;
    }
    loop->stats.warm_rounds++;
    return true;
}
