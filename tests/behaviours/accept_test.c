/*
 * accept_test.c - behaviours 71 to 85: connections come to those who accept, each to one.
 *
 * - Where .NET throws for a socket that is not bound or does not listen, the system's error is the
 *   result of the operation (contract 2, errors of the operating system are results).
 */
#include "behaviour.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pendio_handle listener;
static struct pendio_endpoint address;

static void begin(enum fixture_family family)
{
    behaviour_begin();
    listener = fixture_listener(&fixture, family, &address);
}

static int knock(void)
{
    sa_family_t family;
    int client;

    memcpy(&family, address.address, sizeof family);
    client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)address.address, address.byte_count),
                     0);
    return client;
}

/* The two ends of one connection name each other. */
static void expect_crosswise(pendio_handle client, pendio_handle server)
{
    const struct pendio_endpoint names[] = {behaviour_local(client), behaviour_peer(server),
                                            behaviour_peer(client), behaviour_local(server)};

    ck_assert_mem_eq(&names[0], &names[1], sizeof names[0]);
    ck_assert_mem_eq(&names[2], &names[3], sizeof names[0]);
    ck_assert_mem_eq(names[2].address, address.address, address.byte_count);
}

START_TEST(b071_accept_pends_until_a_client_comes)
{
    struct pendio_context *accept;
    struct pendio_context *connect;
    const struct pendio_completion *accepted;
    pendio_handle client;
    int answer;

    begin((enum fixture_family)_i);
    client = behaviour_socket(&address, SOCK_STREAM);
    accept = behaviour_get(PENDIO_AUTO);
    connect = behaviour_get(PENDIO_AUTO);
    behaviour_aim(connect, &address);
    expect_pends(accept, pendio_accept(accept, listener, 0));
    fixture_quiet(&fixture);
    answer = behaviour_note(connect, pendio_connect(connect, client));
    accepted = behaviour_delivery_of(accept);
    expect_completion(accepted, 0, 0, 0);
    expect_end_of(connect, answer, 0, 0, 0);
    expect_crosswise(client, accepted->value);
    behaviour_send_now(client, "hello", 5);
    behaviour_await_data(accepted->value);
    behaviour_receive_now(accepted->value, "hello", 5);
    behaviour_end();
}
END_TEST

/* Both kinds of 72: as many accepts as clients, all posted before the first comes. */
static void accept_all(int count)
{
    struct pendio_context *accepts[5];
    pendio_handle servers[5];
    int clients[5];
    char byte;

    for (int i = 0; i < count; i++) {
        accepts[i] = behaviour_get(PENDIO_AUTO);
        expect_pends(accepts[i], pendio_accept(accepts[i], listener, 0));
    }
    for (char i = 0; i < count; i++) {
        clients[(int)i] = knock();
        fixture_put(clients[(int)i], &i, 1);
    }
    for (int i = 0; i < count; i++) {
        const struct pendio_completion *accepted = behaviour_delivery_of(accepts[i]);

        expect_completion(accepted, 0, 0, 0);
        servers[i] = accepted->value;
        for (int before = 0; before < i; before++)
            ck_assert_uint_ne(servers[before], servers[i]);
        byte = (char)i; /* the first who waits gets the first who comes */
        behaviour_await_data(servers[i]);
        behaviour_receive_now(servers[i], &byte, 1);
        close(clients[i]);
    }
}

START_TEST(b072_each_posted_accept_gets_a_connection_of_its_own)
{
    begin(_i % 2 == 0 ? FIXTURE_TCP4 : FIXTURE_TCP6);
    accept_all(_i < 2 ? 2 : 5);
    behaviour_end();
}
END_TEST

