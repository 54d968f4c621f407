/*
 * plan_count.c - counts what a run will use and holds it against the limits.
 *
 * Happy path:  instances (also those that accepted connections begin), starts, contexts, memory,
 *              descriptors and time, each no more than the lower of daemon's and workload's limit.
 * Failures:    -E2BIG with the sum, the limit and what to lower; -EINVAL where actors begin each
 *              other without end, or nothing ever begins.
 */
#include "plan_compile.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <stdio.h>

enum {
    OWN_DESCRIPTOR_COUNT = 32, /* the ring, pipes, directories: what is not the workload's */
    PAGE_BYTES = 256,          /* of the books, for each handle */
    INSTANCE_BYTES = 256,
    NAME_BYTES = 32, /* of a handle, a context or a label that an instance knows */
};

static uint64_t add(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

uint64_t pnd_plan_count_times(const struct pnd_plan *plan, const struct pnd_plan_walk *at)
{
    const struct pnd_plan_actor *actor = &plan->actors[at->actor_index];
    const struct pnd_plan_block *block = &actor->blocks[at->block_index];
    return multiply(actor->instance_total,
                    multiply(block->repeat_count, block->steps[at->step_index].times));
}

/* How many instances of `wanted` one pass over all accepts begins, as totals stand now. */
static uint64_t instances_begun(const struct pnd_plan *plan, uint32_t wanted)
{
    uint64_t total = plan->actors[wanted].instance_count;
    struct pnd_plan_walk walk = {0};
    const struct pnd_plan_step *step = NULL;
    while ((step = pnd_plan_next_step(plan, &walk)) != NULL)
        if (step->actor_index == (int32_t)wanted)
            total = add(total, pnd_plan_count_times(plan, &walk));
    return total;
}

static int count_instances(struct pnd_compiler *compiler)
{
    struct pnd_plan *plan = compiler->plan;
    for (uint32_t pass = 0; pass <= plan->actor_count; pass++) {
        bool changed = false;
        for (uint32_t i = 0; i < plan->actor_count; i++) {
            uint64_t total = instances_begun(plan, i);
            changed = changed || total != plan->actors[i].instance_total;
            plan->actors[i].instance_total = total;
        }
        if (!changed)
            return 0;
    }
    return pnd_plan_refuse(compiler, -EINVAL, "actors",
                           "begin each other without end; break the circle of `start_actor`");
}

static int check_begun(struct pnd_compiler *compiler)
{
    struct pnd_plan *plan = compiler->plan;
    uint64_t begun = 0;
    for (uint32_t i = 0; i < plan->actor_count; i++) {
        char path[64];
        snprintf(path, sizeof path, "actors[%u]", i);
        begun += plan->actors[i].instance_count;
        if (plan->actors[i].instance_total == 0 && !plan->placement.given)
            return pnd_plan_refuse(
                compiler, -EINVAL, path,
                "\"%.60s\" never begins; set instance_count, or name it in a `start_actor`",
                plan->actors[i].name);
    }
    if (begun == 0 && plan->placement.given)
        return pnd_plan_refuse(compiler, -EINVAL, "actors", "none begins at place %u; leave it out",
                               plan->placement.place);
    if (begun == 0)
        return pnd_plan_refuse(compiler, -EINVAL, "actors",
                               "no instance begins; set instance_count of one to at least 1");
    return 0;
}

static bool uses_self(const struct pnd_plan_actor *actor)
{
    for (uint32_t i = 0; i < actor->block_count; i++)
        for (uint32_t j = 0; j < actor->blocks[i].step_count; j++)
            if (actor->blocks[i].steps[j].handle_index == PND_PLAN_SELF)
                return true;
    return false;
}

static int check_self(struct pnd_compiler *compiler)
{
    for (uint32_t i = 0; i < compiler->plan->actor_count; i++) {
        const struct pnd_plan_actor *actor = &compiler->plan->actors[i];
        char path[64];
        snprintf(path, sizeof path, "actors[%u]", i);
        if (actor->instance_count > 0 && uses_self(actor))
            return pnd_plan_refuse(compiler, -EINVAL, path,
                                   "uses \"self\" but begins without a connection; "
                                   "set instance_count to 0 and begin it with `start_actor`");
    }
    return 0;
}

/* Starts of one round; of one of its steps, which is drawn, as many as in the mean. */
static uint64_t operations_of_round(const struct pnd_plan_block *block)
{
    bool one = block->order == PENDIO__ORDER__ONE_OF_THEM;
    uint64_t count = 0;
    for (uint32_t i = 0; i < block->step_count; i++)
        if (pnd_plan_is_start(block->steps[i].operation))
            count = add(count, multiply(block->steps[i].times, one ? block->steps[i].weight : 1));
    return one ? add(count, block->weight_sum - 1) / block->weight_sum : count;
}

static void count_operations(struct pnd_plan *plan)
{
    for (uint32_t i = 0; i < plan->actor_count; i++) {
        struct pnd_plan_actor *actor = &plan->actors[i];
        for (uint32_t j = 0; j < actor->block_count; j++) {
            const struct pnd_plan_block *block = &actor->blocks[j];
            actor->operation_count = add(actor->operation_count,
                                         multiply(operations_of_round(block), block->round_count));
        }
        plan->instance_total = add(plan->instance_total, actor->instance_total);
        plan->operation_count =
            add(plan->operation_count, multiply(actor->operation_count, actor->instance_total));
    }
}

/* A workload may ask for less than the daemon allows, never for more; 0 asks for nothing. */
static int limit_of(const struct pnd_compiler *compiler, const char *path, uint64_t asked,
                    uint64_t ceiling, uint64_t *ret_limit)
{
    if (asked > ceiling)
        return pnd_plan_refuse(compiler, -E2BIG, path, "is %llu, but %llu is allowed; lower it",
                               (unsigned long long)asked, (unsigned long long)ceiling);
    *ret_limit = asked > 0 ? asked : ceiling;
    return 0;
}

static int hold(const struct pnd_compiler *compiler, const char *path, uint64_t used,
                uint64_t limit, const char *what)
{
    if (used <= limit)
        return 0;
    return pnd_plan_refuse(compiler, -E2BIG, path,
                           "needs %llu %s, but %llu are allowed; ask for less",
                           (unsigned long long)used, what, (unsigned long long)limit);
}

/* Of the arena, for each context. */
static uint64_t bytes_outside(const struct pnd_plan_pool *pool)
{
    return add(add(pool->caller_bytes, pool->vector_bytes + pool->control_bytes),
               pool->piece_count * sizeof(struct pendio_bytes));
}

static uint64_t memory_used(const struct pnd_plan *plan)
{
    uint64_t used = (uint64_t)plan->handle_count * PAGE_BYTES;
    for (uint32_t i = 0; i < plan->pool_count; i++)
        used = add(used, multiply(plan->pools[i].context_count,
                                  add(plan->pools[i].slice_bytes, bytes_outside(&plan->pools[i]))));
    for (uint32_t i = 0; i < plan->endpoint_count; i++)
        used = add(used, plan->endpoints[i].file_bytes);
    for (uint32_t i = 0; i < plan->actor_count; i++) {
        const struct pnd_plan_actor *actor = &plan->actors[i];
        uint64_t each = INSTANCE_BYTES + NAME_BYTES * ((uint64_t)actor->handle_count +
                                                       actor->context_count + actor->label_count);
        used = add(used, multiply(actor->instance_total,
                                  each + (actor->loaded ? sizeof(struct pnd_load) : 0)));
    }
    return used;
}

static uint64_t descriptors_used(const struct pnd_plan *plan)
{
    uint64_t used = 0;
    for (uint32_t i = 0; i < plan->actor_count; i++)
        used = add(used, multiply(plan->actors[i].instance_total, plan->actors[i].handle_count));
    return (used < plan->handle_count ? used : plan->handle_count) + OWN_DESCRIPTOR_COUNT;
}

static int check_contexts(struct pnd_compiler *compiler, uint64_t limit)
{
    struct pnd_plan *plan = compiler->plan;
    const Pendio__LoopSettings *loop = compiler->workload->loop;
    for (uint32_t i = 0; i < plan->pool_count; i++)
        plan->context_count += plan->pools[i].context_count;
    if (loop != NULL && loop->operation_count > 0 && loop->operation_count < plan->context_count)
        return pnd_plan_refuse(compiler, -EINVAL, "loop.operation_count",
                               "is %u, but the pools have %llu contexts; raise it, or leave it out",
                               loop->operation_count, (unsigned long long)plan->context_count);
    if (loop != NULL && loop->operation_count > limit)
        return hold(compiler, "loop.operation_count", loop->operation_count, limit, "contexts");
    return hold(compiler, "pools", plan->context_count, limit, "contexts");
}

int pnd_plan_count(struct pnd_compiler *compiler, const struct pnd_plan_limits *limits)
{
    static const Pendio__Limits none = PENDIO__LIMITS__INIT;
    struct pnd_plan *plan = compiler->plan;
    const Pendio__Limits *asked =
        compiler->workload->limits != NULL ? compiler->workload->limits : &none;
    struct pnd_plan_limits own = {0};
    int status = count_instances(compiler);
    if (status == 0)
        status = check_begun(compiler);
    if (status == 0)
        status = check_self(compiler);
    if (status == 0 && plan->placement.given)
        status = pnd_plan_settle_places(compiler);
    if (status == 0)
        status =
            limit_of(compiler, "limits.time_ms", asked->time_ms, limits->time_ms, &own.time_ms);
    if (status == 0)
        status = limit_of(compiler, "limits.context_count", asked->context_count,
                          limits->context_count, &own.context_count);
    if (status == 0)
        status = limit_of(compiler, "limits.memory_bytes", asked->memory_bytes,
                          limits->memory_bytes, &own.memory_bytes);
    if (status == 0)
        status = limit_of(compiler, "limits.descriptor_count", asked->descriptor_count,
                          limits->descriptor_count, &own.descriptor_count);
    if (status == 0)
        status = check_contexts(compiler, own.context_count);
    if (status == 0)
        status = hold(compiler, "workload", memory_used(plan), own.memory_bytes, "bytes of memory");
    if (status == 0)
        status =
            hold(compiler, "workload", descriptors_used(plan), own.descriptor_count, "descriptors");
    plan->time_ms = own.time_ms;
    if (status == 0)
        count_operations(plan);
    return status;
}
