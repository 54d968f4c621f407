/*
 * nop.c - what the way through the ring costs when there is nothing to do at its end.
 *
 * Happy path:  start a batch -> submit and wait in one call -> take every completion.
 */
#include "batch.h"
#include "cases.h"
#include "ring.h"

#include <errno.h>
#include <stdlib.h>

enum { BLOCK_BATCHES = 1000, BRIEF_BATCHES = 2 };

struct bare {
    struct io_uring ring;
    uint32_t batch;
};

static int begin_bare(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_subject *subject, void **ret_state);
static int run_bare(void *state, struct pnd_bench_block *block);
static int run_bare_batch(struct bare *bare);
static void end_bare(void *state);
static int begin_pendio(const struct pnd_bench_case *bench_case,
                        const struct pnd_bench_subject *subject, void **ret_state);
static int run_pendio(void *state, struct pnd_bench_block *block);
static int run_pendio_batch(struct pnd_bench_batch *batch);
static void end_pendio(void *state);

const struct pnd_bench_subject pnd_bench_nop[] = {
    {"ring", "ring", PND_BENCH_FLOOR, NULL, NULL, begin_bare, run_bare, end_bare},
    {"pendio", "ring", PND_BENCH_OURS, NULL, NULL, begin_pendio, run_pendio, end_pendio},
};
const size_t pnd_bench_nop_count = sizeof pnd_bench_nop / sizeof pnd_bench_nop[0];

static int begin_bare(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_subject *subject, void **ret_state)
{
    (void)subject;
    struct bare *bare = calloc(1, sizeof *bare);
    if (bare == NULL)
        return -ENOMEM;
    bare->batch = bench_case->depth;
    int status =
        pnd_bench_ring_init(&bare->ring, PND_BENCH_BATCH_MAXIMUM, 2 * PND_BENCH_BATCH_MAXIMUM);
    if (status < 0)
        free(bare);
    else
        *ret_state = bare;
    return status;
}

static int run_bare(void *state, struct pnd_bench_block *block)
{
    struct bare *bare = state;
    int status = 0;

    pnd_bench_block_start(block);
    for (int turn = block->brief ? BLOCK_BATCHES - BRIEF_BATCHES : 0;
         status == 0 && turn < BLOCK_BATCHES; turn++) {
        status = run_bare_batch(bare);
        block->operation_count += bare->batch;
    }
    pnd_bench_block_stop(block);
    return status;
}

static int run_bare_batch(struct bare *bare)
{
    for (uint32_t index = 0; index < bare->batch; index++) {
        struct io_uring_sqe *entry = io_uring_get_sqe(&bare->ring);
        io_uring_prep_nop(entry);
        io_uring_sqe_set_data64(entry, index);
    }
    uint64_t sum = 0;
    for (uint32_t got = 0; got < bare->batch;) {
        struct io_uring_cqe *completion;
        unsigned head, count = 0;
        int status = io_uring_submit_and_wait(&bare->ring, bare->batch - got);
        if (status < 0)
            return status;
        io_uring_for_each_cqe(&bare->ring, head, completion)
        {
            sum += completion->user_data;
            count++;
        }
        io_uring_cq_advance(&bare->ring, count);
        got += count;
    }
    return sum == (uint64_t)bare->batch * (bare->batch - 1) / 2 ? 0 : -EBADMSG;
}

static void end_bare(void *state)
{
    struct bare *bare = state;
    io_uring_queue_exit(&bare->ring);
    free(bare);
}

static int begin_pendio(const struct pnd_bench_case *bench_case,
                        const struct pnd_bench_subject *subject, void **ret_state)
{
    (void)subject;
    struct pnd_bench_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return -ENOMEM;
    int status = pnd_bench_batch_init(batch, bench_case->depth, 0);
    if (status < 0)
        free(batch);
    else
        *ret_state = batch;
    return status;
}

static int run_pendio(void *state, struct pnd_bench_block *block)
{
    struct pnd_bench_batch *batch = state;
    int status = 0;

    pnd_bench_block_start(block);
    for (int turn = block->brief ? BLOCK_BATCHES - BRIEF_BATCHES : 0;
         status == 0 && turn < BLOCK_BATCHES; turn++) {
        status = run_pendio_batch(batch);
        block->operation_count += batch->count;
    }
    pnd_bench_block_stop(block);
    return status;
}

static int run_pendio_batch(struct pnd_bench_batch *batch)
{
    struct pendio_completion records[PND_BENCH_BATCH_MAXIMUM];
    uint64_t sum = 0;

    for (uint32_t index = 0; index < batch->count; index++) {
        int answer = pendio_nop(batch->contexts[index], batch->loop);
        if (answer != PENDIO_PENDING)
            return answer < 0 ? answer : -EPROTO;
    }
    for (uint32_t got = 0; got < batch->count;) {
        int count = pnd_bench_batch_turn(batch, records);
        if (count < 0)
            return count;
        for (int index = 0; index < count; index++)
            sum += records[index].user_data;
        got += (uint32_t)count;
    }
    return sum == (uint64_t)batch->count * (batch->count - 1) / 2 ? 0 : -EBADMSG;
}

static void end_pendio(void *state)
{
    struct pnd_bench_batch *batch = state;
    pnd_bench_batch_fini(batch);
    free(batch);
}
