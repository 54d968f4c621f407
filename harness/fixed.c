/*
 * fixed.c - a hash of all that the contract fixes of a run's answers and results.
 *
 * Happy path:  each thing that is fixed becomes a row of numbers, the row a hash (FNV-1a), and the
 *              hashes are added.
 * Failures:    none.
 */
#include "fixed.h"

#include "kind.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    ROW_COUNT = 10,
    ANY = 1, /* in place of what is not fixed; no error and no answer is so much */
};

static uint64_t hash_of(const uint64_t row[ROW_COUNT])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < ROW_COUNT; i++)
        for (int shift = 0; shift < 64; shift += 8)
            hash = (hash ^ (row[i] >> shift & 0xff)) * UINT64_C(0x100000001b3);
    return hash;
}

static bool is_clocked(const struct pnd_plan_block *block)
{
    return block->loaded && (block->load.time_ns > 0 || block->load.steady_percent > 0);
}

void pnd_fixed_begin(struct pnd_engine *engine)
{
    const struct pnd_plan *plan = engine->plan;
    for (uint32_t i = 0; i < plan->actor_count; i++)
        for (uint32_t j = 0; j < plan->actors[i].block_count; j++)
            engine->clocked = engine->clocked || is_clocked(&plan->actors[i].blocks[j]);
}

static bool is_counted(const struct pnd_engine *engine, const struct pnd_plan_actor *actor,
                       uint32_t block_index)
{
    if (!engine->clocked)
        return true;
    bool counted = actor->instance_count > 0;
    for (uint32_t i = 0; i <= block_index; i++)
        counted = counted && !is_clocked(&actor->blocks[i]);
    return counted;
}

/* One answer is allowed and no other. */
static bool has_one_answer(const struct pnd_plan_step *step)
{
    uint8_t answers = step->expect.answers;
    return answers != 0 && (answers & (answers - 1)) == 0;
}

static uint64_t answer_of(const struct pnd_plan_step *step, uint8_t answer)
{
    bool queued = step->policy == PENDIO_QUEUE && answer == PND_PLAN_PENDING;
    return has_one_answer(step) || queued ? (uint64_t)answer << 8 : ANY;
}

/* As a number that is not negative. */
static uint64_t error_of(const struct pnd_plan_step *step, int error)
{
    return step->expect.error_count <= 1 ? (uint64_t)(error < 0 ? -error : error) << 8 : ANY;
}

static bool has_fixed_bytes(const struct pnd_task *task, uint32_t flags)
{
    const struct pnd_plan_step *step = task->step;
    uint16_t start = pnd_plan_start(step->operation);
    if (step->content == PENDIO__CONTENT__ECHO || (step->flags & PENDIO_PEEK) != 0)
        return false;
    if (start == PENDIO_OPERATION_READ && task->offset != PENDIO_STREAMING)
        return true;
    if (pnd_kind_of(start)->direction == PND_MOVES_OUT)
        return true;
    return step->whole && (flags & PENDIO_END_OF_STREAM) == 0;
}

static uint64_t value_of(const struct pnd_plan_step *step,
                         const struct pendio_completion *completion)
{
    bool checked = step->expect.check_size || step->expect.check_value;
    return checked && completion->error == 0 ? completion->value : 0;
}

static void add(struct pnd_engine *engine, const struct pnd_instance *instance,
                const struct pnd_plan_step *step, uint32_t block_index, const uint64_t rest[6])
{
    const struct pnd_plan_actor *actor = instance->actor;
    const struct pnd_plan_block *block = &actor->blocks[block_index];
    if (!is_counted(engine, actor, block_index))
        return;
    const uint64_t row[ROW_COUNT] = {
        (uint64_t)(actor - engine->plan->actors),
        instance->index,
        block_index,
        (uint64_t)(step - block->steps),
        rest[0],
        rest[1],
        rest[2],
        rest[3],
        rest[4],
        rest[5],
    };
    engine->fixed_sum += hash_of(row);
}

void pnd_fixed_answer(struct pnd_engine *engine, const struct pnd_instance *instance,
                      const struct pnd_plan_step *step, uint32_t number, uint8_t answer, int status)
{
    const uint64_t rest[6] = {
        instance->iteration, number, 1, answer_of(step, answer), error_of(step, status), 0,
    };
    add(engine, instance, step, instance->block_index, rest);
}

void pnd_fixed_completion(struct pnd_engine *engine, const struct pnd_task *task,
                          const struct pendio_completion *completion, uint64_t bytes)
{
    const struct pnd_plan_step *step = task->step;
    bool fixed = completion->error == 0 && has_fixed_bytes(task, completion->flags);
    const uint64_t rest[6] = {
        task->iteration,
        task->number,
        2,
        error_of(step, completion->error),
        fixed ? bytes : 0,
        value_of(step, completion),
    };
    add(engine, task->instance, step, task->block_index, rest);
}

void pnd_fixed_digits(const struct pnd_engine *engine, char ret_digits[PND_FIXED_DIGITS_BYTES])
{
    ret_digits[0] = '\0';
    if (engine->fixed_sum != 0)
        (void)snprintf(ret_digits, PND_FIXED_DIGITS_BYTES, "%016" PRIx64, engine->fixed_sum);
}
