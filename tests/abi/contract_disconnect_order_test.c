/*
 * contract_disconnect_order_test.c - what comes before the end of a connection, and what stays.
 *
 * - What was sent before goes first, then FIN; no RST overtakes it; receives hear of the end first.
 * - Early ends: before its turn nothing has happened.
 * - Descriptor, its flags and the options of the socket stay.
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

START_TEST(no_reset_overtakes_what_was_sent)
{
    static char memory[1 << 16];
    const struct linger lingers[] = {{0, 0}, {1, 0}, {1, 600}};
    struct pendio_context *context;
    struct fixture_pair pair;
    int room = 1 << 19;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i % FIXTURE_STREAM_COUNT));
    context = fixture_over(&fixture, memory, sizeof memory);
    fixture_fill(memory, sizeof memory, 5);
    ck_assert_int_eq(pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_SNDBUF, &room,
                                              sizeof room),
                     0);
    ck_assert_int_eq(pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_LINGER,
                                              &lingers[_i / FIXTURE_STREAM_COUNT],
                                              sizeof lingers[0]),
                     0);
    fixture_put(pair.far, "unread", 6);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, 0, sizeof memory, 0);
    connection_disconnect(&fixture, context, pair.near, PENDIO_REUSE);
    memset(memory, 0, sizeof memory);
    fixture_take(pair.far, memory, sizeof memory);
    ck_assert(fixture_is_filled(memory, sizeof memory, 5));
    connection_expect_end(pair.far);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(everything_in_one_go_keeps_its_order)
{
    static char memory[4 << 20];
    struct pendio_endpoint address;
    struct pendio_context *contexts[4];
    struct fixture_pair pair;
    pendio_handle listener;
    int descriptor = -1;
    char bytes[3] = {0};
    int far;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    for (int i = 0; i < 4; i++)
        contexts[i] = fixture_over(&fixture, (void *)(uintptr_t) "abc", 3);
    connection_fill_up(&fixture, pair.near, contexts[0], memory, sizeof memory);
    connection_aim(contexts[2], &address);
    expect_pending(pendio_disconnect(contexts[1], pair.near, PENDIO_REUSE));
    expect_pending(pendio_connect(contexts[2], pair.near));
    expect_pending(pendio_send(contexts[3], pair.near));
    fixture_drain(&fixture, pair.far, sizeof memory);
    expect_next(&fixture, contexts[0], 0, sizeof memory, 0);
    expect_next(&fixture, contexts[1], 0, 0, 0);
    expect_next(&fixture, contexts[2], 0, 0, 0);
    expect_next(&fixture, contexts[3], 0, 3, 0);
    connection_expect_end(pair.far);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, listener, &descriptor), 0);
    far = accept(descriptor, NULL, NULL);
    fixture_take(far, bytes, 3);
    ck_assert_mem_eq(bytes, "abc", 3);
    close(far);
    close(descriptor);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(descriptor_and_its_flags_stay)
{
    struct pendio_context *context;
    pendio_handle handle;
    int descriptor = -1;
    int ends[2];

    fixture_init(&fixture);
    fixture_connect((enum fixture_family)_i, ends);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFD, 0), 0);
    handle = fixture_adopt(&fixture, ends[0]);
    context = fixture_get(&fixture);
    connection_disconnect(&fixture, context, handle, PENDIO_REUSE);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, handle, &descriptor), 0);
    ck_assert_int_eq(descriptor, ends[0]);
    ck_assert_int_eq(fcntl(descriptor, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    ck_assert_int_eq(fcntl(descriptor, F_GETFD), 0);
    close(descriptor);
    close(ends[1]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(options_are_carried_over)
{
    static const struct {
        int level;
        int name;
        int value;
        int read;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1, 1},
        {SOL_SOCKET, SO_REUSEADDR, 1, 1},
        {SOL_SOCKET, SO_RCVBUF, 5000, 10000},
        {SOL_SOCKET, SO_SNDBUF, 6000, 12000},
        {IPPROTO_IP, IP_TOS, 8, 8},
        {SOL_SOCKET, SO_PRIORITY, 3, 3},
        {IPPROTO_TCP, TCP_NODELAY, 1, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 77, 77},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 4321, 4321},
    };
    const struct linger linger = {.l_onoff = 1, .l_linger = 600};
    const struct timeval timeout = {.tv_sec = 7};
    struct linger found = {0};
    struct timeval found_timeout = {0};
    struct pendio_context *context;
    struct fixture_pair pair;
    int value;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        ck_assert_int_eq(pendio_handle_set_option(fixture.loop, pair.near, options[i].level,
                                                  options[i].name, &options[i].value, sizeof value),
                         0);
    ck_assert_int_eq(pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_LINGER,
                                              &linger, sizeof linger),
                     0);
    ck_assert_int_eq(pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_RCVTIMEO,
                                              &timeout, sizeof timeout),
                     0);
    connection_disconnect(&fixture, context, pair.near, PENDIO_REUSE);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        ck_assert_int_eq(pendio_handle_get_option(fixture.loop, pair.near, options[i].level,
                                                  options[i].name, sizeof value, &value),
                         sizeof value);
        ck_assert_int_eq(value, options[i].read);
    }
    ck_assert_int_gt(pendio_handle_get_option(fixture.loop, pair.near, SOL_SOCKET, SO_LINGER,
                                              sizeof found, &found),
                     0);
    ck_assert_int_eq(found.l_linger, linger.l_linger);
    ck_assert_int_gt(pendio_handle_get_option(fixture.loop, pair.near, SOL_SOCKET, SO_RCVTIMEO,
                                              sizeof found_timeout, &found_timeout),
                     0);
    ck_assert_int_eq(found_timeout.tv_sec, timeout.tv_sec);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(a_socket_that_took_both_families_goes_on_doing_so)
{
    const int no = 0;
    struct pendio_context *context;
    pendio_handle handle = 0;
    int value = 1;
    int far;

    fixture_init(&fixture);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET6, SOCK_STREAM, 0, &handle), 0);
    ck_assert_int_eq(pendio_handle_set_option(fixture.loop, handle, IPPROTO_IPV6, IPV6_V6ONLY,
                                              _i == 0 ? &no : &value, sizeof no),
                     0);
    context = fixture_get(&fixture);
    far = connection_anew(&fixture, handle, FIXTURE_TCP6);
    connection_disconnect(&fixture, context, handle, PENDIO_REUSE);
    ck_assert_int_eq(pendio_handle_get_option(fixture.loop, handle, IPPROTO_IPV6, IPV6_V6ONLY,
                                              sizeof value, &value),
                     sizeof value);
    ck_assert_int_eq(value, _i);
    close(far);
    fixture_fini(&fixture);
}
END_TEST

/* ---- what is under way ---------------------------------------------------------------------- */

