/*
 * op_timer.c - let time pass: a place in the loop's timer wheel, and no request to the kernel.
 *
 * Happy path:  start -> (the wheel is due) -> finish.
 * Failures:    cancel ends it at once; a deadline before the time ends it with -ETIMEDOUT.
 */
#include "operation.h"

#include <errno.h>

static void timer_stop(struct pnd_context *context, enum pnd_stop reason);

static const struct pnd_operation timer_operation = {
    .name = "timer",
    .code = PENDIO_OPERATION_TIMER,
    .opcode = IORING_OP_NOP,
    .stop = timer_stop,
};

/* What the wheel waits for, in `argument`. */
enum { TIMER_TIME, TIMER_DEADLINE };

int pnd_timer_start(struct pnd_context *context, uint64_t after_ns)
{
    int status = pnd_context_reserve(context, &timer_operation);
    bool deadline_first = context->deadline_ns != 0 && context->deadline_ns < after_ns;

    if (status < 0)
        return status;
    pnd_context_begin(context, &timer_operation, NULL);
    context->argument = deadline_first ? TIMER_DEADLINE : TIMER_TIME;
    return pnd_context_wait_for_time(context, deadline_first ? context->deadline_ns : after_ns);
}

static void timer_stop(struct pnd_context *context, enum pnd_stop reason)
{
    if (reason != PND_STOP_BY_DEADLINE || context->argument == TIMER_DEADLINE) {
        context->stop = (uint8_t)reason;
        pnd_context_fail(context, -ECANCELED);
    }
    pnd_context_finish(context);
}
