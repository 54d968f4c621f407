/*
 * crowd.c - how many streams over Unix sockets are busy at once.
 *
 * Happy path:  each is counted once in a turn that it is received from -> the next such turn begins
 *              -> more than before is known at once, less bit by bit: a turn has not all of them.
 * Failures:    none.
 */
#include "crowd.h"

/* What is known of it goes by a quarter of the difference. */
static void begin(struct pnd_crowd *crowd, uint64_t turn)
{
    if (crowd->count < crowd->before_count)
        crowd->before_count -= (crowd->before_count - crowd->count + 3) / 4;
    else
        crowd->before_count = crowd->count;
    crowd->count = 0;
    crowd->turn = turn;
}

uint32_t pnd_crowd_count(struct pnd_loop *loop, struct pnd_strategy *strategy)
{
    struct pnd_crowd *crowd = &loop->crowd;
    uint32_t turn = (uint32_t)loop->turn;

    if (crowd->turn != loop->turn)
        begin(crowd, loop->turn);
    crowd->count += strategy->counted_turn != turn;
    strategy->counted_turn = turn;
    return crowd->count > crowd->before_count ? crowd->count : crowd->before_count;
}
