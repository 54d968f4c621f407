/*
 * plain.c - starts and turns of the small subject.
 *
 * Happy path:  a start is tried at once where it may be done, and else waits; a turn tries all that
 *              waits, sleeps in poll(2) while none of it is over, and tells what is.
 * Failures:    misuse is refused; without its memory the program ends.
 */
#include "plain.h"
#include "plain_lines.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MEMORY_DESCRIPTOR = 3, RARELY_NS = 50000000, POLL_COUNT = 4096 };

static bool serve_line(void);

/* ------------------------------------------------------------------------------------------------
 * Starts
 * --------------------------------------------------------------------------------------------- */

/* What is read or written at an offset stands in no line. */
static int line_of(const struct context *context)
{
    bool in_line = context->handle != NULL && context->position == UINT64_MAX;
    return in_line ? context->now.verb->line : NO_LINE;
}

static void take_arguments(struct context *context)
{
    context->after_ns = line_number("after");
    context->size = line_number("size");
    context->events = line_number("events");
    context->create = line_number("create") != 0;
    context->directory = line_number("directory") != 0;
    context->data_only = line_number("data_only") != 0;
    bool at = line_has("offset") && strcmp(line_text("offset"), "stream") != 0;
    context->position = at && !context->handle->stream ? line_number("offset") : UINT64_MAX;
    snprintf(context->path, sizeof context->path, "%.127s", line_text("path"));
    snprintf(context->target, sizeof context->target, "%.127s", line_text("target"));
}

static bool may_be_done(const struct context *context)
{
    const struct verb *verb = context->now.verb;
    struct handle *handle = context->handle;
    int line = line_of(context);
    bool empty = handle != NULL && handle->stream && context->set.length == 0 && verb->goes_out;
    if (handle == NULL || (verb->done > (int)context->set.policy && !(empty && verb->done == TRY)))
        return false;
    if (context->set.policy == QUEUE && !plain_wrong("done_under_queue"))
        return false;
    if (line != NO_LINE && handle->waiting[line] > 0)
        return false;
    if (handle->done_turn != all.turn)
        handle->done_count = 0;
    handle->done_turn = all.turn;
    return handle->done_count < all.budget || plain_wrong("exceeds_the_done_budget");
}

static void leave_lines(struct context *context)
{
    int line = line_of(context);
    if (context->handle == NULL)
        return;
    context->handle->under_way--;
    if (line != NO_LINE)
        context->handle->waiting[line]--;
}

static void answer_start(const char *answer, const struct context *context)
{
    printf("%s", answer);
    plain_show(context);
    puts("");
}

static void refuse_start(struct context *context, int error, uint64_t *count)
{
    all.refused++;
    ++*count;
    printf("refused error=%s", strerrorname_np(error));
    if (plain_wrong("touches_a_refused_context"))
        context->set.user++;
    plain_show(context);
    puts("");
}

static void begin_run(struct context *context, const struct verb *verb, struct handle *handle)
{
    if (!plain_wrong("gives_a_run_again") || all.run == 0)
        all.run++;
    context->handle = handle;
    context->cancelled = context->cancel_next;
    context->connecting = context->cancel_next = false;
    context->started_ns = plain_now_ns();
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
        if (plain_wrong("tells_what_was_done"))
            all.over[all.over_count++] = context;
        return;
    }
    context->busy = context->now.run;
    all.waiting[all.waiting_count++] = context;
    if (handle != NULL)
        handle->under_way++;
    if (line_of(context) != NO_LINE)
        handle->waiting[line_of(context)]++;
    if (verb->closes)
        plain_begin_close(handle);
    answer_start("pending", context);
}

