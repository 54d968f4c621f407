/*
 * transfer.h - what all operations that move bytes share: shares, errors that stick, the end.
 */
#ifndef PND_TRANSFER_H
#define PND_TRANSFER_H

#include "context.h"

/* One request moves at most this much, below the kernel's limit of 2 GiB - 4 KiB. */
enum { PND_CHUNK_BYTES = 1 << 30 };

/* And at most so many pieces of a vector. */
enum { PND_SHARE_COUNT = 1024 };

/* What one request moves of what is left. */
struct pnd_share {
    struct iovec *pieces;
    uint32_t piece_count;
};

/* As a number: a context may have no memory. These two are not for vectors. */
static inline uintptr_t pnd_transfer_address(const struct pnd_context *context)
{
    return (uintptr_t)context->window.memory + context->moved_bytes;
}

static inline uint32_t pnd_transfer_chunk(const struct pnd_context *context)
{
    uint64_t left = pnd_context_left_bytes(context);

    return left < PND_CHUNK_BYTES ? (uint32_t)left : PND_CHUNK_BYTES;
}

/*
 * The next share: a stretch of memory, pieces of the vector from the first that has not moved, or
 * what is left of one in whose middle the last share ended. Of a message: everything.
 */
struct pnd_share pnd_transfer_share(const struct pnd_context *context);

/*
 * Tells an entry where the next share is: its opcode stays if that is one stretch, else it becomes
 * the one that takes pieces (READV, WRITEV, RECVMSG or SENDMSG).
 */
void pnd_transfer_aim_pieces(const struct pnd_context *context, struct io_uring_sqe *sqe,
                             uint8_t pieces_opcode);

static inline void pnd_transfer_aim(const struct pnd_context *context, struct io_uring_sqe *sqe,
                                    uint8_t pieces_opcode)
{
    if (PND_RARE(pnd_context_is_vectored(context))) {
        pnd_transfer_aim_pieces(context, sqe, pieces_opcode);
        return;
    }
    sqe->addr = pnd_transfer_address(context);
    sqe->len = pnd_transfer_chunk(context);
}

/* All that is left of a vector; returns how many pieces that is, 0: more than there is room for. */
uint32_t pnd_transfer_lay_out(const struct pnd_context *context, struct iovec *ret_pieces,
                              uint32_t room_count);

/* Puts bytes that are there already where the next ones belong; returns how many fitted. */
uint64_t pnd_transfer_store(struct pnd_context *context, const void *bytes, uint64_t byte_count);

/* The kernel answered an error: wait for the descriptor, ask again, or end with it. */
enum pnd_verdict pnd_transfer_fail(struct pnd_context *context, int32_t result);

/* After it a connection is dead, whatever the kernel would answer next. */
bool pnd_transfer_is_fatal(int32_t error);

/* A fatal error sticks to a connection's line. What to answer: what is known first is the truth. */
int32_t pnd_transfer_stick(const struct pnd_handle *handle, struct pnd_line *line, int32_t error);

/*
 * The kernel says that nothing more will be received. It tells of a reset only once: if a send has
 * heard of it, here it looks like the end. 0 or that error; on a socket it sticks.
 */
int32_t pnd_transfer_find_end(struct pnd_handle *handle);

/* The kernel moved `result` bytes of something that ends only when all of them have gone. */
enum pnd_verdict pnd_transfer_advance(struct pnd_context *context, int32_t result);

/* The peer, or the file, has no more; on a socket that sticks. */
void pnd_transfer_end(struct pnd_context *context);

/*
 * How to send on it. A message that has to wait for room is asked for anew once there may be some:
 * the kernel, when it tries a message of Unix sockets again by itself, sends an empty one.
 */
static inline uint32_t pnd_transfer_send_flags(const struct pnd_handle *handle)
{
    return handle->kind == PND_KIND_STREAM ? MSG_NOSIGNAL : MSG_NOSIGNAL | MSG_DONTWAIT;
}

/*
 * A datagram for a Unix socket that is full waits in vain for its own to be ready: that one always
 * is, unless it is connected. So it lets a moment pass. pnd_transfer_pause() says whether that is
 * what the entry is for now; pnd_transfer_goes_on() whether the answer is to be followed by
 * another entry, for either.
 */
bool pnd_transfer_pause(const struct pnd_context *context, struct io_uring_sqe *sqe);
bool pnd_transfer_goes_on(struct pnd_context *context, int32_t result);

/* Where nobody reads a pipe any more the answer is -EPIPE and no signal, or a worker's. */
void pnd_transfer_ask_for_no_signal(const struct pnd_loop *loop, struct io_uring_sqe *sqe);

/* The kernel could not do that for this write: from now on it is not asked to. */
bool pnd_transfer_must_do_with_signal(struct pnd_loop *loop, int32_t result);

/* The next share and the address beside it (NULL: none), as sendmsg and recvmsg want them. */
struct msghdr *pnd_transfer_message(const struct pnd_context *context,
                                    struct pendio_endpoint *endpoint, uint32_t byte_count);

#endif
