/*
 * op_accept.c - all there is to know about accepting a connection.
 *
 * Happy path:  check -> reserve a handle, or take one that was prepared -> begin -> wait in the
 *              listener's line -> the kernel has a descriptor -> it becomes the handle, or takes
 *              the place of the socket behind it.
 * Failures:    no free handle is refused before begin; a run that ends without a connection gives
 *              its handle back, and leaves a prepared one as it was.
 */
#include "descriptor.h"
#include "operation.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static void accept_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict accept_finish(struct pnd_context *context, int32_t result,
                                      uint32_t cqe_flags);

static const struct pnd_operation accept_operation = {
    .name = "accept",
    .code = PENDIO_OPERATION_ACCEPT,
    .opcode = IORING_OP_ACCEPT,
    .poll_events = POLLIN,
    .may_try = true,
    .prepare = accept_prepare,
    .finish = accept_finish,
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

    if (status < 0)
        return status;
    status = find_product(loop, listener, into, &product);
    if (status < 0)
        return pnd_loop_refuse(loop, status);

    pnd_context_begin(context, &accept_operation, listener);
    context->product = product;
    if (into != 0) {
        product->acceptor = context;
        product->under_way_count++;
    }
    return pnd_context_wait_in_line(context, &listener->receives);
}

/* Blocking, as the application expects it: the ring polls by itself. */
static void accept_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->accept_flags = SOCK_CLOEXEC;
}

/* The handle may have been closed meanwhile: then nobody wants the connection. */
static void hand_over(struct pnd_context *context, int descriptor)
{
    struct pnd_handle *product = context->product;

    if (product == NULL) {
        close(descriptor);
        pnd_context_fail(context, -ECANCELED);
        return;
    }
    if (product->acceptor == context) {
        pnd_descriptor_replace(product->descriptor, descriptor);
        pnd_handle_begin_anew(product);
    } else {
        pnd_handle_open(product, descriptor, context->handle->kind);
    }
    product->connected = true;
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
