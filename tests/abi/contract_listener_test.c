/*
 * contract_listener_test.c - what becomes of a listener that collects: its end, and errors.
 *
 * - The same holds where the kernel accepts for one context at a time; only what was collected
 *   before anybody asked is then nothing.
 */
#include "listening.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(a_closed_listener_closes_what_it_collected_and_takes_no_more)
{
    struct pendio_context *context;
    struct pendio_context *closer;
    int clients[4];
    char byte;

    listening_begin(FIXTURE_TCP4);
    context = fixture_get(&listening.fixture);
    closer = fixture_get(&listening.fixture);
    listening_accept_first(context, &clients[0]);
    for (int i = 1; i < 4; i++)
        clients[i] = listening_dial();
    listening_collect(3);
    expect_pending(
        pendio_close(closer, listening.listener, _i == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    ck_assert_int_eq(pendio_accept(context, listening.listener, 0), -EBADF);
    expect_next(&listening.fixture, closer, 0, 0, 0);
    ck_assert_uint_eq(fixture_stats(&listening.fixture).connections_collected, 0);
    for (int i = 1; i < 4; i++) {
        ck_assert_int_le(recv(clients[i], &byte, 1, 0), 0); /* the end, or a reset */
        close(clients[i]);
    }
    clients[1] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(clients[1], (const struct sockaddr *)listening.address.address,
                             listening.address.byte_count),
                     -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    close(clients[0]);
    close(clients[1]);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(accepts_waiting_on_a_closing_listener_end_by_it)
{
    struct pendio_context *contexts[3];

    listening_begin(FIXTURE_UNIX_STREAM);
    for (int i = 0; i < 3; i++) {
        contexts[i] = fixture_get(&listening.fixture);
        expect_pending(pendio_accept(contexts[i], listening.listener, 0));
    }
    fixture_quiet(&listening.fixture);
    ck_assert_int_eq(
        pendio_handle_close(listening.fixture.loop, listening.listener, PENDIO_GRACEFUL), 0);
    fixture_wait(&listening.fixture, 3);
    for (int i = 0; i < 3; i++)
        expect_completion(fixture_next(&listening.fixture), -ECANCELED, 0, PENDIO_BY_CLOSE);
    for (int i = 0; i < 10 && fixture_stats(&listening.fixture).handles_open != 0; i++)
        fixture_turn(&listening.fixture, 1000000);
    ck_assert_uint_eq(fixture_stats(&listening.fixture).handles_open, 0);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(a_listener_closed_before_a_shutdown_is_gone_when_that_is_over)
{
    struct pendio_context *context;
    int client;

    listening_begin(FIXTURE_TCP4);
    context = fixture_get(&listening.fixture);
    listening_accept_first(context, &client);
    close(client);
    ck_assert_int_eq(
        pendio_handle_close(listening.fixture.loop, listening.listener, PENDIO_ABORTIVE), 0);
    ck_assert_int_eq(pendio_loop_shutdown(listening.fixture.loop), 0);
    while (pendio_loop_turn(listening.fixture.loop, -1, NULL, 0) != -ESHUTDOWN)
        ;
    client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)listening.address.address,
                             listening.address.byte_count),
                     -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    close(client);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(connections_collected_go_with_the_loop)
{
    struct pendio_context *context;
    int clients[3];

    listening_begin(FIXTURE_TCP4);
    context = fixture_get(&listening.fixture);
    listening_accept_first(context, &clients[0]);
    for (int i = 1; i < 3; i++)
        clients[i] = listening_dial();
    listening_collect(2);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    fixture_fini(&listening.fixture); /* counts descriptors */
}
END_TEST

START_TEST(a_listener_with_a_connection_collected_cannot_be_detached)
{
    struct pendio_context *context;
    int clients[2];
    int descriptor = -1;

    listening_begin(FIXTURE_TCP4);
    context = fixture_get(&listening.fixture);
    listening_accept_first(context, &clients[0]);
    clients[1] = listening_dial();
    listening_collect(1);
    if (listening_collects()) {
        ck_assert_int_eq(
            pendio_handle_detach(listening.fixture.loop, listening.listener, &descriptor), -EBUSY);
        ck_assert_int_eq(descriptor, -1);
        expect_done(pendio_accept(context, listening.listener, 0));
    }
    ck_assert_int_eq(pendio_handle_detach(listening.fixture.loop, listening.listener, &descriptor),
                     0);
    fixture_quiet(&listening.fixture);
    close(clients[1]);
    clients[1] = listening_dial(); /* nobody takes it but its owner */
    fixture_quiet(&listening.fixture);
    if (!listening_collects()) /* the first one is still there */
        close(accept(descriptor, NULL, NULL));
    close(accept(descriptor, NULL, NULL));
    close(descriptor);
    close(clients[0]);
    close(clients[1]);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(without_a_descriptor_left_the_first_waiting_accept_gets_the_error)
{
    struct pendio_context *context;
    struct rlimit before;
    struct rlimit none;
    uint64_t armed_count;
    int client;

    listening_begin(FIXTURE_TCP4);
    context = fixture_get(&listening.fixture);
    client = listening_dial();
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)client + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    expect_pending(pendio_accept(context, listening.listener, 0));
    expect_next(&listening.fixture, context, -EMFILE, 0, 0);
    armed_count = fixture_stats(&listening.fixture).multishot_armed;
    fixture_quiet(&listening.fixture);
    ck_assert_uint_eq(fixture_stats(&listening.fixture).multishot_armed, armed_count);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect_pending(pendio_accept(context, listening.listener, 0));
    expect_next(&listening.fixture, context, 0, 0, 0);
    listening_check_pair(client, listening_value_of(context));
    close(client);
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(a_listener_that_does_not_block_accepts_all_the_same)
{
    struct pendio_context *context;
    pendio_handle connection;
    pendio_handle old;
    int descriptor;
    int client;

    listening_begin(FIXTURE_TCP4);
    old = listening.listener;
    ck_assert_int_eq(pendio_handle_detach(listening.fixture.loop, old, &descriptor), 0);
    ck_assert_int_eq(fcntl(descriptor, F_SETFL, O_NONBLOCK), 0);
    listening.listener = fixture_adopt(&listening.fixture, descriptor);
    context = fixture_get(&listening.fixture);
    for (int i = 0; i < 3; i++) {
        connection = listening_accept_first(context, &client);
        listening_check_pair(client, connection);
        close(client);
    }
    fixture_fini(&listening.fixture);
}
END_TEST

START_TEST(a_listener_that_may_not_move_goes_on_accepting)
{
    struct pendio_context *contexts[2];
    struct fixture there;

    listening_begin(FIXTURE_TCP4);
    fixture_init(&there);
    for (int i = 0; i < 2; i++)
        contexts[i] = fixture_get(&listening.fixture);
    for (int i = 0; i < 3; i++) {
        const struct pendio_completion *completion;
        int client;

        expect_pending(pendio_accept(contexts[0], listening.listener, 0));
        fixture_quiet(&listening.fixture);
        ck_assert_int_eq(pendio_move(contexts[1], listening.listener, there.loop), -EBUSY);
        client = listening_dial();
        completion = fixture_next(&listening.fixture);
        expect_completion(completion, 0, 0, 0);
        listening_check_pair(client, completion->value);
        ck_assert_int_eq(
            pendio_handle_close(listening.fixture.loop, completion->value, PENDIO_ABORTIVE), 0);
        close(client);
    }
    fixture_fini(&there);
    fixture_fini(&listening.fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {a_closed_listener_closes_what_it_collected_and_takes_no_more, 2},
        {accepts_waiting_on_a_closing_listener_end_by_it, 0},
        {a_listener_closed_before_a_shutdown_is_gone_when_that_is_over, 0},
        {connections_collected_go_with_the_loop, 0},
        {a_listener_with_a_connection_collected_cannot_be_detached, 0},
        {without_a_descriptor_left_the_first_waiting_accept_gets_the_error, 0},
        {a_listener_that_may_not_move_goes_on_accepting, 0},
        {a_listener_that_does_not_block_accepts_all_the_same, 0},
    };
    return fixture_run("contract: listener", cases, sizeof cases / sizeof cases[0]);
}
