/*
 * transfer.c - what all operations that move bytes share: shares, errors that stick, the end.
 *
 * Happy path:  a window moves in shares, each one request: a stretch of memory, or as many pieces
 *              of a vector as the kernel takes. A share that ended within a piece is followed by
 *              the rest of that piece alone, so that a vector is never written to.
 * Failures:    the kernel's answer is the result, with the bytes that had gone.
 */
#include "transfer.h"

#include <errno.h>
#include <string.h>

bool pnd_transfer_is_fatal(int32_t error)
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

int32_t pnd_transfer_stick(const struct pnd_handle *handle, struct pnd_line *line, int32_t error)
{
    if (!has_end(handle) || !pnd_transfer_is_fatal(error))
        return error;
    pnd_line_end(line, PND_FAILED, error);
    return line->ending == PND_FAILED ? line->failure : error;
}

int32_t pnd_transfer_find_end(struct pnd_handle *handle)
{
    const struct pnd_line *sends = &handle->sends;

    if (!has_end(handle))
        return 0;
    if (sends->ending == PND_FAILED && sends->failure != -EPIPE)
        pnd_line_end(&handle->receives, PND_FAILED, sends->failure);
    else
        pnd_line_end(&handle->receives, PND_ENDED, 0);
    return handle->receives.ending == PND_FAILED ? handle->receives.failure : 0;
}

static bool is_of_messages(const struct pnd_handle *handle)
{
    return handle->kind == PND_KIND_DATAGRAM || handle->kind == PND_KIND_SEQPACKET;
}

/* The piece that holds the next byte to move; empty ones before it are passed over. */
static const struct pendio_bytes *find_piece(const struct pnd_context *context)
{
    struct pnd_context_extra *extra = pnd_context_extra(context);
    const struct pendio_bytes *pieces = extra->pieces;

    if (context->moved_bytes == 0) {
        extra->piece_index = 0;
        extra->passed_bytes = 0;
    }
    while (extra->piece_index + 1 < context->piece_count &&
           pieces[extra->piece_index].byte_count <= context->moved_bytes - extra->passed_bytes)
        extra->passed_bytes += pieces[extra->piece_index++].byte_count;
    return &pieces[extra->piece_index];
}

static struct pnd_share one_stretch(const struct pnd_context *context, uintptr_t address,
                                    uint64_t byte_count)
{
    struct iovec *piece = &pnd_context_extra(context)->piece;

    piece->iov_base = (void *)address;
    piece->iov_len = byte_count < PND_CHUNK_BYTES ? byte_count : PND_CHUNK_BYTES;
    return (struct pnd_share){piece, 1};
}

struct pnd_share pnd_transfer_share(const struct pnd_context *context)
{
    struct pnd_context_extra *extra = pnd_context_extra(context);
    const struct pendio_bytes *piece;
    uint64_t moved_bytes;
    uint32_t left_count;

    if (!pnd_context_is_vectored(context))
        return one_stretch(context, pnd_transfer_address(context), pnd_context_left_bytes(context));
    if (is_of_messages(context->handle))
        return (struct pnd_share){(struct iovec *)extra->pieces, context->piece_count};
    piece = find_piece(context);
    moved_bytes = context->moved_bytes - extra->passed_bytes;
    left_count = context->piece_count - extra->piece_index;
    if (moved_bytes != 0 || left_count == 1)
        return one_stretch(context, (uintptr_t)piece->memory + moved_bytes,
                           piece->byte_count - moved_bytes);
    return (struct pnd_share){(struct iovec *)&extra->pieces[extra->piece_index],
                              left_count < PND_SHARE_COUNT ? left_count : PND_SHARE_COUNT};
}

uint32_t pnd_transfer_lay_out(const struct pnd_context *context, struct iovec *ret_pieces,
                              uint32_t room_count)
{
    const struct pendio_bytes *piece;
    uint64_t moved_bytes;
    uint32_t count;

    piece = find_piece(context);
    moved_bytes = context->moved_bytes - pnd_context_extra(context)->passed_bytes;
    count = context->piece_count - pnd_context_extra(context)->piece_index;
    if (count > room_count)
        return 0;
    memcpy(ret_pieces, piece, count * sizeof *ret_pieces);
    ret_pieces->iov_base = (unsigned char *)ret_pieces->iov_base + moved_bytes;
    ret_pieces->iov_len -= moved_bytes;
    return count;
}

