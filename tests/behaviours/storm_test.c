/*
 * storm_test.c - behaviours 249 to 267: many at once, many in a row, many taken back.
 *
 * - .NET's workers are threads; a loop belongs to one (contract 1), so what raced between threads
 *   here interleaves in one, and what raced with the kernel still does.
 */
#include "behaviour_stream.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY_COUNT = 1024, CHURN_COUNT = 512, SLOTS_COUNT = 4000 };

static struct pendio_context *contexts[MANY_COUNT];
static char bytes[MANY_COUNT];

static void begin_many(uint32_t count)
{
    behaviour_begin_with(NULL, count + 16, 0);
    for (uint32_t i = 0; i < count; i++)
        contexts[i] = behaviour_over(PENDIO_AUTO, &bytes[i], 1);
}

/* Every one of them is asked, in an order that is not theirs, and ends by that. */
static void cancel_all(int count)
{
    for (int i = 0; i < count; i++)
        expect_ok(pendio_cancel(fixture.loop, pendio_context_run(contexts[i * 7 % count])));
    for (int i = 0; i < count; i++)
        expect_ends(contexts[i], -ECANCELED, 0, PENDIO_BY_CANCEL);
}

START_TEST(b249_completions_of_cancels_reach_nobody)
{
    struct fixture_pair pair;

    begin_many(1);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    for (int i = 0; i < 64; i++) {
        expect_pends(contexts[0], pendio_receive(contexts[0], pair.near));
        if (i % 2 == 0)
            ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
        cancel_all(1);
        fixture_quiet(&fixture);
    }
    behaviour_talk(pair.near, pair.far);
    ck_assert_uint_eq(fixture_stats(&fixture).stale_completions, 0);
    close(pair.far);
    behaviour_end();
}
END_TEST

/* .NET's queue of cancels holds one; this runtime's holds any number, and hands them on in time. */
START_TEST(b251_no_cancel_is_lost_however_many_are_asked_at_once)
{
    struct fixture_pair pair;

    begin_many(MANY_COUNT);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < MANY_COUNT; i++)
        expect_pends(contexts[i], pendio_poll(contexts[i], pair.near, POLLIN));
    fixture_quiet(&fixture); /* they are all in the kernel */
    cancel_all(MANY_COUNT);
    ck_assert_uint_eq(fixture_stats(&fixture).completion_overflows, 0);
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    behaviour_end();
}
END_TEST

START_TEST(b253_receives_cancelled_at_once_leave_the_socket_usable)
{
    struct fixture_pair pair;

    begin_many(MANY_COUNT);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < MANY_COUNT; i++)
        expect_pends(contexts[i], pendio_receive(contexts[i], pair.near));
    cancel_all(MANY_COUNT);
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    behaviour_end();
}
END_TEST

START_TEST(b254_cancels_among_starts_do_not_hold_them_up)
{
    struct fixture_pair pairs[8];

    begin_many(8);
    for (int i = 0; i < 8; i++)
        pairs[i] = fixture_pair(&fixture, i % 2 == 0 ? FIXTURE_TCP4 : FIXTURE_UNIX_STREAM);
    for (int round = 0; round < 96; round++) {
        for (int i = 0; i < 8; i++)
            expect_pends(contexts[i], pendio_receive(contexts[i], pairs[i].near));
        if (round % 3 == 0)
            ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
        cancel_all(8);
        for (int i = 0; i < 8; i++)
            expect_either(contexts[i], pendio_send(contexts[i], pairs[i].near), 0, 1, 0);
    }
    for (int i = 0; i < 8; i++) {
        char taken[96];

        fixture_take(pairs[i].far, taken, sizeof taken);
        behaviour_talk(pairs[i].near, pairs[i].far);
        close(pairs[i].far);
    }
    behaviour_end();
}
END_TEST

/* By the close of the own end, or by the peer's that came first: nothing hangs, nothing else. */
static void expect_ended(const struct pendio_context *context)
{
    const struct pendio_completion *result = behaviour_delivery_of(context);

    ck_assert_uint_eq(result->bytes, 0);
    if (result->error == 0)
        ck_assert_uint_eq(result->flags, PENDIO_END_OF_STREAM);
    else if (result->error == -ECANCELED)
        ck_assert_uint_eq(result->flags, PENDIO_BY_CLOSE);
    else
        ck_assert_int_eq(result->error, -ECONNRESET);
}

