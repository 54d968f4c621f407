/*
 * strategy.h - how a stream is received from: by a request for each receive, or by one for many,
 * ahead of those who ask; which of them, and why.
 *
 *     single --- lent to ----------------------------------> ahead
 *            --- small, many in a row --------------------->
 *            <-- large, many in a row, copied --------------
 *            <-- in many turns, and nobody asks for it -----
 *
 * What a caller has pinned stays. Over anything but IPv4 and IPv6 only that goes ahead: what is
 * received so could have brought descriptors, for a receive_message that comes later. A multishot
 * RECVMSG would keep them, but not where they belong: the kernel joins what waited before them to
 * the piece they come with. And from an incremental buffer with less left than its head it ends
 * with EFAULT, it and every other of that ring, for ever.
 *
 * So over Unix sockets small pieces that are not alone, and large ones in a crowd, are received
 * singly by a bell (bell.h), which loses nothing and copies nothing: 0.82 to 0.89 of single
 * requests (50 and 500 connections, 64 bytes), where one request for many costs 0.81 to 1.16. With
 * 50 to 5,000 connections and 16 KiB that is 0.89 to 0.98 (with 8 of them on the way about the
 * same: there the warm rounds of warm.h decide), but with two 1.08, with four 1.02.
 *
 * A lone stream, over Unix sockets or with large pieces over others, gets a bell for a while to see
 * whether it is busy: if so its data are taken by calls of their own (lone.h).
 *
 * What nobody asks for holds buffers that others may need: single requests leave it in the socket.
 *
 * The rest is from the servers of tools/bench over TCP. Where nothing is copied one request for
 * many costs 0.74 to 1.03 of single ones (ring-lending by ring-window, 18 echo cells). Where it is
 * copied it pays for small pieces: 0.92 for a lone connection with 64 bytes, whose request is a
 * system call of its own, 0.98 at 16 KiB; and, with 50, 500 and 5,000 connections, 0.92 to 1.01 at
 * 64 bytes, 0.93 to 0.97 at 1 KiB, but 1.03 at 50 x 8 KiB: the more there is in a piece, the less
 * is gained by bringing it through memory that is not its own.
 */
#ifndef PND_STRATEGY_H
#define PND_STRATEGY_H

#include "context.h"

/* What is small; and how many in a row decide. */
enum { PND_PIECE_SMALL_BYTES = 4096, PND_STRATEGY_PATIENCE = 8 };

/* So many streams over Unix sockets in a turn are a crowd: their large pieces are rung for, too. */
enum { PND_STRATEGY_CROWD = 8 };

/* So much of a stream comes ahead for memory of one's own; how often doubts make it wait longer. */
enum { PND_STRATEGY_OWN_BYTES = 16384, PND_STRATEGY_DOUBTS = 4 };

/* As a caller wants it. 0 or -ENOMEM, and all is as it was. */
int pnd_strategy_pin(struct pnd_loop *loop, struct pnd_handle *handle, uint32_t strategy);

/* PENDIO_RECEIVE_SINGLE or PENDIO_RECEIVE_MULTISHOT. */
uint32_t pnd_strategy_now(const struct pnd_loop *loop, const struct pnd_handle *handle);

/* The kernel has no request for many for this descriptor. */
void pnd_strategy_refused(struct pnd_loop *loop, struct pnd_handle *handle);

/* What was pinned on a handle of another loop is pinned on this new one. */
void pnd_strategy_take_over(struct pnd_loop *loop, struct pnd_handle *handle,
                            const struct pnd_handle *other);

/* The context is to be lent what comes: nothing is copied, so one request for many is better. */
void pnd_strategy_lends(const struct pnd_context *context);

/* A receive that asked for itself got so much, where there may be a choice. */
void pnd_strategy_count(const struct pnd_context *context, uint32_t byte_count)
    __attribute__((noinline));

/* A piece came ahead, and nobody waits for it. */
void pnd_strategy_unasked(struct pnd_loop *loop, struct pnd_handle *handle);

/* What was received ahead was copied; its buffer had no room for more. */
void pnd_strategy_copied(struct pnd_context *context, bool fills_buffer);

/* A receive that asked for itself got so much. */
static inline void pnd_strategy_received(const struct pnd_context *context, uint32_t byte_count)
{
    struct pnd_loop *loop = context->loop;
    struct pnd_handle *handle = context->handle;

    if (handle->strategy.stays) {
        loop->receive_turn = loop->turn;
        loop->receiver = handle;
    } else {
        pnd_strategy_count(context, byte_count);
    }
}

static inline bool pnd_strategy_is_own(const struct pnd_handle *handle)
{
    return handle->strategy.is_ahead && (handle->strategy.reason == PENDIO_RECEIVE_LONE ||
                                         handle->strategy.reason == PENDIO_RECEIVE_CROWDED);
}

/* How much may be collected, and lent, of it. */
static inline uint32_t pnd_strategy_quota(const struct pnd_loop *loop,
                                          const struct pnd_handle *handle)
{
    uint32_t quota_bytes = loop->collect_bytes;

    if (PND_RARE(pnd_strategy_is_own(handle))) {
        uint64_t half_bytes = pnd_buffers_bytes(&loop->buffers) / 2;
        uint32_t own_bytes =
            half_bytes < PND_STRATEGY_OWN_BYTES ? (uint32_t)half_bytes : PND_STRATEGY_OWN_BYTES;

        quota_bytes = quota_bytes < own_bytes ? quota_bytes : own_bytes;
    }
    return quota_bytes;
}

/* Came ahead for memory of its own, but is to be lent now. */
void pnd_strategy_lends_now(struct pnd_loop *loop, struct pnd_handle *handle);

/* Whether the context is to wait for a request for many: it brings no more than bytes. */
static inline bool pnd_strategy_is_ahead(const struct pnd_context *context)
{
    return context->handle->strategy.is_ahead &&
           context->operation->code != PENDIO_OPERATION_RECEIVE_MESSAGE;
}

#endif
