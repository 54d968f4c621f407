/*
 * context.c - what every operation shares: state, run, line, deadline, delivery.
 *
 * Happy path:  begin -> submit -> completed -> finish -> deliver, each below the one before it.
 * Failures:    whoever wants a run to end early only leaves a wish; finish() is the one end.
 */
#include "context.h"

#include "line.h"
#include "outbox.h"
#include "straight.h"
#include "zero_copy.h"

#include <errno.h>

/* The last word of a request for many, that of its successor, and what is asked for then. */
enum { TRY_LOOK_COUNT = 3 };

#define MAY(state) (1u << (state))

const uint8_t pnd_state_follows[] = {
    [PND_POOLED] = MAY(PND_FREE),
    [PND_FREE] = MAY(PND_POOLED) | MAY(PND_PENDING),
    [PND_PENDING] = MAY(PND_FREE) | MAY(PND_DRAINING) | MAY(PND_READY),
    [PND_DRAINING] = MAY(PND_READY),
    [PND_READY] = MAY(PND_FREE),
};

/* ---- start ---------------------------------------------------------------------------------- */

void pnd_context_begin(struct pnd_context *context, const struct pnd_operation *operation,
                       struct pnd_handle *handle)
{
    pnd_context_dequeue(context); /* it is in use again, and not to be put */
    if (handle != NULL)
        pnd_straight_begin_on(context, operation, handle, pnd_phase(PND_PENDING, PND_NOWHERE));
    else
        pnd_straight_begin(context, operation, pnd_phase(PND_PENDING, PND_NOWHERE));
    context->attached = context->request_flags != 0 || operation->release != NULL;
}

/* The run is over: what the operation left becomes its completion. */
static void conclude(struct pnd_context *context)
{
    struct pnd_handle *product = context->product;
    const struct pnd_operation *operation = context->operation;

    context->coming_memory = operation->moves ? (uintptr_t)context->window.memory : 0;
    if (product == NULL)
        return;
    if (product->state == PND_HANDLE_OPEN &&
        (context->error == 0 || product->acceptor != pnd_context_number(context)))
        context->value = product->value;
    pnd_context_drop_product(context);
}

/* The context is the application's again, and no longer one of its handle's. */
static void leave(struct pnd_context *context)
{
    pnd_context_move(context, PND_FREE);
    pnd_context_rest(context);
    context->loop->under_way_count--;
    if (context->handle != NULL)
        context->handle->under_way_count--;
    if (context->uses_extra)
        pnd_context_extra(context)->second_line = NULL;
    pnd_context_clear(context);
}

static void tell_over(struct pnd_context *context)
{
    if (context->operation->over != NULL)
        context->operation->over(context);
}

static struct pnd_budget *budget_of(struct pnd_context *context)
{
    return context->handle != NULL ? &context->handle->budget : &context->loop->budget;
}

static bool may_be_done(struct pnd_context *context, const struct pnd_line *line)
{
    return context->policy != PENDIO_QUEUE && (line == NULL || line->undelivered_count == 0) &&
           pnd_budget_is_left(context->loop, budget_of(context));
}

static int answer_done(struct pnd_context *context, uint64_t *reason_count)
{
    pnd_budget_use(context->loop, budget_of(context));
    context->loop->stats.done++;
    ++*reason_count;
    leave(context);
    tell_over(context);
    return PENDIO_DONE;
}

static void make_ready(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_line *second_line = pnd_context_second_line(context);

    pnd_context_move(context, PND_READY);
    if (context->line != NULL)
        context->line->undelivered_count++;
    if (second_line != NULL)
        second_line->undelivered_count++;
    if (context->completed == NULL)
        loop->harvest.end = loop->harvest.next; /* the order is that of finishing */
    pnd_ready_push(context->completed != NULL ? &loop->callbacks : &loop->records, context);
    if (loop->host.is_resting)
        pnd_host_tell(&loop->host);
    tell_over(context);
}

int pnd_context_end(struct pnd_context *context, struct pnd_line *line, uint64_t *reason_count)
{
    conclude(context);
    if (may_be_done(context, line))
        return answer_done(context, reason_count);
    context->line = line;
    make_ready(context);
    return PENDIO_PENDING;
}

static void take_ending(struct pnd_context *context, const struct pnd_line *line)
{
    if (context->handle->disconnected && context->operation->after_disconnect != 0)
        context->error = context->operation->after_disconnect;
    else if (line->ending == PND_ENDED)
        context->flags |= PENDIO_END_OF_STREAM;
    else
        context->error = line->failure;
}

bool pnd_context_end_as_known(struct pnd_context *context, struct pnd_line *line, int *ret_answer)
{
    struct pendio_loop_statistics *stats = &context->loop->stats;

    if (line->ending == PND_GOES_ON || !pnd_line_is_empty(line))
        return false;
    take_ending(context, line);
    *ret_answer = pnd_context_end(context, line,
                                  line->ending == PND_ENDED ? &stats->done_known_end
                                                            : &stats->done_known_error);
    return true;
}

