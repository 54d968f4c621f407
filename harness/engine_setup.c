/*
 * engine_setup.c - reserves everything a run will need, so that it allocates nothing later.
 *
 * Happy path:  memory for the whole plan -> files -> loop -> pools -> first instances.
 * Failures:    -errno and the part that failed, with everything undone; nothing was run.
 */
#include "address.h"
#include "control.h"
#include "engine.h"
#include "fixed.h"
#include "instance.h"
#include "need.h"
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FILE_PIECE_BYTES = 1 << 16,
    PLACE_STREAM_COUNT = 1 << 27, /* streams that begin at one place */
};

static int allocate_instances(struct pnd_engine *engine)
{
    const struct pnd_plan *plan = engine->plan;
    uint64_t handle_count = 0;
    uint64_t context_count = 0;
    uint64_t over_count = 0;
    uint64_t load_count = 0;
    for (uint32_t i = 0; i < plan->actor_count; i++) {
        handle_count += plan->actors[i].instance_total * plan->actors[i].handle_count;
        context_count += plan->actors[i].instance_total * plan->actors[i].context_count;
        over_count += plan->actors[i].instance_total * plan->actors[i].label_count;
        load_count += plan->actors[i].loaded ? plan->actors[i].instance_total : 0;
    }
    engine->instances = calloc(plan->instance_total + 1, sizeof *engine->instances);
    engine->handle_memory = calloc(handle_count + 1, sizeof *engine->handle_memory);
    engine->context_memory = calloc(context_count + 1, sizeof *engine->context_memory);
    engine->over_count_memory = calloc(over_count + 1, sizeof *engine->over_count_memory);
    engine->load_memory = calloc(load_count + 1, sizeof *engine->load_memory);
    engine->alarms.heap = calloc(plan->instance_total + 1, sizeof *engine->alarms.heap);
    engine->begun_counts = calloc(plan->actor_count + 1, sizeof *engine->begun_counts);
    bool complete = engine->instances != NULL && engine->handle_memory != NULL &&
                    engine->context_memory != NULL && engine->begun_counts != NULL &&
                    engine->over_count_memory != NULL && engine->load_memory != NULL &&
                    engine->alarms.heap != NULL;
    return complete ? 0 : -ENOMEM;
}

static int allocate_rest(struct pnd_engine *engine)
{
    const struct pnd_plan *plan = engine->plan;
    engine->pools = calloc(plan->pool_count + 1, sizeof *engine->pools);
    engine->endpoints = calloc(plan->endpoint_count + 1, sizeof *engine->endpoints);
    engine->events = calloc(plan->event_count + 1, sizeof *engine->events);
    engine->completions = calloc(plan->harvest_count, sizeof *engine->completions);
    engine->pieces = calloc(plan->piece_count + 1, sizeof *engine->pieces);
    engine->packets = calloc(plan->packet_count + 1, sizeof *engine->packets);
    engine->tasks = calloc(plan->context_count + 1, sizeof *engine->tasks);
    engine->flows = calloc(engine->ledger.handle_capacity + 1, sizeof *engine->flows);
    bool complete = engine->pools != NULL && engine->endpoints != NULL && engine->events != NULL &&
                    engine->completions != NULL && engine->tasks != NULL && engine->flows != NULL &&
                    engine->pieces != NULL && engine->packets != NULL;
    return complete ? 0 : -ENOMEM;
}

static int write_fully(int descriptor, const uint8_t *bytes, size_t byte_count)
{
    while (byte_count > 0) {
        ssize_t count = write(descriptor, bytes, byte_count);
        if (count < 0 && errno != EINTR)
            return -errno;
        bytes += count > 0 ? count : 0;
        byte_count -= count > 0 ? (size_t)count : 0;
    }
    return 0;
}

static int fill_file(const struct pnd_engine *engine, int descriptor, uint32_t stream,
                     uint64_t file_bytes)
{
    uint8_t *piece = malloc(FILE_PIECE_BYTES);
    int status = piece == NULL ? -ENOMEM : 0;
    for (uint64_t offset = 0; status == 0 && offset < file_bytes;) {
        uint64_t left = file_bytes - offset;
        size_t byte_count = left < FILE_PIECE_BYTES ? (size_t)left : FILE_PIECE_BYTES;
        pnd_payload_fill(&engine->payload, stream, offset, piece, byte_count);
        status = write_fully(descriptor, piece, byte_count);
        offset += byte_count;
    }
    free(piece);
    return status;
}

