/*
 * contract_ahead_try_test.c - PENDIO_TRY where a request for many is, or was, in the way.
 *
 * - It is collected first; if it ends by that, whoever tries asks for himself: with data the answer
 *   is done.
 * - So it is while the request is being stopped, and where it ends for want of buffers.
 */
#include "lending.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static void pin(pendio_handle handle, uint32_t strategy)
{
    ck_assert_int_eq(pendio_handle_set_receive(fixture.loop, handle, strategy), 0);
}

/* Lent "first" by a request for many, which is in the kernel now if that has such; it is to try. */
static struct fixture_pair armed(enum fixture_family family, struct pendio_context *context)
{
    struct fixture_pair pair = fixture_pair(&fixture, family);

    pin(pair.near, PENDIO_RECEIVE_MULTISHOT);
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "first", 5);
    ck_assert_uint_eq(fixture_next(&fixture)->bytes, 5);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    return pair;
}

static void expect_tried(struct pendio_context *context, const struct fixture_pair *pair)
{
    struct pendio_completion result;

    fixture_put(pair->far, "abc", 3);
    expect_done(pendio_receive(context, pair->near));
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_int_eq(result.error, 0);
    ck_assert_uint_eq(result.bytes, 3);
    ck_assert_mem_eq((const void *)(uintptr_t)result.memory, "abc", 3);
    fixture_quiet(&fixture);
}

START_TEST(try_while_a_request_for_many_is_being_stopped_is_done)
{
    enum fixture_family family = _i / 4 == 0 ? FIXTURE_TCP4 : FIXTURE_UNIX_STREAM;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    context = _i % 2 == 0 ? fixture_get(&fixture) : lending_get(&fixture);
    pair = armed(family, context);
    pin(pair.near, PENDIO_RECEIVE_SINGLE);
    if (_i / 2 % 2 != 0)
        (void)pendio_loop_flush(fixture.loop);
    expect_tried(context, &pair);
    expect_tried(context, &pair);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(try_that_takes_nothing_is_done_while_a_request_is_being_stopped)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    pair = armed(FIXTURE_TCP4, context);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 0), 0);
    pin(pair.near, PENDIO_RECEIVE_SINGLE);
    fixture_put(pair.far, "abc", 3);
    expect_done(pendio_receive(context, pair.near));
    expect_result(context, 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* Each of a stream of its own, and keeps what it is lent. */
static void lend_all(struct fixture_pair *ret_pairs, int count)
{
    for (int i = 0; i < count; i++) {
        ret_pairs[i] = fixture_pair(&fixture, FIXTURE_TCP4);
        fixture_put(ret_pairs[i].far, "abcdefgh", 8);
        (void)pendio_receive(lending_get(&fixture), ret_pairs[i].near);
        for (int turn = 0; turn < 4; turn++)
            (void)fixture_turn(&fixture, 0);
    }
}

START_TEST(try_of_who_has_memory_is_done_where_the_buffers_are_out)
{
    enum { PAIR_COUNT = 8 };
    struct pendio_loop_options options = {
        .size = sizeof options, .buffer_count = 4, .buffer_bytes = 8};
    struct fixture_pair pairs[PAIR_COUNT], pair;
    struct pendio_context *context;

    fixture_init_with(&fixture, &options, PAIR_COUNT + 1, 64);
    context = fixture_get(&fixture);
    pair = armed(_i == 0 ? FIXTURE_TCP4 : FIXTURE_UNIX_STREAM, context);
    lend_all(pairs, PAIR_COUNT);
    fixture.read_count = fixture.seen_count;
    expect_tried(context, &pair);
    expect_tried(context, &pair);
    for (int i = 0; i < PAIR_COUNT; i++)
        close(pairs[i].far);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(try_without_data_looks_once)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    uint64_t before_count;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    pair = armed(FIXTURE_TCP4, context);
    if (_i != 0) {
        pin(pair.near, PENDIO_RECEIVE_SINGLE);
        fixture_quiet(&fixture);
    }
    before_count = fixture_stats(&fixture).system_calls;
    expect_pending(pendio_receive(context, pair.near));
    ck_assert_uint_eq(fixture_stats(&fixture).system_calls - before_count, 1);
    fixture_put(pair.far, "abc", 3);
    expect_next(&fixture, context, 0, 3, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {try_while_a_request_for_many_is_being_stopped_is_done, 8},
        {try_that_takes_nothing_is_done_while_a_request_is_being_stopped, 0},
        {try_of_who_has_memory_is_done_where_the_buffers_are_out, 2},
        {try_without_data_looks_once, 2},
    };

    return fixture_run("contract: TRY and a request for many", cases,
                       sizeof cases / sizeof cases[0]);
}
