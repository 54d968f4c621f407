/*
 * round.c - one round of a block: when it begins, which of its steps are in it, when it is over.
 *
 * Happy path:  at once, after time to think, or at the time its load says -> all its steps, or one
 *              that is drawn -> over when each is, and those in parallel with it.
 * Failures:    none of its own. A round that is late begins at once, and is late from its own time.
 */
#include "round.h"

#include <string.h>

static const struct pnd_plan_block *block_of(const struct pnd_instance *instance)
{
    return &instance->actor->blocks[instance->block_index];
}

static void leave_block(struct pnd_instance *instance)
{
    instance->iteration = 0;
    instance->block_index++;
}

/* When the next round is to begin; false when there is none. */
static bool decide(struct pnd_instance *instance)
{
    const struct pnd_plan_block *block = block_of(instance);
    if (instance->iteration >= block->repeat_count)
        return false;
    if (!block->loaded && !block->thinks)
        return true; /* and nobody asks when */
    uint64_t now_ns = pnd_engine_now_ns();
    uint64_t think_ns = block->thinks && instance->iteration > 0
                            ? pnd_draw_number(&instance->draw, &block->think)
                            : 0;
    instance->round_ns = think_ns < UINT64_MAX - now_ns ? now_ns + think_ns : UINT64_MAX;
    if (!block->loaded)
        return true;
    if (instance->iteration == 0)
        pnd_load_begin(instance->load, now_ns);
    return pnd_load_next(instance->load, &block->load, &instance->draw, now_ns,
                         &instance->round_ns);
}

static bool is_early(const struct pnd_instance *instance)
{
    const struct pnd_plan_block *block = block_of(instance);
    return (block->loaded || block->thinks) && instance->round_ns > pnd_engine_now_ns();
}

static uint32_t choose(struct pnd_instance *instance)
{
    const struct pnd_plan_block *block = block_of(instance);
    uint64_t drawn = pnd_draw_below(&instance->draw, block->weight_sum);
    uint32_t i = 0;
    for (; drawn >= block->steps[i].weight; i++)
        drawn -= block->steps[i].weight;
    return i;
}

enum pnd_step_verdict pnd_round_begin(struct pnd_engine *engine, struct pnd_instance *instance)
{
    if (!instance->decided && !decide(instance)) {
        leave_block(instance);
        return PND_STEP_NEXT;
    }
    instance->decided = true;
    if (is_early(instance)) {
        instance->wake_ns = instance->round_ns;
        instance->state = PND_INSTANCE_AWAITS_ROUND;
        pnd_alarm_add(&engine->alarms, instance);
        return PND_STEP_WAIT;
    }
    instance->decided = false;
    instance->in_round = true;
    instance->wake_ns = 0;
    instance->started_count = 0;
    instance->step_index =
        block_of(instance)->order == PENDIO__ORDER__ONE_OF_THEM ? choose(instance) : 0;
    memset(instance->over_counts, 0,
           instance->actor->label_count * sizeof instance->over_counts[0]);
    return PND_STEP_NEXT;
}

const struct pnd_plan_step *pnd_round_step(const struct pnd_instance *instance)
{
    const struct pnd_plan_block *block = block_of(instance);
    return instance->step_index < block->step_count ? &block->steps[instance->step_index] : NULL;
}

void pnd_round_next(struct pnd_instance *instance)
{
    const struct pnd_plan_block *block = block_of(instance);
    instance->started_count = 0;
    instance->step_index++;
    if (block->order == PENDIO__ORDER__ONE_OF_THEM)
        instance->step_index = block->step_count;
}

/* Honest warm-up: everyone present at the start has once done what it does. */
void pnd_round_warmed(struct pnd_engine *engine, struct pnd_instance *instance)
{
    if (!instance->warming)
        return;
    instance->warming = false;
    engine->warming_count--;
}

enum pnd_step_verdict pnd_round_end(struct pnd_engine *engine, struct pnd_instance *instance)
{
    const struct pnd_plan_block *block = block_of(instance);
    if (instance->foreground_count > 0) {
        instance->state = PND_INSTANCE_AWAITS_DELIVERY;
        return PND_STEP_WAIT;
    }
    if (block->loaded) {
        uint64_t now_ns = pnd_engine_now_ns();
        pnd_latency_add(&engine->round_latency, now_ns - instance->round_ns);
        pnd_load_told(instance->load, &block->load, now_ns, now_ns - instance->round_ns);
    }
    pnd_round_warmed(engine, instance);
    instance->in_round = false;
    instance->step_index = 0;
    instance->iteration++;
    return PND_STEP_NEXT;
}

enum pnd_step_verdict pnd_round_await(struct pnd_instance *instance)
{
    if (instance->foreground_count == 0 || block_of(instance)->order == PENDIO__ORDER__IN_PARALLEL)
        return PND_STEP_NEXT;
    instance->state = PND_INSTANCE_AWAITS_DELIVERY;
    return PND_STEP_WAIT;
}
