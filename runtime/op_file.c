/*
 * op_file.c - all there is to know about reading and writing files, pipes and devices.
 *
 * Happy path:  check -> begin -> (a read finds its data in the cache: end) or parallel (at an
 *              offset), or in line (where the position stands) -> prepare -> finish; a write goes
 *              on until all has gone.
 * Failures:    the kernel's answer is the result, with the bytes that had gone.
 *
 * Memory of a registered arena takes the fixed-buffer path by itself, on files only: sockets and
 * pipes are slower that way. A vector of pieces does not. Of a vector with more pieces than the
 * kernel takes, a read of a file goes on until all are full or the file ends.
 */
#include "operation.h"

#include "ahead.h"
#include "cached.h"
#include "pool.h"
#include "straight.h"
#include "transfer.h"

#include <errno.h>
#include <poll.h>

static void read_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static void write_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict read_finish(struct pnd_context *context, int32_t result,
                                    uint32_t cqe_flags);
static enum pnd_verdict write_finish(struct pnd_context *context, int32_t result,
                                     uint32_t cqe_flags);

static const struct pnd_operation read_operation = {
    .name = "read",
    .code = PENDIO_OPERATION_READ,
    .opcode = IORING_OP_READ,
    .poll_events = POLLIN,
    .moves = true,
    .take = pnd_ahead_take,
    .prepare = read_prepare,
    .finish = read_finish,
};

static const struct pnd_operation write_operation = {
    .name = "write",
    .code = PENDIO_OPERATION_WRITE,
    .opcode = IORING_OP_WRITE,
    .poll_events = POLLOUT,
    .moves = true,
    .finishes_closing = true,
    .prepare = write_prepare,
    .finish = write_finish,
};

static int go(struct pnd_context *context, struct pnd_line *line, uint64_t offset)
{
    bool in_order = offset == PENDIO_STREAMING || context->handle->kind != PND_KIND_FILE;
    int answer;

    context->argument = in_order ? PENDIO_STREAMING : offset;
    if (!in_order)
        return pnd_context_go_parallel(context);
    if (pnd_context_end_as_known(context, line, &answer))
        return answer;
    return pnd_context_wait_in_line(context, line);
}

__attribute__((noinline)) static int start_read(struct pnd_context *context,
                                                struct pnd_handle *handle, uint64_t offset)
{
    int status = pnd_context_reserve_on(context, &read_operation, handle);
    bool in_order = offset == PENDIO_STREAMING;

    if (status < 0)
        return status;
    pnd_context_begin(context, &read_operation, handle);
    if (pnd_cached_try(context, offset))
        return pnd_context_end(context, in_order ? &handle->receives : NULL,
                               &context->loop->stats.done_cached);
    return go(context, &handle->receives, offset);
}

/* At an offset of a file, and the cache is not to be tried. */
static bool is_straight(const struct pnd_context *context, const struct pnd_handle *handle,
                        uint64_t offset)
{
    return pnd_straight_may_start(context, &read_operation) && handle->acceptor == 0 &&
           handle->kind == PND_KIND_FILE && offset != PENDIO_STREAMING &&
           (context->policy == PENDIO_QUEUE || !TAILQ_EMPTY(&handle->parallel));
}

/* Mostly that of the context's own pool. */
static inline const struct pnd_arena *arena_of(const struct pnd_context *context, uintptr_t memory,
                                               uint64_t byte_count)
{
    const struct pnd_arena *own = &context->pool->arena;

    if (own->registered && pnd_arena_holds(own, memory, byte_count))
        return own;
    return pnd_pool_arena_of(context->loop, memory, byte_count);
}

/* As read_prepare(), where nothing has moved yet. */
static inline void straight_prepare(const struct pnd_context *context,
                                    const struct pnd_handle *handle, struct io_uring_sqe *sqe)
{
    const struct pnd_arena *arena = NULL;

    sqe->fd = handle->descriptor;
    sqe->off = context->argument;
    pnd_transfer_aim(context, sqe, IORING_OP_READV);
    if (sqe->opcode != IORING_OP_READV)
        arena = arena_of(context, sqe->addr, sqe->len);
    if (arena != NULL) {
        sqe->opcode = IORING_OP_READ_FIXED;
        sqe->buf_index = (uint16_t)arena->index;
    }
}

