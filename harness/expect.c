/*
 * expect.c - holds what happened against what a step expects.
 *
 * Happy path:  an empty list allows everything but errors.
 * Failures:    an unexpected answer, error, number of bytes or want of a flag is an offence that
 *              names instance and step.
 */
#include "expect.h"

#include "fixed.h"
#include "instance.h"
#include "names.h"

#include <stdlib.h>

enum { PLACE_BYTES = 160 };

static const char *answer_name(uint8_t answer)
{
    return answer == PND_PLAN_DONE ? "DONE" : answer == PND_PLAN_PENDING ? "PENDING" : "REFUSED";
}

static bool names_error(const struct pnd_plan_expectation *expect, int error)
{
    for (uint8_t i = 0; i < expect->error_count; i++)
        if (expect->errors[i] == abs(error))
            return true;
    return false;
}

void pnd_expect_answer(struct pnd_engine *engine, const struct pnd_instance *instance,
                       const struct pnd_plan_step *step, uint8_t answer)
{
    char place[PLACE_BYTES];
    uint8_t allowed = step->expect.answers;
    if (allowed == 0)
        allowed = PND_PLAN_DONE | PND_PLAN_PENDING;
    pnd_fixed_answer(engine, instance, step, instance->started_count, answer, 0);
    if ((allowed & answer) != 0)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_ANSWER, true, "%s", "");
    else
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_ANSWER, false, "%s was %s",
                               pnd_instance_describe(engine, instance, step, place, sizeof place),
                               answer_name(answer));
}

bool pnd_expect_refusal(const struct pnd_plan_step *step, int status)
{
    const struct pnd_plan_expectation *expect = &step->expect;
    if (expect->answers != 0 && (expect->answers & PND_PLAN_REFUSED) == 0)
        return false;
    if (expect->error_count > 0)
        return names_error(expect, status);
    return (expect->answers & PND_PLAN_REFUSED) != 0;
}

void pnd_expect_refused(struct pnd_engine *engine, const struct pnd_instance *instance,
                        const struct pnd_plan_step *step, int status)
{
    char place[PLACE_BYTES];
    pnd_fixed_answer(engine, instance, step, instance->started_count, PND_PLAN_REFUSED, status);
    if (pnd_expect_refusal(step, status))
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_ANSWER, true, "%s", "");
    else
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_ANSWER, false,
                               "%s was REFUSED with %s",
                               pnd_instance_describe(engine, instance, step, place, sizeof place),
                               pnd_names_error(status));
}

static void expect_error(struct pnd_engine *engine, const struct pnd_plan_step *step, int error,
                         const char *place)
{
    const struct pnd_plan_expectation *expect = &step->expect;
    bool right = expect->error_count > 0 ? names_error(expect, error) : error == 0;
    (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_ERROR, right, "%s ended with %s",
                           place, error == 0 ? "success" : pnd_names_error(error));
}

static void expect_rest(struct pnd_engine *engine, const struct pnd_task *task,
                        const struct pendio_completion *completion, uint64_t bytes,
                        const char *place)
{
    const struct pnd_plan_step *step = task->step;
    const struct pnd_plan_expectation *expect = &step->expect;
    if (step->whole && !expect->check_bytes && completion->error == 0)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_BYTES, bytes == task->bytes,
                               "%s brought %llu bytes of %llu", place, (unsigned long long)bytes,
                               (unsigned long long)task->bytes);
    if (expect->check_bytes)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_BYTES,
                               bytes >= expect->bytes_minimum && bytes <= expect->bytes_maximum,
                               "%s moved %llu bytes, not %llu to %llu", place,
                               (unsigned long long)bytes, (unsigned long long)expect->bytes_minimum,
                               (unsigned long long)expect->bytes_maximum);
    if (expect->check_size && completion->error == 0)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_SIZE,
                               completion->value == expect->size, "%s told size %llu, not %llu",
                               place, (unsigned long long)completion->value,
                               (unsigned long long)expect->size);
    if (expect->check_value && completion->error == 0)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_VALUE,
                               completion->value == expect->value, "%s told %llu, not %llu", place,
                               (unsigned long long)completion->value,
                               (unsigned long long)expect->value);
    if (expect->flags != 0)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_FLAGS,
                               (completion->flags & expect->flags) == expect->flags,
                               "%s has flags %#x, not %#x", place, (unsigned int)completion->flags,
                               (unsigned int)expect->flags);
}

void pnd_expect_completion(struct pnd_engine *engine, const struct pnd_task *task,
                           const struct pendio_completion *completion, uint64_t bytes)
{
    char text[PLACE_BYTES];
    const char *place =
        pnd_instance_describe(engine, task->instance, task->step, text, sizeof text);
    pnd_fixed_completion(engine, task, completion, bytes);
    expect_error(engine, task->step, completion->error, place);
    expect_rest(engine, task, completion, bytes, place);
}

void pnd_expect_latency(struct pnd_engine *engine, const struct pnd_task *task, uint64_t time_ns)
{
    char place[PLACE_BYTES];
    uint64_t most_ns = task->step->expect.latency_most_ns;
    if (time_ns <= most_ns || engine->stopping)
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_LATENCY, true, "%s", "");
    else
        (void)pnd_referee_hold(
            &engine->referee, PND_RULE_EXPECTED_LATENCY, false, "%s took %llu ns, not at most %llu",
            pnd_instance_describe(engine, task->instance, task->step, place, sizeof place),
            (unsigned long long)time_ns, (unsigned long long)most_ns);
}

static bool is_over(const struct pnd_instance *instance, const struct pnd_plan_step *step)
{
    uint32_t wanted_count = pnd_plan_is_start(step->operation) ? step->times : 1;
    return instance->over_counts[step->label_index] >= wanted_count;
}

static void expect_order(struct pnd_engine *engine, const struct pnd_instance *instance,
                         const struct pnd_plan_step *step, const struct pnd_plan_step *other)
{
    char first[PLACE_BYTES];
    char second[PLACE_BYTES];
    if (is_over(instance, other))
        (void)pnd_referee_hold(&engine->referee, PND_RULE_EXPECTED_ORDER, true, "%s", "");
    else
        (void)pnd_referee_hold(
            &engine->referee, PND_RULE_EXPECTED_ORDER, false, "%s was over before %s",
            pnd_instance_describe(engine, instance, step, first, sizeof first),
            pnd_instance_describe(engine, instance, other, second, sizeof second));
}

void pnd_expect_over(struct pnd_engine *engine, struct pnd_instance *instance,
                     const struct pnd_plan_step *step, uint32_t block_index, uint32_t iteration)
{
    if (block_index != instance->block_index || iteration != instance->iteration ||
        !instance->in_round || engine->stopping)
        return;
    const struct pnd_plan_block *block = &instance->actor->blocks[block_index];
    for (uint32_t i = 0; i < step->after_count; i++)
        expect_order(engine, instance, step, &block->steps[step->after[i]]);
    if (step->label_index != PND_PLAN_NONE)
        instance->over_counts[step->label_index]++;
}
