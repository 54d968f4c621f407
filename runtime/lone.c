/*
 * lone.c - a stream that is received from alone, and has a bell.
 *
 * Happy path:  the ring stirs -> take: one system call that must not wait -> the first in line has
 *              its data. The call does not say whether there is more: where it filled the window
 *              and there was lately, there is taken to be.
 * Failures:    nothing there: its request is handed over with the rest, and waits in the kernel.
 *              An error is the receive's, as from the ring.
 */
#include "lone.h"

#include "ahead.h"
#include "harvest.h"
#include "strategy.h"
#include "transfer.h"

#include <errno.h>
#include <sys/socket.h>

bool pnd_lone_may_be(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    return loop->ring.can_look && handle->strategy.pause != PND_LONE_NEVER;
}

static void is_lone_no_more(struct pnd_loop *loop)
{
    if (loop->handles.lone != NULL)
        pnd_bell_for_crowd(loop, loop->handles.lone);
    loop->handles.lone = NULL;
}

void pnd_lone_begin(struct pnd_loop *loop, struct pnd_handle *handle)
{
    struct pnd_handle *last = loop->handles.lone;

    is_lone_no_more(loop);
    handle->strategy.streak = 0;
    handle->strategy.others = 0;
    handle->strategy.found = 0;
    handle->strategy.reason = PENDIO_RECEIVE_LONE;
    loop->stats.polled_for_lone++;
    loop->handles.lone = handle;
    loop->lone_look_count = loop->look_count;
    if (last != NULL && !last->receives.is_held)
        pnd_context_advance(&last->receives); /* nobody hands it over any more */
}

/* What is taken counts back. So many more requests than that: it is idle. */
void pnd_lone_count(struct pnd_loop *loop, struct pnd_handle *handle, bool is_again)
{
    struct pnd_strategy *strategy = &handle->strategy;

    if (loop->lone_look_count != loop->look_count)
        loop->lone_unasked_count = 0;
    loop->lone_look_count = loop->look_count;
    if (!is_again) {
        is_lone_no_more(loop);
    } else if (++strategy->others == PND_STRATEGY_PATIENCE) {
        strategy->pause = strategy->pause < PND_LONE_PAUSE_MOST ? (strategy->pause + 1) & 7u
                                                                : PND_LONE_PAUSE_MOST;
        strategy->others = 0;
        pnd_bell_take_down(loop, handle);
    }
}

void pnd_lone_never(struct pnd_loop *loop, struct pnd_handle *handle)
{
    if (!pnd_lone_is(loop, handle))
        return;
    handle->strategy.pause = PND_LONE_NEVER;
    is_lone_no_more(loop);
}

/* A splice that holds the line is handed over by the line of its other end. */
bool pnd_lone_has_waiting(const struct pnd_loop *loop)
{
    return pnd_lone_is(loop, loop->handles.lone) && !loop->handles.lone->receives.is_held &&
           pnd_multishot_is_waited_for(loop->handles.lone);
}

/* Into one stretch of memory, of which nothing stays behind. */
static bool is_plain(const struct pnd_context *context)
{
    return context->operation->take == pnd_ahead_take &&
           context->operation->code == PENDIO_OPERATION_RECEIVE &&
           (context->request_flags & PENDIO_PEEK) == 0 && !pnd_context_is_vectored(context);
}

bool pnd_lone_goes_on(struct pnd_loop *loop)
{
    if (loop->handles.lone == NULL || loop->handles.lone->strategy.found < PND_STRATEGY_PATIENCE ||
        loop->lone_unasked_count == PND_LONE_UNASKED)
        return false;
    loop->lone_unasked_count++;
    loop->lone_passes = true;
    return true;
}

/* The ring was asked, or passed over by a send, since the last one was received. */
static bool may_take(const struct pnd_loop *loop)
{
    const struct pnd_ring *ring = &loop->ring;

    return (loop->look_count != loop->lone_look_count || loop->lone_passes) &&
           pnd_lone_has_waiting(loop) &&
           (loop->handles.lone->strategy.has_more || ring->backend->is_stirring(ring)) &&
           is_plain(pnd_line_first(&loop->handles.lone->receives));
}

static void count_taken(struct pnd_strategy *strategy)
{
    strategy->others = strategy->others > 2 ? (uint8_t)(strategy->others - 2) : 0;
    strategy->pause = 0;
    if (strategy->found < PND_STRATEGY_PATIENCE)
        strategy->found++;
}

/* It was taken to have something, as its last piece filled the window, or as the ring stirs. */
static void was_right(struct pnd_strategy *strategy)
{
    if (strategy->is_guess && strategy->guess_score < PND_LONE_SCORE_MOST)
        strategy->guess_score++;
    strategy->has_rung = true;
}

/* A wrong guess undoes two right ones: it is a system call too many. */
static void was_wrong(struct pnd_strategy *strategy)
{
    if (!strategy->has_more)
        strategy->found = 0;
    else if (strategy->is_guess)
        strategy->guess_score = strategy->guess_score > 2 ? (strategy->guess_score - 2) & 7u : 0;
    strategy->has_more = false;
    strategy->has_rung = false;
    strategy->is_guess = false;
}

/* Where guesses were wrong only one of 32 chances is taken. */
static bool guesses(struct pnd_strategy *strategy)
{
    if (strategy->guess_score >= 2)
        return true;
    strategy->guess_rest = (strategy->guess_rest + 1) & 31u;
    return strategy->guess_rest == 1;
}

/* As if by a request. */
static void answer(struct pnd_loop *loop, struct pnd_context *context, int32_t result,
                   bool has_more)
{
    const struct pnd_ring_completion completion = {
        .user_data = context->token,
        .result = result,
        .flags = has_more ? IORING_CQE_F_SOCK_NONEMPTY : 0,
    };

    context->place = PND_IN_KERNEL;
    pnd_harvest_take(loop, &completion);
}

bool pnd_lone_take(struct pnd_loop *loop)
{
    struct pnd_context *context;
    struct pnd_handle *handle = loop->handles.lone;
    size_t room_bytes;
    ssize_t byte_count;
    bool is_guess;

    if (!may_take(loop))
        return false;
    context = pnd_line_first(&handle->receives);
    room_bytes = pnd_transfer_chunk(context);
    loop->lone_passes = false;
    byte_count =
        recv(handle->descriptor, (void *)pnd_transfer_address(context), room_bytes, MSG_DONTWAIT);
    loop->ring.system_call_count++;
    if (byte_count < 0 && errno == EAGAIN) {
        was_wrong(&handle->strategy);
        return false;
    }
    was_right(&handle->strategy);
    loop->lone_take_count++;
    count_taken(&handle->strategy);
    is_guess = byte_count == (ssize_t)room_bytes && guesses(&handle->strategy);
    answer(loop, context, byte_count < 0 ? -errno : (int32_t)byte_count, is_guess);
    handle->strategy.is_guess = is_guess;
    return true;
}
