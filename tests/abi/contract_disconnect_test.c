/*
 * contract_disconnect_test.c - a connection ends, and its handle stays.
 *
 * - Without reuse the handle is good for nothing but that and closing.
 * - With reuse it is as new: nothing of the old connection is left.
 */
#include "connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

/* ---- without reuse -------------------------------------------------------------------------- */

START_TEST(disconnected_handle_is_good_for_nothing_more)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_handle listener;
    char byte = 'a';

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    context = fixture_over(&fixture, &byte, 1);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, 0, 1, 0);
    connection_disconnect(&fixture, context, pair.near, 0);
    fixture_take(pair.far, &byte, 1);
    connection_expect_end(pair.far);
    expect_done(pendio_send(context, pair.near));
    expect_result(context, -EPIPE, 0, 0);
    expect_done(pendio_receive(context, pair.near));
    expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
    connection_aim(context, &address);
    expect_done(pendio_connect(context, pair.near));
    expect_result(context, -EISCONN, 0, 0);
    ck_assert_int_eq(pendio_accept(context, listener, pair.near), -EINVAL);
    expect_pending(pendio_disconnect(context, pair.near, 0));
    expect_next(&fixture, context, -ENOTCONN, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(disconnected_handle_does_not_connect_even_when_the_peer_is_gone)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    (void)fixture_listener(&fixture, (enum fixture_family)_i, &address);
    context = fixture_get(&fixture);
    close(pair.far);
    connection_disconnect(&fixture, context, pair.near, 0);
    connection_aim(context, &address);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    expect_pending(pendio_connect(context, pair.near));
    expect_next(&fixture, context, -EISCONN, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(who_waits_behind_a_disconnect_gets_what_it_left)
{
    static char memory[4 << 20];
    struct pendio_endpoint address;
    struct pendio_context *contexts[4];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    (void)fixture_listener(&fixture, (enum fixture_family)_i, &address);
    for (int i = 0; i < 4; i++)
        contexts[i] = fixture_get(&fixture);
    connection_fill_up(&fixture, pair.near, contexts[0], memory, sizeof memory);
    connection_aim(contexts[3], &address);
    expect_pending(pendio_disconnect(contexts[1], pair.near, 0));
    expect_pending(pendio_send(contexts[2], pair.near));
    expect_pending(pendio_connect(contexts[3], pair.near));
    fixture_quiet(&fixture);
    fixture_drain(&fixture, pair.far, sizeof memory);
    expect_next(&fixture, contexts[0], 0, sizeof memory, 0);
    expect_next(&fixture, contexts[1], 0, 0, 0);
    expect_next(&fixture, contexts[2], -EPIPE, 0, 0);
    expect_next(&fixture, contexts[3], -EISCONN, 0, 0);
    connection_expect_end(pair.far);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* ---- with reuse ----------------------------------------------------------------------------- */

START_TEST(disconnected_with_reuse_the_handle_connects_again)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_handle handle;
    int ends[2];
    char byte = 'a';

    fixture_init(&fixture);
    fixture_connect((enum fixture_family)_i, ends);
    handle = fixture_adopt(&fixture, ends[0]);
    context = fixture_over(&fixture, &byte, 1);
    for (int i = 0; i < 50; i++) {
        pair = (struct fixture_pair){.near = handle, .far = ends[1]};
        expect_pending(pendio_send(context, pair.near));
        expect_next(&fixture, context, 0, 1, 0);
        connection_disconnect(&fixture, context, handle, PENDIO_REUSE);
        fixture_take(pair.far, &byte, 1);
        connection_expect_end(pair.far);
        close(pair.far);
        ends[1] = connection_anew(&fixture, handle, (enum fixture_family)_i);
        fixture_put(ends[1], &byte, 1);
        expect_pending(pendio_receive(context, handle));
        expect_next(&fixture, context, 0, 1, 0);
    }
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, handle, &ends[0]), 0);
    ck_assert_int_eq(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
    fixture_put(ends[0], &byte, 1);
    fixture_take(ends[1], &byte, 1);
    close(ends[0]);
    close(ends[1]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(what_was_known_of_the_old_connection_is_forgotten)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char byte = 'a';

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, &byte, 1);
    if (_i == 0)
        close(pair.far);
    else
        fixture_reset(pair.far);
    if (_i < 2) {
        expect_pending(pendio_receive(context, pair.near));
        expect_next(&fixture, context, _i == 0 ? 0 : -ECONNRESET, 0,
                    _i == 0 ? PENDIO_END_OF_STREAM : 0);
        expect_done(pendio_receive(context, pair.near));
    }
    connection_disconnect(&fixture, context, pair.near, PENDIO_REUSE);
    pair.far = connection_anew(&fixture, pair.near, FIXTURE_TCP4);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, 0, 1, 0);
    fixture_put(pair.far, &byte, 1);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, 0, 1, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(reuse_helps_after_a_disconnect_without_it)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_get(&fixture);
    connection_disconnect(&fixture, context, pair.near, 0);
    connection_disconnect(&fixture, context, pair.near, PENDIO_REUSE);
    connection_expect_end(pair.far);
    close(pair.far);
    close(connection_anew(&fixture, pair.near, (enum fixture_family)_i));
    fixture_fini(&fixture);
}
END_TEST

