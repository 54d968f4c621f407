/*
 * dispatch.c - whose a completion is, by its token.
 *
 * Happy path:  of the loop itself, of a handle's multishot request, of a run, or of the memory of
 *              one.
 * Failures:    whatever is nobody's any more is counted and dropped.
 */
#include "dispatch.h"

#include "context.h"
#include "multishot.h"
#include "operation.h"
#include "outbox.h"
#include "zero_copy.h"

#include <errno.h>

/* Of what the loop asked for itself. */
static void dispatch_own(struct pnd_loop *loop, uint64_t token, int32_t result)
{
    switch (token) {
    case PND_TOKEN_CANCEL:
        loop->cancel_count--; /* what became of the run only its own completion tells */
        break;
    case PND_TOKEN_WAKE:
        loop->wake.armed = false;
        pnd_wake_clear(&loop->wake);
        break;
    case PND_TOKEN_ALARM:
        loop->host.has_alarm = false;
        break;
    case PND_TOKEN_ALARM_MOVED:
        break;
    default:
        if (!pnd_watch_completed(loop, token, result))
            loop->stats.stale_completions++;
        break;
    }
}

/* Of what it asked for a handle, which may be closed once that has ended. */
static void dispatch_multishot(struct pnd_loop *loop, const struct pnd_ring_completion *completion,
                               int32_t result)
{
    struct pnd_handle *handle =
        pnd_handle_of_tag(&loop->handles, completion->user_data >> PND_TOKEN_SLOT_BITS);

    if (handle == NULL || !pnd_handle_is_armed(handle)) {
        loop->stats.stale_completions++;
        return;
    }
    pnd_multishot_completed(loop, handle, result, completion->flags);
    if (pnd_handle_may_close(handle))
        pnd_close_proceed(loop, handle);
}

/* A worker that is interrupted may answer what the kernel else keeps to itself. */
static int32_t errno_of(int32_t result)
{
    return result <= PND_RESTART_FIRST && result >= PND_RESTART_LAST ? -EINTR : result;
}

void pnd_dispatch(struct pnd_loop *loop, const struct pnd_ring_completion *completion)
{
    int32_t result = errno_of(completion->result);
    uint32_t slot = pnd_token_slot(completion->user_data);
    struct pnd_context *context;

    if (slot == PND_TOKEN_OWN) {
        dispatch_own(loop, completion->user_data, result);
        return;
    }
    if (slot == PND_TOKEN_MULTISHOT) {
        dispatch_multishot(loop, completion, result);
        return;
    }
    if ((completion->flags & IORING_CQE_F_NOTIF) != 0) {
        pnd_zero_copy_noticed(loop, completion->user_data, result);
        return;
    }
    context = pnd_context_of_run(loop, completion->user_data);
    if (context != NULL && context->place == PND_IN_KERNEL)
        pnd_context_completed(context, result, completion->flags);
    else if (context != NULL && context->place == PND_CARRYING)
        pnd_outbox_completed(context, result);
    else
        loop->stats.stale_completions++;
}
