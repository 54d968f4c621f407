/* ledger_test.c - starts, pools and sums: every kind of lie is an offence against its rule. */
#include "books.h"
#include "suite.h"

#include <errno.h>

START_TEST(an_honest_pending_run_is_right)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    pendio_run run = books_pend(&start);
    ck_assert(books_deliver(books_complete(&start, run, 0)));
    books_must_be_right();
    ck_assert_uint_eq(books.ledger.counts.pending, 1);
    ck_assert_uint_eq(books.ledger.counts.delivered_record, 1);
}
END_TEST

START_TEST(a_second_delivery_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    pendio_run run = books_pend(&start);
    ck_assert(books_deliver(books_complete(&start, run, 0)));
    ck_assert(!books_deliver(books_complete(&start, run, 0)));
    books_must_offend(PND_RULE_NO_DELIVERY);
}
END_TEST

START_TEST(a_delivery_of_another_run_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    pendio_run run = books_pend(&start);
    ck_assert(!books_deliver(books_complete(&start, run + 1, 0)));
    books_must_offend(PND_RULE_ONE_DELIVERY);
}
END_TEST

START_TEST(a_delivery_after_a_done_answer_is_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    books_done(&start, books_complete(&start, 5, 10));
    books_must_be_right();
    ck_assert(!books_deliver(books_complete(&start, 5, 10)));
    books_must_offend(PND_RULE_NO_DELIVERY);
}
END_TEST

START_TEST(an_answer_that_is_none_of_three_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    struct pnd_snapshot shown = books_fresh(0);
    pnd_ledger_start(&books.ledger, &start, -ECONNRESET, &shown, &shown, 2000);
    books_must_offend(PND_RULE_ANSWER);
}
END_TEST

START_TEST(a_refusal_that_changes_the_context_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    struct pnd_snapshot before = books_fresh(0);
    struct pnd_snapshot after = before;
    pnd_ledger_start(&books.ledger, &start, -EAGAIN, &before, &after, 2000);
    books_must_be_right();
    after.result.run = 5;
    pnd_ledger_start(&books.ledger, &start, -EAGAIN, &before, &after, 2000);
    books_must_offend(PND_RULE_REFUSED_UNCHANGED);
    ck_assert_uint_eq(books.ledger.counts.refused_no_capacity, 2);
}
END_TEST

START_TEST(accepting_a_context_in_use_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    (void)books_pend(&start);
    (void)books_pend(&start);
    books_must_offend(PND_RULE_BUSY);
}
END_TEST

START_TEST(accepting_a_closed_handle_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_SEND);
    (void)books_pend(&start);
    books_must_offend(PND_RULE_STALE);
}
END_TEST

START_TEST(a_run_given_twice_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    pendio_run run = books_pend(&start);
    ck_assert(books_deliver(books_complete(&start, run, 0)));
    books.next_run--;
    (void)books_pend(&start);
    books_must_offend(PND_RULE_FRESH_RUN);
}
END_TEST

START_TEST(done_under_queue_is_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    start.policy = PENDIO_QUEUE;
    books_done(&start, books_complete(&start, 5, 10));
    books_must_offend(PND_RULE_POLICY);
}
END_TEST

START_TEST(a_send_done_under_auto_is_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_SEND);
    books_done(&start, books_complete(&start, 5, 128));
    books_must_offend(PND_RULE_POLICY);
}
END_TEST

START_TEST(only_a_truncate_of_those_on_whole_files_may_be_done)
{
    books_open_handle(PENDIO__FAMILY__FILE);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_TRUNCATE);
    books_done(&start, books_complete(&start, 5, 0));
    books_must_be_right();
    start = books_describe(0, PENDIO_OPERATION_FSYNC);
    books_done(&start, books_complete(&start, 6, 0));
    books_must_offend(PND_RULE_POLICY);
}
END_TEST

START_TEST(nothing_to_send_pending_under_try_is_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_SEND);
    start.byte_count = 0;
    start.policy = PENDIO_TRY;
    (void)books_pend(&start);
    books_must_offend(PND_RULE_POLICY);
}
END_TEST

