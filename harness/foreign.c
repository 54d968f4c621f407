/*
 * foreign.c - a subject in another process, from its start to its end.
 *
 * Happy path:  memory for all the plan needs -> process -> hello -> (a run) -> end.
 * Failures:    a program that cannot be started, or does not say hello, is told with the reason.
 */
#include "foreign.h"

#include "complain.h"
#include "foreign_proxy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROTOCOL = 1,
    NOTHING_BYTES = 4096, /* offset 0 is no memory */
    LEND_BYTES = 1 << 20,
    SPARE_CONTEXT_COUNT = 16, /* handed out beyond the pools' number, which is an offence */
};

/* All memory that the engine will ask for, each piece rounded up to a page. */
static uint64_t plan_memory(const struct pnd_plan *plan)
{
    uint64_t byte_count = NOTHING_BYTES;
    for (uint32_t i = 0; i < plan->pool_count; i++) {
        const struct pnd_plan_pool *pool = &plan->pools[i];
        byte_count += pool->context_count * (pool->slice_bytes + pool->caller_bytes +
                                             pool->vector_bytes + pool->control_bytes);
        byte_count += 4 * NOTHING_BYTES;
    }
    return (byte_count + NOTHING_BYTES - 1) / NOTHING_BYTES * NOTHING_BYTES;
}

/* A subject that copies what it lends needs a buffer for each context, whatever its loop has. */
static uint64_t lend_memory(const struct pnd_plan *plan)
{
    const Pendio__LoopSettings *loop = plan->workload->loop;
    uint64_t count = plan->context_count;
    if (loop == NULL || loop->buffer_bytes == 0 || loop->buffer_count == 0)
        return LEND_BYTES;
    if (count < loop->operation_count)
        count = loop->operation_count;
    if (count < loop->buffer_count)
        count = loop->buffer_count;
    return loop->buffer_bytes * count;
}

/* Of all vectors that can be set: none when one is longer than a subject is given. */
static uint64_t count_pieces(const struct pnd_plan *plan)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < plan->pool_count; i++)
        if (plan->piece_count <= PND_FOREIGN_PIECE_LIMIT)
            count += (uint64_t)plan->pools[i].context_count * plan->pools[i].piece_count;
    return count;
}

static int allocate(struct pnd_foreign *foreign, const struct pnd_plan *plan)
{
    uint32_t count = (uint32_t)plan->context_count + SPARE_CONTEXT_COUNT;
    foreign->plan = plan;
    foreign->piece_capacity = count_pieces(plan);
    foreign->context_capacity = count;
    foreign->pool_capacity = plan->pool_count;
    foreign->contexts = calloc(count + 1, sizeof *foreign->contexts);
    foreign->faces = calloc(count + 1, sizeof *foreign->faces);
    foreign->pools = calloc(plan->pool_count + 1, sizeof *foreign->pools);
    foreign->pieces = calloc(foreign->piece_capacity + 1, sizeof *foreign->pieces);
    if (foreign->contexts == NULL || foreign->faces == NULL || foreign->pools == NULL ||
        foreign->pieces == NULL || pnd_table_init(&foreign->numbers, count) < 0)
        return -ENOMEM;
    for (uint32_t i = 0; i <= count; i++) {
        foreign->contexts[i].foreign = foreign;
        foreign->faces[i].state = &foreign->contexts[i];
    }
    return 0;
}

/* What it is called until it has said so itself: its program. */
static void name_by_program(struct pnd_foreign *foreign, const char *command)
{
    int length = (int)strcspn(command, " ");
    int slash = length;
    while (slash > 0 && command[slash - 1] != '/')
        slash--;
    snprintf(foreign->name, sizeof foreign->name, "%.*s", length - slash, command + slash);
}

