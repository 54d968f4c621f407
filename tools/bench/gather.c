/*
 * gather.c - eight small sends on one stream: what each costs when they are started together.
 *
 * Happy path:  send, all at once or one after another -> the other end, off the clock, reads and
 *              compares.
 * Failures:    a short send does not happen: there is room for far more.
 */
#include "batch.h"
#include "cases.h"
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { SEND_COUNT = 8, BLOCK_TURNS = 200, BRIEF_TURNS = 2 };

struct gather {
    struct pnd_bench_load load; /* servers[0] sends, clients[0] reads */
    int descriptor;
    struct pnd_bench_batch batch; /* of pendio alone, as is the handle */
    pendio_handle handle;
};

typedef int send_fn(struct gather *gather);

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state);
static int begin_loop(struct gather *gather);
static int run(struct gather *gather, struct pnd_bench_block *block, send_fn *send_all);
static int run_calls(void *state, struct pnd_bench_block *block);
static int run_vector(void *state, struct pnd_bench_block *block);
static int run_pendio(void *state, struct pnd_bench_block *block);
static int send_calls(struct gather *gather);
static int send_vector(struct gather *gather);
static int send_pendio(struct gather *gather);
static const unsigned char *message(const struct gather *gather, uint32_t place);
static void end(void *state);

static const bool with_loop = true;

const struct pnd_bench_subject pnd_bench_gather[] = {
    {"calls", "calls", PND_BENCH_FLOOR, NULL, NULL, begin, run_calls, end},
    {"writev", "calls", PND_BENCH_INFORMATION, NULL, NULL, begin, run_vector, end},
    {"pendio", "calls", PND_BENCH_OURS, &with_loop, NULL, begin, run_pendio, end},
};
const size_t pnd_bench_gather_count = sizeof pnd_bench_gather / sizeof pnd_bench_gather[0];

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state)
{
    struct gather *gather = calloc(1, sizeof *gather);
    if (gather == NULL)
        return -ENOMEM;
    int status = pnd_bench_load_init(&gather->load, bench_case);
    if (status == 0) {
        gather->descriptor = gather->load.servers[0];
        status = subject->kind != NULL ? begin_loop(gather) : 0;
        if (status < 0)
            pnd_bench_load_fini(&gather->load);
    }
    if (status < 0)
        free(gather);
    else
        *ret_state = gather;
    return status;
}

static int begin_loop(struct gather *gather)
{
    int status = pnd_bench_batch_init(&gather->batch, SEND_COUNT, 0);
    if (status < 0)
        return status;
    status = pendio_handle_adopt(gather->batch.loop, gather->descriptor, &gather->handle);
    if (status < 0)
        pnd_bench_batch_fini(&gather->batch);
    else
        gather->load.servers[0] = -1;
    return status;
}

static int run_calls(void *state, struct pnd_bench_block *block)
{
    return run(state, block, send_calls);
}

static int run_vector(void *state, struct pnd_bench_block *block)
{
    return run(state, block, send_vector);
}

static int run_pendio(void *state, struct pnd_bench_block *block)
{
    return run(state, block, send_pendio);
}

static int run(struct gather *gather, struct pnd_bench_block *block, send_fn *send_all)
{
    int status = 0;
    for (int turn = block->brief ? BLOCK_TURNS - BRIEF_TURNS : 0; status == 0 && turn < BLOCK_TURNS;
         turn++) {
        pnd_bench_block_start(block);
        status = send_all(gather);
        pnd_bench_block_stop(block);
        block->operation_count += SEND_COUNT;
        if (status == 0)
            status = pnd_bench_load_verify(&gather->load);
    }
    return status;
}

static const unsigned char *message(const struct gather *gather, uint32_t place)
{
    uint64_t position = gather->load.position + (uint64_t)place * gather->load.message_bytes;
    return pnd_bench_load_payload(0, position);
}

static int send_calls(struct gather *gather)
{
    for (uint32_t place = 0; place < SEND_COUNT; place++) {
        ssize_t gone = send(gather->descriptor, message(gather, place), gather->load.message_bytes,
                            MSG_NOSIGNAL);
        if (gone < 0)
            return -errno;
    }
    return 0;
}

static int send_vector(struct gather *gather)
{
    struct iovec pieces[SEND_COUNT];
    for (uint32_t place = 0; place < SEND_COUNT; place++) {
        pieces[place].iov_base = (void *)(uintptr_t)message(gather, place);
        pieces[place].iov_len = gather->load.message_bytes;
    }
    return writev(gather->descriptor, pieces, SEND_COUNT) < 0 ? -errno : 0;
}

static int send_pendio(struct gather *gather)
{
    struct pendio_completion records[PND_BENCH_BATCH_MAXIMUM];

    for (uint32_t place = 0; place < SEND_COUNT; place++) {
        struct pendio_context *context = gather->batch.contexts[place];
        (void)pendio_context_set_memory(context, (void *)(uintptr_t)message(gather, place),
                                        gather->load.message_bytes);
        int answer = pendio_send(context, gather->handle);
        if (answer != PENDIO_PENDING)
            return answer < 0 ? answer : -EPROTO;
    }
    for (uint32_t got = 0; got < SEND_COUNT;) {
        int count = pnd_bench_batch_turn(&gather->batch, records);
        if (count < 0)
            return count;
        for (int index = 0; index < count; index++)
            if (records[index].error < 0)
                return records[index].error;
        got += (uint32_t)count;
    }
    return 0;
}

static void end(void *state)
{
    struct gather *gather = state;
    if (gather->handle != 0)
        pnd_bench_batch_fini(&gather->batch);
    pnd_bench_load_fini(&gather->load);
    free(gather);
}
