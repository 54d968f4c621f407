/*
 * op_send.c - all there is to know about sending to a socket.
 *
 * Happy path:  check -> begin -> (known failure, or nothing to send: end) or (wait in line ->
 *              prepare -> finish, again until all of a stream's window has gone -> deliver).
 * Failures:    with an error, bytes says how much had gone; a fatal one sticks to the line, and all
 *              who wait behind get it.
 */
#include "operation.h"

#include "lend.h"
#include "outbox.h"
#include "socket.h"
#include "straight.h"
#include "transfer.h"
#include "zero_copy.h"

#include <errno.h>
#include <poll.h>

static void aim(const struct pnd_context *context, struct io_uring_sqe *sqe);
static void send_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static void send_to_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);

static const struct pnd_operation send_operation = {
    .name = "send",
    .code = PENDIO_OPERATION_SEND,
    .opcode = IORING_OP_SEND,
    .poll_events = POLLOUT,
    .moves = true,
    .may_try = true,
    .finishes_closing = true,
    .gathers = true,
    .take = pnd_outbox_take,
    .prepare = send_prepare,
    .finish = pnd_send_finish,
    .over = pnd_lend_return,
};

static const struct pnd_operation send_to_operation = {
    .name = "send_to",
    .code = PENDIO_OPERATION_SEND_TO,
    .opcode = IORING_OP_SENDMSG,
    .poll_events = POLLOUT,
    .moves = true,
    .may_try = true,
    .finishes_closing = true,
    .prepare = send_to_prepare,
    .finish = pnd_send_finish,
    .over = pnd_lend_return,
};

__attribute__((noinline)) static int start(struct pnd_context *context, struct pnd_handle *handle)
{
    int status = pnd_context_reserve_on(context, &send_operation, handle);
    int answer;

    if (status < 0)
        return status;
    pnd_context_begin(context, &send_operation, handle);
    if (pnd_context_end_as_known(context, &handle->sends, &answer))
        return answer;
    if (context->window.byte_count == 0 && handle->kind == PND_KIND_STREAM &&
        pnd_line_is_empty(&handle->sends))
        return pnd_context_end(context, &handle->sends, &context->loop->stats.done_empty);
    pnd_outbox_joined(context->loop, handle);
    return pnd_context_wait_in_line(context, &handle->sends);
}

/* Behind others, whatever it is. */
PND_HOT __attribute__((noinline)) static int follow(struct pnd_context *context,
                                                    struct pnd_handle *handle)
{
    pnd_straight_follow(context, &send_operation, handle, &handle->sends);
    if (!handle->is_noted)
        pnd_outbox_joined(context->loop, handle);
    return PENDIO_PENDING;
}

PND_HOT int pnd_send_start(struct pnd_context *context, struct pnd_handle *handle)
{
    struct io_uring_sqe *sqe;

    if (PND_RARE(handle == NULL) ||
        !pnd_straight_may_join(context, &send_operation, handle, &handle->sends))
        return start(context, handle);
    if (!TAILQ_EMPTY(&handle->sends.waiting)) /* nobody holds it */
        return follow(context, handle);
    if (PND_RARE(context->policy == PENDIO_TRY || context->window.byte_count == 0))
        return start(context, handle);
    sqe = pnd_straight_lead(context, &send_operation, handle, &handle->sends);
    handle->entry_until = pnd_ring_tail(&context->loop->ring);
    aim(context, sqe);
    return PENDIO_PENDING;
}

int pnd_send_to_start(struct pnd_context *context, struct pnd_handle *handle)
{
    int status = pnd_context_reserve_on(context, &send_to_operation, handle);
    int answer;

    if (status < 0)
        return status;
    if (pnd_context_extra(context)->endpoint.byte_count == 0)
        return pnd_loop_refuse(context->loop, -EINVAL);
    pnd_context_begin(context, &send_to_operation, handle);
    pnd_context_extra(context)->pausing = false;
    if (pnd_context_end_as_known(context, &handle->sends, &answer))
        return answer;
    return pnd_context_wait_in_line(context, &handle->sends);
}

/*
 * No MSG_WAITALL: with it the kernel goes on after a short write by itself, but an error that comes
 * then is lost behind the bytes that had gone, and a reset looks like an orderly end to whoever
 * receives.
 */
static void aim(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->msg_flags = pnd_transfer_send_flags(context->handle);
    pnd_transfer_aim(context, sqe, IORING_OP_SENDMSG);
}

static void send_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    aim(context, sqe);
    pnd_zero_copy_aim(context, sqe);
    pnd_outbox_leads(context);
}

static void send_to_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    struct pendio_endpoint *endpoint = &pnd_context_extra(context)->endpoint;

    if (pnd_transfer_pause(context, sqe))
        return;
    sqe->fd = context->handle->descriptor;
    sqe->addr = (uintptr_t)pnd_transfer_message(context, endpoint, endpoint->byte_count);
    sqe->len = 1;
    sqe->msg_flags = pnd_transfer_send_flags(context->handle);
    pnd_zero_copy_aim(context, sqe);
}

PND_HOT enum pnd_verdict pnd_send_finish(struct pnd_context *context, int32_t result,
                                         uint32_t cqe_flags)
{
    if (pnd_zero_copy_is_refused(context, result, cqe_flags))
        return PND_AGAIN;
    if (PND_RARE(result < 0))
        return pnd_transfer_goes_on(context, result) || pnd_outbox_is_interrupted(context, result)
                   ? PND_AGAIN
                   : pnd_transfer_fail(context, result);
    if (context->handle->kind == PND_KIND_STREAM)
        return pnd_transfer_advance(context, result);
    context->moved_bytes = (uint32_t)result;
    return PND_DELIVER;
}
