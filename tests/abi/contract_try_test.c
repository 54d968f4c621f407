/*
 * contract_try_test.c - PENDIO_TRY: one system call that submits and looks once.
 *
 * - With data, a connection or room present the answer is done, and nothing is delivered.
 * - Whatever the look finds of others is delivered by a turn, not from inside the start.
 */
#include "fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static void set_policy(struct pendio_context *context, uint32_t policy)
{
    ck_assert_int_eq(pendio_context_set_policy(context, policy), 0);
}

START_TEST(try_receive_with_data_is_done_and_never_delivered)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, memory, sizeof memory);
    set_policy(context, PENDIO_TRY);
    fixture_put(pair.far, "abc", 3);
    expect_done(pendio_receive(context, pair.near));
    expect_result(context, 0, 3, 0);
    ck_assert_mem_eq(memory, "abc", 3);
    ck_assert_uint_eq(pendio_context_run(context), 0);
    fixture_quiet(&fixture);
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "de", 2);
    expect_next(&fixture, context, 0, 2, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).done_tried, 1);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(try_send_with_room_is_done)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8] = "1234567";
    char seen[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, memory, sizeof memory);
    set_policy(context, PENDIO_TRY);
    expect_done(pendio_send(context, pair.near));
    expect_result(context, 0, sizeof memory, 0);
    fixture_take(pair.far, seen, sizeof seen);
    ck_assert_mem_eq(seen, memory, sizeof seen);
    fixture_quiet(&fixture);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(try_accept_of_a_waiting_client_is_done)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    struct pendio_completion result;
    pendio_handle listener;
    int client = socket(AF_INET, SOCK_STREAM, 0);

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    context = fixture_get(&fixture);
    set_policy(context, PENDIO_TRY);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)address.address, address.byte_count),
                     0);
    expect_done(pendio_accept(context, listener, 0));
    expect_result(context, 0, 0, 0);
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_uint_ne(result.value, 0);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, result.value, PENDIO_GRACEFUL), 0);
    expect_pending(pendio_accept(context, listener, 0));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    fixture_fini(&fixture);
    close(client);
}
END_TEST

START_TEST(try_of_a_failing_receive_is_done_with_the_error)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, memory, sizeof memory);
    set_policy(context, PENDIO_TRY);
    fixture_reset(pair.far);
    expect_done(pendio_receive(context, pair.near));
    expect_result(context, -ECONNRESET, 0, 0);
    fixture_quiet(&fixture);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(try_delivers_nobody_else_from_inside_the_start)
{
    struct pendio_context *others;
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    others = fixture_called(&fixture, NULL, 0);
    context = fixture_over(&fixture, memory, sizeof memory);
    set_policy(context, PENDIO_TRY);
    fixture_put(pair.far, "a", 1);
    expect_pending(pendio_nop(others, fixture.loop));
    expect_done(pendio_receive(context, pair.near));
    ck_assert_uint_eq(fixture.seen_count, 0);
    ck_assert_uint_ne(pendio_context_run(others), 0);
    expect_next(&fixture, others, 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(try_of_what_is_not_a_transfer_is_pending)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    set_policy(context, PENDIO_TRY);
    expect_pending(pendio_nop(context, fixture.loop));
    expect_next(&fixture, context, 0, 0, 0);
    expect_pending(pendio_timer(context, 0));
    expect_next(&fixture, context, 0, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {try_receive_with_data_is_done_and_never_delivered, FIXTURE_FAMILY_COUNT},
        {try_send_with_room_is_done, FIXTURE_FAMILY_COUNT},
        {try_accept_of_a_waiting_client_is_done, 0},
        {try_of_a_failing_receive_is_done_with_the_error, 0},
        {try_delivers_nobody_else_from_inside_the_start, 0},
        {try_of_what_is_not_a_transfer_is_pending, 0},
    };
    return fixture_run("contract: try", cases, sizeof cases / sizeof cases[0]);
}
