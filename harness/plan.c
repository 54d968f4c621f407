/*
 * plan.c - turns a workload into a plan, or says in one line why it cannot be one.
 *
 * Happy path:  pools and endpoints -> names -> actors, blocks, steps -> totals within the limits.
 * Failures:    the first contradiction ends it; what was built until then is freed.
 */
#include "plan_compile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    CONTEXT_CEILING = 32768,
    TIME_CEILING_MS = 60000,
    SLEEPING_CEILING_NS = 1000000000,
    BATCH_FLOOR_NS = 1000,
    BATCH_CEILING = 32768,
    DEFAULT_HANDLE_COUNT = 1024,
    HANDLE_CEILING = 1048575,
    DEFAULT_HARVEST_COUNT = 256,
    HARVEST_CEILING = 65536,
    SLICE_ALIGNMENT_BYTES = 64,
};

static const uint64_t memory_ceiling_bytes = UINT64_C(1) << 30;

/* Input and path; returns how much of the line they take. */
static size_t begin_line(const struct pnd_compiler *compiler, const char *path)
{
    const char *name = compiler->workload->name;
    struct pnd_message_error *error = compiler->error;
    int length =
        snprintf(error->text, sizeof error->text,
                 "%.100s: %.100s: ", name[0] != '\0' ? name : "workload without a name", path);
    return length > 0 ? (size_t)length : 0;
}

int pnd_plan_refuse(const struct pnd_compiler *compiler, int status, const char *path,
                    const char *format, ...)
{
    size_t used = begin_line(compiler, path);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(compiler->error->text + used, sizeof compiler->error->text - used, format, arguments);
    va_end(arguments);
    return status;
}

