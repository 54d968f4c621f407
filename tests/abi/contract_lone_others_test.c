/*
 * contract_lone_others_test.c - whoever is there beside a stream that is alone and busy.
 *
 * - Nobody waits for it longer than for a few deliveries, and a quiet stream for one.
 * - Whoever looks at the loop's descriptor misses nothing.
 */
#include "ringing.h"

#include <poll.h>
#include <unistd.h>

static struct fixture fixture;

/*
 * Whatever the lone one, after sends that passed the ring, is given meanwhile: what else has come
 * is told of soon. _i: and whether it sends anything any more.
 */
START_TEST(who_else_has_something_waits_for_few_deliveries)
{
    enum { DELIVERY_LIMIT = 10 };
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);
    struct fixture_pair other = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    struct pendio_context *waiting = fixture_get(&fixture);
    struct pendio_context *sender = fixture_over(&fixture, (void *)(uintptr_t) "b", 1);
    int delivery_count = 0;
    char taken;

    expect_pending(pendio_receive(waiting, other.near));
    for (int i = 0; i < RINGING_MANY + 4; i++) {
        ringing_send(&fixture, &pair);
        ringing_receive(&fixture, context, &pair);
    }
    fixture_put(other.far, "o", 1);
    while (pendio_context_run(waiting) != 0) {
        if (pendio_context_run(context) == 0) {
            fixture_put(pair.far, "small", 5);
            expect_pending(pendio_receive(context, pair.near));
        }
        if (fixture_next(&fixture)->context != context)
            continue;
        ck_assert_int_le(++delivery_count, DELIVERY_LIMIT);
        if (_i == 0)
            continue;
        expect_pending(pendio_send(sender, pair.near));
        while (pendio_context_run(sender) != 0)
            (void)fixture_next(&fixture);
        fixture_take(pair.far, &taken, 1);
    }
    expect_result(waiting, 0, 1, 0);
    close(other.far);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

/* The lone one may be received for, and the other has what it waits for. */
static void have_data_for_both(struct pendio_context *const contexts[2],
                               const struct fixture_pair *lone, const struct fixture_pair *quiet)
{
    expect_pending(pendio_receive(contexts[1], quiet->near));
    fixture_quiet(&fixture);
    ringing_send(&fixture, lone);
    expect_pending(pendio_receive(contexts[0], lone->near));
    fixture_put(lone->far, "busy", 4);
    fixture_put(quiet->far, "quiet", 5);
}

/* Whatever the busy one has: its second delivery does not come before the quiet one's. */
START_TEST(quiet_stream_waits_for_one_delivery)
{
    struct pendio_completion completions[4];
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &contexts[0]);
    struct fixture_pair quiet = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    int count;

    contexts[1] = fixture_get(&fixture);
    for (int i = 0; i < RINGING_MANY; i++) {
        bool quiet_came = false;
        int busy_count = 0;

        have_data_for_both(contexts, &pair, &quiet);
        while (!quiet_came) {
            ck_assert_int_le(busy_count, 1);
            count = pendio_loop_turn(fixture.loop, -1, completions, 4);
            ck_assert_int_gt(count, 0);
            for (int j = 0; j < count; j++) {
                quiet_came = quiet_came || completions[j].context == contexts[1];
                if (completions[j].context == contexts[0]) {
                    busy_count++;
                    fixture_put(pair.far, "busy", 4);
                    expect_pending(pendio_receive(contexts[0], pair.near));
                }
            }
        }
        expect_next(&fixture, contexts[0], 0, 4, 0);
    }
    close(quiet.far);
    ringing_end(&fixture, &pair);
}
END_TEST

/* Its answers are handed over by flushes: these look after the quiet one, too. */
START_TEST(quiet_stream_is_not_held_up_by_flushes)
{
    struct pendio_completion completions[4];
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &contexts[0]);
    struct fixture_pair quiet = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    struct pendio_context *answer = fixture_over(&fixture, "answer", 6);
    bool quiet_came = false, is_answering = false;

    contexts[1] = fixture_get(&fixture);
    have_data_for_both(contexts, &pair, &quiet);
    for (int turns = 0; !quiet_came; turns++) {
        int count = pendio_loop_turn(fixture.loop, -1, completions, 4);
        bool busy_came = false;

        ck_assert_int_le(turns, 3);
        for (int i = 0; i < count; i++) {
            quiet_came = quiet_came || completions[i].context == contexts[1];
            busy_came = busy_came || completions[i].context == contexts[0];
            is_answering = is_answering && completions[i].context != answer;
        }
        if (!busy_came)
            continue;
        fixture_put(pair.far, "busy", 4);
        if (!is_answering)
            expect_pending(pendio_send(answer, pair.near));
        is_answering = true;
        ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
        expect_pending(pendio_receive(contexts[0], pair.near));
    }
    for (int left = 1 + is_answering; left > 0; left--)
        (void)fixture_next(&fixture);
    close(quiet.far);
    ringing_end(&fixture, &pair);
}
END_TEST

/* Some is left behind, and it has rung for all of it. */
START_TEST(descriptor_of_the_loop_tells_of_what_was_left)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);
    struct pollfd one = {.fd = pendio_loop_descriptor(fixture.loop), .events = POLLIN};

    ck_assert_int_ge(one.fd, 0);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 1), 0);
    for (int i = 0; i < RINGING_MANY; i++) {
        ringing_send(&fixture, &pair);
        expect_pending(pendio_receive(context, pair.near));
        fixture_put(pair.far, "ab", 2);
        expect_next(&fixture, context, 0, 1, 0);
        fixture_quiet(&fixture);
        expect_pending(pendio_receive(context, pair.near));
        ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
        ck_assert_int_eq(poll(&one, 1, 20000), 1);
        expect_next(&fixture, context, 0, 1, 0);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

/* Two of them, one after the other: the one that was alone before has rung already. */
START_TEST(stream_that_is_alone_no_more_misses_nothing)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &contexts[0]);
    struct fixture_pair other;

    ck_assert_int_eq(pendio_context_set_window(contexts[0], 0, 1), 0);
    for (int i = 0; i < 3; i++) {
        ringing_send(&fixture, &pair);
        fixture_put(pair.far, "ab", 2);
        expect_pending(pendio_receive(contexts[0], pair.near));
        expect_next(&fixture, contexts[0], 0, 1, 0);
        other = ringing_pair(&fixture, RINGING_LONE, &contexts[1]);
        fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE,
                               ringing_is_possible(&fixture, RINGING_LONE)
                                   ? PENDIO_RECEIVE_CROWDED
                                   : PENDIO_RECEIVE_UNDECIDED);
        expect_pending(pendio_receive(contexts[0], pair.near));
        expect_next(&fixture, contexts[0], 0, 1, 0);
        expect_pending(pendio_receive(contexts[0], pair.near));
        ringing_send(&fixture, &other);
        ringing_receive(&fixture, contexts[1], &other);
        fixture_put(pair.far, "c", 1);
        expect_next(&fixture, contexts[0], 0, 1, 0);
        close(other.far);
        ck_assert_int_eq(pendio_handle_close(fixture.loop, other.near, PENDIO_ABORTIVE), 0);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {who_else_has_something_waits_for_few_deliveries, 2},
        {quiet_stream_waits_for_one_delivery, 0},
        {quiet_stream_is_not_held_up_by_flushes, 0},
        {descriptor_of_the_loop_tells_of_what_was_left, 0},
        {stream_that_is_alone_no_more_misses_nothing, 0},
    };
    return fixture_run("contract: lone, others", cases, sizeof cases / sizeof cases[0]);
}
