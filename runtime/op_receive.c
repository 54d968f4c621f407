/*
 * op_receive.c - all there is to know about receiving from a socket.
 *
 * Happy path:  check -> begin -> (known end: end) or (wait in line -> prepare -> finish ->
 *              deliver).
 * Failures:    misuse is refused before begin, so nothing has changed; the kernel's answer is the
 *              result; an end and a fatal error stick to the line.
 *
 * An empty window on a stream waits for readability and takes nothing: it peeks at one byte.
 */
#include "operation.h"

#include "ahead.h"
#include "bell.h"
#include "lend.h"
#include "socket.h"
#include "straight.h"
#include "strategy.h"
#include "transfer.h"
#include "warm.h"

#include <errno.h>
#include <poll.h>

static void receive_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict receive_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags);
static void receive_from_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict receive_from_finish(struct pnd_context *context, int32_t result,
                                            uint32_t cqe_flags);
static void lent_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict lent_finish(struct pnd_context *context, int32_t result,
                                    uint32_t cqe_flags);
static void lent_from_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict lent_from_finish(struct pnd_context *context, int32_t result,
                                         uint32_t cqe_flags);

static const struct pnd_operation receive_operation = {
    .name = "receive",
    .code = PENDIO_OPERATION_RECEIVE,
    .opcode = IORING_OP_RECV,
    .poll_events = POLLIN,
    .moves = true,
    .may_try = true,
    .take = pnd_ahead_take,
    .prepare = receive_prepare,
    .finish = receive_finish,
};

static const struct pnd_operation receive_from_operation = {
    .name = "receive_from",
    .code = PENDIO_OPERATION_RECEIVE_FROM,
    .opcode = IORING_OP_RECVMSG,
    .poll_events = POLLIN,
    .moves = true,
    .may_try = true,
    .take = pnd_ahead_take,
    .prepare = receive_from_prepare,
    .finish = receive_from_finish,
};

/* The two without memory of their own. */
static const struct pnd_operation lent_operation = {
    .name = "receive",
    .code = PENDIO_OPERATION_RECEIVE,
    .opcode = IORING_OP_RECV,
    .poll_events = POLLIN,
    .moves = true,
    .may_try = true,
    .take = pnd_lend_take,
    .prepare = lent_prepare,
    .finish = lent_finish,
    .drop = pnd_lend_return,
};

static const struct pnd_operation lent_from_operation = {
    .name = "receive_from",
    .code = PENDIO_OPERATION_RECEIVE_FROM,
    .opcode = IORING_OP_RECVMSG,
    .poll_events = POLLIN,
    .moves = true,
    .may_try = true,
    .take = pnd_lend_take,
    .prepare = lent_from_prepare,
    .finish = lent_from_finish,
    .drop = pnd_lend_return,
};

/* The two with an empty window on a stream. */
static const struct pnd_operation readable_operation = {
    .name = "receive",
    .code = PENDIO_OPERATION_RECEIVE,
    .opcode = IORING_OP_RECV,
    .poll_events = POLLIN,
    .moves = true,
    .may_try = true,
    .take = pnd_ahead_look,
    .prepare = pnd_readable_prepare,
    .finish = pnd_readable_finish,
};

static const struct pnd_operation readable_from_operation = {
    .name = "receive_from",
    .code = PENDIO_OPERATION_RECEIVE_FROM,
    .opcode = IORING_OP_RECV,
    .poll_events = POLLIN,
    .moves = true,
    .may_try = true,
    .take = pnd_ahead_look,
    .prepare = pnd_readable_prepare,
    .finish = pnd_readable_finish,
};

/* The same with memory, with an empty window on a stream, and with none. */
struct receives {
    const struct pnd_operation *whole;
    const struct pnd_operation *empty;
    const struct pnd_operation *lent;
};

static const struct pnd_operation *choose(const struct pnd_context *context,
                                          const struct pnd_handle *handle,
                                          const struct receives *receives)
{
    if (context->lending)
        return receives->lent;
    return context->window.byte_count == 0 && handle->kind == PND_KIND_STREAM ? receives->empty
                                                                              : receives->whole;
}