START_TEST(b255_receives_end_when_both_ends_close)
{
    begin_many(16);
    for (int round = 0; round < 64; round++) {
        struct behaviour_ends ends = behaviour_ends((enum fixture_family)_i);
        uint32_t mode = round % 2 == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE;

        behaviour_send_now(ends.left, "a", 1);
        behaviour_receive_now(ends.right, "a", 1);
        for (int i = 0; i < 16; i++)
            expect_pends(contexts[i],
                         pendio_receive(contexts[i], i % 2 == 0 ? ends.left : ends.right));
        expect_ok(pendio_handle_close(fixture.loop, ends.left, mode));
        if (round % 4 < 2)
            ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
        expect_ok(pendio_handle_close(fixture.loop, ends.right, mode));
        for (int i = 0; i < 16; i++)
            expect_ended(contexts[i]);
    }
    behaviour_end();
}
END_TEST

START_TEST(b256_connections_come_and_go_and_nothing_hangs)
{
    struct pendio_endpoint address;
    pendio_handle listener;

    begin_many(3);
    listener = fixture_listener(&fixture, FIXTURE_UNIX_STREAM, &address);
    behaviour_aim(contexts[0], &address);
    expect_ok(pendio_context_set_policy(contexts[1], PENDIO_TRY));
    for (int i = 0; i < CHURN_COUNT; i++) {
        pendio_handle client = behaviour_socket(&address, SOCK_STREAM);
        struct pendio_completion accepted;

        expect_either(contexts[0], pendio_connect(contexts[0], client), 0, 0, 0);
        ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
        expect_done_with(contexts[1], pendio_accept(contexts[1], listener, 0), 0, 0, 0);
        expect_ok(pendio_context_result(contexts[1], &accepted));
        expect_pends(contexts[2], pendio_receive(contexts[2], accepted.value));
        if (i % 2 == 0) {
            behaviour_send_now(client, "x", 1);
            expect_ends(contexts[2], 0, 1, 0);
            behaviour_close(client);
        } else {
            behaviour_close(client);
            expect_ends(contexts[2], 0, 0, PENDIO_END_OF_STREAM);
        }
        behaviour_close(accepted.value);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, 1);
    behaviour_end();
}
END_TEST

/* The pool's registered memory is held while an operation works on it, on each of three paths. */
START_TEST(b257_memory_is_free_again_after_every_kind_of_end)
{
    const struct pendio_pool_options options = {
        .size = sizeof options, .context_count = 1, .slice_bytes = 4096};
    struct behaviour_ends ends;

    behaviour_begin();
    for (int path = 0; path < 3; path++) {
        struct pendio_pool *pool = NULL;
        struct pendio_context *context = NULL;

        ends = behaviour_ends(FIXTURE_TCP4);
        expect_ok(pendio_pool_create(fixture.loop, &options, &pool));
        expect_ok(pendio_pool_get(pool, &context));
        expect_pends(context, pendio_receive(context, ends.left));
        fixture_quiet(&fixture);
        ck_assert_int_eq(pendio_pool_put(context), -EBUSY);
        ck_assert_int_eq(pendio_pool_destroy(pool), -EBUSY);
        if (path == 0) {
            behaviour_send_now(ends.right, "x", 1);
            expect_ends(context, 0, 1, 0);
        } else if (path == 1) {
            behaviour_cancel(context);
        } else {
            behaviour_close(ends.left);
            expect_ends(context, -ECANCELED, 0, PENDIO_BY_CLOSE);
        }
        expect_ok(pendio_pool_put(context));
        expect_ok(pendio_pool_destroy(pool));
    }
    behaviour_end();
}
END_TEST

/* ---- accepts -------------------------------------------------------------------------------- */

static int knock(const struct pendio_endpoint *address)
{
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(
        connect(client, (const struct sockaddr *)address->address, address->byte_count), 0);
    return client;
}

static void welcome(const struct pendio_completion *accepted, int client)
{
    pendio_handle handle = accepted->value;

    expect_completion(accepted, 0, 0, 0);
    ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
    behaviour_talk(handle, client);
    behaviour_close(handle);
    close(client);
}

START_TEST(b261_connections_in_a_row_before_and_after_are_all_accepted)
{
    struct pendio_endpoint address;
    struct pendio_completion accepted;
    pendio_handle listener;
    int clients[256];

    begin_many(256);
    listener = fixture_listener(&fixture, FIXTURE_UNIX_STREAM, &address);
    for (int i = 0; i < 10; i++) { /* one by one */
        expect_pends(contexts[0], pendio_accept(contexts[0], listener, 0));
        clients[0] = knock(&address);
        welcome(behaviour_delivery_of(contexts[0]), clients[0]);
    }
    for (int i = 0; i < 5; i++) /* before anybody accepts */
        clients[i] = knock(&address);
    expect_ok(pendio_context_set_policy(contexts[0], PENDIO_TRY));
    for (int i = 0; i < 5; i++) {
        expect_done_with(contexts[0], pendio_accept(contexts[0], listener, 0), 0, 0, 0);
        expect_ok(pendio_context_result(contexts[0], &accepted));
        welcome(&accepted, clients[i]);
    }
    for (int i = 0; i < 256; i++) /* many at once */
        expect_pends(contexts[i], pendio_accept(contexts[i], listener, 0));
    for (int i = 0; i < 256; i++)
        clients[i] = knock(&address);
    for (int i = 0; i < 256; i++)
        welcome(behaviour_delivery_of(contexts[i]), clients[i]);
    expect_pends(contexts[0], pendio_accept(contexts[0], listener, 0)); /* after a rest */
    fixture_quiet(&fixture);
    clients[0] = knock(&address);
    welcome(behaviour_delivery_of(contexts[0]), clients[0]);
    behaviour_end();
}
END_TEST

