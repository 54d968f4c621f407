/*
 * harvest.c - from the completion queue into the caller's array: the straight way there.
 *
 * Happy path:  the run is found -> its operation says that this was the end -> it leaves its handle
 *              -> its completion is in the array, the context free.
 * Failures:    whatever is not as simple, errors among it, goes the long way: dispatch, finish,
 *              ready, deliver.
 *
 * No code of the application runs before the array is handed out, so nobody can tell the ways
 * apart.
 */
#include "harvest.h"

#include "dispatch.h"
#include "outbox.h"
#include "straight.h"

enum { COLLECT_COUNT = 64 }; /* completions copied out at a time */

void pnd_harvest_begin(struct pnd_loop *loop, struct pendio_completion *ret_completions,
                       uint32_t count)
{
    bool at_once = !loop->calls_back && !pnd_loop_is_deliverable(loop);

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

/* The run that this is the result of, if it brings no error; or NULL. */
static inline struct pnd_context *find(const struct pnd_loop *loop,
                                       const struct pnd_ring_completion *completion)
{
    uint32_t slot = pnd_token_slot(completion->user_data);
    struct pnd_context *context;

    if (slot >= loop->slot_count || completion->result < 0)
        return NULL;
    context = loop->slots[slot].context;
    return context != NULL && context->token == completion->user_data ? context : NULL;
}

/* Compilers read each word once for each copy, or take it apart. */
static inline void copy_twice(struct pendio_completion *first, struct pendio_completion *second,
                              const struct pendio_completion *from)
{
    uint64_t words __attribute__((vector_size(16))); /* in one register */

    for (size_t at = 0; at < sizeof *from; at += sizeof words) {
        memcpy(&words, (const unsigned char *)from + at, sizeof words);
        memcpy((unsigned char *)first + at, &words, sizeof words);
        memcpy((unsigned char *)second + at, &words, sizeof words);
    }
}

/* Its completion is told, and the context free. */
static inline void hand_out(struct pnd_loop *loop, struct pnd_context *context)
{
    assert(context->request_flags == 0 && context->deadline_ns == 0);
    assert(loop->harvest.next != loop->harvest.end);
    pnd_context_move(context, PND_FREE);
    context->phase = pnd_phase(PND_FREE, PND_NOWHERE);
    copy_twice(&context->result, loop->harvest.next++, &context->coming);
}

/* The array is open still, and nobody waits for what becomes of the handle, or of the run. */
static inline bool may_leave(const struct pnd_loop *loop, const struct pnd_context *context)
{
    const struct pnd_handle *handle = context->handle;
    const struct pnd_line *line = context->line;

    return loop->harvest.next != loop->harvest.end && !context->attached &&
           handle->state == PND_HANDLE_OPEN && handle->settler == NULL &&
           context->operation->release == NULL && (line == NULL || line->holder == NULL);
}

/* The way of a run on a handle. Returns the line it has left, which is to go on; NULL: none. */
static inline struct pnd_line *hand_out_on(struct pnd_loop *loop, struct pnd_context *context)
{
    const struct pnd_operation *operation = context->operation;
    struct pnd_handle *handle = context->handle;
    struct pnd_line *line = context->line;

    TAILQ_REMOVE(line != NULL ? &line->waiting : &handle->parallel, context, line_link);
    context->coming_memory = operation->moves ? (uintptr_t)context->window.memory : 0;
    handle->under_way_count--;
    if (operation->over != NULL)
        operation->over(context);
    hand_out(loop, context);
    return line;
}

static inline void go_on(struct pnd_line *line)
{
    if (line != NULL && !TAILQ_EMPTY(&line->waiting))
        pnd_context_advance(line);
}

/* An operation that ends others with itself lets them go first: that has closed the array. */
static inline void take_on(struct pnd_loop *loop, struct pnd_context *context,
                           const struct pnd_ring_completion *completion)
{
    enum pnd_verdict verdict = PND_DELIVER;

    if (context->operation->finish != NULL)
        verdict = context->operation->finish(context, completion->result, completion->flags);
    if (verdict == PND_DELIVER && may_leave(loop, context))
        go_on(hand_out_on(loop, context));
    else
        pnd_context_follow(context, verdict);
}

/* The sends that one request had the bytes of: those that have gone whole, one after another. */
static void take_gathered(struct pnd_loop *loop, struct pnd_context *first, uint32_t gone_bytes)
{
    const uint64_t carried = pnd_phase(PND_PENDING, PND_CARRIED);
    struct pnd_line *line = first->line;
    struct pnd_context *next = first;

    do {
        uint64_t left_bytes = pnd_context_left_bytes(next);

        if (left_bytes > gone_bytes || (next != first && next->phase != carried) ||
            loop->harvest.next == loop->harvest.end) {
            pnd_outbox_go_on(next, gone_bytes);
            return;
        }
        next->moved_bytes += left_bytes;
        gone_bytes -= (uint32_t)left_bytes;
        (void)hand_out_on(loop, next);
        next = TAILQ_FIRST(&line->waiting);
    } while (next != NULL && next->place == PND_CARRIED);
    go_on(line);
}

__attribute__((noinline)) static void take_otherwise(struct pnd_loop *loop,
                                                     struct pnd_context *context,
                                                     const struct pnd_ring_completion *completion)
{
    if (context->phase == pnd_phase(PND_PENDING, PND_CARRYING) && completion->result > 0 &&
        may_leave(loop, context))
        take_gathered(loop, context, (uint32_t)completion->result);
    else
        pnd_dispatch(loop, completion);
}

static inline void take(struct pnd_loop *loop, const struct pnd_ring_completion *completion)
{
    const uint64_t plain = pnd_phase(PND_PENDING, PND_IN_KERNEL);
    struct pnd_context *context = find(loop, completion);

    if (context == NULL || loop->harvest.next == loop->harvest.end)
        pnd_dispatch(loop, completion);
    else if (context->phase == (plain | pnd_phase_simple()))
        hand_out(loop, context);
    else if (context->phase == plain && context->handle != NULL)
        take_on(loop, context, completion);
    else
        take_otherwise(loop, context, completion);
}

bool pnd_harvest_collect(struct pnd_loop *loop)
{
    struct pnd_ring_completion completions[COLLECT_COUNT];
    bool any = false;
    uint32_t count;

    do {
        count = loop->ring.backend->collect(&loop->ring, completions, COLLECT_COUNT);
        for (uint32_t i = 0; i < count; i++)
            take(loop, &completions[i]);
        any = any || count != 0;
    } while (count == COLLECT_COUNT);
    return any;
}
