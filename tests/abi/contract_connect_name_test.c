/*
 * contract_connect_name_test.c - connections to hosts by name.
 *
 * - Literal addresses, the hosts file, a name server; all addresses of a name are tried.
 * - With handle 0 the runtime makes the socket; else handle, descriptor and options stay.
 * - What ends early ends the search and every attempt, once.
 */
#include "fixture.h"
#include "name_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct name_server server;

static void begin(void)
{
    struct pendio_loop_options options = {.size = sizeof options};

    name_server_start(&server);
    options.name_servers = server.list;
    fixture_init_with(&fixture, &options, 256, 64);
}

static void end(void)
{
    fixture_fini(&fixture);
    name_server_stop(&server);
}

static uint16_t port_of(const struct pendio_endpoint *address)
{
    struct sockaddr_in in;

    memcpy(&in, address->address, sizeof in); /* the port lies alike in both families */
    return ntohs(in.sin_port);
}

static uint16_t listen_at(enum fixture_family family, pendio_handle *ret_listener)
{
    struct pendio_endpoint address;

    *ret_listener = fixture_listener(&fixture, family, &address);
    return port_of(&address);
}

static pendio_handle new_socket(int domain, int only_v6)
{
    pendio_handle handle = 0;

    ck_assert_int_eq(pendio_handle_socket(fixture.loop, domain, SOCK_STREAM, 0, &handle), 0);
    if (domain == AF_INET6)
        ck_assert_int_eq(pendio_handle_set_option(fixture.loop, handle, IPPROTO_IPV6, IPV6_V6ONLY,
                                                  &only_v6, sizeof only_v6),
                         0);
    return handle;
}

static void expect_error(struct pendio_context *context, int error)
{
    const struct pendio_completion *completion = name_server_next(&server, &fixture);

    ck_assert_ptr_eq(completion->context, context);
    expect_completion(completion, error, 0, 0);
    ck_assert_uint_eq(completion->value, 0);
    ck_assert_uint_eq(completion->operation, PENDIO_OPERATION_CONNECT);
}

/* Of handle 0: connected, and bytes flow. */
static pendio_handle expect_connected(struct pendio_context *context, pendio_handle listener)
{
    const struct pendio_completion *completion = name_server_next(&server, &fixture);
    struct pendio_context *other = fixture_over(&fixture, (void *)(uintptr_t) "hello", 5);
    pendio_handle client = completion->handle != 0 ? completion->handle : completion->value;
    pendio_handle accepted;
    char bytes[5] = "";

    ck_assert_ptr_eq(completion->context, context);
    expect_completion(completion, 0, 0, 0);
    expect_pending(pendio_accept(other, listener, 0));
    expect_next(&fixture, other, 0, 0, 0);
    accepted = fixture.seen[fixture.read_count - 1].value;
    expect_pending(pendio_send(other, client));
    expect_next(&fixture, other, 0, 5, 0);
    ck_assert_int_eq(pendio_context_set_memory(other, bytes, 5), 0);
    expect_pending(pendio_receive(other, accepted));
    expect_next(&fixture, other, 0, 5, 0);
    ck_assert_mem_eq(bytes, "hello", 5);
    ck_assert_int_eq(pendio_pool_put(other), 0);
    return client;
}

START_TEST(names_and_literals_lead_to_a_new_handle)
{
    static const struct {
        const char *host;
        enum fixture_family family;
        bool asks;
    } cases[] = {
        {"127.0.0.1", FIXTURE_TCP4, false},        {"::1", FIXTURE_TCP6, false},
        {"::ffff:127.0.0.1", FIXTURE_TCP4, false}, {"localhost", FIXTURE_TCP4, false},
        {"one.test", FIXTURE_TCP4, true},          {"six.test", FIXTURE_TCP6, true},
        {"both.test", FIXTURE_TCP4, true},         {"both.test", FIXTURE_TCP6, true},
    };
    struct pendio_context *context;
    pendio_handle listener;
    pendio_handle client;
    int descriptor = -1;
    uint16_t port;

    begin();
    port = listen_at(cases[_i].family, &listener);
    context = fixture_get(&fixture);
    expect_pending(pendio_connect_name(context, 0, cases[_i].host, port));
    client = expect_connected(context, listener);
    ck_assert_int_eq(server.query_count != 0, cases[_i].asks);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, client, &descriptor), 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
    close(descriptor);
    end();
}
END_TEST

