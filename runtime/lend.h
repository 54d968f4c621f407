/*
 * lend.h - receives without memory of one's own: the context is lent the buffer with the data.
 *
 * What came becomes the context's memory and window, until its next receive, the end of a send,
 * other memory is set, or it is put.
 */
#ifndef PND_LEND_H
#define PND_LEND_H

#include "context.h"

/* What is collected; or it will be; or the kernel is to fill a buffer chosen or taken for it. */
enum pnd_source pnd_lend_take(struct pnd_context *context);

/* The kernel has answered; whatever has a buffer but no bytes in it gives it back below. */
void pnd_lend_chosen(struct pnd_context *context, int32_t result, uint32_t cqe_flags);
void pnd_lend_finish(struct pnd_context *context);

/* A piece has come for the first in line: straight, past the inbox. */
void pnd_lend_hand_over(struct pnd_context *context, uint32_t buffer, uint32_t byte_count);

/* The context has no memory any more, and the buffer goes back. */
void pnd_lend_return(struct pnd_context *context);

#endif
