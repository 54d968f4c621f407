/*
 * ahead.c - bytes of a stream that a multishot request received ahead of those who ask.
 *
 * Happy path:  prepare -> collect: a piece of a buffer goes into the inbox -> it is copied, or lent
 *              -> the buffer is free again.
 * Failures:    an end or failure is known only after the bytes before it were taken; without
 *              buffers, or above its quota, a handle is not read.
 */
#include "ahead.h"

#include "bell.h"
#include "strategy.h"
#include "transfer.h"

#include <errno.h>

static void ahead_prepare(struct pnd_loop *loop, const struct pnd_handle *handle,
                          struct io_uring_sqe *sqe);
static bool ahead_is_full(const struct pnd_loop *loop, const struct pnd_handle *handle);
static bool ahead_has_room(const struct pnd_loop *loop, const struct pnd_handle *handle);
static bool ahead_chooses(const struct pnd_loop *loop, const struct pnd_handle *handle);
static void ahead_collect(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result,
                          uint32_t cqe_flags);
static bool ahead_end(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result);
static void ahead_discard(struct pnd_loop *loop, struct pnd_handle *handle,
                          const struct pnd_inbox_item *item);

const struct pnd_multishot pnd_receive_ahead = {
    .feature = PENDIO_FEATURE_MULTISHOT_RECEIVE,
    .inbox_kind = PND_INBOX_BYTES,
    .prepare = ahead_prepare,
    .is_full = ahead_is_full,
    .has_room = ahead_has_room,
    .chooses = ahead_chooses,
    .collect = ahead_collect,
    .end = ahead_end,
    .refused = pnd_strategy_refused,
    .discard = ahead_discard,
};

/* ---- the request ---------------------------------------------------------------------------- */

static void ahead_prepare(struct pnd_loop *loop, const struct pnd_handle *handle,
                          struct io_uring_sqe *sqe)
{
    uint32_t quota_bytes = pnd_strategy_quota(loop, handle);

    sqe->opcode = IORING_OP_RECV;
    sqe->ioprio = IORING_RECV_MULTISHOT;
    sqe->flags = IOSQE_BUFFER_SELECT;
    if (loop->ring.limits_receives) /* 0 would be no limit */
        sqe->PND_RECEIVE_LIMIT =
            handle->held_bytes < quota_bytes ? quota_bytes - handle->held_bytes : 1;
}

static bool ahead_is_full(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    return handle->held_bytes >= pnd_strategy_quota(loop, handle);
}

/* Where nobody waits: half of it, so that not every buffer that comes back costs a request. */
static bool ahead_has_room(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    return handle->held_bytes <= pnd_strategy_quota(loop, handle) / 2;
}

/* Of what waits, only a single receive that does not choose needs a buffer taken for it. */
static bool ahead_chooses(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    const struct pnd_context *first = pnd_line_first(&handle->receives);

    if (first != NULL && !pnd_multishot_may_be_used(loop, handle, &pnd_receive_ahead))
        return pnd_ahead_chooses(first);
    return handle->kind == PND_KIND_STREAM && loop->buffers.entries != NULL;
}

bool pnd_ahead_is_listener(const struct pnd_handle *handle)
{
    return handle->multishot != NULL && handle->multishot->inbox_kind == PND_INBOX_CONNECTIONS;
}

bool pnd_ahead_chooses(const struct pnd_context *context)
{
    return context->operation->code == PENDIO_OPERATION_RECEIVE &&
           context->handle->kind == PND_KIND_STREAM && !pnd_ahead_is_listener(context->handle) &&
           context->loop->buffers.entries != NULL;
}

/* A buffer filled once counts as a whole, however little is in it. */
uint32_t pnd_ahead_charge(const struct pnd_loop *loop, uint32_t byte_count)
{
    return loop->buffers.is_incremental ? byte_count : loop->buffers.buffer_bytes;
}

/* The end that was heard of behind the data. */
static void settle_ending(struct pnd_handle *handle)
{
    if (handle->inbox_ending == PND_GOES_ON || !pnd_inbox_is_empty(&handle->inbox))
        return;
    if (handle->inbox_ending == PND_FAILED)
        pnd_line_end(&handle->receives, PND_FAILED, handle->inbox_failure);
    else
        (void)pnd_transfer_find_end(handle);
    handle->inbox_ending = PND_GOES_ON;
}

static void note_ending(struct pnd_handle *handle, enum pnd_ending ending, int32_t failure)
{
    handle->inbox_ending = ending & 3u; /* all there are */
    handle->inbox_failure = failure;
}

