/*
 * plain_nouns.c - handles, pools and contexts of the small subject: all that never waits.
 *
 * Happy path:  find the noun the line names -> do it -> answer with one line.
 * Failures:    misuse, and what the system refuses, is refused.
 */
#include "plain.h"
#include "plain_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct plain all;

uint8_t *pnd_plain_memory(const struct context *context)
{
    return all.memory + context->set.memory + context->set.offset;
}

/* ------------------------------------------------------------------------------------------------
 * Handles
 * --------------------------------------------------------------------------------------------- */

struct handle *pnd_plain_find_handle(uint64_t number)
{
    struct handle *handle = &all.handles[number % all.handle_count];
    return number != 0 && handle->number == number ? handle : NULL;
}

static struct handle *usable_handle(const char *key)
{
    struct handle *handle = pnd_plain_find_handle(pnd_line_number(key));
    return handle != NULL && !handle->closing ? handle : NULL;
}

uint64_t pnd_plain_open(int descriptor, bool stream)
{
    for (uint64_t i = 0; i < all.handle_count; i++) {
        uint64_t number = ++all.handle_serial;
        struct handle *handle = &all.handles[number % all.handle_count];
        if (handle->number != 0)
            continue;
        *handle = (struct handle){.number = number, .descriptor = descriptor, .stream = stream};
        all.open++;
        return number;
    }
    (void)close(descriptor);
    return 0;
}

/* Nothing unread may make a reset of what should be an orderly end. */
void pnd_plain_end_handle(struct handle *handle)
{
    char unread[4096];
    struct linger reset = {.l_onoff = 1};
    if (pnd_plain_wrong("leaks_a_handle"))
        return;
    if (handle->abortive)
        (void)setsockopt(handle->descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    else if (shutdown(handle->descriptor, SHUT_WR) == 0 && handle->stream)
        while (recv(handle->descriptor, unread, sizeof unread, MSG_DONTWAIT) > 0)
            ;
    if (!pnd_plain_wrong("leaves_a_descriptor"))
        (void)close(handle->descriptor);
    handle->number = 0;
    all.open--;
}

static void answer_status(int status)
{
    if (status < 0)
        printf("refused error=%s\n", strerrorname_np(errno));
    else
        puts("ok");
}

static void command_socket(void)
{
    int domain = 0, type = 0;
    if (!pnd_line_family(&domain, &type)) {
        puts("refused error=EINVAL");
        return;
    }
    int descriptor = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        answer_status(-1);
        return;
    }
    uint64_t number = pnd_plain_open(descriptor, type == SOCK_STREAM);
    if (number == 0)
        puts("refused error=EAGAIN");
    else
        printf("ok handle=%llu\n", (unsigned long long)number);
}

static void command_pipe(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        answer_status(-1);
        return;
    }
    unsigned long long from = pnd_plain_open(ends[0], true);
    unsigned long long to = pnd_plain_open(ends[1], true);
    printf("ok read=%llu write=%llu\n", from, to);
}

/* Of the handle named; else it is refused already. */
static struct handle *named_handle(void)
{
    struct handle *handle = usable_handle("handle");
    if (handle == NULL)
        puts("refused error=EBADF");
    return handle;
}

static void command_bind(void)
{
    struct sockaddr_storage address;
    socklen_t byte_count;
    struct handle *handle = named_handle();
    pnd_line_address("address", &address, &byte_count);
    if (handle != NULL)
        answer_status(bind(handle->descriptor, (struct sockaddr *)&address, byte_count));
}

static void command_local(void)
{
    char text[LINE_ADDRESS_BYTES];
    struct sockaddr_storage address = {0};
    socklen_t byte_count = sizeof address;
    struct handle *handle = named_handle();
    if (handle == NULL)
        return;
    if (getsockname(handle->descriptor, (struct sockaddr *)&address, &byte_count) < 0)
        answer_status(-1);
    else
        printf("ok address=%s\n", pnd_line_tell_address(&address, byte_count, text));
}

static void command_listen(void)
{
    struct handle *handle = named_handle();
    if (handle != NULL)
        answer_status(listen(handle->descriptor, (int)pnd_line_number("backlog")));
}

static void command_half_close(void)
{
    struct handle *handle = named_handle();
    if (handle != NULL)
        answer_status(shutdown(handle->descriptor, SHUT_WR));
}

void pnd_plain_begin_close(struct handle *handle)
{
    handle->closing = true;
    handle->abortive = strcmp(pnd_line_text("mode"), "abortive") == 0;
}

static void command_close_now(void)
{
    struct handle *handle = named_handle();
    if (handle == NULL)
        return;
    if (pnd_plain_wrong("does_not_close")) {
        puts("refused error=EBADF");
        return;
    }
    pnd_plain_begin_close(handle);
    handle->close_now = true;
    if (handle->under_way == 0)
        pnd_plain_end_handle(handle);
    puts("ok");
}

/* ------------------------------------------------------------------------------------------------
 * Contexts
 * --------------------------------------------------------------------------------------------- */

struct context *pnd_plain_find_context(void)
{
    uint64_t number = pnd_line_number("context");
    return number > 0 && number <= all.context_count ? &all.contexts[number - 1] : NULL;
}

static void renew(struct context *context)
{
    context->set = (struct request){
        .memory = context->slice, .bytes = context->slice_bytes, .length = context->slice_bytes};
}

