/* expect.h - holds what happened against what a step expects. */
#ifndef PND_EXPECT_H
#define PND_EXPECT_H

#include "engine.h"

/* An answer, PND_PLAN_DONE or PND_PLAN_PENDING. */
void pnd_expect_answer(struct pnd_engine *engine, const struct pnd_instance *instance,
                       const struct pnd_plan_step *step, uint8_t answer);

/* A refusal with -errno; true when the workload asked for it. */
bool pnd_expect_refusal(const struct pnd_plan_step *step, int status);

/* The same, and an offence when it did not. */
void pnd_expect_refused(struct pnd_engine *engine, const struct pnd_instance *instance,
                        const struct pnd_plan_step *step, int status);

/* A completion; `bytes` is its own, or the sum of all for `whole`. */
void pnd_expect_completion(struct pnd_engine *engine, const struct pnd_task *task,
                           const struct pendio_completion *completion, uint64_t bytes);

/* What an operation took, which has a bound for it. */
void pnd_expect_latency(struct pnd_engine *engine, const struct pnd_task *task, uint64_t time_ns);

/*
 * A start of a step, or a step without starts, is over, in the round of its block that is said:
 * those it is to come after must be, and those to come after it may be.
 */
void pnd_expect_over(struct pnd_engine *engine, struct pnd_instance *instance,
                     const struct pnd_plan_step *step, uint32_t block_index, uint32_t iteration);

#endif
