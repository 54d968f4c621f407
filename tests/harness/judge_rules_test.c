/* judge_rules_test.c - rules about more than one completion: each is broken once, and kept once. */
#include "books.h"
#include "suite.h"
#include "sums.h"

#include <errno.h>

static void refuse(const struct pnd_start *start, int status)
{
    struct pnd_snapshot shown = books_fresh(0);
    pnd_ledger_start(&books.ledger, start, status, &shown, &shown, 2000);
}

START_TEST(a_refusal_without_its_cause_is_an_offence)
{
    static const int statuses[] = {-EPERM, -EBUSY, -EBADF, -ESHUTDOWN};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        books_open_handle(PENDIO__FAMILY__TCP4);
        books_take(0);
        struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
        refuse(&start, statuses[i]);
        books_must_offend(PND_RULE_REFUSED_RIGHTLY);
        books_end();
        books_begin();
    }
}
END_TEST

START_TEST(a_refusal_with_its_cause_is_right)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    books_take(1);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    refuse(&start, -EINVAL);
    refuse(&start, -EAGAIN);
    (void)books_pend(&start);
    refuse(&start, -EBUSY);
    struct pnd_start stale = books_describe(1, PENDIO_OPERATION_RECEIVE);
    stale.handle++;
    refuse(&stale, -EBADF);
    books.ledger.shutting_down = true;
    refuse(&start, -ESHUTDOWN);
    books_must_be_right();
}
END_TEST

START_TEST(a_prepared_handle_may_be_busy_or_closed)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_ACCEPT);
    start.into = HANDLE + 1;
    refuse(&start, -EBADF);
    ck_assert_ptr_nonnull(pnd_ledger_open(&books.ledger, HANDLE + 1, PENDIO__FAMILY__TCP4));
    refuse(&start, -EBUSY);
    books_must_be_right();
}
END_TEST

START_TEST(a_start_accepted_after_a_shutdown_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    books.ledger.shutting_down = true;
    (void)books_pend(&start);
    books_must_offend(PND_RULE_SHUTDOWN);
}
END_TEST

START_TEST(a_delivery_outside_a_turn_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    pendio_run run = books_pend(&start);
    pnd_ledger_turned(&books.ledger);
    ck_assert(books_deliver(books_complete(&start, run, 0)));
    books_must_offend(PND_RULE_FROM_TURN);
}
END_TEST

START_TEST(a_delivery_from_inside_a_start_call_is_an_offence)
{
    books_take(0);
    books_take(1);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    struct pnd_start other = books_describe(1, PENDIO_OPERATION_NOP);
    pendio_run run = books_pend(&start);
    pnd_ledger_calling(&books.ledger);
    ck_assert(books_deliver(books_complete(&start, run, 0)));
    (void)books_pend(&other);
    books_must_offend(PND_RULE_FROM_TURN);
}
END_TEST

/* Two of one direction, of which the first ended with `error` and `flags`. */
static void fail_then_move(uint16_t operation, int error, uint16_t flags, uint64_t bytes)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    books_take(1);
    struct pnd_start first = books_describe(0, operation);
    struct pnd_start second = books_describe(1, operation);
    first.deadline_ns = 1;
    struct pendio_completion failed = books_complete(&first, books_pend(&first), 0);
    struct pendio_completion moved = books_complete(&second, books_pend(&second), bytes);
    failed.error = error;
    failed.flags = flags;
    ck_assert(books_deliver(failed));
    ck_assert(books_deliver(moved));
}

START_TEST(bytes_received_after_the_stream_failed_are_an_offence)
{
    fail_then_move(PENDIO_OPERATION_RECEIVE, -ECONNRESET, 0, 10);
    books_must_offend(PND_RULE_ERROR_STICKS);
}
END_TEST

START_TEST(bytes_sent_after_the_stream_failed_are_an_offence)
{
    fail_then_move(PENDIO_OPERATION_SEND, -EPIPE, 0, 128);
    books_must_offend(PND_RULE_ERROR_STICKS);
}
END_TEST

START_TEST(an_end_of_one_operation_is_none_of_the_stream)
{
    fail_then_move(PENDIO_OPERATION_RECEIVE, -ETIMEDOUT, PENDIO_BY_DEADLINE, 10);
    books_must_be_right();
}
END_TEST

