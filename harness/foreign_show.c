/*
 * foreign_show.c - what the contexts of a foreign subject show of themselves, and what is told.
 *
 * Happy path:  the fields of an answer become what pendio.h would tell of the context.
 * Failures:    memory that is not in the shared one, and a `set` that a free context refuses, end
 *              the run: nothing could be judged.
 */
#include "foreign_proxy.h"

#include <errno.h>

const char *const pnd_foreign_policies[] = {"auto", "try", "queue", NULL};
const char *const pnd_foreign_flags[] = {"auto_put", "peek", "zero_copy", "first_data", NULL};

static const char *const ends[] = {"end_of_stream", "truncated", "control_truncated",
                                   "lent",          "by_cancel", "by_deadline",
                                   "by_close",      "copied",    NULL};

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
                                         "splice",
                                         NULL};

/* Memory the subject speaks of; outside of what is shared it ends the run. */
static void *memory_at(struct pnd_foreign *foreign, uint64_t offset, uint64_t byte_count)
{
    const struct pnd_foreign_process *process = &foreign->link.process;
    if (offset == 0)
        return NULL;
    if (offset < process->memory_bytes && byte_count <= process->memory_bytes - offset)
        return process->base + offset;
    (void)pnd_foreign_link_fail(&foreign->link, PENDIO__VERDICT__FAILED,
                                "speaks of %llu bytes at %llu, outside of the shared memory: "
                                "\"%.120s\"",
                                (unsigned long long)byte_count, (unsigned long long)offset,
                                foreign->link.quoted);
    return NULL;
}

/* Keys of a completion's fields, in this order. */
enum { OPERATION, HANDLE, RUN, USER, VALUE, BYTES, MEMORY, ERROR, FLAGS, KEY_COUNT };
static const char *const told_keys[KEY_COUNT] = {"operation", "handle", "run",   "user", "value",
                                                 "bytes",     "memory", "error", "flags"};
static const char *const was_keys[KEY_COUNT] = {"was.operation", "was.handle", "was.run",
                                                "was.user",      "was.value",  "was.bytes",
                                                "was.memory",    "was.error",  "was.flags"};

static void see_completion(struct pendio_context *context, const char *const *keys,
                           struct pendio_completion *ret)
{
    struct pnd_foreign *foreign = context->state->foreign;
    struct pnd_foreign_line *line = &foreign->link.line;
    ret->context = context;
    ret->operation = (uint16_t)pnd_foreign_line_name(line, keys[OPERATION], operations);
    ret->handle = pnd_foreign_line_number(line, keys[HANDLE]);
    ret->run = pnd_foreign_line_number(line, keys[RUN]);
    ret->user_data = pnd_foreign_line_number(line, keys[USER]);
    ret->value = pnd_foreign_line_number(line, keys[VALUE]);
    ret->bytes = pnd_foreign_line_number(line, keys[BYTES]);
    uint64_t offset = pnd_foreign_line_number(line, keys[MEMORY]);
    ret->error = pnd_foreign_line_error(line, keys[ERROR]);
    ret->flags = (uint16_t)pnd_foreign_line_names(line, keys[FLAGS], ends);
    uint64_t byte_count = (ret->flags & PENDIO_LENT) != 0 ? ret->bytes : 0;
    ret->memory = (uintptr_t)memory_at(foreign, offset, byte_count);
}

int pnd_foreign_context_told(struct pendio_context *context,
                             struct pendio_completion *ret_completion)
{
    see_completion(context, told_keys, ret_completion);
    return pnd_foreign_link_check(&context->state->foreign->link);
}

static void see_request(struct pnd_foreign_context *context)
{
    struct pnd_foreign_line *line = &context->foreign->link.line;
    struct pnd_foreign_shown *shown = &context->shown;
    struct pendio_request *request = &shown->request;
    request->policy = pnd_foreign_line_name(line, "set.policy", pnd_foreign_policies);
    request->flags = pnd_foreign_line_names(line, "set.flags", pnd_foreign_flags);
    request->deadline_ns = pnd_foreign_line_number(line, "set.deadline");
    request->user_data = pnd_foreign_line_number(line, "set.user");
    bool callback = pnd_foreign_line_number(line, "set.callback") != 0;
    request->completed = callback ? context->wanted.completed : NULL;
    request->completed_state = callback ? context->wanted.completed_state : NULL;
    uint64_t memory = pnd_foreign_line_number(line, "set.memory");
    request->byte_count = pnd_foreign_line_number(line, "set.bytes");
    pnd_foreign_line_range(line, "set.window", &request->window_offset, &request->window_bytes);
    uint64_t piece_count = pnd_foreign_line_number(line, "set.pieces");
    request->piece_count = piece_count < UINT32_MAX ? (uint32_t)piece_count : UINT32_MAX;
    request->lending = pnd_foreign_line_number(line, "set.lending");
    pnd_foreign_line_address(line, "set.endpoint", &request->endpoint);
    uint64_t stretch = request->piece_count > 0 ? 0 : request->byte_count;
    request->memory = memory_at(context->foreign, memory, stretch);
    request->pieces = request->piece_count > 0 ? context->pieces : NULL;
}

