/*
 * loop_life.c - how a loop begins and ends.
 *
 * Happy path:  environment -> identity -> ring -> tables; shutdown -> drain -> free.
 * Failures:    creation takes back what it had; an end with operations left in the kernel leaks the
 *              memory they may still write to, and counts them.
 */
#include "context.h"
#include "deliver.h"
#include "environment.h"
#include "loop.h"
#include "move.h"
#include "multishot.h"
#include "operation.h"
#include "outbox.h"
#include "pool.h"
#include "resolver.h"
#include "restrict.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096, ENTRY_COUNT_MOST = 512 };

_Thread_local uint64_t pnd_thread_identity = 1;
struct pnd_context pnd_nobody = {.token = UINT64_MAX, .state = PND_POOLED};

/* ---- creation ------------------------------------------------------------------------------- */

static int claim(struct pnd_loop *loop)
{
    static _Atomic uint64_t last_identity = 1;
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return -ENOMEM;
    if (madvise(page, PAGE_BYTES, MADV_WIPEONFORK) < 0) {
        int status = -errno;

        munmap(page, PAGE_BYTES);
        return status;
    }
    if (pnd_thread_identity == 1)
        pnd_thread_identity = atomic_fetch_add(&last_identity, 1) + 1;
    loop->owner = page;
    *loop->owner = pnd_thread_identity;
    return 0;
}

/* Handles of another loop must not be taken for this one's; 0 is no loop. */
static uint16_t next_loop_id(void)
{
    static _Atomic uint16_t last_id;
    uint16_t id = 0;

    while (id == 0)
        id = (uint16_t)(atomic_fetch_add(&last_id, 1) + 1);
    return id;
}

static uint32_t power_of_two(uint32_t at_least)
{
    return at_least <= 1 ? 1 : 1u << (32 - __builtin_clz(at_least - 1));
}

/* Completions of multishot requests for which there is room beside those of contexts. */
static uint32_t multishot_share(const struct pendio_loop_options *options)
{
    return options->handle_count < PND_MULTISHOT_LIMIT ? options->handle_count
                                                       : PND_MULTISHOT_LIMIT;
}

static int create_ring(struct pnd_loop *loop, const struct pendio_loop_options *options,
                       uint64_t masked_features)
{
    uint32_t entry_count = power_of_two(options->operation_count + PND_CANCEL_LIMIT);
    const struct pnd_opcodes allowed = pnd_restrict_opcodes(options->allowed_operations);
    const struct pnd_ring_settings settings = {
        .entry_count = entry_count < ENTRY_COUNT_MOST ? entry_count : ENTRY_COUNT_MOST,
        .completion_count =
            power_of_two(2 * options->operation_count + PND_OWN_LIMIT + multishot_share(options)),
        .memory_count = PND_ARENA_LIMIT,
        .masked_features = masked_features,
        .batch_ns = options->batch_ns,
        .allowed = options->allowed_operations != 0 ? &allowed : NULL,
    };

    loop->ring.backend = &pnd_ring_uring;
    return loop->ring.backend->init(&loop->ring, &settings);
}

/* A completion for every context, and all that the loop asks for itself; notices get the rest. */
static uint32_t slots_within(struct pnd_loop *loop, const struct pendio_loop_options *options)
{
    uint32_t most = loop->ring.completion_count - PND_OWN_LIMIT - multishot_share(options);
    uint32_t slot_count = options->operation_count < most ? options->operation_count : most;

    loop->notice_room_count = most - slot_count;
    return slot_count;
}

static int create_slots(struct pnd_loop *loop, uint32_t slot_count, uint16_t loop_id)
{
    uint32_t room = power_of_two(slot_count);

    loop->contexts = calloc(room, sizeof(struct pnd_context *));
    loop->tokens = calloc(slot_count, sizeof *loop->tokens);
    loop->free_slots = calloc(slot_count, sizeof *loop->free_slots);
    if (loop->contexts == NULL || loop->tokens == NULL || loop->free_slots == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < room; i++)
        loop->contexts[i] = &pnd_nobody;
    loop->slot_mask = room - 1;
    for (uint32_t i = 0; i < slot_count; i++) {
        loop->tokens[i] = (uint64_t)loop_id << PND_TOKEN_LOOP_SHIFT | i;
        loop->free_slots[i] = slot_count - 1 - i;
    }
    loop->slot_count = slot_count;
    loop->free_slot_count = slot_count;
    return 0;
}

static int create_ready(struct pnd_ready *ready, uint32_t count)
{
    uint32_t size = power_of_two(count);

    ready->entries = calloc(size, sizeof(struct pnd_context *));
    ready->mask = size - 1;
    return ready->entries == NULL ? -ENOMEM : 0;
}