void pnd_plain_show(const struct context *context)
{
    char text[LINE_ADDRESS_BYTES];
    const struct request *set = &context->set;
    uint64_t deadline = set->deadline;
    printf(" busy=%llu", (unsigned long long)context->busy);
    if (context->busy != 0 && pnd_plain_wrong("changes_what_was_set"))
        deadline++;
    pnd_line_show("set.policy", set->policy == TRY     ? "try"
                                : set->policy == QUEUE ? "queue"
                                                       : "auto");
    pnd_line_show_names("set.flags", set->flags, pnd_line_flags);
    pnd_line_show_number("set.deadline", deadline);
    pnd_line_show_number("set.user", set->user);
    pnd_line_show_number("set.callback", set->callback);
    pnd_line_show_number("set.memory", set->memory);
    pnd_line_show_number("set.bytes", set->bytes);
    pnd_line_show_range("set.window", set->offset, set->length);
    pnd_line_show("set.endpoint", pnd_line_tell_address(&set->endpoint, set->endpoint_bytes, text));
    if (context->was.verb != NULL)
        pnd_line_show_result("was.", context->was.verb->name, &context->was);
    pnd_line_show("was.sender",
                  pnd_line_tell_address(&context->sender, context->sender_bytes, text));
}

static void command_pool(void)
{
    uint64_t count = pnd_line_number("contexts");
    uint64_t slice_bytes = pnd_line_number("slice");
    uint64_t memory = pnd_line_number("memory");
    all.pool_count++;
    for (uint64_t i = 0; i < count && all.context_count < all.context_room; i++) {
        struct context *context = &all.contexts[all.context_count++];
        context->number = all.context_count;
        context->pool = all.pool_count;
        context->slice = slice_bytes > 0 ? memory + i * slice_bytes : 0;
        context->slice_bytes = slice_bytes;
        renew(context);
    }
    for (uint64_t i = 0; i < count; i++)
        all.free[all.free_count++] = all.context_count - i;
    printf("ok pool=%llu\n", (unsigned long long)all.pool_count);
}

/* Takes it out of the middle: those of other pools stay as they lie. */
static void take(uint64_t index)
{
    struct context *context = &all.contexts[all.free[index] - 1];
    all.free_count--;
    memmove(&all.free[index], &all.free[index + 1],
            (size_t)(all.free_count - index) * sizeof *all.free);
    if (!pnd_plain_wrong("hands_out_used_contexts"))
        renew(context);
    context->taken = true;
    all.gets++;
    all.in_use++;
    all.most_in_use = all.in_use > all.most_in_use ? all.in_use : all.most_in_use;
    printf("ok context=%llu", (unsigned long long)context->number);
    pnd_plain_show(context);
    puts("");
}

static void command_get(void)
{
    uint64_t pool = pnd_line_number("pool");
    for (uint64_t i = all.free_count; i-- > 0;)
        if (all.contexts[all.free[i] - 1].pool == pool) {
            take(i);
            return;
        }
    all.exhausted++;
    puts("refused error=EAGAIN");
}

void pnd_plain_put(struct context *context)
{
    context->taken = false;
    all.free[all.free_count++] = context->number;
    all.in_use--;
}

static void command_put(void)
{
    struct context *context = pnd_plain_find_context();
    if (context == NULL)
        puts("refused error=EINVAL");
    else if (context->busy != 0 || pnd_plain_wrong("takes_nothing_back"))
        puts("refused error=EBUSY");
    else if (!context->taken && !pnd_plain_wrong("accepts_a_second_put"))
        puts("refused error=EALREADY");
    else {
        if (context->taken)
            pnd_plain_put(context);
        puts("ok");
    }
}

static void set_memory(struct context *context)
{
    struct request *set = &context->set;
    if (pnd_line_number("slice") != 0) {
        set->memory = context->slice;
        set->bytes = context->slice_bytes;
    } else if (pnd_line_has("memory")) {
        pnd_line_range("memory", &set->memory, &set->bytes);
    }
    if (pnd_line_number("slice") != 0 || pnd_line_has("memory")) {
        set->offset = 0;
        set->length = set->bytes;
    }
    if (pnd_line_has("window"))
        pnd_line_range("window", &set->offset, &set->length);
}

static void command_set(void)
{
    struct context *context = pnd_plain_find_context();
    bool busy = context != NULL && context->busy != 0 && !pnd_plain_wrong("sets_a_busy_context");
    if (context == NULL || busy) {
        printf("refused error=%s\n", context == NULL ? "EINVAL" : "EBUSY");
        return;
    }
    struct request *set = &context->set;
    if (pnd_line_has("policy"))
        set->policy = strcmp(pnd_line_text("policy"), "try") == 0     ? TRY
                      : strcmp(pnd_line_text("policy"), "queue") == 0 ? QUEUE
                                                                      : AUTO;
    if (pnd_line_has("flags"))
        set->flags = pnd_line_names("flags", pnd_line_flags);
    if (pnd_line_has("deadline"))
        set->deadline = pnd_line_number("deadline");
    if (pnd_line_has("user"))
        set->user = pnd_line_number("user");
    if (pnd_line_has("callback"))
        set->callback = pnd_line_number("callback") != 0;
    set_memory(context);
    if (pnd_line_has("endpoint"))
        pnd_line_address("endpoint", &set->endpoint, &set->endpoint_bytes);
    printf("ok");
    pnd_plain_show(context);
    puts("");
}

bool pnd_plain_do_noun(const char *command)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } commands[] = {
        {"socket", command_socket},
        {"pipe", command_pipe},
        {"bind", command_bind},
        {"local", command_local},
        {"listen", command_listen},
        {"half_close", command_half_close},
        {"close_now", command_close_now},
        {"pool", command_pool},
        {"get", command_get},
        {"put", command_put},
        {"set", command_set},
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, command) == 0) {
            commands[i].run();
            return true;
        }
    return false;
}
