/*
 * strategy.c - how a stream is received from: by a request for each receive, or by one for many,
 * ahead of those who ask; which of them, and why.
 *
 * Happy path:  receives are counted -> enough of one kind in a row -> the other way.
 * Failures:    where there is no memory for buffers, or the kernel has no such request, a stream
 *              stays with single receives.
 */
#include "strategy.h"

#include "ahead.h"
#include "bell.h"
#include "crowd.h"
#include "descriptor.h"
#include "lone.h"

#include <errno.h>

static enum pnd_carries find_carries(const struct pnd_handle *handle)
{
    if (handle->kind != PND_KIND_STREAM)
        return PND_CARRIES_UNTOLD;
    if (pnd_descriptor_is_internet(handle->descriptor))
        return PND_CARRIES_BYTES;
    return pnd_descriptor_is_unix(handle->descriptor) ? PND_CARRIES_RIGHTS : PND_CARRIES_UNTOLD;
}

static bool does_carry(struct pnd_handle *handle, enum pnd_carries carries)
{
    if (handle->strategy.carries == PND_CARRIES_UNKNOWN)
        handle->strategy.carries = find_carries(handle) & 3u;
    return handle->strategy.carries == carries;
}

static void turn_single(struct pnd_loop *loop, struct pnd_handle *handle, uint8_t reason)
{
    handle->strategy.reason = reason;
    handle->strategy.streak = 0;
    handle->strategy.others = 0;
    if (!handle->strategy.is_ahead)
        return;
    handle->strategy.is_ahead = false;
    loop->handles.ahead_count--;
    if (handle->multishot == &pnd_receive_ahead)
        pnd_multishot_stop(loop, handle);
}

static bool is_possible(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    return (loop->ring.features & PENDIO_FEATURE_MULTISHOT_RECEIVE) != 0 &&
           !handle->refuses_multishot;
}

/* 0, -ENOMEM, or -ENOTSUP: the ring takes no buffers, as only making them shows. */
static int turn_ahead(struct pnd_loop *loop, struct pnd_handle *handle, uint8_t reason)
{
    int status = pnd_buffers_make(&loop->buffers, &loop->ring);

    if (status == 0 && !is_possible(loop, handle))
        status = -ENOTSUP;
    if (status < 0)
        return status;
    pnd_buffers_want_some(&loop->buffers);
    handle->strategy.reason = reason;
    handle->strategy.streak = 0;
    if (handle->strategy.is_ahead)
        return 0;
    handle->strategy.is_ahead = true;
    loop->handles.ahead_count++;
    return 0;
}

static bool may_turn_ahead(const struct pnd_loop *loop, struct pnd_handle *handle)
{
    return handle->strategy.pin == PENDIO_RECEIVE_ADAPTIVE && !handle->strategy.is_ahead &&
           is_possible(loop, handle) && does_carry(handle, PND_CARRIES_BYTES);
}

/*
 * Is there a choice at all? By what is known without a system call, which a busy turn is not to
 * have.
 */
static void find_choice(const struct pnd_loop *loop, struct pnd_handle *handle)
{
    const struct pnd_strategy *strategy = &handle->strategy;

    handle->strategy.stays =
        !strategy->is_ahead &&
        (strategy->pin != PENDIO_RECEIVE_ADAPTIVE || !is_possible(loop, handle) ||
         handle->kind != PND_KIND_STREAM || strategy->carries == PND_CARRIES_UNTOLD ||
         (strategy->carries == PND_CARRIES_RIGHTS && !loop->ring.tells_rest));
}

/* Whoever waits for what is not to come any more asks for himself. */
int pnd_strategy_pin(struct pnd_loop *loop, struct pnd_handle *handle, uint32_t strategy)
{
    uint8_t reason =
        strategy == PENDIO_RECEIVE_ADAPTIVE ? PENDIO_RECEIVE_UNDECIDED : PENDIO_RECEIVE_PINNED;
    int status = -ENOTSUP;

    if (strategy == PENDIO_RECEIVE_MULTISHOT && is_possible(loop, handle))
        status = turn_ahead(loop, handle, reason);
    if (status == -ENOMEM)
        return status;
    if (status < 0)
        turn_single(loop, handle, reason);
    pnd_bell_take_down(loop, handle);
    handle->strategy.pin = (uint8_t)strategy;
    find_choice(loop, handle);
    pnd_context_ask_again(handle);
    return 0;
}

