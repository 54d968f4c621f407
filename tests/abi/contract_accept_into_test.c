/*
 * contract_accept_into_test.c - connections that come into a handle prepared for them.
 *
 * - Handle and descriptor stay, the socket behind them is the connection's.
 * - Meanwhile the handle can only be closed; without a connection it is as it was.
 */
#include "fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static const int domains[] = {
    [FIXTURE_TCP4] = AF_INET, [FIXTURE_TCP6] = AF_INET6, [FIXTURE_UNIX_STREAM] = AF_UNIX};

static pendio_handle prepared(enum fixture_family family, int flags)
{
    pendio_handle handle = 0;

    ck_assert_int_eq(
        pendio_handle_socket(fixture.loop, domains[family], SOCK_STREAM | flags, 0, &handle), 0);
    return handle;
}

static int client_of(const struct pendio_endpoint *address)
{
    const struct sockaddr *name = (const struct sockaddr *)address->address;
    int client = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(client, name, address->byte_count), 0);
    return client;
}

static void expect_echo(pendio_handle handle, int client)
{
    char byte = 0;
    struct pendio_context *context = fixture_over(&fixture, &byte, 1);

    fixture_put(client, "x", 1);
    expect_pending(pendio_receive(context, handle));
    expect_next(&fixture, context, 0, 1, 0);
    expect_pending(pendio_send(context, handle));
    expect_next(&fixture, context, 0, 1, 0);
    fixture_take(client, &byte, 1);
    ck_assert_int_eq(byte, 'x');
    ck_assert_int_eq(pendio_pool_put(context), 0);
}

/* It is as it was: it connects like any other. */
static void expect_usable(pendio_handle handle, const struct pendio_endpoint *address)
{
    struct pendio_context *context = fixture_get(&fixture);

    ck_assert_int_eq(pendio_context_set_endpoint(context, address->address, address->byte_count),
                     0);
    expect_pending(pendio_connect(context, handle));
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_pool_put(context), 0);
}

