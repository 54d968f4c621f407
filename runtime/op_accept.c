/*
 * op_accept.c - all there is to know about accepting a connection.
 *
 * Happy path:  check -> reserve a handle -> begin -> wait in the listener's line -> the kernel has
 *              a descriptor -> it becomes the handle.
 * Failures:    no free handle is refused before begin; a run that ends without a connection gives
 *              its handle back.
 */
#include "operation.h"

#include <errno.h>
#include <poll.h>

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

int pnd_accept_start(struct pnd_context *context, struct pnd_handle *listener, pendio_handle into)
{
    struct pnd_loop *loop = context->loop;
    int status = pnd_context_reserve_on(context, &accept_operation, listener);
    struct pnd_handle *product;

    if (status < 0)
        return status;
    if (into != 0)
        return pnd_loop_refuse(loop, -ENOTSUP);
    product = pnd_handle_reserve(&loop->handles);
    if (product == NULL)
        return pnd_loop_refuse(loop, -EAGAIN);

    pnd_context_begin(context, &accept_operation, listener);
    context->product = product;
    return pnd_context_wait_in_line(context, &listener->receives);
}

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
        pnd_handle_open(context->product, result, context->handle->kind);
    return PND_DELIVER;
}
