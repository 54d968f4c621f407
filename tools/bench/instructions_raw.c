/*
 * instructions_raw.c - the instruction bench by a ring driven by hand: the least there can be.
 *
 * Happy path:  a batch of entries is written -> one submit and wait -> the queue is walked. What
 *              the runtime does by itself is done here, too: one call a batch, a registered ring,
 *              fixed buffers for files.
 * Failures:    an error ends the round with it.
 */
#include "instructions.h"

#include <liburing.h>

#include <errno.h>

enum { ENTRY_COUNT = 256 };
enum { RECEIVED = 0, SENT = 1 }; /* the low bit of user_data; the rest is the index */

static struct io_uring ring;
static const struct pnd_bench_stage *stage;
static unsigned char memory[PND_BENCH_BATCH][PND_BENCH_BLOCK_BYTES]
    __attribute__((aligned(PND_BENCH_BLOCK_BYTES)));

static int raw_open(const struct pnd_bench_stage *the_stage)
{
    struct iovec region = {.iov_base = memory, .iov_len = sizeof memory};
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                              IORING_SETUP_DEFER_TASKRUN |
                                              IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL};
    int status = io_uring_queue_init_params(ENTRY_COUNT, &ring, &params);

    stage = the_stage;
    if (status == 0)
        status = io_uring_register_buffers(&ring, &region, 1);
    if (status == 0)
        status = io_uring_register_ring_fd(&ring) == 1 ? 0 : -EIO;
    return status;
}

static void raw_close(void)
{
    io_uring_queue_exit(&ring);
}

/* Walks the queue until so many are finished. */
static int harvest(unsigned left_count)
{
    while (left_count > 0) {
        int status = io_uring_submit_and_wait(&ring, 1);
        struct io_uring_cqe *cqe;
        unsigned count = 0;
        unsigned head;

        if (status < 0)
            return status;
        io_uring_for_each_cqe(&ring, head, cqe)
        {
            if (cqe->res < 0)
                return cqe->res;
            count++;
        }
        io_uring_cq_advance(&ring, count);
        left_count -= count;
    }
    return 0;
}

static int raw_nop(void)
{
    for (unsigned i = 0; i < PND_BENCH_BATCH; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

        if (sqe == NULL)
            return -EAGAIN;
        io_uring_prep_nop(sqe);
        io_uring_sqe_set_data64(sqe, i);
    }
    return harvest(PND_BENCH_BATCH);
}

static int raw_read(void)
{
    for (unsigned i = 0; i < PND_BENCH_BATCH; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

        if (sqe == NULL)
            return -EAGAIN;
        io_uring_prep_read_fixed(sqe, stage->file, memory[i], PND_BENCH_BLOCK_BYTES,
                                 pnd_bench_offset(i), 0);
        io_uring_sqe_set_data64(sqe, i);
    }
    return harvest(PND_BENCH_BATCH);
}

static int receive(uint64_t index)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

    if (sqe == NULL)
        return -EAGAIN;
    io_uring_prep_recv(sqe, stage->near[index], memory[index], PND_BENCH_MESSAGE_BYTES, 0);
    io_uring_sqe_set_data64(sqe, index << 1 | RECEIVED);
    return 0;
}

static int send_back(uint64_t index)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

    if (sqe == NULL)
        return -EAGAIN;
    io_uring_prep_send(sqe, stage->near[index], memory[index], PND_BENCH_MESSAGE_BYTES,
                       MSG_NOSIGNAL);
    io_uring_sqe_set_data64(sqe, index << 1 | SENT);
    return 0;
}

static int raw_echo_begin(void)
{
    int status = 0;

    for (unsigned i = 0; status == 0 && i < PND_BENCH_BATCH; i++)
        status = receive(i);
    return status;
}

static int go_on(const struct io_uring_cqe *cqe)
{
    if (cqe->res < 0)
        return cqe->res;
    if (cqe->res != PND_BENCH_MESSAGE_BYTES)
        return -EBADMSG;
    return (cqe->user_data & 1) == RECEIVED ? send_back(cqe->user_data >> 1)
                                            : receive(cqe->user_data >> 1);
}

static int raw_echo(void)
{
    unsigned left_count = 2 * PND_BENCH_BATCH;

    while (left_count > 0) {
        int status = io_uring_submit_and_wait(&ring, 1);
        struct io_uring_cqe *cqe;
        unsigned count = 0;
        unsigned head;

        if (status < 0)
            return status;
        io_uring_for_each_cqe(&ring, head, cqe)
        {
            status = go_on(cqe);
            if (status < 0)
                return status;
            count++;
        }
        io_uring_cq_advance(&ring, count);
        left_count -= count;
    }
    return 0;
}

/* The kernel copies the pieces, and the message around them, when it takes the entry. */
static int raw_gather(void)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    struct iovec pieces[PND_BENCH_GATHERED];
    struct msghdr header = {.msg_iov = pieces, .msg_iovlen = PND_BENCH_GATHERED};

    if (sqe == NULL)
        return -EAGAIN;
    for (unsigned i = 0; i < PND_BENCH_GATHERED; i++)
        pieces[i] = (struct iovec){(void *)(uintptr_t)pnd_bench_message, sizeof pnd_bench_message};
    io_uring_prep_sendmsg(sqe, stage->near[0], &header, MSG_NOSIGNAL);
    return harvest(1);
}

const struct pnd_bench_side pnd_bench_raw = {
    .name = "raw",
    .open = raw_open,
    .echo_begin = raw_echo_begin,
    .rounds =
        {
            [PND_BENCH_NOP] = raw_nop,
            [PND_BENCH_ECHO] = raw_echo,
            [PND_BENCH_READ] = raw_read,
            [PND_BENCH_GATHER] = raw_gather,
        },
    .close = raw_close,
};
