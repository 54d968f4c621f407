/*
 * arguments_test.c - behaviours 44 to 61: what is checked before anything starts.
 *
 * - .NET's argument errors are refusals, -EINVAL (contract 2).
 * - What the system finds wrong is a result, not a refusal (contract 2), so a socket in the wrong
 *   state answers done or pending with the error of the call it stands for.
 */
#include "behaviour.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pendio_handle plain_socket(int family, int type)
{
    pendio_handle handle = 0;

    expect_ok(pendio_handle_socket(fixture.loop, family, type, 0, &handle));
    return handle;
}

/* What connect(2) says of an address on a socket of this family. */
static int system_connect(int family, const struct pendio_endpoint *address)
{
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status =
        connect(descriptor, (const struct sockaddr *)address->address, address->byte_count);
    int error = status < 0 ? -errno : 0;

    close(descriptor);
    return error;
}

/* The context is free and as good as new: a send with it is done. */
static void expect_usable(struct pendio_context *context)
{
    struct fixture_pair pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);

    ck_assert_uint_eq(pendio_context_run(context), 0);
    expect_ok(pendio_context_set_policy(context, PENDIO_TRY));
    behaviour_show(context, "a", 1);
    expect_done_with(context, pendio_send(context, pair.near), 0, 1, 0);
    close(pair.far);
}

START_TEST(b044_accept_without_a_context_is_refused)
{
    struct pendio_endpoint address;
    pendio_handle listener;

    behaviour_begin();
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    ck_assert_int_eq(pendio_accept(NULL, listener, 0), -EINVAL);
    ck_assert_int_eq(pendio_accept(NULL, 0, 0), -EINVAL);
    ck_assert_uint_eq(fixture_stats(&fixture).started, 0);
    expect_usable(behaviour_get(PENDIO_AUTO));
    behaviour_end();
}
END_TEST

static const struct pendio_bytes no_part_in_it[] = {{(void *)(uintptr_t) "never", 5},
                                                    {(void *)(uintptr_t) "sent", 4}};

/*
 * .NET refuses a list. Contract 7: an accept brings no data, so what memory a context has, of
 * whatever form, has no part in it (as with 83).
 */
START_TEST(b045_accept_leaves_a_vector_alone)
{
    struct pendio_context *context;
    struct pendio_context *connect;
    const struct pendio_completion *accepted;
    struct pendio_endpoint address;
    pendio_handle listener;
    pendio_handle client;

    behaviour_begin();
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    client = behaviour_socket(&address, SOCK_STREAM);
    context = behaviour_get(PENDIO_AUTO);
    connect = behaviour_get(PENDIO_AUTO);
    expect_ok(pendio_context_set_pieces(context, no_part_in_it, 2)); /* a write would crash */
    expect_pends(context, pendio_accept(context, listener, 0));
    behaviour_aim(connect, &address);
    expect_either(connect, pendio_connect(connect, client), 0, 0, 0);
    accepted = behaviour_delivery_of(context);
    expect_completion(accepted, 0, 0, 0);
    ck_assert_uint_eq(accepted->memory, 0);
    behaviour_send_now(client, "hello", 5);
    behaviour_await_data(accepted->value);
    behaviour_receive_now(accepted->value, "hello", 5);
    behaviour_end();
}
END_TEST

/* .NET refuses a list. Contract 7: only a connect asked for first data sends any. */
START_TEST(b049_connect_sends_nothing_of_a_vector_unasked)
{
    struct pendio_context *context;
    struct pendio_endpoint address;
    pendio_handle listener;
    pendio_handle client;

    behaviour_begin();
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    client = behaviour_socket(&address, SOCK_STREAM);
    context = behaviour_get(PENDIO_AUTO);
    expect_ok(pendio_context_set_pieces(context, no_part_in_it, 2));
    behaviour_aim(context, &address);
    expect_either(context, pendio_connect(context, client), 0, 0, 0);
    behaviour_send_now(client, "first", 5);
    expect_either(context, pendio_accept(context, listener, 0), 0, 0, 0);
    behaviour_await_data(behaviour_result(context).value);
    behaviour_receive_now(behaviour_result(context).value, "first", 5);
    behaviour_end();
}
END_TEST

/* Both of a socket that does not listen; 47 goes on with the same context. */
static void accept_on_deaf(pendio_handle deaf)
{
    const uint32_t policies[] = {PENDIO_AUTO, PENDIO_TRY};
    struct pendio_context *context = behaviour_get(PENDIO_QUEUE);
    struct pendio_completion result;

    expect_pends(context, pendio_accept(context, deaf, 0));
    expect_ends(context, -EINVAL, 0, 0);
    for (int i = 0; i < 2; i++) {
        expect_ok(pendio_context_set_policy(context, policies[i]));
        expect_either(context, pendio_accept(context, deaf, 0), -EINVAL, 0, 0);
        expect_ok(pendio_context_result(context, &result));
        ck_assert_uint_eq(result.value, 0);
    }
    expect_usable(context);
}

