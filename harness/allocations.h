/*
 * allocations.h - counts this process's allocations between begin and end, libc's own included.
 *
 * Linking this object puts its malloc in front of libc's (or, under a sanitizer, hooks into its).
 * Counting is for single-threaded processes; elsewhere it stays off.
 */
#ifndef PND_ALLOCATIONS_H
#define PND_ALLOCATIONS_H

#include <stdint.h>

/* Counting starts, or goes on after a pause. */
void pnd_allocations_begin(void);

/* Counting stops; the count stays. */
void pnd_allocations_end(void);

/* Allocations while counting was on. */
uint64_t pnd_allocations_count(void);

#endif
