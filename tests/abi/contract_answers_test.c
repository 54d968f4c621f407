/*
 * contract_answers_test.c - the three answers of a start call: done, pending, refused.
 *
 * - A done answer has its result in the context and no delivery; a pending one has one delivery.
 * - A refusal leaves request, result and run as they were.
 * - The result of a run stays until the next one begins.
 */
#include "fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static void set_policy(struct pendio_context *context, uint32_t policy)
{
    ck_assert_int_eq(pendio_context_set_policy(context, policy), 0);
}

START_TEST(new_context_has_an_empty_result)
{
    struct pendio_completion result;
    struct pendio_completion empty = {.bytes = 0};

    fixture_init(&fixture);
    empty.context = fixture_get(&fixture);
    memset(&result, 0xff, sizeof result);
    ck_assert_int_eq(pendio_context_result(empty.context, &result), 0);
    ck_assert_mem_eq(&result, &empty, sizeof result);
    ck_assert_uint_eq(pendio_context_run(empty.context), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(result_stays_whatever_is_set_and_is_empty_while_the_next_run_is_under_way)
{
    struct pendio_completion before;
    struct pendio_completion after;
    struct pendio_completion empty = {.bytes = 0};
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_set_user_data(context, 7), 0);
    fixture_put(pair.far, "abc", 3);
    expect_pending(pendio_receive(context, pair.near));
    before = *fixture_next(&fixture);
    ck_assert_uint_eq(before.user_data, 7);
    ck_assert_uint_eq(before.bytes, 3);

    ck_assert_int_eq(pendio_context_set_user_data(context, 8), 0);
    ck_assert_int_eq(pendio_context_set_memory(context, memory, 2), 0);
    ck_assert_int_eq(pendio_context_result(context, &after), 0);
    ck_assert_mem_eq(&before, &after, sizeof after);

    expect_pending(pendio_receive(context, pair.near));
    empty.context = context;
    ck_assert_int_eq(pendio_context_result(context, &after), 0);
    ck_assert_mem_eq(&empty, &after, sizeof after);
    fixture_put(pair.far, "d", 1);
    ck_assert_uint_eq(fixture_next(&fixture)->user_data, 8);
    ck_assert_int_eq(pendio_nop(context, fixture.loop), PENDIO_PENDING);
    after = *fixture_next(&fixture);
    ck_assert(after.handle == 0 && after.bytes == 0 && after.memory == 0 && after.flags == 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(pending_operation_is_delivered_once_with_what_it_was_started_with)
{
    struct pendio_context *context;
    const struct pendio_completion *completion;
    struct pendio_completion result;
    pendio_run run;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_user_data(context, UINT64_MAX), 0);
    expect_pending(pendio_nop(context, fixture.loop));
    run = pendio_context_run(context);
    ck_assert_uint_ne(run, 0);
    completion = fixture_next(&fixture);
    ck_assert_ptr_eq(completion->context, context);
    expect_completion(completion, 0, 0, 0);
    ck_assert_uint_eq(completion->user_data, UINT64_MAX);
    ck_assert_uint_eq(completion->run, run);
    ck_assert_uint_eq(completion->handle, 0);
    ck_assert_uint_eq(completion->value, 0);
    ck_assert_uint_eq(completion->memory, 0);
    ck_assert_uint_eq(completion->operation, PENDIO_OPERATION_NOP);
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_mem_eq(completion, &result, sizeof result);
    ck_assert_uint_eq(pendio_context_run(context), 0);
    fixture_quiet(&fixture);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(every_start_has_a_run_of_its_own)
{
    struct pendio_context *context;
    pendio_run last = 0;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    for (int i = 0; i < 1000; i++) {
        expect_pending(pendio_nop(context, fixture.loop));
        ck_assert_uint_ne(pendio_context_run(context), last);
        last = pendio_context_run(context);
        expect_next(&fixture, context, 0, 0, 0);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(refused_start_leaves_request_result_and_run_untouched)
{
    struct pendio_completion before;
    struct pendio_completion after;
    struct pendio_context *context;
    char memory[8] = {0};
    void *window = NULL;
    size_t byte_count = 0;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_set_window(context, 2, 5), 0);
    ck_assert_int_eq(pendio_context_set_user_data(context, 7), 0);
    fixture_put(pair.far, "abcde", 5);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, 0, 5, 0);
    ck_assert_int_eq(pendio_context_result(context, &before), 0);

    ck_assert_int_eq(pendio_receive(context, 0), -EBADF);
    ck_assert_int_eq(pendio_receive(context, pair.near + 1), -EBADF);
    ck_assert_int_eq(pendio_connect(context, pair.near), -EINVAL);
    ck_assert_int_eq(pendio_send_to(context, pair.near), -EINVAL);
    ck_assert_int_eq(pendio_accept(context, pair.near, pair.near), -EISCONN);
    ck_assert_int_eq(pendio_open(context, NULL, 0, 0), -EINVAL);
    ck_assert_int_eq(pendio_read(context, pair.near, UINT64_MAX - 1), -EINVAL);
    ck_assert_int_eq(pendio_close(context, pair.near, 2), -EINVAL);
    ck_assert_int_eq(pendio_nop(context, NULL), -EINVAL);

    ck_assert_int_eq(pendio_context_result(context, &after), 0);
    ck_assert_mem_eq(&before, &after, sizeof after);
    ck_assert_int_eq(pendio_context_window(context, &window, &byte_count), 0);
    ck_assert_ptr_eq(window, memory + 2);
    ck_assert_uint_eq(byte_count, 5);
    ck_assert_uint_eq(pendio_context_run(context), 0);
    fixture_quiet(&fixture);

    fixture_put(pair.far, "fghij", 5);
    expect_pending(pendio_receive(context, pair.near));
    ck_assert_uint_eq(fixture_next(&fixture)->user_data, 7);
    ck_assert_mem_eq(memory, "\0\0fghij\0", 8);
    ck_assert_uint_eq(fixture_stats(&fixture).refused, 9);
    ck_assert_uint_eq(fixture_stats(&fixture).refused_handle, 2);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

static void expect_setters_busy(struct pendio_context *context)
{
    char memory[1];

    ck_assert_int_eq(pendio_context_set_memory(context, memory, 1), -EBUSY);
    ck_assert_int_eq(pendio_context_set_slice(context), -EBUSY);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 0), -EBUSY);
    ck_assert_int_eq(pendio_context_set_endpoint(context, NULL, 0), -EBUSY);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), -EBUSY);
    ck_assert_int_eq(pendio_context_set_deadline(context, 1), -EBUSY);
    ck_assert_int_eq(pendio_context_set_user_data(context, 99), -EBUSY);
    ck_assert_int_eq(pendio_context_set_callback(context, fixture_collect, NULL), -EBUSY);
    ck_assert_int_eq(pendio_pool_put(context), -EBUSY);
}

