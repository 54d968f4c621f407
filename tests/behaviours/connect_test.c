/*
 * connect_test.c - behaviours 87 to 119 that connect to addresses.
 *
 * - What .NET checks before it starts is the system's to answer here: a result, done or pending
 *   (contract 2, errors of the operating system are results).
 */
#include "behaviour.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct pendio_endpoint address;
static struct pendio_context *context;

static void begin(void)
{
    behaviour_begin();
    context = behaviour_get(PENDIO_AUTO);
}

static void connect_ok(pendio_handle handle, const struct pendio_endpoint *to)
{
    behaviour_aim(context, to);
    expect_either(context, pendio_connect(context, handle), 0, 0, 0);
}

static void connect_fails(pendio_handle handle, const struct pendio_endpoint *to, int32_t error)
{
    behaviour_aim(context, to);
    expect_either(context, pendio_connect(context, handle), error, 0, 0);
}

static pendio_handle accept_now(pendio_handle listener)
{
    struct pendio_context *accept = behaviour_get(PENDIO_TRY);
    struct pendio_completion result;

    expect_done_with(accept, pendio_accept(accept, listener, 0), 0, 0, 0);
    expect_ok(pendio_context_result(accept, &result));
    expect_ok(pendio_pool_put(accept));
    return result.value;
}

static void expect_connected(pendio_handle client, pendio_handle server)
{
    const struct pendio_endpoint names[] = {behaviour_local(client), behaviour_peer(server),
                                            behaviour_peer(client), behaviour_local(server)};

    ck_assert_mem_eq(&names[0], &names[1], sizeof names[0]);
    ck_assert_mem_eq(&names[2], &names[3], sizeof names[0]);
    behaviour_send_now(client, "hello", 5);
    behaviour_await_data(server);
    behaviour_receive_now(server, "hello", 5);
}

START_TEST(b087_tcp_connects)
{
    pendio_handle listener;
    pendio_handle client;

    begin();
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    client = behaviour_socket(&address, SOCK_STREAM);
    connect_ok(client, &address);
    expect_connected(client, accept_now(listener));
    behaviour_end();
}
END_TEST

START_TEST(b088_udp_connects)
{
    enum fixture_family family = _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6;
    const struct pendio_endpoint any = behaviour_loopback(family, 0);
    struct pendio_endpoint peer;
    pendio_handle server;
    pendio_handle client;

    begin();
    server = behaviour_socket(&any, SOCK_DGRAM);
    client = behaviour_socket(&any, SOCK_DGRAM);
    expect_ok(pendio_handle_bind(fixture.loop, server, any.address, any.byte_count));
    address = behaviour_local(server);
    connect_ok(client, &address);
    peer = behaviour_peer(client);
    ck_assert_mem_eq(&peer, &address, sizeof peer);
    behaviour_send_now(client, "hello", 5);
    behaviour_receive_now(server, "hello", 5);
    behaviour_end();
}
END_TEST

START_TEST(b091_connect_of_a_connected_socket_is_an_error)
{
    struct fixture_pair pair;

    begin();
    (void)fixture_listener(&fixture, (enum fixture_family)_i, &address);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    connect_fails(pair.near, &address, -EISCONN);
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    behaviour_end();
}
END_TEST

/* The address of a listener of the loopback, as a v6 socket may write it. */
static struct pendio_endpoint mapped(const struct pendio_endpoint *v4)
{
    struct sockaddr_in from;
    struct sockaddr_in6 to = {.sin6_family = AF_INET6};
    struct pendio_endpoint endpoint = {.byte_count = sizeof to};

    memcpy(&from, v4->address, sizeof from);
    to.sin6_port = from.sin_port;
    to.sin6_addr.s6_addr[10] = to.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&to.sin6_addr.s6_addr[12], &from.sin_addr, 4);
    memcpy(endpoint.address, &to, sizeof to);
    return endpoint;
}

static pendio_handle v6_socket(int only)
{
    pendio_handle handle = 0;

    expect_ok(pendio_handle_socket(fixture.loop, AF_INET6, SOCK_STREAM, 0, &handle));
    expect_ok(pendio_handle_set_option(fixture.loop, handle, IPPROTO_IPV6, IPV6_V6ONLY, &only,
                                       sizeof only));
    return handle;
}

static uint16_t port_of(const struct pendio_endpoint *v4)
{
    struct sockaddr_in bound;

    memcpy(&bound, v4->address, sizeof bound);
    return ntohs(bound.sin_port);
}

