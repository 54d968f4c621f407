/*
 * line.c - order between runs that need more than one handle: two lines, one after the other.
 *
 * Happy path:  first in the receive line -> holds it -> first in the send line -> the kernel ->
 *              leaves both.
 * Failures:    whoever is stopped while it waits leaves what it holds.
 */
#include "line.h"

void pnd_guest_join(struct pnd_guest *guest, struct pnd_context *context, struct pnd_handle *handle,
                    bool takes)
{
    struct pnd_context_extra *extra = pnd_context_use_extra(context);

    *guest = (struct pnd_guest){
        .next = extra->guests, .context = context, .handle = handle, .takes = takes};
    extra->guests = guest;
    context->attached = true;
    LIST_INSERT_HEAD(&handle->guests, guest, link);
    handle->under_way_count++;
}

struct pnd_handle *pnd_guest_leave(struct pnd_context *context)
{
    struct pnd_guest *guest = pnd_context_guests(context);
    struct pnd_handle *handle = guest->handle;

    pnd_context_extra(context)->guests = guest->next;
    LIST_REMOVE(guest, link);
    handle->under_way_count--;
    if (handle->acceptor == pnd_context_number(context))
        handle->acceptor = 0;
    return pnd_handle_may_close(handle) ? handle : NULL;
}

void pnd_guest_stop_all(struct pnd_handle *handle, bool senders_too)
{
    struct pnd_guest *guest;

    LIST_FOREACH(guest, &handle->guests, link)
    {
        struct pnd_context *context = guest->context;
        bool may_finish = context->operation->finishes_closing && !guest->takes;

        if (context->state == PND_PENDING && (senders_too || !may_finish))
            pnd_context_stop(context, PND_STOP_BY_CLOSE);
    }
}

void pnd_line_go_on(struct pnd_context *context)
{
    struct pnd_line *second = pnd_context_second_line(context);
    bool first;

    if (second == NULL || context->holding) {
        pnd_context_submit(context);
        return;
    }
    first = pnd_line_is_empty(second);
    TAILQ_REMOVE(&context->line->waiting, context, line_link);
    pnd_line_hold(context->line, context);
    context->holding = true;
    TAILQ_INSERT_TAIL(&second->waiting, context, line_link);
    if (first)
        pnd_context_submit(context);
    else
        context->place = PND_IN_LINE;
}

struct pnd_line *pnd_line_leave(struct pnd_context *context)
{
    struct pnd_line *line = pnd_line_of(context);
    struct pnd_line *held = context->holding ? context->line : NULL;

    if (line != NULL)
        TAILQ_REMOVE(&line->waiting, context, line_link);
    else if (context->handle != NULL)
        TAILQ_REMOVE(&context->handle->parallel, context, line_link);
    if (held != NULL)
        pnd_line_hold(held, NULL);
    context->holding = false;
    return held;
}

/* What moves no bytes, an accept or connect, has an answer of its own. */
static bool ends_with(const struct pnd_context *context, const struct pnd_line *line)
{
    const struct pnd_handle *handle = context->handle;
    const struct pnd_operation *operation = context->operation;

    if (line == NULL || line->ending == PND_GOES_ON || operation->outlives_line)
        return false;
    return operation->moves || operation->carries || handle->spoiled ||
           (handle->disconnected && operation->after_disconnect != 0);
}

const struct pnd_line *pnd_line_ended_for(const struct pnd_context *context)
{
    const struct pnd_line *second = pnd_context_second_line(context);

    if (ends_with(context, context->line))
        return context->line;
    return ends_with(context, second) ? second : NULL;
}

void pnd_guest_settle(const struct pnd_context *context)
{
    for (const struct pnd_guest *guest = pnd_context_guests(context); guest != NULL;
         guest = guest->next)
        if (guest->handle->settler != 0)
            pnd_context_settle(context->loop, guest->handle, context);
}