/* ---- slots ---------------------------------------------------------------------------------- */

/* No room is a refusal, and one turn and one close later there is some again. */
START_TEST(b265_more_connections_than_slots_come_one_after_the_other)
{
    const struct pendio_loop_options options = {
        .size = sizeof options, .operation_count = 8, .handle_count = 4};
    struct pendio_context *context;
    pendio_handle handle = 0;

    behaviour_begin_with(&options, 4, 64);
    context = behaviour_get(PENDIO_TRY);
    for (int i = 0; i < SLOTS_COUNT / 2; i++) {
        struct behaviour_ends ends = behaviour_ends(FIXTURE_UNIX_STREAM);
        struct behaviour_ends others = behaviour_ends(FIXTURE_UNIX_STREAM);

        ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_UNIX, SOCK_STREAM, 0, &handle),
                         -EAGAIN);
        behaviour_send_now(ends.left, "one", 3);
        expect_done_with(context, pendio_receive(context, ends.right), 0, 3, 0);
        behaviour_send_now(others.left, "two", 3);
        expect_done_with(context, pendio_receive(context, others.right), 0, 3, 0);
        behaviour_close(ends.left);
        behaviour_close(ends.right);
        behaviour_close(others.left);
        behaviour_close(others.right);
        ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, 0);
    behaviour_end();
}
END_TEST

START_TEST(b266_generations_go_on_and_on)
{
    pendio_run last[8] = {0};
    struct behaviour_ends ends[8];

    begin_many(8);
    for (int i = 0; i < 8; i++)
        ends[i] = behaviour_ends(i % 2 == 0 ? FIXTURE_TCP4 : FIXTURE_UNIX_STREAM);
    for (int round = 0; round < 1024; round++) {
        for (int i = 0; i < 8; i++) {
            expect_pends(contexts[i], pendio_receive(contexts[i], ends[i].right));
            ck_assert_uint_ne(pendio_context_run(contexts[i]), last[i]);
            ck_assert_int_eq(pendio_cancel(fixture.loop, last[i]), -ENOENT);
            last[i] = pendio_context_run(contexts[i]);
        }
        for (int i = 0; i < 8; i++)
            if (round % 2 == 0)
                behaviour_send_now(ends[i].left, "x", 1);
            else
                expect_ok(pendio_cancel(fixture.loop, last[i]));
        for (int i = 0; i < 8; i++)
            expect_ends(contexts[i], round % 2 == 0 ? 0 : -ECANCELED, round % 2 == 0,
                        round % 2 == 0 ? 0 : PENDIO_BY_CANCEL);
    }
    behaviour_end();
}
END_TEST

START_TEST(b267_round_trips_repeat_the_same)
{
    for (int run = 0; run < 50; run++) {
        struct behaviour_ends ends;

        begin_many(1);
        ends = behaviour_ends(FIXTURE_TCP4);
        expect_pends(contexts[0], pendio_receive(contexts[0], ends.right));
        behaviour_send_now(ends.left, "a", 1);
        expect_ends(contexts[0], 0, 1, 0);
        behaviour_send_now(ends.right, "a", 1);
        behaviour_await_data(ends.left);
        behaviour_receive_now(ends.left, "a", 1);
        behaviour_end();
    }
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b249_completions_of_cancels_reach_nobody, 0},
        {b251_no_cancel_is_lost_however_many_are_asked_at_once, 0},
        {b253_receives_cancelled_at_once_leave_the_socket_usable, FIXTURE_STREAM_COUNT},
        {b254_cancels_among_starts_do_not_hold_them_up, 0},
        {b255_receives_end_when_both_ends_close, FIXTURE_STREAM_COUNT},
        {b256_connections_come_and_go_and_nothing_hangs, 0},
        {b257_memory_is_free_again_after_every_kind_of_end, 0},
        {b261_connections_in_a_row_before_and_after_are_all_accepted, 0},
        {b265_more_connections_than_slots_come_one_after_the_other, 0},
        {b266_generations_go_on_and_on, 0},
        {b267_round_trips_repeat_the_same, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
