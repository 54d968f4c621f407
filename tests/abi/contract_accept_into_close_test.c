/*
 * contract_accept_into_close_test.c - a prepared handle is closed while a connection is to come.
 *
 * - The accept ends first, whoever is quicker in the kernel and however the two are told.
 * - A connection that came too late is closed; one that came in time is told of before the close.
 */
#include "listening.h"

#include <sys/socket.h>
#include <unistd.h>

static struct fixture *const fixture = &listening.fixture;

static pendio_handle prepared(void)
{
    pendio_handle handle = 0;

    ck_assert_int_eq(pendio_handle_socket(fixture->loop, AF_INET, SOCK_STREAM, 0, &handle), 0);
    return handle;
}

static struct pendio_context *get(bool called)
{
    static char byte;

    return called ? fixture_called(fixture, &byte, 1) : fixture_get(fixture);
}

/* The listener goes on, for others. */
static void end(void)
{
    struct pendio_context *context = fixture_get(fixture);
    pendio_handle target = prepared();
    int client;

    expect_pending(pendio_accept(context, listening.listener, target));
    client = listening_dial();
    expect_next(fixture, context, 0, 0, 0);
    listening_check_pair(client, target);
    close(client);
    fixture_fini(fixture);
}

START_TEST(close_of_the_target_ends_the_accept)
{
    struct pendio_context *context;
    pendio_handle target;

    listening_begin(FIXTURE_TCP4);
    target = prepared();
    context = fixture_get(fixture);
    expect_pending(pendio_accept(context, listening.listener, target));
    if (_i == 1)
        fixture_quiet(fixture);
    ck_assert_int_eq(pendio_handle_close(fixture->loop, target, PENDIO_ABORTIVE), 0);
    expect_next(fixture, context, -ECANCELED, 0, PENDIO_BY_CLOSE);
    ck_assert_uint_eq(fixture->seen[0].value, 0);
    ck_assert_int_eq(pendio_accept(context, listening.listener, target), -EBADF);
    end();
}
END_TEST

/* Whichever of the two is told by callback, and with a connection or none. */
START_TEST(close_of_the_target_is_told_after_the_accept_it_ended)
{
    struct pendio_context *accepting;
    struct pendio_context *closing;
    pendio_handle target;
    int client = -1;

    listening_begin(FIXTURE_TCP4);
    target = prepared();
    accepting = get(_i % 2 == 1);
    closing = get(_i / 2 % 2 == 1);
    fixture->harvest_count = 1;
    expect_pending(pendio_accept(accepting, listening.listener, target));
    ck_assert_int_eq(pendio_loop_flush(fixture->loop), 0);
    if (_i / 4 == 1)
        client = listening_dial();
    expect_pending(pendio_close(closing, target, _i / 8 == 1 ? PENDIO_ABORTIVE : PENDIO_GRACEFUL));
    expect_next(fixture, accepting, -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_next(fixture, closing, 0, 0, 0);
    fixture->harvest_count = 2;
    if (client < 0) {
        end();
    } else {
        close(client);
        fixture_fini(fixture);
    }
}
END_TEST

START_TEST(accept_that_has_ended_keeps_its_target_until_it_is_told)
{
    struct pendio_context *accepting;
    struct pendio_context *closing;
    pendio_handle target;
    int descriptor = -1;
    int client;

    listening_begin(FIXTURE_TCP4);
    target = prepared();
    accepting = fixture_get(fixture);
    closing = get(true);
    client = listening_dial();
    fixture->harvest_count = 0;
    ck_assert_int_eq(pendio_context_set_policy(accepting, PENDIO_QUEUE), 0);
    expect_pending(pendio_accept(accepting, listening.listener, target));
    ck_assert_int_eq(fixture_turn(fixture, -1), 0); /* ended, but there is no room to tell it */
    ck_assert_int_eq(pendio_receive(closing, target), -EBUSY);
    ck_assert_int_eq(pendio_handle_detach(fixture->loop, target, &descriptor), -EBUSY);
    expect_pending(pendio_close(closing, target, PENDIO_ABORTIVE));
    ck_assert_int_eq(fixture_turn(fixture, 0), 0);
    fixture->harvest_count = 1;
    expect_next(fixture, accepting, 0, 0, 0);
    ck_assert_uint_eq(listening_value_of(accepting), target);
    expect_next(fixture, closing, 0, 0, 0);
    close(client);
    fixture->harvest_count = 2;
    end();
}
END_TEST

START_TEST(connection_nobody_wants_any_more_is_closed)
{
    struct pendio_context *context;
    pendio_handle target;
    char byte;
    int client;

    listening_begin(FIXTURE_TCP4);
    target = prepared();
    context = fixture_get(fixture);
    client = listening_dial();
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    expect_pending(pendio_accept(context, listening.listener, target));
    ck_assert_int_eq(pendio_loop_flush(fixture->loop), 0);
    ck_assert_int_eq(pendio_handle_close(fixture->loop, target, PENDIO_GRACEFUL), 0);
    expect_next(fixture, context, -ECANCELED, 0, PENDIO_BY_CLOSE);
    if (!listening_collects())
        ck_assert_int_eq(read(client, &byte, 1), 0);
    close(client);
    fixture_fini(fixture);
}
END_TEST

START_TEST(answer_of_done_leaves_the_target_at_once)
{
    struct pendio_context *context;
    struct pendio_completion result;
    pendio_handle target;
    int client;

    listening_begin(FIXTURE_TCP4);
    target = prepared();
    context = fixture_get(fixture);
    client = listening_dial();
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    expect_done(pendio_accept(context, listening.listener, target));
    expect_result(context, 0, 0, 0);
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_uint_eq(result.value, target);
    expect_pending(pendio_close(context, target, PENDIO_ABORTIVE));
    expect_next(fixture, context, 0, 0, 0);
    close(client);
    fixture_fini(fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {close_of_the_target_ends_the_accept, 2},
        {close_of_the_target_is_told_after_the_accept_it_ended, 16},
        {accept_that_has_ended_keeps_its_target_until_it_is_told, 0},
        {connection_nobody_wants_any_more_is_closed, 0},
        {answer_of_done_leaves_the_target_at_once, 0},
    };
    return fixture_run("contract: accept into, closed", cases, sizeof cases / sizeof cases[0]);
}