uint32_t pnd_strategy_now(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    return handle->strategy.is_ahead && is_possible(loop, handle) ? PENDIO_RECEIVE_MULTISHOT
                                                                  : PENDIO_RECEIVE_SINGLE;
}

void pnd_strategy_refused(struct pnd_loop *loop, struct pnd_handle *handle)
{
    if (handle->strategy.is_ahead)
        turn_single(loop, handle,
                    handle->strategy.pin == PENDIO_RECEIVE_ADAPTIVE ? PENDIO_RECEIVE_UNDECIDED
                                                                    : PENDIO_RECEIVE_PINNED);
}

void pnd_strategy_take_over(struct pnd_loop *loop, struct pnd_handle *handle,
                            const struct pnd_handle *other)
{
    if (other->strategy.pin != PENDIO_RECEIVE_ADAPTIVE)
        (void)pnd_strategy_pin(loop, handle, other->strategy.pin);
}

void pnd_strategy_lends(const struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_strategy *strategy = &context->handle->strategy;

    if (strategy->reason == PENDIO_RECEIVE_UNASKED && ++strategy->streak < PND_STRATEGY_PATIENCE)
        return;
    if (may_turn_ahead(loop, context->handle) &&
        turn_ahead(loop, context->handle, PENDIO_RECEIVE_LENDING) == 0)
        loop->stats.ahead_for_lending++;
}

/*
 * What comes ahead for memory of one's own and is not asked for holds buffers that others are to be
 * lent: no more than half of them, unless there is but one such stream. Where the kernel does not
 * end a request after so many bytes, or a piece holds a buffer as a whole, none of many comes so.
 */
static bool has_room_ahead(struct pnd_loop *loop, const struct pnd_handle *handle, bool alone)
{
    uint32_t ahead_count = loop->handles.ahead_count;
    bool has_room;

    if ((!alone && !loop->ring.limits_receives) ||
        handle->held_bytes > PND_STRATEGY_OWN_BYTES / 2 || /* lent, and of those it could have */
        pnd_buffers_make(&loop->buffers, &loop->ring) < 0)
        return false;
    has_room = ahead_count < pnd_buffers_bytes(&loop->buffers) / 2 / PND_STRATEGY_OWN_BYTES;
    return alone ? has_room || ahead_count == 0 : has_room && loop->buffers.is_incremental;
}

/* Memory of its own is filled ahead from now on; false: it may not be. */
static bool comes_ahead(struct pnd_loop *loop, struct pnd_handle *handle)
{
    bool alone = !handle->strategy.in_company;
    uint8_t reason = alone ? PENDIO_RECEIVE_LONE : PENDIO_RECEIVE_CROWDED;

    handle->strategy.in_company = false;
    if (!may_turn_ahead(loop, handle) || !has_room_ahead(loop, handle, alone) ||
        turn_ahead(loop, handle, reason) < 0)
        return false;
    ++*(alone ? &loop->stats.ahead_for_lone : &loop->stats.ahead_for_crowd);
    return true;
}

void pnd_strategy_lends_now(struct pnd_loop *loop, struct pnd_handle *handle)
{
    handle->strategy.reason = PENDIO_RECEIVE_LENDING;
    loop->stats.ahead_for_lending++;
    pnd_multishot_relieve(loop, handle);
}

static bool may_have_bell(const struct pnd_loop *loop, struct pnd_handle *handle,
                          enum pnd_carries carries)
{
    return handle->strategy.pin == PENDIO_RECEIVE_ADAPTIVE && !handle->strategy.is_ahead &&
           loop->ring.tells_rest && is_possible(loop, handle) && does_carry(handle, carries);
}

/* Why is told when it shows that it is one of many, or alone. */
static void hang_bell(struct pnd_loop *loop, struct pnd_handle *handle)
{
    if (handle->strategy.has_bell || handle->multishot != NULL)
        return;
    loop->handles.bell_count++;
    handle->strategy.has_bell = true;
    handle->strategy.others = 0;
    handle->strategy.streak = 0;
    handle->multishot = &pnd_bell;
}

/* It is one with the next receive, which waits for the bell: an entry into the ring more. */
static void hang_lone_bell(struct pnd_loop *loop, struct pnd_handle *handle)
{
    hang_bell(loop, handle);
    handle->strategy.streak = PND_STRATEGY_PATIENCE - 1;
}

/*
 * So many did not suit, or were not alone: it stays with single requests, with a bell or without,
 * unless small ones may be received ahead. Where they may, large ones are rung for only if they are
 * alone (lone.h).
 */
