/* round.h - one round of a block: when it begins, which of its steps are in it, when it is over. */
#ifndef PND_ROUND_H
#define PND_ROUND_H

#include "instance.h"

/*
 * Between two rounds: decides when the next one begins, and begins it when it is time, or goes on
 * to the next block. `PND_STEP_WAIT` when it is not time yet.
 */
enum pnd_step_verdict pnd_round_begin(struct pnd_engine *engine, struct pnd_instance *instance);

/* The step of the round to be walked to; NULL: all were. */
const struct pnd_plan_step *pnd_round_step(const struct pnd_instance *instance);

/* That step was walked to. */
void pnd_round_next(struct pnd_instance *instance);

/* All steps were walked to. `PND_STEP_WAIT` when some are still under way that it waits for. */
enum pnd_step_verdict pnd_round_end(struct pnd_engine *engine, struct pnd_instance *instance);

/* In the middle of a round a step started what must be over before the instance goes on. */
enum pnd_step_verdict pnd_round_await(struct pnd_instance *instance);

/* It has been through a round, or has none: for the warm-up it counts no more. */
void pnd_round_warmed(struct pnd_engine *engine, struct pnd_instance *instance);

#endif
