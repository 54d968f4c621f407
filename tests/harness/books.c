/* books.c - a ledger with a pool of eight contexts, and a runtime that says what a test wants. */
#include "books.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static const char workload[] =
    "{\"name\": \"books\", \"pools\": [{\"name\": \"p\", \"context_count\": 8, \"slice_bytes\": "
    "128}], \"actors\": "
    "[{\"name\": \"a\", \"instance_count\": 1, \"blocks\": [{\"steps\": [{\"operation\": "
    "\"NOP\"}]}]}], \"loop\": {\"done_budget\": 3}}";

static ProtobufCMessage *message;
static struct pnd_plan *plan;
static char memory[8][128];
static char contexts[8]; /* their addresses stand for contexts */
struct books books;

struct pendio_context *books_context(unsigned int index)
{
    return (struct pendio_context *)&contexts[index];
}

void books_begin(void)
{
    struct pnd_message_error error;
    struct pnd_plan_limits limits;
    pnd_plan_limits_init(&limits);
    ck_assert_int_eq(pnd_message_from_json(&pendio__workload__descriptor, workload,
                                           strlen(workload), "test", NULL, &message, &error),
                     0);
    ck_assert_int_eq(
        pnd_plan_create((const Pendio__Workload *)message, NULL, &limits, &plan, &error), 0);
    pnd_referee_init(&books.referee);
    ck_assert_int_eq(pnd_ledger_init(&books.ledger, &books.referee, plan), 0);
    pnd_ledger_turn(&books.ledger);
    books.next_run = 0x100;
}

void books_end(void)
{
    pnd_ledger_fini(&books.ledger);
    pnd_plan_destroy(plan);
    pnd_message_free(message);
}

/* Everything that happened so far was right. */
void books_must_be_right(void)
{
    for (int rule = 0; rule < PND_RULE_COUNT; rule++)
        ck_assert_msg(books.referee.findings[rule].offence_count == 0, "%s: %s",
                      pnd_referee_name((enum pnd_rule)rule), books.referee.findings[rule].seen);
}

/* Exactly this rule was broken, once. */
void books_must_offend(enum pnd_rule rule)
{
    ck_assert_msg(books.referee.findings[rule].offence_count > 0, "%s was not broken",
                  pnd_referee_name(rule));
    for (int other = 0; other < PND_RULE_COUNT; other++)
        ck_assert_msg(other == (int)rule || books.referee.findings[other].offence_count == 0,
                      "%s was broken: %s", pnd_referee_name((enum pnd_rule)other),
                      books.referee.findings[other].seen);
}

struct pnd_snapshot books_fresh(unsigned int index)
{
    struct pnd_snapshot shown = {.memory = memory[index], .byte_count = 128};
    shown.result.context = books_context(index);
    return shown;
}

void books_take(unsigned int index)
{
    struct pnd_snapshot shown = books_fresh(index);
    (void)pnd_ledger_get(&books.ledger, 0, 0, books_context(index), &shown);
}

struct pnd_start books_describe(unsigned int index, uint16_t operation)
{
    bool moves = operation == PENDIO_OPERATION_RECEIVE || operation == PENDIO_OPERATION_SEND ||
                 operation == PENDIO_OPERATION_RECEIVE_FROM;
    return (struct pnd_start){
        .context = books_context(index),
        .handle = operation == PENDIO_OPERATION_NOP || operation == PENDIO_OPERATION_TIMER ||
                          operation == PENDIO_OPERATION_OPEN
                      ? 0
                      : HANDLE,
        .memory = moves ? memory[index] : NULL,
        .byte_count = moves ? 128 : 0,
        .user_data = 7 + index,
        .started_ns = 1000,
        .operation = operation,
    };
}

struct pendio_completion books_complete(const struct pnd_start *start, pendio_run run,
                                        uint64_t bytes)
{
    return (struct pendio_completion){
        .context = start->context,
        .user_data = start->user_data,
        .run = run,
        .handle = start->handle,
        .bytes = bytes,
        .memory = bytes > 0 ? (uintptr_t)start->memory : 0,
        .operation = start->operation,
    };
}

pendio_run books_pend(const struct pnd_start *start)
{
    struct pnd_snapshot before = books_fresh(0);
    struct pnd_snapshot after = before;
    after.run = ++books.next_run;
    pnd_ledger_start(&books.ledger, start, PENDIO_PENDING, &before, &after, 2000);
    return after.run;
}

void books_done(const struct pnd_start *start, struct pendio_completion result)
{
    struct pnd_snapshot before = books_fresh(0);
    struct pnd_snapshot after = before;
    after.result = result;
    pnd_ledger_start(&books.ledger, start, PENDIO_DONE, &before, &after, 2000);
}

bool books_deliver(struct pendio_completion completion)
{
    struct pnd_snapshot shown = {.result = completion};
    return pnd_ledger_deliver(&books.ledger, &completion, &shown, false, 1000000) != NULL;
}

void books_open_handle(Pendio__Family family)
{
    ck_assert_ptr_nonnull(pnd_ledger_open(&books.ledger, HANDLE, family));
}
