/*
 * contract_connect_test.c - connections made, refused, given up, and accepted.
 *
 * - Every accept brings a connection of its own, blocking and close-on-exec.
 * - A connect ended early leaves a handle that is good for nothing but closing.
 */
#include "fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static struct pendio_context *towards(const struct pendio_endpoint *address)
{
    struct pendio_context *context = fixture_get(&fixture);

    ck_assert_int_eq(pendio_context_set_endpoint(context, address->address, address->byte_count),
                     0);
    return context;
}

static pendio_handle socket_for(const struct pendio_endpoint *address, int type)
{
    sa_family_t family;
    pendio_handle handle = 0;

    memcpy(&family, address->address, sizeof family);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, family, type, 0, &handle), 0);
    return handle;
}

START_TEST(connection_is_the_same_seen_from_both_ends)
{
    struct pendio_endpoint address;
    struct pendio_endpoint names[4];
    struct pendio_context *accept;
    struct pendio_context *connect;
    pendio_handle listener;
    pendio_handle client;
    pendio_handle server;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    client = socket_for(&address, SOCK_STREAM);
    accept = fixture_get(&fixture);
    connect = towards(&address);
    expect_pending(pendio_accept(accept, listener, 0));
    fixture_quiet(&fixture);
    expect_pending(pendio_connect(connect, client));
    fixture_wait(&fixture, 2);
    fixture.read_count = 2;
    expect_result(accept, 0, 0, 0);
    expect_result(connect, 0, 0, 0);
    server = fixture.seen[fixture.seen[0].context == accept ? 0 : 1].value;
    ck_assert_int_eq(pendio_handle_local(fixture.loop, client, &names[0]), 0);
    ck_assert_int_eq(pendio_handle_peer(fixture.loop, server, &names[1]), 0);
    ck_assert_int_eq(pendio_handle_peer(fixture.loop, client, &names[2]), 0);
    ck_assert_int_eq(pendio_handle_local(fixture.loop, server, &names[3]), 0);
    ck_assert_mem_eq(&names[0], &names[1], sizeof names[0]);
    ck_assert_mem_eq(&names[2], &names[3], sizeof names[0]);
    ck_assert_uint_eq(names[2].byte_count, address.byte_count);
    ck_assert_mem_eq(names[2].address, address.address, address.byte_count);
    expect_pending(pendio_connect(connect, client));
    expect_next(&fixture, connect, -EISCONN, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(every_accept_brings_a_connection_of_its_own)
{
    struct pendio_endpoint address;
    struct pendio_context *accepts[5];
    pendio_handle servers[5];
    pendio_handle listener;
    char byte;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    for (int i = 0; i < 5; i++) {
        accepts[i] = fixture_get(&fixture);
        expect_pending(pendio_accept(accepts[i], listener, 0));
    }
    for (char i = 0; i < 5; i++) {
        struct pendio_context *client = towards(&address);
        pendio_handle handle = socket_for(&address, SOCK_STREAM);

        expect_pending(pendio_connect(client, handle));
        ck_assert_int_eq(pendio_context_set_callback(accepts[(int)i], NULL, NULL), -EBUSY);
        fixture_wait(&fixture, 2);
        fixture.read_count += 2;
        ck_assert_int_eq(pendio_context_set_memory(client, &i, 1), 0);
        expect_pending(pendio_send(client, handle));
        expect_next(&fixture, client, 0, 1, 0);
    }
    for (int i = 0; i < 5; i++) {
        struct pendio_completion result;

        ck_assert_int_eq(pendio_context_result(accepts[i], &result), 0);
        servers[i] = result.value;
        ck_assert_uint_ne(servers[i], i == 0 ? 0 : servers[i - 1]);
        ck_assert_int_eq(pendio_context_set_memory(accepts[i], &byte, 1), 0);
        expect_pending(pendio_receive(accepts[i], servers[i]));
        expect_next(&fixture, accepts[i], 0, 1, 0);
        ck_assert_int_eq(byte, i);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(accepted_descriptor_is_blocking_and_closes_on_exec)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle listener;
    int descriptor = -1;
    int client = socket(AF_INET, SOCK_STREAM, 0);

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    if (_i == 1) { /* a non-blocking listener makes no difference */
        ck_assert_int_eq(pendio_handle_detach(fixture.loop, listener, &descriptor), 0);
        ck_assert_int_eq(fcntl(descriptor, F_SETFL, O_NONBLOCK), 0);
        listener = fixture_adopt(&fixture, descriptor);
    }
    context = fixture_get(&fixture);
    expect_pending(pendio_accept(context, listener, 0));
    fixture_quiet(&fixture);
    ck_assert_int_eq(connect(client, (struct sockaddr *)address.address, address.byte_count), 0);
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, fixture.seen[0].value, &descriptor), 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
    close(descriptor);
    fixture_fini(&fixture);
    close(client);
}
END_TEST

START_TEST(accept_where_nothing_listens_is_an_error_of_the_operation)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_get(&fixture);
    expect_pending(pendio_accept(context, pair.near, 0));
    expect_next(&fixture, context,
                _i < FIXTURE_STREAM_COUNT || _i == FIXTURE_SEQPACKET ? -EINVAL : -EOPNOTSUPP, 0, 0);
    ck_assert_uint_eq(fixture.seen[0].value, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(accept_without_a_free_handle_is_refused_until_there_is_one)
{
    const struct pendio_loop_options options = {.size = sizeof options, .handle_count = 2};
    struct pendio_endpoint address;
    struct pendio_context *contexts[2];
    pendio_handle listener;

    fixture_init_with(&fixture, &options, 4, 0);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    expect_pending(pendio_accept(contexts[0], listener, 0));
    ck_assert_int_eq(pendio_accept(contexts[1], listener, 0), -EAGAIN);
    ck_assert_int_eq(pendio_open(contexts[1], "/dev/null", O_RDONLY, 0), -EAGAIN);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[0])), 0);
    expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_pending(pendio_open(contexts[1], "/dev/null", O_RDONLY, 0));
    expect_next(&fixture, contexts[1], 0, 0, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).refused_no_capacity, 2);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(accept_without_a_free_descriptor_fails_and_loses_no_client)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    struct rlimit limit;
    struct rlimit none;
    pendio_handle listener;
    int client = socket(AF_INET, SOCK_STREAM, 0);

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    context = fixture_get(&fixture);
    ck_assert_int_eq(connect(client, (struct sockaddr *)address.address, address.byte_count), 0);
    getrlimit(RLIMIT_NOFILE, &limit);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    for (int i = 0; i < 3; i++) {
        expect_pending(pendio_accept(context, listener, 0));
        expect_next(&fixture, context, -EMFILE, 0, 0);
    }
    setrlimit(RLIMIT_NOFILE, &limit);
    expect_pending(pendio_accept(context, listener, 0));
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_uint_ne(fixture.seen[3].value, 0);
    fixture_fini(&fixture);
    close(client);
}
END_TEST

