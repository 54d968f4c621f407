/*
 * content.c - makes what is sent and written, verifies what is received and read.
 *
 * Happy path:  each handle sends a stream of its own; a file holds its endpoint's stream; what
 *              comes in is verified as a stream, as messages or at its place in a file, and the
 *              window behind it still shows the background painted before the start.
 * Failures:    a wrong byte is an offence with its place, what it should be and what it is.
 */
#include "content.h"

#include "instance.h"
#include "kind.h"
#include "names.h"
#include "vector.h"

#include <string.h>

enum {
    BACKGROUND = 0xa5,
    PLACE_BYTES = 160,
};

struct pnd_flow *pnd_content_flow(struct pnd_engine *engine, pendio_handle handle)
{
    const struct pnd_handle_page *page = pnd_ledger_handle(&engine->ledger, handle);
    if (page == NULL)
        return &engine->flows[engine->ledger.handle_capacity];
    return &engine->flows[page - engine->ledger.handles];
}

static bool is_inward(Pendio__Operation operation)
{
    const struct pnd_kind *kind = pnd_kind_of(pnd_plan_start(operation));
    return kind->direction == PND_MOVES_IN || kind->fills;
}

static bool is_send(const struct pnd_plan_step *step)
{
    uint16_t start = pnd_plan_start(step->operation);
    return (pnd_kind_is_send(start) && pnd_kind_of(start)->window) ||
           (step->flags & PENDIO_FIRST_DATA) != 0;
}

static bool is_stream_of_bytes(Pendio__Family family)
{
    return family == PENDIO__FAMILY__TCP4 || family == PENDIO__FAMILY__TCP6 ||
           family == PENDIO__FAMILY__UNIX_STREAM;
}

/* A message begins with a cell, so that it can be verified whenever it comes. */
static uint64_t next_message(uint64_t offset)
{
    return (offset + PND_PAYLOAD_CELL_BYTES - 1) / PND_PAYLOAD_CELL_BYTES * PND_PAYLOAD_CELL_BYTES;
}

static pendio_handle handle_of(const struct pnd_task *task)
{
    return task->step->handle_index == PND_PLAN_NONE
               ? 0
               : task->instance->handles[task->step->handle_index];
}

static void make_sent(struct pnd_engine *engine, struct pnd_task *task, void *memory,
                      size_t byte_count)
{
    struct pnd_flow begins = {0};
    pendio_handle handle = handle_of(task);
    struct pnd_flow *flow = handle != 0 ? pnd_content_flow(engine, handle) : &begins;
    if (flow->stream == 0)
        flow->stream = engine->next_stream++;
    task->stream = flow->stream;
    task->offset =
        is_stream_of_bytes(task->family) ? flow->sent_bytes : next_message(flow->sent_bytes);
    pnd_payload_fill(&engine->payload, task->stream, task->offset, memory, byte_count);
}

static void make_written(struct pnd_engine *engine, struct pnd_task *task, void *memory,
                         size_t byte_count)
{
    const struct pnd_flow *flow = pnd_content_flow(engine, handle_of(task));
    uint64_t offset = task->offset == PENDIO_STREAMING ? flow->position : task->offset;
    pnd_payload_fill(&engine->payload, flow->stream, offset, memory, byte_count);
}

static void make(struct pnd_engine *engine, struct pnd_task *task, void *memory, size_t byte_count)
{
    if (task->step->operation == PENDIO__OPERATION__WRITE)
        make_written(engine, task, memory, byte_count);
    else if (is_send(task->step))
        make_sent(engine, task, memory, byte_count);
}

void pnd_content_prepare(struct pnd_engine *engine, struct pnd_task *task, void *memory,
                         size_t byte_count, size_t behind_bytes)
{
    bool vector = task->step->piece_count > 0;
    if (byte_count == 0 || task->step->content == PENDIO__CONTENT__ECHO)
        return;
    if (vector)
        memory = pnd_vector_plain(engine, task) + task->moved_bytes;
    if (is_inward(task->step->operation))
        memset(memory, BACKGROUND, byte_count + behind_bytes);
    else if (task->step->content == PENDIO__CONTENT__PATTERN)
        make(engine, task, memory, byte_count);
    if (vector)
        pnd_vector_scatter(engine, task);
}

