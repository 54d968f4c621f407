/*
 * contract_listener_test.c - what becomes of a listener that collects: its end, and errors.
 *
 * - The same holds where the kernel accepts for one context at a time; only what was collected
 *   before anybody asked is then nothing.
 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

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

START_TEST(a_closed_listener_closes_what_it_collected_and_takes_no_more)
{
    struct pendio_context *context;
    struct pendio_context *closer;
    int clients[4];
    char byte;

    begin(FIXTURE_TCP4);
    context = fixture_get(&fixture);
    closer = fixture_get(&fixture);
    accept_first(context, &clients[0]);
    for (int i = 1; i < 4; i++)
        clients[i] = dial();
    collect(3);
    expect_pending(pendio_close(closer, listener, _i == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    ck_assert_int_eq(pendio_accept(context, listener, 0), -EBADF);
    expect_next(&fixture, closer, 0, 0, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).connections_collected, 0);
    for (int i = 1; i < 4; i++) {
        ck_assert_int_le(recv(clients[i], &byte, 1, 0), 0); /* the end, or a reset */
        close(clients[i]);
    }
    clients[1] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(
        connect(clients[1], (const struct sockaddr *)address.address, address.byte_count), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    close(clients[0]);
    close(clients[1]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(accepts_waiting_on_a_closing_listener_end_by_it)
{
    struct pendio_context *contexts[3];

    begin(FIXTURE_UNIX_STREAM);
    for (int i = 0; i < 3; i++) {
        contexts[i] = fixture_get(&fixture);
        expect_pending(pendio_accept(contexts[i], listener, 0));
    }
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, listener, PENDIO_GRACEFUL), 0);
    fixture_wait(&fixture, 3);
    for (int i = 0; i < 3; i++)
        expect_completion(fixture_next(&fixture), -ECANCELED, 0, PENDIO_BY_CLOSE);
    for (int i = 0; i < 10 && fixture_stats(&fixture).handles_open != 0; i++)
        fixture_turn(&fixture, 1000000);
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(connections_collected_go_with_the_loop)
{
    struct pendio_context *context;
    int clients[3];

    begin(FIXTURE_TCP4);
    context = fixture_get(&fixture);
    accept_first(context, &clients[0]);
    for (int i = 1; i < 3; i++)
        clients[i] = dial();
    collect(2);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    fixture_fini(&fixture); /* counts descriptors */
}
END_TEST

START_TEST(a_listener_with_a_connection_collected_cannot_be_detached)
{
    struct pendio_context *context;
    int clients[2];
    int descriptor = -1;

    begin(FIXTURE_TCP4);
    context = fixture_get(&fixture);
    accept_first(context, &clients[0]);
    clients[1] = dial();
    collect(1);
    if (collects()) {
        ck_assert_int_eq(pendio_handle_detach(fixture.loop, listener, &descriptor), -EBUSY);
        ck_assert_int_eq(descriptor, -1);
        expect_done(pendio_accept(context, listener, 0));
    }
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, listener, &descriptor), 0);
    fixture_quiet(&fixture);
    close(clients[1]);
    clients[1] = dial(); /* nobody takes it but its owner */
    fixture_quiet(&fixture);
    if (!collects()) /* the first one is still there */
        close(accept(descriptor, NULL, NULL));
    close(accept(descriptor, NULL, NULL));
    close(descriptor);
    close(clients[0]);
    close(clients[1]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(without_a_descriptor_left_the_first_waiting_accept_gets_the_error)
{
    struct pendio_context *context;
    struct rlimit before;
    struct rlimit none;
    uint64_t armed_count;
    int client;

    begin(FIXTURE_TCP4);
    context = fixture_get(&fixture);
    client = dial();
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)client + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    expect_pending(pendio_accept(context, listener, 0));
    expect_next(&fixture, context, -EMFILE, 0, 0);
    armed_count = fixture_stats(&fixture).multishot_armed;
    fixture_quiet(&fixture);
    ck_assert_uint_eq(fixture_stats(&fixture).multishot_armed, armed_count);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect_pending(pendio_accept(context, listener, 0));
    expect_next(&fixture, context, 0, 0, 0);
    check_pair(client, value_of(context));
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(a_listener_that_does_not_block_accepts_all_the_same)
{
    struct pendio_context *context;
    pendio_handle old;
    int descriptor;
    int client;

    begin(FIXTURE_TCP4);
    old = listener;
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, old, &descriptor), 0);
    ck_assert_int_eq(fcntl(descriptor, F_SETFL, O_NONBLOCK), 0);
    listener = fixture_adopt(&fixture, descriptor);
    context = fixture_get(&fixture);
    for (int i = 0; i < 3; i++) {
        check_pair(client, accept_first(context, &client));
        close(client);
    }
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {a_closed_listener_closes_what_it_collected_and_takes_no_more, 2},
        {accepts_waiting_on_a_closing_listener_end_by_it, 0},
        {connections_collected_go_with_the_loop, 0},
        {a_listener_with_a_connection_collected_cannot_be_detached, 0},
        {without_a_descriptor_left_the_first_waiting_accept_gets_the_error, 0},
        {a_listener_that_does_not_block_accepts_all_the_same, 0},
    };
    return fixture_run("contract: listener", cases, sizeof cases / sizeof cases[0]);
}
