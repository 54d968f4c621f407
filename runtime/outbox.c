/*
 * outbox.c - sends of one stream, gathered: those that wait when the ring is handed over leave in
 * one request.
 *
 * Happy path:  an entry leads, others join -> gather: the entry gets all their pieces -> completed:
 *              the bytes that have gone are theirs in the order of the line; whole sends end, the
 *              first one that is not whole leads the next request.
 * Failures:    an error is the first one's, and a fatal one sticks to the line; an error that
 *              another's memory may have caused is heard again, by the first alone. Whoever is
 *              stopped interrupts the request; who was only in its company goes on.
 *
 * What is no plain send of a stream (TRY, zero-copy, packets, messages) is neither first nor
 * carried: those behind it wait until it has gone.
 */
#include "outbox.h"

#include "likely.h"
#include "lone.h"
#include "transfer.h"

#include <errno.h>
#include <stdlib.h>

/*
 * A request has at most that many pieces, and takes nobody along any more once it has that many
 * bytes: what is copied at a time is bounded, and so is what others wait for.
 */
enum { REQUEST_PIECES = 256, REQUEST_BYTES = 1 << 18 };

/* Once one had to wait so many are not tried without the ring: there was a call too much. */
enum { PAUSE_COUNT = 8 };

/* Between two times the ring is handed over; who finds no room goes alone. */
enum { PIECE_ROOM = 4096 };

int pnd_outbox_init(struct pnd_outbox *outbox, uint32_t entry_count)
{
    outbox->noted = calloc(entry_count, sizeof(struct pnd_handle *));
    outbox->pieces = calloc(PIECE_ROOM, sizeof *outbox->pieces);
    outbox->noted_room = entry_count;
    return outbox->noted == NULL || outbox->pieces == NULL ? -ENOMEM : 0;
}

void pnd_outbox_fini(struct pnd_outbox *outbox)
{
    free(outbox->noted);
    free(outbox->pieces);
}

/* ---- who may go together -------------------------------------------------------------------- */

static bool is_plain(const struct pnd_context *context)
{
    return context->operation->gathers && context->policy != PENDIO_TRY &&
           context->stop == PND_STOP_NONE && (context->request_flags & PENDIO_ZERO_COPY) == 0;
}

/* As is_plain(), known at a glance: of those in line behind one that is. */
static inline bool is_like(const struct pnd_context *context, const struct pnd_context *plain)
{
    return context->phase == pnd_phase(PND_PENDING, PND_IN_LINE) && /* so there are no flags */
           context->operation == plain->operation && context->policy != PENDIO_TRY;
}

/* The entry of the first send, if it can still be changed; NULL: it cannot, or there is none. */
static struct io_uring_sqe *open_entry(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    const struct pnd_context *first = TAILQ_FIRST(&handle->sends.waiting);
    struct io_uring_sqe *sqe = pnd_ring_queued(&loop->ring, handle->entry_until);

    if (first == NULL || first->place != PND_IN_KERNEL || first->polling || sqe == NULL ||
        sqe->user_data != first->token)
        return NULL;
    return sqe;
}

static void note(struct pnd_outbox *outbox, struct pnd_handle *handle)
{
    if (handle->is_noted || outbox->noted_count == outbox->noted_room)
        return;
    handle->is_noted = true;
    outbox->noted[outbox->noted_count++] = handle;
}

PND_HOT void pnd_outbox_joined(struct pnd_loop *loop, struct pnd_handle *handle)
{
    if (handle->kind == PND_KIND_STREAM && open_entry(loop, handle) != NULL)
        note(&loop->outbox, handle);
}

void pnd_outbox_leads(const struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;

    handle->entry_until = pnd_ring_tail(&loop->ring);
    if (handle->kind == PND_KIND_STREAM && TAILQ_NEXT(context, line_link) != NULL)
        note(&loop->outbox, handle);
}

/* ---- gather --------------------------------------------------------------------------------- */

/* What one request is to have. */
struct bundle {
    struct iovec *first;
    struct iovec *next;
    struct iovec *end;
    uint64_t byte_count;
};

