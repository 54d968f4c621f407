/*
 * plain_turn.c - turns of the small subject.
 *
 * Happy path:  try all that waits, in order; sleep in poll(2) while none of it is over; call, and
 *              tell, what is.
 * Failures:    what is cancelled, late, or in the way of a close ends early.
 */
#include "plain.h"
#include "plain_lines.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { RARELY_NS = 50000000, POLL_COUNT = 4096 };

static bool end_early(struct context *context, int error, uint32_t flag)
{
    if (strcmp(context->now.verb->name, "connect") == 0)
        context->handle->unusable = true;
    context->now.flags |= flag;
    return pnd_plain_finish(context, error);
}

/* A graceful close lets what goes out go out. */
static bool ended_by_close(const struct context *context)
{
    const struct handle *handle = context->handle;
    return handle != NULL && handle->closing && !context->now.verb->closes &&
           (handle->abortive || !context->now.verb->goes_out);
}

/* 0: it has none. */
static uint64_t deadline_ns(const struct context *context)
{
    return context->set.deadline / (pnd_plain_wrong("early_deadline") ? 2 : 1);
}

static bool is_late(const struct context *context)
{
    uint64_t passed_ns = pnd_plain_now_ns() - context->started_ns;
    return context->set.deadline != 0 && passed_ns >= deadline_ns(context);
}

/* True when it is over. */
static bool go_on(struct context *context)
{
    const struct verb *verb = context->now.verb;
    int line = pnd_plain_line(context);
    if (verb->closes) {
        context->handle->abortive = context->handle->abortive || is_late(context);
        return verb->attempt(context);
    }
    if (context->cancelled || all.shut_down)
        return end_early(context, ECANCELED, BY_CANCEL);
    if (ended_by_close(context))
        return end_early(context, ECANCELED, BY_CLOSE);
    if (line == NO_LINE || context->handle->blocked[line] != all.pass) {
        if (verb->attempt(context))
            return true;
        if (line != NO_LINE)
            context->handle->blocked[line] = all.pass;
    }
    return is_late(context) && end_early(context, ETIMEDOUT, BY_DEADLINE);
}

static void leave_lines(struct context *context)
{
    int line = pnd_plain_line(context);
    if (context->handle == NULL)
        return;
    context->handle->under_way--;
    if (line != NO_LINE)
        context->handle->waiting[line]--;
}

static void close_for_nobody(struct handle *handle)
{
    if (handle != NULL && handle->close_now && handle->under_way == 0 && handle->number != 0)
        pnd_plain_end_handle(handle);
}

static void finish(struct context *context)
{
    leave_lines(context);
    if (context->now.verb->closes)
        pnd_plain_end_handle(context->handle);
    else
        close_for_nobody(context->handle);
    all.over[all.over_count++] = context;
}

/* Once over everything that waits, in order. */
static void pass(void)
{
    uint64_t left_count = 0;
    all.pass++;
    for (uint64_t i = 0; i < all.waiting_count; i++) {
        struct context *context = all.waiting[i];
        if (go_on(context))
            finish(context);
        else
            all.waiting[left_count++] = context;
    }
    all.waiting_count = left_count;
}

static uint64_t wakes_ns(const struct context *context, uint64_t now_ns)
{
    uint64_t passed_ns = now_ns - context->started_ns;
    uint64_t left_ns = RARELY_NS;
    if (context->now.verb->line == NO_LINE && context->after_ns > 0)
        left_ns = context->after_ns > passed_ns ? context->after_ns - passed_ns : 0;
    uint64_t last_ns = deadline_ns(context);
    if (last_ns > 0 && last_ns < passed_ns + left_ns)
        left_ns = last_ns > passed_ns ? last_ns - passed_ns : 0;
    return left_ns;
}

static void sleep_for(uint64_t most_ns)
{
    static struct pollfd ready[POLL_COUNT];
    nfds_t count = 0;
    uint64_t now_ns = pnd_plain_now_ns();
    for (uint64_t i = 0; i < all.waiting_count && count < POLL_COUNT; i++) {
        const struct context *context = all.waiting[i];
        short events =
            context->now.verb->events != 0 ? context->now.verb->events : (short)context->events;
        uint64_t left_ns = wakes_ns(context, now_ns);
        most_ns = left_ns < most_ns ? left_ns : most_ns;
        if (context->handle != NULL && events != 0)
            ready[count++] = (struct pollfd){context->handle->descriptor, events, 0};
    }
    struct timespec wait = {(time_t)(most_ns / 1000000000), (long)(most_ns % 1000000000)};
    (void)ppoll(ready, count, &wait, NULL);
}

