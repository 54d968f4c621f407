/*
 * op_splice.c - all there is to know about moving bytes between two handles inside the kernel.
 *
 * Happy path:  check -> begin -> in line where it takes (if there is an order), then in line where
 *              it puts -> move, again until all has gone or the source has no more.
 *              Where nothing can be moved now: wait for the source, wait for room, move again.
 * Failures:    the kernel's answer is the result, with the bytes that had gone; two handles of
 *              which none is a pipe: -EINVAL.
 *
 * A splice always runs in a worker of the kernel, and must not block there: pipes are told so by a
 * flag, a socket that is written to by O_NONBLOCK while the splice lasts, one that is read from is
 * waited for first.
 */
#include "operation.h"

#include "ahead.h"
#include "descriptor.h"
#include "line.h"
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

static enum pnd_source splice_take(struct pnd_context *context);
static void splice_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict splice_finish(struct pnd_context *context, int32_t result,
                                      uint32_t cqe_flags);
static void splice_release(struct pnd_context *context);

static const struct pnd_operation splice_operation = {
    .name = "splice",
    .code = PENDIO_OPERATION_SPLICE,
    .opcode = IORING_OP_SPLICE,
    .carries = true,
    .finishes_closing = true,
    .take = splice_take,
    .prepare = splice_prepare,
    .finish = splice_finish,
    .drop = splice_release,
    .release = splice_release,
};

/* What the kernel is asked for; in a round, from move to move. */
enum stage { STAGE_MOVE, STAGE_WAIT_FROM, STAGE_WAIT_TO, STAGE_HAND_OVER };

static bool is_socket(const struct pnd_handle *handle)
{
    return handle->kind != PND_KIND_FILE && handle->kind != PND_KIND_FLOW;
}

/* What has no positions has an order always. */
static uint64_t offset_on(const struct pnd_handle *handle, uint64_t offset)
{
    return handle->kind == PND_KIND_FILE ? offset : PENDIO_STREAMING;
}

/* ---- start ---------------------------------------------------------------------------------- */

/* A socket is waited for where the kernel would otherwise block on it. */
static enum stage stage_to_begin(const struct pnd_splice *splice)
{
    return is_socket(splice->from) && splice->to->kind == PND_KIND_FLOW ? STAGE_WAIT_FROM
                                                                        : STAGE_MOVE;
}

/* Nothing waits before it, and one of its lines has come to an end. */
static bool end_as_known(struct pnd_context *context, struct pnd_line *from_line,
                         struct pnd_line *to_line, int *ret_answer)
{
    if (from_line != NULL && pnd_context_end_as_known(context, from_line, ret_answer))
        return true;
    if (from_line != NULL && !pnd_line_is_empty(from_line))
        return false;
    return to_line != NULL && pnd_context_end_as_known(context, to_line, ret_answer);
}

int pnd_splice_start(struct pnd_context *context, struct pnd_handle *from, uint64_t from_offset,
                     struct pnd_handle *to, uint64_t to_offset, uint64_t byte_count)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;
    struct pnd_line *from_line = NULL;
    struct pnd_line *to_line = NULL;
    int answer = pnd_context_reserve_on(context, &splice_operation, from != NULL ? to : NULL);

    if (answer < 0)
        return answer;
    pnd_context_begin(context, &splice_operation, to);
    context->argument = byte_count;
    *splice = (struct pnd_splice){.from = from,
                                  .to = to,
                                  .from_offset = offset_on(from, from_offset),
                                  .to_offset = offset_on(to, to_offset)};
    splice->stage = byte_count == 0 ? STAGE_MOVE : (uint8_t)stage_to_begin(splice);
    if (splice->from_offset == PENDIO_STREAMING)
        from_line = &from->receives;
    if (splice->to_offset == PENDIO_STREAMING)
        to_line = &to->sends;
    if (end_as_known(context, from_line, to_line, &answer))
        return answer;
    pnd_guest_join(&splice->guests[0], context, from, true);
    pnd_guest_join(&splice->guests[1], context, to, false);
    if (from_line == NULL && to_line == NULL)
        return pnd_context_go_parallel(context);
    if (from_line != NULL)
        pnd_context_use_extra(context)->second_line = to_line;
    return pnd_context_wait_in_line(context, from_line != NULL ? from_line : to_line);
}

static uint64_t left_bytes(const struct pnd_context *context)
{
    return context->argument - context->moved_bytes;
}

static void let_go(struct pnd_context *context)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;

    if (splice->held_buffer != 0)
        pnd_buffers_release(&context->loop->buffers, splice->held_buffer - 1);
    splice->held_buffer = 0;
}

/* The end of the connection may give back what is collected, but not while it is written. */
static void hold_first(struct pnd_context *context)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;
    struct pnd_loop *loop = context->loop;
    uint32_t buffer = pnd_inbox_first(&loop->inboxes, &splice->from->inbox)->buffer;

    pnd_buffers_hold(&loop->buffers, buffer);
    splice->held_buffer = buffer + 1;
    splice->piece = pnd_ahead_first(loop, splice->from);
    splice->stage = STAGE_HAND_OVER;
}

/*
 * What was collected ahead of the splice goes first, by way of the program; then the descriptor is
 * its own.
 */
static enum pnd_source splice_take(struct pnd_context *context)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;
    struct pnd_handle *from = splice->from;

    if (from->multishot != &pnd_receive_ahead)
        return PND_FROM_KERNEL;
    pnd_multishot_stop(context->loop, from);
    if (pnd_handle_is_armed(from))
        return PND_FROM_LATER;
    if (splice->held_buffer == 0 && pnd_ahead_has_bytes(from) && left_bytes(context) != 0 &&
        splice->stage != STAGE_WAIT_TO && pnd_descriptor_is_pipe(splice->to->descriptor))
        hold_first(context);
    return PND_FROM_KERNEL;
}