START_TEST(refused_connect_is_an_error_and_may_be_tried_again)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle listener;
    pendio_handle client;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, _i % 2 == 0 ? FIXTURE_TCP4 : FIXTURE_TCP6, &address);
    context = towards(&address);
    client = socket_for(&address, _i < 2 ? SOCK_STREAM : SOCK_STREAM | SOCK_NONBLOCK);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, listener, PENDIO_GRACEFUL), 0);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_connect(context, client));
        expect_next(&fixture, context, -ECONNREFUSED, 0, 0);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(non_blocking_sockets_connect_all_the_same)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle client;

    fixture_init(&fixture);
    (void)fixture_listener(&fixture, (enum fixture_family)_i, &address);
    context = towards(&address);
    client = socket_for(&address, SOCK_STREAM | SOCK_NONBLOCK);
    expect_pending(pendio_connect(context, client));
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_handle_peer(fixture.loop, client, &address), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(failed_send_before_the_connect_does_not_prevent_it)
{
    struct pendio_endpoint address;
    struct pendio_context *contexts[2];
    pendio_handle client;

    fixture_init(&fixture);
    (void)fixture_listener(&fixture, (enum fixture_family)_i, &address);
    client = socket_for(&address, SOCK_STREAM);
    contexts[0] = fixture_over(&fixture, (void *)(uintptr_t) "abc", 3);
    contexts[1] = towards(&address);
    expect_pending(pendio_send(contexts[0], client));
    ck_assert_int_lt(fixture_next(&fixture)->error, 0);
    expect_pending(pendio_connect(contexts[1], client));
    expect_next(&fixture, contexts[1], 0, 0, 0);
    expect_pending(pendio_send(contexts[0], client));
    expect_next(&fixture, contexts[0], 0, 3, 0);
    fixture_fini(&fixture);
}
END_TEST

