/*
 * transfer.h - what all operations that move bytes share: chunks, errors that stick, the end.
 */
#ifndef PND_TRANSFER_H
#define PND_TRANSFER_H

#include "context.h"

/* One request moves at most this much, below the kernel's limit of 2 GiB - 4 KiB. */
enum { PND_CHUNK_BYTES = 1 << 30 };

/* As a number: a context may have no memory. */
static inline uintptr_t pnd_transfer_address(const struct pnd_context *context)
{
    return (uintptr_t)context->window.memory + context->moved_bytes;
}

static inline uint32_t pnd_transfer_chunk(const struct pnd_context *context)
{
    uint64_t left = pnd_context_left_bytes(context);

    return left < PND_CHUNK_BYTES ? (uint32_t)left : PND_CHUNK_BYTES;
}

/* The kernel answered an error: wait for the descriptor, ask again, or end with it. */
enum pnd_verdict pnd_transfer_fail(struct pnd_context *context, int32_t result);

/* The kernel moved `result` bytes of something that ends only when all of them have gone. */
enum pnd_verdict pnd_transfer_advance(struct pnd_context *context, int32_t result);

/* The peer, or the file, has no more; on a socket that sticks. */
void pnd_transfer_end(struct pnd_context *context);

/* The window and the address beside it, as sendmsg and recvmsg want them. */
struct msghdr *pnd_transfer_message(const struct pnd_context *context,
                                    struct pendio_endpoint *endpoint, uint32_t byte_count);

#endif
