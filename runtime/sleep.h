/*
 * sleep.h - until when a loop may sleep, and for how many completions.
 */
#ifndef PND_SLEEP_H
#define PND_SLEEP_H

#include <stdint.h>

struct pnd_loop;

/* When a sleep ends at the latest: the turn's end or the next deadline; UINT64_MAX: never. */
uint64_t pnd_sleep_end(const struct pnd_loop *loop, uint64_t end_ns);

/* How long it is until then; -1: no limit. */
int64_t pnd_sleep_left(uint64_t until_ns);

/* How many completions to sleep for: no more than may come. */
uint32_t pnd_sleep_batch(const struct pnd_loop *loop);

#endif
