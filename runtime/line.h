/*
 * line.h - order between runs that need more than one handle: two lines, one after the other; and
 * the handles a run works on beside its own.
 *
 * Whoever needs two lines waits first in a receive line, then in a send line, never the other way
 * round: so nobody waits for somebody who waits for him.
 */
#ifndef PND_LINE_H
#define PND_LINE_H

#include "context.h"

/* From begin until delivery. `guest` is memory of the run's. */
void pnd_guest_join(struct pnd_guest *guest, struct pnd_context *context, struct pnd_handle *handle,
                    bool takes);

/*
 * Takes the run from the first of the handles it is a guest of. Returns that one, if it may now be
 * closed; else NULL.
 */
struct pnd_handle *pnd_guest_leave(struct pnd_context *context);

/* The run has ended: whoever waits for that on one of the handles may go on. */
void pnd_guest_settle(const struct pnd_context *context);

/* Whom the close of the handle stops. */
void pnd_guest_stop_all(struct pnd_handle *handle, bool senders_too);

/* The line it waits in now; NULL: none. */
static inline struct pnd_line *pnd_line_of(const struct pnd_context *context)
{
    return context->holding ? pnd_context_second_line(context) : context->line;
}

/* It is first in its line: off to the kernel, or into the second line. */
void pnd_line_go_on(struct pnd_context *context);

/* It waits nowhere any more. Returns the line it held, where the next may go; NULL: none. */
struct pnd_line *pnd_line_leave(struct pnd_context *context);

/* Which of its lines has come to an end that ends this run too; NULL: neither. */
const struct pnd_line *pnd_line_ended_for(const struct pnd_context *context);

#endif
