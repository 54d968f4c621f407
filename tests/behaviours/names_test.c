/*
 * names_test.c - behaviours 52, 53 and those of 89 to 118 that connect by name.
 *
 * - With handle 0 the runtime makes the socket: .NET's static connect. Its product is the new
 *   handle; of a failure there is none.
 * - The name server is the test's own; localhost is what the machine makes of it.
 */
#include "behaviour.h"
#include "name_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of one address of v4, of v6, and of both. */
static const char *const names[] = {"one.test", "six.test", "both.test"};

static struct name_server server;
static pendio_handle listener;
static struct pendio_endpoint address;
static struct pendio_context *context;

static void begin_loop(void)
{
    struct pendio_loop_options options = {.size = sizeof options};

    name_server_start(&server);
    options.name_servers = server.list;
    behaviour_begin_with(&options, 64, 4096);
    context = behaviour_get(PENDIO_AUTO);
}

static void begin(enum fixture_family family)
{
    begin_loop();
    listener = fixture_listener(&fixture, family, &address);
}

static void end(void)
{
    behaviour_end();
    name_server_stop(&server);
}

static uint16_t port_of(const struct pendio_endpoint *endpoint)
{
    struct sockaddr_in bound; /* the port is at the same place in both families */

    memcpy(&bound, endpoint->address, sizeof bound);
    return ntohs(bound.sin_port);
}

static sa_family_t family_of(const struct pendio_endpoint *endpoint)
{
    sa_family_t family;

    memcpy(&family, endpoint->address, sizeof family);
    return family;
}

/* What came of a connect by name; the name server answers meanwhile. */
static const struct pendio_completion *connect_to(pendio_handle handle, const char *host)
{
    int answer =
        behaviour_note(context, pendio_connect_name(context, handle, host, port_of(&address)));
    int64_t patience = 20000;

    while (pendio_context_run(context) != 0) {
        ck_assert_int_ge(fixture_turn(&fixture, 1000000), 0);
        name_server_answer(&server);
        ck_assert_int_gt(patience--, 0);
    }
    return behaviour_outcome(context, answer);
}

/* The connection is there, and its other end is the listener's. */
static void expect_connected(pendio_handle client)
{
    struct pendio_context *accept = behaviour_get(PENDIO_AUTO);

    behaviour_send_now(client, "hello", 5);
    expect_either(accept, pendio_accept(accept, listener, 0), 0, 0, 0);
    behaviour_await_data(behaviour_result(accept).value);
    behaviour_receive_now(behaviour_result(accept).value, "hello", 5);
    expect_ok(pendio_pool_put(accept));
}

/* Of a handle of one's own (`handle` not 0) or of a new one. */
static pendio_handle expect_reaches(pendio_handle handle, const char *host)
{
    const struct pendio_completion *end = connect_to(handle, host);
    pendio_handle client = handle != 0 ? handle : end->value;

    expect_completion(end, 0, 0, 0);
    ck_assert_uint_ne(client, 0);
    expect_connected(client);
    return client;
}

static void expect_fails(pendio_handle handle, const char *host, int32_t error)
{
    const struct pendio_completion *end = connect_to(handle, host);

    expect_completion(end, error, 0, 0);
    ck_assert_uint_eq(end->value, 0);
}

static pendio_handle socket_of(int family, int v6_only)
{
    pendio_handle handle = 0;

    expect_ok(pendio_handle_socket(fixture.loop, family, SOCK_STREAM, 0, &handle));
    if (family == AF_INET6)
        expect_ok(pendio_handle_set_option(fixture.loop, handle, IPPROTO_IPV6, IPV6_V6ONLY,
                                           &v6_only, sizeof v6_only));
    return handle;
}

/* What .NET refuses is the system's and the resolver's to say (contract 2). */
START_TEST(b052_v4_socket_reaches_no_v6_address)
{
    pendio_handle client;

    begin(FIXTURE_TCP6);
    client = socket_of(AF_INET, 0);
    behaviour_aim(context, &address);
    expect_either(context, pendio_connect(context, client), -EAFNOSUPPORT, 0, 0);
    expect_fails(client, "six.test", -ENODATA);
    expect_fails(client, "::1", -ENODATA);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    expect_reaches(client, "127.0.0.1");
    end();
}
END_TEST

START_TEST(b053_connect_by_name_needs_context_and_name)
{
    const struct pendio_bytes piece = {(void *)(uintptr_t) "never sent", 10};
    pendio_handle client;

    begin(FIXTURE_TCP4);
    ck_assert_int_eq(pendio_connect_name(NULL, 0, "localhost", 1), -EINVAL);
    expect_refused(context, pendio_connect_name(context, 0, NULL, 1), -EINVAL);
    client = socket_of(AF_INET, 0);
    expect_refused(context, pendio_connect_name(context, client, NULL, 1), -EINVAL);
    expect_ok(pendio_context_set_pieces(context, &piece, 1)); /* has no part in it, as with 49 */
    expect_reaches(0, "127.0.0.1");
    end();
}
END_TEST

START_TEST(b089_name_is_reached_in_each_family)
{
    begin((enum fixture_family)_i);
    expect_reaches(socket_of(_i == 0 ? AF_INET : AF_INET6, 1), names[_i]);
    expect_reaches(0, _i == 0 ? "localhost" : "::1");
    end();
}
END_TEST

START_TEST(b090_dual_stack_socket_reaches_a_v4_server_by_name)
{
    struct sockaddr_in6 peer;
    struct pendio_endpoint ends[2];
    pendio_handle client;

    begin(FIXTURE_TCP4);
    client = expect_reaches(socket_of(AF_INET6, 0), "one.test");
    ends[0] = behaviour_local(client);
    ends[1] = behaviour_peer(client);
    for (int i = 0; i < 2; i++) {
        memcpy(&peer, ends[i].address, sizeof peer);
        ck_assert_int_eq(peer.sin6_family, AF_INET6);
        ck_assert(IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr));
    }
    end();
}
END_TEST

