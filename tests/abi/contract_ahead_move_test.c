/*
 * contract_ahead_move_test.c - what was received ahead goes to another loop with its handle.
 *
 * - Nothing is lost: the bytes come first there, then what came later, then the end.
 * - Where the other loop has too few buffers, or is gone, everything is as it was.
 */
#include "lending.h"

#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct fixture other; /* on the same thread: it turns when told to */

static pendio_handle move(struct pendio_context *context, pendio_handle handle)
{
    const struct pendio_completion *completion;

    expect_pending(pendio_move(context, handle, other.loop));
    fixture_quiet(&fixture);
    fixture_quiet(&other);
    completion = fixture_next(&fixture);
    expect_completion(completion, 0, 0, 0);
    return completion->value;
}

static void expect_there(pendio_handle handle, const char *text)
{
    struct pendio_context *context = lending_get(&other);
    struct pendio_completion completion = lending_receive(&other, context, handle);

    lending_expect(&completion, text);
    ck_assert_int_eq(pendio_pool_put(context), 0);
}

START_TEST(what_was_received_ahead_travels_along_and_comes_first)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_handle moved;

    fixture_init(&fixture);
    fixture_init(&other);
    pair = lending_collected(&fixture, &context, "bc");
    moved = move(context, pair.near);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    fixture_put(pair.far, "later", 5);
    if (lending_collects(&other)) {
        expect_there(moved, "bc");
        expect_there(moved, "later");
    } else {
        expect_there(moved, "bclater");
    }
    ck_assert_uint_eq(lending_in_use(&other), 0);
    close(pair.far);
    fixture_quiet(&fixture); /* lets go of the other loop */
    fixture_fini(&other);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(end_that_was_heard_of_travels_along)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    int32_t error = _i == 0 ? 0 : -ECONNRESET;
    pendio_handle moved;

    fixture_init(&fixture);
    fixture_init(&other);
    pair = lending_collected(&fixture, &context, "bc");
    if (_i == 0)
        close(pair.far);
    else
        fixture_reset(pair.far);
    fixture_quiet(&fixture);
    moved = move(context, pair.near);
    expect_there(moved, "bc");
    context = lending_get(&other);
    completion = lending_receive(&other, context, moved);
    expect_completion(&completion, error, 0, _i == 0 ? PENDIO_END_OF_STREAM : 0);
    fixture_quiet(&fixture); /* lets go of the other loop */
    fixture_fini(&other);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(everything_stays_where_the_other_loop_has_no_buffers)
{
    const struct pendio_loop_options options = {
        .size = sizeof options, .buffer_count = 2, .buffer_bytes = 4};
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    fixture_init_with(&other, &options, 4, 0);
    pair = lending_collected(&fixture, &context, "more than eight");
    if (lending_collects(&fixture)) {
        expect_pending(pendio_move(context, pair.near, other.loop));
        fixture_quiet(&other);
        expect_next(&fixture, context, -EAGAIN, 0, 0);
    }
    completion = lending_receive(&fixture, context, pair.near);
    lending_expect(&completion, "more than eight");
    close(pair.far);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_GRACEFUL), 0);
    fixture_quiet(&fixture);
    fixture_quiet(&fixture); /* lets go of the other loop */
    fixture_fini(&other);
    fixture_fini(&fixture);
}
END_TEST

/* Before or after the handle has arrived there. */
START_TEST(end_of_this_loop_leaves_nothing_behind)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char byte;

    fixture_init(&other);
    fixture_init(&fixture);
    pair = lending_collected(&fixture, &context, "bc");
    expect_pending(pendio_move(context, pair.near, other.loop));
    if (_i == 1)
        fixture_quiet(&other);
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, 0, NULL), 0);
    fixture.destroyed = true;
    fixture_quiet(&other);
    ck_assert_uint_eq(lending_in_use(&other), 0);
    ck_assert_int_le(recv(pair.far, &byte, 1, MSG_DONTWAIT), 0);
    ck_assert_int_ne(errno, EAGAIN);
    close(pair.far);
    fixture_discard(&fixture);
    fixture_fini(&other);
}
END_TEST

START_TEST(everything_stays_where_the_other_loop_has_ended)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    fixture_init(&other);
    pair = lending_collected(&fixture, &context, "bc");
    expect_pending(pendio_move(context, pair.near, other.loop));
    ck_assert_int_eq(pendio_loop_destroy(other.loop, 0, NULL), 0);
    expect_next(&fixture, context, -ESHUTDOWN, 0, 0);
    completion = lending_receive(&fixture, context, pair.near);
    lending_expect(&completion, "bc");
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {what_was_received_ahead_travels_along_and_comes_first, 0},
        {end_that_was_heard_of_travels_along, 2},
        {everything_stays_where_the_other_loop_has_no_buffers, 0},
        {end_of_this_loop_leaves_nothing_behind, 2},
        {everything_stays_where_the_other_loop_has_ended, 0},
    };

    return fixture_run("contract: moves with what is ahead", cases, sizeof cases / sizeof cases[0]);
}
