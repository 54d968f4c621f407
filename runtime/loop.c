/*
 * loop.c - one ring and everything attached to it: submit, collect, deliver.
 *
 * Happy path:  turn = submit and wait -> collect everything -> deliver callbacks -> deliver
 *              records.
 * Failures:    a ring that fails for good ends the turn with its error; completions of runs that
 *              are over are counted and dropped.
 *
 * No code of the application runs while the completion queue is walked.
 */
#include "loop.h"

#include "collect.h"
#include "context.h"
#include "deliver.h"
#include "harvest.h"
#include "likely.h"
#include "line.h"
#include "lone.h"
#include "move.h"
#include "multishot.h"
#include "operation.h"
#include "outbox.h"
#include "pool.h"
#include "sleep.h"
#include "warm.h"

#include <errno.h>
#include <poll.h>

/* ---- submit --------------------------------------------------------------------------------- */

static void write_cancel(struct pnd_loop *loop, uint64_t token)
{
    struct io_uring_sqe *sqe = pnd_ring_fetch(&loop->ring);

    sqe->opcode = IORING_OP_ASYNC_CANCEL;
    sqe->fd = -1;
    sqe->addr = token;
    sqe->user_data = PND_TOKEN_CANCEL;
    loop->cancel_count++;
    loop->stats.cancels++;
}

static void cancel_first(struct pnd_loop *loop)
{
    struct pnd_context *context = pnd_loop_first(loop, PND_CANCELS);

    pnd_context_dequeue(context);
    write_cancel(loop, context->token);
}

struct io_uring_sqe *pnd_loop_fetch(struct pnd_loop *loop)
{
    if (!pnd_ring_has_room(&loop->ring) &&
        (pnd_loop_flush(loop) < 0 || !pnd_ring_has_room(&loop->ring)))
        return NULL;
    return pnd_ring_fetch(&loop->ring);
}

/* False: the ring has no room even now. */
static bool arm_wake(struct pnd_loop *loop)
{
    struct io_uring_sqe *sqe = pnd_loop_fetch(loop);

    if (sqe == NULL)
        return false;
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = loop->wake.descriptor;
    sqe->poll32_events = pnd_ring_poll_events(POLLIN);
    sqe->user_data = PND_TOKEN_WAKE;
    loop->wake.armed = true;
    return true;
}

static bool has_backlog(const struct pnd_loop *loop)
{
    return pnd_loop_first(loop, PND_BACKLOG) != NULL;
}

static bool may_cancel(const struct pnd_loop *loop)
{
    return loop->cancel_count < PND_CANCEL_LIMIT;
}

static bool has_cancels(const struct pnd_loop *loop)
{
    return pnd_loop_first(loop, PND_CANCELS) != NULL && may_cancel(loop);
}

static bool has_arms(const struct pnd_loop *loop)
{
    return pnd_loop_first_of(loop, PND_ARMS) != NULL;
}

static bool has_stops(const struct pnd_loop *loop)
{
    return pnd_loop_first_of(loop, PND_STOPS) != NULL && may_cancel(loop);
}

/* Whether anything waits for nothing but room in the ring. */
static bool has_more(const struct pnd_loop *loop)
{
    return has_backlog(loop) || has_cancels(loop) || has_stops(loop) || has_arms(loop);
}

/* Sends that wait behind others of their streams leave with them. */
static inline bool gather(struct pnd_loop *loop)
{
    return PND_RARE(loop->outbox.noted_count != 0) && pnd_outbox_gather(loop);
}

