/*
 * bell.c - a standing poll of a stream, so that a receive is handed to the kernel only when there
 * is something for it.
 *
 * Happy path:  ask: wait -> it rings, and whoever waits first asks again -> its request.
 * Failures:    where it cannot be had, or has ended, receives go to the kernel and wait there.
 */
#include "bell.h"

#include "lone.h"

#include <errno.h>
#include <poll.h>

static void bell_prepare(struct pnd_loop *loop, const struct pnd_handle *handle,
                         struct io_uring_sqe *sqe);
static bool bell_is_full(const struct pnd_loop *loop, const struct pnd_handle *handle);
static bool bell_has_room(const struct pnd_loop *loop, const struct pnd_handle *handle);
static void bell_collect(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result,
                         uint32_t cqe_flags);
static bool bell_end(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result);

const struct pnd_multishot pnd_bell = {
    .inbox_kind = PND_INBOX_UNUSED,
    .prepare = bell_prepare,
    .is_full = bell_is_full,
    .has_room = bell_has_room,
    .collect = bell_collect,
    .end = bell_end,
};

enum pnd_source pnd_bell_ask(const struct pnd_context *context)
{
    const struct pnd_handle *handle = context->handle;

    if (handle->strategy.has_rung || context->policy == PENDIO_TRY ||
        pnd_lone_is(context->loop, handle))
        return PND_FROM_KERNEL;
    return pnd_multishot_ask(context, &pnd_bell);
}

static void bell_prepare(struct pnd_loop *loop, const struct pnd_handle *handle,
                         struct io_uring_sqe *sqe)
{
    (void)loop;
    (void)handle;
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->len = IORING_POLL_ADD_MULTI;
    sqe->poll32_events = pnd_ring_poll_events(POLLIN | POLLRDHUP);
}

static bool bell_is_full(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    (void)loop;
    (void)handle;
    return false;
}

static bool bell_has_room(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    (void)loop;
    (void)handle;
    return true;
}

/* Of an end no request tells that it lies behind what it brings: so it is not waited for. */
static void bell_collect(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result,
                         uint32_t cqe_flags)
{
    (void)cqe_flags;
    loop->has_rung = loop->has_rung || pnd_multishot_is_waited_for(handle);
    if ((result & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
        pnd_bell_take_down(loop, handle);
    else
        handle->strategy.has_rung = handle->strategy.has_bell;
}

static bool bell_end(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result)
{
    (void)result;
    pnd_bell_take_down(loop, handle);
    return false;
}

void pnd_bell_for_crowd(struct pnd_loop *loop, struct pnd_handle *handle)
{
    if (!handle->strategy.has_bell || handle->state == PND_HANDLE_CLOSING)
        return;
    handle->strategy.others = 0;
    handle->strategy.reason = PENDIO_RECEIVE_CROWDED;
    loop->stats.polled_for_crowd++;
}

/* What it was chosen for holds no more. */
static void forget_reason(struct pnd_handle *handle)
{
    if (handle->strategy.reason == PENDIO_RECEIVE_LONE ||
        handle->strategy.reason == PENDIO_RECEIVE_CROWDED)
        handle->strategy.reason = PENDIO_RECEIVE_UNDECIDED;
}

void pnd_bell_take_down(struct pnd_loop *loop, struct pnd_handle *handle)
{
    if (handle->strategy.has_bell) {
        forget_reason(handle);
        loop->handles.bell_count--;
    }
    handle->strategy.has_bell = false;
    handle->strategy.has_rung = false;
    handle->strategy.has_more = false;
    handle->strategy.is_guess = false;
    if (loop->handles.lone == handle)
        loop->handles.lone = NULL;
    if (handle->multishot == &pnd_bell)
        pnd_multishot_stop(loop, handle);
}

/* Of a lone stream it waits there as if there were no bell. */
uint32_t pnd_bell_flags(const struct pnd_context *context)
{
    if (context->request_flags & PENDIO_PEEK)
        return 0; /* what it finds stays */
    context->handle->strategy.has_rung = false;
    return pnd_lone_is(context->loop, context->handle) ? 0 : MSG_DONTWAIT;
}

bool pnd_bell_was_right(const struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    struct pnd_handle *handle = context->handle;

    if (result == -EAGAIN) {
        pnd_lone_never(context->loop, handle);
        return !pnd_bell_is_up(handle);
    }
    handle->strategy.has_more = (cqe_flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
    handle->strategy.is_guess = false;
    if (result < 0 || handle->strategy.has_more)
        handle->strategy.has_rung = true;
    return true;
}