START_TEST(b079_close_of_a_listener_ends_its_accepts)
{
    struct pendio_context *contexts[3];

    begin(FIXTURE_TCP4);
    for (int i = 0; i < 3; i++)
        contexts[i] = behaviour_get(PENDIO_AUTO);
    for (int round = 0; round < 100; round++) {
        expect_pends(contexts[0], pendio_accept(contexts[0], listener, 0));
        expect_pends(contexts[1], pendio_accept(contexts[1], listener, 0));
        if (round % 2 == 0)
            fixture_quiet(&fixture);
        expect_pends(contexts[2], pendio_close(contexts[2], listener,
                                               round % 4 < 2 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
        fixture_wait(&fixture, 3);
        ck_assert_ptr_eq(fixture.seen[fixture.seen_count - 1].context, contexts[2]);
        expect_ends(contexts[0], -ECANCELED, 0, PENDIO_BY_CLOSE);
        expect_ends(contexts[1], -ECANCELED, 0, PENDIO_BY_CLOSE);
        expect_ends(contexts[2], 0, 0, 0);
        expect_refused(contexts[0], pendio_accept(contexts[0], listener, 0), -EBADF);
        listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    }
    close(knock());
    expect_ok(pendio_context_set_policy(contexts[0], PENDIO_TRY));
    expect_done_with(contexts[0], pendio_accept(contexts[0], listener, 0), 0, 0, 0);
    behaviour_end();
}
END_TEST

/*
 * .NET refuses a data buffer on Unix. Contract 7: an accept has no first data, so memory of the
 * context has no meaning for it (6: bytes outside the transferred range are untouched).
 */
START_TEST(b083_accept_leaves_the_memory_of_its_context_alone)
{
    unsigned char memory[64];
    struct pendio_context *context;
    struct pendio_completion result;
    int client;

    begin(FIXTURE_TCP4);
    fixture_fill(memory, sizeof memory, 83);
    context = behaviour_over(PENDIO_TRY, memory, sizeof memory);
    client = knock();
    fixture_put(client, "data", 4);
    expect_done_with(context, pendio_accept(context, listener, 0), 0, 0, 0);
    expect_ok(pendio_context_result(context, &result));
    ck_assert_uint_eq(result.memory, 0);
    ck_assert(fixture_is_filled(memory, sizeof memory, 83));
    behaviour_await_data(result.value);
    behaviour_receive_now(result.value, "data", 4);
    close(client);
    behaviour_end();
}
END_TEST

START_TEST(b084_accepted_descriptor_is_blocking_and_receives_so)
{
    struct pendio_context *context;
    const struct pendio_completion *accepted;
    int descriptor = -1;
    char seen[4];
    int client;

    begin((enum fixture_family)_i);
    context = behaviour_get(PENDIO_AUTO);
    expect_pends(context, pendio_accept(context, listener, 0));
    client = knock();
    accepted = behaviour_delivery_of(context);
    expect_completion(accepted, 0, 0, 0);
    behaviour_send_now(accepted->value, "first", 5);
    expect_ok(pendio_handle_detach(fixture.loop, accepted->value, &descriptor));
    ck_assert_int_eq(fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0);
    fixture_put(client, "data", 4);
    ck_assert_int_eq(recv(descriptor, seen, sizeof seen, 0), 4);
    ck_assert_mem_eq(seen, "data", 4);
    close(descriptor);
    close(client);
    behaviour_end();
}
END_TEST

START_TEST(b085_concurrent_accepts_leave_the_listener_whole)
{
    struct pendio_context *context;
    struct pendio_completion result;
    int client;

    begin(FIXTURE_TCP4);
    accept_all(2);
    client = knock();
    context = behaviour_get(PENDIO_TRY);
    expect_done_with(context, pendio_accept(context, listener, 0), 0, 0, 0);
    expect_ok(pendio_context_result(context, &result));
    behaviour_talk(result.value, client);
    close(client);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b071_accept_pends_until_a_client_comes, FIXTURE_TCP6 + 1},
        {b072_each_posted_accept_gets_a_connection_of_its_own, 4},
        {b079_close_of_a_listener_ends_its_accepts, 0},
        {b083_accept_leaves_the_memory_of_its_context_alone, 0},
        {b084_accepted_descriptor_is_blocking_and_receives_so, FIXTURE_STREAM_COUNT},
        {b085_concurrent_accepts_leave_the_listener_whole, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
