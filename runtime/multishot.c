/*
 * multishot.c - requests the loop makes for a handle, once, and the kernel answers many times.
 *
 * Happy path:  ask -> want -> arm -> completed -> the inbox -> whoever waits first.
 * Failures:    one that ends without having been asked to is armed again, unless for an error of
 *              the descriptor: that is the first waiting operation's result, and the next one asks
 *              again.
 */
#include "multishot.h"

#include <errno.h>

enum {
    LOOK_COUNT = 8,  /* how often to look for a last word */
    SHARE_COUNT = 4, /* buffers that one fed is thought to take */
};

static uint64_t token_of(const struct pnd_handle *handle)
{
    return pnd_handle_tag(handle) << PND_TOKEN_SLOT_BITS | PND_TOKEN_MULTISHOT;
}

/* ---- wishes --------------------------------------------------------------------------------- */

static void enlist(struct pnd_loop *loop, struct pnd_handle *handle, enum pnd_arming_list list)
{
    if (handle->arming_list != PND_NOT_LISTED)
        TAILQ_REMOVE(&loop->arming_lists[handle->arming_list], handle, arming_link);
    if (list != PND_NOT_LISTED)
        TAILQ_INSERT_TAIL(&loop->arming_lists[list], handle, arming_link);
    handle->arming_list = (uint8_t)list;
}

/* What brings bytes, or rings for them, is a matter of strategy. */
static bool is_chosen(const struct pnd_handle *handle, const struct pnd_multishot *multishot)
{
    switch (multishot->inbox_kind) {
    case PND_INBOX_BYTES:
        return handle->strategy.is_ahead;
    case PND_INBOX_UNUSED:
        return handle->strategy.has_bell;
    default:
        return true;
    }
}

bool pnd_multishot_may_be_used(const struct pnd_loop *loop, const struct pnd_handle *handle,
                               const struct pnd_multishot *multishot)
{
    return (loop->ring.features & multishot->feature) == multishot->feature &&
           !handle->refuses_multishot && is_chosen(handle, multishot) &&
           handle->state == PND_HANDLE_OPEN && !handle->disconnected && !loop->stopping &&
           TAILQ_EMPTY(&handle->parallel);
}

/* It needs no buffer, or there is one, and nobody waits for that. */
static bool may_arm_now(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    const struct pnd_multishot *multishot = handle->multishot;

    return multishot->chooses == NULL ||
           (pnd_loop_first_of(loop, PND_STARVED) == NULL &&
            pnd_buffers_have_one(&loop->buffers, multishot->chooses(loop, handle)));
}

bool pnd_multishot_is_waited_for(const struct pnd_handle *handle)
{
    const struct pnd_context *first = pnd_line_first(&handle->receives);

    return first != NULL && first->place == PND_IN_LINE;
}

/* Whoever waits is served up to the bound. */
static void want_for(struct pnd_loop *loop, struct pnd_handle *handle, bool is_waited_for)
{
    bool has_room = is_waited_for ? !handle->multishot->is_full(loop, handle)
                                  : handle->multishot->has_room(loop, handle);

    handle->arming = PND_WANTED;
    if (!has_room) {
        enlist(loop, handle, PND_NOT_LISTED);
    } else if (may_arm_now(loop, handle)) {
        enlist(loop, handle, PND_ARMS);
    } else {
        loop->stats.buffers_exhausted++;
        enlist(loop, handle, PND_STARVED);
    }
}

static void want(struct pnd_loop *loop, struct pnd_handle *handle)
{
    want_for(loop, handle, pnd_multishot_is_waited_for(handle));
}

enum pnd_source pnd_multishot_ask(const struct pnd_context *context,
                                  const struct pnd_multishot *multishot)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;

    if (handle->arming != PND_UNARMED && handle->multishot != multishot)
        return PND_FROM_KERNEL;
    if (handle->arming == PND_WANTED && handle->arming_list == PND_NOT_LISTED)
        want_for(loop, handle, true);
    if (handle->arming != PND_UNARMED)
        return PND_FROM_LATER;
    if (!pnd_multishot_may_be_used(loop, handle, multishot) || !pnd_inbox_is_empty(&handle->inbox))
        return PND_FROM_KERNEL;
    handle->multishot = multishot;
    handle->inbox.kind = multishot->inbox_kind;
    want_for(loop, handle, true);
    return PND_FROM_LATER;
}

void pnd_multishot_wait(struct pnd_loop *loop, struct pnd_handle *handle,
                        const struct pnd_multishot *multishot)
{
    assert(handle->arming == PND_UNARMED && pnd_inbox_is_empty(&handle->inbox));
    handle->multishot = multishot;
    handle->inbox.kind = multishot->inbox_kind;
    want_for(loop, handle, true);
}

/* Buffers that one fed may take: a single receive one, a multishot what has come meanwhile. */
static uint32_t share_of(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    return pnd_multishot_may_be_used(loop, handle, handle->multishot) ? SHARE_COUNT : 1;
}

/*
 * In the ring a request without a buffer would only fail, and those that fail would all be armed
 * again: so in turn, and no more than there are buffers for.
 */
