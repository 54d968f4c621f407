/*
 * step_start.c - steps that start an operation with a context.
 *
 * Happy path:  take a context, prepare its task, run it, `times` over; unnamed contexts go side by
 *              side, a named one goes again when it is back.
 * Failures:    no context and no capacity park the instance, unless the step expects just that.
 */
#include "instance.h"

#include "expect.h"
#include "round.h"
#include "task.h"

#include <errno.h>

static struct pnd_named_context *named_context(struct pnd_instance *instance,
                                               const struct pnd_plan_step *step)
{
    return step->context_index == PND_PLAN_NONE ? NULL : &instance->contexts[step->context_index];
}

/* Returns 0 and the context, or what get answered. */
static int take_context(struct pnd_engine *engine, struct pnd_instance *instance,
                        const struct pnd_plan_step *step, struct pendio_context **ret_context)
{
    struct pnd_named_context *named = named_context(instance, step);
    if (named != NULL && named->taken) {
        *ret_context = named->context;
        return 0;
    }
    int status = pnd_instance_get(engine, step->pool_index, ret_context);
    if (status == 0 && named != NULL)
        *named = (struct pnd_named_context){.context = *ret_context, .taken = true};
    return status;
}

/* Starts number k of the step; with `advance` each takes the bytes after those before it. */
static uint64_t offset_of(const struct pnd_instance *instance, const struct pnd_plan_step *step)
{
    uint64_t offset = step->offset;
    uint64_t repeat_count = instance->actor->blocks[instance->block_index].repeat_count;
    if (step->offset_by_instance)
        offset += instance->index * repeat_count * step->times * step->bytes;
    if (step->advance)
        offset +=
            ((uint64_t)instance->iteration * step->times + instance->started_count) * step->bytes;
    return offset;
}

/* Drawn once for each start, however often that has to be tried. */
static uint64_t bytes_of(struct pnd_instance *instance, const struct pnd_plan_step *step)
{
    if (!step->drawn)
        return step->bytes;
    if (!instance->drawn)
        instance->drawn_bytes = pnd_draw_number(&instance->draw, &step->bytes_of);
    instance->drawn = true;
    return instance->drawn_bytes;
}

static void prepare_task(struct pnd_task *task, struct pnd_instance *instance,
                         const struct pnd_plan_step *step, struct pendio_context *context)
{
    task->instance = instance;
    task->step = step;
    task->context = context;
    task->named = step->context_index != PND_PLAN_NONE;
    task->counted = false;
    task->number = instance->started_count;
    task->block_index = instance->block_index;
    task->iteration = instance->iteration;
    task->bytes = bytes_of(instance, step);
    task->offset = offset_of(instance, step);
    if (step->content != PENDIO__CONTENT__ECHO)
        task->moved_bytes = 0;
}

static enum pnd_step_verdict no_context(struct pnd_engine *engine, struct pnd_instance *instance,
                                        const struct pnd_plan_step *step, int status)
{
    if (pnd_expect_refusal(step, status) || status != -EAGAIN) {
        pnd_expect_refused(engine, instance, step, status);
        pnd_expect_over(engine, instance, step, instance->block_index, instance->iteration);
        return PND_STEP_NEXT;
    }
    instance->state = PND_INSTANCE_AWAITS_CONTEXT;
    pnd_queue_add(&engine->pools[step->pool_index].waiting, instance);
    return PND_STEP_WAIT;
}

static enum pnd_step_verdict no_capacity(struct pnd_engine *engine, struct pnd_instance *instance,
                                         struct pnd_task *task)
{
    pnd_task_release(engine, task);
    instance->state = PND_INSTANCE_AWAITS_CAPACITY;
    pnd_queue_add(&engine->capacity, instance);
    return PND_STEP_WAIT;
}

static enum pnd_step_verdict start_one(struct pnd_engine *engine, struct pnd_instance *instance,
                                       const struct pnd_plan_step *step)
{
    struct pendio_context *context = NULL;
    int status = take_context(engine, instance, step, &context);
    if (status < 0)
        return no_context(engine, instance, step, status);
    if (pnd_ledger_context(&engine->ledger, context)->pending) {
        pnd_task_run_busy(engine, instance, step, context);
        pnd_expect_over(engine, instance, step, instance->block_index, instance->iteration);
        return PND_STEP_NEXT;
    }
    struct pnd_task *task = pnd_task_of(engine, context);
    prepare_task(task, instance, step, context);
    switch (pnd_task_run(engine, task)) {
    case PND_TASK_NO_CAPACITY:
        return no_capacity(engine, instance, task);
    case PND_TASK_OVER:
        pnd_task_release(engine, task);
        pnd_expect_over(engine, instance, step, task->block_index, task->iteration);
        break;
    case PND_TASK_PENDING:
        break;
    }
    instance->drawn = false;
    return PND_STEP_NEXT;
}

enum pnd_step_verdict pnd_step_start(struct pnd_engine *engine, struct pnd_instance *instance,
                                     const struct pnd_plan_step *step)
{
    bool one_by_one = step->context_index != PND_PLAN_NONE;
    while (instance->started_count < step->times && !engine->stopping) {
        if (one_by_one && pnd_round_await(instance) == PND_STEP_WAIT)
            return PND_STEP_WAIT;
        if (start_one(engine, instance, step) == PND_STEP_WAIT)
            return PND_STEP_WAIT;
        instance->started_count++;
    }
    return pnd_round_await(instance);
}
