/*
 * op_nop.c - do nothing, by way of the kernel.
 */
#include "operation.h"

static void nop_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict nop_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags);

static const struct pnd_operation nop_operation = {
    .name = "nop",
    .code = PENDIO_OPERATION_NOP,
    .opcode = IORING_OP_NOP,
    .prepare = nop_prepare,
    .finish = nop_finish,
};

int pnd_nop_start(struct pnd_context *context)
{
    int status = pnd_context_reserve(context, &nop_operation);

    if (status < 0)
        return status;
    pnd_context_begin(context, &nop_operation, NULL);
    return pnd_context_go_parallel(context);
}

static void nop_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    (void)context;
    sqe->fd = -1;
}

static enum pnd_verdict nop_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (result < 0)
        pnd_context_fail(context, result);
    return PND_DELIVER;
}