/* Some faults say what is not so. */
static void spoil(const struct context *context, struct result *told)
{
    const struct verb *verb = told->verb;
    bool receives = verb->window && verb->line == LINE_IN;
    told->user += pnd_plain_wrong("names_another_start") ? 1 : 0;
    told->run += pnd_plain_wrong("tells_another_run") ? 1 : 0;
    told->memory += told->memory != 0 && pnd_plain_wrong("names_other_memory") ? 1 : 0;
    if (receives && told->bytes > 0 && pnd_plain_wrong("tells_too_many_bytes"))
        told->bytes += context->set.length;
    if (receives && pnd_plain_wrong("forgets_the_end"))
        told->flags &= ~(uint32_t)END_OF_STREAM;
    if (receives && pnd_plain_wrong("forgets_what_is_cut"))
        told->flags &= ~(uint32_t)TRUNCATED;
    if (receives && pnd_plain_wrong("cuts_streams"))
        told->flags |= TRUNCATED;
    if (told->error == ECONNREFUSED && pnd_plain_wrong("tells_another_error"))
        told->error = ECONNRESET;
    if (told->value != 0 && pnd_plain_wrong("makes_nothing"))
        told->value = 0;
    if (verb->line == LINE_IN && told->value != 0 && pnd_plain_wrong("gives_an_open_handle"))
        told->value = told->handle;
    if (strcmp(verb->name, "stat") == 0 && pnd_plain_wrong("tells_another_size"))
        told->value++;
    if (strcmp(verb->name, "poll") == 0 && pnd_plain_wrong("tells_other_events"))
        told->value = POLLOUT;
}

static void tell(const char *word, struct context *context)
{
    bool done = context->busy == 0;
    struct result told = done ? context->was : context->now;
    spoil(context, &told);
    context->was = told;
    context->was.user += pnd_plain_wrong("forgets_the_result") ? 1 : 0;
    context->busy = !done && pnd_plain_wrong("is_busy_when_told") ? context->busy : 0;
    if ((context->set.flags & AUTO_PUT) != 0)
        all.due[all.due_count++] = context;
    printf("%s context=%llu", word, (unsigned long long)context->number);
    pnd_line_show_result("", told.verb->name, &told);
    pnd_plain_show(context);
    puts("");
}

/* Takes the first one that is to be called, or told, out of those that are over. */
static struct context *take_over(bool callback)
{
    for (uint64_t i = 0; i < all.over_count; i++) {
        uint64_t at = pnd_plain_wrong("tells_out_of_order") ? all.over_count - 1 - i : i;
        struct context *context = all.over[at];
        if (context->set.callback != callback &&
            (callback || !pnd_plain_wrong("tells_records_only")))
            continue;
        all.over_count--;
        memmove(&all.over[at], &all.over[at + 1],
                (size_t)(all.over_count - at) * sizeof(struct context *));
        return context;
    }
    return NULL;
}

static void call_all(void)
{
    struct context *context;
    all.calling = true;
    while (!pnd_plain_wrong("tells_records_only") && (context = take_over(true)) != NULL) {
        tell("called", context);
        all.called++;
        (void)fflush(stdout);
        while (pnd_line_read() && strcmp(pnd_line_word(), "return") != 0)
            (void)pnd_plain_do();
    }
    all.calling = false;
}

/* Returns how many. */
static uint64_t tell_all(uint64_t most)
{
    uint64_t count = 0;
    struct context *context;
    while (count < most && (context = take_over(false)) != NULL) {
        all.told++;
        if (pnd_plain_wrong("loses_one") && all.told == 3) {
            context->busy = 0;
            continue;
        }
        tell("told", context);
        count++;
        if (pnd_plain_wrong("tells_twice") && count < most) {
            tell("told", context);
            count++;
        }
    }
    return count;
}

static void tell_posts(uint64_t most)
{
    for (uint64_t i = 0; i < most && all.post_count > 0; i++) {
        const struct post *post = &all.posts[all.post_first++ % POST_COUNT];
        all.post_count--;
        printf("posted user=%llu value=%llu\n", (unsigned long long)post->user,
               (unsigned long long)post->value + (pnd_plain_wrong("changes_messages") ? 1 : 0));
    }
}

static void put_those_due(void)
{
    for (uint64_t i = 0; i < all.due_count && !pnd_plain_wrong("keeps_what_goes_back"); i++) {
        struct context *context = all.due[i];
        if (context->taken && context->busy == 0 && (context->set.flags & AUTO_PUT) != 0)
            pnd_plain_put(context);
    }
    all.due_count = 0;
}

void pnd_plain_turn(void)
{
    uint64_t until_ns = pnd_plain_now_ns() + pnd_line_number("timeout");
    uint64_t most = pnd_line_number("count");
    put_those_due();
    all.turn++;
    for (pass(); all.over_count == 0 && all.post_count == 0; pass()) {
        uint64_t now_ns = pnd_plain_now_ns();
        if (now_ns >= until_ns || (all.shut_down && all.waiting_count == 0))
            break;
        sleep_for(until_ns - now_ns);
    }
    bool ended = all.shut_down && all.waiting_count + all.over_count + all.post_count == 0;
    ended = ended && !pnd_plain_wrong("goes_on_after_a_shutdown");
    call_all();
    tell_posts(most - tell_all(most));
    puts(ended ? "end error=ESHUTDOWN" : "end");
}
