/*
 * contract_accept_test.c - accepting ahead of those who ask: order, bounds, cancel, budget.
 *
 * - The same holds where the kernel accepts for one context at a time; only what was collected
 *   before anybody asked is then nothing.
 */
#include "fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 40 };

static struct fixture fixture;
static struct pendio_endpoint address;
static pendio_handle listener;

static void begin(enum fixture_family family)
{
    fixture_init(&fixture);
    listener = fixture_listener(&fixture, family, &address);
}

static bool collects(void)
{
    return (fixture_stats(&fixture).features & PENDIO_FEATURE_MULTISHOT_ACCEPT) != 0;
}

/* A client of the listener, as an ordinary descriptor. */
static int dial(void)
{
    const struct sockaddr *to = (const struct sockaddr *)address.address;
    int client = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(client, to, address.byte_count), 0);
    return client;
}

static struct pendio_context *with_policy(uint32_t policy)
{
    struct pendio_context *context = fixture_get(&fixture);

    ck_assert_int_eq(pendio_context_set_policy(context, policy), 0);
    return context;
}

/* Sends a byte from the client and finds it on the handle: they are connected to each other. */
static void check_pair(int client, pendio_handle handle)
{
    char sent = (char)client;
    char got = 0;
    struct pendio_context *context = fixture_over(&fixture, &got, 1);

    fixture_put(client, &sent, 1);
    expect_pending(pendio_receive(context, handle));
    expect_next(&fixture, context, 0, 1, 0);
    ck_assert_int_eq(got, sent);
    ck_assert_int_eq(pendio_pool_put(context), 0);
}

static pendio_handle value_of(const struct pendio_context *context)
{
    struct pendio_completion result;

    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_int_eq(result.error, 0);
    return result.value;
}

/* Turns until that many connections are collected, where they are. */
static void collect(uint32_t count)
{
    for (int i = 0; i < 100 && fixture_stats(&fixture).connections_collected < count; i++)
        fixture_turn(&fixture, 1000000);
    ck_assert_uint_eq(fixture_stats(&fixture).connections_collected, collects() ? count : 0);
}

/* Accepts once, so that the listener may collect from now on. */
static pendio_handle accept_first(struct pendio_context *context, int *ret_client)
{
    expect_pending(pendio_accept(context, listener, 0));
    *ret_client = dial();
    expect_next(&fixture, context, 0, 0, 0);
    return value_of(context);
}

