/*
 * race.h - one connection to a name, by whichever of its addresses answers first (RFC 8305).
 *
 *     begin -> (addresses) -> attempt, 250 ms, attempt ... -> told: a descriptor, or the last error
 *           -> end: nobody is told
 */
#ifndef PND_RACE_H
#define PND_RACE_H

#include <stdint.h>

struct pnd_loop;
struct pnd_race;

/* `descriptor` connected and non-blocking, or -errno. The race is over. */
typedef void pnd_race_fn(void *state, int descriptor);

struct pnd_race_settings {
    const char *host; /* stays until the race is over */
    uint16_t port;
    int template; /* descriptor whose family and options every attempt has; -1: none */
    pnd_race_fn *told;
    void *state;
};

/*
 * 0 and the race, or -errno. Nobody is told before this returns. Takes the reserved watch; without
 * a race that is still the caller's.
 */
int pnd_race_begin(struct pnd_loop *loop, const struct pnd_race_settings *settings,
                   struct pnd_race **ret_race);

void pnd_race_end(struct pnd_race *race);

#endif
