/*
 * op_nop.c - do nothing, by way of the kernel.
 */
#include "operation.h"

#include "straight.h"

static void nop_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);

static const struct pnd_operation nop_operation = {
    .name = "nop",
    .code = PENDIO_OPERATION_NOP,
    .opcode = IORING_OP_NOP,
    .prepare = nop_prepare,
};

__attribute__((noinline)) static int start(struct pnd_context *context)
{
    int status = pnd_context_reserve(context, &nop_operation);

    if (status < 0)
        return status;
    pnd_context_begin(context, &nop_operation, NULL);
    return pnd_context_go_parallel(context);
}

PND_HOT int pnd_nop_start(struct pnd_context *context)
{
    if (!pnd_straight_may_start(context, &nop_operation))
        return start(context);
    pnd_straight_begin(context, &nop_operation,
                       pnd_phase(PND_PENDING, PND_IN_KERNEL) | pnd_phase_simple());
    (void)pnd_straight_fetch(context, &nop_operation);
    return PENDIO_PENDING;
}

static void nop_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    (void)context;
    (void)sqe; /* all zero is one */
}