static void expect_starts_busy(struct pendio_context *context, pendio_handle handle)
{
    ck_assert_int_eq(pendio_nop(context, fixture.loop), -EBUSY);
    ck_assert_int_eq(pendio_timer(context, 0), -EBUSY);
    ck_assert_int_eq(pendio_accept(context, handle, 0), -EBUSY);
    ck_assert_int_eq(pendio_connect(context, handle), -EBUSY);
    ck_assert_int_eq(pendio_receive(context, handle), -EBUSY);
    ck_assert_int_eq(pendio_send(context, handle), -EBUSY);
    ck_assert_int_eq(pendio_receive_from(context, handle), -EBUSY);
    ck_assert_int_eq(pendio_send_to(context, handle), -EBUSY);
    ck_assert_int_eq(pendio_open(context, "/dev/null", 0, 0), -EBUSY);
    ck_assert_int_eq(pendio_read(context, handle, 0), -EBUSY);
    ck_assert_int_eq(pendio_write(context, handle, 0), -EBUSY);
    ck_assert_int_eq(pendio_close(context, handle, PENDIO_ABORTIVE), -EBUSY);
}

START_TEST(context_in_use_refuses_everything_and_goes_on_unharmed)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_run run;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_set_user_data(context, 5), 0);
    expect_pending(pendio_receive(context, pair.near));
    run = pendio_context_run(context);
    expect_setters_busy(context);
    expect_starts_busy(context, pair.near);
    ck_assert_uint_eq(fixture_stats(&fixture).refused_busy, 12);
    ck_assert_uint_eq(pendio_context_run(context), run);

    fixture_put(pair.far, "xyz", 3);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1000000000, NULL, 0), 0);
    expect_setters_busy(context); /* finished, not yet delivered: in use */
    expect_starts_busy(context, pair.near);
    expect_next(&fixture, context, 0, 3, 0);
    ck_assert_uint_eq(fixture.seen[0].user_data, 5);
    ck_assert_mem_eq(memory, "xyz", 3);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(queue_is_never_done)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8] = "abc";

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, memory, sizeof memory);
    set_policy(context, PENDIO_QUEUE);
    fixture_put(pair.far, "abc", 3);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, 0, 3, 0);
    close(pair.far);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_receive(context, pair.near));
        expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    }
    ck_assert_int_eq(pendio_context_set_window(context, 0, 0), 0);
    expect_pending(pendio_send(context, pair.near));
    (void)fixture_next(&fixture);
    ck_assert_uint_eq(fixture_stats(&fixture).done, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(known_end_is_done_until_the_budget_is_spent_and_a_turn_renews_it)
{
    const struct pendio_loop_options options = {.size = sizeof options, .done_budget = 3};
    struct pendio_context *contexts[4];
    struct fixture_pair pair;

    fixture_init_with(&fixture, _i == 0 ? &options : NULL, 64, 64);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    shutdown(pair.far, SHUT_WR);
    for (int i = 0; i < 4; i++)
        contexts[i] = fixture_get(&fixture);
    expect_pending(pendio_receive(contexts[0], pair.near));
    expect_next(&fixture, contexts[0], 0, 0, PENDIO_END_OF_STREAM);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < (_i == 0 ? 3 : 16); i++) {
            expect_done(pendio_receive(contexts[0], pair.near));
            expect_result(contexts[0], 0, 0, PENDIO_END_OF_STREAM);
        }
        for (int i = 0; i < 4; i++)
            expect_pending(pendio_receive(contexts[i], pair.near));
        for (int i = 0; i < 4; i++)
            expect_next(&fixture, contexts[i], 0, 0, PENDIO_END_OF_STREAM);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(budget_is_of_each_handle)
{
    struct pendio_context *context;
    struct fixture_pair pairs[2];

    fixture_init(&fixture);
    context = fixture_over(&fixture, NULL, 0);
    for (int i = 0; i < 2; i++)
        pairs[i] = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < 32; i++)
        expect_done(pendio_send(context, pairs[i / 16].near));
    expect_pending(pendio_send(context, pairs[1].near));
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).done_empty, 32);
    close(pairs[0].far);
    close(pairs[1].far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(records_keep_the_order_of_finishing_where_one_fails)
{
    struct pendio_context *contexts[4];
    pendio_handle idle;

    fixture_init(&fixture);
    for (int i = 0; i < 4; i++)
        contexts[i] = fixture_get(&fixture);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_STREAM, 0, &idle), 0);
    expect_pending(pendio_nop(contexts[0], fixture.loop));
    expect_pending(pendio_receive(contexts[1], idle));
    expect_pending(pendio_nop(contexts[2], fixture.loop));
    expect_pending(pendio_nop(contexts[3], fixture.loop));
    fixture_wait(&fixture, 4);
    for (int i = 0; i < 4; i++)
        expect_next(&fixture, contexts[i], i == 1 ? -ENOTCONN : 0, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

static void start_again(const struct pendio_completion *completion, void *state)
{
    (void)completion;
    ck_assert_int_eq(pendio_nop((struct pendio_context *)state, fixture.loop), -EBUSY);
}

START_TEST(context_is_in_use_for_a_callback_that_comes_before_its_record)
{
    struct pendio_context *by_record;
    struct pendio_context *by_call;

    fixture_init(&fixture);
    by_record = fixture_get(&fixture);
    by_call = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_callback(by_call, start_again, by_record), 0);
    expect_pending(pendio_nop(by_record, fixture.loop));
    expect_pending(pendio_nop(by_call, fixture.loop));
    expect_next(&fixture, by_record, 0, 0, 0);
    expect_result(by_call, 0, 0, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).refused_busy, 1);
    fixture_fini(&fixture);
}
END_TEST