/* One piece, whose buffer is held for it. 0 or -ENOMEM. */
static int add(struct pnd_loop *loop, struct pnd_handle *handle, struct pnd_inbox_item item)
{
    bool joined;
    int status = pnd_inbox_push(&loop->inboxes, &handle->inbox, item, &joined);

    if (status < 0 || joined)
        pnd_buffers_release(&loop->buffers, item.buffer);
    if (status == 0)
        handle->held_bytes += pnd_ahead_charge(loop, item.byte_count);
    return status;
}

/* Data that cannot be noted are lost: the stream is of no use any more. */
static void ahead_collect(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result,
                          uint32_t cqe_flags)
{
    struct pnd_inbox_item item = {.buffer = cqe_flags >> IORING_CQE_BUFFER_SHIFT,
                                  .byte_count = (uint32_t)result};

    if (!(cqe_flags & IORING_CQE_F_BUFFER) || (result == 0 && loop->buffers.is_incremental))
        return;
    item.offset_bytes = pnd_buffers_fill(&loop->buffers, item.buffer, item.byte_count);
    if (result == 0 || handle->disconnected || handle->inbox_ending == PND_FAILED)
        pnd_buffers_release(&loop->buffers, item.buffer); /* too late, or behind a gap: nobody's */
    else if (add(loop, handle, item) < 0)
        note_ending(handle, PND_FAILED, -ENOMEM);
    else if (!pnd_multishot_is_waited_for(handle))
        pnd_strategy_unasked(loop, handle);
    settle_ending(handle);
}

static bool ahead_end(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result)
{
    struct pnd_context *first = pnd_line_first(&handle->receives);

    if (result == -ENOBUFS) {
        pnd_buffers_found_none(&loop->buffers);
        return true;
    }
    if (result == 0 || pnd_transfer_is_fatal(result)) {
        note_ending(handle, result == 0 ? PND_ENDED : PND_FAILED, result);
        settle_ending(handle);
    } else if (first != NULL && first->place == PND_IN_LINE) {
        pnd_context_fail(first, result);
        pnd_context_finish(first);
    }
    return false;
}

static void ahead_discard(struct pnd_loop *loop, struct pnd_handle *handle,
                          const struct pnd_inbox_item *item)
{
    handle->held_bytes -= pnd_ahead_charge(loop, item->byte_count);
    pnd_buffers_release(&loop->buffers, item->buffer);
}

/* ---- what it brought ------------------------------------------------------------------------ */

enum pnd_source pnd_ahead_pass(struct pnd_loop *loop, struct pnd_handle *handle)
{
    if (handle->multishot == &pnd_bell && !handle->strategy.has_bell &&
        handle->arming == PND_UNARMED)
        handle->multishot = NULL; /* the straight way is open again */
    if (handle->multishot != &pnd_receive_ahead)
        return PND_FROM_KERNEL;
    if (pnd_handle_is_armed(handle))
        return PND_FROM_LATER;
    pnd_multishot_stop(loop, handle);
    if (!handle->strategy.is_ahead)
        handle->multishot = NULL; /* the straight way is open again */
    return PND_FROM_KERNEL;
}

struct pnd_window pnd_ahead_first(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    const struct pnd_inbox_item *item = pnd_inbox_first(&loop->inboxes, &handle->inbox);

    return (struct pnd_window){
        pnd_buffers_memory(&loop->buffers, item->buffer) + item->offset_bytes, item->byte_count};
}

void pnd_ahead_consume(struct pnd_loop *loop, struct pnd_handle *handle, uint32_t byte_count)
{
    const struct pnd_inbox_item first = *pnd_inbox_first(&loop->inboxes, &handle->inbox);

    if (byte_count < first.byte_count) {
        pnd_inbox_consume(&loop->inboxes, &handle->inbox, byte_count);
        handle->held_bytes -= loop->buffers.is_incremental ? byte_count : 0;
        return;
    }
    (void)pnd_inbox_pop(&loop->inboxes, &handle->inbox);
    handle->held_bytes -= pnd_ahead_charge(loop, byte_count);
    pnd_buffers_release(&loop->buffers, first.buffer);
}

void pnd_ahead_taken(struct pnd_loop *loop, struct pnd_handle *handle)
{
    handle->strategy.unasked = 0;
    settle_ending(handle);
    pnd_multishot_relieve(loop, handle);
}

