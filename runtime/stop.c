/*
 * stop.c - an early end of a run: by cancel, by its deadline, by the close of its handle.
 *
 * Happy path:  find the run -> leave a wish -> (the kernel works on it: ask the kernel too).
 * Failures:    none: a run that is not under way is not found, and what came of a wish only its
 *              one completion tells.
 */
#include "outbox.h"

#include <errno.h>

static const struct {
    int32_t error;
    uint16_t flag;
} stop_results[] = {
    [PND_STOP_BY_CANCEL] = {-ECANCELED, PENDIO_BY_CANCEL},
    [PND_STOP_BY_DEADLINE] = {-ETIMEDOUT, PENDIO_BY_DEADLINE},
    [PND_STOP_BY_CLOSE] = {-ECANCELED, PENDIO_BY_CLOSE},
};

void pnd_context_stop(struct pnd_context *context, enum pnd_stop reason)
{
    assert(context->state == PND_PENDING);
    if (context->operation->stop != NULL) {
        context->operation->stop(context, reason);
        return;
    }
    if (context->stop != PND_STOP_NONE)
        return;
    context->stop = (uint8_t)reason;
    if (context->place == PND_IN_KERNEL)
        pnd_context_enqueue(context, PND_CANCELS);
    else if (context->place == PND_CARRYING || context->place == PND_CARRIED)
        pnd_outbox_stop(context);
    else
        pnd_context_end_early(context);
}

void pnd_context_end_early(struct pnd_context *context)
{
    pnd_context_fail(context, -ECANCELED);
    pnd_context_drop(context);
    pnd_context_finish(context);
}

void pnd_context_is_due(struct pnd_deadline *deadline)
{
    const struct pnd_context_limit *limit =
        (struct pnd_context_limit *)((char *)deadline -
                                     offsetof(struct pnd_context_limit, deadline));

    pnd_context_stop(limit->context, PND_STOP_BY_DEADLINE);
}

struct pnd_context *pnd_context_of_run(const struct pnd_loop *loop, pendio_run run)
{
    struct pnd_context *context = pnd_loop_holder(loop, run);

    return context->token == run && context->state == PND_PENDING ? context : NULL;
}

void pnd_context_fail(struct pnd_context *context, int32_t error)
{
    bool asked = context->stop != PND_STOP_NONE && (error == -ECANCELED || error == -EINTR);

    context->error = asked ? stop_results[context->stop].error : error;
    context->flags |= asked ? stop_results[context->stop].flag : 0;
}
