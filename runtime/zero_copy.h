/*
 * zero_copy.h - sends whose memory the kernel may keep after it has told their result.
 *
 * Each such request has two completions: its result, and a notice that the memory is free. The
 * notice has room of its own in the completion queue: a request that finds none is an ordinary one.
 */
#ifndef PND_ZERO_COPY_H
#define PND_ZERO_COPY_H

#include "context.h"

/* Makes the entry of an ordinary send one that copies nothing, if its run asked for that. */
void pnd_zero_copy_aim(const struct pnd_context *context, struct io_uring_sqe *sqe);

/*
 * The kernel has answered a send. True: it does not do that without copying, and is to be asked
 * again, for an ordinary one.
 */
bool pnd_zero_copy_is_refused(struct pnd_context *context, int32_t result, uint32_t cqe_flags);

/* The result is known, but notices are still to come: the run waits for them. */
void pnd_zero_copy_drain(struct pnd_context *context);

/* A notice has come. */
void pnd_zero_copy_noticed(struct pnd_loop *loop, uint64_t token, int32_t result);

#endif
