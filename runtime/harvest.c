/*
 * harvest.c - from the completion queue into the caller's array: the straight way there.
 *
 * Happy path:  the run is found -> its operation says that this was the end -> it leaves its handle
 *              -> its completion is in the array, the context free. What a request for many brings
 *              goes to whoever waits for it, and does not pass the inbox.
 * Failures:    whatever is not as simple, errors among it, goes the long way: dispatch, finish,
 *              ready, deliver.
 *
 * No code of the application runs before the array is handed out, so nobody can tell the ways
 * apart.
 */
#include "harvest.h"

#include "ahead.h"
#include "dispatch.h"
#include "lend.h"
#include "outbox.h"
#include "straight.h"
#include "warm.h"

void pnd_harvest_begin(struct pnd_loop *loop, struct pendio_completion *ret_completions,
                       uint32_t count)
{
    bool at_once = !pnd_loop_is_deliverable(loop);

    loop->harvest = (struct pnd_harvest){.first = ret_completions, .next = ret_completions};
    loop->harvest.end = at_once ? ret_completions + count : ret_completions;
}

uint32_t pnd_harvest_end(struct pnd_loop *loop)
{
    uint32_t count = (uint32_t)(loop->harvest.next - loop->harvest.first);

    loop->harvest = (struct pnd_harvest){.first = NULL};
    loop->under_way_count -= count;
    loop->stats.delivered_record += count;
    return count;
}

static inline void set_free(struct pnd_context *context)
{
    assert(context->request_flags == 0 && context->deadline_ns == 0);
    pnd_context_move(context, PND_FREE);
    context->phase = pnd_phase(PND_FREE, PND_NOWHERE);
}

/* Its completion is told, and the context free. */
static inline void hand_out(struct pnd_context *context, struct pendio_completion *ret_completion)
{
    set_free(context);
    *ret_completion = context->coming;
}

/* The same where bytes and memory have only just become known. */
static inline void hand_out_moved(struct pnd_context *context, uint64_t moved_bytes,
                                  uint64_t memory, struct pendio_completion *ret_completion)
{
    uint64_t value = context->value;

    set_free(context);
    PND_KEEP(value);
    PND_KEEP(moved_bytes);
    PND_KEEP(memory);
    memcpy(ret_completion, &context->coming, offsetof(struct pendio_completion, value));
    ret_completion->value = value;
    ret_completion->bytes = moved_bytes;
    ret_completion->memory = memory;
    memcpy(&ret_completion->error, &context->error,
           sizeof *ret_completion - offsetof(struct pendio_completion, error));
}

/* The array is open still, and nobody waits for what becomes of the handle, or of the run. */
static inline bool may_leave(const struct pnd_loop *loop, const struct pnd_context *context)
{
    const struct pnd_handle *handle = context->handle;
    const struct pnd_line *line = context->line;

    assert(context->attached || context->operation->release == NULL);
    return PND_USUAL(loop->harvest.next != loop->harvest.end && !context->attached &&
                     handle->state == PND_HANDLE_OPEN && handle->settler == 0) &&
           (line == NULL || PND_USUAL(!line->is_held));
}

/* The way of a run on a handle. */
static inline void hand_out_on(struct pnd_loop *loop, struct pnd_context *context)
{
    const struct pnd_operation *operation = context->operation;
    struct pnd_handle *handle = context->handle;
    struct pnd_line *line = context->line;
    uint64_t memory;

    if (PND_USUAL(line != NULL))
        TAILQ_REMOVE(&line->waiting, context, line_link);
    else
        TAILQ_REMOVE(&handle->parallel, context, line_link);
    memory = operation->moves ? (uintptr_t)context->window.memory : 0;
    context->coming_memory = memory;
    handle->under_way_count--;
    if (operation->over != NULL)
        operation->over(context);
    hand_out_moved(context, context->moved_bytes, memory, loop->harvest.next++);
    pnd_context_clear(context);
    if (line != NULL && PND_RARE(!TAILQ_EMPTY(&line->waiting)))
        pnd_context_advance(line);
}

/* An operation that ends others with itself lets them go first: that has closed the array. */
static inline void take_on(struct pnd_loop *loop, struct pnd_context *context,
                           const struct pnd_ring_completion *completion)
{
    enum pnd_verdict verdict = PND_DELIVER;

    if (context->operation->finish != NULL)
        verdict = context->operation->finish(context, completion->result, completion->flags);
    if (PND_USUAL(verdict == PND_DELIVER) && PND_USUAL(may_leave(loop, context)))
        hand_out_on(loop, context);
    else
        pnd_context_follow(context, verdict);
}

