/* judge_test.c - what finished runs say: every kind of lie is an offence against its rule. */
#include "books.h"
#include "suite.h"

#include <errno.h>

static void deliver_changed(uint16_t operation, Pendio__Family family,
                            void (*change)(struct pendio_completion *completion), uint64_t bytes,
                            enum pnd_rule rule)
{
    books_open_handle(family);
    books_take(0);
    struct pnd_start start = books_describe(0, operation);
    pendio_run run = books_pend(&start);
    struct pendio_completion completion = books_complete(&start, run, bytes);
    change(&completion);
    ck_assert(books_deliver(completion));
    books_must_offend(rule);
}

static void other_user_data(struct pendio_completion *completion)
{
    completion->user_data++;
}

static void other_handle(struct pendio_completion *completion)
{
    completion->handle++;
}

static void other_operation(struct pendio_completion *completion)
{
    completion->operation = PENDIO_OPERATION_TIMER;
}

static void unknown_flag(struct pendio_completion *completion)
{
    completion->flags = 4096;
}

START_TEST(a_delivery_that_names_another_start_is_an_offence)
{
    static void (*const changes[])(struct pendio_completion *) = {other_user_data, other_handle,
                                                                  other_operation, unknown_flag};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        deliver_changed(PENDIO_OPERATION_NOP, PENDIO__FAMILY__TCP4, changes[i], 0,
                        PND_RULE_IDENTITY);
        books_end();
        books_begin();
    }
}
END_TEST

static void nothing(struct pendio_completion *completion)
{
    (void)completion;
}

static void copied(struct pendio_completion *completion)
{
    completion->flags = PENDIO_COPIED;
}

START_TEST(copied_without_zero_copy_is_an_offence)
{
    deliver_changed(PENDIO_OPERATION_SEND, PENDIO__FAMILY__TCP4, copied, 128, PND_RULE_IDENTITY);
}
END_TEST

START_TEST(a_request_that_changed_is_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    pendio_run run = books_pend(&start);
    struct pendio_completion completion = books_complete(&start, run, 10);
    struct pnd_snapshot shown = {.result = completion, .request.window_bytes = 10};
    ck_assert_ptr_nonnull(pnd_ledger_deliver(&books.ledger, &completion, &shown, false, 1000000));
    books_must_offend(PND_RULE_REQUEST_KEPT);
}
END_TEST

START_TEST(an_accept_into_a_handle_that_makes_another_is_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    ck_assert_ptr_nonnull(pnd_ledger_open(&books.ledger, HANDLE + 1, PENDIO__FAMILY__TCP4));
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_ACCEPT);
    start.into = HANDLE + 1;
    pendio_run run = books_pend(&start);
    struct pendio_completion completion = books_complete(&start, run, 0);
    completion.value = HANDLE + 2;
    ck_assert(books_deliver(completion));
    books_must_offend(PND_RULE_PRODUCT);
}
END_TEST

static void deliver_and_return(void)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    start.flags = PENDIO_AUTO_PUT;
    pendio_run run = books_pend(&start);
    ck_assert(books_deliver(books_complete(&start, run, 0)));
    ck_assert_uint_eq(books.ledger.counts.contexts_taken, 1);
    pnd_ledger_turn(&books.ledger);
    ck_assert_uint_eq(books.ledger.counts.contexts_taken, 0);
}

START_TEST(a_context_that_went_back_by_itself_is_the_next_to_be_taken)
{
    deliver_and_return();
    books_take(0);
    books_must_be_right();
}
END_TEST

START_TEST(another_context_than_the_one_gone_back_by_itself_is_an_offence)
{
    deliver_and_return();
    books_take(1);
    books_must_offend(PND_RULE_POOL);
}
END_TEST

START_TEST(more_bytes_than_the_window_are_an_offence)
{
    deliver_changed(PENDIO_OPERATION_RECEIVE, PENDIO__FAMILY__TCP4, nothing, 129, PND_RULE_BYTES);
}
END_TEST

START_TEST(a_short_send_that_succeeds_is_an_offence)
{
    deliver_changed(PENDIO_OPERATION_SEND, PENDIO__FAMILY__TCP4, nothing, 127, PND_RULE_WHOLE_SEND);
}
END_TEST

static void other_memory(struct pendio_completion *completion)
{
    completion->memory += 64;
}

START_TEST(another_address_is_an_offence)
{
    deliver_changed(PENDIO_OPERATION_RECEIVE, PENDIO__FAMILY__TCP4, other_memory, 10,
                    PND_RULE_MEMORY);
}
END_TEST

START_TEST(an_accept_without_a_handle_is_an_offence)
{
    deliver_changed(PENDIO_OPERATION_ACCEPT, PENDIO__FAMILY__TCP4, nothing, 0, PND_RULE_PRODUCT);
}
END_TEST

