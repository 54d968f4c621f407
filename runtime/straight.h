/*
 * straight.h - the straight way of a run: into the ring by its start, out of it by its completion.
 *
 * Most runs have no deadline and wait for nobody, and the ring has room: one look tells, and what
 * is left to do is little. Whoever is not on that way goes the long one, through context.c, which
 * comes to the same.
 */
#ifndef PND_STRAIGHT_H
#define PND_STRAIGHT_H

#include "context.h"

/* A context with nothing in the way, an operation known to be allowed, and room in the ring. */
static inline bool pnd_straight_may_start(const struct pnd_context *context,
                                          const struct pnd_operation *operation)
{
    struct pnd_loop *loop = context->loop;

    return PND_USUAL(context->phase == pnd_phase(PND_FREE, PND_NOWHERE) &&
                     (loop->startable_operations >> operation->code & 1) != 0) &&
           PND_USUAL(pnd_ring_has_next(&loop->ring));
}

/* As pnd_context_begin(), for a context in no queue. */
static inline void pnd_straight_begin(struct pnd_context *context,
                                      const struct pnd_operation *operation, uint64_t phase)
{
    assert(pnd_context_is_clear(context));
    pnd_context_move(context, PND_PENDING);
    context->token += UINT64_C(1) << PND_TOKEN_SLOT_BITS;
    pnd_context_clear_coming(context, operation->code);
    context->phase = phase;
    context->operation = operation;
    context->loop->under_way_count++;
}

/* The same on a handle. */
static inline void pnd_straight_begin_on(struct pnd_context *context,
                                         const struct pnd_operation *operation,
                                         struct pnd_handle *handle, uint64_t phase)
{
    pnd_straight_begin(context, operation, phase);
    context->handle_value = handle->value;
    context->handle = handle;
    handle->under_way_count++;
}

/* Its entry, in a ring with room; all but what the operation is about is written. */
static inline struct io_uring_sqe *pnd_straight_fetch(const struct pnd_context *context,
                                                      const struct pnd_operation *operation)
{
    const uint64_t token = context->token;
    struct io_uring_sqe *sqe = pnd_ring_fetch_next(&context->loop->ring);

    sqe->opcode = operation->opcode;
    sqe->user_data = token;
    return sqe;
}

/* The same for a line of the handle that has not come to its end. */
static inline bool pnd_straight_may_join(const struct pnd_context *context,
                                         const struct pnd_operation *operation,
                                         const struct pnd_handle *handle,
                                         const struct pnd_line *line)
{
    return pnd_straight_may_start(context, operation) &&
           PND_USUAL(handle->acceptor == 0 && line->ending == PND_GOES_ON);
}

/* And for what would be first there. */
static inline bool pnd_straight_may_lead(const struct pnd_context *context,
                                         const struct pnd_operation *operation,
                                         const struct pnd_handle *handle,
                                         const struct pnd_line *line)
{
    return pnd_straight_may_join(context, operation, handle, line) &&
           PND_USUAL(!line->is_held && TAILQ_EMPTY(&line->waiting) &&
                     context->policy != PENDIO_TRY);
}

/* Begins it there; returns its entry. */
static inline struct io_uring_sqe *pnd_straight_lead(struct pnd_context *context,
                                                     const struct pnd_operation *operation,
                                                     struct pnd_handle *handle,
                                                     struct pnd_line *line)
{
    pnd_straight_begin_on(context, operation, handle, pnd_phase(PND_PENDING, PND_IN_KERNEL));
    context->line = line;
    TAILQ_INSERT_TAIL(&line->waiting, context, line_link);
    return pnd_straight_fetch(context, operation);
}

/* Begins it behind those who are there. */
static inline void pnd_straight_follow(struct pnd_context *context,
                                       const struct pnd_operation *operation,
                                       struct pnd_handle *handle, struct pnd_line *line)
{
    pnd_straight_begin_on(context, operation, handle, pnd_phase(PND_PENDING, PND_IN_LINE));
    context->line = line;
    TAILQ_INSERT_TAIL(&line->waiting, context, line_link);
}

#endif
