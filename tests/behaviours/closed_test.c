/*
 * closed_test.c - behaviours 62 to 70: a handle that was closed starts nothing any more.
 *
 * - .NET's disposed object is a stale handle, or one that is closing: -EBADF, a refusal that
 *   leaves the context as it was (contract 1, handle, and 2).
 */
#include "behaviour.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum way { STALE, CLOSING, NEVER, WAY_COUNT };

static struct pendio_context *context;
static struct pendio_context *closer;
static struct fixture_pair pair;
static pendio_handle closed;

/* A handle of no use; what it was before does not matter. */
static void begin(enum way way, enum fixture_family family)
{
    behaviour_begin();
    pair = fixture_pair(&fixture, family);
    context = behaviour_get(PENDIO_TRY);
    closer = behaviour_get(PENDIO_AUTO);
    behaviour_show(context, "used", 4);
    expect_done_with(context, pendio_send(context, pair.near), 0, 4, 0);
    closed = way == NEVER ? 0 : pair.near;
    if (way != NEVER)
        expect_pends(closer, pendio_close(closer, closed, PENDIO_GRACEFUL));
    if (way == STALE)
        expect_ends(closer, 0, 0, 0);
}

static void end(enum way way)
{
    if (way == CLOSING)
        expect_ends(closer, 0, 0, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).refused, fixture_stats(&fixture).refused_handle);
    close(pair.far);
    behaviour_end();
}

START_TEST(b062_accept_on_a_closed_handle_is_refused)
{
    begin((enum way)_i, FIXTURE_TCP4);
    expect_refused(context, pendio_accept(context, closed, 0), -EBADF);
    end((enum way)_i);
}
END_TEST

START_TEST(b063_connect_of_a_closed_handle_is_refused)
{
    const struct pendio_endpoint address = behaviour_loopback(FIXTURE_TCP4, 1);

    begin((enum way)_i, FIXTURE_TCP4);
    behaviour_aim(context, &address);
    expect_refused(context, pendio_connect(context, closed), -EBADF);
    end((enum way)_i);
}
END_TEST

START_TEST(b064_receive_on_a_closed_handle_is_refused)
{
    begin((enum way)_i, FIXTURE_TCP4);
    expect_refused(context, pendio_receive(context, closed), -EBADF);
    expect_ok(pendio_context_set_memory(context, NULL, 0));
    expect_refused(context, pendio_receive(context, closed), -EBADF);
    end((enum way)_i);
}
END_TEST

START_TEST(b065_receive_from_on_a_closed_handle_is_refused)
{
    begin((enum way)_i, FIXTURE_UDP4);
    expect_refused(context, pendio_receive_from(context, closed), -EBADF);
    end((enum way)_i);
}
END_TEST

START_TEST(b067_send_on_a_closed_handle_is_refused)
{
    begin((enum way)_i, FIXTURE_TCP4);
    expect_refused(context, pendio_send(context, closed), -EBADF);
    expect_ok(pendio_context_set_memory(context, NULL, 0));
    expect_refused(context, pendio_send(context, closed), -EBADF);
    end((enum way)_i);
}
END_TEST

/* The handle is looked at before the endpoint that is missing. */
START_TEST(b069_send_to_on_a_closed_handle_is_refused)
{
    const struct pendio_endpoint address = behaviour_loopback(FIXTURE_UDP4, 1);

    begin((enum way)_i, FIXTURE_UDP4);
    expect_refused(context, pendio_send_to(context, closed), -EBADF);
    behaviour_aim(context, &address);
    expect_refused(context, pendio_send_to(context, closed), -EBADF);
    end((enum way)_i);
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b062_accept_on_a_closed_handle_is_refused, WAY_COUNT},
        {b063_connect_of_a_closed_handle_is_refused, WAY_COUNT},
        {b064_receive_on_a_closed_handle_is_refused, WAY_COUNT},
        {b065_receive_from_on_a_closed_handle_is_refused, WAY_COUNT},
        {b067_send_on_a_closed_handle_is_refused, WAY_COUNT},
        {b069_send_to_on_a_closed_handle_is_refused, WAY_COUNT},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