static int say_hello(struct pnd_foreign *foreign)
{
    struct pnd_foreign_link *link = &foreign->link;
    pnd_foreign_link_begin(link, "hello");
    pnd_foreign_link_add(link, " protocol=%d memory=%llu lend=%llu+%llu", PROTOCOL,
                         (unsigned long long)link->process.memory_bytes,
                         (unsigned long long)foreign->lend_offset,
                         (unsigned long long)foreign->lend_bytes);
    int status = pnd_foreign_link_ask(link);
    if (status == 0)
        status = pnd_foreign_link_status(link);
    if (status < 0)
        return pnd_foreign_link_fail(link, PENDIO__VERDICT__INVALID,
                                     "does not say hello: \"%.120s\"", link->quoted);
    if (pnd_foreign_line_number(&link->line, "protocol") != PROTOCOL)
        return pnd_foreign_link_fail(link, PENDIO__VERDICT__INVALID,
                                     "does not speak version %d of the subject protocol: "
                                     "\"%.120s\"",
                                     PROTOCOL, link->quoted);
    const char *name = pnd_foreign_line_text(&link->line, "name");
    const char *version = pnd_foreign_line_text(&link->line, "version");
    if (*name != '\0')
        snprintf(foreign->name, sizeof foreign->name, "%.40s%s%.20s", name,
                 *version != '\0' ? " " : "", version);
    snprintf(foreign->abilities, sizeof foreign->abilities, ",%s,",
             pnd_foreign_line_text(&link->line, "can"));
    foreign->statistics = strstr(foreign->abilities, ",statistics,") != NULL;
    return pnd_foreign_link_check(link);
}

static int begin(struct pnd_foreign *foreign, const char *command, const struct pnd_plan *plan,
                 struct pnd_message_error *error)
{
    foreign->time_ms = plan->time_ms;
    foreign->memory_used = NOTHING_BYTES;
    foreign->lend_offset = plan_memory(plan);
    foreign->lend_bytes = lend_memory(plan);
    foreign->subject.name = foreign->name;
    foreign->link.name = foreign->name;
    name_by_program(foreign, command);
    pnd_foreign_context_fill(&foreign->subject);
    pnd_foreign_show_fill(&foreign->subject);
    pnd_foreign_start_fill(&foreign->subject);
    pnd_foreign_loop_fill(&foreign->subject);
    pnd_foreign_handle_fill(&foreign->subject);
    foreign->loop.foreign = foreign;
    int status = allocate(foreign, plan);
    if (status == 0)
        status = pnd_foreign_process_start(command, foreign->lend_offset + foreign->lend_bytes,
                                           &foreign->link.process);
    if (status < 0)
        return pnd_complain(error, status, "subject %s could not be started: %s", foreign->name,
                            strerrordesc_np(-status));
    if (say_hello(foreign) < 0)
        return pnd_complain(error, -EIO, "%s", foreign->link.reason);
    return 0;
}

int pnd_foreign_create(const char *command, const struct pnd_plan *plan,
                       struct pnd_foreign **ret_foreign, struct pnd_message_error *error)
{
    struct pnd_foreign *foreign = calloc(1, sizeof *foreign);
    if (foreign == NULL)
        return pnd_complain(error, -ENOMEM, "no memory for a subject: free some");
    foreign->link.process =
        (struct pnd_foreign_process){.input = -1, .output = -1, .errors = -1, .memory = -1};
    int status = begin(foreign, command, plan, error);
    if (status < 0) {
        pnd_foreign_destroy(foreign);
        return status;
    }
    *ret_foreign = foreign;
    return 0;
}

const struct pnd_subject *pnd_foreign_subject(const struct pnd_foreign *foreign)
{
    return &foreign->subject;
}

void pnd_foreign_attend(struct pnd_foreign *foreign, pnd_foreign_failed_fn *failed, void *state)
{
    foreign->link.failed = failed;
    foreign->link.failed_state = state;
}

const char *pnd_foreign_unable(const struct pnd_foreign *foreign)
{
    return foreign->unable;
}

const char *pnd_foreign_failure(const struct pnd_foreign *foreign, Pendio__Verdict *ret_verdict)
{
    if (foreign->link.reason[0] == '\0')
        return NULL;
    *ret_verdict = foreign->link.verdict;
    return foreign->link.reason;
}

int pnd_foreign_descriptors(struct pnd_foreign *foreign)
{
    uint32_t now = pnd_foreign_process_descriptors(&foreign->link.process);
    bool announced = strstr(foreign->abilities, ",descriptors,") != NULL;
    return announced && foreign->link.reason[0] == '\0' ? (int)now - (int)foreign->descriptors : 0;
}

void pnd_foreign_end(struct pnd_foreign *foreign)
{
    (void)pnd_foreign_link_end(&foreign->link);
}

void pnd_foreign_destroy(struct pnd_foreign *foreign)
{
    int status = 0;
    if (foreign == NULL)
        return;
    (void)pnd_foreign_process_end(&foreign->link.process, 0, &status);
    pnd_foreign_process_fini(&foreign->link.process);
    pnd_table_fini(&foreign->numbers);
    free(foreign->pieces);
    free(foreign->pools);
    free(foreign->faces);
    free(foreign->contexts);
    free(foreign);
}