static inline void forget_sender(struct pnd_context *context)
{
    if (context->uses_extra)
        pnd_context_extra(context)->sender.byte_count = 0;
}

__attribute__((noinline)) static int start(struct pnd_context *context, struct pnd_handle *handle,
                                           const struct receives *receives)
{
    int status = pnd_context_reserve_on(context, receives->whole, handle);
    int answer;

    if (status < 0)
        return status;
    pnd_context_begin(context, choose(context, handle, receives), handle);
    pnd_lend_return(context);
    forget_sender(context);
    if (pnd_context_end_as_known(context, &handle->receives, &answer))
        return answer;
    return pnd_context_wait_in_line(context, &handle->receives);
}

/* With MSG_TRUNC the kernel answers a message's full length; on a stream it would drop the data. */
uint32_t pnd_receive_flags(const struct pnd_context *context)
{
    uint32_t flags = context->request_flags & PENDIO_PEEK ? MSG_PEEK : 0;

    if (PND_RARE(context->handle->strategy.has_rung))
        flags |= pnd_bell_flags(context);
    return PND_USUAL(context->handle->kind == PND_KIND_STREAM) ? flags : flags | MSG_TRUNC;
}

static inline void aim(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->msg_flags = pnd_receive_flags(context);
    pnd_transfer_aim(context, sqe, IORING_OP_RECVMSG);
}

/* Nothing is received ahead of who asks. */
static inline bool is_single(const struct pnd_handle *handle)
{
    return (handle->multishot == NULL || pnd_bell_is_up(handle)) && !handle->strategy.is_ahead;
}

/* Into memory of its own. */
static inline bool has_memory(const struct pnd_context *context)
{
    return context->window.byte_count != 0 && context->lent_buffer == 0 && !context->lending;
}

/* What a request under way for the handle brings next, is for it. */
static int wait_for_piece(struct pnd_context *context, struct pnd_handle *handle)
{
    const struct pnd_operation *operation = context->lending ? &lent_operation : &receive_operation;

    if (PND_RARE(context->lending && pnd_strategy_is_own(handle)))
        pnd_strategy_lends_now(context->loop, handle);
    pnd_straight_follow(context, operation, handle, &handle->receives);
    if (context->lent_buffer != 0)
        pnd_lend_return(context);
    forget_sender(context);
    return PENDIO_PENDING;
}

PND_HOT int pnd_receive_start(struct pnd_context *context, struct pnd_handle *handle)
{
    static const struct receives receives = {&receive_operation, &readable_operation,
                                             &lent_operation};
    struct io_uring_sqe *sqe;

    if (PND_RARE(handle == NULL) ||
        !pnd_straight_may_lead(context, &receive_operation, handle, &handle->receives))
        return start(context, handle, &receives);
    if (pnd_ahead_brings(handle) && (context->lending || has_memory(context)))
        return wait_for_piece(context, handle);
    if (!is_single(handle) || !has_memory(context))
        return start(context, handle, &receives);
    forget_sender(context);
    if (handle->multishot != NULL &&
        (!handle->strategy.has_rung || handle == context->loop->handles.lone)) {
        pnd_straight_follow(context, &receive_operation, handle, &handle->receives);
        return PENDIO_PENDING;
    }
    sqe = pnd_straight_lead(context, &receive_operation, handle, &handle->receives);
    aim(context, sqe);
    return PENDIO_PENDING;
}

int pnd_receive_from_start(struct pnd_context *context, struct pnd_handle *handle)
{
    static const struct receives receives = {&receive_from_operation, &readable_from_operation,
                                             &lent_from_operation};

    return start(context, handle, &receives);
}

static void receive_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    aim(context, sqe);
}

