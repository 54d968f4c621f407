/*
 * op_accept.c - all there is to know about accepting a connection.
 *
 * Happy path:  check -> reserve a handle, or take one that was prepared -> begin -> (a connection
 *              is collected: end) or (wait in the listener's line -> there is a descriptor -> it
 *              becomes the handle, or takes the place of the socket behind it).
 * Failures:    no free handle is refused before begin; a run that ends without a connection gives
 *              its handle back, and leaves a prepared one as it was.
 *
 * Where the kernel can, one multishot request accepts for all who wait, and a bounded number ahead
 * of them; else each context asks for itself.
 */
#include "descriptor.h"
#include "line.h"
#include "multishot.h"
#include "operation.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static enum pnd_source accept_take(struct pnd_context *context);
static void accept_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict accept_finish(struct pnd_context *context, int32_t result,
                                      uint32_t cqe_flags);

static void ahead_prepare(struct pnd_loop *loop, const struct pnd_handle *listener,
                          struct io_uring_sqe *sqe);
static bool ahead_is_full(const struct pnd_loop *loop, const struct pnd_handle *listener);
static bool ahead_has_room(const struct pnd_loop *loop, const struct pnd_handle *listener);
static void ahead_collect(struct pnd_loop *loop, struct pnd_handle *listener, int32_t result,
                          uint32_t cqe_flags);
static bool ahead_end(struct pnd_loop *loop, struct pnd_handle *listener, int32_t result);
static void ahead_discard(struct pnd_loop *loop, struct pnd_handle *listener,
                          const struct pnd_inbox_item *item);

static const struct pnd_operation accept_operation = {
    .name = "accept",
    .code = PENDIO_OPERATION_ACCEPT,
    .opcode = IORING_OP_ACCEPT,
    .poll_events = POLLIN,
    .may_try = true,
    .take = accept_take,
    .prepare = accept_prepare,
    .finish = accept_finish,
};

static const struct pnd_multishot accept_ahead = {
    .feature = PENDIO_FEATURE_MULTISHOT_ACCEPT,
    .inbox_kind = PND_INBOX_CONNECTIONS,
    .prepare = ahead_prepare,
    .is_full = ahead_is_full,
    .has_room = ahead_has_room,
    .collect = ahead_collect,
    .end = ahead_end,
    .discard = ahead_discard,
};

/* 0, or why no connection of the listener's can take the place of what is behind the handle. */
static int check_target(const struct pnd_handle *listener, const struct pnd_handle *target)
{
    if (target == NULL)
        return -EBADF;
    if (target->kind != listener->kind ||
        !pnd_descriptor_are_alike(listener->descriptor, target->descriptor))
        return -EINVAL;
    if (target->under_way_count != 0)
        return -EBUSY;
    if (target->spoiled || target->disconnected)
        return -EINVAL;
    if (target->connected || pnd_descriptor_has_peer(target->descriptor))
        return -EISCONN;
    return pnd_descriptor_is_bound(target->descriptor) ? -EINVAL : 0;
}

/* 0 and the handle a connection is going to have, or the refusal. */
static int find_product(struct pnd_loop *loop, const struct pnd_handle *listener,
                        pendio_handle into, struct pnd_handle **ret_product)
{
    if (into == 0) {
        *ret_product = pnd_handle_reserve(&loop->handles);
        return *ret_product != NULL ? 0 : -EAGAIN;
    }
    *ret_product = pnd_handle_find(&loop->handles, into);
    return check_target(listener, *ret_product);
}

int pnd_accept_start(struct pnd_context *context, struct pnd_handle *listener, pendio_handle into)
{
    struct pnd_loop *loop = context->loop;
    int status = pnd_context_reserve_on(context, &accept_operation, listener);
    struct pnd_handle *product;
    int answer;

    if (status < 0)
        return status;
    status = find_product(loop, listener, into, &product);
    if (status < 0)
        return pnd_loop_refuse(loop, status);

    pnd_context_begin(context, &accept_operation, listener);
    context->product = product;
    context->attached = true;
    if (into != 0) {
        product->acceptor = pnd_context_number(context);
        pnd_guest_join(&pnd_context_use_extra(context)->target, context, product, true);
    }
    answer = pnd_context_wait_in_line(context, &listener->receives);
    if (answer == PENDIO_DONE && into != 0)
        (void)pnd_guest_leave(context); /* nobody has closed it within the start */
    return answer;
}