static void expect_aborted(struct pendio_context *context, pendio_handle handle)
{
    ck_assert_int_eq(pendio_context_set_memory(context, NULL, 0), 0);
    expect_done(pendio_connect(context, handle));
    expect_result(context, -ECONNABORTED, 0, 0);
    expect_done(pendio_receive(context, handle));
    expect_result(context, -ECONNABORTED, 0, 0);
    expect_done(pendio_receive_from(context, handle));
    expect_result(context, -ECONNABORTED, 0, 0);
    expect_done(pendio_send(context, handle));
    expect_result(context, -ECONNABORTED, 0, 0);
    expect_done(pendio_send_to(context, handle));
    expect_result(context, -ECONNABORTED, 0, 0);
}

START_TEST(connect_ended_early_leaves_the_handle_to_be_closed_only)
{
    struct pendio_endpoint address;
    struct pendio_context *contexts[2];
    pendio_handle client;
    int ends[2];

    fixture_init(&fixture);
    fixture_black_hole(&address, ends);
    client = socket_for(&address, SOCK_STREAM);
    contexts[0] = towards(&address);
    contexts[1] = fixture_over(&fixture, (void *)(uintptr_t) "abc", 3);
    if (_i == 1)
        ck_assert_int_eq(pendio_context_set_deadline(contexts[0], 1000000), 0);
    expect_pending(pendio_connect(contexts[0], client));
    expect_pending(pendio_send(contexts[1], client));
    if (_i == 0) {
        fixture_quiet(&fixture);
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[0])), 0);
        expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    } else {
        expect_next(&fixture, contexts[0], -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    }
    expect_next(&fixture, contexts[1], -ECONNABORTED, 0, 0);
    expect_aborted(contexts[0], client);
    expect_pending(pendio_close(contexts[0], client, PENDIO_GRACEFUL));
    expect_next(&fixture, contexts[0], 0, 0, 0);
    close(ends[0]);
    close(ends[1]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(connect_ended_early_ends_the_receive_that_waits_for_it)
{
    struct pendio_endpoint address;
    struct pendio_context *connect;
    struct pendio_context *receive;
    pendio_handle client;
    char byte[1];
    int ends[2];

    fixture_init(&fixture);
    fixture_black_hole(&address, ends);
    client = socket_for(&address, SOCK_STREAM);
    connect = towards(&address);
    receive = fixture_over(&fixture, byte, 1);
    expect_pending(pendio_connect(connect, client));
    fixture_quiet(&fixture);
    expect_pending(pendio_receive(receive, client));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(connect)), 0);
    expect_next(&fixture, connect, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_next(&fixture, receive, -ECONNABORTED, 0, 0);
    expect_aborted(connect, client);
    close(ends[0]);
    close(ends[1]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(time_out_of_the_system_is_not_taken_for_a_deadline)
{
    const int once = 1;
    const int patience_ms = 10;
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle client;
    int ends[2];

    fixture_init(&fixture);
    fixture_black_hole(&address, ends);
    client = socket_for(&address, SOCK_STREAM);
    ck_assert_int_eq(
        pendio_handle_set_option(fixture.loop, client, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof once),
        0);
    ck_assert_int_eq(pendio_handle_set_option(fixture.loop, client, IPPROTO_TCP, TCP_USER_TIMEOUT,
                                              &patience_ms, sizeof patience_ms),
                     0);
    context = towards(&address);
    ck_assert_int_eq(pendio_context_set_deadline(context, UINT64_C(3600) * 1000000000), 0);
    expect_pending(pendio_connect(context, client));
    expect_next(&fixture, context, -ETIMEDOUT, 0, 0);
    close(ends[0]);
    close(ends[1]);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {connection_is_the_same_seen_from_both_ends, FIXTURE_TCP6 + 1},
        {every_accept_brings_a_connection_of_its_own, FIXTURE_STREAM_COUNT},
        {accepted_descriptor_is_blocking_and_closes_on_exec, 2},
        {accept_where_nothing_listens_is_an_error_of_the_operation, FIXTURE_FAMILY_COUNT},
        {accept_without_a_free_handle_is_refused_until_there_is_one, 0},
        {accept_without_a_free_descriptor_fails_and_loses_no_client, 0},
        {refused_connect_is_an_error_and_may_be_tried_again, 4},
        {non_blocking_sockets_connect_all_the_same, FIXTURE_STREAM_COUNT},
        {failed_send_before_the_connect_does_not_prevent_it, FIXTURE_TCP6 + 1},
        {connect_ended_early_leaves_the_handle_to_be_closed_only, 2},
        {connect_ended_early_ends_the_receive_that_waits_for_it, 0},
        {time_out_of_the_system_is_not_taken_for_a_deadline, 0},
    };
    return fixture_run("contract: connect", cases, sizeof cases / sizeof cases[0]);
}
