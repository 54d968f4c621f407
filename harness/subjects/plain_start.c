/*
 * plain_start.c - starts of the small subject.
 *
 * Happy path:  a start is tried at once where it may be done, and else waits.
 * Failures:    misuse is refused.
 */
#include "plain.h"
#include "plain_lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is read or written at an offset stands in no line. */
int pnd_plain_line(const struct context *context)
{
    bool in_line = context->handle != NULL && context->position == UINT64_MAX;
    return in_line ? context->now.verb->line : NO_LINE;
}

static void take_arguments(struct context *context)
{
    context->after_ns = pnd_line_number("after") / (pnd_plain_wrong("early_timer") ? 2 : 1);
    context->size = pnd_line_number("size");
    context->events = pnd_line_number("events");
    context->create = pnd_line_number("create") != 0;
    context->directory = pnd_line_number("directory") != 0;
    context->data_only = pnd_line_number("data_only") != 0;
    bool at = pnd_line_has("offset") && strcmp(pnd_line_text("offset"), "stream") != 0;
    context->position = at && !context->handle->stream ? pnd_line_number("offset") : UINT64_MAX;
    snprintf(context->path, sizeof context->path, "%.127s", pnd_line_text("path"));
    snprintf(context->target, sizeof context->target, "%.127s", pnd_line_text("target"));
}

static bool may_be_done(const struct context *context)
{
    const struct verb *verb = context->now.verb;
    struct handle *handle = context->handle;
    int line = pnd_plain_line(context);
    bool empty = handle != NULL && handle->stream && context->set.length == 0 && verb->goes_out;
    if (pnd_plain_wrong("tries_nothing") || (empty && pnd_plain_wrong("waits_for_nothing")))
        return false;
    if (handle == NULL || (verb->done > (int)context->set.policy && !(empty && verb->done == TRY)))
        return false;
    if (context->set.policy == QUEUE && !pnd_plain_wrong("done_under_queue"))
        return false;
    if (line != NO_LINE && handle->waiting[line] > 0)
        return false;
    if (handle->done_turn != all.turn)
        handle->done_count = 0;
    handle->done_turn = all.turn;
    return handle->done_count < all.budget || pnd_plain_wrong("exceeds_the_done_budget");
}

static void answer_start(const char *answer, const struct context *context)
{
    if (pnd_plain_wrong("tells_in_a_start"))
        printf("told context=%llu operation=nop run=1\n", (unsigned long long)context->number);
    printf("%s", answer);
    pnd_plain_show(context);
    puts("");
}

static void refuse_start(struct context *context, int error, uint64_t *count)
{
    all.refused++;
    ++*count;
    printf("refused error=%s", strerrorname_np(error));
    if (pnd_plain_wrong("touches_a_refused_context"))
        context->set.user++;
    pnd_plain_show(context);
    puts("");
}

static void begin_run(struct context *context, const struct verb *verb, struct handle *handle)
{
    if (!pnd_plain_wrong("gives_a_run_again") || all.run == 0)
        all.run++;
    context->handle = handle;
    context->cancelled = context->cancel_next;
    context->connecting = context->cancel_next = false;
    context->started_ns = pnd_plain_now_ns();
    context->now = (struct result){.verb = verb,
                                   .handle = handle != NULL ? handle->number : 0,
                                   .run = all.run,
                                   .user = context->set.user};
    if (verb->window && context->set.memory != 0)
        context->now.memory = context->set.memory + context->set.offset;
    take_arguments(context);
    all.started++;
}

static void start(struct context *context, const struct verb *verb, struct handle *handle)
{
    begin_run(context, verb, handle);
    if (may_be_done(context) && verb->attempt(context)) {
        context->was = context->now;
        handle->done_count++;
        all.done++;
        answer_start("done", context);
        if (pnd_plain_wrong("tells_what_was_done"))
            all.over[all.over_count++] = context;
        return;
    }
    context->busy = context->now.run;
    all.waiting[all.waiting_count++] = context;
    if (handle != NULL)
        handle->under_way++;
    if (pnd_plain_line(context) != NO_LINE)
        handle->waiting[pnd_plain_line(context)]++;
    if (verb->closes)
        pnd_plain_begin_close(handle);
    if (verb->closes && pnd_plain_wrong("closes_before_the_others"))
        all.over[all.over_count++] = all.waiting[--all.waiting_count];
    answer_start("pending", context);
}

void pnd_plain_start(const struct verb *verb)
{
    struct context *context = pnd_plain_find_context();
    uint64_t number = pnd_line_number("handle");
    struct handle *handle = pnd_plain_find_handle(number);
    if (handle == NULL && pnd_plain_wrong("accepts_a_stale_handle"))
        handle = pnd_plain_find_handle(all.handle_serial); /* the youngest is as good as any */
    if (context == NULL || !context->taken)
        puts("refused error=EINVAL");
    else if (pnd_plain_wrong("refuses_with_an_error"))
        refuse_start(context, ECONNRESET, &all.invalid);
    else if (pnd_plain_wrong("refuses_without_cause"))
        refuse_start(context, ESHUTDOWN, &all.shutdown_refused);
    else if (context->busy != 0 && pnd_plain_wrong("starts_a_busy_context"))
        answer_start("pending", context);
    else if (context->busy != 0)
        refuse_start(context, EBUSY, &all.busy);
    else if (all.shut_down && !verb->closes && !pnd_plain_wrong("starts_after_a_shutdown"))
        refuse_start(context, ESHUTDOWN, &all.shutdown_refused);
    else if (number == 0 ? verb->line != NO_LINE || verb->closes
                         : handle == NULL || handle->closing)
        refuse_start(context, EBADF, &all.bad_handle);
    else if (strcmp(verb->name, "stat") == 0 && context->set.length < 256)
        refuse_start(context, EINVAL, &all.invalid);
    else {
        start(context, verb, handle);
        if (number != 0 && handle->number != number)
            context->now.handle = number;
    }
}
