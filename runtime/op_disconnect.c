/*
 * op_disconnect.c - all there is to know about ending a connection and keeping the handle.
 *
 * Happy path:  check -> begin -> wait in line behind what is sent -> part: FIN, both directions
 *              have come to their end -> (to be used again: wait for the receives to hear of it ->
 *              another socket behind the same descriptor).
 * Failures:    no connection is an error of the operation; ended early before its turn nothing has
 *              happened, afterwards the connection has ended all the same.
 *
 * The system calls take no time, so no worker is needed for them: the kernel's entry only keeps the
 * place in line.
 */
#include "descriptor.h"
#include "disconnect.h"
#include "multishot.h"
#include "operation.h"

#include <errno.h>

static void disconnect_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict disconnect_finish(struct pnd_context *context, int32_t result,
                                          uint32_t cqe_flags);

static const struct pnd_operation disconnect_operation = {
    .name = "disconnect",
    .code = PENDIO_OPERATION_DISCONNECT,
    .opcode = IORING_OP_NOP,
    .outlives_line = true,
    .prepare = disconnect_prepare,
    .finish = disconnect_finish,
};

int pnd_disconnect_start(struct pnd_context *context, struct pnd_handle *handle, uint32_t flags)
{
    int status = pnd_context_reserve_on(context, &disconnect_operation, handle);

    if (status < 0)
        return status;
    if (handle->kind != PND_KIND_STREAM && handle->kind != PND_KIND_SEQPACKET)
        return pnd_loop_refuse(context->loop, -EINVAL);
    pnd_context_begin(context, &disconnect_operation, handle);
    context->argument = flags;
    return pnd_context_wait_in_line(context, &handle->sends);
}

static void disconnect_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    (void)context;
    sqe->fd = -1;
}

/* 0, or why there is nothing to end. */
static int32_t check(const struct pnd_handle *handle, bool reuse)
{
    if (handle->spoiled || handle->disconnected) {
        if (reuse)
            return 0;
        return handle->spoiled ? -ECONNABORTED : -ENOTCONN;
    }
    return handle->connected || pnd_descriptor_has_peer(handle->descriptor) ? 0 : -ENOTCONN;
}

static void part(struct pnd_loop *loop, struct pnd_handle *handle)
{
    (void)shutdown(handle->descriptor, SHUT_RDWR);
    pnd_handle_begin_anew(handle);
    handle->disconnected = true;
    pnd_line_end(&handle->sends, PND_FAILED, -EPIPE);
    pnd_line_end(&handle->receives, PND_ENDED, 0);
    pnd_multishot_stop(loop, handle);
    pnd_multishot_discard(loop, handle);
    pnd_context_ask_again(handle);
}

/* The old connection goes on closing by itself. */
static int32_t renew(struct pnd_loop *loop, struct pnd_handle *handle)
{
    int fresh = pnd_descriptor_make_alike(handle->descriptor);

    if (fresh < 0)
        return fresh;
    pnd_multishot_discard(loop, handle);
    pnd_descriptor_discard_unread(handle->descriptor);
    pnd_descriptor_replace(handle->descriptor, fresh);
    pnd_handle_begin_anew(handle);
    return 0;
}

static enum pnd_verdict disconnect_finish(struct pnd_context *context, int32_t result,
                                          uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (result < 0) {
        pnd_context_fail(context, result);
        return PND_DELIVER;
    }
    return pnd_disconnect_go(context, (context->argument & PENDIO_REUSE) != 0);
}

enum pnd_verdict pnd_disconnect_go(struct pnd_context *context, bool reuse)
{
    struct pnd_handle *handle = context->handle;
    int32_t error = context->stop == PND_STOP_NONE ? check(handle, reuse) : -ECANCELED;

    if (error == 0 && !handle->disconnected)
        part(context->loop, handle);
    if (error == 0 && reuse) {
        if (!pnd_handle_is_quiet(handle))
            return PND_SETTLE;
        error = renew(context->loop, handle);
    }
    if (error != 0)
        pnd_context_fail(context, error);
    return PND_DELIVER;
}