START_TEST(connection_comes_into_the_handle_prepared_for_it)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle listener;
    pendio_handle target;
    int client = -1;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, (enum fixture_family)(_i / 2), &address);
    target = prepared((enum fixture_family)(_i / 2), 0);
    context = fixture_get(&fixture);
    if (_i % 2 == 1) /* it is waiting already */
        client = client_of(&address);
    expect_pending(pendio_accept(context, listener, target));
    if (_i % 2 == 0) {
        fixture_quiet(&fixture);
        client = client_of(&address);
    }
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_uint_eq(fixture.seen[0].value, target);
    ck_assert_uint_eq(fixture.seen[0].handle, listener);
    expect_echo(target, client);
    ck_assert_int_eq(pendio_accept(context, listener, target), -EISCONN);
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(descriptor_and_its_flags_stay)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle listener;
    pendio_handle target;
    int client;
    int before;
    int after = -1;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    before = socket(AF_INET, _i == 0 ? SOCK_STREAM : SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    target = fixture_adopt(&fixture, before);
    context = fixture_get(&fixture);
    client = client_of(&address);
    expect_pending(pendio_accept(context, listener, target));
    expect_next(&fixture, context, 0, 0, 0);
    expect_echo(target, client);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, target, &after), 0);
    ck_assert_int_eq(after, before);
    ck_assert_int_eq(fcntl(after, F_GETFL) & O_NONBLOCK, _i == 0 ? 0 : O_NONBLOCK);
    ck_assert_int_eq(fcntl(after, F_GETFD), _i == 0 ? 0 : FD_CLOEXEC);
    close(after);
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(try_with_a_client_waiting_is_done)
{
    struct pendio_endpoint address;
    struct pendio_completion result;
    struct pendio_context *context;
    pendio_handle listener;
    pendio_handle target;
    int client;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    target = prepared((enum fixture_family)_i, 0);
    context = fixture_get(&fixture);
    client = client_of(&address);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    expect_done(pendio_accept(context, listener, target));
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_uint_eq(result.value, target);
    expect_echo(target, client);
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(disconnected_with_reuse_it_can_be_the_target_again)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle listener;
    pendio_handle target;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    target = prepared((enum fixture_family)_i, 0);
    context = fixture_get(&fixture);
    for (int i = 0; i < 50; i++) {
        int client = client_of(&address);
        char byte;

        expect_pending(pendio_accept(context, listener, target));
        expect_next(&fixture, context, 0, 0, 0);
        ck_assert_uint_eq(fixture.seen[fixture.read_count - 1].value, target);
        expect_echo(target, client);
        expect_pending(pendio_disconnect(context, target, PENDIO_REUSE));
        expect_next(&fixture, context, 0, 0, 0);
        ck_assert_int_eq(read(client, &byte, 1), 0);
        close(client);
    }
    expect_usable(target, &address);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(unfit_targets_are_refused)
{
    struct pendio_endpoint address;
    struct pendio_context *contexts[2];
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct fixture_pair pairs[3];
    pendio_handle listener;
    pendio_handle target;
    char byte;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_over(&fixture, &byte, 1);
    pairs[0] = fixture_pair(&fixture, FIXTURE_TCP4);
    pairs[1] = fixture_pair(&fixture, FIXTURE_UDP4);
    pairs[2] = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    ck_assert_int_eq(pendio_accept(contexts[0], listener, pairs[0].near), -EISCONN);
    ck_assert_int_eq(pendio_accept(contexts[0], listener, pairs[1].near), -EINVAL);
    ck_assert_int_eq(pendio_accept(contexts[0], listener, pairs[2].near), -EINVAL);
    ck_assert_int_eq(pendio_accept(contexts[0], listener, listener), -EINVAL);
    ck_assert_int_eq(pendio_accept(contexts[0], listener, 1), -EBADF);
    target = prepared(FIXTURE_TCP4, 0);
    ck_assert_int_eq(pendio_handle_bind(fixture.loop, target, &any, sizeof any), 0);
    ck_assert_int_eq(pendio_accept(contexts[0], listener, target), -EINVAL);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, target, PENDIO_GRACEFUL), 0);
    ck_assert_int_eq(pendio_accept(contexts[0], listener, target), -EBADF);
    expect_pending(pendio_receive(contexts[1], pairs[0].near));
    ck_assert_int_eq(pendio_accept(contexts[0], listener, pairs[0].near), -EBUSY);
    close(pairs[0].far);
    expect_next(&fixture, contexts[1], 0, 0, PENDIO_END_OF_STREAM);
    ck_assert_uint_eq(pendio_context_run(contexts[0]), 0);
    ck_assert_uint_eq(fixture_stats(&fixture).started, 1);
    close(pairs[1].far);
    close(pairs[2].far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(reset_connection_is_no_target)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_handle listener;
    int client;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    fixture_reset(pair.far);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_accept(context, listener, pair.near), -EISCONN);
    expect_pending(pendio_disconnect(context, pair.near, PENDIO_REUSE));
    expect_next(&fixture, context, 0, 0, 0);
    expect_pending(pendio_accept(context, listener, pair.near));
    client = client_of(&address);
    expect_next(&fixture, context, 0, 0, 0);
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(target_can_only_be_closed_meanwhile)
{
    struct pendio_endpoint address;
    struct pendio_context *contexts[2];
    pendio_handle listener;
    pendio_handle target;
    int descriptor = -1;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    target = prepared(FIXTURE_TCP4, 0);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_endpoint(contexts[1], address.address, address.byte_count),
                     0);
    expect_pending(pendio_accept(contexts[0], listener, target));
    ck_assert_int_eq(pendio_accept(contexts[1], listener, target), -EBUSY);
    ck_assert_int_eq(pendio_accept(contexts[1], target, 0), -EBUSY);
    ck_assert_int_eq(pendio_connect(contexts[1], target), -EBUSY);
    ck_assert_int_eq(pendio_disconnect(contexts[1], target, PENDIO_REUSE), -EBUSY);
    ck_assert_int_eq(pendio_receive(contexts[1], target), -EBUSY);
    ck_assert_int_eq(pendio_send(contexts[1], target), -EBUSY);
    ck_assert_int_eq(pendio_poll(contexts[1], target, 1), -EBUSY);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, target, &descriptor), -EBUSY);
    ck_assert_int_eq(descriptor, -1);
    if (_i == 0)
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[0])), 0);
    else
        ck_assert_int_eq(pendio_handle_close(fixture.loop, listener, PENDIO_GRACEFUL), 0);
    expect_next(&fixture, contexts[0], -ECANCELED, 0, _i == 0 ? PENDIO_BY_CANCEL : PENDIO_BY_CLOSE);
    ck_assert_uint_eq(fixture.seen[0].value, 0);
    if (_i == 1)
        (void)fixture_listener(&fixture, FIXTURE_TCP4, &address);
    expect_usable(target, &address);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(accept_that_waits_in_line_gives_its_target_back)
{
    struct pendio_endpoint address;
    struct pendio_context *contexts[2];
    pendio_handle listener;
    pendio_handle targets[2];
    int client;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    for (int i = 0; i < 2; i++) {
        targets[i] = prepared(FIXTURE_TCP4, 0);
        contexts[i] = fixture_get(&fixture);
    }
    ck_assert_int_eq(pendio_context_set_deadline(contexts[1], _i == 0 ? 0 : 1000000), 0);
    expect_pending(pendio_accept(contexts[0], listener, targets[0]));
    expect_pending(pendio_accept(contexts[1], listener, targets[1]));
    fixture_turn(&fixture, 0);
    if (_i == 0)
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[1])), 0);
    expect_next(&fixture, contexts[1], _i == 0 ? -ECANCELED : -ETIMEDOUT, 0,
                _i == 0 ? PENDIO_BY_CANCEL : PENDIO_BY_DEADLINE);
    client = client_of(&address);
    expect_next(&fixture, contexts[0], 0, 0, 0);
    ck_assert_uint_eq(fixture.seen[1].value, targets[0]);
    expect_usable(targets[1], &address);
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(accept_without_a_free_descriptor_leaves_the_target_as_it_was)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    struct rlimit limit;
    struct rlimit none;
    pendio_handle listener;
    pendio_handle target;
    int client;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    target = prepared(FIXTURE_TCP4, 0);
    context = fixture_get(&fixture);
    client = client_of(&address);
    getrlimit(RLIMIT_NOFILE, &limit);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    expect_pending(pendio_accept(context, listener, target));
    expect_next(&fixture, context, -EMFILE, 0, 0);
    setrlimit(RLIMIT_NOFILE, &limit);
    expect_pending(pendio_accept(context, listener, target));
    expect_next(&fixture, context, 0, 0, 0);
    expect_echo(target, client);
    close(client);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(loop_ends_with_an_accept_into_a_handle_under_way)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle listener;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    context = fixture_get(&fixture);
    expect_pending(pendio_accept(context, listener, prepared(FIXTURE_TCP4, 0)));
    if (_i == 1)
        fixture_quiet(&fixture);
    fixture_discard(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {connection_comes_into_the_handle_prepared_for_it, 2 * FIXTURE_STREAM_COUNT},
        {descriptor_and_its_flags_stay, 2},
        {try_with_a_client_waiting_is_done, FIXTURE_STREAM_COUNT},
        {disconnected_with_reuse_it_can_be_the_target_again, FIXTURE_STREAM_COUNT},
        {unfit_targets_are_refused, 0},
        {reset_connection_is_no_target, 0},
        {target_can_only_be_closed_meanwhile, 2},
        {accept_that_waits_in_line_gives_its_target_back, 2},
        {accept_without_a_free_descriptor_leaves_the_target_as_it_was, 0},
        {loop_ends_with_an_accept_into_a_handle_under_way, 2},
    };
    return fixture_run("contract: accept into", cases, sizeof cases / sizeof cases[0]);
}