/* ---- pending -------------------------------------------------------------------------------- */

/* The kernel has a request for many, or gets it with the next look, that may bring the answer. */
static bool is_collected_for(const struct pnd_context *context)
{
    const struct pnd_handle *handle = context->handle;

    return context->line == &handle->receives &&
           (pnd_handle_is_armed(handle) || handle->arming_list == PND_ARMS);
}

/*
 * Submits and looks once: the answer is done if that was enough. A request for many is collected
 * first: if it ended by that, the kernel is asked for the context only now.
 */
static int try_now(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    int look_count = 0;
    bool collects;

    assert(loop->tried == NULL);
    loop->tried = context;
    do {
        collects = is_collected_for(context);
        (void)pnd_loop_look(loop); /* a ring that fails shows in the next turn */
    } while (loop->tried != NULL && collects && !pnd_handle_is_armed(context->handle) &&
             ++look_count < TRY_LOOK_COUNT);
    if (loop->tried == NULL)
        return answer_done(context, &loop->stats.done_tried);
    loop->tried = NULL;
    return PENDIO_PENDING;
}

static struct pnd_context_limit *limit_of(const struct pnd_context *context)
{
    return &context->pool->limits[pnd_context_index(context)];
}

static void start_deadline(struct pnd_context *context, uint64_t after_ns)
{
    struct pnd_context_limit *limit = limit_of(context);
    uint64_t now_ns = pnd_clock_ns();

    context->attached = true;
    context->is_timed = true;
    limit->context = context;
    pnd_wheel_add(&context->loop->wheel, &limit->deadline,
                  after_ns <= UINT64_MAX - now_ns ? now_ns + after_ns : UINT64_MAX);
}

static void stop_deadline(struct pnd_context *context)
{
    context->is_timed = false;
    pnd_wheel_remove(&context->loop->wheel, &limit_of(context)->deadline);
}

static enum pnd_source ask(struct pnd_context *context)
{
    return context->operation->take != NULL ? context->operation->take(context) : PND_FROM_KERNEL;
}

/* Goes on with what comes from elsewhere than the inbox. */
static void wait_for(struct pnd_context *context, enum pnd_source source)
{
    context->place = PND_IN_LINE;
    if (source == PND_FROM_KERNEL)
        pnd_line_go_on(context);
}

int pnd_context_wait_in_line(struct pnd_context *context, struct pnd_line *line)
{
    bool first = pnd_line_is_empty(line);
    enum pnd_source source = first ? ask(context) : PND_FROM_LATER;

    if (source == PND_FROM_INBOX)
        return pnd_context_end(context, line, &context->loop->stats.done_collected);
    context->line = line;
    TAILQ_INSERT_TAIL(&line->waiting, context, line_link);
    if (context->deadline_ns != 0)
        start_deadline(context, context->deadline_ns);
    wait_for(context, source);
    if (first && context->policy == PENDIO_TRY && context->operation->may_try &&
        may_be_done(context, line))
        return try_now(context);
    return PENDIO_PENDING;
}

int pnd_context_go_parallel(struct pnd_context *context)
{
    enum pnd_source source = ask(context);

    if (source == PND_FROM_INBOX)
        return pnd_context_end(context, NULL, &context->loop->stats.done_collected);
    if (context->handle != NULL)
        TAILQ_INSERT_TAIL(&context->handle->parallel, context, line_link);
    if (context->deadline_ns != 0)
        start_deadline(context, context->deadline_ns);
    wait_for(context, source);
    return PENDIO_PENDING;
}

int pnd_context_wait_for_time(struct pnd_context *context, uint64_t after_ns)
{
    start_deadline(context, after_ns);
    return PENDIO_PENDING;
}

int pnd_context_wait_for_others(struct pnd_context *context)
{
    (void)context;
    return PENDIO_PENDING;
}

void pnd_context_submit(struct pnd_context *context)
{
    if (pnd_ring_has_room(&context->loop->ring)) {
        pnd_context_write_entry(context);
    } else {
        context->place = PND_IN_BACKLOG;
        pnd_context_enqueue(context, PND_BACKLOG);
    }
}

void pnd_context_write_entry(struct pnd_context *context)
{
    struct io_uring_sqe *sqe = pnd_ring_fetch(&context->loop->ring);

    pnd_context_dequeue(context);
    context->place = PND_IN_KERNEL;
    if (context->polling) {
        assert(context->handle != NULL);
        sqe->opcode = IORING_OP_POLL_ADD;
        sqe->fd = context->handle->descriptor;
        sqe->poll32_events = pnd_ring_poll_events(context->operation->poll_events);
    } else {
        sqe->opcode = context->operation->opcode;
        context->operation->prepare(context, sqe);
        sqe->flags |= context->insisting ? IOSQE_ASYNC : 0;
    }
    sqe->user_data = context->token;
}