static int create_file(const struct pnd_engine *engine, uint32_t index)
{
    const struct pnd_plan_endpoint *endpoint = &engine->plan->endpoints[index];
    int descriptor =
        open(engine->endpoints[index].path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return -errno;
    int status = fill_file(engine, descriptor, 1 + index, endpoint->file_bytes);
    close(descriptor);
    return status;
}

static int create_endpoints(struct pnd_engine *engine, struct pnd_engine_failure *failure)
{
    int status = 0;
    for (uint32_t i = 0; i < engine->plan->endpoint_count && status == 0; i++) {
        const struct pnd_plan_endpoint *endpoint = &engine->plan->endpoints[i];
        *failure = (struct pnd_engine_failure){PND_ENGINE_ENDPOINT, i};
        pnd_address_init(&engine->endpoints[i], endpoint->family, i);
        if (endpoint->file_bytes > 0)
            status = create_file(engine, i);
    }
    engine->next_stream =
        engine->plan->endpoint_count + 1 + engine->plan->placement.place * PLACE_STREAM_COUNT;
    return status < 0 ? status : pnd_sums_init(&engine->sums, engine->plan, engine->next_stream);
}

/* Whatever goes wrong in the run, its ring does nothing else; a message is always allowed. */
static uint64_t operations_needed(const struct pnd_plan *plan)
{
    uint64_t operations = UINT64_C(1) << PENDIO_OPERATION_POST;
    struct pnd_plan_walk walk = {0};
    const struct pnd_plan_step *step = NULL;
    while ((step = pnd_plan_next_step(plan, &walk)) != NULL)
        if (pnd_plan_is_start(step->operation))
            operations |= UINT64_C(1) << pnd_plan_start(step->operation);
    return operations;
}

/* A kernel that cannot hold a ring to some operations makes one for all of them. */
static int create_loop_of(struct pnd_engine *engine, struct pendio_loop_options *options)
{
    const struct pnd_subject *subject = engine->subject;
    if (subject == &pnd_subject_own)
        options->allowed_operations = operations_needed(engine->plan);
    int status = subject->loop_create(subject, options, &engine->loop);
    if (status != -ENOTSUP || options->allowed_operations == 0)
        return status;
    options->allowed_operations = 0;
    return subject->loop_create(subject, options, &engine->loop);
}

static int create_loop(struct pnd_engine *engine, struct pnd_engine_failure *failure)
{
    const struct pnd_plan *plan = engine->plan;
    const Pendio__LoopSettings *settings = plan->workload->loop;
    struct pendio_loop_options options = {
        .size = sizeof options,
        .operation_count = plan->context_count > 0 ? (uint32_t)plan->context_count : 1,
        .handle_count = plan->handle_count,
    };
    if (settings != NULL && settings->operation_count > 0)
        options.operation_count = settings->operation_count;
    if (settings != NULL) {
        options.done_budget = settings->done_budget;
        options.buffer_bytes = settings->buffer_bytes;
        options.buffer_count = settings->buffer_count;
        options.collect_bytes = settings->collect_bytes;
        options.collect_count = settings->collect_count;
        options.spin_ns = settings->spin_ns;
        options.batch_ns = settings->batch_ns;
        options.batch_count = settings->batch_count;
    }
    *failure = (struct pnd_engine_failure){.part = PND_ENGINE_LOOP};
    return create_loop_of(engine, &options);
}

static int create_pool(struct pnd_engine *engine, uint32_t index)
{
    const struct pnd_subject *subject = engine->subject;
    const struct pnd_plan_pool *source = &engine->plan->pools[index];
    struct pnd_engine_pool *pool = &engine->pools[index];
    struct pendio_pool_options options = {
        .size = sizeof options,
        .context_count = source->context_count,
        .slice_bytes = source->slice_bytes,
        .piece_count = source->piece_count,
    };
    pool->vector_bytes = source->vector_bytes;
    pool->control_bytes = source->control_bytes;
    pool->caller_bytes = source->caller_bytes;
    if (source->caller_bytes > 0) {
        pool->caller_memory =
            subject->memory_create(subject, source->context_count, source->caller_bytes);
        if (pool->caller_memory == NULL)
            return -ENOMEM;
    }
    if (source->vector_bytes > 0) {
        pool->vector_memory =
            subject->memory_create(subject, source->context_count, source->vector_bytes);
        if (pool->vector_memory == NULL)
            return -ENOMEM;
    }
    if (source->control_bytes > 0) {
        pool->control_memory =
            subject->memory_create(subject, source->context_count, source->control_bytes);
        if (pool->control_memory == NULL)
            return -ENOMEM;
    }
    return subject->pool_create(engine->loop, &options, &pool->pool);
}

static int create_pools(struct pnd_engine *engine, struct pnd_engine_failure *failure)
{
    int status = 0;
    for (uint32_t i = 0; i < engine->plan->pool_count && status == 0; i++) {
        if (engine->plan->pools[i].context_count == 0)
            continue; /* of actors elsewhere */
        *failure = (struct pnd_engine_failure){PND_ENGINE_POOL, i};
        status = create_pool(engine, i);
    }
    return status;
}

static void begin_instances(struct pnd_engine *engine)
{
    for (uint32_t i = 0; i < engine->plan->actor_count; i++)
        for (uint32_t j = 0; j < engine->plan->actors[i].instance_count; j++)
            pnd_instance_begin(engine, i, 0);
}

static int setup(struct pnd_engine *engine, struct pnd_engine_failure *failure)
{
    pnd_payload_init(&engine->payload, engine->plan->seed);
    pnd_referee_init(&engine->referee);
    pnd_latency_init(&engine->latency);
    pnd_latency_init(&engine->round_latency);
    pnd_fixed_begin(engine);
    int status = pnd_ledger_init(&engine->ledger, &engine->referee, engine->plan);
    if (status == 0 && engine->plan->workload->record != NULL &&
        engine->plan->workload->record->timeline)
        status = pnd_timeline_init(&engine->timeline);
    if (status == 0)
        status = allocate_instances(engine);
    if (status == 0)
        status = allocate_rest(engine);
    pnd_system_begin(engine->plan);
    if (status == 0 && engine->plan->passes)
        status = pnd_control_begin(engine);
    if (status == 0)
        status = create_endpoints(engine, failure);
    if (status == 0)
        status = create_loop(engine, failure);
    if (status == 0)
        status = create_pools(engine, failure);
    if (status == 0) {
        begin_instances(engine);
        pnd_need_check(engine);
    }
    return status;
}

int pnd_engine_create(const struct pnd_plan *plan, const struct pnd_subject *subject,
                      pnd_engine_progress_fn *progress, void *state, struct pnd_engine **ret_engine,
                      struct pnd_engine_failure *failure)
{
    *failure = (struct pnd_engine_failure){.part = PND_ENGINE_MEMORY};
    struct pnd_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return -ENOMEM;
    engine->plan = plan;
    engine->subject = subject;
    engine->passed = -1;
    engine->progress = progress;
    engine->progress_state = state;
    int status = setup(engine, failure);
    if (status < 0) {
        pnd_engine_destroy(engine);
        return status;
    }
    *ret_engine = engine;
    return 0;
}

void pnd_engine_destroy(struct pnd_engine *engine)
{
    const struct pnd_subject *subject = engine->subject;
    if (engine->loop != NULL)
        (void)subject->loop_destroy(engine->loop, 0, NULL);
    pnd_system_end(engine);
    pnd_control_end(engine);
    for (uint32_t i = 0; engine->pools != NULL && i < engine->plan->pool_count; i++)
        if (!engine->leaked) {
            subject->memory_destroy(subject, engine->pools[i].caller_memory);
            subject->memory_destroy(subject, engine->pools[i].vector_memory);
            subject->memory_destroy(subject, engine->pools[i].control_memory);
        }
    pnd_timeline_fini(&engine->timeline);
    pnd_sums_fini(&engine->sums);
    free(engine->pieces);
    free(engine->packets);
    free(engine->flows);
    free(engine->tasks);
    free(engine->completions);
    free(engine->events);
    free(engine->endpoints);
    free(engine->pools);
    free(engine->begun_counts);
    free(engine->alarms.heap);
    free(engine->load_memory);
    free(engine->over_count_memory);
    free(engine->context_memory);
    free(engine->handle_memory);
    free(engine->instances);
    pnd_ledger_fini(&engine->ledger);
    free(engine);
}