/* What waited for room in the ring, oldest first, then the wishes of multishots and to cancel. */
PND_HOT static void fill_ring(struct pnd_loop *loop)
{
    pnd_buffers_provide(&loop->buffers);
    if (pnd_lone_waits(loop)) /* first: it may need the backlog */
        pnd_context_advance(&loop->handles.lone->receives);
    loop->feeds = pnd_loop_first_of(loop, PND_STARVED) != NULL && pnd_multishot_feed(loop);
    while (has_backlog(loop) && pnd_ring_has_room(&loop->ring))
        pnd_context_write_entry(pnd_loop_first(loop, PND_BACKLOG));
    while (has_arms(loop) && pnd_ring_has_room(&loop->ring))
        pnd_multishot_arm_first(loop);
    while (has_stops(loop) && pnd_ring_has_room(&loop->ring))
        write_cancel(loop, pnd_multishot_stop_first(loop));
    while (has_cancels(loop) && pnd_ring_has_room(&loop->ring))
        cancel_first(loop);
    (void)gather(loop);
}

/* All that may go goes, however many times the ring is full. */
PND_HOT __attribute__((noinline)) static int hand_over(struct pnd_loop *loop)
{
    int status = 0;

    fill_ring(loop);
    while (status == 0 && has_more(loop)) {
        status = loop->ring.backend->submit(&loop->ring, PND_RING_ONLY_SUBMIT);
        fill_ring(loop);
    }
    return status;
}

/* Nobody but the ring's entries wants anything. */
static bool is_plain(const struct pnd_loop *loop)
{
    return PND_USUAL(!has_backlog(loop) && pnd_loop_first(loop, PND_CANCELS) == NULL &&
                     !has_arms(loop) && pnd_loop_first_of(loop, PND_STOPS) == NULL &&
                     pnd_loop_first_of(loop, PND_STARVED) == NULL &&
                     !pnd_buffers_are_due(&loop->buffers));
}

/*
 * As the ring's, but sleeps only when everything that may go is in the kernel. What is in the ring
 * was gathered.
 */
static inline int submit(struct pnd_loop *loop, int64_t wait_ns)
{
    int status = 0;

    loop->feeds = false;
    if (PND_RARE(!is_plain(loop)) || pnd_lone_waits(loop))
        status = hand_over(loop);
    if (PND_USUAL(status == 0))
        status = loop->ring.backend->submit(&loop->ring, loop->feeds ? 0 : wait_ns);
    loop->look_count += wait_ns != PND_RING_ONLY_SUBMIT;
    return status == -EAGAIN || status == -EBUSY ? 0 : status;
}

static int look(struct pnd_loop *loop)
{
    int status;

    (void)gather(loop);
    status = submit(loop, 0);
    return status == -EINTR ? 0 : status;
}

int pnd_loop_flush(struct pnd_loop *loop)
{
    int status = 0;

    if (!is_plain(loop) || (loop->host.is_asked && pnd_lone_waits(loop)))
        fill_ring(loop);
    (void)gather(loop);
    if (pnd_ring_queued_count(&loop->ring) != 0) /* a turn may do without the ring (lone.h) */
        status = submit(loop, PND_USUAL(loop->handles.lone == NULL) ? PND_RING_ONLY_SUBMIT : 0);
    return status == -EINTR ? 0 : status;
}

/* ---- look, and settle ----------------------------------------------------------------------- */

int pnd_loop_look(struct pnd_loop *loop)
{
    int status = look(loop);

    (void)pnd_harvest_collect(loop);
    return status;
}

bool pnd_loop_settle(struct pnd_loop *loop)
{
    if (look(loop) < 0 || pnd_collect(loop))
        return false;
    return !pnd_loop_is_deliverable(loop) && pnd_ring_queued_count(&loop->ring) == 0 &&
           !has_more(loop) && !loop->feeds;
}

/* ---- turn ----------------------------------------------------------------------------------- */

/* Handles whose request ends last are closed by then, too. */
static bool is_over(const struct pnd_loop *loop)
{
    return PND_RARE(loop->stopping) && loop->under_way_count == 0 && loop->armed_count == 0 &&
           !pnd_loop_is_deliverable(loop);
}

/* Why a round of a turn is the last, or that it need not be; below zero: the ring failed. */
enum round { ROUND_MORE, ROUND_WOKEN, ROUND_INTERRUPTED };