static void some_value(struct pendio_completion *completion)
{
    completion->value = 4096;
}

static void some_value_beside_an_error(struct pendio_completion *completion)
{
    completion->value = 4096;
    completion->error = -ENOENT;
}

START_TEST(a_value_of_what_makes_none_is_an_offence)
{
    deliver_changed(PENDIO_OPERATION_FSYNC, PENDIO__FAMILY__FILE, some_value, 0, PND_RULE_PRODUCT);
    books_end();
    books_begin();
    deliver_changed(PENDIO_OPERATION_STAT, PENDIO__FAMILY__FILE, some_value_beside_an_error, 0,
                    PND_RULE_PRODUCT);
}
END_TEST

START_TEST(a_stat_tells_a_size_also_of_nothing)
{
    books_open_handle(PENDIO__FAMILY__FILE);
    books_take(0);
    for (uint64_t size = 0; size < 2; size++) {
        struct pnd_start start = books_describe(0, PENDIO_OPERATION_STAT);
        struct pendio_completion completion = books_complete(&start, books_pend(&start), 0);
        completion.value = size;
        ck_assert(books_deliver(completion));
    }
    books_must_be_right();
}
END_TEST

START_TEST(an_end_without_its_flag_is_an_offence)
{
    deliver_changed(PENDIO_OPERATION_RECEIVE, PENDIO__FAMILY__TCP4, nothing, 0,
                    PND_RULE_END_OF_STREAM);
}
END_TEST

static void ended(struct pendio_completion *completion)
{
    completion->flags = PENDIO_END_OF_STREAM;
}

START_TEST(an_end_with_bytes_is_an_offence)
{
    deliver_changed(PENDIO_OPERATION_RECEIVE, PENDIO__FAMILY__TCP4, ended, 10,
                    PND_RULE_END_OF_STREAM);
}
END_TEST

START_TEST(an_end_on_datagrams_is_an_offence)
{
    deliver_changed(PENDIO_OPERATION_RECEIVE, PENDIO__FAMILY__UDP4, ended, 0,
                    PND_RULE_END_OF_STREAM);
}
END_TEST

START_TEST(bytes_after_the_end_are_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    struct pendio_completion completion = books_complete(&start, books_pend(&start), 0);
    completion.flags = PENDIO_END_OF_STREAM;
    ck_assert(books_deliver(completion));
    books_must_be_right();
    ck_assert(books_deliver(books_complete(&start, books_pend(&start), 10)));
    books_must_offend(PND_RULE_END_STICKS);
}
END_TEST

static void truncated(struct pendio_completion *completion)
{
    completion->flags = PENDIO_TRUNCATED;
}

START_TEST(truncated_on_a_stream_is_an_offence)
{
    deliver_changed(PENDIO_OPERATION_RECEIVE, PENDIO__FAMILY__TCP4, truncated, 128,
                    PND_RULE_TRUNCATED);
}
END_TEST

static void cancelled(struct pendio_completion *completion)
{
    completion->error = -ECANCELED;
    completion->flags = PENDIO_BY_CANCEL;
}

static void closed(struct pendio_completion *completion)
{
    completion->error = -ECANCELED;
    completion->flags = PENDIO_BY_CLOSE;
}

static void late(struct pendio_completion *completion)
{
    completion->error = -ETIMEDOUT;
    completion->flags = PENDIO_BY_DEADLINE;
}

static void cancelled_by_nobody(struct pendio_completion *completion)
{
    completion->error = -ECANCELED;
}

START_TEST(an_early_end_nobody_asked_for_is_an_offence)
{
    static void (*const changes[])(struct pendio_completion *) = {cancelled, closed, late,
                                                                  cancelled_by_nobody};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        deliver_changed(PENDIO_OPERATION_RECEIVE, PENDIO__FAMILY__TCP4, changes[i], 0,
                        PND_RULE_ENDED_EARLY);
        books_end();
        books_begin();
    }
}
END_TEST

START_TEST(an_end_by_cancel_that_was_asked_for_is_right)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    pendio_run run = books_pend(&start);
    pnd_ledger_cancel(&books.ledger, pnd_ledger_context(&books.ledger, books_context(0)), run, 0);
    struct pendio_completion completion = books_complete(&start, run, 0);
    cancelled(&completion);
    ck_assert(books_deliver(completion));
    pnd_ledger_cancel(&books.ledger, pnd_ledger_context(&books.ledger, books_context(0)), run,
                      -ENOENT);
    books_must_be_right();
}
END_TEST

START_TEST(a_timer_before_its_time_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_TIMER);
    start.after_ns = 999000; /* started at 1000, delivered at 1000000 */
    ck_assert(books_deliver(books_complete(&start, books_pend(&start), 0)));
    books_must_be_right();
    start.after_ns = 999001;
    ck_assert(books_deliver(books_complete(&start, books_pend(&start), 0)));
    books_must_offend(PND_RULE_NEVER_EARLY);
}
END_TEST

