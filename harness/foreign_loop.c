/*
 * foreign_loop.c - loop, pools and handles of a foreign subject.
 *
 * Happy path:  one command each; a turn reads what is told until its end, and runs callbacks where
 *              they are called.
 * Failures:    refusals are handed on; whatever is no answer ends the run.
 */
#include "foreign_proxy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    MEMORY_STEP = 64,
    DEFAULT_DONE_BUDGET = 16, /* as of pendio.h; a subject is told */
};

#define MILLISECOND_NS UINT64_C(1000000)

static const uint64_t grace_ns = 1000 * MILLISECOND_NS; /* after the run's time, for its end */

/* Asks for what was begun, which is answered with ok or refused. */
static int ask(struct pnd_foreign_link *link)
{
    int status = pnd_foreign_link_ask(link);
    return status < 0 ? status : pnd_foreign_link_status(link);
}

static int ask_word(struct pendio_loop *loop, const char *word)
{
    pnd_foreign_link_begin(&loop->foreign->link, word);
    return ask(&loop->foreign->link);
}

/* ------------------------------------------------------------------------------------------------
 * Memory
 * --------------------------------------------------------------------------------------------- */

static void *take_memory(struct pnd_foreign *foreign, uint64_t byte_count)
{
    uint64_t room = (byte_count + MEMORY_STEP - 1) / MEMORY_STEP * MEMORY_STEP;
    if (room > foreign->lend_offset - foreign->memory_used)
        return NULL;
    void *memory = foreign->link.process.base + foreign->memory_used;
    foreign->memory_used += room;
    return memory;
}

static void *memory_create(const struct pnd_subject *subject, size_t count, size_t byte_count)
{
    return take_memory((struct pnd_foreign *)subject, (uint64_t)count * byte_count);
}

static void memory_destroy(const struct pnd_subject *subject, void *memory)
{
    (void)subject;
    (void)memory; /* goes with the whole */
}

/* ------------------------------------------------------------------------------------------------
 * Loop
 * --------------------------------------------------------------------------------------------- */

static uint64_t run_limit_ns(const struct pnd_foreign *foreign)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec +
           foreign->time_ms * MILLISECOND_NS + grace_ns;
}

static int loop_create(const struct pnd_subject *subject, const struct pendio_loop_options *options,
                       struct pendio_loop **ret_loop)
{
    struct pnd_foreign *foreign = (struct pnd_foreign *)subject;
    struct pnd_foreign_link *link = &foreign->link;
    foreign->descriptors = pnd_foreign_process_descriptors(&link->process);
    pnd_foreign_link_begin(link, "loop");
    pnd_foreign_link_add(link, " operations=%u handles=%u budget=%u", options->operation_count,
                         options->handle_count,
                         options->done_budget > 0 ? options->done_budget : DEFAULT_DONE_BUDGET);
    pnd_foreign_link_add(link, " buffer_bytes=%u buffer_count=%u", options->buffer_bytes,
                         options->buffer_count);
    pnd_foreign_link_add(link, " collect_bytes=%u collect_count=%u", options->collect_bytes,
                         options->collect_count);
    pnd_foreign_link_add(link, " spin=%" PRIu64 " batch=%" PRIu64 " batch_count=%u",
                         options->spin_ns, options->batch_ns, options->batch_count);
    int status = ask(link);
    if (status < 0) {
        const char *because = pnd_foreign_line_text(&link->line, "because");
        snprintf(foreign->unable, sizeof foreign->unable, "subject %s has no loop here: %s",
                 foreign->name, *because != '\0' ? because : strerrordesc_np(-status));
        return status;
    }
    link->limit_ns = run_limit_ns(foreign);
    *ret_loop = &foreign->loop;
    return 0;
}

/* A record, or a callback: which context, which run, and what became of it. */
static int take_told(struct pnd_foreign *foreign, struct pendio_completion *ret_completion)
{
    struct pendio_context *context =
        pnd_foreign_find(foreign, pnd_foreign_line_number(&foreign->link.line, "context"));
    *ret_completion = (struct pendio_completion){0};
    int status = pnd_foreign_context_told(context, ret_completion);
    return status < 0 ? status : pnd_foreign_context_see(context);
}

static int take_posted(struct pnd_foreign *foreign, struct pendio_completion *ret_completion)
{
    struct pnd_foreign_line *line = &foreign->link.line;
    *ret_completion = (struct pendio_completion){
        .operation = PENDIO_OPERATION_POST,
        .user_data = pnd_foreign_line_number(line, "user"),
        .value = pnd_foreign_line_number(line, "value"),
    };
    return pnd_foreign_link_check(&foreign->link);
}