/*
 * The ring is entered only for what is not done without it, and if there may be something to
 * collect. What is known to be there for a lone stream rings no bell again.
 */
PND_HOT __attribute__((noinline)) static bool send_now(struct pnd_loop *loop)
{
    struct pnd_ring_completion completion;

    if (pnd_lone_waits(loop) && loop->handles.lone->strategy.has_rung)
        return false;
    if (pnd_buffers_are_due(&loop->buffers))
        pnd_buffers_provide(&loop->buffers);
    if (!is_plain(loop) || !pnd_outbox_send_now(loop, &completion))
        return false;
    pnd_harvest_take(loop, &completion);
    pnd_collect_own(loop);
    return true;
}

/* True: sends were all there was for the kernel, and they have left. */
static inline bool leaves_at_once(struct pnd_loop *loop)
{
    return (gather(loop) || pnd_ring_has_single_send(&loop->ring)) && send_now(loop);
}

/*
 * Submits, sleeps until `end_ns` unless something is deliverable, and collects. A sleep that
 * brought nothing before its time was interrupted: a kernel that has just taken entries says no
 * more than that.
 */
PND_HOT static int go_round(struct pnd_loop *loop, uint64_t end_ns)
{
    uint64_t until_ns;
    int64_t wait_ns;
    struct pnd_likely likely;
    bool may_sleep;
    bool woken = false;
    bool any;
    int status;

    if (leaves_at_once(loop) || pnd_warm_stays(loop))
        return ROUND_MORE;
    until_ns = pnd_sleep_end(loop, end_ns);
    wait_ns = PND_RARE(pnd_loop_is_deliverable(loop)) ? 0 : pnd_sleep_left(until_ns);
    may_sleep = PND_USUAL(wait_ns != 0) && pnd_wake_may_sleep(&loop->wake);
    if (PND_RARE(may_sleep && !loop->wake.armed))
        may_sleep = arm_wake(loop);
    likely = pnd_likely_next(loop);
    status = submit(loop, may_sleep ? wait_ns : 0);
    pnd_likely_fetch(loop, likely);
    if (PND_USUAL(wait_ns != 0))
        woken = pnd_wake_rise(&loop->wake);
    any = pnd_collect(loop);
    if (PND_RARE(status < 0) && status != -EINTR)
        return status;
    if (PND_RARE(woken))
        return ROUND_WOKEN;
    return PND_RARE(!any) && may_sleep && !loop->feeds && pnd_sleep_left(until_ns) != 0
               ? ROUND_INTERRUPTED
               : ROUND_MORE;
}

/*
 * Sends or hands over, then looks for a while for what would end a sleep. What it saw and could not
 * collect, the round that follows does: it needs the kernel, or ends the turn.
 */
__attribute__((noinline)) static int spin(struct pnd_loop *loop, uint64_t end_ns)
{
    int status = 0;

    if (leaves_at_once(loop))
        return 0;
    fill_ring(loop);
    if (pnd_ring_queued_count(&loop->ring) != 0 || has_more(loop) ||
        loop->ring.backend->is_stirring(&loop->ring))
        status = look(loop);
    if (status < 0 || pnd_collect(loop) || pnd_loop_is_deliverable(loop) || loop->feeds)
        return status;
    if (pnd_spin_look(loop, pnd_sleep_end(loop, end_ns)))
        (void)pnd_collect(loop);
    return 0;
}

