/*
 * contract_reason_test.c - what is told of how a stream is received from: what a poll that stays is
 * for, and when that is over.
 *
 * - Every stream that has one is told of, with a reason, once there is one.
 * - What is closed is nobody's rival.
 * - Large pieces are polled for while there is a crowd; two that have much each are none.
 */
#include "ringing.h"

#include <unistd.h>

static struct fixture fixture;

enum { CROWD = 12, FEW = 3 };

static const char bytes[RINGING_LARGE_BYTES];

/* Where such a poll is possible: of which kind. */
static void expect_reason(const struct fixture_pair *pair, int kind, uint32_t if_possible)
{
    fixture_expect_receive(&fixture, pair->near, PENDIO_RECEIVE_SINGLE,
                           ringing_is_possible(&fixture, kind) ? if_possible
                                                               : PENDIO_RECEIVE_UNDECIDED);
}

/* Two that are busy in turn; what comes for the first has so many bytes. */
static void receive_in_turn(struct pendio_context *const contexts[2],
                            const struct fixture_pair pairs[2], size_t byte_count)
{
    for (int i = 0; i < RINGING_MANY; i++) {
        ringing_receive(&fixture, contexts[1], &pairs[1]);
        expect_pending(pendio_receive(contexts[0], pairs[0].near));
        fixture_put(pairs[0].far, bytes, byte_count);
        expect_next(&fixture, contexts[0], 0, byte_count, 0);
    }
}

/* It is tried out as a lone one, and there is another one. */
/* _i: they take turns, or each has two pieces at a time. */
START_TEST(stream_that_is_not_alone_after_all_is_one_of_many)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pairs[2];

    fixture_init_with(&fixture, NULL, 16, RINGING_LARGE_BYTES);
    for (int i = 0; i < 2; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
        contexts[i] = fixture_get(&fixture);
    }
    for (int i = 0; i < 2 * RINGING_MANY && fixture_stats(&fixture).streams_polled == 0; i++)
        ringing_receive(&fixture, contexts[0], &pairs[0]);
    for (int i = 0; i < 2 * RINGING_MANY; i++)
        for (int k = 0; k <= _i; k++)
            ringing_receive(&fixture, contexts[(i + 1) % 2], &pairs[(i + 1) % 2]);
    expect_reason(&pairs[0], RINGING_LONE, PENDIO_RECEIVE_CROWDED);
    for (int i = 0; i < 2; i++)
        close(pairs[i].far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(stream_of_large_pieces_that_become_small_is_polled_again)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pairs[2] = {ringing_begin(&fixture, RINGING_CROWDED, &contexts[0])};

    pairs[1] = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    contexts[1] = fixture_get(&fixture);
    receive_in_turn(contexts, pairs, RINGING_LARGE_BYTES);
    expect_reason(&pairs[0], RINGING_CROWDED, PENDIO_RECEIVE_LARGE);
    for (int i = 0; i < RINGING_MANY; i++)
        ringing_receive_together(&fixture, contexts, pairs, 2, i % 2, 5);
    expect_reason(&pairs[0], RINGING_CROWDED, PENDIO_RECEIVE_CROWDED);
    close(pairs[1].far);
    ringing_end(&fixture, &pairs[0]);
}
END_TEST

START_TEST(large_pieces_are_polled_for_in_a_crowd_and_not_once_it_is_gone)
{
    struct pendio_context *contexts[CROWD], *known;
    struct fixture_pair pairs[CROWD], first = ringing_begin(&fixture, RINGING_CROWDED, &known);
    bool is_possible = ringing_is_possible(&fixture, RINGING_CROWDED);
    struct pendio_loop_statistics before = fixture_stats(&fixture);

    for (int i = 0; i < CROWD; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
        contexts[i] = fixture_get(&fixture);
    }
    for (int i = 0; i < 3 * RINGING_MANY; i++)
        ringing_receive_together(&fixture, contexts, pairs, CROWD, 0, RINGING_LARGE_BYTES);
    ck_assert_int_eq(fixture_stats(&fixture).polled_for_crowd > before.polled_for_crowd,
                     is_possible);
    ck_assert_uint_eq(fixture_stats(&fixture).single_for_large, before.single_for_large);
    for (int i = 1; i < CROWD; i++) /* who always comes first is not known to have company */
        expect_reason(&pairs[i], RINGING_CROWDED, PENDIO_RECEIVE_CROWDED);
    for (int i = 0; i < RINGING_MANY; i++)
        ringing_receive_together(&fixture, &contexts[CROWD - FEW], &pairs[CROWD - FEW], FEW, 0,
                                 RINGING_LARGE_BYTES);
    expect_reason(&pairs[CROWD - 1], RINGING_CROWDED, PENDIO_RECEIVE_LARGE);
    for (int i = 0; i < CROWD; i++)
        close(pairs[i].far);
    ringing_end(&fixture, &first);
}
END_TEST

START_TEST(two_that_have_much_each_are_no_crowd)
{
    struct pendio_context *contexts[2], *known;
    struct fixture_pair pairs[2], first = ringing_begin(&fixture, RINGING_CROWDED, &known);
    uint64_t told_count = fixture_stats(&fixture).polled_for_crowd;

    for (int i = 0; i < 2; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
        contexts[i] = fixture_get(&fixture);
        ck_assert_int_eq(pendio_context_set_policy(contexts[i], PENDIO_TRY), 0);
    }
    for (int i = 0; i < 4 * RINGING_MANY; i++) {
        fixture_put(pairs[i % 2].far, bytes, sizeof bytes);
        expect_done(pendio_receive(contexts[i % 2], pairs[i % 2].near));
        if (i % (2 * CROWD) == 0)
            fixture_quiet(&fixture);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).polled_for_crowd, told_count);
    for (int i = 0; i < 2; i++)
        close(pairs[i].far);
    ringing_end(&fixture, &first);
}
END_TEST

static void close_pair(const struct fixture_pair *pair)
{
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair->near, PENDIO_ABORTIVE), 0);
    fixture_quiet(&fixture);
    close(pair->far);
}

/* _i: the next one has its place, or that of another that was closed. */
START_TEST(lone_one_that_is_closed_is_no_rival)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);
    bool is_possible = ringing_is_possible(&fixture, RINGING_LONE);

    for (uint64_t i = 0; i < 3; i++) {
        struct fixture_pair other = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);

        if (_i == 0)
            close_pair(&other);
        close_pair(&pair);
        if (_i == 1)
            close_pair(&other);
        ck_assert_uint_eq(fixture_stats(&fixture).streams_polled, 0);
        ck_assert_int_eq(pendio_pool_put(context), 0);
        pair = ringing_pair(&fixture, RINGING_LONE, &context);
        ck_assert_uint_eq(fixture_stats(&fixture).polled_for_lone, is_possible ? i + 2 : 0);
        ck_assert_uint_eq(fixture_stats(&fixture).polled_for_crowd, 0);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {stream_that_is_not_alone_after_all_is_one_of_many, 2},
        {stream_of_large_pieces_that_become_small_is_polled_again, 0},
        {large_pieces_are_polled_for_in_a_crowd_and_not_once_it_is_gone, 0},
        {two_that_have_much_each_are_no_crowd, 0},
        {lone_one_that_is_closed_is_no_rival, 2},
    };
    return fixture_run("contract: reason", cases, sizeof cases / sizeof cases[0]);
}