static void free_tables(struct pnd_loop *loop)
{
    pnd_inbox_store_fini(&loop->inboxes);
    pnd_outbox_fini(&loop->outbox);
    free(loop->callbacks.entries);
    free(loop->records.entries);
    free(loop->contexts);
    free(loop->tokens);
    free(loop->free_slots);
    free(loop->name_servers);
}

static int create_tables(struct pnd_loop *loop, const struct pendio_loop_options *options)
{
    uint32_t post_count = power_of_two(options->post_count < 2 ? 2 : options->post_count);
    uint16_t loop_id = next_loop_id();
    uint32_t slot_count = slots_within(loop, options);
    int status = create_slots(loop, slot_count, loop_id);

    if (status == 0 && options->name_servers != NULL) {
        loop->name_servers = strdup(options->name_servers);
        status = loop->name_servers == NULL ? -ENOMEM : 0;
    }
    if (status == 0)
        status = create_ready(&loop->callbacks, loop->slot_count);
    if (status == 0)
        status = create_ready(&loop->records, loop->slot_count + post_count);
    if (status == 0)
        status = pnd_inbox_store_init(&loop->inboxes);
    if (status == 0)
        status = pnd_outbox_init(&loop->outbox, loop->ring.entry_count);
    if (status == 0)
        status = pnd_handle_table_init(&loop->handles, options->handle_count, loop_id);
    if (status < 0) {
        free_tables(loop);
        return status;
    }
    status = pnd_wake_init(&loop->wake, post_count);
    if (status < 0) {
        pnd_handle_table_fini(&loop->handles);
        free_tables(loop);
    }
    return status;
}

int pnd_loop_create(const struct pendio_loop_options *options, struct pnd_loop **ret_loop)
{
    uint64_t masked_features = 0;
    struct pnd_loop *loop;
    int status = pnd_environment_read(&masked_features);

    if (status == 0 && !pnd_restrict_knows(options->allowed_operations))
        status = -EINVAL;
    if (status < 0)
        return status;
    loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return -ENOMEM;
    loop->done_budget = options->done_budget;
    loop->allowed_operations =
        options->allowed_operations != 0 ? options->allowed_operations : UINT64_MAX;
    atomic_init(&loop->holder_count, 1);
    loop->batch_count = options->batch_count;
    loop->collect_count = options->collect_count;
    loop->collect_bytes = options->collect_bytes;
    loop->warm.round_count = PND_WARM_ROUNDS;
    loop->receive_turn = UINT64_MAX;
    loop->buffers.buffer_bytes = options->buffer_bytes;
    loop->buffers.buffer_count = power_of_two(options->buffer_count);
    pnd_signals_init(&loop->signals);
    for (int queue = 0; queue < PND_QUEUE_COUNT; queue++)
        TAILQ_INIT(&loop->queues[queue]);
    for (int list = 0; list < PND_ARMING_LIST_COUNT; list++)
        TAILQ_INIT(&loop->arming_lists[list]);
    LIST_INIT(&loop->pools);
    pnd_wheel_init(&loop->wheel, options->timer_slack_ns, pnd_clock_ns());
    status = claim(loop);
    if (status < 0)
        goto free_loop;
    status = create_ring(loop, options, masked_features);
    if (status < 0)
        goto disclaim;
    loop->spin.most_ns = loop->ring.can_look ? options->spin_ns : 0;
    status = create_tables(loop, options);
    if (status < 0)
        goto close_ring;
    *ret_loop = loop;
    return 0;

close_ring:
    loop->ring.backend->fini(&loop->ring);
disclaim:
    munmap(loop->owner, PAGE_BYTES);
free_loop:
    free(loop);
    return status;
}

static const struct {
    int status;
    const char *text;
} explanations[] = {
    {0, "the loop was created"},
    {-EACCES, "io_uring is switched off by PENDIO_DISABLE_URING; unset it to run"},
    {-ENOTSUP, "PENDIO_BACKEND names a backend that is not built in (use uring, or unset it), or "
               "this kernel cannot restrict a loop to allowed_operations"},
    {-EINVAL, "an option is out of range, or PENDIO_FEATURES is not a list like "
              "-fixed_buffers,-defer_taskrun"},
    {-E2BIG, "the options are of a newer release and ask for what this library does not know"},
    {-ENOSYS, "this kernel has no io_uring; Linux 6.1 or later has what pendio needs"},
    {-EPERM, "io_uring is denied here, by a seccomp profile or by the sysctl "
             "kernel.io_uring_disabled; allow it for this process"},
    {-ENOMEM, "not enough memory, or the locked-memory limit (ulimit -l) is too low for a ring; "
              "ask for fewer operations or raise it"},
    {-EMFILE, "no descriptor left for the ring; raise the limit (ulimit -n) or close some"},
    {-ENFILE, "no descriptor left in the system for the ring; close some"},
};

