/* judge_kinds_test.c - what operations say that have amounts or products of their own. */
#include "books.h"
#include "suite.h"

#include <errno.h>

static struct pendio_completion pend(struct pnd_start *start, uint16_t operation)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    *start = books_describe(0, operation);
    start->byte_count = 100;
    return books_complete(start, books_pend(start), 100);
}

static void deliver(struct pendio_completion completion)
{
    completion.memory = 0;
    ck_assert(books_deliver(completion));
}

START_TEST(packets_that_have_all_gone_are_right)
{
    struct pnd_start start;
    deliver(pend(&start, PENDIO_OPERATION_SEND_PACKETS));
    books_must_be_right();
    ck_assert_uint_eq(books.ledger.counts.bytes_sent, 100);
}
END_TEST

START_TEST(packets_that_succeed_with_a_part_are_an_offence)
{
    struct pnd_start start;
    struct pendio_completion completion = pend(&start, PENDIO_OPERATION_SEND_PACKETS);
    completion.bytes = 99;
    deliver(completion);
    books_must_offend(PND_RULE_WHOLE_SEND);
}
END_TEST

START_TEST(packets_that_name_memory_are_an_offence)
{
    struct pnd_start start;
    struct pendio_completion completion = pend(&start, PENDIO_OPERATION_SEND_PACKETS);
    completion.memory = 4096;
    ck_assert(books_deliver(completion));
    books_must_offend(PND_RULE_MEMORY);
}
END_TEST

START_TEST(a_splice_of_less_has_come_to_the_end)
{
    struct pnd_start start;
    struct pendio_completion completion = pend(&start, PENDIO_OPERATION_SPLICE);
    completion.bytes = 99;
    completion.flags = PENDIO_END_OF_STREAM;
    deliver(completion);
    books_must_be_right();
}
END_TEST

START_TEST(a_splice_of_less_without_the_end_is_an_offence)
{
    struct pnd_start start;
    struct pendio_completion completion = pend(&start, PENDIO_OPERATION_SPLICE);
    completion.bytes = 99;
    deliver(completion);
    books_must_offend(PND_RULE_END_OF_STREAM);
}
END_TEST

START_TEST(a_whole_splice_with_the_end_is_an_offence)
{
    struct pnd_start start;
    struct pendio_completion completion = pend(&start, PENDIO_OPERATION_SPLICE);
    completion.flags = PENDIO_END_OF_STREAM;
    deliver(completion);
    books_must_offend(PND_RULE_END_OF_STREAM);
}
END_TEST

START_TEST(a_splice_that_failed_has_not_come_to_the_end)
{
    struct pnd_start start;
    struct pendio_completion completion = pend(&start, PENDIO_OPERATION_SPLICE);
    completion.bytes = 99;
    completion.error = -EPIPE;
    deliver(completion);
    books_must_be_right();
}
END_TEST

static void deliver_cut(uint16_t operation)
{
    struct pnd_start start;
    struct pendio_completion completion = pend(&start, operation);
    completion.flags = PENDIO_CONTROL_TRUNCATED;
    ck_assert(books_deliver(completion));
}

START_TEST(control_data_of_a_message_may_be_cut)
{
    deliver_cut(PENDIO_OPERATION_RECEIVE_MESSAGE);
    books_must_be_right();
}
END_TEST

START_TEST(control_data_of_what_has_none_may_not)
{
    deliver_cut(PENDIO_OPERATION_RECEIVE);
    books_must_offend(PND_RULE_IDENTITY);
}
END_TEST

static struct pendio_completion pend_first_data(struct pnd_start *start, pendio_handle handle)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    *start = books_describe(0, PENDIO_OPERATION_CONNECT);
    start->handle = handle;
    start->flags = PENDIO_FIRST_DATA;
    start->byte_count = 100;
    return books_complete(start, books_pend(start), 100);
}

START_TEST(first_data_count_as_sent)
{
    struct pnd_start start;
    deliver(pend_first_data(&start, HANDLE));
    books_must_be_right();
    ck_assert_uint_eq(books.ledger.counts.bytes_sent, 100);
}
END_TEST

