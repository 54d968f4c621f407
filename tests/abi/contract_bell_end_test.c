/*
 * contract_bell_end_test.c - a stream over Unix sockets whose receives are rung for, and what ends
 * that; _i begins with which.
 *
 * - Who waits can be cancelled, be late, be closed; whoever comes next misses nothing.
 * - The handle moves, is pinned, is detached; the loop ends.
 */
#include "lending.h"
#include "message.h"
#include "ringing.h"

#include <string.h>
#include <unistd.h>

static struct fixture fixture;
static struct fixture other;

START_TEST(several_wait_in_order)
{
    struct pendio_context *contexts[3];
    struct fixture_pair pair = ringing_begin(&fixture, _i % RINGING_KINDS, &contexts[0]);

    contexts[1] = fixture_get(&fixture);
    contexts[2] = fixture_get(&fixture);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pendio_context_set_window(contexts[i], 0, 2), 0);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    fixture_put(pair.far, "aabb", 4);
    expect_next(&fixture, contexts[0], 0, 2, 0);
    expect_next(&fixture, contexts[1], 0, 2, 0);
    fixture_quiet(&fixture);
    fixture_put(pair.far, "c", 1);
    expect_next(&fixture, contexts[2], 0, 1, 0);
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(who_waits_is_cancelled_or_late_and_the_next_goes_on)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, _i % RINGING_KINDS, &contexts[0]);

    contexts[1] = fixture_get(&fixture);
    for (int i = 0; i < 4; i++) {
        if (i % 2 == 0)
            ck_assert_int_eq(pendio_context_set_deadline(contexts[0], 1000000), 0);
        expect_pending(pendio_receive(contexts[0], pair.near));
        if (i >= 2)
            expect_pending(pendio_receive(contexts[1], pair.near));
        if (i % 2 == 0) {
            expect_next(&fixture, contexts[0], -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
            ck_assert_int_eq(pendio_context_set_deadline(contexts[0], 0), 0);
        } else {
            ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[0])), 0);
            expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
        }
        if (i < 2)
            expect_pending(pendio_receive(contexts[1], pair.near));
        fixture_put(pair.far, "next", 4);
        expect_next(&fixture, contexts[1], 0, 4, 0);
        ringing_receive(&fixture, contexts[0], &pair);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

