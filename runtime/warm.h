/*
 * warm.h - large pieces that were received go on their way before the kernel is asked for more.
 *
 *     asked: large pieces came -> they are sent, their streams received from again, and nothing is
 *            asked -> what that brings at once, likewise -> nothing more, or often enough -> asked
 *
 * A kernel that is asked brings what has come for other streams in between. So ever more are under
 * way together, each with a piece that no cache holds any more when its turn comes. Entries that
 * are handed over without asking bring only what they find at once: the streams under way stay the
 * same few, until they have no more or have had enough. How many such rounds bring something is
 * learnt, as one that does not is a system call too many.
 *
 * 500 streams that have 8 pieces of 16 KiB each, sent back: 0.80 of what asking each time costs
 * over TCP and 0.78 over Unix sockets, where the second-level cache has 1 MiB (echo cases of
 * tools/bench). A host that asks, and a lone stream, are to hear of what comes: not with them.
 */
#ifndef PND_WARM_H
#define PND_WARM_H

#include "strategy.h"

void pnd_warm_begin(struct pnd_loop *loop);

/* Something was received from a stream: once each time that the ring was asked. */
static inline void pnd_warm_received(struct pnd_loop *loop, uint32_t byte_count)
{
    if (PND_RARE(byte_count > PND_PIECE_SMALL_BYTES) && loop->warm.look_count != loop->look_count)
        pnd_warm_begin(loop);
}

/* Out of line of the hot path. True: it handed over, and there is something to deliver. */
bool pnd_warm_go_on(struct pnd_loop *loop);

static inline bool pnd_warm_stays(struct pnd_loop *loop)
{
    return PND_RARE(loop->warm.left_count != 0) && pnd_warm_go_on(loop);
}

#endif