START_TEST(pending_receives_and_polls_end_first)
{
    uint32_t flags = _i < FIXTURE_STREAM_COUNT ? 0 : PENDIO_REUSE;
    struct pendio_context *contexts[5];
    struct fixture_pair pair;
    char bytes[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i % FIXTURE_STREAM_COUNT));
    for (int i = 0; i < 5; i++)
        contexts[i] = fixture_over(&fixture, &bytes[i < 4 ? i : 0], i == 1 ? 0 : 1);
    for (int i = 0; i < 3; i++)
        expect_pending(pendio_receive(contexts[i], pair.near));
    expect_pending(pendio_poll(contexts[3], pair.near, POLLIN));
    fixture_quiet(&fixture);
    expect_pending(pendio_disconnect(contexts[4], pair.near, flags));
    fixture_wait(&fixture, 5);
    if (flags == PENDIO_REUSE)
        ck_assert_ptr_eq(fixture.seen[4].context, contexts[4]);
    for (int i = 0; i < 3; i++)
        expect_result(contexts[i], 0, 0, PENDIO_END_OF_STREAM);
    expect_result(contexts[3], 0, 0, 0);
    expect_result(contexts[4], 0, 0, 0);
    fixture.read_count = fixture.seen_count;
    connection_expect_end(pair.far);
    close(pair.far);
    if (flags == PENDIO_REUSE)
        close(
            connection_anew(&fixture, pair.near, (enum fixture_family)(_i % FIXTURE_STREAM_COUNT)));
    fixture_fini(&fixture);
}
END_TEST