/* Those before it are in the line no more; NULL: nobody is. */
static inline void begin_with(struct pnd_line *line, struct pnd_context *next)
{
    TAILQ_FIRST(&line->waiting) = next;
    if (next != NULL)
        next->line_link.tqe_prev = &TAILQ_FIRST(&line->waiting);
    else
        line->waiting.tqh_last = &TAILQ_FIRST(&line->waiting);
}

/*
 * The sends that one request had the bytes of: those that have gone whole, one after another. The
 * first one that has not, or has more to leave, goes the long way, and with it all behind it.
 */
static void take_gathered(struct pnd_loop *loop, struct pnd_context *first, uint32_t gone_bytes)
{
    const uint64_t carried = pnd_phase(PND_PENDING, PND_CARRIED);
    struct pnd_handle *handle = first->handle;
    struct pnd_line *line = first->line;
    struct pendio_completion *record = loop->harvest.next;
    struct pnd_context *next = first;

    first->place = PND_CARRIED;
    while (next != NULL && PND_USUAL(next->phase == carried) &&
           PND_USUAL(pnd_context_left_bytes(next) <= gone_bytes) &&
           PND_USUAL(record != loop->harvest.end)) {
        struct pnd_context *context = next;
        uint64_t byte_count = context->window.byte_count;
        uint64_t memory = (uintptr_t)context->window.memory;

        next = TAILQ_NEXT(context, line_link);
        gone_bytes -= (uint32_t)pnd_context_left_bytes(context);
        context->moved_bytes = byte_count;
        context->coming_memory = memory;
        if (PND_RARE(context->lent_buffer != 0))
            pnd_lend_return(context);
        hand_out_moved(context, byte_count, memory, record++);
        pnd_context_clear(context);
    }
    handle->under_way_count -= (uint32_t)(record - loop->harvest.next);
    loop->harvest.next = record;
    begin_with(line, next);
    if (PND_USUAL(next == NULL))
        return;
    if (next->place == PND_CARRIED)
        pnd_outbox_go_on(next, gone_bytes);
    else
        pnd_context_advance(line);
}

/* Who is first in line there, and may have what has come; NULL: nobody, or not straight. */
static inline struct pnd_context *find_waiting(const struct pnd_loop *loop,
                                               const struct pnd_handle *handle)
{
    struct pnd_context *first = TAILQ_FIRST(&handle->receives.waiting);

    return PND_USUAL(first != NULL && first->phase == pnd_phase(PND_PENDING, PND_IN_LINE) &&
                     handle->receives.ending == PND_GOES_ON && may_leave(loop, first))
               ? first
               : NULL;
}

static inline bool hand_over(struct pnd_context *context, uint32_t buffer, uint32_t byte_count)
{
    if (context->operation->take == pnd_ahead_take)
        return pnd_ahead_hand_over(context, buffer, byte_count);
    if (context->operation->take != pnd_lend_take)
        return false;
    pnd_lend_hand_over(context, buffer, byte_count);
    return true;
}

/* A piece of a stream, which a request for many brought. False: it goes the long way. */
PND_HOT __attribute__((noinline)) static bool
take_piece(struct pnd_loop *loop, const struct pnd_ring_completion *completion)
{
    const uint32_t usual = IORING_CQE_F_MORE | IORING_CQE_F_BUFFER;
    struct pnd_handle *handle;
    struct pnd_context *context;

    if (PND_RARE((completion->flags & usual) != usual || completion->result <= 0))
        return false;
    handle = pnd_handle_of_tag(&loop->handles, completion->user_data >> PND_TOKEN_SLOT_BITS);
    if (PND_RARE(handle == NULL || !pnd_ahead_is_clear(handle)))
        return false;
    context = find_waiting(loop, handle);
    if (PND_RARE(context == NULL) ||
        !hand_over(context, completion->flags >> IORING_CQE_BUFFER_SHIFT,
                   (uint32_t)completion->result))
        return false;
    pnd_warm_received(loop, (uint32_t)completion->result);
    hand_out_on(loop, context);
    return true;
}