/* ---- finish --------------------------------------------------------------------------------- */

static enum pnd_verdict judge(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    bool has_polled = context->polling;

    if (!has_polled && context->operation->finish != NULL)
        return context->operation->finish(context, result, cqe_flags);
    context->polling = false;
    if (result >= 0 || pnd_outbox_is_interrupted(context, result))
        return has_polled ? PND_AGAIN : PND_DELIVER;
    pnd_context_fail(context, result);
    pnd_context_drop(context);
    return PND_DELIVER;
}

static void ask_again(struct pnd_context *context, enum pnd_verdict verdict)
{
    enum pnd_source source = PND_FROM_KERNEL;

    context->polling = verdict == PND_POLL;
    if (!context->polling)
        source = ask(context);
    if (source == PND_FROM_INBOX)
        pnd_context_finish(context);
    else
        wait_for(context, source);
}

void pnd_context_completed(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    pnd_context_follow(context, judge(context, result, cqe_flags));
}

void pnd_context_follow(struct pnd_context *context, enum pnd_verdict verdict)
{
    context->place = PND_NOWHERE;
    if (verdict == PND_DELIVER)
        pnd_context_finish(context);
    else if (context->stop != PND_STOP_NONE)
        pnd_context_end_early(context);
    else if (verdict == PND_SETTLE)
        context->handle->settler = pnd_context_number(context);
    else if (verdict != PND_WAIT)
        ask_again(context, verdict);
}

void pnd_context_tell(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;

    conclude(context);
    if (loop->tried == context)
        loop->tried = NULL;
    else
        make_ready(context);
}

/* The end, but for memory that the kernel may still hold. */
static void finish_alone(struct pnd_context *context)
{
    if (context->is_timed)
        stop_deadline(context);
    pnd_context_dequeue(context);
    if (context->operation->release != NULL)
        context->operation->release(context);
    if (context->notice_count > 0)
        pnd_zero_copy_drain(context);
    else
        pnd_context_tell(context);
}

/* True: the context has its result now, from a line's ending or from what was collected. */
static bool is_answered(struct pnd_context *context)
{
    const struct pnd_line *ended = pnd_line_ended_for(context);
    enum pnd_source source;

    if (ended != NULL) {
        pnd_context_drop(context);
        take_ending(context, ended);
        return true;
    }
    source = ask(context);
    if (source == PND_FROM_KERNEL)
        pnd_line_go_on(context);
    return source == PND_FROM_INBOX;
}

/* Those who wait, oldest first, until one has to wait for the kernel or for what is collected. */
PND_HOT void pnd_context_advance(struct pnd_line *line)
{
    struct pnd_context *next;

    while ((next = pnd_line_first(line)) != NULL && next->place == PND_IN_LINE &&
           is_answered(next)) {
        struct pnd_line *held = pnd_line_leave(next);

        finish_alone(next);
        if (held != NULL)
            pnd_context_advance(held); /* a receive line: nobody there holds another */
        pnd_guest_settle(next);
    }
}

void pnd_context_ask_again(struct pnd_handle *handle)
{
    struct pnd_context *next = TAILQ_FIRST(&handle->parallel);

    while (next != NULL) {
        struct pnd_context *context = next;

        next = TAILQ_NEXT(context, line_link);
        if (context->place == PND_IN_LINE && is_answered(context))
            pnd_context_finish(context);
    }
    if (!handle->receives.is_held) /* who holds the line waits in another */
        pnd_context_advance(&handle->receives);
}

void pnd_context_finish(struct pnd_context *context)
{
    struct pnd_line *line = pnd_line_of(context);
    bool first = line != NULL && pnd_line_first(line) == context;
    struct pnd_line *held = pnd_line_leave(context);

    finish_alone(context);
    if (first)
        pnd_context_advance(line);
    if (held != NULL)
        pnd_context_advance(held);
    if (context->handle != NULL && context->handle->settler != 0)
        pnd_context_settle(context->loop, context->handle, context);
    pnd_guest_settle(context);
}

struct pnd_handle *pnd_context_deliver(struct pnd_context *context)
{
    struct pnd_handle *handle = context->handle;
    struct pnd_line *second_line = pnd_context_second_line(context);

    if (context->line != NULL)
        context->line->undelivered_count--;
    if (second_line != NULL)
        second_line->undelivered_count--;
    leave(context);
    return handle != NULL && pnd_handle_may_close(handle) ? handle : NULL;
}

void pnd_context_read_result(const struct pnd_context *context,
                             struct pendio_completion *ret_completion)
{
    bool under_way = context->state == PND_PENDING || context->state == PND_DRAINING;

    *ret_completion = (struct pendio_completion){.context = context->coming_context};
    if (context->operation != NULL && !under_way)
        *ret_completion = context->coming;
}
