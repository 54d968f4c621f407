/*
 * instance.c - how an instance walks through its steps.
 *
 * Happy path:  begin -> ready -> round after round, step after step; a step that waits parks the
 *              instance in one queue, and what it waits for makes it ready again -> end, when
 *              everything it started in the background was delivered and its contexts are put back.
 * Failures:    none of its own; a run that is stopping leaves instances where they stand.
 */
#include "instance.h"

#include "expect.h"
#include "round.h"

#include <errno.h>
#include <stdio.h>

enum { STEPS_AT_A_TIME = 4096 }; /* then it is another's turn */

void pnd_queue_add(struct pnd_queue *queue, struct pnd_instance *instance)
{
    instance->next = NULL;
    if (queue->first == NULL)
        queue->first = instance;
    else
        queue->last->next = instance;
    queue->last = instance;
}

struct pnd_instance *pnd_queue_take(struct pnd_queue *queue)
{
    struct pnd_instance *instance = queue->first;
    if (instance != NULL)
        queue->first = instance->next;
    return instance;
}

void pnd_instance_begin(struct pnd_engine *engine, uint32_t actor_index, pendio_handle self)
{
    const struct pnd_plan_actor *actor = &engine->plan->actors[actor_index];
    struct pnd_instance *instance = &engine->instances[engine->instance_used++];
    instance->actor = actor;
    instance->index = engine->begun_counts[actor_index]++;
    instance->handles = engine->handle_memory + engine->handle_used;
    instance->contexts = engine->context_memory + engine->context_used;
    instance->handles[PND_PLAN_SELF] = self;
    instance->over_counts = engine->over_count_memory + engine->over_count_used;
    instance->load = actor->loaded ? &engine->load_memory[engine->load_used++] : NULL;
    pnd_draw_init(&instance->draw, engine->plan->seed, actor_index, instance->index);
    instance->warming = !engine->warm && engine->begun_ns == 0;
    engine->handle_used += actor->handle_count;
    engine->context_used += actor->context_count;
    engine->over_count_used += actor->label_count;
    engine->live_count++;
    engine->warming_count += instance->warming ? 1 : 0;
    instance->state = PND_INSTANCE_READY;
    pnd_queue_add(&engine->ready, instance);
}

const struct pnd_plan_step *pnd_instance_step(const struct pnd_instance *instance)
{
    if (instance->block_index == instance->actor->block_count)
        return NULL;
    const struct pnd_plan_step *step = pnd_round_step(instance);
    const struct pnd_plan_block *block = &instance->actor->blocks[instance->block_index];
    return step != NULL ? step : &block->steps[block->step_count - 1];
}

static void instance_end(struct pnd_engine *engine, struct pnd_instance *instance)
{
    if (instance->background_count > 0) {
        instance->state = PND_INSTANCE_AWAITS_BACKGROUND;
        return;
    }
    for (uint32_t i = 0; i < instance->actor->context_count; i++)
        if (instance->contexts[i].taken)
            (void)pnd_instance_put(engine, instance->contexts[i].context);
    pnd_round_warmed(engine, instance);
    instance->state = PND_INSTANCE_ENDED;
    engine->live_count--;
}

/* To a step, to the end of its round, or to the beginning of the next one. */
static enum pnd_step_verdict walk(struct pnd_engine *engine, struct pnd_instance *instance)
{
    if (!instance->in_round)
        return pnd_round_begin(engine, instance);
    const struct pnd_plan_step *step = pnd_round_step(instance);
    if (step == NULL)
        return pnd_round_end(engine, instance);
    pnd_instance_mark(engine, instance, step, instance->block_index);
    pnd_referee_about(&engine->referee, NULL);
    if (pnd_step_find(step->operation)(engine, instance, step) == PND_STEP_WAIT)
        return PND_STEP_WAIT;
    if (!pnd_plan_is_start(step->operation))
        pnd_expect_over(engine, instance, step, instance->block_index, instance->iteration);
    pnd_round_next(instance);
    return PND_STEP_NEXT;
}

void pnd_instance_run(struct pnd_engine *engine, struct pnd_instance *instance)
{
    for (uint32_t i = 0; i < STEPS_AT_A_TIME && !engine->stopping; i++) {
        if (instance->block_index == instance->actor->block_count) {
            instance_end(engine, instance);
            return;
        }
        if (walk(engine, instance) == PND_STEP_WAIT)
            return;
    }
    pnd_queue_add(&engine->ready, instance);
}

void pnd_instance_wake(struct pnd_engine *engine, struct pnd_instance *instance)
{
    instance->state = PND_INSTANCE_READY;
    pnd_queue_add(&engine->ready, instance);
}

void pnd_instance_wake_all(struct pnd_engine *engine, struct pnd_queue *queue)
{
    for (struct pnd_instance *instance; (instance = pnd_queue_take(queue)) != NULL;)
        pnd_instance_wake(engine, instance);
}

const char *pnd_instance_describe(const struct pnd_engine *engine,
                                  const struct pnd_instance *instance,
                                  const struct pnd_plan_step *step, char *text, size_t text_bytes)
{
    const struct pnd_plan_actor *actor = instance->actor;
    size_t actor_index = (size_t)(actor - engine->plan->actors);
    for (uint32_t i = 0; i < actor->block_count; i++) {
        const struct pnd_plan_block *block = &actor->blocks[i];
        if (step < block->steps || step >= block->steps + block->step_count)
            continue;
        snprintf(text, text_bytes, "%.40s[%u] at actors[%zu].blocks[%u].steps[%zu] (%s)",
                 actor->name, instance->index, actor_index, i, (size_t)(step - block->steps),
                 pnd_plan_operation_name(step->operation));
        return text;
    }
    snprintf(text, text_bytes, "%.40s[%u] at its end", actor->name, instance->index);
    return text;
}

void pnd_instance_mark(struct pnd_engine *engine, const struct pnd_instance *instance,
                       const struct pnd_plan_step *step, uint32_t block_index)
{
    const struct pnd_plan_actor *actor = instance->actor;
    engine->ledger.trace.place = (struct pnd_trace_place){
        .actor_index = (uint32_t)(actor - engine->plan->actors),
        .instance_index = instance->index,
        .block_index = block_index,
        .step_index = (uint32_t)(step - actor->blocks[block_index].steps),
        .known = true,
    };
}

int pnd_instance_get(struct pnd_engine *engine, uint32_t pool_index,
                     struct pendio_context **ret_context)
{
    struct pendio_context *context = NULL;
    struct pnd_snapshot shown = {0};
    int status = engine->subject->pool_get(engine->pools[pool_index].pool, &context);
    if (status == 0)
        pnd_engine_look(engine, context, &shown);
    (void)pnd_ledger_get(&engine->ledger, pool_index, status, context, &shown);
    if (status == 0 && pnd_ledger_context(&engine->ledger, context) == NULL) {
        engine->stopping = true; /* an offence already, and no page to go on with */
        return -EAGAIN;
    }
    if (status == 0)
        *ret_context = context;
    return status;
}

int pnd_instance_put(struct pnd_engine *engine, struct pendio_context *context)
{
    const struct pnd_context_page *page = pnd_ledger_context(&engine->ledger, context);
    struct pnd_queue *waiting = &engine->pools[page->pool_index].waiting;
    int status = engine->subject->pool_put(context);
    pnd_ledger_put(&engine->ledger, context, status);
    struct pnd_instance *instance = status == 0 ? pnd_queue_take(waiting) : NULL;
    if (instance != NULL)
        pnd_instance_wake(engine, instance);
    return status;
}
