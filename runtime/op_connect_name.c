/*
 * op_connect_name.c - all there is to know about connecting to a host by its name.
 *
 * Happy path:  check -> reserve a handle, unless there is one -> begin -> wait in line -> a race of
 *              the name's addresses -> the winner becomes the handle, or takes the place of the
 *              socket behind it -> (first data).
 * Failures:    no capacity is refused before begin; what the resolver says, or the last address, is
 *              the result. Ended early, all attempts end.
 *
 * The kernel's entry only keeps the place in line, and the race out of the start call.
 */
#include "connect.h"
#include "descriptor.h"
#include "race.h"

#include <errno.h>

static void name_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict name_finish(struct pnd_context *context, int32_t result,
                                    uint32_t cqe_flags);
static void name_drop(struct pnd_context *context);

static const struct pnd_operation name_operation = {
    .name = "connect",
    .code = PENDIO_OPERATION_CONNECT,
    .opcode = IORING_OP_NOP,
    .after_disconnect = -EISCONN,
    .prepare = name_prepare,
    .finish = name_finish,
    .drop = name_drop,
};

/* 0 and a watch, and a handle if one is to be made; or the refusal. */
static int reserve_rest(struct pnd_loop *loop, const struct pnd_handle *handle,
                        struct pnd_handle **ret_product)
{
    int status = 0;

    if (handle != NULL && (!pnd_descriptor_is_internet(handle->descriptor) ||
                           (!handle->connected && pnd_descriptor_is_bound(handle->descriptor))))
        status = -EINVAL;
    if (status == 0)
        status = pnd_watch_init(&loop->watches);
    if (status == 0 && !pnd_watch_reserve(&loop->watches))
        status = -EAGAIN;
    if (status < 0 || handle != NULL)
        return status;
    *ret_product = pnd_handle_reserve(&loop->handles);
    if (*ret_product != NULL)
        return 0;
    pnd_watch_give_back(&loop->watches);
    return -EAGAIN;
}

int pnd_connect_name_start(struct pnd_context *context, pendio_handle value, const char *host,
                           uint16_t port)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = value != 0 ? pnd_handle_find(&loop->handles, value) : NULL;
    struct pnd_handle *product = NULL;
    int answer;
    int status = value != 0 ? pnd_context_reserve_on(context, &name_operation, handle)
                            : pnd_context_reserve(context, &name_operation);

    if (status < 0)
        return status;
    status = reserve_rest(loop, handle, &product);
    if (status < 0)
        return pnd_loop_refuse(loop, status);

    pnd_context_begin(context, &name_operation, handle);
    context->product = product;
    context->attached = true;
    pnd_context_extra(context)->path = host;
    context->argument = port;
    pnd_context_extra(context)->race = NULL;
    if (handle == NULL)
        return pnd_context_go_parallel(context);
    if ((handle->spoiled || handle->disconnected) &&
        pnd_context_end_as_known(context, &handle->sends, &answer)) {
        pnd_watch_give_back(&loop->watches);
        return answer;
    }
    return pnd_context_wait_in_line(context, &handle->sends);
}

static void name_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    (void)context;
    sqe->fd = -1;
}

/* The run has a handle of its own from now on, and what it sends there a place in line. */
static void take_product(struct pnd_context *context, int descriptor)
{
    struct pnd_handle *product = context->product;

    pnd_descriptor_set_blocking(descriptor, true);
    pnd_handle_open(product, descriptor, PND_KIND_STREAM);
    product->under_way_count++;
    context->handle = product;
    context->line = &product->sends;
    TAILQ_INSERT_TAIL(&product->sends.waiting, context, line_link);
}

static void race_is_over(void *state, int descriptor)
{
    struct pnd_context *context = state;

    pnd_context_extra(context)->race = NULL;
    if (descriptor < 0) {
        pnd_context_fail(context, descriptor);
        pnd_context_finish(context);
        return;
    }
    if (context->handle != NULL)
        pnd_descriptor_replace(context->handle->descriptor, descriptor);
    else
        take_product(context, descriptor);
    if (pnd_connect_made(context) == PND_AGAIN)
        pnd_context_submit(context);
    else
        pnd_context_finish(context);
}

static int32_t begin_race(struct pnd_context *context)
{
    const struct pnd_handle *handle = context->handle;
    const struct pnd_race_settings settings = {
        .host = pnd_context_extra(context)->path,
        .port = (uint16_t)context->argument,
        .template = handle != NULL ? handle->descriptor : -1,
        .told = race_is_over,
        .state = context,
    };

    if (handle != NULL && (handle->connected || pnd_descriptor_has_peer(handle->descriptor)))
        return -EISCONN;
    return pnd_race_begin(context->loop, &settings, &pnd_context_extra(context)->race);
}

static enum pnd_verdict name_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    int32_t error = context->stop == PND_STOP_NONE ? result : -ECANCELED;

    (void)cqe_flags;
    if (error == 0)
        error = begin_race(context);
    if (error == 0)
        return PND_WAIT;
    pnd_watch_give_back(&context->loop->watches);
    pnd_context_fail(context, error);
    return PND_DELIVER;
}

static void name_drop(struct pnd_context *context)
{
    if (pnd_context_extra(context)->race == NULL) {
        pnd_watch_give_back(&context->loop->watches);
        return;
    }
    pnd_race_end(pnd_context_extra(context)->race);
    pnd_context_extra(context)->race = NULL;
    if (context->handle != NULL)
        pnd_connect_spoil(context);
}