int pnd_plan_refuse_step(const struct pnd_compiler *compiler, const char *format, ...)
{
    char path[96];
    snprintf(path, sizeof path, "actors[%zu].blocks[%zu].steps[%zu]", compiler->actor_index,
             compiler->block_index, compiler->step_index);
    size_t used = begin_line(compiler, path);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(compiler->error->text + used, sizeof compiler->error->text - used, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

int pnd_plan_refuse_block(const struct pnd_compiler *compiler, const char *field,
                          const char *format, ...)
{
    char path[96];
    snprintf(path, sizeof path, "actors[%zu].blocks[%zu]%s%s", compiler->actor_index,
             compiler->block_index, field[0] != '\0' ? "." : "", field);
    size_t used = begin_line(compiler, path);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(compiler->error->text + used, sizeof compiler->error->text - used, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

void pnd_plan_limits_init(struct pnd_plan_limits *limits)
{
    struct rlimit descriptors = {.rlim_cur = 1024};
    (void)getrlimit(RLIMIT_NOFILE, &descriptors);
    *limits = (struct pnd_plan_limits){
        .context_count = CONTEXT_CEILING,
        .memory_bytes = memory_ceiling_bytes,
        .time_ms = TIME_CEILING_MS,
        .descriptor_count = descriptors.rlim_cur,
    };
}

static int compile_pool(struct pnd_compiler *compiler, size_t index)
{
    const Pendio__Pool *source = compiler->workload->pools[index];
    struct pnd_plan *plan = compiler->plan;
    char path[64];
    snprintf(path, sizeof path, "pools[%zu]", index);
    if (source->name[0] == '\0')
        return pnd_plan_refuse(compiler, -EINVAL, path, "has no name; give it one");
    if (source->context_count == 0)
        return pnd_plan_refuse(compiler, -EINVAL, path,
                               "has no contexts; set context_count to at least 1");
    for (size_t i = 0; i < index; i++)
        if (strcmp(plan->pools[i].name, source->name) == 0)
            return pnd_plan_refuse(compiler, -EINVAL, path,
                                   "is named \"%.60s\" like pools[%zu]; rename one", source->name,
                                   i);
    uint64_t slice_bytes = source->slice_bytes;
    if (slice_bytes > UINT64_MAX - SLICE_ALIGNMENT_BYTES)
        slice_bytes = UINT64_MAX - SLICE_ALIGNMENT_BYTES;
    plan->pools[index] = (struct pnd_plan_pool){
        .name = source->name,
        .context_count = source->context_count,
        .slice_bytes = (slice_bytes + SLICE_ALIGNMENT_BYTES - 1) / SLICE_ALIGNMENT_BYTES *
                       SLICE_ALIGNMENT_BYTES,
    };
    return 0;
}

static int compile_endpoint(struct pnd_compiler *compiler, size_t index)
{
    const Pendio__Endpoint *source = compiler->workload->endpoints[index];
    struct pnd_plan *plan = compiler->plan;
    char path[64];
    snprintf(path, sizeof path, "endpoints[%zu]", index);
    if (source->name[0] == '\0')
        return pnd_plan_refuse(compiler, -EINVAL, path, "has no name; give it one");
    if (source->family < PENDIO__FAMILY__TCP4 || source->family > PENDIO__FAMILY__FILE)
        return pnd_plan_refuse(compiler, -EINVAL, path,
                               "has unknown family %d; use TCP4, UNIX_STREAM, FILE, ...",
                               (int)source->family);
    if (source->file_bytes > 0 && source->family != PENDIO__FAMILY__FILE)
        return pnd_plan_refuse(compiler, -EINVAL, path,
                               "has file_bytes but is no FILE; remove them");
    for (size_t i = 0; i < index; i++)
        if (strcmp(plan->endpoints[i].name, source->name) == 0)
            return pnd_plan_refuse(compiler, -EINVAL, path,
                                   "is named \"%.60s\" like endpoints[%zu]; rename one",
                                   source->name, i);
    plan->endpoints[index] = (struct pnd_plan_endpoint){
        .name = source->name, .family = source->family, .file_bytes = source->file_bytes};
    return 0;
}

static int compile_blocks(struct pnd_compiler *compiler, const Pendio__Actor *source,
                          struct pnd_plan_actor *actor)
{
    for (uint32_t i = 0; i < actor->context_count; i++)
        compiler->context_pools[i] = PND_PLAN_NONE;
    for (size_t i = 0; i < source->n_blocks; i++) {
        compiler->block_index = i;
        int status = pnd_plan_compile_block(compiler, source->blocks[i], &actor->blocks[i]);
        if (status < 0)
            return status;
    }
    return 0;
}

static int compile_actor(struct pnd_compiler *compiler, size_t index)
{
    const Pendio__Actor *source = compiler->workload->actors[index];
    struct pnd_plan_actor *actor = &compiler->plan->actors[index];
    compiler->actor_index = index;
    compiler->label_count = 0;
    actor->instance_count = pnd_plan_is_here(compiler->plan, source) ? source->instance_count : 0;
    actor->block_count = (uint32_t)source->n_blocks;
    actor->blocks = calloc(source->n_blocks + 1, sizeof *actor->blocks);
    compiler->context_pools = calloc(actor->context_count + 1, sizeof *compiler->context_pools);
    int status = -ENOMEM;
    if (actor->blocks != NULL && compiler->context_pools != NULL)
        status = compile_blocks(compiler, source, actor);
    free(compiler->context_pools);
    compiler->context_pools = NULL;
    return status;
}

static int compile_each(struct pnd_compiler *compiler, size_t count,
                        int (*compile)(struct pnd_compiler *, size_t))
{
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++)
        status = compile(compiler, i);
    return status;
}

/* What the library would refuse without saying which. */
static int compile_sleeping(const struct pnd_compiler *compiler)
{
    const Pendio__LoopSettings *loop = compiler->workload->loop;
    if (loop == NULL)
        return 0;
    if (loop->spin_ns > SLEEPING_CEILING_NS)
        return pnd_plan_refuse(compiler, -EINVAL, "loop.spin_ns", "is %llu; at most %d",
                               (unsigned long long)loop->spin_ns, SLEEPING_CEILING_NS);
    if ((loop->batch_ns == 0) != (loop->batch_count == 0))
        return pnd_plan_refuse(compiler, -EINVAL, "loop.batch_ns",
                               "and batch_count belong together: give both or none");
    if (loop->batch_ns != 0 &&
        (loop->batch_ns < BATCH_FLOOR_NS || loop->batch_ns > SLEEPING_CEILING_NS))
        return pnd_plan_refuse(compiler, -EINVAL, "loop.batch_ns", "is %llu; %d to %d",
                               (unsigned long long)loop->batch_ns, BATCH_FLOOR_NS,
                               SLEEPING_CEILING_NS);
    if (loop->batch_count == 1 || loop->batch_count > BATCH_CEILING)
        return pnd_plan_refuse(compiler, -EINVAL, "loop.batch_count", "is %u; 2 to %d",
                               loop->batch_count, BATCH_CEILING);
    return 0;
}

static int compile_settings(struct pnd_compiler *compiler)
{
    const Pendio__Workload *workload = compiler->workload;
    struct pnd_plan *plan = compiler->plan;
    const Pendio__LoopSettings *loop = workload->loop;
    if (workload->version > 1)
        return pnd_plan_refuse(compiler, -EINVAL, "version", "is %u; this program knows version 1",
                               workload->version);
    plan->seed = workload->seed > 0 ? workload->seed : 1;
    plan->handle_count =
        loop != NULL && loop->handle_count > 0 ? loop->handle_count : DEFAULT_HANDLE_COUNT;
    plan->harvest_count =
        loop != NULL && loop->harvest_count > 0 ? loop->harvest_count : DEFAULT_HARVEST_COUNT;
    if (plan->handle_count > HANDLE_CEILING)
        return pnd_plan_refuse(compiler, -E2BIG, "loop.handle_count", "is %u; at most %d",
                               plan->handle_count, HANDLE_CEILING);
    if (plan->harvest_count > HARVEST_CEILING)
        return pnd_plan_refuse(compiler, -E2BIG, "loop.harvest_count", "is %u; at most %d",
                               plan->harvest_count, HARVEST_CEILING);
    return compile_sleeping(compiler);
}

static int allocate(struct pnd_plan *plan, const Pendio__Workload *workload)
{
    plan->workload = workload;
    plan->pool_count = (uint32_t)workload->n_pools;
    plan->endpoint_count = (uint32_t)workload->n_endpoints;
    plan->pools = calloc(workload->n_pools + 1, sizeof *plan->pools);
    plan->endpoints = calloc(workload->n_endpoints + 1, sizeof *plan->endpoints);
    plan->actors = calloc(workload->n_actors + 1, sizeof *plan->actors);
    if (plan->pools == NULL || plan->endpoints == NULL || plan->actors == NULL)
        return -ENOMEM;
    plan->actor_count = (uint32_t)workload->n_actors;
    return 0;
}

static int compile(struct pnd_compiler *compiler, const Pendio__Placement *placement,
                   const struct pnd_plan_limits *limits)
{
    const Pendio__Workload *workload = compiler->workload;
    int status = allocate(compiler->plan, workload);
    if (status == 0)
        status = compile_settings(compiler);
    if (status == 0)
        status = pnd_plan_compile_placement(compiler, placement);
    if (status == 0)
        status = pnd_plan_compile_environment(compiler);
    if (status == 0)
        status = pnd_plan_check_names(compiler);
    if (status == 0)
        status = compile_each(compiler, workload->n_pools, compile_pool);
    if (status == 0)
        status = compile_each(compiler, workload->n_endpoints, compile_endpoint);
    if (status == 0)
        status = pnd_plan_collect_names(compiler);
    if (status == 0)
        status = compile_each(compiler, workload->n_actors, compile_actor);
    if (status == 0)
        status = pnd_plan_check_run(compiler);
    if (status == 0)
        status = pnd_plan_compile_places(compiler);
    if (status == 0)
        status = pnd_plan_count(compiler, limits);
    return status;
}

int pnd_plan_create(const Pendio__Workload *workload, const Pendio__Placement *placement,
                    const struct pnd_plan_limits *limits, struct pnd_plan **ret_plan,
                    struct pnd_message_error *error)
{
    error->text[0] = '\0';
    struct pnd_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL)
        return -ENOMEM;
    struct pnd_compiler compiler = {.workload = workload, .plan = plan, .error = error};
    int status = compile(&compiler, placement, limits);
    if (status == -ENOMEM)
        snprintf(error->text, sizeof error->text, "no memory left to plan the workload");
    if (status < 0) {
        pnd_plan_destroy(plan);
        return status;
    }
    *ret_plan = plan;
    return 0;
}

int pnd_plan_check(const Pendio__Workload *workload, const Pendio__Placement *placement,
                   const struct pnd_plan_limits *limits, struct pnd_message_error *error)
{
    struct pnd_plan *plan = NULL;
    int status = pnd_plan_create(workload, placement, limits, &plan, error);
    pnd_plan_destroy(plan);
    return status;
}

const struct pnd_plan_step *pnd_plan_next_step(const struct pnd_plan *plan,
                                               struct pnd_plan_walk *walk)
{
    for (; walk->actor_index < plan->actor_count; walk->actor_index++, walk->block_index = 0) {
        const struct pnd_plan_actor *actor = &plan->actors[walk->actor_index];
        for (; walk->block_index < actor->block_count; walk->block_index++, walk->next_index = 0) {
            const struct pnd_plan_block *block = &actor->blocks[walk->block_index];
            walk->step_index = walk->next_index;
            if (walk->next_index++ < block->step_count)
                return &block->steps[walk->step_index];
        }
    }
    return NULL;
}

static void step_free(struct pnd_plan_step *step)
{
    free(step->packets);
    free(step->after);
}

static void actor_free(struct pnd_plan_actor *actor)
{
    for (uint32_t i = 0; actor->blocks != NULL && i < actor->block_count; i++) {
        for (uint32_t j = 0; j < actor->blocks[i].step_count; j++)
            step_free(&actor->blocks[i].steps[j]);
        free(actor->blocks[i].steps);
    }
    free(actor->blocks);
    free((void *)actor->handle_names);
    free((void *)actor->context_names);
}

void pnd_plan_destroy(struct pnd_plan *plan)
{
    if (plan == NULL)
        return;
    for (uint32_t i = 0; i < plan->actor_count; i++)
        actor_free(&plan->actors[i]);
    free(plan->actors);
    free(plan->endpoints);
    free(plan->pools);
    free((void *)plan->events);
    free(plan->event_ways);
    free(plan);
}