START_TEST(a_connect_that_succeeds_with_a_part_of_its_first_data_is_an_offence)
{
    struct pnd_start start;
    struct pendio_completion completion = pend_first_data(&start, HANDLE);
    completion.bytes = 99;
    deliver(completion);
    books_must_offend(PND_RULE_WHOLE_SEND);
}
END_TEST

START_TEST(a_connect_without_a_handle_makes_one)
{
    struct pnd_start start;
    struct pendio_completion completion = pend_first_data(&start, 0);
    completion.value = HANDLE + 1;
    deliver(completion);
    books_must_be_right();
    books_end();
    books_begin();
    deliver(pend_first_data(&start, 0));
    books_must_offend(PND_RULE_PRODUCT);
}
END_TEST

START_TEST(a_connect_whose_first_data_failed_may_have_made_one)
{
    struct pnd_start start;
    struct pendio_completion completion = pend_first_data(&start, 0);
    completion.value = HANDLE + 1;
    completion.bytes = 10;
    completion.error = -ECONNRESET;
    deliver(completion);
    books_must_be_right();
}
END_TEST

static struct pendio_completion pend_lending(uint64_t bytes)
{
    books_open_handle(PENDIO__FAMILY__TCP4);
    books_take(0);
    struct pnd_start start = books_describe(0, PENDIO_OPERATION_RECEIVE);
    start.lending = true;
    start.memory = NULL;
    start.byte_count = 0;
    struct pendio_completion completion = books_complete(&start, books_pend(&start), bytes);
    completion.memory = bytes > 0 ? 4096 : 0;
    completion.flags = bytes > 0 ? PENDIO_LENT : PENDIO_END_OF_STREAM;
    return completion;
}

START_TEST(memory_comes_with_what_is_lent)
{
    ck_assert(books_deliver(pend_lending(4000)));
    books_must_be_right();
    books_end();
    books_begin();
    ck_assert(books_deliver(pend_lending(0)));
    books_must_be_right();
}
END_TEST

START_TEST(bytes_lent_without_the_flag_are_an_offence)
{
    struct pendio_completion completion = pend_lending(10);
    completion.flags = 0;
    ck_assert(books_deliver(completion));
    books_must_offend(PND_RULE_LENT);
}
END_TEST

START_TEST(bytes_lent_without_memory_are_an_offence)
{
    struct pendio_completion completion = pend_lending(10);
    completion.memory = 0;
    ck_assert(books_deliver(completion));
    books_must_offend(PND_RULE_LENT);
}
END_TEST

START_TEST(what_was_lent_may_come_and_go_and_nothing_else)
{
    struct pendio_request before = {.lending = 1};
    struct pendio_request after = {.lending = 1, .memory = &before, .byte_count = 64};
    ck_assert(pnd_ledger_same_request(&before, &after));
    after.user_data = 1;
    ck_assert(!pnd_ledger_same_request(&before, &after));
    before.user_data = 1;
    before.lending = 0;
    ck_assert(!pnd_ledger_same_request(&before, &after));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        packets_that_have_all_gone_are_right,
        packets_that_succeed_with_a_part_are_an_offence,
        packets_that_name_memory_are_an_offence,
        a_splice_of_less_has_come_to_the_end,
        a_splice_of_less_without_the_end_is_an_offence,
        a_whole_splice_with_the_end_is_an_offence,
        a_splice_that_failed_has_not_come_to_the_end,
        control_data_of_a_message_may_be_cut,
        control_data_of_what_has_none_may_not,
        first_data_count_as_sent,
        a_connect_that_succeeds_with_a_part_of_its_first_data_is_an_offence,
        a_connect_without_a_handle_makes_one,
        a_connect_whose_first_data_failed_may_have_made_one,
        memory_comes_with_what_is_lent,
        bytes_lent_without_the_flag_are_an_offence,
        bytes_lent_without_memory_are_an_offence,
        what_was_lent_may_come_and_go_and_nothing_else,
    };
    return suite_run("judge_kinds", books_begin, books_end, tests, sizeof tests / sizeof tests[0]);
}