static int call_back(struct pnd_foreign *foreign)
{
    struct pendio_completion completion;
    struct pnd_foreign_link *link = &foreign->link;
    int status = take_told(foreign, &completion);
    if (status < 0)
        return status;
    const struct pendio_request *wanted = &completion.context->state->wanted;
    if (wanted->completed == NULL)
        return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED,
                                     "called where no callback was set: \"%.120s\"", link->quoted);
    wanted->completed(&completion, wanted->completed_state);
    pnd_foreign_link_begin(link, "return");
    return pnd_foreign_link_send(link);
}

/* One line of a turn's answer that is not its end. 0, 1 with a completion, or -EIO. */
static int take_line(struct pnd_foreign *foreign, struct pendio_completion *ret_completion)
{
    const char *word = foreign->link.line.word;
    int status = 0;
    if (strcmp(word, "called") == 0)
        return call_back(foreign);
    if (strcmp(word, "told") == 0)
        status = take_told(foreign, ret_completion);
    else if (strcmp(word, "posted") == 0)
        status = take_posted(foreign, ret_completion);
    else
        status = pnd_foreign_link_fail(&foreign->link, PENDIO__VERDICT__FAILED,
                                       "answered to turn with no answer to it: \"%.120s\"",
                                       foreign->link.quoted);
    return status < 0 ? status : 1;
}

static int loop_turn(struct pendio_loop *loop, int64_t timeout_ns,
                     struct pendio_completion *completions, uint32_t completion_count)
{
    struct pnd_foreign_link *link = &loop->foreign->link;
    struct pendio_completion completion;
    uint32_t count = 0;
    uint64_t until_ns = pnd_foreign_link_until_ns(link, (uint64_t)timeout_ns);
    pnd_foreign_link_begin(link, "turn");
    pnd_foreign_link_add(link, " timeout=%" PRIi64 " count=%u", timeout_ns, completion_count);
    int status = pnd_foreign_link_send(link);
    while (status >= 0) {
        status = pnd_foreign_link_read(link, until_ns);
        if (status < 0 || strcmp(link->line.word, "end") == 0)
            break;
        status = take_line(loop->foreign, &completion);
        if (status == 1 && count == completion_count)
            return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED,
                                         "told more than %u in one turn", completion_count);
        if (status == 1)
            completions[count++] = completion;
    }
    if (status < 0)
        return status;
    int error = pnd_foreign_line_error(&link->line, "error");
    return pnd_foreign_link_check(link) < 0 ? -EIO : error < 0 ? error : (int)count;
}

static int loop_post(struct pendio_loop *loop, uint64_t user_data, uint64_t value)
{
    struct pnd_foreign_link *link = &loop->foreign->link;
    pnd_foreign_link_begin(link, "post");
    pnd_foreign_link_add(link, " user=%" PRIu64 " value=%" PRIu64, user_data, value);
    return ask(link);
}

static int cancel(struct pendio_loop *loop, pendio_run run)
{
    struct pnd_foreign_link *link = &loop->foreign->link;
    pnd_foreign_link_begin(link, "cancel");
    pnd_foreign_link_add(link, " run=%" PRIu64, run);
    return ask(link);
}

static int loop_stats(struct pendio_loop *loop, struct pendio_loop_statistics *ret_statistics)
{
    struct pnd_foreign_line *line = &loop->foreign->link.line;
    if (!loop->foreign->statistics)
        return -ENOTSUP;
    int status = ask_word(loop, "statistics");
    if (status < 0)
        return status;
    struct pendio_loop_statistics *s = ret_statistics;
    s->started = pnd_foreign_line_number(line, "started");
    s->done = pnd_foreign_line_number(line, "done");
    s->done_tried = s->done; /* why is not asked */
    s->pending = pnd_foreign_line_number(line, "pending");
    s->refused = pnd_foreign_line_number(line, "refused");
    s->refused_invalid = pnd_foreign_line_number(line, "refused_invalid");
    s->refused_handle = pnd_foreign_line_number(line, "refused_handle");
    s->refused_busy = pnd_foreign_line_number(line, "refused_busy");
    s->refused_no_capacity = pnd_foreign_line_number(line, "refused_no_capacity");
    s->refused_shutdown = pnd_foreign_line_number(line, "refused_shutdown");
    s->delivered = pnd_foreign_line_number(line, "delivered");
    s->delivered_callback = pnd_foreign_line_number(line, "delivered_callback");
    s->delivered_record = pnd_foreign_line_number(line, "delivered_record");
    s->posts = pnd_foreign_line_number(line, "posts");
    s->handles_open = pnd_foreign_line_number(line, "handles_open");
    s->pool_contexts = pnd_foreign_line_number(line, "pool_contexts");
    s->pool_in_use = pnd_foreign_line_number(line, "pool_in_use");
    s->pool_high_water = pnd_foreign_line_number(line, "pool_high_water");
    s->pool_gets = pnd_foreign_line_number(line, "pool_gets");
    s->buffers = pnd_foreign_line_number(line, "buffers");
    s->buffers_in_use = pnd_foreign_line_number(line, "buffers_in_use");
    s->connections_collected = pnd_foreign_line_number(line, "connections_collected");
    s->pool_exhausted = pnd_foreign_line_number(line, "pool_exhausted");
    return pnd_foreign_link_check(&loop->foreign->link);
}

