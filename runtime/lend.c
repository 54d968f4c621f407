/*
 * lend.c - receives without memory of one's own: the context is lent the buffer with the data.
 *
 * Happy path:  take: collected bytes are lent -> or a multishot request will bring them -> or the
 *              kernel fills one buffer: of a stream the one it chooses when there are data, of
 *              anything else one that is taken only while it looks.
 * Failures:    without a free buffer a receive waits until one comes back, and behind those who
 *              wait already; a handle that holds its share of them is not read until some are given
 *              back.
 */
#include "lend.h"

#include "ahead.h"
#include "bell.h"
#include "strategy.h"

#include <errno.h>

/* ---- what is collected ---------------------------------------------------------------------- */

static void lend(struct pnd_context *context, uint32_t buffer, struct pnd_window piece,
                 uint32_t charge_bytes)
{
    context->memory = piece;
    context->window = piece;
    context->lent_buffer = buffer + 1;
    context->lent_charge_bytes = charge_bytes;
    context->lender = pnd_handle_tag(context->handle);
    context->flags |= PENDIO_LENT;
}

static void lend_first(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;
    const struct pnd_window piece = pnd_ahead_first(loop, handle);
    uint32_t buffer = pnd_inbox_first(&loop->inboxes, &handle->inbox)->buffer;

    context->moved_bytes = piece.byte_count;
    if (context->request_flags & PENDIO_PEEK) {
        pnd_buffers_hold(&loop->buffers, buffer);
        lend(context, buffer, piece, 0);
        return;
    }
    (void)pnd_inbox_pop(&loop->inboxes, &handle->inbox);
    lend(context, buffer, piece, pnd_ahead_charge(loop, (uint32_t)piece.byte_count));
    pnd_ahead_taken(loop, handle);
}

void pnd_lend_hand_over(struct pnd_context *context, uint32_t buffer, uint32_t byte_count)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;
    uint32_t offset_bytes = pnd_buffers_fill(&loop->buffers, buffer, byte_count);
    uint32_t charge_bytes = pnd_ahead_charge(loop, byte_count);
    const struct pnd_window piece = {pnd_buffers_memory(&loop->buffers, buffer) + offset_bytes,
                                     byte_count};

    context->moved_bytes = byte_count;
    handle->held_bytes += charge_bytes;
    handle->strategy.unasked = 0;
    lend(context, buffer, piece, charge_bytes);
    if (pnd_receive_ahead.is_full(loop, handle))
        pnd_multishot_stop(loop, handle);
}

/* ---- what is to come ------------------------------------------------------------------------ */

static void take_buffer(struct pnd_context *context)
{
    struct pnd_buffers *buffers = &context->loop->buffers;
    uint32_t buffer = 0;

    (void)pnd_buffers_take(buffers, &buffer);
    context->lent_buffer = buffer + 1;
    context->lent_charge_bytes = 0;
    context->lender = 0;
    context->memory =
        (struct pnd_window){pnd_buffers_memory(buffers, buffer), buffers->buffer_bytes};
    context->window = context->memory;
}

/* A single receive. */
static enum pnd_source ask_for_one(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;
    bool chooses = pnd_ahead_chooses(context);

    if (pnd_ahead_is_listener(handle))
        return PND_FROM_KERNEL;
    if (pnd_multishot_is_behind(loop, handle) || !pnd_buffers_have_one(&loop->buffers, chooses) ||
        handle->held_bytes >= loop->collect_bytes) {
        pnd_multishot_wait(loop, handle, &pnd_receive_ahead);
        return PND_FROM_LATER;
    }
    if (!chooses)
        take_buffer(context);
    return PND_FROM_KERNEL;
}

enum pnd_source pnd_lend_take(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;
    int status = pnd_buffers_make(&loop->buffers, &loop->ring);
    enum pnd_source source;

    if (status < 0) {
        pnd_context_fail(context, status);
        return PND_FROM_INBOX;
    }
    if (PND_RARE(pnd_strategy_is_own(handle)))
        pnd_strategy_lends_now(loop, handle);
    if (pnd_ahead_has_bytes(handle)) {
        lend_first(context);
        return PND_FROM_INBOX;
    }
    if (handle->strategy.has_bell)
        pnd_bell_take_down(loop, handle);
    if (handle->multishot == &pnd_bell && pnd_handle_is_armed(handle))
        return PND_FROM_LATER;
    if (!handle->strategy.is_ahead)
        pnd_strategy_lends(context);
    if (handle->kind == PND_KIND_STREAM)
        pnd_buffers_want_some(&loop->buffers);
    source = pnd_multishot_ask(context, &pnd_receive_ahead);
    return source == PND_FROM_KERNEL ? ask_for_one(context) : source;
}

void pnd_lend_chosen(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    struct pnd_buffers *buffers = &context->loop->buffers;
    uint32_t buffer = cqe_flags >> IORING_CQE_BUFFER_SHIFT;
    uint32_t byte_count = (uint32_t)result;
    uint32_t offset_bytes;

    if (result < 0 || (result == 0 && buffers->is_incremental))
        return; /* some kernels name one all the same */
    offset_bytes = pnd_buffers_fill(buffers, buffer, byte_count);
    context->lent_buffer = buffer + 1;
    context->lent_charge_bytes = 0;
    context->lender = 0;
    context->window =
        (struct pnd_window){pnd_buffers_memory(buffers, buffer) + offset_bytes, byte_count};
}

void pnd_lend_finish(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_window piece = {context->window.memory, context->moved_bytes};
    uint32_t charge_bytes = loop->buffers.buffer_bytes;

    if (context->moved_bytes == 0) {
        pnd_lend_return(context);
        return;
    }
    if (pnd_ahead_chooses(context))
        charge_bytes = pnd_ahead_charge(loop, (uint32_t)context->moved_bytes);
    context->handle->held_bytes += charge_bytes;
    lend(context, context->lent_buffer - 1, piece, charge_bytes);
}

/* ---- giving back ---------------------------------------------------------------------------- */

void pnd_lend_return(struct pnd_context *context)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *lender;

    if (context->lent_buffer == 0)
        return;
    pnd_buffers_release(&loop->buffers, context->lent_buffer - 1);
    context->lent_buffer = 0;
    context->memory = (struct pnd_window){.memory = NULL};
    context->window = context->memory;
    lender = pnd_handle_of_tag(&loop->handles, context->lender);
    if (lender != NULL) {
        lender->held_bytes -= context->lent_charge_bytes;
        pnd_multishot_relieve(loop, lender);
    }
}
