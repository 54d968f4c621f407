/*
 * socket.h - what the operations that send and receive with and without a message's particulars
 * share.
 */
#ifndef PND_SOCKET_H
#define PND_SOCKET_H

#include "context.h"

/* How the kernel is to receive for this context. */
uint32_t pnd_receive_flags(const struct pnd_context *context);

/* What the kernel's answer to a receive is to the context. */
enum pnd_verdict pnd_receive_finish(struct pnd_context *context, int32_t result,
                                    uint32_t cqe_flags);

/* A receive with an empty window on a stream. */
void pnd_readable_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
enum pnd_verdict pnd_readable_finish(struct pnd_context *context, int32_t result,
                                     uint32_t cqe_flags);

/* What the kernel's answer to a send is to the context. */
enum pnd_verdict pnd_send_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags);

#endif