/* False: it has to wait. */
static inline bool add(struct bundle *bundle, const struct pnd_context *context)
{
    uint64_t left_bytes = pnd_context_left_bytes(context);

    if (PND_RARE(bundle->byte_count >= REQUEST_BYTES) ||
        PND_RARE(left_bytes > PND_CHUNK_BYTES - REQUEST_BYTES) ||
        PND_RARE(bundle->next == bundle->end))
        return false;
    if (PND_RARE(pnd_context_is_vectored(context))) {
        uint32_t count =
            pnd_transfer_lay_out(context, bundle->next, (uint32_t)(bundle->end - bundle->next));

        if (count == 0)
            return false;
        bundle->next += count;
    } else {
        *bundle->next++ = (struct iovec){(void *)pnd_transfer_address(context), left_bytes};
    }
    bundle->byte_count += left_bytes;
    return true;
}

/* Those behind the first that have room beside it; returns how many. */
static uint32_t carry(struct bundle *bundle, const struct pnd_context *first)
{
    struct pnd_context *next = TAILQ_NEXT(first, line_link);
    struct bundle all = *bundle;
    uint32_t count = 0;

    while (next != NULL && (PND_USUAL(is_like(next, first)) || is_plain(next)) &&
           PND_USUAL(add(&all, next))) {
        next->place = PND_CARRIED;
        next = TAILQ_NEXT(next, line_link);
        count++;
    }
    *bundle = all;
    return count;
}

/* The entry was for the first alone. */
static void rewrite(const struct pnd_ring *ring, struct io_uring_sqe *sqe,
                    struct pnd_context *first, const struct bundle *bundle)
{
    size_t piece_count = (size_t)(bundle->next - bundle->first);

    first->place = PND_CARRYING;
    if (ring->sends_vectors) {
        sqe->opcode = IORING_OP_SEND;
        sqe->ioprio = PND_SEND_VECTOR;
        sqe->addr = (uintptr_t)bundle->first;
        sqe->len = (uint32_t)piece_count;
    } else {
        pnd_context_extra(first)->message =
            (struct msghdr){.msg_iov = bundle->first, .msg_iovlen = piece_count};
        sqe->opcode = IORING_OP_SENDMSG;
        sqe->addr = (uintptr_t)&pnd_context_extra(first)->message;
        sqe->len = 1;
    }
}

/* The entry that has them now; NULL: none has. */
static const struct io_uring_sqe *gather(struct pnd_loop *loop, struct pnd_handle *handle)
{
    struct pnd_outbox *outbox = &loop->outbox;
    struct pnd_context *first = TAILQ_FIRST(&handle->sends.waiting);
    struct io_uring_sqe *sqe = open_entry(loop, handle);
    bool alone = handle->goes_alone;
    uint32_t room = PIECE_ROOM - outbox->piece_count;
    struct iovec *pieces = &outbox->pieces[outbox->piece_count];
    struct bundle bundle = {.first = pieces, .next = pieces};
    uint32_t carried_count;

    bundle.end = pieces + (room < REQUEST_PIECES ? room : REQUEST_PIECES);
    handle->is_noted = false;
    handle->goes_alone = false;
    if (sqe == NULL || alone || !is_plain(first) || !add(&bundle, first))
        return NULL;
    carried_count = carry(&bundle, first);
    if (carried_count == 0)
        return NULL;
    rewrite(&loop->ring, sqe, first, &bundle);
    outbox->piece_count += (uint32_t)(bundle.next - pieces);
    loop->stats.gathers++;
    loop->stats.sends_gathered += 1 + carried_count;
    return sqe;
}

/* Nothing that was laid out is needed any more, if the kernel has all the entries. */
static void renew(struct pnd_outbox *outbox, const struct pnd_ring *ring)
{
    if (pnd_ring_tail(ring) - outbox->used_until >= pnd_ring_queued_count(ring))
        outbox->piece_count = 0;
}

PND_HOT bool pnd_outbox_gather(struct pnd_loop *loop)
{
    struct pnd_outbox *outbox = &loop->outbox;

    const struct io_uring_sqe *sqe = NULL;

    renew(outbox, &loop->ring);
    for (uint32_t i = 0; i < outbox->noted_count; i++)
        sqe = gather(loop, outbox->noted[i]);
    outbox->noted_count = 0;
    outbox->used_until = pnd_ring_tail(&loop->ring);
    return sqe != NULL && sqe + 1 == loop->ring.next;
}