START_TEST(receives_told_out_of_order_are_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    books_take(1);
    struct pnd_start first = books_describe(0, PENDIO_OPERATION_RECEIVE);
    struct pnd_start second = books_describe(1, PENDIO_OPERATION_RECEIVE);
    pendio_run first_run = books_pend(&first);
    pendio_run second_run = books_pend(&second);
    ck_assert(books_deliver(books_complete(&second, second_run, 10)));
    ck_assert(books_deliver(books_complete(&first, first_run, 10)));
    books_must_offend(PND_RULE_ORDER);
}
END_TEST

START_TEST(sends_that_wait_for_their_memory_are_told_in_any_order)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    books_take(1);
    struct pnd_start first = books_describe(0, PENDIO_OPERATION_SEND);
    struct pnd_start second = books_describe(1, PENDIO_OPERATION_SEND);
    first.flags = PENDIO_ZERO_COPY;
    pendio_run first_run = books_pend(&first);
    pendio_run second_run = books_pend(&second);
    ck_assert(books_deliver(books_complete(&second, second_run, second.byte_count)));
    ck_assert(books_deliver(books_complete(&first, first_run, first.byte_count)));
    books_must_be_right();
}
END_TEST

START_TEST(a_done_receive_that_overtakes_is_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    books_take(1);
    struct pnd_start first = books_describe(0, PENDIO_OPERATION_RECEIVE);
    struct pnd_start second = books_describe(1, PENDIO_OPERATION_RECEIVE);
    (void)books_pend(&first);
    books_done(&second, books_complete(&second, ++books.next_run, 10));
    books_must_offend(PND_RULE_ORDER);
}
END_TEST

START_TEST(a_close_before_its_operations_is_an_offence)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    books_take(1);
    struct pnd_start receive = books_describe(0, PENDIO_OPERATION_RECEIVE);
    struct pnd_start close = books_describe(1, PENDIO_OPERATION_CLOSE);
    (void)books_pend(&receive);
    ck_assert(books_deliver(books_complete(&close, books_pend(&close), 0)));
    books_must_offend(PND_RULE_CLOSE_LAST);
}
END_TEST

START_TEST(a_context_still_in_its_run_when_told_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    struct pendio_completion completion = books_complete(&start, books_pend(&start), 0);
    struct pnd_snapshot shown = {.result = completion, .run = completion.run};
    ck_assert_ptr_nonnull(pnd_ledger_deliver(&books.ledger, &completion, &shown, false, 1000000));
    books_must_offend(PND_RULE_FREE_AGAIN);
}
END_TEST

START_TEST(a_result_unlike_its_delivery_is_an_offence)
{
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_NOP);
    struct pendio_completion completion = books_complete(&start, books_pend(&start), 0);
    struct pnd_snapshot shown = {.result = completion};
    shown.result.error = -EIO;
    ck_assert_ptr_nonnull(pnd_ledger_deliver(&books.ledger, &completion, &shown, false, 1000000));
    books_must_offend(PND_RULE_RESULT_KEPT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_delivery_that_names_another_start_is_an_offence,
        copied_without_zero_copy_is_an_offence,
        a_request_that_changed_is_an_offence,
        an_accept_into_a_handle_that_makes_another_is_an_offence,
        a_context_that_went_back_by_itself_is_the_next_to_be_taken,
        another_context_than_the_one_gone_back_by_itself_is_an_offence,
        more_bytes_than_the_window_are_an_offence,
        a_short_send_that_succeeds_is_an_offence,
        another_address_is_an_offence,
        an_accept_without_a_handle_is_an_offence,
        a_value_of_what_makes_none_is_an_offence,
        a_stat_tells_a_size_also_of_nothing,
        an_end_without_its_flag_is_an_offence,
        an_end_with_bytes_is_an_offence,
        an_end_on_datagrams_is_an_offence,
        bytes_after_the_end_are_an_offence,
        truncated_on_a_stream_is_an_offence,
        an_early_end_nobody_asked_for_is_an_offence,
        an_end_by_cancel_that_was_asked_for_is_right,
        a_timer_before_its_time_is_an_offence,
        receives_told_out_of_order_are_an_offence,
        sends_that_wait_for_their_memory_are_told_in_any_order,
        a_done_receive_that_overtakes_is_an_offence,
        a_close_before_its_operations_is_an_offence,
        a_context_still_in_its_run_when_told_is_an_offence,
        a_result_unlike_its_delivery_is_an_offence,
    };
    return suite_run("judge", books_begin, books_end, tests, sizeof tests / sizeof tests[0]);
}