START_TEST(connections_are_handed_out_in_the_order_they_came)
{
    int clients[MANY];
    struct pendio_context *contexts[MANY];

    begin((enum fixture_family)_i);
    for (int i = 0; i < MANY; i++) {
        contexts[i] = fixture_get(&fixture);
        expect_pending(pendio_accept(contexts[i], listener, 0));
    }
    for (int i = 0; i < MANY; i++)
        clients[i] = dial();
    for (int i = 0; i < MANY; i++)
        expect_next(&fixture, contexts[i], 0, 0, 0);
    for (int i = 0; i < MANY; i++) {
        check_pair(clients[i], value_of(contexts[i]));
        close(clients[i]);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(a_collected_connection_is_done_under_auto_and_pending_under_queue)
{
    struct pendio_context *context;
    struct pendio_context *queued;
    int clients[4];

    begin(FIXTURE_TCP4);
    context = with_policy(PENDIO_AUTO);
    queued = with_policy(PENDIO_QUEUE);
    check_pair(clients[0], accept_first(context, &clients[0]));
    for (int i = 1; i < 4; i++)
        clients[i] = dial();
    collect(3);
    if (collects()) {
        expect_done(pendio_accept(context, listener, 0));
        check_pair(clients[1], value_of(context));
        expect_pending(pendio_accept(queued, listener, 0));
        expect_pending(pendio_accept(context, listener, 0)); /* not before one undelivered */
        expect_next(&fixture, queued, 0, 0, 0);
        expect_next(&fixture, context, 0, 0, 0);
        check_pair(clients[2], value_of(queued));
        check_pair(clients[3], value_of(context));
        ck_assert_uint_eq(fixture_stats(&fixture).done_collected, 1);
        ck_assert_uint_eq(fixture_stats(&fixture).connections_collected, 0);
    }
    for (int i = 0; i < 4; i++)
        close(clients[i]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(a_cancelled_accept_leaves_its_connection_to_the_next)
{
    struct pendio_context *context;
    struct pendio_context *next;
    int client;

    begin((enum fixture_family)_i);
    context = fixture_get(&fixture);
    next = fixture_get(&fixture);
    expect_pending(pendio_accept(context, listener, 0));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    client = dial();
    for (int i = 0; i < 3; i++)
        fixture_turn(&fixture, 0);
    if (pendio_accept(next, listener, 0) == PENDIO_PENDING)
        expect_next(&fixture, next, 0, 0, 0);
    check_pair(client, value_of(next));
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(a_deadline_of_a_waiting_accept_ends_it_alone)
{
    struct pendio_context *context;
    struct pendio_context *next;
    int client;

    begin(FIXTURE_TCP4);
    context = fixture_get(&fixture);
    next = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_deadline(context, 1000000), 0);
    expect_pending(pendio_accept(context, listener, 0));
    expect_pending(pendio_accept(next, listener, 0));
    expect_next(&fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    client = dial();
    expect_next(&fixture, next, 0, 0, 0);
    check_pair(client, value_of(next));
    close(client);
    fixture_fini(&fixture);
}
END_TEST

/* What one look brings may pass the bound; then nothing more is taken until there is room. */
START_TEST(collecting_stops_at_its_bound_and_goes_on_when_there_is_room)
{
    const struct pendio_loop_options options = {.size = sizeof options, .collect_count = 4};
    struct pendio_context *context;
    int clients[MANY];

    fixture_init_with(&fixture, &options, 64, 64);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    context = with_policy(PENDIO_QUEUE);
    accept_first(context, &clients[0]);
    for (int i = 1; i < MANY; i++) {
        clients[i] = dial();
        fixture_turn(&fixture, 0);
        fixture_turn(&fixture, 0);
    }
    ck_assert_uint_le(fixture_stats(&fixture).connections_collected, 8);
    for (int i = 1; i < MANY; i++) {
        expect_pending(pendio_accept(context, listener, 0));
        expect_next(&fixture, context, 0, 0, 0);
        check_pair(clients[i], value_of(context));
    }
    if (collects())
        ck_assert_uint_gt(fixture_stats(&fixture).multishot_armed, 2);
    for (int i = 0; i < MANY; i++)
        close(clients[i]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(accepted_descriptors_block_and_close_on_exec)
{
    struct pendio_context *context;
    int descriptor;
    int client;

    begin((enum fixture_family)_i);
    context = fixture_get(&fixture);
    ck_assert_int_eq(
        pendio_handle_detach(fixture.loop, accept_first(context, &client), &descriptor), 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
    close(descriptor);
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(a_poll_sees_collected_connections_and_takes_none)
{
    struct pendio_context *context;
    struct pendio_context *poller;
    int clients[3];

    begin(FIXTURE_TCP4);
    context = with_policy(PENDIO_QUEUE);
    poller = with_policy(PENDIO_QUEUE);
    accept_first(context, &clients[0]);
    expect_pending(pendio_poll(poller, listener, POLLIN));
    fixture_quiet(&fixture);
    clients[1] = dial();
    expect_next(&fixture, poller, 0, 0, 0);
    ck_assert_uint_eq(value_of(poller), POLLIN);
    clients[2] = dial();
    for (int i = 1; i < 3; i++) {
        expect_pending(pendio_poll(poller, listener, POLLIN));
        expect_next(&fixture, poller, 0, 0, 0);
        ck_assert_uint_eq(value_of(poller), POLLIN);
        expect_pending(pendio_accept(context, listener, 0));
        expect_next(&fixture, context, 0, 0, 0);
        check_pair(clients[i], value_of(context));
    }
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(collected_connections_are_done_within_the_budget_only)
{
    const struct pendio_loop_options options = {.size = sizeof options, .done_budget = 3};
    struct pendio_context *context;
    int clients[8];

    fixture_init_with(&fixture, &options, 64, 64);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    context = with_policy(PENDIO_AUTO);
    accept_first(context, &clients[0]);
    for (int i = 1; i < 8; i++)
        clients[i] = dial();
    collect(7);
    if (collects()) {
        fixture_turn(&fixture, 0);
        for (int i = 0; i < 3; i++)
            expect_done(pendio_accept(context, listener, 0));
        expect_pending(pendio_accept(context, listener, 0));
        expect_next(&fixture, context, 0, 0, 0);
        expect_done(pendio_accept(context, listener, 0));
    }
    for (int i = 0; i < 8; i++)
        close(clients[i]);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {connections_are_handed_out_in_the_order_they_came, FIXTURE_STREAM_COUNT},
        {a_collected_connection_is_done_under_auto_and_pending_under_queue, 0},
        {a_cancelled_accept_leaves_its_connection_to_the_next, FIXTURE_STREAM_COUNT},
        {a_deadline_of_a_waiting_accept_ends_it_alone, 0},
        {collecting_stops_at_its_bound_and_goes_on_when_there_is_room, 0},
        {accepted_descriptors_block_and_close_on_exec, FIXTURE_STREAM_COUNT},
        {a_poll_sees_collected_connections_and_takes_none, 0},
        {collected_connections_are_done_within_the_budget_only, 0},
    };
    return fixture_run("contract: accept", cases, sizeof cases / sizeof cases[0]);
}