/* A connect that waits for an answer that never comes: 1: mapped into v6, 2: by name. */
static pendio_handle start_into_the_dark(int way, int ret_ends[2])
{
    pendio_handle client;

    fixture_black_hole(&address, ret_ends);
    client = way == 1 ? v6_socket(0) : behaviour_socket(&address, SOCK_STREAM);
    if (way == 2) {
        expect_pends(context, pendio_connect_name(context, client, "127.0.0.1", port_of(&address)));
        return client;
    }
    if (way == 1)
        address = mapped(&address);
    behaviour_aim(context, &address);
    expect_pends(context, pendio_connect(context, client));
    return client;
}

/* The context has come out of it as good as new. */
static void end_in_the_dark(const int ends[2])
{
    struct fixture_pair pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);

    expect_ok(pendio_context_set_policy(context, PENDIO_TRY));
    behaviour_show(context, "a", 1);
    expect_done_with(context, pendio_send(context, pair.near), 0, 1, 0);
    close(pair.far);
    close(ends[0]);
    close(ends[1]);
    behaviour_end();
}

START_TEST(b093_close_ends_a_pending_connect)
{
    struct pendio_context *closer;
    pendio_handle client;
    int ends[2];

    begin();
    client = start_into_the_dark(_i / 2, ends);
    fixture_quiet(&fixture);
    closer = behaviour_get(PENDIO_AUTO);
    expect_pends(closer,
                 pendio_close(closer, client, _i % 2 == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_ends(closer, 0, 0, 0);
    expect_refused(context, pendio_connect(context, client), -EBADF);
    end_in_the_dark(ends);
}
END_TEST

/* A port nobody listens at: the refusal may be faster than the cancel. */
START_TEST(b094_cancelled_connect_connects_nothing)
{
    const struct pendio_endpoint any = behaviour_loopback(FIXTURE_TCP4, 0);
    const struct pendio_completion *end;
    struct pendio_endpoint peer;
    pendio_handle bound;
    pendio_handle client;
    int status;
    int answer;

    begin();
    bound = behaviour_socket(&any, SOCK_STREAM);
    expect_ok(pendio_handle_bind(fixture.loop, bound, any.address, any.byte_count));
    address = behaviour_local(bound);
    client = behaviour_socket(&address, SOCK_STREAM);
    behaviour_aim(context, &address);
    answer = behaviour_note(context, pendio_connect(context, client));
    if (_i == 1)
        expect_ok(pendio_loop_flush(fixture.loop));
    status = pendio_cancel(fixture.loop, pendio_context_run(context));
    ck_assert(status == 0 || status == -ENOENT);
    end = behaviour_outcome(context, answer);
    ck_assert_uint_eq(end->bytes, 0);
    if (end->error != -ECONNREFUSED)
        expect_completion(end, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(pendio_handle_peer(fixture.loop, client, &peer), -ENOTCONN);
    behaviour_end();
}
END_TEST

START_TEST(b094_cancel_ends_a_connect_nobody_answers)
{
    pendio_handle client;
    int ends[2];

    begin();
    client = start_into_the_dark(0, ends);
    fixture_quiet(&fixture);
    expect_ok(pendio_cancel(fixture.loop, pendio_context_run(context)));
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_done_with(context, pendio_connect(context, client), -ECONNABORTED, 0, 0);
    ck_assert_int_eq(pendio_handle_peer(fixture.loop, client, &address), -ENOTCONN);
    end_in_the_dark(ends);
}
END_TEST

/* What connect(2) says of an address on a socket of v6 alone. */
static int32_t system_says(const struct pendio_endpoint *to)
{
    const int on = 1;
    int descriptor = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status;
    int error;

    ck_assert_int_eq(setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), 0);
    status = connect(descriptor, (const struct sockaddr *)to->address, to->byte_count);
    error = status < 0 ? -errno : 0;
    close(descriptor);
    ck_assert_int_lt(error, 0);
    return error;
}

START_TEST(b113_v6_alone_reaches_no_v4_address)
{
    pendio_handle client;

    begin();
    (void)fixture_listener(&fixture, FIXTURE_TCP4, &address);
    if (_i == 1)
        address = mapped(&address);
    client = v6_socket(1);
    connect_fails(client, &address, system_says(&address));
    (void)fixture_listener(&fixture, FIXTURE_TCP6, &address);
    connect_ok(client, &address);
    behaviour_send_now(client, "a", 1);
    behaviour_end();
}
END_TEST

/* A listener of v6 and v4, at a port of its own; ret_addresses: as v4 mapped and as v6. */
static pendio_handle dual_listener(struct pendio_endpoint ret_addresses[2])
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    pendio_handle listener = v6_socket(0);
    struct sockaddr_in6 bound;
    struct pendio_endpoint v4;

    expect_ok(pendio_handle_bind(fixture.loop, listener, &any, sizeof any));
    expect_ok(pendio_handle_listen(fixture.loop, listener, 16));
    address = behaviour_local(listener);
    memcpy(&bound, address.address, sizeof bound);
    v4 = behaviour_loopback(FIXTURE_TCP4, ntohs(bound.sin6_port));
    ret_addresses[0] = mapped(&v4);
    ret_addresses[1] = behaviour_loopback(FIXTURE_TCP6, ntohs(bound.sin6_port));
    return listener;
}

START_TEST(b114_dual_stack_socket_connects_to_either_family)
{
    struct pendio_endpoint addresses[2];
    pendio_handle listener;
    pendio_handle client;

    begin();
    if (_i < 2) { /* a server of one family */
        listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
        addresses[_i] = _i == 0 ? mapped(&address) : address;
    } else { /* a server of both */
        listener = dual_listener(addresses);
    }
    client = v6_socket(0);
    connect_ok(client, &addresses[_i % 2]);
    behaviour_send_now(client, "hello", 5);
    behaviour_await_data(listener = accept_now(listener));
    behaviour_receive_now(listener, "hello", 5);
    address = behaviour_peer(client);
    ck_assert_mem_eq(&address, &addresses[_i % 2], sizeof address);
    behaviour_end();
}
END_TEST

/* The port is taken in one family only, so the other answers that nobody is there. */
START_TEST(b114_dual_stack_socket_does_not_reach_the_other_family)
{
    struct sockaddr_in6 bound;
    struct pendio_endpoint other;
    pendio_handle server;
    pendio_handle client;

    begin();
    server = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    memcpy(&bound, address.address, sizeof bound); /* the port is at the same place in both */
    other = behaviour_loopback(_i == 0 ? FIXTURE_TCP6 : FIXTURE_TCP4, ntohs(bound.sin6_port));
    if (_i == 1)
        other = mapped(&other);
    client = v6_socket(0);
    connect_fails(client, &other, -ECONNREFUSED);
    other = _i == 0 ? mapped(&address) : address;
    client = v6_socket(0);
    connect_ok(client, &other);
    behaviour_send_now(client, "a", 1);
    (void)accept_now(server);
    behaviour_end();
}
END_TEST

/*
 * .NET's token may be cancelled beforehand. Contract 5: a cancel is of a run, so the earliest is
 * right after the start: what waits in line then has sent nothing.
 */
START_TEST(b119_connect_cancelled_at_once_sends_nothing)
{
    struct pendio_context *first;
    struct pendio_endpoint target;
    pendio_handle listener;
    pendio_handle client;
    int ends[2];

    begin();
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &target);
    client = start_into_the_dark(0, ends);
    first = context;
    context = behaviour_get(_i == 0 ? PENDIO_AUTO : PENDIO_TRY);
    behaviour_aim(context, &target);
    expect_pends(context, pendio_connect(context, client));
    expect_ok(pendio_cancel(fixture.loop, pendio_context_run(context)));
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), -ENOENT);
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_ok(pendio_cancel(fixture.loop, pendio_context_run(first)));
    expect_ends(first, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_pends(context, pendio_accept(context, listener, 0)); /* nobody has come */
    fixture_quiet(&fixture);
    expect_ok(pendio_cancel(fixture.loop, pendio_context_run(context)));
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    end_in_the_dark(ends);
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b087_tcp_connects, FIXTURE_TCP6 + 1},
        {b088_udp_connects, 2},
        {b091_connect_of_a_connected_socket_is_an_error, FIXTURE_TCP6 + 1},
        {b093_close_ends_a_pending_connect, 6},
        {b094_cancelled_connect_connects_nothing, 2},
        {b094_cancel_ends_a_connect_nobody_answers, 0},
        {b113_v6_alone_reaches_no_v4_address, 2},
        {b114_dual_stack_socket_connects_to_either_family, 4},
        {b114_dual_stack_socket_does_not_reach_the_other_family, 2},
        {b119_connect_cancelled_at_once_sends_nothing, 2},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
