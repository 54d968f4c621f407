/*
 * op_poll.c - all there is to know about waiting until a descriptor is ready.
 *
 * Happy path:  check -> begin -> parallel -> prepare -> finish: the events that are there.
 *              Where the kernel may have taken one kind of data for another: look, and perhaps wait
 *              again. What is collected for the handle can be read, too; else the request that
 *              collects is stopped first, so that it does not take away what is waited for.
 * Failures:    the kernel's answer is the result; a handle spoiled by an early end of its connect
 *              answers what everything answers on it.
 */
#include "operation.h"

#include "multishot.h"

#include <poll.h>

/*
 * Sockets wake with these whatever has come, and the kernel answers with what it was woken with.
 * POLLPRI alone it does not heed at all: POLLRDBAND beside it, which is never true, makes it.
 */
enum { DOUBTFUL = POLLPRI | POLLRDBAND | POLLWRBAND };

static enum pnd_source poll_take(struct pnd_context *context);
static void poll_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict poll_finish(struct pnd_context *context, int32_t result,
                                    uint32_t cqe_flags);

static const struct pnd_operation poll_operation = {
    .name = "poll",
    .code = PENDIO_OPERATION_POLL,
    .opcode = IORING_OP_POLL_ADD,
    .take = poll_take,
    .prepare = poll_prepare,
    .finish = poll_finish,
};

int pnd_poll_start(struct pnd_context *context, struct pnd_handle *handle, uint32_t events)
{
    int status = pnd_context_reserve_on(context, &poll_operation, handle);
    int answer;

    if (status < 0)
        return status;
    pnd_context_begin(context, &poll_operation, handle);
    context->argument = events;
    if (handle->spoiled && pnd_context_end_as_known(context, &handle->sends, &answer))
        return answer;
    return pnd_context_go_parallel(context);
}

static uint32_t look(const struct pnd_context *context)
{
    struct pollfd found = {.fd = context->handle->descriptor,
                           .events = (int16_t)(context->argument | POLLRDHUP)};

    return poll(&found, 1, 0) == 1 ? (uint16_t)found.revents : 0;
}

static enum pnd_source poll_take(struct pnd_context *context)
{
    struct pnd_handle *handle = context->handle;
    uint32_t asked = (uint32_t)context->argument & (POLLIN | POLLRDNORM);

    if (asked == 0)
        return PND_FROM_KERNEL;
    if (!pnd_inbox_is_empty(&handle->inbox)) {
        context->value = look(context) | asked;
        return PND_FROM_INBOX;
    }
    if (!pnd_handle_is_armed(handle))
        return PND_FROM_KERNEL; /* while somebody polls none is armed */
    pnd_multishot_stop(context->loop, handle);
    return PND_FROM_LATER;
}

static void poll_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    uint32_t events = (uint32_t)context->argument;

    sqe->fd = context->handle->descriptor;
    sqe->poll32_events = pnd_ring_poll_events(events & POLLPRI ? events | POLLRDBAND : events);
}

static enum pnd_verdict poll_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    uint32_t events = (uint32_t)result;

    (void)cqe_flags;
    if (result < 0) {
        pnd_context_fail(context, result);
        return PND_DELIVER;
    }
    if (events & DOUBTFUL)
        events = look(context);
    context->value = events;
    return events != 0 ? PND_DELIVER : PND_AGAIN;
}
