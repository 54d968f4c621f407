/*
 * op_open.c - all there is to know about opening a file.
 *
 * Happy path:  check -> reserve a handle -> begin -> the kernel has a descriptor -> it becomes the
 *              handle.
 * Failures:    no free handle is refused before begin; a run that ends without a descriptor gives
 *              its handle back.
 */
#include "operation.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void open_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict open_finish(struct pnd_context *context, int32_t result,
                                    uint32_t cqe_flags);

static const struct pnd_operation open_operation = {
    .name = "open",
    .code = PENDIO_OPERATION_OPEN,
    .opcode = IORING_OP_OPENAT,
    .prepare = open_prepare,
    .finish = open_finish,
};

int pnd_open_start(struct pnd_context *context, const char *path, int flags, uint32_t mode)
{
    struct pnd_loop *loop = context->loop;
    int status = pnd_context_reserve(context, &open_operation);
    struct pnd_handle *product;

    if (status < 0)
        return status;
    product = pnd_handle_reserve(&loop->handles);
    if (product == NULL)
        return pnd_loop_refuse(loop, -EAGAIN);

    pnd_context_begin(context, &open_operation, NULL);
    context->product = product;
    context->attached = true;
    pnd_context_extra(context)->path = path;
    context->argument = (uint64_t)(uint32_t)flags << 32 | mode;
    return pnd_context_go_parallel(context);
}

static void open_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = AT_FDCWD;
    sqe->addr = (uintptr_t)pnd_context_extra(context)->path;
    sqe->len = (uint32_t)context->argument;
    sqe->open_flags = (uint32_t)(context->argument >> 32) | O_CLOEXEC;
}

static enum pnd_verdict open_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    enum pnd_kind kind = PND_KIND_FILE;

    (void)cqe_flags;
    if (result == -EINTR && context->stop == PND_STOP_NONE)
        return PND_AGAIN;
    if (result < 0) {
        pnd_context_fail(context, result);
        return PND_DELIVER;
    }
    (void)pnd_handle_kind_of(result, &kind);
    pnd_handle_open(context->product, result, kind);
    return PND_DELIVER;
}
