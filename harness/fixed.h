/*
 * fixed.h - a hash of all that the contract fixes of a run's answers and results.
 *
 * The same workload and seed give the same hash, again and again, with every backend, every set of
 * features and every subject that keeps the contract. So it holds nothing that depends on time:
 *
 * - Each step that is over counts once for each of its `times` (with `whole`: once for all that it
 *   took), under its actor, instance, block, round and number. The sum of them has no order: how
 *   instances and operations side by side take turns makes no difference, and what has an order of
 *   its own has a place of its own.
 * - Its answer counts where there is one: under QUEUE, and where the step allows no other. Under
 *   AUTO done or pending is the runtime's choice; under TRY it depends on what has come until then.
 * - Its error counts, success included, where the step allows no other; a step that does not say
 *   allows success alone. A cancel or a deadline that may come too late allows two, and counts not.
 * - The bytes of a success count for what moves its whole window (sends, writes, `whole`) or finds
 *   the same each time (positional reads). What one receive brings depends on the pieces it came
 *   in, and where a stream ends on what the peer had sent by then; the rules judge it and the sums.
 * - Size and value count where the step checks them. Flags, addresses, handles and runs do not.
 * - Where a clock ends a block (a load with `time_ns` or `steady_percent`) nobody knows how many
 *   rounds it has: it does not count, nor what its actor does after it, nor, in such a workload,
 *   what instances do that accepted connections begin.
 */
#ifndef PND_FIXED_H
#define PND_FIXED_H

#include "engine.h"

enum { PND_FIXED_DIGITS_BYTES = 17 }; /* 16 digits and a NUL */

/* Before the run. */
void pnd_fixed_begin(struct pnd_engine *engine);

/*
 * An immediate step or a start was answered: `answer` is one of PND_PLAN_..., `number` which of the
 * step's `times`, and `status` 0 or the refusal.
 */
void pnd_fixed_answer(struct pnd_engine *engine, const struct pnd_instance *instance,
                      const struct pnd_plan_step *step, uint32_t number, uint8_t answer,
                      int status);

/* A step's start is over; `bytes` is its own, or the sum of all for `whole`. */
void pnd_fixed_completion(struct pnd_engine *engine, const struct pnd_task *task,
                          const struct pendio_completion *completion, uint64_t bytes);

/* The hash until now; "" when there was nothing to count. */
void pnd_fixed_digits(const struct pnd_engine *engine, char ret_digits[PND_FIXED_DIGITS_BYTES]);

#endif
