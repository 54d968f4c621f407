/*
 * op_close.c - all there is to know about closing a handle.
 *
 * Happy path:  the handle is closing from now on -> everything under way on it ends and is
 *              delivered -> proceed: FIN or RST -> the descriptor is closed.
 * Failures:    none are possible before the descriptor is gone; with a context, the kernel's answer
 *              to close is the result.
 *
 * Graceful lets started sends, writes, fsyncs and truncates finish; if the context's deadline comes
 * first, they end as under an abortive close. A close cannot be cancelled. It waits for memory that
 * the kernel still holds; one that is abortive, or late, makes the kernel drop it.
 */
#include "descriptor.h"
#include "multishot.h"
#include "operation.h"

#include "line.h"

#include <errno.h>
#include <unistd.h>

static void close_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict close_finish(struct pnd_context *context, int32_t result,
                                     uint32_t cqe_flags);
static void close_stop(struct pnd_context *context, enum pnd_stop reason);

static const struct pnd_operation close_operation = {
    .name = "close",
    .code = PENDIO_OPERATION_CLOSE,
    .opcode = IORING_OP_CLOSE,
    .prepare = close_prepare,
    .finish = close_finish,
    .stop = close_stop,
};

/* ---- start ---------------------------------------------------------------------------------- */

/* From the last to the first, so that nobody moves up who is about to be stopped himself. */
static void stop_list(struct pnd_context_list *list, bool senders_too)
{
    struct pnd_context *context = TAILQ_LAST(list, pnd_context_list);

    while (context != NULL) {
        struct pnd_context *before = TAILQ_PREV(context, pnd_context_list, line_link);

        if (senders_too || !context->operation->finishes_closing)
            pnd_context_stop(context, PND_STOP_BY_CLOSE);
        context = before;
    }
}

static void stop_all(struct pnd_handle *handle, bool senders_too)
{
    stop_list(&handle->receives.waiting, senders_too);
    stop_list(&handle->sends.waiting, senders_too);
    stop_list(&handle->parallel, senders_too);
    pnd_guest_stop_all(handle, senders_too);
}

static void begin_closing(struct pnd_loop *loop, struct pnd_handle *handle, uint32_t mode,
                          struct pnd_context *closer)
{
    handle->state = PND_HANDLE_CLOSING;
    handle->close_mode = (uint8_t)mode;
    handle->closer = closer != NULL ? pnd_context_number(closer) : 0;
    handle->gives_up = mode == PENDIO_ABORTIVE;
    stop_all(handle, mode == PENDIO_ABORTIVE);
    pnd_multishot_stop(loop, handle);
}

int pnd_close_start(struct pnd_context *context, struct pnd_handle *handle, uint32_t mode)
{
    struct pnd_loop *loop = context->loop;
    int status = pnd_context_check_free(context);
    int answer;

    if (status == 0 && !pnd_operation_is_allowed(&close_operation, loop))
        status = -ENOTSUP;
    else if (status == 0 && handle == NULL)
        status = -EBADF;
    if (status < 0)
        return pnd_loop_refuse(loop, status);

    pnd_context_begin(context, &close_operation, NULL);
    context->handle_value = handle->value;
    begin_closing(loop, handle, mode, context);
    context->argument = (uint64_t)(handle - loop->handles.slots);
    answer = context->deadline_ns != 0 ? pnd_context_wait_for_time(context, context->deadline_ns)
                                       : pnd_context_wait_for_others(context);
    if (pnd_handle_may_close(handle))
        pnd_close_proceed(loop, handle);
    return answer;
}

void pnd_close_alone(struct pnd_loop *loop, struct pnd_handle *handle, uint32_t mode)
{
    begin_closing(loop, handle, mode, NULL);
    if (pnd_handle_may_close(handle))
        pnd_close_proceed(loop, handle);
}

/* Only the deadline, and the end of the loop, have a say: those who still send are stopped. */
static void close_stop(struct pnd_context *context, enum pnd_stop reason)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle;

    if (context->place != PND_NOWHERE || (reason != PND_STOP_BY_DEADLINE && !loop->stopping))
        return;
    handle = &loop->handles.slots[context->argument];
    handle->gives_up = true;
    stop_all(handle, true);
    if (pnd_handle_may_close(handle))
        pnd_close_proceed(loop, handle);
}

/* ---- everything under way was delivered ----------------------------------------------------- */

/* A peer that takes no more would keep the kernel from ever giving their memory back. */
static void drop_unsent(const struct pnd_handle *handle)
{
    if (handle->gives_up && handle->kind == PND_KIND_STREAM)
        pnd_descriptor_abort(handle->descriptor);
}

static void say_goodbye(const struct pnd_handle *handle)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (handle->kind != PND_KIND_STREAM && handle->kind != PND_KIND_SEQPACKET)
        return;
    if (handle->close_mode == PENDIO_ABORTIVE) {
        (void)setsockopt(handle->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    } else {
        (void)shutdown(handle->descriptor, SHUT_WR);
        pnd_descriptor_discard_unread(handle->descriptor);
    }
}

void pnd_close_proceed(struct pnd_loop *loop, struct pnd_handle *handle)
{
    struct pnd_context *closer = pnd_loop_whose(loop, handle->closer);
    int descriptor = handle->descriptor;

    assert(pnd_handle_may_close(handle));
    if (handle->draining_count != 0) {
        drop_unsent(handle);
        return;
    }
    pnd_multishot_discard(loop, handle);
    say_goodbye(handle);
    pnd_handle_give_back(&loop->handles, handle);
    if (closer != NULL && !loop->ending) {
        closer->argument = (uint64_t)descriptor;
        pnd_context_submit(closer);
        return;
    }
    close(descriptor);
    if (closer != NULL)
        pnd_context_finish(closer);
}

static void close_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = (int)context->argument;
}

static enum pnd_verdict close_finish(struct pnd_context *context, int32_t result,
                                     uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (result < 0)
        pnd_context_fail(context, result);
    return PND_DELIVER;
}
