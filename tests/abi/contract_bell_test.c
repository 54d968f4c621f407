/*
 * contract_bell_test.c - a stream over Unix sockets whose receives are rung for: many in a row with
 * little to bring, or alone: _i is which.
 *
 * - Nothing is received ahead: descriptors come with the piece they were sent with, to whoever asks
 *   for that by receive_message, whatever was received before and how.
 * - Nothing is left behind, where receives end early: at descriptors, at the end of a window.
 */
#include "lending.h"
#include "message.h"
#include "ringing.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

static struct fixture fixture;

static void expect_rights(struct pendio_context *context, pendio_handle near,
                          const union message_control *control, uint64_t byte_count)
{
    expect_pending(pendio_receive_message(context, near));
    expect_next(&fixture, context, 0, byte_count, 0);
    close(message_descriptor(control, message_of(context).control_bytes));
}

START_TEST(descriptor_comes_behind_a_header_that_was_received_before)
{
    union message_control control;
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, _i, &contexts[0]);
    int sent = message_open_null();
    char memory[8];

    contexts[1] = message_over(&fixture, memory, sizeof memory, &control);
    ck_assert_int_eq(pendio_context_set_window(contexts[0], 0, 4), 0);
    for (int i = 0; i < RINGING_MANY; i++) {
        if (i % 2 == 0)
            expect_pending(pendio_receive(contexts[0], pair.near));
        fixture_put(pair.far, "head", 4);
        message_put_rights(pair.far, sent, 3);
        if (i % 2 != 0)
            expect_pending(pendio_receive(contexts[0], pair.near));
        expect_next(&fixture, contexts[0], 0, 4, 0);
        expect_rights(contexts[1], pair.near, &control, 3);
    }
    close(sent);
    ringing_end(&fixture, &pair);
}
END_TEST

/* What waits before it is not joined with it, whatever the window: as without many before. */
START_TEST(descriptor_comes_with_no_other_piece)
{
    union message_control control;
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, _i, &contexts[0]);
    int sent = message_open_null();
    char memory[8];

    contexts[1] = message_over(&fixture, memory, 4, &control);
    fixture_put(pair.far, "one:two:", 8);
    message_put_rights(pair.far, sent, 3);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_receive_message(contexts[1], pair.near));
        expect_next(&fixture, contexts[1], 0, 4, 0);
        ck_assert_uint_eq(message_of(contexts[1]).control_bytes, 0);
    }
    expect_rights(contexts[1], pair.near, &control, 3);
    close(sent);
    ringing_end(&fixture, &pair);
}
END_TEST

