/*
 * op_connect.c - all there is to know about connecting to an address.
 *
 * Happy path:  check -> begin -> wait in line (what is sent afterwards waits behind) -> connected.
 * Failures:    ended early, the handle is good for nothing but closing: both its directions have
 *              failed from then on.
 */
#include "operation.h"

#include <errno.h>
#include <poll.h>

static void connect_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict connect_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags);

static const struct pnd_operation connect_operation = {
    .name = "connect",
    .code = PENDIO_OPERATION_CONNECT,
    .opcode = IORING_OP_CONNECT,
    .poll_events = POLLOUT,
    .after_disconnect = -EISCONN,
    .prepare = connect_prepare,
    .finish = connect_finish,
};

int pnd_connect_start(struct pnd_context *context, struct pnd_handle *handle)
{
    int status = pnd_context_reserve_on(context, &connect_operation, handle);
    int answer;

    if (status < 0)
        return status;
    if (context->extra->endpoint.byte_count == 0)
        return pnd_loop_refuse(context->loop, -EINVAL);

    pnd_context_begin(context, &connect_operation, handle);
    if ((handle->spoiled || handle->disconnected) &&
        pnd_context_end_as_known(context, &handle->sends, &answer))
        return answer;
    return pnd_context_wait_in_line(context, &handle->sends);
}

static void connect_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->addr = (uintptr_t)context->extra->endpoint.address;
    sqe->off = context->extra->endpoint.byte_count;
}

/* The kernel's attempt ends too, and with it what waits for the connection. */
static void spoil(struct pnd_handle *handle)
{
    handle->spoiled = true;
    pnd_line_end(&handle->sends, PND_FAILED, -ECONNABORTED);
    pnd_line_end(&handle->receives, PND_FAILED, -ECONNABORTED);
    (void)shutdown(handle->descriptor, SHUT_RDWR);
}

static enum pnd_verdict connect_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags)
{
    struct pnd_handle *handle = context->handle;

    (void)cqe_flags;
    if (context->stop == PND_STOP_NONE && (result == -EINPROGRESS || result == -EALREADY))
        return PND_POLL; /* the application made the socket non-blocking */
    if (result < 0) {
        pnd_context_fail(context, result);
        if (context->stop != PND_STOP_NONE)
            spoil(handle);
        return PND_DELIVER;
    }
    pnd_handle_begin_anew(handle);
    handle->connected = true;
    return PND_DELIVER;
}