START_TEST(own_handle_stays_whichever_address_wins)
{
    static const struct {
        const char *host;
        int domain;
        int only_v6;
        enum fixture_family family;
    } cases[] = {
        {"both.test", AF_INET, 0, FIXTURE_TCP4},   {"both.test", AF_INET6, 1, FIXTURE_TCP6},
        {"both.test", AF_INET6, 0, FIXTURE_TCP4},  {"one.test", AF_INET6, 0, FIXTURE_TCP4},
        {"second.test", AF_INET, 0, FIXTURE_TCP4}, {"127.0.0.1", AF_INET6, 0, FIXTURE_TCP4},
    };
    const int yes = 1;
    struct pendio_context *context;
    pendio_handle listener;
    pendio_handle client;
    int descriptor;
    int after = -1;
    int value = 0;
    uint16_t port;

    begin();
    port = listen_at(cases[_i].family, &listener);
    client = new_socket(cases[_i].domain, cases[_i].only_v6);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, client, &descriptor), 0);
    client = fixture_adopt(&fixture, descriptor);
    ck_assert_int_eq(
        pendio_handle_set_option(fixture.loop, client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes),
        0);
    context = fixture_get(&fixture);
    expect_pending(pendio_connect_name(context, client, cases[_i].host, port));
    ck_assert_uint_eq(expect_connected(context, listener), client);
    ck_assert_int_gt(pendio_handle_get_option(fixture.loop, client, IPPROTO_TCP, TCP_NODELAY,
                                              sizeof value, &value),
                     0);
    ck_assert_int_eq(value, 1);
    expect_pending(pendio_connect_name(context, client, cases[_i].host, port));
    expect_error(context, -EISCONN);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, client, &after), 0);
    ck_assert_int_eq(after, descriptor);
    ck_assert_int_eq(fcntl(after, F_GETFL) & O_NONBLOCK, 0);
    close(after);
    end();
}
END_TEST

START_TEST(what_cannot_be_resolved_says_why)
{
    static const struct {
        const char *host;
        int domain;
        int error;
    } cases[] = {
        {"gone.test", 0, -ENOENT},        {"gone.test", AF_INET, -ENOENT},
        {"empty.test", 0, -ENODATA},      {"six.test", AF_INET, -ENODATA},
        {"one.test", AF_INET6, -ENODATA}, {"127.0.0.1", AF_INET6, -ENODATA},
        {"fail.test", 0, -EREMOTEIO},
    };
    struct pendio_context *context;
    pendio_handle handle = 0;

    begin();
    context = fixture_get(&fixture);
    if (cases[_i].domain != 0)
        handle = new_socket(cases[_i].domain, 1);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_connect_name(context, handle, cases[_i].host, 1));
        expect_error(context, cases[_i].error);
    }
    end();
}
END_TEST

START_TEST(silent_servers_are_told_from_a_deadline)
{
    struct pendio_context *context;

    ck_assert_int_eq(setenv("RES_OPTIONS", "retrans:100 retry:1 timeout:1 attempts:1", 1), 0);
    begin();
    context = fixture_get(&fixture);
    expect_pending(pendio_connect_name(context, 0, "silent.test", 1));
    expect_error(context, -ETIMEDOUT);
    end();
}
END_TEST