void pnd_content_accepted(struct pnd_engine *engine, const struct pnd_task *task,
                          pendio_handle handle, size_t byte_count)
{
    struct pnd_flow *flow = pnd_content_flow(engine, handle);
    if (byte_count == 0)
        return;
    if (task->step->operation == PENDIO__OPERATION__WRITE && task->offset == PENDIO_STREAMING)
        flow->position += byte_count;
    else if (task->step->content == PENDIO__CONTENT__PATTERN && is_send(task->step))
        flow->sent_bytes = task->offset + byte_count;
}

/* What has not gone is sent again by who connects again. */
void pnd_content_sent_first(struct pnd_engine *engine, const struct pnd_task *task,
                            const struct pnd_start *start,
                            const struct pendio_completion *completion)
{
    bool made = start->handle == 0;
    if (task->step->content != PENDIO__CONTENT__PATTERN || (!made && completion->error == 0))
        return;
    struct pnd_flow *flow = pnd_content_flow(engine, made ? completion->value : start->handle);
    flow->stream = task->stream;
    flow->sent_bytes = task->offset + completion->bytes;
}

static void verify_untouched(struct pnd_engine *engine, const struct pnd_task *task,
                             const struct pnd_start *start,
                             const struct pendio_completion *completion)
{
    size_t all_bytes = start->byte_count + start->behind_bytes;
    if (completion->bytes >= all_bytes)
        return;
    const uint8_t *rest = (const uint8_t *)start->memory + completion->bytes;
    size_t rest_bytes = all_bytes - (size_t)completion->bytes;
    bool untouched = rest[0] == BACKGROUND && memcmp(rest, rest + 1, rest_bytes - 1) == 0;
    (void)pnd_referee_hold(&engine->referee, PND_RULE_UNTOUCHED, untouched,
                           "%s of %zu bytes brought %llu and changed some behind them",
                           pnd_plan_operation_name(task->step->operation), start->byte_count,
                           (unsigned long long)completion->bytes);
}

static bool verify_read(struct pnd_engine *engine, struct pnd_task *task, struct pnd_flow *flow,
                        const struct pnd_start *start, size_t byte_count,
                        struct pnd_payload_fault *fault)
{
    uint64_t offset =
        task->offset == PENDIO_STREAMING ? flow->position : task->offset + task->moved_bytes;
    if (task->offset == PENDIO_STREAMING)
        flow->position += byte_count;
    return pnd_payload_verify(&engine->payload, flow->stream, offset, start->memory, byte_count,
                              fault);
}

static bool verify_bytes(struct pnd_engine *engine, struct pnd_task *task,
                         const struct pnd_start *start, size_t byte_count,
                         struct pnd_payload_fault *fault)
{
    struct pnd_flow *flow = pnd_content_flow(engine, start->handle);
    if (task->step->operation == PENDIO__OPERATION__READ)
        return verify_read(engine, task, flow, start, byte_count, fault);
    if (is_stream_of_bytes(task->family)) {
        struct pnd_payload_reader again = flow->reader;
        bool peek = (start->flags & PENDIO_PEEK) != 0;
        return pnd_payload_follow(&engine->payload, peek ? &again : &flow->reader, start->memory,
                                  byte_count, fault);
    }
    return pnd_payload_verify_message(&engine->payload, start->memory, byte_count, fault);
}