bool pnd_outbox_send_now(struct pnd_loop *loop, struct pnd_ring_completion *ret_completion)
{
    struct pnd_ring *ring = &loop->ring;
    struct pnd_likely likely;
    bool is_stirring;
    bool is_sent;

    if (pnd_ring_queued_count(ring) != 1 || ring->batch_ns != 0 || !ring->can_look ||
        ring->backend->send_now == NULL)
        return false;
    is_stirring = ring->backend->is_stirring(ring);
    if (is_stirring && !pnd_lone_goes_on(loop))
        return false;
    if (PND_RARE(loop->outbox.pause_count != 0)) {
        loop->outbox.pause_count--;
        return false;
    }
    likely = pnd_likely_next(loop);
    is_sent = ring->backend->send_now(ring, ret_completion);
    pnd_likely_fetch(loop, likely);
    if (PND_RARE(!is_sent))
        loop->outbox.pause_count = PAUSE_COUNT;
    loop->look_count += is_sent && !is_stirring; /* there was nothing */
    return is_sent;
}

/* ---- the answer ----------------------------------------------------------------------------- */

/* Gives everybody his part, oldest first, and his place in line back. True: some are to end. */
static bool share_out(struct pnd_context *first, uint64_t gone_bytes)
{
    bool any_stopped = false;
    struct pnd_context *next = first;

    do {
        uint64_t left_bytes = pnd_context_left_bytes(next);
        uint64_t part_bytes = left_bytes < gone_bytes ? left_bytes : gone_bytes;

        next->moved_bytes += part_bytes;
        gone_bytes -= part_bytes;
        next->place = PND_IN_LINE;
        any_stopped |= next->stop != PND_STOP_NONE;
        next = TAILQ_NEXT(next, line_link);
    } while (next != NULL && next->place == PND_CARRIED);
    assert(gone_bytes == 0);
    return any_stopped;
}

/* Not of the stream, nor of the moment: what one of them gave may be no memory, or too much. */
static bool may_be_of_another(int32_t error)
{
    return error != -EAGAIN && error != -EINTR && error != -ECANCELED &&
           !pnd_transfer_is_fatal(error);
}

static enum pnd_verdict judge(struct pnd_context *first, int32_t result)
{
    if (result >= 0 && pnd_context_left_bytes(first) <= (uint32_t)result)
        return PND_DELIVER;
    if (result > 0 || pnd_outbox_is_interrupted(first, result))
        return PND_AGAIN;
    if (result < 0 && may_be_of_another(result)) {
        first->handle->goes_alone = true;
        return PND_AGAIN;
    }
    return pnd_transfer_fail(first, result < 0 ? result : -EIO);
}

/* The first in line has got its answer already. */
static void end_stopped(struct pnd_line *line)
{
    struct pnd_context *next = TAILQ_FIRST(&line->waiting);

    while (next != NULL) {
        struct pnd_context *context = next;

        next = TAILQ_NEXT(context, line_link);
        if (context->stop != PND_STOP_NONE && context->place == PND_IN_LINE)
            pnd_context_end_early(context);
    }
}

static void settle(struct pnd_context *first, uint32_t gone_bytes, enum pnd_verdict verdict)
{
    struct pnd_line *line = first->line;
    bool any_stopped = share_out(first, gone_bytes);

    pnd_context_dequeue(first); /* there is nothing to cancel any more */
    pnd_context_follow(first, verdict);
    if (any_stopped)
        end_stopped(line);
}

void pnd_outbox_completed(struct pnd_context *first, int32_t result)
{
    settle(first, result > 0 ? (uint32_t)result : 0, judge(first, result));
}

void pnd_outbox_go_on(struct pnd_context *first, uint32_t gone_bytes)
{
    settle(first, gone_bytes,
           pnd_context_left_bytes(first) <= gone_bytes ? PND_DELIVER : PND_AGAIN);
}

enum pnd_source pnd_outbox_take(struct pnd_context *context)
{
    bool is_whole = context->moved_bytes != 0 && pnd_context_left_bytes(context) == 0;

    if (!is_whole && context->stop == PND_STOP_NONE)
        return PND_FROM_KERNEL;
    if (!is_whole)
        pnd_context_fail(context, -ECANCELED);
    return PND_FROM_INBOX;
}

/* ---- an early end --------------------------------------------------------------------------- */

void pnd_outbox_stop(struct pnd_context *context)
{
    struct pnd_context *first = TAILQ_FIRST(&context->line->waiting);

    if (first != context)
        pnd_context_extra(first)->interrupted = first->token;
    if (first->queue == PND_NO_QUEUE)
        pnd_context_enqueue(first, PND_CANCELS);
}

bool pnd_outbox_is_interrupted(const struct pnd_context *context, int32_t result)
{
    return result == -ECANCELED && context->stop == PND_STOP_NONE &&
           pnd_context_extra(context)->interrupted == context->token;
}