/* It had rung for the one who was cancelled. */
START_TEST(what_came_for_one_who_was_cancelled_is_the_next_ones)
{
    const struct pendio_completion *completion;
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i % RINGING_KINDS, &context);
    uint64_t received = 0;

    for (int i = 0; i < RINGING_MANY; i++) {
        expect_pending(pendio_receive(context, pair.near));
        fixture_quiet(&fixture);
        fixture_put(pair.far, "bytes", 5);
        if (i % 2 == 0)
            ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
        completion = fixture_next(&fixture);
        received += completion->bytes;
        while (received < 5 * ((uint64_t)i + 1)) {
            expect_pending(pendio_receive(context, pair.near));
            completion = fixture_next(&fixture);
            ck_assert_int_eq(completion->error, 0);
            received += completion->bytes;
        }
        ringing_receive(&fixture, context, &pair);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(end_is_told)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i % RINGING_KINDS, &context);

    ringing_send(&fixture, &pair);
    if (_i / 2 % 2 == 0)
        expect_pending(pendio_receive(context, pair.near));
    if (_i / 4 == 0)
        fixture_put(pair.far, "last", 4);
    close(pair.far);
    if (_i / 2 % 2 != 0)
        expect_pending(pendio_receive(context, pair.near));
    if (_i / 4 == 0) {
        expect_next(&fixture, context, 0, 4, 0);
        expect_pending(pendio_receive(context, pair.near));
    }
    expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    expect_done(pendio_receive(context, pair.near));
    expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(close_ends_who_waits)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, _i % RINGING_KINDS, &contexts[0]);
    uint32_t mode = _i / 2 % 2 == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE;

    contexts[1] = fixture_get(&fixture);
    if (_i / 4 == 0)
        expect_pending(pendio_receive(contexts[0], pair.near));
    expect_pending(pendio_close(contexts[1], pair.near, mode));
    if (_i / 4 == 0)
        expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_next(&fixture, contexts[1], 0, 0, 0);
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(loop_is_destroyed_while_one_waits)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i % RINGING_KINDS, &context);
    uint64_t leaked_count = 1;

    expect_pending(pendio_receive(context, pair.near));
    if (_i / 2 != 0)
        fixture_put(pair.far, "late", 4);
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, -1, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    fixture.destroyed = true;
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(descriptor_is_detached_when_nobody_waits)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i % RINGING_KINDS, &context);
    int descriptor = -1;
    char taken[4];

    expect_pending(pendio_receive(context, pair.near));
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), -EBUSY);
    fixture_put(pair.far, "bye", 3);
    expect_next(&fixture, context, 0, 3, 0);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), 0);
    fixture_put(pair.far, "mine", 4);
    fixture_take(descriptor, taken, 4);
    ck_assert_mem_eq(taken, "mine", 4);
    close(descriptor);
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(handle_that_moves_leaves_nothing_behind)
{
    union message_control control;
    const struct pendio_completion *completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];
    int sent;

    fixture_init(&fixture);
    fixture_init(&other);
    pair = ringing_pair(&fixture, _i % RINGING_KINDS, &context);
    sent = message_open_null();
    message_put_rights(pair.far, sent, 3);
    expect_pending(pendio_move(context, pair.near, other.loop));
    fixture_quiet(&fixture);
    fixture_quiet(&other);
    completion = fixture_next(&fixture);
    expect_completion(completion, 0, 0, 0);
    context = message_over(&other, memory, sizeof memory, &control);
    expect_pending(pendio_receive_message(context, completion->value));
    expect_next(&other, context, 0, 3, 0);
    close(message_descriptor(&control, message_of(context).control_bytes));
    close(sent);
    close(pair.far);
    fixture_quiet(&fixture); /* lets go of the other loop */
    fixture_fini(&other);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(move_that_is_refused_leaves_who_waits_as_it_was)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, _i % RINGING_KINDS, &contexts[0]);

    fixture_init(&other);
    contexts[1] = fixture_get(&fixture);
    for (int i = 0; i < RINGING_MANY; i++) {
        expect_pending(pendio_receive(contexts[0], pair.near));
        fixture_quiet(&fixture);
        ck_assert_int_eq(pendio_move(contexts[1], pair.near, other.loop), -EBUSY);
        fixture_put(pair.far, "bye", 3);
        expect_next(&fixture, contexts[0], 0, 3, 0);
    }
    fixture_fini(&other);
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(pin_holds_for_who_waits)
{
    static const uint32_t pins[] = {PENDIO_RECEIVE_SINGLE, PENDIO_RECEIVE_MULTISHOT,
                                    PENDIO_RECEIVE_ADAPTIVE};
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i % RINGING_KINDS, &context);

    for (int i = 0; i < 6; i++) {
        int answer = pendio_receive(context, pair.near);

        expect_pending(answer);
        fixture_quiet(&fixture);
        ck_assert_int_eq(pendio_handle_set_receive(fixture.loop, pair.near, pins[i % 3]), 0);
        for (int j = 0; j < RINGING_MANY; j++) {
            fixture_put(pair.far, "pinned", 6);
            completion = lending_finish(&fixture, context, answer);
            expect_completion(&completion, 0, 6, 0);
            answer = pendio_receive(context, pair.near);
        }
        fixture_put(pair.far, "pinned", 6);
        completion = lending_finish(&fixture, context, answer);
        expect_completion(&completion, 0, 6, 0);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {several_wait_in_order, RINGING_KINDS},
        {who_waits_is_cancelled_or_late_and_the_next_goes_on, RINGING_KINDS},
        {what_came_for_one_who_was_cancelled_is_the_next_ones, RINGING_KINDS},
        {end_is_told, 4 * RINGING_KINDS},
        {close_ends_who_waits, 4 * RINGING_KINDS},
        {loop_is_destroyed_while_one_waits, 2 * RINGING_KINDS},
        {descriptor_is_detached_when_nobody_waits, RINGING_KINDS},
        {handle_that_moves_leaves_nothing_behind, RINGING_KINDS},
        {move_that_is_refused_leaves_who_waits_as_it_was, RINGING_KINDS},
        {pin_holds_for_who_waits, RINGING_KINDS},
    };
    return fixture_run("contract: bell end", cases, sizeof cases / sizeof cases[0]);
}
