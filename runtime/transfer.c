/*
 * transfer.c - what all operations that move bytes share: chunks, errors that stick, the end.
 */
#include "transfer.h"

#include <errno.h>

/* After these a connection is dead, whatever the kernel would answer next. */
static bool is_fatal(int32_t error)
{
    switch (error) {
    case -ECONNRESET:
    case -ECONNABORTED:
    case -EPIPE:
    case -ETIMEDOUT:
    case -ENETRESET:
    case -ENETDOWN:
    case -ENETUNREACH:
    case -EHOSTDOWN:
    case -EHOSTUNREACH:
        return true;
    default:
        return false;
    }
}

static bool has_end(const struct pnd_handle *handle)
{
    return handle->kind == PND_KIND_STREAM || handle->kind == PND_KIND_SEQPACKET;
}

enum pnd_verdict pnd_transfer_fail(struct pnd_context *context, int32_t result)
{
    const struct pnd_handle *handle = context->handle;

    if (result == -EAGAIN && handle->kind != PND_KIND_FILE)
        return PND_POLL;
    if (result == -EAGAIN && !context->insisting) {
        context->insisting = true;
        return PND_AGAIN;
    }
    if (result == -EINTR && context->stop == PND_STOP_NONE)
        return PND_AGAIN;
    if (has_end(handle) && context->line != NULL && is_fatal(result)) {
        pnd_line_end(context->line, PND_FAILED, result);
        if (context->line->ending == PND_FAILED)
            result = context->line->failure; /* what is known first is the truth */
    }
    pnd_context_fail(context, result);
    return PND_DELIVER;
}

enum pnd_verdict pnd_transfer_advance(struct pnd_context *context, int32_t result)
{
    assert((uint32_t)result <= pnd_transfer_chunk(context));
    context->moved_bytes += (uint32_t)result;
    if (pnd_context_left_bytes(context) == 0)
        return PND_DELIVER;
    if (result > 0)
        return PND_AGAIN;
    pnd_context_fail(context, -EIO); /* takes nothing and says no error: do not ask for ever */
    return PND_DELIVER;
}

void pnd_transfer_end(struct pnd_context *context)
{
    context->flags |= PENDIO_END_OF_STREAM;
    if (has_end(context->handle) && context->line != NULL)
        pnd_line_end(context->line, PND_ENDED, 0);
}

struct msghdr *pnd_transfer_message(const struct pnd_context *context,
                                    struct pendio_endpoint *endpoint, uint32_t byte_count)
{
    struct pnd_context_extra *extra = context->extra;

    extra->piece = (struct iovec){.iov_base = (void *)pnd_transfer_address(context),
                                  .iov_len = pnd_transfer_chunk(context)};
    extra->message = (struct msghdr){.msg_name = endpoint->address,
                                     .msg_namelen = byte_count,
                                     .msg_iov = &extra->piece,
                                     .msg_iovlen = 1};
    return &extra->message;
}