static int fail_shown(struct pnd_foreign_context *context, const char *what)
{
    struct pnd_foreign_link *link = &context->foreign->link;
    context->shown.byte_count = 0;
    return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED, "shows %s: \"%.120s\"", what,
                                 link->quoted);
}

/* Contents are made and verified by what is shown, so that it must be what was set. */
static void see_vector(struct pnd_foreign_context *context)
{
    struct pnd_foreign_shown *shown = &context->shown;
    uint64_t byte_count = 0;
    for (uint32_t i = 0; i < context->piece_count; i++)
        byte_count += context->pieces[i].byte_count;
    shown->memory = shown->request.memory;
    shown->byte_count = (size_t)byte_count;
    if (shown->request.piece_count != context->piece_count ||
        shown->request.byte_count != byte_count)
        (void)fail_shown(context, "another vector than was set");
}

static void see_window(struct pnd_foreign_context *context)
{
    struct pnd_foreign_shown *shown = &context->shown;
    const struct pendio_request *request = &shown->request;
    shown->memory = NULL;
    shown->byte_count = 0;
    if (request->window_offset > request->byte_count ||
        request->window_bytes > request->byte_count - request->window_offset) {
        (void)fail_shown(context, "a window beyond its memory");
    } else if (request->memory != NULL) {
        shown->memory = (uint8_t *)request->memory + request->window_offset;
        shown->byte_count = (size_t)request->window_bytes;
    }
}

static void see_message(struct pnd_foreign_context *context)
{
    struct pnd_foreign_line *line = &context->foreign->link.line;
    struct pendio_message *message = &context->shown.message;
    pnd_foreign_line_address(line, "was.sender", &message->sender);
    pnd_foreign_line_address(line, "was.destination", &message->destination);
    message->interface_index = (uint32_t)pnd_foreign_line_number(line, "was.interface");
}

int pnd_foreign_context_see(struct pendio_context *face)
{
    struct pnd_foreign_context *context = face->state;
    struct pnd_foreign_link *link = &context->foreign->link;
    context->shown.run = pnd_foreign_line_number(&link->line, "busy");
    see_request(context);
    if (context->shown.request.piece_count > 0)
        see_vector(context);
    else
        see_window(context);
    see_completion(face, was_keys, &context->shown.result);
    see_message(context);
    if (link->reason[0] != '\0')
        return -EIO;
    return pnd_foreign_link_check(link);
}

/* What is shown of a free context is what it shows once it knows what was set. */
static struct pnd_foreign_context *look(const struct pendio_context *context)
{
    struct pnd_foreign_context *state = context->state;
    int status = pnd_foreign_context_tell(&state->foreign->faces[state - state->foreign->contexts]);
    if (status < 0)
        (void)pnd_foreign_link_fail(&state->foreign->link, PENDIO__VERDICT__FAILED,
                                    "refused to set a free context: \"%.120s\"",
                                    state->foreign->link.quoted);
    return state;
}

static int show_request(const struct pendio_context *context, struct pendio_request *ret_request)
{
    uint32_t size = ret_request->size;
    *ret_request = look(context)->shown.request;
    ret_request->size = size;
    return 0;
}

static int show_result(const struct pendio_context *context,
                       struct pendio_completion *ret_completion)
{
    *ret_completion = look(context)->shown.result;
    return 0;
}

static int show_window(const struct pendio_context *context, void **ret_memory,
                       size_t *ret_byte_count)
{
    const struct pnd_foreign_context *state = look(context);
    *ret_memory = state->shown.memory;
    *ret_byte_count = state->shown.byte_count;
    return 0;
}

static int show_sender(const struct pendio_context *context, struct pendio_endpoint *ret_endpoint)
{
    *ret_endpoint = context->state->shown.message.sender;
    return 0;
}

static int show_message(const struct pendio_context *context, struct pendio_message *ret_message)
{
    uint32_t size = ret_message->size;
    *ret_message = context->state->shown.message;
    ret_message->size = size;
    return 0;
}

static pendio_run show_run(const struct pendio_context *context)
{
    return look(context)->shown.run;
}

void pnd_foreign_show_fill(struct pnd_subject *subject)
{
    subject->context_request = show_request;
    subject->context_result = show_result;
    subject->context_sender = show_sender;
    subject->context_message = show_message;
    subject->context_window = show_window;
    subject->context_run = show_run;
}
