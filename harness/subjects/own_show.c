/*
 * own_show.c - what the contexts of libpendio as a subject show, and what is told of them.
 *
 * Happy path:  everything is read back from libpendio, and put into fields.
 * Failures:    none.
 */
#include "own.h"
#include "plain_lines.h"

#include <stdio.h>
#include <string.h>

static const char *const policies[] = {"auto", "try", "queue"};

/* By pendio.h's numbers. */
static const char *const operations[] = {"none",
                                         "post",
                                         "nop",
                                         "timer",
                                         "accept",
                                         "connect",
                                         "receive",
                                         "send",
                                         "receive_from",
                                         "send_to",
                                         "open",
                                         "read",
                                         "write",
                                         "close",
                                         "fsync",
                                         "truncate",
                                         "stat",
                                         "rename",
                                         "unlink",
                                         "mkdir",
                                         "poll",
                                         "disconnect",
                                         "receive_message",
                                         "send_message",
                                         "send_packets",
                                         "splice"};

/* Of what is lent, which is libpendio's memory, the shared one has a copy. */
static uint64_t offset_of(const struct own_context *context, const void *memory)
{
    uintptr_t at = (uintptr_t)memory - (uintptr_t)own.memory;
    return memory == NULL ? 0 : at < own.memory_bytes ? at : context->lend;
}

void pnd_own_lend(const struct own_context *context, const struct pendio_completion *told)
{
    uint64_t room = own.lend_bytes / own.context_room;
    if ((told->flags & PENDIO_LENT) != 0)
        memcpy(own.memory + context->lend, (const void *)(uintptr_t)told->memory,
               told->bytes < room ? told->bytes : room);
}

struct own_context *pnd_own_find(const struct pendio_context *context)
{
    struct own_context *found = own.contexts;
    while (found->context != context && found < own.contexts + own.context_count)
        found++;
    return found;
}

static void show_address(const char *key, const struct pendio_endpoint *endpoint)
{
    char text[LINE_ADDRESS_BYTES];
    struct sockaddr_storage address = {0};
    memcpy(&address, endpoint->address, endpoint->byte_count);
    pnd_line_show(key, pnd_line_tell_address(&address, endpoint->byte_count, text));
}

static void show_completion(const char *prefix, const struct own_context *context,
                            const struct pendio_completion *told)
{
    const struct result result = {
        .handle = told->handle,
        .run = told->run,
        .user = told->user_data,
        .value = told->value,
        .bytes = told->bytes,
        .memory = offset_of(context, (const void *)(uintptr_t)told->memory),
        .error = -told->error,
        .flags = told->flags,
    };
    pnd_line_show_result(prefix, operations[told->operation], &result);
}

static void show_request(const struct own_context *context, const struct pendio_request *request)
{
    pnd_line_show("set.policy", policies[request->policy]);
    pnd_line_show_names("set.flags", request->flags, pnd_line_flags);
    pnd_line_show_number("set.deadline", request->deadline_ns);
    pnd_line_show_number("set.user", request->user_data);
    pnd_line_show_number("set.callback", request->completed != NULL);
    pnd_line_show_number("set.memory", offset_of(context, request->memory));
    pnd_line_show_number("set.bytes", request->byte_count);
    if (request->piece_count == 0)
        pnd_line_show_range("set.window", request->window_offset, request->window_bytes);
    pnd_line_show_number("set.pieces", request->piece_count);
    pnd_line_show_number("set.lending", request->lending);
    show_address("set.endpoint", &request->endpoint);
}

void pnd_own_show(const struct own_context *context)
{
    struct pendio_request request = {.size = sizeof request};
    struct pendio_completion was;
    struct pendio_message message = {.size = sizeof message};
    struct pendio_endpoint sender;
    (void)pendio_context_request(context->context, &request);
    (void)pendio_context_result(context->context, &was);
    (void)pendio_context_message(context->context, &message);
    if (pendio_context_sender(context->context, &sender) == 0 && message.sender.byte_count == 0)
        message.sender = sender;
    printf(" busy=%llu", (unsigned long long)pendio_context_run(context->context));
    show_request(context, &request);
    show_completion("was.", context, &was);
    show_address("was.sender", &message.sender);
    show_address("was.destination", &message.destination);
    pnd_line_show_number("was.interface", message.interface_index);
    puts("");
}

void pnd_own_tell(const char *word, const struct pendio_completion *told)
{
    const struct own_context *context = pnd_own_find(told->context);
    printf("%s context=%llu", word, (unsigned long long)(context - own.contexts + 1));
    pnd_own_lend(context, told);
    show_completion("", context, told);
    pnd_own_show(context);
}
