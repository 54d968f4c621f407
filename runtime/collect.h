/*
 * collect.h - what has ended, from the ring and from elsewhere.
 *
 * Happy path:  completions -> what other threads asked for -> deadlines -> posts.
 * Failures:    none of its own: what has failed is told by whoever it is for.
 */
#ifndef PND_COLLECT_H
#define PND_COLLECT_H

#include "harvest.h"
#include "loop.h"

void pnd_collect_deadlines(struct pnd_loop *loop);

static inline void pnd_collect_posts(struct pnd_loop *loop)
{
    while (PND_RARE(pnd_wake_announce(&loop->wake)))
        pnd_ready_push(&loop->records, NULL);
}

/* What does not come from the ring. */
static inline void pnd_collect_own(struct pnd_loop *loop)
{
    pnd_loop_run_errands(loop);
    if (PND_RARE(!pnd_wheel_is_empty(&loop->wheel)))
        pnd_collect_deadlines(loop);
    pnd_collect_posts(loop);
}

/* True: the ring had something. */
static inline bool pnd_collect(struct pnd_loop *loop)
{
    bool any = pnd_harvest_collect(loop);

    pnd_collect_own(loop);
    return any;
}

#endif