static void is_one_of_many(struct pnd_loop *loop, struct pnd_handle *handle, bool suits,
                           bool is_again)
{
    (void)does_carry(handle, PND_CARRIES_BYTES); /* from now on that is known */
    if (may_have_bell(loop, handle, PND_CARRIES_RIGHTS)) {
        handle->strategy.others = 0; /* asked again after as many */
        if (suits) {
            hang_bell(loop, handle);
            pnd_bell_for_crowd(loop, handle);
        }
    } else if (is_again && !suits && may_have_bell(loop, handle, PND_CARRIES_BYTES) &&
               pnd_lone_may_be(loop, handle) && handle->strategy.pause < PND_LONE_PAUSE_MOST) {
        hang_bell(loop, handle);
    } else {
        if (suits)
            (void)comes_ahead(loop, handle);
        find_choice(loop, handle);
    }
}

static void is_too_large(struct pnd_loop *loop, struct pnd_handle *handle)
{
    pnd_bell_take_down(loop, handle);
    if (handle->strategy.carries == PND_CARRIES_RIGHTS)
        handle->strategy.others = 0; /* else it counts on until it wraps: trials are rare there */
    loop->stats.single_for_large += handle->strategy.reason != PENDIO_RECEIVE_LARGE;
    handle->strategy.reason = PENDIO_RECEIVE_LARGE;
}

static void is_not_alone(struct pnd_loop *loop, struct pnd_handle *handle, bool suits)
{
    if (!suits)
        is_too_large(loop, handle);
    else if (handle->strategy.carries == PND_CARRIES_RIGHTS)
        pnd_bell_for_crowd(loop, handle);
    else
        pnd_bell_take_down(loop, handle);
}

/*
 * It has a bell, and that is for one of many over Unix sockets, or for one that is alone. A bell
 * hung to find out whether it is also shows when it is not.
 */
static void count_rung_for(struct pnd_loop *loop, struct pnd_handle *handle, bool suits)
{
    struct pnd_strategy *strategy = &handle->strategy;
    bool is_again = loop->receiver == handle;
    bool is_of_many = suits && strategy->carries == PND_CARRIES_RIGHTS;
    bool is_told = strategy->reason == PENDIO_RECEIVE_CROWDED;

    loop->receive_turn = loop->turn;
    loop->receiver = handle;
    if (handle == loop->handles.lone) {
        pnd_lone_count(loop, handle, is_again);
        return;
    }
    strategy->streak = is_again ? (uint8_t)(strategy->streak + 1) : 0;
    if (is_of_many && is_told)
        strategy->others = 0;
    else
        strategy->others = (uint8_t)(strategy->others + !(suits && is_again));
    if (strategy->streak >= PND_STRATEGY_PATIENCE && pnd_lone_may_be(loop, handle))
        pnd_lone_begin(loop, handle);
    else if (strategy->others >= PND_STRATEGY_PATIENCE)
        is_not_alone(loop, handle, suits);
}

/* It was not alone, though it came first: its slot may be another's by now, so it is only noted. */
static void was_not_alone(struct pnd_handle *handle)
{
    handle->strategy.in_company = true;
    if (handle->strategy.is_ahead || handle->strategy.carries == PND_CARRIES_BYTES)
        return;
    handle->strategy.streak = 0;
    if (handle->strategy.carries == PND_CARRIES_UNKNOWN)
        handle->strategy.others++;
}

/* No other stream was received from in this turn before; if one was, it is not alone either. */
static bool comes_alone(struct pnd_loop *loop, struct pnd_handle *handle)
{
    bool alone = loop->receiver == NULL || loop->receive_turn != loop->turn ||
                 loop->receiver == handle; /* nobody was received from, or it itself */

    if (!alone) {
        was_not_alone(loop->receiver);
        handle->strategy.in_company = true;
    }
    loop->receive_turn = loop->turn;
    loop->receiver = handle;
    return alone;
}

/*
 * What may come ahead suits if it is small, as it is copied then. Over Unix sockets, where nothing
 * comes so, what is large suits where there is a crowd: a few do without the poll. Whoever has it
 * keeps it with fewer.
 */
static bool does_suit(struct pnd_loop *loop, struct pnd_strategy *strategy, uint32_t byte_count)
{
    uint32_t least = strategy->has_bell ? PND_STRATEGY_CROWD / 2 : PND_STRATEGY_CROWD;
    bool is_small = byte_count <= PND_PIECE_SMALL_BYTES;

    uint32_t crowd;

    if (strategy->carries != PND_CARRIES_RIGHTS)
        return is_small;
    crowd = pnd_crowd_count(loop, strategy); /* small ones are of it, too */
    return is_small || crowd >= least;
}