START_TEST(b046_accept_on_an_unbound_socket_ends_as_the_system_says)
{
    behaviour_begin();
    accept_on_deaf(plain_socket(_i == 0 ? AF_INET : AF_INET6, SOCK_STREAM));
    behaviour_end();
}
END_TEST

START_TEST(b047_accept_on_a_socket_that_does_not_listen_leaves_the_context_free)
{
    const struct pendio_endpoint any = behaviour_loopback(FIXTURE_TCP4, 0);
    pendio_handle deaf;

    behaviour_begin();
    deaf = behaviour_socket(&any, SOCK_STREAM);
    expect_ok(pendio_handle_bind(fixture.loop, deaf, any.address, any.byte_count));
    accept_on_deaf(deaf);
    behaviour_end();
}
END_TEST

START_TEST(b048_connect_without_a_context_is_refused)
{
    behaviour_begin();
    ck_assert_int_eq(pendio_connect(NULL, plain_socket(AF_INET, SOCK_STREAM)), -EINVAL);
    ck_assert_uint_eq(fixture_stats(&fixture).started, 0);
    expect_usable(behaviour_get(PENDIO_AUTO));
    behaviour_end();
}
END_TEST

START_TEST(b050_connect_without_an_endpoint_is_refused)
{
    struct pendio_context *context;
    struct pendio_endpoint address;
    pendio_handle client;

    behaviour_begin();
    (void)fixture_listener(&fixture, FIXTURE_TCP4, &address);
    client = behaviour_socket(&address, SOCK_STREAM);
    context = behaviour_get(PENDIO_AUTO);
    expect_refused(context, pendio_connect(context, client), -EINVAL);
    behaviour_aim(context, &address);
    expect_ok(pendio_context_set_endpoint(context, NULL, 0));
    expect_refused(context, pendio_connect(context, client), -EINVAL);
    ck_assert_uint_eq(fixture_stats(&fixture).refused_invalid, 2);
    behaviour_aim(context, &address);
    expect_either(context, pendio_connect(context, client), 0, 0, 0);
    behaviour_send_now(client, "a", 1);
    behaviour_end();
}
END_TEST

START_TEST(b051_connect_of_a_listening_socket_ends_as_the_system_says)
{
    struct pendio_context *context;
    struct pendio_context *accept;
    struct pendio_endpoint addresses[2];
    pendio_handle listener;
    pendio_handle client;

    behaviour_begin();
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &addresses[0]);
    (void)fixture_listener(&fixture, (enum fixture_family)_i, &addresses[1]);
    context = behaviour_get(PENDIO_AUTO);
    behaviour_aim(context, &addresses[1]);
    expect_either(context, pendio_connect(context, listener), -EISCONN, 0, 0);
    client = behaviour_socket(&addresses[0], SOCK_STREAM); /* it still listens */
    accept = behaviour_get(PENDIO_AUTO);
    expect_pends(accept, pendio_accept(accept, listener, 0));
    behaviour_aim(context, &addresses[0]);
    expect_either(context, pendio_connect(context, client), 0, 0, 0);
    expect_ends(accept, 0, 0, 0);
    behaviour_send_now(client, "a", 1);
    behaviour_end();
}
END_TEST

/* A cancel is of a run; 0 is none, and neither is one that is over. */
START_TEST(b054_cancel_of_no_run_is_not_under_way)
{
    struct pendio_context *context;
    struct pendio_completion result;

    behaviour_begin();
    context = behaviour_get(PENDIO_AUTO);
    ck_assert_int_eq(pendio_cancel(fixture.loop, 0), -ENOENT);
    ck_assert_int_eq(pendio_cancel(NULL, 0), -EINVAL);
    expect_either(context, pendio_nop(context, fixture.loop), 0, 0, 0);
    expect_ok(pendio_context_result(context, &result));
    ck_assert_int_eq(pendio_cancel(fixture.loop, result.run), -ENOENT);
    expect_usable(context);
    behaviour_end();
}
END_TEST

START_TEST(b055_receive_and_send_without_a_context_are_refused)
{
    struct fixture_pair pair;

    behaviour_begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    ck_assert_int_eq(pendio_receive(NULL, pair.near), -EINVAL);
    ck_assert_int_eq(pendio_send(NULL, pair.near), -EINVAL);
    ck_assert_uint_eq(fixture_stats(&fixture).started, 0);
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    behaviour_end();
}
END_TEST

/*
 * .NET wants an endpoint of the right family before it receives. Contract 2: the request half is
 * never modified, so the sender is a result of its own and the endpoint has no part in it.
 */