START_TEST(bad_list_of_servers_is_an_error_of_the_operation)
{
    const struct pendio_loop_options options = {.size = sizeof options, .name_servers = "nonsense"};
    struct pendio_context *context;

    fixture_init_with(&fixture, &options, 4, 0);
    context = fixture_get(&fixture);
    expect_pending(pendio_connect_name(context, 0, "one.test", 1));
    expect_next(&fixture, context, -EINVAL, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(all_addresses_failing_is_told_at_once)
{
    struct pendio_context *context;
    pendio_handle listener;
    uint16_t port;

    begin();
    port = listen_at(FIXTURE_TCP4, &listener);
    context = fixture_get(&fixture);
    expect_pending(
        pendio_connect_name(context, _i == 0 ? 0 : new_socket(AF_INET6, 0), "none.test", port));
    expect_error(context, -ECONNREFUSED);
    end();
}
END_TEST

/* Like fixture_black_hole(), at 127.0.0.2 and a port of the caller's. */
static void hole_at(uint16_t port, int ret_descriptors[2])
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};
    const struct sockaddr *name = (const struct sockaddr *)&address;

    ret_descriptors[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ret_descriptors[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(ret_descriptors[0], name, sizeof address), 0);
    ck_assert_int_eq(listen(ret_descriptors[0], 0), 0);
    ck_assert_int_eq(connect(ret_descriptors[1], name, sizeof address), 0);
}

START_TEST(silent_address_does_not_keep_the_others_waiting)
{
    struct pendio_context *context;
    pendio_handle listener;
    uint16_t port;
    int ends[2];

    begin();
    port = listen_at(FIXTURE_TCP4, &listener);
    hole_at(port, ends);
    context = fixture_get(&fixture);
    expect_pending(pendio_connect_name(context, _i < 2 ? 0 : new_socket(AF_INET, 0),
                                       _i % 2 == 0 ? "second.test" : "first.test", port));
    (void)expect_connected(context, listener);
    close(ends[0]);
    close(ends[1]);
    end();
}
END_TEST

enum { BY_CANCEL, BY_DEADLINE, BY_CLOSE, BY_SHUTDOWN, WAY_COUNT };

static const struct {
    int error;
    uint16_t flags;
} ways[WAY_COUNT] = {
    [BY_CANCEL] = {-ECANCELED, PENDIO_BY_CANCEL},
    [BY_DEADLINE] = {-ETIMEDOUT, PENDIO_BY_DEADLINE},
    [BY_CLOSE] = {-ECANCELED, PENDIO_BY_CLOSE},
    [BY_SHUTDOWN] = {-ECANCELED, PENDIO_BY_CANCEL},
};

/* Of a name that is never answered, and of an address that is not. */
START_TEST(early_end_ends_the_search_and_the_attempts)
{
    int way = _i / 2 % WAY_COUNT;
    bool own = way == BY_CLOSE || _i >= 2 * WAY_COUNT;
    struct pendio_context *context;
    struct pendio_endpoint address;
    pendio_handle handle = 0;
    int ends[2];

    begin();
    fixture_black_hole(&address, ends);
    context = fixture_get(&fixture);
    if (own)
        handle = new_socket(AF_INET, 0);
    ck_assert_int_eq(pendio_context_set_deadline(context, way == BY_DEADLINE ? 20000000 : 0), 0);
    expect_pending(pendio_connect_name(context, handle, _i % 2 == 0 ? "silent.test" : "one.test",
                                       port_of(&address)));
    for (int i = 0; i < 3; i++) {
        if (way != BY_DEADLINE)
            ck_assert_int_eq(fixture_turn(&fixture, 1000000), 0);
        name_server_answer(&server);
    }
    if (way == BY_CANCEL)
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    else if (way == BY_CLOSE)
        ck_assert_int_eq(pendio_handle_close(fixture.loop, handle, PENDIO_GRACEFUL), 0);
    else if (way == BY_SHUTDOWN)
        ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    expect_completion(name_server_next(&server, &fixture), ways[way].error, 0, ways[way].flags);
    ck_assert_uint_eq(fixture.seen[0].value, 0);
    if (own && way < BY_CLOSE) { /* as after any connect ended early */
        expect_done(pendio_send(context, handle));
        expect_result(context, -ECONNABORTED, 0, 0);
        ck_assert_int_eq(pendio_context_set_deadline(context, 0), 0);
        expect_pending(pendio_disconnect(context, handle, PENDIO_REUSE));
        expect_next(&fixture, context, 0, 0, 0);
    }
    close(ends[0]);
    close(ends[1]);
    end();
}
END_TEST

START_TEST(loop_ends_with_a_connect_by_name_under_way)
{
    struct pendio_context *context;
    pendio_handle listener;
    uint16_t port;

    begin();
    port = listen_at(FIXTURE_TCP4, &listener);
    context = fixture_get(&fixture);
    expect_pending(pendio_connect_name(context, _i % 2 == 0 ? 0 : new_socket(AF_INET, 0),
                                       _i < 2 ? "silent.test" : "one.test", port));
    if (_i != 0)
        ck_assert_int_eq(fixture_turn(&fixture, 1000000), 0);
    fixture_discard(&fixture);
    name_server_stop(&server);
}
END_TEST

START_TEST(many_at_a_time_and_one_too_many)
{
    struct pendio_context *contexts[129];
    pendio_handle listener;
    uint16_t port;

    begin();
    port = listen_at(FIXTURE_TCP4, &listener);
    for (int i = 0; i < 129; i++) {
        contexts[i] = fixture_get(&fixture);
        ck_assert_int_eq(
            pendio_connect_name(contexts[i], 0, _i == 0 ? "127.0.0.1" : "second.test", port),
            i < 128 ? PENDIO_PENDING : -EAGAIN);
    }
    for (int i = 0; i < 128; i++)
        ck_assert_int_eq(name_server_next(&server, &fixture)->error, 0);
    expect_pending(pendio_connect_name(contexts[128], 0, "127.0.0.1", port));
    ck_assert_int_eq(name_server_next(&server, &fixture)->error, 0);
    end();
}
END_TEST

START_TEST(misuse_is_refused)
{
    const struct pendio_loop_options options = {.size = sizeof options, .handle_count = 2};
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_handle handle;

    fixture_init_with(&fixture, &options, 4, 0);
    context = fixture_get(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    handle = new_socket(AF_INET, 0);
    ck_assert_int_eq(pendio_handle_bind(fixture.loop, handle, &any, sizeof any), 0);
    ck_assert_int_eq(pendio_connect_name(context, 0, NULL, 1), -EINVAL);
    ck_assert_int_eq(pendio_connect_name(context, 0, "", 1), -EINVAL);
    ck_assert_int_eq(pendio_connect_name(context, 1, "localhost", 1), -EBADF);
    ck_assert_int_eq(pendio_connect_name(context, pair.near, "localhost", 1), -EINVAL);
    ck_assert_int_eq(pendio_connect_name(context, handle, "localhost", 1), -EINVAL);
    ck_assert_int_eq(pendio_connect_name(context, 0, "localhost", 1), -EAGAIN);
    ck_assert_uint_eq(fixture_stats(&fixture).started, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {names_and_literals_lead_to_a_new_handle, 8},
        {own_handle_stays_whichever_address_wins, 6},
        {what_cannot_be_resolved_says_why, 7},
        {silent_servers_are_told_from_a_deadline, 0},
        {bad_list_of_servers_is_an_error_of_the_operation, 0},
        {all_addresses_failing_is_told_at_once, 2},
        {silent_address_does_not_keep_the_others_waiting, 4},
        {early_end_ends_the_search_and_the_attempts, 4 * WAY_COUNT},
        {loop_ends_with_a_connect_by_name_under_way, 4},
        {many_at_a_time_and_one_too_many, 2},
        {misuse_is_refused, 0},
    };
    return fixture_run("contract: connect by name", cases, sizeof cases / sizeof cases[0]);
}