/*
 * So many in a row were small, and, where that is not enough to receive ahead, alone; or, where
 * nothing may be received ahead, nobody else was received from between them.
 */
static void is_steady(const struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;
    bool was_known = handle->strategy.carries != PND_CARRIES_UNKNOWN; /* what is counted */

    if (!comes_ahead(loop, handle)) {
        if (!was_known)
            handle->strategy.streak = 0;
        else if (may_have_bell(loop, handle, PND_CARRIES_RIGHTS) && pnd_lone_may_be(loop, handle))
            hang_lone_bell(loop, handle);
    }
    find_choice(loop, handle);
}

/* Once so often; of those whose carries are unknown again, until that was found out. */
static bool has_company(const struct pnd_strategy *strategy)
{
    return strategy->others == PND_STRATEGY_PATIENCE ||
           (strategy->carries == PND_CARRIES_UNKNOWN && strategy->others > PND_STRATEGY_PATIENCE);
}

/* Longer, where it was given up before: to be ahead, or to be the lone one. */
static uint32_t patience_of(const struct pnd_strategy *strategy)
{
    uint32_t times = strategy->carries == PND_CARRIES_RIGHTS ? strategy->pause : strategy->doubts;

    return (uint32_t)PND_STRATEGY_PATIENCE << times;
}

static void give_up(struct pnd_loop *loop, struct pnd_handle *handle, uint8_t reason)
{
    if (handle->strategy.doubts < PND_STRATEGY_DOUBTS)
        handle->strategy.doubts++;
    turn_single(loop, handle, reason);
}

/* Out of line: mostly there is no choice, or it was made. */
void pnd_strategy_count(const struct pnd_context *context, uint32_t byte_count)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;
    struct pnd_strategy *strategy = &handle->strategy;
    bool suits = does_suit(loop, strategy, byte_count);
    bool is_again = loop->receiver == handle;
    bool speaks = strategy->carries == PND_CARRIES_RIGHTS ? is_again : suits;
    bool alone;

    if (strategy->has_bell) {
        count_rung_for(loop, handle, suits);
        return;
    }
    alone = comes_alone(loop, handle);
    if (!(suits || speaks) || !(alone || strategy->carries == PND_CARRIES_BYTES)) {
        strategy->streak = 0;
        strategy->others++;
        if (has_company(strategy))
            is_one_of_many(loop, handle, suits, is_again);
    } else if (PND_RARE(strategy->carries == PND_CARRIES_UNKNOWN) && has_company(strategy)) {
        is_one_of_many(loop, handle, suits, is_again);
    } else if (!speaks) {
        strategy->streak = 0;
    } else if (++strategy->streak == patience_of(strategy)) {
        is_steady(context);
    }
}

void pnd_strategy_unasked(struct pnd_loop *loop, struct pnd_handle *handle)
{
    struct pnd_strategy *strategy = &handle->strategy;

    if (strategy->counted_turn == (uint32_t)loop->turn)
        return; /* one burst */
    strategy->counted_turn = (uint32_t)loop->turn;
    if (++strategy->unasked < PND_STRATEGY_PATIENCE)
        return;
    strategy->unasked = 0;
    if (!strategy->is_ahead || strategy->pin != PENDIO_RECEIVE_ADAPTIVE)
        return;
    give_up(loop, handle, PENDIO_RECEIVE_UNASKED);
    loop->stats.single_for_unasked++;
}

void pnd_strategy_copied(struct pnd_context *context, bool fills_buffer)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_strategy *strategy = &context->handle->strategy;

    (void)comes_alone(loop, context->handle);
    if (!fills_buffer && context->moved_bytes <= PND_PIECE_SMALL_BYTES) {
        strategy->streak = (uint8_t)(strategy->streak - (strategy->streak != 0));
        return;
    }
    strategy->streak =
        (uint8_t)(strategy->streak + 2); /* of a large piece cut in two one part is small */
    if (strategy->streak < 2 * PND_STRATEGY_PATIENCE)
        return;
    strategy->streak = 0;
    if (!strategy->is_ahead || strategy->pin != PENDIO_RECEIVE_ADAPTIVE)
        return;
    give_up(loop, context->handle, PENDIO_RECEIVE_LARGE);
    loop->stats.single_for_large++;
}