/* A prepared handle may be closing meanwhile: then nobody wants the connection. */
static void hand_over(struct pnd_context *context, int descriptor)
{
    struct pnd_handle *product = context->product;

    if (product->state == PND_HANDLE_CLOSING) {
        close(descriptor);
        pnd_context_fail(context, -ECANCELED);
        return;
    }
    if (product->acceptor == pnd_context_number(context)) {
        pnd_descriptor_replace(product->descriptor, descriptor);
        pnd_handle_begin_anew(product);
    } else {
        pnd_handle_open(product, descriptor, context->handle->kind);
    }
    product->connected = true;
}

static enum pnd_source accept_take(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *listener = context->handle;

    if (listener->inbox.kind != PND_INBOX_CONNECTIONS || pnd_inbox_is_empty(&listener->inbox))
        return pnd_multishot_ask(context, &accept_ahead);
    hand_over(context, pnd_inbox_pop(&loop->inboxes, &listener->inbox).descriptor);
    loop->stats.connections_collected--;
    pnd_multishot_relieve(loop, listener);
    return PND_FROM_INBOX;
}

/* ---- one connection ------------------------------------------------------------------------- */

/* Blocking, as the application expects it: the ring polls by itself. */
static void accept_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->accept_flags = SOCK_CLOEXEC;
}

static enum pnd_verdict accept_finish(struct pnd_context *context, int32_t result,
                                      uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (result == -EAGAIN)
        return PND_POLL;
    if (result < 0)
        pnd_context_fail(context, result);
    else
        hand_over(context, result);
    return PND_DELIVER;
}

/* ---- one after another, ahead of those who ask ---------------------------------------------- */

static void ahead_prepare(struct pnd_loop *loop, const struct pnd_handle *listener,
                          struct io_uring_sqe *sqe)
{
    (void)loop;
    (void)listener;
    sqe->opcode = IORING_OP_ACCEPT;
    sqe->ioprio = IORING_ACCEPT_MULTISHOT;
    sqe->accept_flags = SOCK_CLOEXEC;
}

static bool ahead_is_full(const struct pnd_loop *loop, const struct pnd_handle *listener)
{
    return listener->inbox.amount >= loop->collect_count;
}

/* Half of it, so that not every connection taken costs a request. */
static bool ahead_has_room(const struct pnd_loop *loop, const struct pnd_handle *listener)
{
    return listener->inbox.amount <= loop->collect_count / 2;
}

/* Who waits takes it from the inbox at once. */
static void ahead_collect(struct pnd_loop *loop, struct pnd_handle *listener, int32_t result,
                          uint32_t cqe_flags)
{
    const struct pnd_inbox_item item = {.descriptor = result};
    bool joined;

    (void)cqe_flags;
    if (pnd_inbox_push(&loop->inboxes, &listener->inbox, item, &joined) < 0)
        close(result); /* no memory to remember it: the peer sees the end */
    else
        loop->stats.connections_collected++;
}

/* The descriptor 0 is no error; an error is the result of whoever waits first. */
static bool ahead_end(struct pnd_loop *loop, struct pnd_handle *listener, int32_t result)
{
    struct pnd_context *first = TAILQ_FIRST(&listener->receives.waiting);

    (void)loop;
    if (result < 0 && first != NULL && pnd_inbox_is_empty(&listener->inbox)) {
        pnd_context_fail(first, result);
        pnd_context_finish(first);
    }
    return result >= 0;
}

static void ahead_discard(struct pnd_loop *loop, struct pnd_handle *listener,
                          const struct pnd_inbox_item *item)
{
    (void)listener;
    close(item->descriptor);
    loop->stats.connections_collected--;
}