/* One that takes nothing gets the first piece at most. */
static void copy(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;
    bool peeks = (context->request_flags & PENDIO_PEEK) != 0;

    while (!pnd_inbox_is_empty(&handle->inbox) && pnd_context_left_bytes(context) != 0) {
        const struct pnd_window piece = pnd_ahead_first(loop, handle);
        uint64_t taken_bytes = pnd_transfer_store(context, piece.memory, piece.byte_count);

        if (peeks)
            return;
        pnd_ahead_consume(loop, handle, (uint32_t)taken_bytes);
    }
}

/* Who has memory needs no buffer, and does not wait for one that others are lent, or wait for. */
static bool may_come_ahead(const struct pnd_context *context)
{
    const struct pnd_loop *loop = context->loop;

    return pnd_strategy_is_ahead(context) &&
           (pnd_handle_is_armed(context->handle) || (pnd_loop_first_of(loop, PND_STARVED) == NULL &&
                                                     pnd_buffers_have_one(&loop->buffers, true)));
}

static enum pnd_source pass_or_wait(const struct pnd_context *context)
{
    enum pnd_source source = pnd_ahead_pass(context->loop, context->handle);

    return source == PND_FROM_KERNEL && context->handle->strategy.has_bell ? pnd_bell_ask(context)
                                                                           : source;
}

enum pnd_source pnd_ahead_take(struct pnd_context *context)
{
    const struct pnd_inbox_item *first;
    bool fills_buffer;

    if (!pnd_ahead_has_bytes(context->handle))
        return may_come_ahead(context) ? pnd_multishot_ask(context, &pnd_receive_ahead)
                                       : pass_or_wait(context);
    first = pnd_inbox_first(&context->loop->inboxes, &context->handle->inbox);
    fills_buffer = first->offset_bytes + first->byte_count == context->loop->buffers.buffer_bytes;
    copy(context);
    pnd_strategy_copied(context, fills_buffer);
    pnd_ahead_taken(context->loop, context->handle);
    return PND_FROM_INBOX;
}

bool pnd_ahead_hand_over(struct pnd_context *context, uint32_t buffer, uint32_t byte_count)
{
    struct pnd_loop *loop = context->loop;
    uint32_t offset_bytes;

    if (byte_count > pnd_context_left_bytes(context))
        return false;
    offset_bytes = pnd_buffers_fill(&loop->buffers, buffer, byte_count);
    (void)pnd_transfer_store(context, pnd_buffers_memory(&loop->buffers, buffer) + offset_bytes,
                             byte_count);
    pnd_buffers_release(&loop->buffers, buffer);
    context->handle->strategy.unasked = 0;
    pnd_strategy_copied(context, offset_bytes + byte_count == loop->buffers.buffer_bytes);
    return true;
}

enum pnd_source pnd_ahead_look(struct pnd_context *context)
{
    if (!pnd_ahead_has_bytes(context->handle))
        return pnd_ahead_pass(context->loop, context->handle);
    return PND_FROM_INBOX;
}

/* ---- what goes to another loop -------------------------------------------------------------- */

void pnd_ahead_copy(const struct pnd_loop *loop, const struct pnd_handle *handle,
                    unsigned char *ret_bytes)
{
    for (uint32_t place = handle->inbox.first; place != 0;) {
        const struct pnd_inbox_item *item = &loop->inboxes.items[place - 1];

        memcpy(ret_bytes, pnd_buffers_memory(&loop->buffers, item->buffer) + item->offset_bytes,
               item->byte_count);
        ret_bytes += item->byte_count;
        place = item->next;
    }
}

static int add_part(struct pnd_loop *loop, struct pnd_handle *handle, const unsigned char *bytes,
                    uint32_t byte_count)
{
    struct pnd_inbox_item item = {.byte_count = byte_count};

    if (!pnd_buffers_take(&loop->buffers, &item.buffer))
        return -EAGAIN;
    memcpy(pnd_buffers_memory(&loop->buffers, item.buffer), bytes, byte_count);
    return add(loop, handle, item);
}

int pnd_ahead_add(struct pnd_loop *loop, struct pnd_handle *handle, const unsigned char *bytes,
                  uint32_t byte_count)
{
    int status = pnd_buffers_make(&loop->buffers, &loop->ring);
    uint32_t part;

    handle->multishot = &pnd_receive_ahead;
    handle->inbox.kind = PND_INBOX_BYTES;
    for (uint32_t at = 0; status == 0 && at < byte_count; at += part) {
        uint32_t left = byte_count - at;

        part = left < loop->buffers.buffer_bytes ? left : loop->buffers.buffer_bytes;
        status = add_part(loop, handle, bytes + at, part);
    }
    if (status < 0)
        pnd_multishot_discard(loop, handle);
    return status;
}
