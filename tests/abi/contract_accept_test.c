/*
 * contract_accept_test.c - accepting ahead of those who ask: order, bounds, cancel, budget.
 *
 * - The same holds where the kernel accepts for one context at a time; only what was collected
 *   before anybody asked is then nothing.
 */
#include "listening.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 40 };

static struct pendio_context *with_policy(uint32_t policy)
{
    struct pendio_context *context = fixture_get(&listening.fixture);

    ck_assert_int_eq(pendio_context_set_policy(context, policy), 0);
    return context;
}

START_TEST(connections_are_handed_out_in_the_order_they_came)
{
    int clients[MANY];
    struct pendio_context *contexts[MANY];

    listening_begin((enum fixture_family)_i);
    for (int i = 0; i < MANY; i++) {
        contexts[i] = fixture_get(&listening.fixture);
        expect_pending(pendio_accept(contexts[i], listening.listener, 0));
    }
    for (int i = 0; i < MANY; i++)
        clients[i] = listening_dial();
    for (int i = 0; i < MANY; i++)
        expect_next(&listening.fixture, contexts[i], 0, 0, 0);
    for (int i = 0; i < MANY; i++) {
        listening_check_pair(clients[i], listening_value_of(contexts[i]));
        close(clients[i]);
    }
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(a_collected_connection_is_done_under_auto_and_pending_under_queue)
{
    pendio_handle connection;
    struct pendio_context *context;
    struct pendio_context *queued;
    int clients[4];

    listening_begin(FIXTURE_TCP4);
    context = with_policy(PENDIO_AUTO);
    queued = with_policy(PENDIO_QUEUE);
    connection = listening_accept_first(context, &clients[0]);
    listening_check_pair(clients[0], connection);
    for (int i = 1; i < 4; i++)
        clients[i] = listening_dial();
    listening_collect(3);
    if (listening_collects()) {
        expect_done(pendio_accept(context, listening.listener, 0));
        listening_check_pair(clients[1], listening_value_of(context));
        expect_pending(pendio_accept(queued, listening.listener, 0));
        expect_pending(
            pendio_accept(context, listening.listener, 0)); /* not before one undelivered */
        expect_next(&listening.fixture, queued, 0, 0, 0);
        expect_next(&listening.fixture, context, 0, 0, 0);
        listening_check_pair(clients[2], listening_value_of(queued));
        listening_check_pair(clients[3], listening_value_of(context));
        ck_assert_uint_eq(fixture_stats(&listening.fixture).done_collected, 1);
        ck_assert_uint_eq(fixture_stats(&listening.fixture).connections_collected, 0);
    }
    for (int i = 0; i < 4; i++)
        close(clients[i]);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(a_cancelled_accept_leaves_its_connection_to_the_next)
{
    struct pendio_context *context;
    struct pendio_context *next;
    int client;

    listening_begin((enum fixture_family)_i);
    context = fixture_get(&listening.fixture);
    next = fixture_get(&listening.fixture);
    expect_pending(pendio_accept(context, listening.listener, 0));
    fixture_quiet(&listening.fixture);
    ck_assert_int_eq(pendio_cancel(listening.fixture.loop, pendio_context_run(context)), 0);
    expect_next(&listening.fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    client = listening_dial();
    for (int i = 0; i < 3; i++)
        fixture_turn(&listening.fixture, 0);
    if (pendio_accept(next, listening.listener, 0) == PENDIO_PENDING)
        expect_next(&listening.fixture, next, 0, 0, 0);
    listening_check_pair(client, listening_value_of(next));
    close(client);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(a_deadline_of_a_waiting_accept_ends_it_alone)
{
    struct pendio_context *context;
    struct pendio_context *next;
    int client;

    listening_begin(FIXTURE_TCP4);
    context = fixture_get(&listening.fixture);
    next = fixture_get(&listening.fixture);
    ck_assert_int_eq(pendio_context_set_deadline(context, 1000000), 0);
    expect_pending(pendio_accept(context, listening.listener, 0));
    expect_pending(pendio_accept(next, listening.listener, 0));
    expect_next(&listening.fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    client = listening_dial();
    expect_next(&listening.fixture, next, 0, 0, 0);
    listening_check_pair(client, listening_value_of(next));
    close(client);
    fixture_fini(&listening.fixture);
}
END_TEST

/* What one look brings may pass the bound; then nothing more is taken until there is room. */
START_TEST(collecting_stops_at_its_bound_and_goes_on_when_there_is_room)
{
    const struct pendio_loop_options options = {.size = sizeof options, .collect_count = 4};
    struct pendio_context *context;
    int clients[MANY];

    fixture_init_with(&listening.fixture, &options, 64, 64);
    listening.listener = fixture_listener(&listening.fixture, FIXTURE_TCP4, &listening.address);
    context = with_policy(PENDIO_QUEUE);
    listening_accept_first(context, &clients[0]);
    for (int i = 1; i < MANY; i++) {
        clients[i] = listening_dial();
        fixture_turn(&listening.fixture, 0);
        fixture_turn(&listening.fixture, 0);
    }
    ck_assert_uint_le(fixture_stats(&listening.fixture).connections_collected, 8);
    for (int i = 1; i < MANY; i++) {
        expect_pending(pendio_accept(context, listening.listener, 0));
        expect_next(&listening.fixture, context, 0, 0, 0);
        listening_check_pair(clients[i], listening_value_of(context));
    }
    if (listening_collects())
        ck_assert_uint_gt(fixture_stats(&listening.fixture).multishot_armed, 2);
    for (int i = 0; i < MANY; i++)
        close(clients[i]);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(accepted_descriptors_block_and_close_on_exec)
{
    struct pendio_context *context;
    int descriptor;
    int client;

    listening_begin((enum fixture_family)_i);
    context = fixture_get(&listening.fixture);
    ck_assert_int_eq(pendio_handle_detach(listening.fixture.loop,
                                          listening_accept_first(context, &client), &descriptor),
                     0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
    close(descriptor);
    close(client);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(a_poll_sees_collected_connections_and_takes_none)
{
    struct pendio_context *context;
    struct pendio_context *poller;
    int clients[3];

    listening_begin(FIXTURE_TCP4);
    context = with_policy(PENDIO_QUEUE);
    poller = with_policy(PENDIO_QUEUE);
    listening_accept_first(context, &clients[0]);
    expect_pending(pendio_poll(poller, listening.listener, POLLIN));
    fixture_quiet(&listening.fixture);
    clients[1] = listening_dial();
    expect_next(&listening.fixture, poller, 0, 0, 0);
    ck_assert_uint_eq(listening_value_of(poller), POLLIN);
    clients[2] = listening_dial();
    for (int i = 1; i < 3; i++) {
        expect_pending(pendio_poll(poller, listening.listener, POLLIN));
        expect_next(&listening.fixture, poller, 0, 0, 0);
        ck_assert_uint_eq(listening_value_of(poller), POLLIN);
        expect_pending(pendio_accept(context, listening.listener, 0));
        expect_next(&listening.fixture, context, 0, 0, 0);
        listening_check_pair(clients[i], listening_value_of(context));
    }
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(collected_connections_are_done_within_the_budget_only)
{
    const struct pendio_loop_options options = {.size = sizeof options, .done_budget = 3};
    struct pendio_context *context;
    int clients[8];

    fixture_init_with(&listening.fixture, &options, 64, 64);
    listening.listener = fixture_listener(&listening.fixture, FIXTURE_TCP4, &listening.address);
    context = with_policy(PENDIO_AUTO);
    listening_accept_first(context, &clients[0]);
    for (int i = 1; i < 8; i++)
        clients[i] = listening_dial();
    listening_collect(7);
    if (listening_collects()) {
        fixture_turn(&listening.fixture, 0);
        for (int i = 0; i < 3; i++)
            expect_done(pendio_accept(context, listening.listener, 0));
        expect_pending(pendio_accept(context, listening.listener, 0));
        expect_next(&listening.fixture, context, 0, 0, 0);
        expect_done(pendio_accept(context, listening.listener, 0));
    }
    for (int i = 0; i < 8; i++)
        close(clients[i]);
    fixture_fini(&listening.fixture);
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
