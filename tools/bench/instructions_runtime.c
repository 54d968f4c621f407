/*
 * instructions_runtime.c - the instruction bench through the public functions of pendio.h.
 *
 * Happy path:  a batch of contexts is started -> turns until all were harvested.
 * Failures:    a refusal or an operation's error ends the round with it.
 */
#include "instructions.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <stddef.h>

enum { HARVEST_COUNT = 64 };

static struct pendio_loop *loop;
static struct pendio_context *contexts[PND_BENCH_BATCH];
static pendio_handle sockets[PND_BENCH_BATCH];
static pendio_handle file;

static int make_contexts(uint64_t slice_bytes)
{
    struct pendio_pool_options options = {
        .size = sizeof options, .context_count = PND_BENCH_BATCH, .slice_bytes = slice_bytes};
    struct pendio_pool *pool;
    int status = pendio_pool_create(loop, &options, &pool);

    for (uint32_t i = 0; status == 0 && i < PND_BENCH_BATCH; i++) {
        status = pendio_pool_get(pool, &contexts[i]);
        if (status == 0)
            status = pendio_context_set_user_data(contexts[i], i);
        if (status == 0)
            status = pendio_context_set_policy(contexts[i], PENDIO_QUEUE);
    }
    return status;
}

/* Received from by a request for each receive, as the bare ring does. */
static int adopt_socket(int descriptor, pendio_handle *ret_handle)
{
    int status = pendio_handle_adopt(loop, descriptor, ret_handle);

    return status < 0 ? status
                      : pendio_handle_set_receive(loop, *ret_handle, PENDIO_RECEIVE_SINGLE);
}

static int runtime_open(const struct pnd_bench_stage *stage)
{
    int status = pendio_loop_create(NULL, &loop);

    for (uint32_t i = 0; status == 0 && i < PND_BENCH_BATCH; i++)
        status = adopt_socket(stage->near[i], &sockets[i]);
    if (status == 0 && stage->file >= 0)
        status = pendio_handle_adopt(loop, stage->file, &file);
    return status < 0
               ? status
               : make_contexts(stage->file >= 0 ? PND_BENCH_BLOCK_BYTES : PND_BENCH_MESSAGE_BYTES);
}

static void runtime_close(void)
{
    (void)pendio_loop_destroy(loop, 0, NULL);
}

/* Turns until so many are finished. */
static int harvest(int left_count)
{
    struct pendio_completion completions[HARVEST_COUNT];

    while (left_count > 0) {
        int count = pendio_loop_turn(loop, -1, completions, HARVEST_COUNT);

        if (count < 0)
            return count;
        for (int i = 0; i < count; i++)
            if (completions[i].error < 0)
                return completions[i].error;
        left_count -= count;
    }
    return 0;
}

static int runtime_nop(void)
{
    for (uint32_t i = 0; i < PND_BENCH_BATCH; i++) {
        int answer = pendio_nop(contexts[i], loop);

        if (answer < 0)
            return answer;
    }
    return harvest(PND_BENCH_BATCH);
}

static int runtime_read(void)
{
    for (uint32_t i = 0; i < PND_BENCH_BATCH; i++) {
        int answer = pendio_read(contexts[i], file, pnd_bench_offset(i));

        if (answer < 0)
            return answer;
    }
    return harvest(PND_BENCH_BATCH);
}

static int runtime_echo_begin(void)
{
    int answer = 0;

    for (uint32_t i = 0; answer >= 0 && i < PND_BENCH_BATCH; i++)
        answer = pendio_receive(contexts[i], sockets[i]);
    return answer < 0 ? answer : 0;
}

/* What was received is sent back; what was sent is followed by a receive. */
static int go_on(const struct pendio_completion *completion)
{
    if (completion->error < 0)
        return completion->error;
    if (completion->bytes != PND_BENCH_MESSAGE_BYTES)
        return -EBADMSG;
    return completion->operation == PENDIO_OPERATION_RECEIVE
               ? pendio_send(completion->context, completion->handle)
               : pendio_receive(completion->context, completion->handle);
}

static int runtime_echo(void)
{
    struct pendio_completion completions[HARVEST_COUNT];
    int left_count = 2 * PND_BENCH_BATCH;

    while (left_count > 0) {
        int count = pendio_loop_turn(loop, -1, completions, HARVEST_COUNT);

        if (count < 0)
            return count;
        for (int i = 0; i < count; i++) {
            int answer = go_on(&completions[i]);

            if (answer < 0)
                return answer;
        }
        left_count -= count;
    }
    return 0;
}

static int runtime_gather(void)
{
    for (uint32_t i = 0; i < PND_BENCH_GATHERED; i++) {
        int answer = pendio_context_set_memory(contexts[i], (void *)(uintptr_t)pnd_bench_message,
                                               sizeof pnd_bench_message);

        if (answer == 0)
            answer = pendio_send(contexts[i], sockets[0]);
        if (answer < 0)
            return answer;
    }
    return harvest(PND_BENCH_GATHERED);
}

const struct pnd_bench_side pnd_bench_runtime = {
    .name = "runtime",
    .open = runtime_open,
    .echo_begin = runtime_echo_begin,
    .rounds =
        {
            [PND_BENCH_NOP] = runtime_nop,
            [PND_BENCH_ECHO] = runtime_echo,
            [PND_BENCH_READ] = runtime_read,
            [PND_BENCH_GATHER] = runtime_gather,
        },
    .close = runtime_close,
};