PND_HOT int pnd_read_start(struct pnd_context *context, struct pnd_handle *handle, uint64_t offset)
{
    if (handle == NULL || !is_straight(context, handle, offset))
        return start_read(context, handle, offset);
    pnd_straight_begin_on(context, &read_operation, handle, pnd_phase(PND_PENDING, PND_IN_KERNEL));
    context->argument = offset;
    if (!TAILQ_EMPTY(&handle->parallel))
        handle->is_crowded = true;
    TAILQ_INSERT_TAIL(&handle->parallel, context, line_link);
    straight_prepare(context, handle, pnd_straight_fetch(context, &read_operation));
    return PENDIO_PENDING;
}

int pnd_write_start(struct pnd_context *context, struct pnd_handle *handle, uint64_t offset)
{
    int status = pnd_context_reserve_on(context, &write_operation, handle);

    if (status < 0)
        return status;
    pnd_context_begin(context, &write_operation, handle);
    return go(context, &handle->sends, offset);
}

static bool is_socket(const struct pnd_context *context)
{
    return context->handle->kind != PND_KIND_FILE && context->handle->kind != PND_KIND_FLOW;
}

static void prepare(const struct pnd_context *context, struct io_uring_sqe *sqe, uint8_t pieces,
                    uint8_t fixed)
{
    bool at_offset = context->argument != PENDIO_STREAMING;
    const struct pnd_arena *arena = NULL;

    sqe->fd = context->handle->descriptor;
    pnd_transfer_aim(context, sqe, pieces);
    sqe->off = at_offset ? context->argument + context->moved_bytes : PENDIO_STREAMING;
    if (context->handle->kind == PND_KIND_FILE && sqe->opcode != pieces)
        arena = arena_of(context, sqe->addr, sqe->len);
    if (arena != NULL) {
        sqe->opcode = fixed;
        sqe->buf_index = (uint16_t)arena->index;
    }
}

static void read_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    bool as_message = is_socket(context) && pnd_context_is_vectored(context);

    prepare(context, sqe, as_message ? IORING_OP_RECVMSG : IORING_OP_READV, IORING_OP_READ_FIXED);
    if (sqe->opcode == IORING_OP_RECVMSG)
        sqe->off = 0;
}

static void write_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    bool as_message = is_socket(context);

    if (as_message)
        sqe->opcode = IORING_OP_SEND;
    prepare(context, sqe, as_message ? IORING_OP_SENDMSG : IORING_OP_WRITEV, IORING_OP_WRITE_FIXED);
    if (context->handle->kind == PND_KIND_FILE)
        return;
    if (as_message) {
        sqe->off = 0;
        sqe->msg_flags = MSG_NOSIGNAL;
    } else {
        pnd_transfer_ask_for_no_signal(context->loop, sqe);
    }
}

/* A file's end is told by a read of nothing; what has no positions has given what it had. */
static bool has_further_share(const struct pnd_context *context)
{
    return context->handle->kind == PND_KIND_FILE && context->piece_count > PND_SHARE_COUNT &&
           pnd_context_left_bytes(context) != 0;
}

PND_HOT static enum pnd_verdict read_finish(struct pnd_context *context, int32_t result,
                                            uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (result < 0)
        return pnd_transfer_fail(context, result);
    if (result == 0 && context->moved_bytes == 0 && context->window.byte_count != 0)
        pnd_transfer_end(context);
    context->moved_bytes += (uint32_t)result;
    return result > 0 && has_further_share(context) ? PND_AGAIN : PND_DELIVER;
}

static enum pnd_verdict write_finish(struct pnd_context *context, int32_t result,
                                     uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (context->handle->kind == PND_KIND_FLOW &&
        pnd_transfer_must_do_with_signal(context->loop, result))
        return PND_AGAIN;
    if (result < 0)
        return pnd_transfer_fail(context, result);
    if (context->handle->kind == PND_KIND_DATAGRAM || context->handle->kind == PND_KIND_SEQPACKET) {
        context->moved_bytes = (uint32_t)result;
        return PND_DELIVER;
    }
    return pnd_transfer_advance(context, result);
}
