/*
 * ahead.h - bytes of a stream that a multishot request received ahead of those who ask.
 *
 * They lie in the loop's buffers until somebody takes them: whoever has memory of his own copies,
 * whoever has none is lent the buffer (lend.h). What is collected and lent of one handle is bounded
 * by collect_bytes; an end or failure becomes known behind the last of it.
 */
#ifndef PND_AHEAD_H
#define PND_AHEAD_H

#include "multishot.h"

extern const struct pnd_multishot pnd_receive_ahead;

/* It accepts: it can only say that nothing can be received. */
bool pnd_ahead_is_listener(const struct pnd_handle *handle);

/* For a single receive into lent memory the kernel chooses the buffer; else one is taken for it. */
bool pnd_ahead_chooses(const struct pnd_context *context);

/* For whoever reads from the handle into his own memory: what is collected, or where to ask. */
enum pnd_source pnd_ahead_take(struct pnd_context *context);

/* As that, but takes nothing: that something is collected is the answer. */
enum pnd_source pnd_ahead_look(struct pnd_context *context);

/* Nothing is collected: wait for the request that is in the kernel, or ask the kernel oneself. */
enum pnd_source pnd_ahead_pass(struct pnd_loop *loop, struct pnd_handle *handle);

/* The first piece that is collected, none of it taken. */
struct pnd_window pnd_ahead_first(const struct pnd_loop *loop, const struct pnd_handle *handle);

/* That many bytes of the first piece were taken. */
void pnd_ahead_consume(struct pnd_loop *loop, struct pnd_handle *handle, uint32_t byte_count);

/* Something was taken: the end may have come, and there may be room again. */
void pnd_ahead_taken(struct pnd_loop *loop, struct pnd_handle *handle);

/*
 * A piece has come for the first in line, to be copied: straight, past the inbox. False: it has not
 * the room for all of it, and nothing was done.
 */
bool pnd_ahead_hand_over(struct pnd_context *context, uint32_t buffer, uint32_t byte_count);

/* Copies all that is collected. */
void pnd_ahead_copy(const struct pnd_loop *loop, const struct pnd_handle *handle,
                    unsigned char *ret_bytes);

/* What that many bytes in one buffer count against the quota. */
uint32_t pnd_ahead_charge(const struct pnd_loop *loop, uint32_t byte_count);

/*
 * Adds a copy of bytes that were collected in another loop. 0, -ENOMEM, or -EAGAIN: there are too
 * few buffers, and none of it was added.
 */
int pnd_ahead_add(struct pnd_loop *loop, struct pnd_handle *handle, const unsigned char *bytes,
                  uint32_t byte_count);

/*
 * A piece that comes now may go straight to the first in line: nothing is collected before it, and
 * nobody else is to hear of it.
 */
static inline bool pnd_ahead_is_clear(const struct pnd_handle *handle)
{
    return PND_USUAL(handle->multishot == &pnd_receive_ahead && handle->arming == PND_ARMED &&
                     pnd_inbox_is_empty(&handle->inbox) && handle->inbox_ending == PND_GOES_ON &&
                     !handle->disconnected && TAILQ_EMPTY(&handle->parallel));
}

/* The first in line has nothing to do but to wait for one. */
static inline bool pnd_ahead_brings(const struct pnd_handle *handle)
{
    return handle->strategy.is_ahead && handle->multishot == &pnd_receive_ahead &&
           handle->arming == PND_ARMED && pnd_inbox_is_empty(&handle->inbox);
}

static inline bool pnd_ahead_has_bytes(const struct pnd_handle *handle)
{
    return handle->multishot == &pnd_receive_ahead && !pnd_inbox_is_empty(&handle->inbox);
}

#endif