/* .NET's error object is the one error of the completion. */
START_TEST(b104_connect_by_name_ends_without_an_error)
{
    begin((enum fixture_family)_i);
    expect_reaches(socket_of(_i == 0 ? AF_INET : AF_INET6, 0), names[_i]);
    end();
}
END_TEST

START_TEST(b105_options_set_before_are_kept)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 7};
    const int on = 1;
    struct linger kept;
    pendio_handle client;
    int value = 0;

    begin(FIXTURE_TCP4);
    client = socket_of(AF_INET, 0);
    expect_ok(
        pendio_handle_set_option(fixture.loop, client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    expect_ok(pendio_handle_set_option(fixture.loop, client, SOL_SOCKET, SO_LINGER, &linger,
                                       sizeof linger));
    expect_reaches(client, "one.test");
    ck_assert_int_eq(pendio_handle_get_option(fixture.loop, client, IPPROTO_TCP, TCP_NODELAY,
                                              sizeof value, &value),
                     sizeof value);
    ck_assert_int_ne(value, 0);
    ck_assert_int_eq(
        pendio_handle_get_option(fixture.loop, client, SOL_SOCKET, SO_LINGER, sizeof kept, &kept),
        sizeof kept);
    ck_assert_mem_eq(&kept, &linger, sizeof kept);
    end();
}
END_TEST

START_TEST(b106_name_nobody_has_is_told)
{
    begin(FIXTURE_TCP4);
    expect_fails(socket_of(AF_INET, 0), "nobody.test", -ENOENT);
    expect_reaches(0, "127.0.0.1");
    end();
}
END_TEST

START_TEST(b108_one_context_reaches_servers_of_both_families)
{
    struct pendio_endpoint peer;

    begin(FIXTURE_TCP4);
    peer = behaviour_peer(expect_reaches(0, "one.test"));
    ck_assert_int_eq(family_of(&peer), AF_INET);
    listener = fixture_listener(&fixture, FIXTURE_TCP6, &address);
    peer = behaviour_peer(expect_reaches(0, "six.test"));
    ck_assert_int_eq(family_of(&peer), AF_INET6);
    end();
}
END_TEST

START_TEST(b109_mapped_literal_is_reached)
{
    begin(FIXTURE_TCP4);
    expect_reaches(0, "::ffff:127.0.0.1");
    end();
}
END_TEST

START_TEST(b110_name_nobody_has_brings_no_handle)
{
    uint64_t open_count;

    begin(FIXTURE_TCP4);
    open_count = fixture_stats(&fixture).handles_open;
    expect_fails(0, "nobody.test", -ENOENT);
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, open_count);
    expect_reaches(0, "127.0.0.1");
    end();
}
END_TEST

/* Either answer is right here; in both one thing tells of it (contract 2). */
START_TEST(b112_literal_of_the_other_family_has_no_address)
{
    begin(FIXTURE_TCP4);
    expect_fails(socket_of(AF_INET6, 1), "127.0.0.1", -ENODATA);
    expect_reaches(0, "127.0.0.1");
    end();
}
END_TEST

/* A server of v4, of v6, or of both, as a listener of v6 that is not alone. */
static void begin_server(int kind)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};

    if (kind < 2) {
        begin((enum fixture_family)kind);
        return;
    }
    begin_loop();
    listener = socket_of(AF_INET6, 0);
    expect_ok(pendio_handle_bind(fixture.loop, listener, &any, sizeof any));
    expect_ok(pendio_handle_listen(fixture.loop, listener, 16));
    address = behaviour_local(listener);
}

START_TEST(b115_dual_stack_connects_by_name_to_every_server)
{
    begin_server(_i);
    expect_reaches(socket_of(AF_INET6, 0), names[_i]);
    expect_reaches(0, names[_i]);
    expect_reaches(0, "both.test");
    end();
}
END_TEST

/* One of the two addresses answers, the other refuses. */
START_TEST(b118_race_ends_once_whoever_wins)
{
    begin((enum fixture_family)_i);
    expect_reaches(0, "both.test");
    expect_reaches(socket_of(AF_INET6, 0), "both.test");
    end();
}
END_TEST

START_TEST(b118_race_nobody_wins_ends_too)
{
    uint64_t open_count;

    begin(FIXTURE_TCP4);
    open_count = fixture_stats(&fixture).handles_open;
    behaviour_close(listener);
    fixture_quiet(&fixture);
    expect_fails(0, "both.test", -ECONNREFUSED);
    expect_fails(0, "none.test", -ECONNREFUSED);
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, open_count - 1);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    expect_reaches(0, "127.0.0.1");
    end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b052_v4_socket_reaches_no_v6_address, 0},
        {b053_connect_by_name_needs_context_and_name, 0},
        {b089_name_is_reached_in_each_family, FIXTURE_TCP6 + 1},
        {b090_dual_stack_socket_reaches_a_v4_server_by_name, 0},
        {b104_connect_by_name_ends_without_an_error, FIXTURE_TCP6 + 1},
        {b105_options_set_before_are_kept, 0},
        {b106_name_nobody_has_is_told, 0},
        {b108_one_context_reaches_servers_of_both_families, 0},
        {b109_mapped_literal_is_reached, 0},
        {b110_name_nobody_has_brings_no_handle, 0},
        {b112_literal_of_the_other_family_has_no_address, 0},
        {b115_dual_stack_connects_by_name_to_every_server, 3},
        {b118_race_ends_once_whoever_wins, FIXTURE_TCP6 + 1},
        {b118_race_nobody_wins_ends_too, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