bool pnd_multishot_feed(struct pnd_loop *loop)
{
    const struct pnd_buffers *buffers = &loop->buffers;
    uint32_t left_counts[2] = {buffers->free_count, buffers->provided_count};
    struct pnd_handle *next = pnd_loop_first_of(loop, PND_STARVED);
    bool any_fed = false;

    while (next != NULL) {
        struct pnd_handle *handle = next;
        uint32_t share_count = share_of(loop, handle);
        bool chooses = handle->multishot->chooses(loop, handle);
        uint32_t *left_count = &left_counts[chooses];

        next = TAILQ_NEXT(handle, arming_link);
        if (!pnd_buffers_have_one(buffers, chooses))
            continue;
        if (*left_count == 0)
            return any_fed;
        any_fed = true;
        enlist(loop, handle, PND_ARMS);
        *left_count -= share_count < *left_count ? share_count : *left_count;
    }
    return false;
}

void pnd_multishot_relieve(struct pnd_loop *loop, struct pnd_handle *handle)
{
    if (handle->arming == PND_WANTED && handle->arming_list == PND_NOT_LISTED)
        want(loop, handle);
}

void pnd_multishot_stop(struct pnd_loop *loop, struct pnd_handle *handle)
{
    if (handle->arming == PND_WANTED) {
        handle->arming = PND_UNARMED;
        enlist(loop, handle, PND_NOT_LISTED);
    } else if (handle->arming == PND_ARMED) {
        handle->arming = PND_UNWANTED;
        enlist(loop, handle, PND_STOPS);
    }
}

void pnd_multishot_stop_all(struct pnd_loop *loop)
{
    for (uint32_t i = 0; i < loop->handles.slot_count; i++)
        pnd_multishot_stop(loop, &loop->handles.slots[i]);
}

bool pnd_multishot_settle(struct pnd_loop *loop, struct pnd_handle *handle)
{
    for (int i = 0; i < LOOK_COUNT && handle->arming != PND_UNARMED; i++) {
        pnd_multishot_stop(loop, handle);
        if (pnd_handle_is_armed(handle))
            (void)pnd_loop_look(loop);
    }
    return handle->arming == PND_UNARMED;
}

bool pnd_multishot_let_go(struct pnd_loop *loop, struct pnd_handle *handle)
{
    return handle->under_way_count == 0 && pnd_inbox_is_empty(&handle->inbox) &&
           pnd_multishot_settle(loop, handle) && pnd_inbox_is_empty(&handle->inbox);
}

/* ---- entries -------------------------------------------------------------------------------- */

void pnd_multishot_arm_first(struct pnd_loop *loop)
{
    struct pnd_handle *handle = pnd_loop_first_of(loop, PND_ARMS);
    struct io_uring_sqe *sqe;

    assert(handle->arming == PND_WANTED);
    enlist(loop, handle, PND_NOT_LISTED);
    if (!pnd_multishot_may_be_used(loop, handle, handle->multishot)) {
        handle->arming = PND_UNARMED;
        loop->fed = handle;
        pnd_context_ask_again(handle);
        loop->fed = NULL;
        return;
    }
    sqe = pnd_ring_fetch(&loop->ring);
    handle->multishot->prepare(loop, handle, sqe);
    sqe->fd = handle->descriptor;
    sqe->user_data = token_of(handle);
    handle->arming = PND_ARMED;
    loop->armed_count++;
    loop->stats.multishot_armed++;
}

uint64_t pnd_multishot_stop_first(struct pnd_loop *loop)
{
    struct pnd_handle *handle = pnd_loop_first_of(loop, PND_STOPS);

    assert(handle->arming == PND_UNWANTED);
    enlist(loop, handle, PND_NOT_LISTED);
    handle->arming = PND_STOPPING;
    return token_of(handle);
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Armed again where it was not the descriptor that ended it: a full queue, or its bound. */
static void take_last_word(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result)
{
    bool again = true;

    enlist(loop, handle, PND_NOT_LISTED);
    handle->arming = PND_UNARMED;
    loop->armed_count--;
    loop->stats.multishot_ended++;
    if (result == -EAGAIN || result == -EINVAL) {
        handle->refuses_multishot = true; /* the descriptor does not block, or is of no such kind */
        if (handle->multishot->refused != NULL)
            handle->multishot->refused(loop, handle);
        if (pnd_inbox_is_empty(&handle->inbox))
            handle->multishot = NULL;
        return;
    }
    if (result <= 0 && result != -ECANCELED)
        again = handle->multishot->end(loop, handle, result);
    if (again && pnd_multishot_may_be_used(loop, handle, handle->multishot))
        want(loop, handle);
}

void pnd_multishot_completed(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result,
                             uint32_t cqe_flags)
{
    if (result >= 0)
        handle->multishot->collect(loop, handle, result, cqe_flags);
    if ((cqe_flags & IORING_CQE_F_MORE) == 0)
        take_last_word(loop, handle, result);
    else if (handle->multishot->is_full(loop, handle))
        pnd_multishot_stop(loop, handle);
    pnd_context_ask_again(handle);
    if (handle->settler != 0)
        pnd_context_settle(loop, handle, NULL);
}

/* ---- the end -------------------------------------------------------------------------------- */

void pnd_multishot_discard(struct pnd_loop *loop, struct pnd_handle *handle)
{
    while (!pnd_inbox_is_empty(&handle->inbox)) {
        const struct pnd_inbox_item item = pnd_inbox_pop(&loop->inboxes, &handle->inbox);

        handle->multishot->discard(loop, handle, &item);
    }
}

void pnd_multishot_discard_all(struct pnd_loop *loop)
{
    for (uint32_t i = 0; i < loop->handles.slot_count; i++)
        pnd_multishot_discard(loop, &loop->handles.slots[i]);
}