START_TEST(known_end_pending_under_try_is_an_offence_unless_the_budget_is_spent)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    start.policy = PENDIO_TRY;
    for (int i = 0; i < 3; i++) {
        struct pendio_completion end = books_complete(&start, ++books.next_run, 0);
        end.flags = PENDIO_END_OF_STREAM;
        books_done(&start, end);
    }
    struct pendio_completion end = books_complete(&start, books_pend(&start), 0);
    end.flags = PENDIO_END_OF_STREAM;
    ck_assert(books_deliver(end));
    books_must_be_right();
    pnd_ledger_turn(&books.ledger);
    (void)books_pend(&start);
    books_must_offend(PND_RULE_POLICY);
}
END_TEST

START_TEST(who_waits_behind_another_may_be_pending_under_try)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    books_take(1);
    struct pnd_start first = books_describe(0, PENDIO_OPERATION_SEND);
    struct pnd_start second = books_describe(1, PENDIO_OPERATION_SEND);
    second.byte_count = 0;
    second.policy = PENDIO_TRY;
    (void)books_pend(&first);
    (void)books_pend(&second);
    books_must_be_right();
}
END_TEST

START_TEST(done_answers_over_the_budget_are_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    for (int i = 0; i < 3; i++)
        books_done(&start, books_complete(&start, ++books.next_run, 10));
    books_must_be_right();
    pnd_ledger_turn(&books.ledger);
    for (int i = 0; i < 3; i++)
        books_done(&start, books_complete(&start, ++books.next_run, 10));
    books_must_be_right();
    books_done(&start, books_complete(&start, ++books.next_run, 10));
    books_must_offend(PND_RULE_BUDGET);
}
END_TEST

START_TEST(cancelling_what_is_over_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    pendio_run run = books_pend(&start);
    ck_assert(books_deliver(books_complete(&start, run, 0)));
    pnd_ledger_cancel(&books.ledger, pnd_ledger_context(&books.ledger, books_context(0)), run, 0);
    books_must_offend(PND_RULE_CANCEL);
}
END_TEST

START_TEST(a_handle_given_while_open_is_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    ck_assert_ptr_null(pnd_ledger_open(&books.ledger, HANDLE, PENDIO__FAMILY__TCP4));
    books_must_offend(PND_RULE_PRODUCT);
}
END_TEST

START_TEST(get_gives_the_context_put_back_last)
{
    books_take(0);
    books_take(1);
    pnd_ledger_put(&books.ledger, books_context(0), 0);
    pnd_ledger_put(&books.ledger, books_context(1), 0);
    books_take(1);
    books_must_be_right();
    pnd_ledger_put(&books.ledger, books_context(1), 0);
    books_take(0);
    books_must_offend(PND_RULE_POOL);
}
END_TEST

START_TEST(a_context_goes_back_by_itself_once_a_turn)
{
    books_take(0);
    struct pnd_context_page *page = pnd_ledger_context(&books.ledger, books_context(0));
    for (int i = 0; i < 100; i++)
        pnd_ledger_return(&books.ledger, page);
    ck_assert_uint_eq(books.ledger.returning_count, 1);
    pnd_ledger_turn(&books.ledger);
    ck_assert_uint_eq(books.ledger.counts.contexts_taken, 0);
    books_must_be_right();
}
END_TEST

START_TEST(put_of_a_context_in_use_or_put_back_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    pendio_run run = books_pend(&start);
    pnd_ledger_put(&books.ledger, books_context(0), -EBUSY);
    ck_assert(books_deliver(books_complete(&start, run, 0)));
    pnd_ledger_put(&books.ledger, books_context(0), 0);
    pnd_ledger_put(&books.ledger, books_context(0), -EALREADY);
    books_must_be_right();
    pnd_ledger_put(&books.ledger, books_context(0), 0);
    books_must_offend(PND_RULE_POOL);
}
END_TEST

