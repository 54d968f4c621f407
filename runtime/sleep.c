/*
 * sleep.c - until when a loop may sleep, and for how many completions.
 *
 * Happy path:  the turn's end or the next deadline, whichever comes first.
 * Failures:    none.
 */
#include "sleep.h"

#include "loop.h"

/* A sleep for several completions needs a limit: the turn goes round once more then. */
static const uint64_t batch_limit_ns = UINT64_C(60) * 1000000000;

uint64_t pnd_sleep_end(const struct pnd_loop *loop, uint64_t end_ns)
{
    uint64_t next_ns = pnd_wheel_next_ns(&loop->wheel);
    uint64_t until_ns = next_ns < end_ns ? next_ns : end_ns;

    if (until_ns == UINT64_MAX && PND_RARE(loop->ring.batch_ns != 0))
        until_ns = pnd_clock_ns() + batch_limit_ns;
    return until_ns;
}

int64_t pnd_sleep_left(uint64_t until_ns)
{
    uint64_t now_ns = PND_USUAL(until_ns == UINT64_MAX) ? 0 : pnd_clock_ns();

    if (PND_RARE(until_ns <= now_ns))
        return 0;
    return until_ns - now_ns <= INT64_MAX ? (int64_t)(until_ns - now_ns) : -1;
}

uint32_t pnd_sleep_batch(const struct pnd_loop *loop)
{
    return loop->under_way_count < loop->batch_count ? loop->under_way_count : loop->batch_count;
}
