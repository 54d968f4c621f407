/*
 * disconnect_test.c - behaviours 92 and 121 to 124, and 70: the end of a connection, not of its
 * handle.
 *
 * - A handle that is not connected is the system's error, a result (contract 2).
 */
#include "behaviour.h"

#include <sys/socket.h>
#include <unistd.h>

static struct fixture_pair pair;
static struct pendio_context *context;
static struct pendio_endpoint address;

static void begin(enum fixture_family family)
{
    behaviour_begin();
    pair = fixture_pair(&fixture, family);
    (void)fixture_listener(&fixture, family, &address);
    context = behaviour_get(PENDIO_AUTO);
    behaviour_talk(pair.near, pair.far);
}

static void end(void)
{
    close(pair.far);
    behaviour_end();
}

/* The peer has heard the end, after all that was sent before. */
static void expect_end_of_far(void)
{
    char byte;

    ck_assert_int_eq(recv(pair.far, &byte, 1, 0), 0);
}

START_TEST(b070_disconnect_of_a_closed_handle_is_refused)
{
    begin(FIXTURE_TCP4);
    behaviour_close(pair.near);
    expect_refused(context, pendio_disconnect(context, pair.near, 0), -EBADF);
    expect_refused(context, pendio_disconnect(context, pair.near, PENDIO_REUSE), -EBADF);
    ck_assert_uint_eq(fixture_stats(&fixture).refused_handle, 2);
    end();
}
END_TEST

static void disconnect_and_connect(uint32_t flags, int32_t error)
{
    expect_either(context, pendio_disconnect(context, pair.near, flags), 0, 0, 0);
    expect_end_of_far();
    behaviour_aim(context, &address);
    expect_either(context, pendio_connect(context, pair.near), error, 0, 0);
}

START_TEST(b092_connect_after_disconnect_is_an_error_without_reuse)
{
    begin((enum fixture_family)_i);
    disconnect_and_connect(0, -EISCONN);
    end();
}
END_TEST

START_TEST(b092_connect_after_disconnect_with_reuse_connects)
{
    begin((enum fixture_family)_i);
    disconnect_and_connect(PENDIO_REUSE, 0);
    behaviour_send_now(pair.near, "again", 5);
    end();
}
END_TEST

START_TEST(b121_disconnected_handle_is_connected_no_more)
{
    char memory[8];

    begin((enum fixture_family)_i);
    disconnect_and_connect(0, -EISCONN);
    behaviour_show(context, "a", 1);
    expect_either(context, pendio_send(context, pair.near), -EPIPE, 0, 0);
    expect_ok(pendio_context_set_memory(context, memory, sizeof memory));
    expect_either(context, pendio_receive(context, pair.near), 0, 0, PENDIO_END_OF_STREAM);
    expect_done_with(context, pendio_receive(context, pair.near), 0, 0, PENDIO_END_OF_STREAM);
    end();
}
END_TEST

START_TEST(b123_disconnect_of_what_was_never_connected_is_an_error)
{
    pendio_handle client;

    begin(FIXTURE_TCP4);
    client = behaviour_socket(&address, SOCK_STREAM);
    expect_either(context, pendio_disconnect(context, client, _i == 0 ? 0 : PENDIO_REUSE),
                  -ENOTCONN, 0, 0);
    behaviour_aim(context, &address);
    expect_either(context, pendio_connect(context, client), 0, 0, 0);
    behaviour_send_now(client, "a", 1);
    end();
}
END_TEST

/*
 * .NET's token may be cancelled beforehand. Contract 5: a cancel is of a run; one that waits behind
 * a send has done nothing yet, and ends so.
 */
START_TEST(b124_disconnect_cancelled_before_its_turn_ends_nothing)
{
    enum { WHOLE = 8 << 20 };
    static char memory[WHOLE];
    struct pendio_context *disconnect;

    begin((enum fixture_family)_i);
    expect_ok(pendio_context_set_memory(context, memory, sizeof memory));
    expect_pends(context, pendio_send(context, pair.near));
    disconnect = behaviour_get(PENDIO_AUTO);
    expect_pends(disconnect, pendio_disconnect(disconnect, pair.near, 0));
    expect_ok(pendio_cancel(fixture.loop, pendio_context_run(disconnect)));
    expect_ends(disconnect, -ECANCELED, 0, PENDIO_BY_CANCEL);
    fixture_drain(&fixture, pair.far, sizeof memory);
    expect_ends(context, 0, WHOLE, 0);
    behaviour_talk(pair.near, pair.far);
    end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b070_disconnect_of_a_closed_handle_is_refused, 0},
        {b092_connect_after_disconnect_is_an_error_without_reuse, FIXTURE_TCP6 + 1},
        {b092_connect_after_disconnect_with_reuse_connects, FIXTURE_TCP6 + 1},
        {b121_disconnected_handle_is_connected_no_more, FIXTURE_TCP6 + 1},
        {b123_disconnect_of_what_was_never_connected_is_an_error, 2},
        {b124_disconnect_cancelled_before_its_turn_ends_nothing, FIXTURE_TCP6 + 1},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
