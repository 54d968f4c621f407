/* clock.h - time that only goes forward. */
#ifndef PND_CLOCK_H
#define PND_CLOCK_H

#include <stdint.h>

enum { PND_CLOCK_MS = 1000000, PND_CLOCK_SECOND = 1000000000 }; /* in nanoseconds */

int64_t pnd_clock_now_ns(void);

/* What poll() takes: milliseconds left until `deadline_ns`, rounded up; 0 when it has passed. */
int pnd_clock_left_ms(int64_t deadline_ns);

#endif