/* Nothing came: the end, unless an empty message or an empty window explains it. */
static bool is_end(const struct pnd_context *context, int32_t result)
{
    if (result != 0)
        return false;
    return context->handle->kind == PND_KIND_SEQPACKET ||
           (context->handle->kind == PND_KIND_STREAM &&
            (context->window.byte_count != 0 || context->lending));
}

static void end_or_reset(struct pnd_context *context)
{
    int32_t error = pnd_transfer_find_end(context->handle);

    if (error != 0)
        pnd_context_fail(context, error);
    else
        context->flags |= PENDIO_END_OF_STREAM;
}

enum pnd_verdict pnd_receive_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    assert((cqe_flags & IORING_CQE_F_MORE) == 0); /* single shot: this is the last word */
    if (context->handle->strategy.has_bell && !pnd_bell_was_right(context, result, cqe_flags))
        return PND_AGAIN;
    if (result < 0)
        return pnd_transfer_fail(context, result);
    if (is_end(context, result))
        end_or_reset(context);
    if (PND_USUAL(context->handle->kind == PND_KIND_STREAM))
        pnd_warm_received(context->loop, (uint32_t)result);
    context->moved_bytes = (uint32_t)result;
    if (context->moved_bytes > context->window.byte_count) {
        context->moved_bytes = context->window.byte_count;
        context->flags |= PENDIO_TRUNCATED;
    }
    return PND_DELIVER;
}

static enum pnd_verdict receive_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags)
{
    if (result > 0)
        pnd_strategy_received(context, (uint32_t)result);
    return pnd_receive_finish(context, result, cqe_flags);
}

static void receive_from_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    struct pendio_endpoint *sender = &pnd_context_extra(context)->sender;

    sqe->fd = context->handle->descriptor;
    sqe->addr = (uintptr_t)pnd_transfer_message(context, sender, sizeof sender->address);
    sqe->len = 1;
    sqe->msg_flags = pnd_receive_flags(context);
}

static enum pnd_verdict receive_from_finish(struct pnd_context *context, int32_t result,
                                            uint32_t cqe_flags)
{
    struct pnd_context_extra *extra = pnd_context_use_extra(context);

    if (result >= 0)
        extra->sender.byte_count = extra->message.msg_namelen;
    return pnd_receive_finish(context, result, cqe_flags);
}

void pnd_readable_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->addr = (uintptr_t)&pnd_context_extra(context)->peeked;
    sqe->len = sizeof pnd_context_extra(context)->peeked;
    sqe->msg_flags = MSG_PEEK;
}

enum pnd_verdict pnd_readable_finish(struct pnd_context *context, int32_t result,
                                     uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (result < 0)
        return pnd_transfer_fail(context, result);
    if (result == 0)
        end_or_reset(context);
    return PND_DELIVER;
}

/* ---- without memory of one's own ------------------------------------------------------------ */

/* A buffer that was taken is given back when there is nothing for it: the kernel must not wait. */
static void lent_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    receive_prepare(context, sqe);
    if (pnd_ahead_chooses(context)) {
        sqe->addr = 0;
        sqe->len = 0;
        sqe->flags |= IOSQE_BUFFER_SELECT;
    } else {
        sqe->msg_flags |= MSG_DONTWAIT;
    }
}

static enum pnd_verdict lent_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    enum pnd_verdict verdict = PND_AGAIN;

    if (cqe_flags & IORING_CQE_F_BUFFER)
        pnd_lend_chosen(context, result, cqe_flags);
    if (result == -ENOBUFS && pnd_ahead_chooses(context))
        pnd_buffers_found_none(&context->loop->buffers);
    else
        verdict = pnd_receive_finish(context, result, cqe_flags);
    pnd_lend_finish(context);
    return verdict;
}

static void lent_from_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    receive_from_prepare(context, sqe);
    sqe->msg_flags |= MSG_DONTWAIT;
}

static enum pnd_verdict lent_from_finish(struct pnd_context *context, int32_t result,
                                         uint32_t cqe_flags)
{
    enum pnd_verdict verdict = receive_from_finish(context, result, cqe_flags);

    pnd_lend_finish(context);
    return verdict;
}