const char *pnd_loop_explain(int status)
{
    for (size_t i = 0; i < sizeof explanations / sizeof explanations[0]; i++)
        if (explanations[i].status == status)
            return explanations[i].text;
    return "the kernel refused to set up a ring for a reason of its own";
}

/* ---- the end -------------------------------------------------------------------------------- */

void pnd_loop_shutdown(struct pnd_loop *loop)
{
    loop->stopping = true;
    loop->startable_operations = 0;
    pnd_wake_close(&loop->wake);
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        struct pnd_context *context = loop->contexts[i];

        if (context->state == PND_PENDING)
            pnd_context_stop(context, PND_STOP_BY_CANCEL);
    }
    pnd_multishot_stop_all(loop);
}

/* Nobody is told any more, but closes that wait for a delivery go on. */
static void discard_ready(struct pnd_loop *loop, struct pnd_ready *ready)
{
    while (!pnd_ready_is_empty(ready)) {
        struct pnd_context *context = pnd_ready_pop(ready);

        if (context == NULL)
            continue;
        pnd_context_discard(context);
        pnd_deliver_set_free(loop, context);
    }
}

static void discard_all_ready(struct pnd_loop *loop)
{
    discard_ready(loop, &loop->callbacks);
    discard_ready(loop, &loop->records);
}

static void drain(struct pnd_loop *loop, int64_t drain_ns)
{
    uint64_t now_ns = pnd_clock_ns();
    uint64_t end_ns = drain_ns < 0 ? UINT64_MAX : now_ns + (uint64_t)drain_ns;

    discard_all_ready(loop);
    while ((loop->under_way_count != 0 || loop->armed_count != 0) && now_ns <= end_ns) {
        int64_t left_ns = end_ns == UINT64_MAX ? -1 : (int64_t)(end_ns - now_ns);

        if (pnd_loop_wait(loop, left_ns) < 0)
            break;
        discard_all_ready(loop);
        now_ns = pnd_clock_ns();
    }
}

/* It works for the run, or holds its memory. */
static bool kernel_has(const struct pnd_context *context)
{
    if (context->state == PND_PENDING)
        return context->place >= PND_IN_KERNEL || context->notice_count > 0;
    return context->state == PND_DRAINING;
}

/* What the kernel keeps is its own; what the runs have besides is given back. */
static uint64_t abandon(struct pnd_loop *loop)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < loop->slot_count; i++) {
        struct pnd_context *context = loop->contexts[i];

        if (!kernel_has(context))
            continue;
        pnd_context_drop(context);
        count++;
    }
    return count;
}

void pnd_loop_hold(struct pnd_loop *loop)
{
    atomic_fetch_add_explicit(&loop->holder_count, 1, memory_order_relaxed);
}

void pnd_loop_release(struct pnd_loop *loop)
{
    if (atomic_fetch_sub_explicit(&loop->holder_count, 1, memory_order_acq_rel) != 1)
        return;
    pnd_wake_fini(&loop->wake);
    free(loop);
}

uint64_t pnd_loop_destroy(struct pnd_loop *loop, int64_t drain_ns)
{
    uint64_t leaked_count;

    loop->ending = true;
    pnd_loop_shutdown(loop);
    drain(loop, drain_ns);
    pnd_loop_refuse_errands(loop);
    discard_all_ready(loop);
    pnd_moves_fini(loop);
    leaked_count = abandon(loop);
    if (leaked_count == 0) {
        while (!LIST_EMPTY(&loop->pools))
            pnd_pool_destroy(LIST_FIRST(&loop->pools));
    }
    pnd_resolver_destroy(loop);
    loop->ring.backend->fini(&loop->ring);
    pnd_watch_fini(&loop->watches);
    pnd_pipes_fini(&loop->pipes);
    pnd_host_fini(&loop->host);
    pnd_multishot_discard_all(loop);
    if (leaked_count == 0 && loop->armed_count == 0)
        pnd_buffers_fini(&loop->buffers);
    pnd_signals_fini(&loop->signals);
    pnd_handle_table_fini(&loop->handles);
    free_tables(loop);
    munmap(loop->owner, PAGE_BYTES);
    pnd_loop_release(loop);
    return leaked_count;
}