void pnd_transfer_aim_pieces(const struct pnd_context *context, struct io_uring_sqe *sqe,
                             uint8_t pieces_opcode)
{
    const struct pnd_share share = pnd_transfer_share(context);

    if (share.piece_count == 1) {
        sqe->addr = (uintptr_t)share.pieces->iov_base;
        sqe->len = (uint32_t)share.pieces->iov_len;
        return;
    }
    sqe->opcode = pieces_opcode;
    if (pieces_opcode == IORING_OP_READV || pieces_opcode == IORING_OP_WRITEV) {
        sqe->addr = (uintptr_t)share.pieces;
        sqe->len = share.piece_count;
    } else {
        sqe->addr = (uintptr_t)pnd_transfer_message(context, NULL, 0);
        sqe->len = 1;
    }
}

/* Where the next byte belongs, and how many in a row may go there. */
static struct pnd_window next_stretch(const struct pnd_context *context)
{
    const struct pendio_bytes *piece;
    uint64_t moved_bytes;

    if (!pnd_context_is_vectored(context))
        return (struct pnd_window){(unsigned char *)pnd_transfer_address(context),
                                   pnd_context_left_bytes(context)};
    piece = find_piece(context);
    moved_bytes = context->moved_bytes - pnd_context_extra(context)->passed_bytes;
    return (struct pnd_window){(unsigned char *)piece->memory + moved_bytes,
                               piece->byte_count - moved_bytes};
}

uint64_t pnd_transfer_store(struct pnd_context *context, const void *bytes, uint64_t byte_count)
{
    const unsigned char *from = bytes;
    uint64_t left = pnd_context_left_bytes(context);
    uint64_t end_bytes = context->moved_bytes + (byte_count < left ? byte_count : left);

    while (context->moved_bytes != end_bytes) {
        const struct pnd_window to = next_stretch(context);
        uint64_t most = end_bytes - context->moved_bytes;
        uint64_t part = to.byte_count < most ? to.byte_count : most;

        memcpy(to.memory, from, part);
        from += part;
        context->moved_bytes += part;
    }
    return (uint64_t)(from - (const unsigned char *)bytes);
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
    if (context->line != NULL)
        result = pnd_transfer_stick(handle, context->line, result);
    pnd_context_fail(context, result);
    return PND_DELIVER;
}

enum pnd_verdict pnd_transfer_advance(struct pnd_context *context, int32_t result)
{
    assert((uint32_t)result <= pnd_context_left_bytes(context));
    context->moved_bytes += (uint32_t)result;
    if (PND_USUAL(pnd_context_left_bytes(context) == 0))
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
    const struct pnd_share share = pnd_transfer_share(context);

    pnd_context_extra(context)->message =
        (struct msghdr){.msg_name = endpoint == NULL ? NULL : endpoint->address,
                        .msg_namelen = byte_count,
                        .msg_iov = share.pieces,
                        .msg_iovlen = share.piece_count};
    return &pnd_context_extra(context)->message;
}

bool pnd_transfer_pause(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    static const struct __kernel_timespec moment = {.tv_nsec = 1000000};

    if (!pnd_context_extra(context)->pausing)
        return false;
    sqe->opcode = IORING_OP_TIMEOUT;
    sqe->fd = -1;
    sqe->addr = (uintptr_t)&moment;
    sqe->len = 1;
    return true;
}

static bool aims_at_unix(const struct pnd_context *context)
{
    const struct pendio_endpoint *endpoint = &pnd_context_extra(context)->endpoint;
    sa_family_t family;

    memcpy(&family, endpoint->address, sizeof family);
    return context->handle->kind == PND_KIND_DATAGRAM && endpoint->byte_count != 0 &&
           family == AF_UNIX && context->operation->code != PENDIO_OPERATION_SEND;
}

bool pnd_transfer_goes_on(struct pnd_context *context, int32_t result)
{
    bool has_paused = pnd_context_extra(context)->pausing;

    pnd_context_extra(context)->pausing = !has_paused && result == -EAGAIN && aims_at_unix(context);
    return pnd_context_extra(context)->pausing || (has_paused && result == -ETIME);
}

static bool may_ask_for_no_signal(const struct pnd_loop *loop)
{
    return (loop->ring.features & PENDIO_FEATURE_NO_SIGNAL) != 0;
}

void pnd_transfer_ask_for_no_signal(const struct pnd_loop *loop, struct io_uring_sqe *sqe)
{
    if (may_ask_for_no_signal(loop))
        sqe->rw_flags = RWF_NOSIGNAL;
    else
        sqe->flags |= IOSQE_ASYNC;
}

bool pnd_transfer_must_do_with_signal(struct pnd_loop *loop, int32_t result)
{
    if (result != -EOPNOTSUPP || !may_ask_for_no_signal(loop))
        return false;
    loop->ring.features &= ~(uint64_t)PENDIO_FEATURE_NO_SIGNAL;
    return true;
}