static int loop_shutdown(struct pendio_loop *loop)
{
    return ask_word(loop, "shutdown");
}

static int loop_destroy(struct pendio_loop *loop, int64_t drain_ns, uint64_t *ret_leaked_count)
{
    struct pnd_foreign_link *link = &loop->foreign->link;
    (void)drain_ns; /* nothing is left to wait for after a shutdown */
    int status = ask_word(loop, "destroy");
    uint64_t leaked_count = status < 0 ? 0 : pnd_foreign_line_number(&link->line, "leaked");
    if (ret_leaked_count != NULL)
        *ret_leaked_count = leaked_count;
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * Pools
 * --------------------------------------------------------------------------------------------- */

static int pool_create(struct pendio_loop *loop, const struct pendio_pool_options *options,
                       struct pendio_pool **ret_pool)
{
    struct pnd_foreign *foreign = loop->foreign;
    struct pnd_foreign_link *link = &foreign->link;
    void *memory = NULL;
    if (options->slice_bytes > 0) {
        memory = take_memory(foreign, options->context_count * options->slice_bytes);
        if (memory == NULL)
            return -ENOMEM;
    }
    pnd_foreign_link_begin(link, "pool");
    pnd_foreign_link_add(link, " contexts=%u slice=%" PRIu64 " memory=%" PRIu64,
                         options->context_count, options->slice_bytes,
                         pnd_foreign_offset(foreign, memory));
    int status = ask(link);
    if (status < 0)
        return status;
    struct pendio_pool *pool = &foreign->pools[foreign->pool_count++];
    const struct pnd_plan_pool *planned = &foreign->plan->pools[pool - foreign->pools];
    *pool = (struct pendio_pool){.foreign = foreign,
                                 .number = pnd_foreign_line_number(&link->line, "pool"),
                                 .piece_count = planned->piece_count};
    *ret_pool = pool;
    return pnd_foreign_link_check(link);
}

/* The context of a number got for the first time, as long as there can be more. */
static struct pendio_context *add_context(struct pendio_pool *pool, uint64_t context_number)
{
    struct pnd_foreign *foreign = pool->foreign;
    uint32_t index = foreign->context_count;
    if (index == foreign->context_capacity)
        return &foreign->faces[index]; /* the books know what to say of it */
    foreign->context_count++;
    foreign->contexts[index].number = context_number;
    if (foreign->piece_used + pool->piece_count <= foreign->piece_capacity) {
        foreign->contexts[index].pieces = foreign->pieces + foreign->piece_used;
        foreign->piece_used += pool->piece_count;
    }
    pnd_table_add(&foreign->numbers, context_number, index);
    return &foreign->faces[index];
}

static int pool_get(struct pendio_pool *pool, struct pendio_context **ret_context)
{
    struct pnd_foreign *foreign = pool->foreign;
    struct pnd_foreign_link *link = &foreign->link;
    pnd_foreign_link_begin(link, "get");
    pnd_foreign_link_add(link, " pool=%" PRIu64, pool->number);
    int status = ask(link);
    if (status < 0)
        return status;
    uint64_t context_number = pnd_foreign_line_number(&link->line, "context");
    struct pendio_context *context = pnd_foreign_find(foreign, context_number);
    if (context == &foreign->faces[foreign->context_capacity])
        context = add_context(pool, context_number);
    pnd_foreign_context_renew(context);
    *ret_context = context;
    return pnd_foreign_context_see(context);
}

static int pool_put(struct pendio_context *context)
{
    struct pnd_foreign_link *link = &context->state->foreign->link;
    pnd_foreign_link_begin(link, "put");
    pnd_foreign_link_add(link, " context=%" PRIu64, context->state->number);
    return ask(link);
}

void pnd_foreign_loop_fill(struct pnd_subject *subject)
{
    subject->memory_create = memory_create;
    subject->memory_destroy = memory_destroy;
    subject->loop_create = loop_create;
    subject->loop_turn = loop_turn;
    subject->loop_post = loop_post;
    subject->loop_stats = loop_stats;
    subject->loop_shutdown = loop_shutdown;
    subject->loop_destroy = loop_destroy;
    subject->cancel = cancel;
    subject->pool_create = pool_create;
    subject->pool_get = pool_get;
    subject->pool_put = pool_put;
}