static void command_start(const struct verb *verb)
{
    struct context *context = plain_find_context();
    uint64_t number = line_number("handle");
    struct handle *handle = plain_find_handle(number);
    if (handle == NULL && plain_wrong("accepts_a_stale_handle"))
        handle = plain_find_handle(all.handle_serial); /* the youngest is as good as any */
    if (context == NULL || !context->taken)
        puts("refused error=EINVAL");
    else if (context->busy != 0)
        refuse_start(context, EBUSY, &all.busy);
    else if (all.shut_down && !verb->closes)
        refuse_start(context, ESHUTDOWN, &all.shutdown_refused);
    else if (number != 0 && (handle == NULL || handle->closing))
        refuse_start(context, EBADF, &all.bad_handle);
    else if (strcmp(verb->name, "stat") == 0 && context->set.length < 256)
        refuse_start(context, EINVAL, &all.invalid);
    else {
        start(context, verb, handle);
        if (number != 0 && handle->number != number)
            context->now.handle = number;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Turns
 * --------------------------------------------------------------------------------------------- */

static bool end_early(struct context *context, int error, uint32_t flag)
{
    context->now.flags |= flag;
    return plain_finish(context, error);
}

/* A graceful close lets what goes out go out. */
static bool ended_by_close(const struct context *context)
{
    const struct handle *handle = context->handle;
    return handle != NULL && handle->closing && !context->now.verb->closes &&
           (handle->abortive || !context->now.verb->goes_out);
}

static bool is_late(const struct context *context)
{
    return context->set.deadline != 0 &&
           plain_now_ns() - context->started_ns >= context->set.deadline;
}

/* True when it is over. */
static bool go_on(struct context *context)
{
    const struct verb *verb = context->now.verb;
    int line = line_of(context);
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

static void close_for_nobody(struct handle *handle)
{
    if (handle != NULL && handle->close_now && handle->under_way == 0 && handle->number != 0)
        plain_end_handle(handle);
}

static void finish(struct context *context)
{
    leave_lines(context);
    if (context->now.verb->closes)
        plain_end_handle(context->handle);
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
        bool early = plain_wrong("closes_before_the_others") && context->now.verb->closes;
        if (early ? plain_finish(context, 0) : go_on(context))
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
    if (context->set.deadline > 0 && context->set.deadline < passed_ns + left_ns)
        left_ns = context->set.deadline > passed_ns ? context->set.deadline - passed_ns : 0;
    return left_ns;
}

static void sleep_for(uint64_t most_ns)
{
    static struct pollfd ready[POLL_COUNT];
    nfds_t count = 0;
    uint64_t now_ns = plain_now_ns();
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

static void tell(const char *word, struct context *context)
{
    bool done = context->busy == 0;
    struct result told = done ? context->was : context->now;
    context->was = told;
    context->busy = !done && plain_wrong("is_busy_when_told") ? context->busy : 0;
    if ((context->set.flags & AUTO_PUT) != 0)
        all.due[all.due_count++] = context;
    told.user += plain_wrong("names_another_start") ? 1 : 0;
    printf("%s context=%llu", word, (unsigned long long)context->number);
    line_show_result("", told.verb->name, &told);
    plain_show(context);
    puts("");
}

/* Takes the first one that is to be called, or told, out of those that are over. */
static struct context *take_over(bool callback)
{
    for (uint64_t i = 0; i < all.over_count; i++) {
        uint64_t at = plain_wrong("tells_out_of_order") ? all.over_count - 1 - i : i;
        struct context *context = all.over[at];
        if (context->set.callback != callback)
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
    while ((context = take_over(true)) != NULL) {
        tell("called", context);
        all.called++;
        (void)fflush(stdout);
        while (line_read() && strcmp(line_word(), "return") != 0)
            (void)serve_line();
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
        if (plain_wrong("loses_one") && all.told == 3) {
            context->busy = 0;
            continue;
        }
        tell("told", context);
        count++;
        if (plain_wrong("tells_twice") && count < most) {
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
               (unsigned long long)post->value + (plain_wrong("changes_messages") ? 1 : 0));
    }
}

static void put_those_due(void)
{
    for (uint64_t i = 0; i < all.due_count; i++) {
        struct context *context = all.due[i];
        if (context->taken && context->busy == 0 && (context->set.flags & AUTO_PUT) != 0)
            plain_put(context);
    }
    all.due_count = 0;
}

static void command_turn(void)
{
    uint64_t until_ns = plain_now_ns() + line_number("timeout");
    uint64_t most = line_number("count");
    put_those_due();
    all.turn++;
    for (pass(); all.over_count == 0 && all.post_count == 0; pass()) {
        uint64_t now_ns = plain_now_ns();
        if (now_ns >= until_ns || (all.shut_down && all.waiting_count == 0))
            break;
        sleep_for(until_ns - now_ns);
    }
    bool ended = all.shut_down && all.waiting_count + all.over_count + all.post_count == 0;
    call_all();
    tell_posts(most - tell_all(most));
    puts(ended ? "end error=ESHUTDOWN" : "end");
}

/* ------------------------------------------------------------------------------------------------
 * The rest
 * --------------------------------------------------------------------------------------------- */

static void command_cancel(void)
{
    uint64_t run = line_number("run");
    for (uint64_t i = 0; i < all.waiting_count; i++)
        if (all.waiting[i]->now.run == run) {
            all.waiting[i]->cancelled = true;
            puts("ok");
            return;
        }
    for (uint64_t i = 0; i < all.context_count && plain_wrong("cancels_a_later_run"); i++)
        all.contexts[i].cancel_next = all.contexts[i].was.run == run;
    puts("refused error=ENOENT");
}

static void command_post(void)
{
    if (all.shut_down || all.post_count == POST_COUNT) {
        printf("refused error=%s\n", all.shut_down ? "ESHUTDOWN" : "EAGAIN");
        return;
    }
    all.posts[(all.post_first + all.post_count++) % POST_COUNT] =
        (struct post){line_number("user"), line_number("value")};
    all.posted++;
    puts("ok");
}

static void command_statistics(void)
{
    printf("ok");
    line_show_number("started", all.started);
    line_show_number("done", all.done);
    line_show_number("pending", all.started - all.done);
    line_show_number("refused", all.refused);
    line_show_number("refused_invalid", all.invalid);
    line_show_number("refused_handle", all.bad_handle);
    line_show_number("refused_busy", all.busy);
    line_show_number("refused_no_capacity", all.no_capacity);
    line_show_number("refused_shutdown", all.shutdown_refused);
    line_show_number("delivered", all.called + all.told);
    line_show_number("delivered_callback", all.called);
    line_show_number("delivered_record", all.told);
    line_show_number("posts", all.posted);
    line_show_number("handles_open", all.open);
    line_show_number("pool_contexts", all.context_count);
    line_show_number("pool_in_use", all.in_use);
    line_show_number("pool_high_water", all.most_in_use);
    line_show_number("pool_gets", all.gets);
    line_show_number("pool_exhausted", all.exhausted);
    puts("");
}

static void command_loop(void)
{
    all.context_room = line_number("operations");
    all.handle_count = line_number("handles");
    all.budget = line_number("budget");
    all.contexts = calloc(all.context_room, sizeof *all.contexts);
    all.handles = calloc(all.handle_count, sizeof *all.handles);
    all.waiting = calloc(all.context_room, sizeof(struct context *));
    all.over = calloc(2 * all.context_room, sizeof(struct context *));
    all.due = calloc(2 * all.context_room, sizeof(struct context *));
    all.free = calloc(2 * all.context_room, sizeof *all.free);
    bool complete = all.contexts != NULL && all.handles != NULL && all.waiting != NULL &&
                    all.over != NULL && all.due != NULL && all.free != NULL;
    puts(complete ? "ok" : "refused error=ENOMEM");
}

static void command_hello(const char *name)
{
    void *memory =
        mmap(NULL, line_number("memory"), PROT_READ | PROT_WRITE, MAP_SHARED, MEMORY_DESCRIPTOR, 0);
    if (memory == MAP_FAILED) {
        perror("the shared memory");
        exit(EXIT_FAILURE);
    }
    all.memory = memory;
    printf("ok protocol=1 name=%s version=1 can=nop,timer,accept,connect,receive,send,"
           "receive_from,send_to,open,read,write,fsync,truncate,stat,rename,unlink,mkdir,poll,"
           "close,half_close,close_now,cancel,post,pipe,tcp4,tcp6,udp4,udp6,unix_stream,"
           "unix_datagram,unix_seqpacket,file,auto,try,queue,deadlines,callbacks,auto_put,peek,"
           "zero_copy,abortive,statistics,descriptors\n",
           name);
}

static void command_destroy(void)
{
    for (uint64_t i = 0; i < all.handle_count; i++)
        if (all.handles[i].number != 0)
            plain_end_handle(&all.handles[i]);
    free(all.contexts);
    free(all.handles);
    free(all.waiting);
    free(all.over);
    free(all.due);
    free(all.free);
    puts("ok leaked=0");
}

/* False: it is none of what may be asked for in a callback, too. */
static bool serve_line(void)
{
    const char *word = line_word();
    const struct verb *verb = plain_verb(word);
    bool known = true;
    if (verb != NULL)
        command_start(verb);
    else if (strcmp(word, "cancel") == 0)
        command_cancel();
    else if (strcmp(word, "post") == 0)
        command_post();
    else if (strcmp(word, "statistics") == 0)
        command_statistics();
    else
        known = plain_do_noun(word);
    if (!known && all.calling)
        puts("refused error=EBUSY");
    (void)fflush(stdout);
    return known;
}

int plain_serve(const char *name)
{
    (void)signal(SIGPIPE, SIG_IGN); /* of pipes that nobody reads any more: an error is enough */
    while (line_read()) {
        if (serve_line())
            continue;
        if (strcmp(line_word(), "hello") == 0)
            command_hello(name);
        else if (strcmp(line_word(), "loop") == 0)
            command_loop();
        else if (strcmp(line_word(), "turn") == 0)
            command_turn();
        else if (strcmp(line_word(), "destroy") == 0)
            command_destroy();
        else if (strcmp(line_word(), "shutdown") == 0) {
            all.shut_down = true;
            puts("ok");
        } else
            puts("refused error=ENOTSUP");
        (void)fflush(stdout);
    }
    return EXIT_SUCCESS;
}