START_TEST(an_empty_pool_that_gives_and_a_full_one_that_does_not_are_offences)
{
    (void)pnd_ledger_get(&books.ledger, 0, -EAGAIN, NULL, NULL);
    books_must_offend(PND_RULE_POOL);
    pnd_referee_init(&books.referee);
    for (unsigned int i = 0; i < 8; i++)
        books_take(i);
    (void)pnd_ledger_get(&books.ledger, 0, -EAGAIN, NULL, NULL);
    books_must_be_right();
}
END_TEST

START_TEST(counters_unlike_the_books_are_an_offence)
{
    struct pendio_loop_statistics statistics = {
        .pool_contexts = 8, .pool_gets = 1, .pool_high_water = 1};
    books_take(0);
    pnd_ledger_put(&books.ledger, books_context(0), 0);
    pnd_ledger_settle(&books.ledger, &statistics, true);
    books_must_be_right();
    statistics.delivered = 1;
    pnd_ledger_settle(&books.ledger, &statistics, true);
    books_must_offend(PND_RULE_STATISTICS);
}
END_TEST

START_TEST(done_answers_without_a_reason_are_an_offence)
{
    struct pendio_loop_statistics statistics = {.pool_contexts = 8,
                                                .pool_gets = 1,
                                                .pool_in_use = 1,
                                                .pool_high_water = 1,
                                                .handles_open = 1,
                                                .started = 1,
                                                .done = 1,
                                                .done_collected = 1};
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    books_done(&start, books_complete(&start, ++books.next_run, 10));
    pnd_ledger_settle(&books.ledger, &statistics, false);
    books_must_be_right();
    statistics.done_collected = 0;
    pnd_ledger_settle(&books.ledger, &statistics, false);
    books_must_offend(PND_RULE_STATISTICS);
}
END_TEST

START_TEST(what_is_left_of_closed_handles_is_an_offence)
{
    struct pendio_loop_statistics statistics = {.pool_contexts = 8, .connections_collected = 1};
    pnd_ledger_settle(&books.ledger, &statistics, false);
    books_must_be_right();
    pnd_ledger_settle(&books.ledger, &statistics, true);
    books_must_offend(PND_RULE_STATISTICS);
}
END_TEST

START_TEST(a_lost_delivery_is_an_offence)
{
    struct pendio_loop_statistics statistics = {.pool_contexts = 8,
                                                .pool_gets = 1,
                                                .started = 1,
                                                .pending = 1,
                                                .pool_in_use = 1,
                                                .pool_high_water = 1};
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    (void)books_pend(&start);
    pnd_ledger_settle(&books.ledger, &statistics, false);
    books_must_offend(PND_RULE_ALL_DELIVERED);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_honest_pending_run_is_right,
        a_second_delivery_is_an_offence,
        a_delivery_of_another_run_is_an_offence,
        a_delivery_after_a_done_answer_is_an_offence,
        an_answer_that_is_none_of_three_is_an_offence,
        a_refusal_that_changes_the_context_is_an_offence,
        accepting_a_context_in_use_is_an_offence,
        accepting_a_closed_handle_is_an_offence,
        a_run_given_twice_is_an_offence,
        done_under_queue_is_an_offence,
        a_send_done_under_auto_is_an_offence,
        only_a_truncate_of_those_on_whole_files_may_be_done,
        nothing_to_send_pending_under_try_is_an_offence,
        known_end_pending_under_try_is_an_offence_unless_the_budget_is_spent,
        who_waits_behind_another_may_be_pending_under_try,
        done_answers_over_the_budget_are_an_offence,
        cancelling_what_is_over_is_an_offence,
        a_handle_given_while_open_is_an_offence,
        get_gives_the_context_put_back_last,
        a_context_goes_back_by_itself_once_a_turn,
        put_of_a_context_in_use_or_put_back_is_an_offence,
        an_empty_pool_that_gives_and_a_full_one_that_does_not_are_offences,
        counters_unlike_the_books_are_an_offence,
        done_answers_without_a_reason_are_an_offence,
        what_is_left_of_closed_handles_is_an_offence,
        a_lost_delivery_is_an_offence,
    };
    return suite_run("ledger", books_begin, books_end, tests, sizeof tests / sizeof tests[0]);
}