START_TEST(reuse_helps_after_a_connect_ended_early)
{
    struct pendio_endpoint address;
    struct pendio_context *contexts[2];
    pendio_handle handle = 0;
    int ends[2];

    fixture_init(&fixture);
    fixture_black_hole(&address, ends);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_STREAM, 0, &handle), 0);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    connection_aim(contexts[0], &address);
    expect_pending(pendio_connect(contexts[0], handle));
    if (_i == 1)
        expect_pending(pendio_disconnect(contexts[1], handle, PENDIO_REUSE));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[0])), 0);
    expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    if (_i == 1) {
        expect_next(&fixture, contexts[1], 0, 0, 0);
    } else {
        expect_pending(pendio_disconnect(contexts[1], handle, 0));
        expect_next(&fixture, contexts[1], -ECONNABORTED, 0, 0);
        connection_disconnect(&fixture, contexts[1], handle, PENDIO_REUSE);
    }
    close(connection_anew(&fixture, handle, FIXTURE_TCP4));
    close(ends[0]);
    close(ends[1]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(without_a_free_descriptor_it_is_disconnected_and_may_be_tried_again)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    struct rlimit limit;
    struct rlimit none;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    getrlimit(RLIMIT_NOFILE, &limit);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    expect_pending(pendio_disconnect(context, pair.near, PENDIO_REUSE));
    expect_next(&fixture, context, -EMFILE, 0, 0);
    setrlimit(RLIMIT_NOFILE, &limit);
    connection_expect_end(pair.far);
    connection_disconnect(&fixture, context, pair.near, PENDIO_REUSE);
    close(pair.far);
    close(connection_anew(&fixture, pair.near, FIXTURE_TCP4));
    fixture_fini(&fixture);
}
END_TEST

/* ---- nothing to end ------------------------------------------------------------------------- */

START_TEST(what_was_never_connected_cannot_be_disconnected)
{
    uint32_t flags = _i % 2 == 0 ? 0 : PENDIO_REUSE;
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle handles[2] = {0, 0};

    fixture_init(&fixture);
    handles[0] = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_STREAM, 0, &handles[1]), 0);
    context = fixture_get(&fixture);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_disconnect(context, handles[i], flags));
        expect_next(&fixture, context, -ENOTCONN, 0, 0);
    }
    connection_aim(context, &address);
    if (_i >= 2) { /* a refused connect was none */
        ck_assert_int_eq(pendio_handle_close(fixture.loop, handles[0], PENDIO_GRACEFUL), 0);
        expect_pending(pendio_connect(context, handles[1]));
        expect_next(&fixture, context, -ECONNREFUSED, 0, 0);
        expect_pending(pendio_disconnect(context, handles[1], flags));
        expect_next(&fixture, context, -ENOTCONN, 0, 0);
    } else { /* and both work as before */
        expect_pending(pendio_connect(context, handles[1]));
        expect_next(&fixture, context, 0, 0, 0);
        expect_pending(pendio_accept(context, handles[0], 0));
        expect_next(&fixture, context, 0, 0, 0);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(misuse_is_refused_and_changes_nothing)
{
    struct pendio_context *context;
    struct pendio_completion before;
    struct pendio_completion after;
    struct fixture_pair pair;
    struct fixture_pair datagram;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_SEQPACKET);
    datagram = fixture_pair(&fixture, FIXTURE_UDP4);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_result(context, &before), 0);
    ck_assert_int_eq(pendio_disconnect(context, pair.near, 2), -EINVAL);
    ck_assert_int_eq(pendio_disconnect(context, datagram.near, PENDIO_REUSE), -EINVAL);
    ck_assert_int_eq(pendio_disconnect(context, 0, 0), -EBADF);
    ck_assert_int_eq(pendio_context_result(context, &after), 0);
    ck_assert_mem_eq(&before, &after, sizeof before);
    connection_disconnect(&fixture, context, pair.near, PENDIO_REUSE);
    connection_expect_end(pair.far);
    close(pair.far);
    close(datagram.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {disconnected_handle_is_good_for_nothing_more, FIXTURE_STREAM_COUNT},
        {disconnected_handle_does_not_connect_even_when_the_peer_is_gone, FIXTURE_STREAM_COUNT},
        {who_waits_behind_a_disconnect_gets_what_it_left, FIXTURE_STREAM_COUNT},
        {disconnected_with_reuse_the_handle_connects_again, FIXTURE_STREAM_COUNT},
        {what_was_known_of_the_old_connection_is_forgotten, 3},
        {reuse_helps_after_a_disconnect_without_it, FIXTURE_STREAM_COUNT},
        {reuse_helps_after_a_connect_ended_early, 2},
        {without_a_free_descriptor_it_is_disconnected_and_may_be_tried_again, 0},
        {what_was_never_connected_cannot_be_disconnected, 4},
        {misuse_is_refused_and_changes_nothing, 0},
    };
    return fixture_run("contract: disconnect", cases, sizeof cases / sizeof cases[0]);
}
