/*
 * clock.c - time that only goes forward.
 *
 * Happy path:  the monotonic clock.
 * Failures:    none; Linux always has one.
 */
#include "clock.h"

#include <limits.h>
#include <time.h>

int64_t pnd_clock_now_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * PND_CLOCK_SECOND + now.tv_nsec;
}

int pnd_clock_left_ms(int64_t deadline_ns)
{
    int64_t left_ns = deadline_ns - pnd_clock_now_ns();
    if (left_ns <= 0)
        return 0;
    int64_t left_ms = (left_ns + PND_CLOCK_MS - 1) / PND_CLOCK_MS;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}