PND_HOT __attribute__((noinline)) static void
take_otherwise(struct pnd_loop *loop, struct pnd_context *context,
               const struct pnd_ring_completion *completion)
{
    if (context->token == completion->user_data && completion->result > 0 &&
        context->phase == pnd_phase(PND_PENDING, PND_CARRYING) && may_leave(loop, context))
        take_gathered(loop, context, (uint32_t)completion->result);
    else
        pnd_dispatch(loop, completion);
}

static inline void take(struct pnd_loop *loop, struct pnd_context *context,
                        const struct pnd_ring_completion *completion)
{
    bool is_plain = context->token == completion->user_data && completion->result >= 0 &&
                    context->phase == pnd_phase(PND_PENDING, PND_IN_KERNEL);

    if (PND_USUAL(is_plain) && PND_USUAL(context->handle != NULL))
        take_on(loop, context, completion);
    else if (pnd_token_slot(completion->user_data) != PND_TOKEN_MULTISHOT)
        take_otherwise(loop, context, completion);
    else if (PND_RARE(!take_piece(loop, completion)))
        pnd_dispatch(loop, completion);
}

static inline bool is_simple(const struct pnd_context *context)
{
    return context->phase == (pnd_phase(PND_PENDING, PND_IN_KERNEL) | pnd_phase_simple());
}

/* It says no more than that it is done. */
static inline bool is_bare(const struct pnd_ring_completion *completion)
{
    uint64_t answer; /* both words in one */

    memcpy(&answer, (const unsigned char *)completion + sizeof completion->user_data,
           sizeof answer);
    return answer == 0;
}

/* Takes those at the head that are on no handle: they only have to be found. Returns how many. */
static uint32_t take_simple(struct pnd_loop *loop, const struct pnd_ring_completion *completions,
                            uint32_t count)
{
    struct pendio_completion *next = loop->harvest.next;
    struct pnd_context *const *contexts = loop->contexts;
    uint32_t mask = loop->slot_mask;
    size_t room = (size_t)(loop->harvest.end - next);
    const struct pnd_ring_completion *end = completions + (count < room ? count : room);
    const struct pnd_ring_completion *at;

    for (at = completions; at != end; at++) {
        struct pnd_context *context = contexts[at->user_data & mask];

        if (__builtin_expect(!is_simple(context), 0) ||
            __builtin_expect(context->token != at->user_data, 0) ||
            __builtin_expect(!is_bare(at), 0))
            break;
        hand_out(context, next++);
    }
    loop->harvest.next = next;
    return (uint32_t)(at - completions);
}

static void take_all(struct pnd_loop *loop, const struct pnd_ring_completion *completions,
                     uint32_t count)
{
    uint32_t taken_count = 0;

    while (taken_count < count) {
        const struct pnd_ring_completion *first = &completions[taken_count];
        struct pnd_context *context = pnd_loop_holder(loop, first->user_data);
        uint32_t simple_count = 0;

        if (context->simple) /* asked about in full there, once for each */
            simple_count = take_simple(loop, first, count - taken_count);
        if (simple_count == 0)
            take(loop, context, first);
        taken_count += simple_count != 0 ? simple_count : 1;
    }
}

/* Of contexts without callback; what anybody else brings, or carries, may be followed by one. */
static bool are_records(const struct pnd_loop *loop, const struct pnd_ring_completion *completions,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t token = completions[i].user_data;
        const struct pnd_context *context = pnd_loop_holder(loop, token);

        if (context->token != token || context->completed != NULL || context->place == PND_CARRYING)
            return false;
    }
    return true;
}

/* Callbacks come first, and contexts are in use until they are told. */
static inline void close_before(struct pnd_loop *loop,
                                const struct pnd_ring_completion *completions, uint32_t count)
{
    if (PND_RARE(loop->calls_back) && loop->harvest.next != loop->harvest.end &&
        !are_records(loop, completions, count))
        loop->harvest.end = loop->harvest.next;
}

void pnd_harvest_take(struct pnd_loop *loop, const struct pnd_ring_completion *completion)
{
    close_before(loop, completion, 1);
    take(loop, pnd_loop_holder(loop, completion->user_data), completion);
}

PND_HOT bool pnd_harvest_collect(struct pnd_loop *loop)
{
    struct pnd_ring *ring = &loop->ring;
    bool any = false;
    uint32_t count;

    assert(ring->given_count == 0); /* nobody else walks the queue */
    while ((count = ring->backend->collect(ring)) != 0) {
        close_before(loop, ring->given, count);
        take_all(loop, ring->given, count);
        any = true;
    }
    return any;
}
