/*
 * op_connect.c - all there is to know about connecting to an address, with or without first data.
 *
 * Happy path:  check -> begin -> wait in line (what is sent afterwards waits behind) -> connected
 *              -> (first data: send the window -> with fast open: wait for the peer's word).
 * Failures:    ended early, the handle is good for nothing but disconnect with reuse and closing:
 *              both its directions have failed from then on. An error of first data is one of a
 *              send: bytes says what had gone.
 */
#include "connect.h"
#include "transfer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

static void connect_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict connect_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags);
static void connect_drop(struct pnd_context *context);
static void first_data_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict first_data_finish(struct pnd_context *context, int32_t result,
                                          uint32_t cqe_flags);
static void confirm_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict confirm_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags);

static const struct pnd_operation connect_operation = {
    .name = "connect",
    .code = PENDIO_OPERATION_CONNECT,
    .opcode = IORING_OP_CONNECT,
    .poll_events = POLLOUT,
    .after_disconnect = -EISCONN,
    .prepare = connect_prepare,
    .finish = connect_finish,
    .drop = connect_drop,
};

/* What a connect with first data goes on as, one after another. */
static const struct pnd_operation first_data_operation = {
    .name = "connect",
    .code = PENDIO_OPERATION_CONNECT,
    .opcode = IORING_OP_SEND,
    .poll_events = POLLOUT,
    .moves = true,
    .prepare = first_data_prepare,
    .finish = first_data_finish,
    .drop = pnd_connect_spoil,
};

static const struct pnd_operation confirm_operation = {
    .name = "connect",
    .code = PENDIO_OPERATION_CONNECT,
    .opcode = IORING_OP_POLL_ADD,
    .moves = true,
    .prepare = confirm_prepare,
    .finish = confirm_finish,
    .drop = pnd_connect_spoil,
};

int pnd_connect_start(struct pnd_context *context, struct pnd_handle *handle)
{
    int status = pnd_context_reserve_on(context, &connect_operation, handle);
    int answer;

    if (status < 0)
        return status;
    if (pnd_context_extra(context)->endpoint.byte_count == 0)
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
    sqe->addr = (uintptr_t)pnd_context_extra(context)->endpoint.address;
    sqe->off = pnd_context_extra(context)->endpoint.byte_count;
}

/* The kernel's attempt ends too, and with it what waits for the connection. */
void pnd_connect_spoil(struct pnd_context *context)
{
    struct pnd_handle *handle = context->handle;

    handle->spoiled = true;
    pnd_line_end(&handle->sends, PND_FAILED, -ECONNABORTED);
    pnd_line_end(&handle->receives, PND_FAILED, -ECONNABORTED);
    (void)shutdown(handle->descriptor, SHUT_RDWR);
}

static enum pnd_verdict connect_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (context->stop == PND_STOP_NONE && (result == -EINPROGRESS || result == -EALREADY))
        return PND_POLL; /* the application made the socket non-blocking */
    if (result < 0) {
        pnd_context_fail(context, result);
        if (context->stop != PND_STOP_NONE)
            pnd_connect_spoil(context);
        return PND_DELIVER;
    }
    return pnd_connect_made(context);
}

/* On a non-blocking socket the kernel's attempt goes on while its end is waited for. */
static void connect_drop(struct pnd_context *context)
{
    if (context->place == PND_IN_KERNEL)
        pnd_connect_spoil(context);
}

/* ---- first data ----------------------------------------------------------------------------- */

/* What was known was of no connection. */
enum pnd_verdict pnd_connect_made(struct pnd_context *context)
{
    pnd_handle_begin_anew(context->handle);
    context->handle->connected = true;
    if (!(context->request_flags & PENDIO_FIRST_DATA) || pnd_context_left_bytes(context) == 0)
        return PND_DELIVER;
    context->operation = &first_data_operation;
    return PND_AGAIN;
}

static void first_data_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->msg_flags = MSG_NOSIGNAL;
    pnd_transfer_aim(context, sqe, IORING_OP_SENDMSG);
}

static int number_of(const struct pnd_context *context, int level, int name)
{
    int number = 0;
    socklen_t byte_count = sizeof number;

    (void)getsockopt(context->handle->descriptor, level, name, &number, &byte_count);
    return number;
}

/* With fast open the data travel with the request to connect: that may still be refused. */
static enum pnd_verdict first_data_finish(struct pnd_context *context, int32_t result,
                                          uint32_t cqe_flags)
{
    enum pnd_verdict verdict = PND_DELIVER;

    (void)cqe_flags;
    if (result == -EINPROGRESS && context->stop == PND_STOP_NONE)
        return PND_POLL;
    if (result < 0)
        verdict = pnd_transfer_fail(context, result);
    else if (context->handle->kind == PND_KIND_STREAM)
        verdict = pnd_transfer_advance(context, result);
    else
        context->moved_bytes = (uint32_t)result;
    if (verdict != PND_DELIVER)
        return verdict;
    if (context->error != 0 && context->stop != PND_STOP_NONE)
        pnd_connect_spoil(context);
    if (context->error == 0 && number_of(context, IPPROTO_TCP, TCP_FASTOPEN_CONNECT) != 0) {
        context->operation = &confirm_operation;
        return PND_AGAIN;
    }
    return PND_DELIVER;
}

static void confirm_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->poll32_events = pnd_ring_poll_events(POLLOUT);
}

static enum pnd_verdict confirm_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags)
{
    int error = result < 0 ? 0 : number_of(context, SOL_SOCKET, SO_ERROR);

    (void)cqe_flags;
    if (result < 0) {
        pnd_context_fail(context, result);
        if (context->stop != PND_STOP_NONE)
            pnd_connect_spoil(context);
    } else if (error != 0) {
        context->moved_bytes = 0;
        context->handle->connected = false;
        pnd_context_fail(context, -error);
    }
    return PND_DELIVER;
}