/* What is asked of a context between two runs of it is heeded by the second. */
START_TEST(deadline_and_flags_set_between_runs_hold_for_the_next)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char byte;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = fixture_over(&fixture, &byte, 1);
    for (int i = 0; i < 2; i++) {
        fixture_put(pair.far, "x", 1);
        expect_pending(pendio_receive(context, pair.near));
        expect_next(&fixture, context, 0, 1, 0);
        ck_assert_int_eq(pendio_context_set_deadline(context, 1000000), 0);
        expect_pending(pendio_receive(context, pair.near));
        expect_next(&fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
        ck_assert_int_eq(pendio_context_set_deadline(context, 0), 0);
    }
    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_AUTO_PUT), 0);
    fixture_put(pair.far, "x", 1);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, 0, 1, 0);
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_pool_put(context), -EALREADY);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {new_context_has_an_empty_result, 0},
        {result_stays_whatever_is_set_and_is_empty_while_the_next_run_is_under_way, 0},
        {pending_operation_is_delivered_once_with_what_it_was_started_with, 0},
        {every_start_has_a_run_of_its_own, 0},
        {refused_start_leaves_request_result_and_run_untouched, 0},
        {context_in_use_refuses_everything_and_goes_on_unharmed, 0},
        {queue_is_never_done, FIXTURE_STREAM_COUNT},
        {known_end_is_done_until_the_budget_is_spent_and_a_turn_renews_it, 2},
        {budget_is_of_each_handle, 0},
        {records_keep_the_order_of_finishing_where_one_fails, 0},
        {context_is_in_use_for_a_callback_that_comes_before_its_record, 0},
        {deadline_and_flags_set_between_runs_hold_for_the_next, 0},
    };
    return fixture_run("contract: answers", cases, sizeof cases / sizeof cases[0]);
}