/* Goes round until something is deliverable, somebody woke the loop, or time is up. */
__attribute__((always_inline)) static inline int wait(struct pnd_loop *loop, int64_t timeout_ns)
{
    uint64_t end_ns = timeout_ns < 0 ? UINT64_MAX : 0;
    int status;

    if (PND_RARE(timeout_ns > 0))
        end_ns = pnd_clock_ns() + (uint64_t)timeout_ns;
    if (PND_RARE(loop->spin.most_ns != 0) && end_ns != 0 && !pnd_loop_is_deliverable(loop) &&
        pnd_spin_may(&loop->spin)) {
        status = spin(loop, end_ns);
        if (status < 0 || pnd_loop_is_deliverable(loop) || is_over(loop))
            return status;
    }
    loop->ring.wait_count = PND_RARE(loop->ring.batch_ns != 0) ? pnd_sleep_batch(loop) : 1;
    do {
        loop->has_rung = false;
        status = go_round(loop, end_ns);
        loop->ring.wait_count = 1; /* what brought nothing was a step of something longer */
        if (PND_RARE(status != ROUND_MORE) || pnd_loop_is_deliverable(loop) || is_over(loop)) {
            if (PND_RARE(loop->has_rung) && status == ROUND_MORE)
                status = go_round(loop, end_ns); /* its data are as old as what is deliverable */
            return status < 0 ? status : 0;
        }
    } while (loop->has_rung || (end_ns != 0 && end_ns > pnd_clock_ns()));
    return pnd_loop_flush(loop);
}

int pnd_loop_wait(struct pnd_loop *loop, int64_t timeout_ns)
{
    return wait(loop, timeout_ns);
}

/* True: nothing was to be handed over, and the stream that is alone brought something (lone.h). */
__attribute__((noinline)) static bool do_without(struct pnd_loop *loop)
{
    if (!is_plain(loop) || pnd_ring_queued_count(&loop->ring) != 0 ||
        pnd_loop_is_deliverable(loop) || !pnd_lone_take(loop))
        return false;
    (void)pnd_collect(loop);
    return true;
}

static inline int turn(struct pnd_loop *loop, int64_t timeout_ns,
                       struct pendio_completion *ret_completions, uint32_t count)
{
    uint32_t harvested_count;
    uint32_t delivered_count = 0;
    int status = loop->failure;

    loop->failure = 0;
    if (PND_RARE(status < 0))
        return status;
    if (PND_RARE(pnd_loop_first(loop, PND_RETURNS) != NULL))
        pnd_pool_take_back(loop);
    if (PND_RARE(loop->arrived_moves != NULL))
        pnd_moves_forget_told(loop);
    pnd_loop_run_errands(loop);
    pnd_collect_posts(loop); /* those accepted before a shutdown are still delivered */
    if (is_over(loop))
        return -ESHUTDOWN;
    loop->turn++;
    pnd_harvest_begin(loop, ret_completions, count);
    if (PND_USUAL(loop->handles.lone == NULL) || !do_without(loop))
        status = wait(loop, timeout_ns);
    harvested_count = pnd_harvest_end(loop);
    if (PND_USUAL(harvested_count != 0))
        loop->failure = status; /* these have left the loop: the next turn says so */
    else if (status < 0)
        return status;
    else if (!pnd_ready_is_empty(&loop->callbacks))
        pnd_deliver_callbacks(loop); /* before records; behind harvested ones by the next turn */
    if (PND_RARE(!pnd_ready_is_empty(&loop->records)))
        delivered_count =
            pnd_deliver_records(loop, ret_completions + harvested_count, count - harvested_count);
    return (int)(harvested_count + delivered_count);
}

PND_HOT int pnd_loop_turn(struct pnd_loop *loop, int64_t timeout_ns,
                          struct pendio_completion *ret_completions, uint32_t count)
{
    int answer;

    if (PND_RARE(loop->in_callback))
        return -EBUSY;
    if (PND_RARE(loop->host.is_asked))
        pnd_host_begin_turn(loop, timeout_ns != 0);
    answer = turn(loop, timeout_ns, ret_completions, count);
    if (PND_RARE(loop->host.is_asked)) {
        pnd_host_end_turn(loop, answer > 0);
        if (answer != -ESHUTDOWN && is_over(loop))
            pnd_host_tell(&loop->host); /* the next turn says so */
    }
    return answer;
}
