/*
 * elsewhere.h - the other places of a run on several daemons: what they are told, and what they
 * tell.
 *
 * The daemon is the go-between: events go out to it, and requests come in from it.
 */
#ifndef PND_ELSEWHERE_H
#define PND_ELSEWHERE_H

#include "engine.h"
#include "inflow.h"

struct pnd_elsewhere {
    int input;
    int output;
    struct pnd_inflow inflow;
    bool deaf; /* nobody tells anything any more */
};

/*
 * True when the place's address is one of this machine; else `reason` says that it is not.
 */
bool pnd_elsewhere_is_reachable(const struct pnd_plan_placement *placement, char *reason,
                                size_t reason_bytes);

/*
 * Says that all is ready, and waits for the word to begin. Returns 0, or -errno when that will
 * never come. `elsewhere`, with its descriptors, is the engine's from now on.
 */
int pnd_elsewhere_begin(struct pnd_engine *engine, struct pnd_elsewhere *elsewhere);
void pnd_elsewhere_end(struct pnd_elsewhere *elsewhere);

/* What follows does nothing when everything is here. */

/* An endpoint has its address; an event was counted: those told that have to know. */
void pnd_elsewhere_bound(struct pnd_engine *engine, uint32_t endpoint_index);
void pnd_elsewhere_signalled(struct pnd_engine *engine, uint32_t event_index, uint32_t times);

/* Takes what was told since. Never waits. */
void pnd_elsewhere_attend(struct pnd_engine *engine);

/* Somebody here waits for what may happen at another place. */
bool pnd_elsewhere_awaits(const struct pnd_engine *engine);

#endif