START_TEST(disconnect_that_waits_in_line_can_be_taken_back)
{
    static char memory[4 << 20];
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char byte = 'b';

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    connection_fill_up(&fixture, pair.near, contexts[0], memory, sizeof memory);
    if (_i == 1)
        ck_assert_int_eq(pendio_context_set_deadline(contexts[1], 1000000), 0);
    expect_pending(pendio_disconnect(contexts[1], pair.near, PENDIO_REUSE));
    if (_i == 0)
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[1])), 0);
    expect_next(&fixture, contexts[1], _i == 0 ? -ECANCELED : -ETIMEDOUT, 0,
                _i == 0 ? PENDIO_BY_CANCEL : PENDIO_BY_DEADLINE);
    fixture_drain(&fixture, pair.far, sizeof memory);
    expect_next(&fixture, contexts[0], 0, sizeof memory, 0);
    fixture_put(pair.far, &byte, 1);
    ck_assert_int_eq(pendio_context_set_memory(contexts[0], &byte, 1), 0);
    expect_pending(pendio_receive(contexts[0], pair.near));
    expect_next(&fixture, contexts[0], 0, 1, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(disconnect_cancelled_at_once_ends_once)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char byte;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_over(&fixture, &byte, 1);
    expect_pending(pendio_receive(contexts[1], pair.near));
    fixture_quiet(&fixture);
    expect_pending(pendio_disconnect(contexts[0], pair.near, PENDIO_REUSE));
    if (_i == 1)
        ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[0])), 0);
    expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    fixture_put(pair.far, "x", 1);
    expect_next(&fixture, contexts[1], 0, 1, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(close_ends_a_disconnect_that_waits)
{
    static char memory[4 << 20];
    bool graceful = _i == 0;
    struct pendio_context *contexts[3];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    for (int i = 0; i < 3; i++)
        contexts[i] = fixture_get(&fixture);
    connection_fill_up(&fixture, pair.near, contexts[0], memory, sizeof memory);
    expect_pending(pendio_disconnect(contexts[1], pair.near, PENDIO_REUSE));
    expect_pending(
        pendio_close(contexts[2], pair.near, graceful ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    expect_next(&fixture, contexts[1], -ECANCELED, 0, PENDIO_BY_CLOSE);
    if (graceful) {
        fixture_drain(&fixture, pair.far, sizeof memory);
        expect_next(&fixture, contexts[0], 0, sizeof memory, 0);
    } else {
        const struct pendio_completion *send = fixture_next(&fixture);

        ck_assert_ptr_eq(send->context, contexts[0]);
        ck_assert_int_eq(send->error, -ECANCELED);
    }
    expect_next(&fixture, contexts[2], 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(loop_ends_with_a_disconnect_under_way)
{
    static char memory[4 << 20];
    struct pendio_context *contexts[2];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    (void)fixture_adopt(&fixture, pair.far);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    if (_i != 0)
        connection_fill_up(&fixture, pair.near, contexts[0], memory, sizeof memory);
    expect_pending(pendio_disconnect(contexts[1], pair.near, PENDIO_REUSE));
    if (_i == 2)
        ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    fixture_discard(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {no_reset_overtakes_what_was_sent, 3 * FIXTURE_STREAM_COUNT},
        {everything_in_one_go_keeps_its_order, FIXTURE_STREAM_COUNT},
        {descriptor_and_its_flags_stay, FIXTURE_STREAM_COUNT},
        {options_are_carried_over, 0},
        {a_socket_that_took_both_families_goes_on_doing_so, 2},
        {pending_receives_and_polls_end_first, 2 * FIXTURE_STREAM_COUNT},
        {disconnect_that_waits_in_line_can_be_taken_back, 2},
        {disconnect_cancelled_at_once_ends_once, 2},
        {close_ends_a_disconnect_that_waits, 2},
        {loop_ends_with_a_disconnect_under_way, 3},
    };
    return fixture_run("contract: disconnect order", cases, sizeof cases / sizeof cases[0]);
}