START_TEST(b056_receive_from_needs_a_context_and_no_endpoint)
{
    const struct pendio_endpoint other =
        behaviour_loopback(_i == 0 ? FIXTURE_TCP6 : FIXTURE_TCP4, 1);
    struct pendio_context *context;
    struct pendio_endpoint sender;
    struct pendio_endpoint peer;
    struct fixture_pair pair;
    char memory[8];

    behaviour_begin();
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    peer = behaviour_peer(pair.near);
    ck_assert_int_eq(pendio_receive_from(NULL, pair.near), -EINVAL);
    context = behaviour_over(PENDIO_TRY, memory, sizeof memory);
    for (int round = 0; round < 2; round++) {
        fixture_put(pair.far, "abc", 3);
        expect_done_with(context, pendio_receive_from(context, pair.near), 0, 3, 0);
        expect_ok(pendio_context_sender(context, &sender));
        ck_assert_mem_eq(&sender, &peer, sizeof sender);
        behaviour_aim(context, &other);
    }
    close(pair.far);
    behaviour_end();
}
END_TEST

/* Contract 2: not to be connected is the system's error, a result. */
START_TEST(b058_send_packets_needs_a_context_packets_and_a_connection)
{
    struct pendio_packet packet = {.memory = (void *)(uintptr_t) "abc", .byte_count = 3};
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_handle alone;
    char seen[3];

    behaviour_begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    ck_assert_int_eq(pendio_send_packets(NULL, pair.near, &packet, 1, 0), -EINVAL);
    context = behaviour_get(PENDIO_AUTO);
    expect_refused(context, pendio_send_packets(context, pair.near, NULL, 1, 0), -EINVAL);
    alone = plain_socket(AF_INET, SOCK_STREAM);
    expect_either(context, pendio_send_packets(context, alone, &packet, 1, 0), -ENOTCONN, 0, 0);
    expect_done_with(context, pendio_send_packets(context, pair.near, NULL, 0, 0), 0, 0, 0);
    expect_either(context, pendio_send_packets(context, pair.near, &packet, 1, 0), 0, 3, 0);
    fixture_take(pair.far, seen, sizeof seen);
    ck_assert_mem_eq(seen, "abc", 3);
    close(pair.far);
    behaviour_end();
}
END_TEST

START_TEST(b059_send_to_needs_a_context_and_an_endpoint)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    struct pendio_endpoint to;
    char seen[4];

    behaviour_begin();
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    ck_assert_int_eq(pendio_send_to(NULL, pair.near), -EINVAL);
    context = behaviour_get(PENDIO_TRY);
    behaviour_show(context, "abc", 3);
    expect_refused(context, pendio_send_to(context, pair.near), -EINVAL);
    to = behaviour_peer(pair.near);
    behaviour_aim(context, &to);
    expect_done_with(context, pendio_send_to(context, pair.near), 0, 3, 0);
    ck_assert_int_eq(recv(pair.far, seen, sizeof seen, 0), 3);
    ck_assert_mem_eq(seen, "abc", 3);
    close(pair.far);
    behaviour_end();
}
END_TEST

/*
 * .NET replaces sockets, and cannot where their descriptor is known. Contract 5: only a connect
 * that was ended early leaves its handle unusable; one the system refused may be tried again.
 */
START_TEST(b061_connect_that_failed_may_be_tried_again)
{
    struct sockaddr_in everybody = {
        .sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_BROADCAST)};
    const int on = 1;
    struct pendio_endpoint broadcast = {.byte_count = sizeof everybody};
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle client;

    behaviour_begin();
    memcpy(broadcast.address, &everybody, sizeof everybody);
    (void)fixture_listener(&fixture, FIXTURE_TCP4, &address);
    client = behaviour_socket(&address, SOCK_STREAM);
    if (_i == 1)
        expect_ok(pendio_handle_set_option(fixture.loop, client, SOL_SOCKET, SO_KEEPALIVE, &on,
                                           sizeof on));
    context = behaviour_get(PENDIO_AUTO);
    behaviour_aim(context, &broadcast);
    ck_assert_int_lt(system_connect(AF_INET, &broadcast), 0);
    expect_either(context, pendio_connect(context, client), system_connect(AF_INET, &broadcast), 0,
                  0);
    behaviour_aim(context, &address);
    expect_either(context, pendio_connect(context, client), 0, 0, 0);
    behaviour_send_now(client, "a", 1);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b044_accept_without_a_context_is_refused, 0},
        {b045_accept_leaves_a_vector_alone, 0},
        {b046_accept_on_an_unbound_socket_ends_as_the_system_says, 2},
        {b047_accept_on_a_socket_that_does_not_listen_leaves_the_context_free, 0},
        {b048_connect_without_a_context_is_refused, 0},
        {b049_connect_sends_nothing_of_a_vector_unasked, 0},
        {b050_connect_without_an_endpoint_is_refused, 0},
        {b051_connect_of_a_listening_socket_ends_as_the_system_says, FIXTURE_TCP6 + 1},
        {b054_cancel_of_no_run_is_not_under_way, 0},
        {b055_receive_and_send_without_a_context_are_refused, 0},
        {b056_receive_from_needs_a_context_and_no_endpoint, 2},
        {b058_send_packets_needs_a_context_packets_and_a_connection, 0},
        {b059_send_to_needs_a_context_and_an_endpoint, 2},
        {b061_connect_that_failed_may_be_tried_again, 2},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