/* A receive ends there, though more has come; and drops what it has no room for. */
START_TEST(what_waits_behind_descriptors_is_received)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i, &context);
    int before = fixture_count_descriptors();
    int sent = message_open_null();

    for (int i = 0; i < RINGING_MANY; i++) {
        message_put_rights(pair.far, sent, 3);
        message_put_rights(pair.far, sent, 4);
        fixture_put(pair.far, "rest", 4);
        for (uint64_t byte_count = 3; byte_count < 5; byte_count++) {
            expect_pending(pendio_receive(context, pair.near));
            expect_next(&fixture, context, 0, byte_count, 0);
        }
        expect_pending(pendio_receive(context, pair.near));
        expect_next(&fixture, context, 0, 4, 0);
    }
    close(sent);
    ck_assert_int_eq(fixture_count_descriptors(), before);
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(what_a_window_leaves_is_received)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i, &context);

    for (size_t window_bytes = 1; window_bytes <= 8; window_bytes *= 2) {
        ck_assert_int_eq(pendio_context_set_window(context, 0, window_bytes), 0);
        fixture_put(pair.far, "12345678", 8);
        for (size_t left = 8; left != 0; left -= window_bytes) {
            expect_pending(pendio_receive(context, pair.near));
            expect_next(&fixture, context, 0, window_bytes, 0);
        }
    }
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(every_kind_of_receive_may_follow)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[3];
    struct fixture_pair pair = ringing_begin(&fixture, _i, &contexts[0]);

    contexts[1] = lending_get(&fixture);
    contexts[2] = fixture_over(&fixture, NULL, 0);
    for (int i = 0; i < RINGING_MANY; i++) {
        if (i % 2 == 0)
            fixture_put(pair.far, "kinds", 5);
        ck_assert_int_eq(pendio_context_set_flags(contexts[0], PENDIO_PEEK), 0);
        expect_pending(pendio_receive(contexts[0], pair.near));
        if (i % 2 != 0)
            fixture_put(pair.far, "kinds", 5);
        expect_next(&fixture, contexts[0], 0, 5, 0);
        ck_assert_int_eq(pendio_context_set_flags(contexts[0], 0), 0);
        expect_pending(pendio_receive(contexts[2], pair.near));
        expect_next(&fixture, contexts[2], 0, 0, 0);
        ck_assert_int_eq(pendio_context_set_window(contexts[0], 0, 1), 0);
        expect_pending(pendio_receive_from(contexts[0], pair.near));
        expect_next(&fixture, contexts[0], 0, 1, 0);
        expect_pending(pendio_read(contexts[0], pair.near, PENDIO_STREAMING));
        expect_next(&fixture, contexts[0], 0, 1, 0);
        expect_pending(pendio_receive_message(contexts[0], pair.near));
        expect_next(&fixture, contexts[0], 0, 1, 0);
        completion = lending_receive(&fixture, contexts[1], pair.near);
        lending_expect(&completion, "ds");
        ck_assert_int_eq(pendio_context_set_slice(contexts[0]), 0);
        ringing_receive(&fixture, contexts[0], &pair);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(poll_beside_sees_what_is_there)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, _i, &contexts[0]);

    contexts[1] = fixture_get(&fixture);
    for (int i = 0; i < 3; i++) {
        expect_pending(pendio_poll(contexts[1], pair.near, POLLIN));
        if (i % 2 == 0)
            fixture_quiet(&fixture);
        fixture_put(pair.far, "seen", 4);
        expect_next(&fixture, contexts[1], 0, 0, 0);
        expect_pending(pendio_receive(contexts[0], pair.near));
        expect_next(&fixture, contexts[0], 0, 4, 0);
        ringing_receive(&fixture, contexts[0], &pair);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(look_at_once_finds_what_has_come)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i, &context);

    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    for (int i = 0; i < RINGING_MANY; i++) {
        fixture_put(pair.far, "tried", 5);
        expect_done(pendio_receive(context, pair.near));
        expect_result(context, 0, 5, 0);
        expect_pending(pendio_receive(context, pair.near));
        fixture_put(pair.far, "waited", 6);
        expect_next(&fixture, context, 0, 6, 0);
    }
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_AUTO), 0);
    ringing_receive(&fixture, context, &pair);
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(one_turn_that_does_not_wait_brings_what_has_come)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i, &context);

    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "there", 5);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, &completion, 1), 1);
    expect_completion(&completion, 0, 5, 0);
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(large_pieces_are_received_whole)
{
    static unsigned char bytes[RINGING_LARGE_BYTES];
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, _i, &context);

    for (int i = 0; i < 3 * RINGING_MANY; i++) {
        size_t byte_count = i % RINGING_MANY < RINGING_MANY / 2 ? RINGING_LARGE_BYTES : 64;

        expect_pending(pendio_receive(context, pair.near));
        fixture_put(pair.far, bytes, byte_count);
        for (uint64_t got = fixture_next(&fixture)->bytes; got < byte_count;) {
            expect_pending(pendio_receive(context, pair.near));
            got += fixture_next(&fixture)->bytes;
        }
    }
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(large_pieces_of_one_of_many_are_rung_for_no_more)
{
    static unsigned char bytes[RINGING_LARGE_BYTES];
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_CROWDED, &contexts[0]);
    struct fixture_pair other = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    bool is_possible = ringing_is_possible(&fixture, RINGING_CROWDED);

    contexts[1] = fixture_get(&fixture);
    for (int i = 0; i < RINGING_MANY; i++) {
        ringing_receive(&fixture, contexts[1], &other);
        expect_pending(pendio_receive(contexts[0], pair.near));
        fixture_put(pair.far, bytes, sizeof bytes);
        expect_next(&fixture, contexts[0], 0, sizeof bytes, 0);
    }
    fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE,
                           is_possible ? PENDIO_RECEIVE_LARGE : PENDIO_RECEIVE_UNDECIDED);
    ck_assert_uint_eq(fixture_stats(&fixture).single_for_large, is_possible);
    close(other.far);
    ringing_end(&fixture, &pair);
}
END_TEST

/* No receive is in the kernel while nothing has come: it is asked for when there is something. */
START_TEST(receive_that_waits_is_not_handed_over)
{
    struct pendio_loop_statistics before, after;
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_CROWDED, &context);

    before = fixture_stats(&fixture);
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    after = fixture_stats(&fixture);
    ck_assert_uint_le(after.requests - before.requests, before.multishot_armed == 0);
    fixture_put(pair.far, "now", 3);
    expect_next(&fixture, context, 0, 3, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).requests - before.requests, 1);
    ringing_end(&fixture, &pair);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {descriptor_comes_behind_a_header_that_was_received_before, RINGING_KINDS},
        {descriptor_comes_with_no_other_piece, RINGING_KINDS},
        {what_waits_behind_descriptors_is_received, RINGING_KINDS},
        {what_a_window_leaves_is_received, RINGING_KINDS},
        {every_kind_of_receive_may_follow, RINGING_KINDS},
        {poll_beside_sees_what_is_there, RINGING_KINDS},
        {look_at_once_finds_what_has_come, RINGING_KINDS},
        {one_turn_that_does_not_wait_brings_what_has_come, RINGING_KINDS},
        {large_pieces_are_received_whole, RINGING_KINDS},
        {large_pieces_of_one_of_many_are_rung_for_no_more, 0},
        {receive_that_waits_is_not_handed_over, 0},
    };
    return fixture_run("contract: bell", cases, sizeof cases / sizeof cases[0]);
}