static void verify_content(struct pnd_engine *engine, struct pnd_task *task,
                           const struct pnd_start *start, size_t byte_count)
{
    char place[PLACE_BYTES];
    struct pnd_payload_fault fault;
    if (verify_bytes(engine, task, start, byte_count, &fault))
        (void)pnd_referee_hold(&engine->referee, PND_RULE_CONTENT, true, "%s", "");
    else
        (void)pnd_referee_hold(
            &engine->referee, PND_RULE_CONTENT, false,
            "%s: byte %llu of stream %u is %#04x, not %#04x",
            pnd_instance_describe(engine, task->instance, task->step, place, sizeof place),
            (unsigned long long)fault.offset, fault.stream, (unsigned int)fault.seen,
            (unsigned int)fault.expected);
}

/* The pieces as one, in the plain memory. */
static void join_pieces(struct pnd_engine *engine, const struct pnd_task *task,
                        struct pnd_start *start)
{
    bool untouched = pnd_vector_gather(engine, task);
    start->memory = pnd_vector_plain(engine, task) + task->moved_bytes;
    (void)pnd_referee_hold(&engine->referee, PND_RULE_UNTOUCHED, untouched,
                           "%s changed bytes between its pieces",
                           pnd_plan_operation_name(task->step->operation));
}

/* All there is of it came; what is not said to be lent is nowhere. */
static void take_lent(const struct pendio_completion *completion, struct pnd_start *start)
{
    bool lent = (completion->flags & PENDIO_LENT) != 0 && completion->memory != 0;
    start->memory = lent ? (void *)(uintptr_t)completion->memory : NULL;
    start->byte_count = lent ? (size_t)completion->bytes : 0;
    start->behind_bytes = 0;
}

/* What did not go through the reader cannot be counted by it. */
static void sum_received(struct pnd_engine *engine, const struct pnd_task *task,
                         const struct pnd_start *start, const struct pendio_completion *completion)
{
    struct pnd_flow *flow = pnd_content_flow(engine, start->handle);
    const struct pnd_payload_reader *reader = &flow->reader;
    if ((start->flags & PENDIO_PEEK) != 0)
        return;
    flow->unfollowed = flow->unfollowed ||
                       (completion->bytes > 0 && task->step->content != PENDIO__CONTENT__PATTERN);
    if (reader->offset < PND_PAYLOAD_HEAD_BYTES || reader->stream == flow->stream)
        return;
    if (!flow->learned)
        pnd_sums_learned(&engine->sums, reader->stream);
    flow->learned = true;
    if ((completion->flags & PENDIO_END_OF_STREAM) == 0 || flow->ended)
        return;
    flow->ended = true;
    if (!flow->unfollowed)
        pnd_sums_ended(&engine->sums, reader->stream, reader->offset);
}

void pnd_content_sum(struct pnd_engine *engine, const struct pnd_task *task,
                     const struct pnd_start *start, const struct pendio_completion *completion)
{
    if (!is_stream_of_bytes(task->family) && (start->flags & PENDIO_FIRST_DATA) == 0)
        return;
    if (pnd_kind_is_receive(start->operation))
        sum_received(engine, task, start, completion);
    else if (is_send(task->step) && task->step->content == PENDIO__CONTENT__PATTERN &&
             start->byte_count > 0)
        pnd_sums_sent(&engine->sums, task->stream, completion->bytes);
}

void pnd_content_verify(struct pnd_engine *engine, struct pnd_task *task,
                        const struct pnd_start *told, const struct pendio_completion *completion)
{
    struct pnd_start joined = *told;
    const struct pnd_start *start = &joined;
    if (told->lending)
        take_lent(completion, &joined);
    if (!is_inward(task->step->operation) || start->byte_count == 0)
        return;
    if (task->step->piece_count > 0)
        join_pieces(engine, task, &joined);
    verify_untouched(engine, task, start, completion);
    size_t byte_count = (size_t)completion->bytes;
    if (byte_count == 0 || byte_count > start->byte_count ||
        task->step->content != PENDIO__CONTENT__PATTERN || pnd_kind_of(start->operation)->fills)
        return;
    verify_content(engine, task, start, byte_count);
}