/* A connect that a deadline ends, and whatever comes after. */
static struct pnd_start end_connect(void)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_CONNECT);
    start.deadline_ns = 1;
    struct pendio_completion completion = books_complete(&start, books_pend(&start), 0);
    completion.error = -ETIMEDOUT;
    completion.flags = PENDIO_BY_DEADLINE;
    ck_assert(books_deliver(completion));
    return books_describe(0, PENDIO_OPERATION_CONNECT);
}

START_TEST(a_connect_on_a_handle_whose_connect_was_ended_is_an_offence)
{
    struct pnd_start again = end_connect();
    ck_assert(books_deliver(books_complete(&again, books_pend(&again), 0)));
    books_must_offend(PND_RULE_UNUSABLE);
}
END_TEST

START_TEST(a_receive_on_a_handle_whose_connect_was_ended_is_an_offence)
{
    (void)end_connect();
    struct pnd_start receive = books_describe(0, PENDIO_OPERATION_RECEIVE);
    ck_assert(books_deliver(books_complete(&receive, books_pend(&receive), 10)));
    books_must_offend(PND_RULE_UNUSABLE);
}
END_TEST

START_TEST(a_disconnect_for_reuse_makes_it_usable_again)
{
    struct pnd_start again = end_connect();
    struct pnd_start disconnect = books_describe(0, PENDIO_OPERATION_DISCONNECT);
    disconnect.reuse = true;
    ck_assert(books_deliver(books_complete(&disconnect, books_pend(&disconnect), 0)));
    ck_assert(books_deliver(books_complete(&again, books_pend(&again), 0)));
    books_must_be_right();
}
END_TEST

START_TEST(buffers_left_in_use_are_an_offence)
{
    struct pendio_loop_statistics statistics = {.pool_contexts = 8, .buffers_in_use = 1};
    pnd_ledger_settle(&books.ledger, &statistics, false);
    books_must_be_right();
    pnd_ledger_settle(&books.ledger, &statistics, true);
    books_must_offend(PND_RULE_BUFFERS);
}
END_TEST

static void settle_sums(uint64_t sent_bytes, uint64_t received_bytes, int reader_count)
{
    struct pnd_sums sums;
    const struct pnd_plan plan = {.actor_count = 0};
    ck_assert_int_eq(pnd_sums_init(&sums, &plan, 3), 0);
    pnd_sums_sent(&sums, 3, sent_bytes);
    pnd_sums_sent(&sums, 2, 1); /* a file's */
    pnd_sums_sent(&sums, 4, 1); /* whose end nobody was told */
    pnd_sums_sent(&sums, UINT32_MAX, 1);
    for (int i = 0; i < reader_count; i++)
        pnd_sums_learned(&sums, 3);
    pnd_sums_ended(&sums, 3, received_bytes);
    pnd_sums_settle(&sums, &books.referee);
    pnd_sums_fini(&sums);
}

START_TEST(sums_of_an_orderly_connection_are_equal)
{
    settle_sums(1000, 1000, 1);
    ck_assert_uint_eq(books.referee.findings[PND_RULE_SUMS].held_count, 1);
    settle_sums(1000, 500, 2); /* as when others send it on */
    books_must_be_right();
    settle_sums(1000, 999, 1);
    books_must_offend(PND_RULE_SUMS);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_refusal_without_its_cause_is_an_offence,
        a_refusal_with_its_cause_is_right,
        a_prepared_handle_may_be_busy_or_closed,
        a_start_accepted_after_a_shutdown_is_an_offence,
        a_delivery_outside_a_turn_is_an_offence,
        a_delivery_from_inside_a_start_call_is_an_offence,
        bytes_received_after_the_stream_failed_are_an_offence,
        bytes_sent_after_the_stream_failed_are_an_offence,
        an_end_of_one_operation_is_none_of_the_stream,
        a_connect_on_a_handle_whose_connect_was_ended_is_an_offence,
        a_receive_on_a_handle_whose_connect_was_ended_is_an_offence,
        a_disconnect_for_reuse_makes_it_usable_again,
        buffers_left_in_use_are_an_offence,
        sums_of_an_orderly_connection_are_equal,
    };
    return suite_run("judge_rules", books_begin, books_end, tests, sizeof tests / sizeof tests[0]);
}
