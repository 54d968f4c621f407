/*
 * op_sync.c - all there is to know about bringing a file to its device, and about its length.
 *
 * Happy path:  check -> begin -> parallel -> prepare -> finish; a truncate that the ring does not
 *              know is a system call in the start, and its answer is known at once.
 * Failures:    the kernel's answer is the result.
 *
 * A graceful close lets both finish: they are as good as writes.
 */
#include "operation.h"

#include <errno.h>
#include <unistd.h>

static void fsync_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static void truncate_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags);

static const struct pnd_operation fsync_operation = {
    .name = "fsync",
    .code = PENDIO_OPERATION_FSYNC,
    .opcode = IORING_OP_FSYNC,
    .finishes_closing = true,
    .prepare = fsync_prepare,
    .finish = finish,
};

static const struct pnd_operation truncate_operation = {
    .name = "truncate",
    .code = PENDIO_OPERATION_TRUNCATE,
    .opcode = PND_URING_FTRUNCATE,
    .finishes_closing = true,
    .prepare = truncate_prepare,
    .finish = finish,
};

/* Never in the ring. */
static const struct pnd_operation truncate_directly = {
    .name = "truncate",
    .code = PENDIO_OPERATION_TRUNCATE,
    .opcode = IORING_OP_NOP,
};

/* ---- start ---------------------------------------------------------------------------------- */

int pnd_fsync_start(struct pnd_context *context, struct pnd_handle *handle, uint32_t flags)
{
    int status = pnd_context_reserve_on(context, &fsync_operation, handle);

    if (status < 0)
        return status;
    pnd_context_begin(context, &fsync_operation, handle);
    context->argument = flags;
    return pnd_context_go_parallel(context);
}

static int truncate_now(struct pnd_context *context)
{
    int status;

    do
        status = ftruncate(context->handle->descriptor, (off_t)context->argument);
    while (status < 0 && errno == EINTR);
    if (status < 0)
        pnd_context_fail(context, -errno);
    return pnd_context_end(context, NULL, &context->loop->stats.done_direct);
}

int pnd_truncate_start(struct pnd_context *context, struct pnd_handle *handle, uint64_t byte_count)
{
    bool by_ring = (context->loop->ring.features & PENDIO_FEATURE_FTRUNCATE) != 0;
    const struct pnd_operation *operation = by_ring ? &truncate_operation : &truncate_directly;
    int status = pnd_context_reserve_on(context, operation, handle);

    if (status < 0)
        return status;
    pnd_context_begin(context, operation, handle);
    context->argument = byte_count;
    return by_ring ? pnd_context_go_parallel(context) : truncate_now(context);
}

/* ---- in the ring ---------------------------------------------------------------------------- */

static void fsync_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->fsync_flags = context->argument == PENDIO_DATA_ONLY ? IORING_FSYNC_DATASYNC : 0;
}

static void truncate_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = context->handle->descriptor;
    sqe->off = context->argument;
}

static enum pnd_verdict finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (result < 0)
        pnd_context_fail(context, result);
    return PND_DELIVER;
}