/* ---- in the ring ---------------------------------------------------------------------------- */

static uint32_t chunk_of(const struct pnd_context *context)
{
    return left_bytes(context) < PND_CHUNK_BYTES ? (uint32_t)left_bytes(context) : PND_CHUNK_BYTES;
}

static uint64_t offset_now(const struct pnd_context *context, uint64_t offset)
{
    return offset == PENDIO_STREAMING ? PENDIO_STREAMING : offset + context->moved_bytes;
}

static void prepare_move(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;

    if (is_socket(splice->to) && !splice->unblocked)
        splice->unblocked = pnd_handle_unblock(splice->to);
    sqe->fd = splice->to->descriptor;
    sqe->off = offset_now(context, splice->to_offset);
    sqe->splice_fd_in = splice->from->descriptor;
    sqe->splice_off_in = offset_now(context, splice->from_offset);
    sqe->len = chunk_of(context);
    sqe->splice_flags = SPLICE_F_NONBLOCK;
}

/* Into a pipe; a splice says so if it is none. */
static void prepare_to_hand_over(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    const struct pnd_splice *splice = &pnd_context_extra(context)->splice;
    const struct pnd_window piece = splice->piece;
    uint32_t chunk = chunk_of(context);

    sqe->opcode = IORING_OP_WRITE;
    sqe->fd = splice->to->descriptor;
    sqe->off = PENDIO_STREAMING;
    sqe->addr = (uintptr_t)piece.memory;
    sqe->len = piece.byte_count < chunk ? (uint32_t)piece.byte_count : chunk;
    pnd_transfer_ask_for_no_signal(context->loop, sqe);
}

static void splice_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    const struct pnd_splice *splice = &pnd_context_extra(context)->splice;
    bool for_from = splice->stage == STAGE_WAIT_FROM;

    if (splice->stage == STAGE_MOVE) {
        prepare_move(context, sqe);
        return;
    }
    if (splice->stage == STAGE_HAND_OVER) {
        prepare_to_hand_over(context, sqe);
        return;
    }
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = for_from ? splice->from->descriptor : splice->to->descriptor;
    sqe->poll32_events = pnd_ring_poll_events(for_from ? POLLIN : POLLOUT);
}

/* Only a socket's error says something of its stream; the other handle is a pipe then. */
static int32_t error_that_sticks(const struct pnd_splice *splice, int32_t result)
{
    if (is_socket(splice->to))
        return pnd_transfer_stick(splice->to, &splice->to->sends, result);
    if (result == -EPIPE)
        return result;
    return pnd_transfer_stick(splice->from, &splice->from->receives, result);
}

static enum pnd_verdict fail(struct pnd_context *context, int32_t result)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;

    if (result == -EINTR && context->stop == PND_STOP_NONE)
        return PND_AGAIN;
    if (result == -EAGAIN) {
        splice->stage = splice->from->kind == PND_KIND_FILE ? STAGE_WAIT_TO : STAGE_WAIT_FROM;
        return PND_AGAIN;
    }
    pnd_context_fail(context, error_that_sticks(splice, result));
    return PND_DELIVER;
}

static void end(struct pnd_context *context)
{
    const struct pnd_splice *splice = &pnd_context_extra(context)->splice;
    int32_t error = 0;

    if (is_socket(splice->from))
        error = pnd_transfer_find_end(splice->from);
    if (error < 0)
        pnd_context_fail(context, error);
    else
        context->flags |= PENDIO_END_OF_STREAM;
}

static enum pnd_verdict finish_move(struct pnd_context *context, int32_t result)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;

    context->moved_bytes += (uint32_t)result;
    if (left_bytes(context) == 0)
        return PND_DELIVER;
    if (result > 0) {
        splice->stage = (uint8_t)stage_to_begin(splice);
        return PND_AGAIN;
    }
    end(context);
    return PND_DELIVER;
}

static enum pnd_verdict finish_hand_over(struct pnd_context *context, int32_t result)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;

    if (pnd_transfer_must_do_with_signal(context->loop, result))
        return PND_AGAIN;
    let_go(context);
    if (result == -EAGAIN)
        splice->stage = STAGE_WAIT_TO;
    if (result == -EAGAIN)
        return PND_AGAIN;
    if (result < 0)
        return fail(context, result);
    if (pnd_ahead_has_bytes(splice->from)) { /* else the connection has ended meanwhile */
        pnd_ahead_consume(context->loop, splice->from, (uint32_t)result);
        pnd_ahead_taken(context->loop, splice->from);
    }
    context->moved_bytes += (uint32_t)result;
    splice->stage = (uint8_t)stage_to_begin(splice);
    return left_bytes(context) == 0 ? PND_DELIVER : PND_AGAIN;
}

static enum pnd_verdict splice_finish(struct pnd_context *context, int32_t result,
                                      uint32_t cqe_flags)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;

    (void)cqe_flags;
    if (splice->stage == STAGE_HAND_OVER)
        return finish_hand_over(context, result);
    if (result < 0)
        return fail(context, result);
    if (splice->stage == STAGE_MOVE)
        return finish_move(context, result);
    if (splice->stage == STAGE_WAIT_FROM && splice->to->kind != PND_KIND_FILE)
        splice->stage = STAGE_WAIT_TO;
    else
        splice->stage = STAGE_MOVE;
    return PND_AGAIN;
}

static void splice_release(struct pnd_context *context)
{
    struct pnd_splice *splice = &pnd_context_extra(context)->splice;

    if (splice->unblocked)
        pnd_handle_block(splice->to);
    splice->unblocked = false;
    let_go(context);
}
