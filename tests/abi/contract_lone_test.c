/*
 * contract_lone_test.c - a stream that is alone and busy: what has come for it is received without
 * a request.
 *
 * - What it brings is what a request would: amounts, ends, errors; by callbacks, too.
 */
#include "lending.h"
#include "ringing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct fixture fixture;

START_TEST(what_has_come_takes_no_request)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);
    struct pendio_loop_statistics before = fixture_stats(&fixture), after;
    bool is_possible = ringing_is_possible(&fixture, RINGING_LONE);
    uint64_t sends = RINGING_MANY;

    for (int i = 0; i < RINGING_MANY; i++) {
        ringing_send(&fixture, &pair);
        ringing_receive(&fixture, context, &pair);
    }
    after = fixture_stats(&fixture);
    ck_assert_uint_eq(after.requests - before.requests, is_possible ? sends : 2 * sends);
    ck_assert_uint_eq(after.received_direct - before.received_direct, is_possible ? sends : 0);
    ck_assert_uint_eq(after.polled_for_lone, is_possible);
    ck_assert_uint_eq(after.polled_for_crowd, 0);
    ck_assert_uint_eq(after.streams_polled, is_possible);
    ringing_end(&fixture, &pair);
}
END_TEST

/* So many windows full at once, with a byte sent between: nearly all have calls of their own. */
START_TEST(several_windows_full_take_no_request)
{
    enum { WINDOW_COUNT = 4, WINDOW_BYTES = 512 };
    unsigned char bytes[WINDOW_COUNT * WINDOW_BYTES];
    struct pendio_completion got;
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);
    bool is_possible = ringing_is_possible(&fixture, RINGING_LONE);
    uint64_t before = 0;

    ck_assert_int_eq(pendio_context_set_window(context, 0, WINDOW_BYTES), 0);
    for (int i = 0; i < RINGING_MANY; i++) {
        fixture_fill(bytes, sizeof bytes, (uint64_t)i);
        fixture_put(pair.far, bytes, sizeof bytes);
        memset(bytes, 0, sizeof bytes);
        for (int k = 0; k < WINDOW_COUNT; k++) {
            ringing_send(&fixture, &pair);
            expect_pending(pendio_receive(context, pair.near));
            got = *fixture_next(&fixture);
            ck_assert_ptr_eq(got.context, context);
            expect_completion(&got, 0, WINDOW_BYTES, 0);
            memcpy(&bytes[k * WINDOW_BYTES], (void *)(uintptr_t)got.memory, WINDOW_BYTES);
        }
        ck_assert(fixture_is_filled(bytes, sizeof bytes, (uint64_t)i));
        if (i == RINGING_MANY / 2)
            before = fixture_stats(&fixture).received_direct;
    }
    ck_assert_uint_ge(fixture_stats(&fixture).received_direct - before,
                      is_possible ? (RINGING_MANY / 2 - 1) * (WINDOW_COUNT - 1) : 0);
    ringing_end(&fixture, &pair);
}
END_TEST

/* There was more behind each full window, until there is not: that is no failure, but the end. */
START_TEST(end_behind_a_full_window_is_told)
{
    enum { WINDOW_COUNT = 4, WINDOW_BYTES = 512 };
    static const unsigned char bytes[WINDOW_COUNT * WINDOW_BYTES];
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);

    ck_assert_int_eq(pendio_context_set_window(context, 0, WINDOW_BYTES), 0);
    for (int i = 0; i < RINGING_MANY; i++) {
        fixture_put(pair.far, bytes, sizeof bytes);
        for (int k = 0; k < WINDOW_COUNT; k++) {
            if (i < RINGING_MANY - 1)
                ringing_send(&fixture, &pair);
            else if (k == 0)
                close(pair.far);
            expect_pending(pendio_receive(context, pair.near));
            expect_next(&fixture, context, 0, WINDOW_BYTES, 0);
        }
    }
    if (pendio_receive(context, pair.near) == PENDIO_PENDING)
        (void)fixture_next(&fixture);
    expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
}
END_TEST

/* Over TCP that is for large pieces: small ones are received ahead. */
START_TEST(large_pieces_over_tcp_are_received_whole)
{
    static unsigned char bytes[RINGING_LARGE_BYTES];
    struct fixture_pair pair;
    struct pendio_context *context;

    fixture_init_with(&fixture, NULL, 16, sizeof bytes);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    for (int i = 0; i < 3 * RINGING_MANY; i++) {
        for (size_t j = 0; j < sizeof bytes; j++)
            bytes[j] = (unsigned char)(i + (int)(j / 256));
        ringing_send(&fixture, &pair);
        fixture_put(pair.far, bytes, sizeof bytes);
        for (uint64_t got = 0; got < sizeof bytes;) {
            const struct pendio_completion completion =
                lending_finish(&fixture, context, pendio_receive(context, pair.near));

            ck_assert_int_eq(completion.error, 0);
            ck_assert_uint_le(completion.bytes, sizeof bytes - got);
            ck_assert_mem_eq((const void *)(uintptr_t)completion.memory, bytes + got,
                             completion.bytes);
            got += completion.bytes;
        }
    }
    close(pair.far);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(what_is_waited_for_is_asked_for_by_requests_again)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);

    for (int i = 0; i < RINGING_MANY; i++) {
        expect_pending(pendio_receive(context, pair.near));
        fixture_quiet(&fixture);
        fixture_put(pair.far, "waited", 6);
        expect_next(&fixture, context, 0, 6, 0);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).multishot_ended,
                      fixture_stats(&fixture).multishot_armed);
    ck_assert_uint_eq(fixture_stats(&fixture).streams_polled, 0);
    fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE, PENDIO_RECEIVE_UNDECIDED);
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(what_a_window_leaves_is_received_in_order)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);

    ck_assert_int_eq(pendio_context_set_window(context, 0, 4), 0);
    for (int i = 0; i < RINGING_MANY; i++) {
        const struct pendio_completion *completion;

        ringing_send(&fixture, &pair);
        fixture_put(pair.far, "abcdefgh", 8);
        expect_pending(pendio_receive(context, pair.near));
        completion = fixture_next(&fixture);
        expect_completion(completion, 0, 4, 0);
        ck_assert_mem_eq((const void *)(uintptr_t)completion->memory, "abcd", 4);
        if (i % 2 == 0)
            ringing_send(&fixture, &pair);
        expect_pending(pendio_receive(context, pair.near));
        completion = fixture_next(&fixture);
        expect_completion(completion, 0, 4, 0);
        ck_assert_mem_eq((const void *)(uintptr_t)completion->memory, "efgh", 4);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

/* The rest is there: no bell rings for it. _i: turns that wait or not; one send a turn, or two. */
START_TEST(what_a_window_leaves_comes_beside_sends_of_others)
{
    struct pendio_context *context, *senders[2];
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);
    struct fixture_pair other = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    bool is_possible = ringing_is_possible(&fixture, RINGING_LONE);
    int sender_count = 1 + _i / 2;
    char taken[2];

    for (int i = 0; i < sender_count; i++)
        senders[i] = fixture_over(&fixture, (void *)(uintptr_t) "b", 1);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 1), 0);
    for (int i = 0; i < RINGING_MANY; i++) {
        const struct pendio_completion *completion;
        bool has_come = false;

        ringing_send(&fixture, &pair);
        expect_pending(pendio_receive(context, pair.near));
        fixture_put(pair.far, "ab", 2);
        expect_next(&fixture, context, 0, 1, 0);
        fixture_quiet(&fixture);
        expect_pending(pendio_receive(context, pair.near));
        for (int turn = 0; turn < 4 && !has_come; turn++) {
            for (int k = 0; k < sender_count; k++)
                expect_pending(pendio_send(senders[k], other.near));
            fixture_turn(&fixture, _i % 2 == 0 ? -1 : 0);
            fixture_wait(&fixture, (uint32_t)sender_count);
            while (fixture.read_count != fixture.seen_count) {
                completion = fixture_next(&fixture);
                expect_completion(completion, 0, 1, 0);
                has_come = has_come || completion->context == context;
            }
            fixture_take(other.far, taken, (size_t)sender_count);
        }
        ck_assert(has_come);
    }
    ck_assert_uint_ge(fixture_stats(&fixture).received_direct, is_possible ? RINGING_MANY : 0);
    close(other.far);
    ringing_end(&fixture, &pair);
}
END_TEST

/* The far end is closed with bytes that it has not taken: that is a reset, and told as one. */
START_TEST(reset_is_told)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &contexts[0]);

    contexts[1] = fixture_get(&fixture);
    expect_pending(pendio_send(contexts[1], pair.near));
    expect_next(&fixture, contexts[1], 0, 2 * RINGING_LARGE_BYTES, 0);
    expect_pending(pendio_receive(contexts[0], pair.near));
    close(pair.far);
    expect_next(&fixture, contexts[0], -ECONNRESET, 0, 0);
    expect_done(pendio_receive(contexts[0], pair.near));
    expect_result(contexts[0], -ECONNRESET, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(callbacks_are_called)
{
    char memory[8];
    struct pendio_context *context, *called;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);

    called = fixture_called(&fixture, memory, sizeof memory);
    for (int i = 0; i < RINGING_MANY; i++) {
        ringing_send(&fixture, &pair);
        ringing_receive(&fixture, i % 2 == 0 ? called : context, &pair);
    }
    ringing_end(&fixture, &pair);
}
END_TEST

START_TEST(deadline_does_not_hit_who_is_served)
{
    struct pendio_context *context;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &context);

    ck_assert_int_eq(pendio_context_set_deadline(context, UINT64_C(3600) * 1000000000), 0);
    for (int i = 0; i < RINGING_MANY; i++) {
        ringing_send(&fixture, &pair);
        ringing_receive(&fixture, context, &pair);
    }
    ck_assert_int_eq(pendio_context_set_deadline(context, 1), 0);
    ringing_send(&fixture, &pair);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    ringing_end(&fixture, &pair);
}
END_TEST

/* The lone stream's has data and the other not; then another stream is the lone one. */
START_TEST(splice_does_not_pass_the_one_before_it)
{
    struct pendio_context *contexts[2], *receiver;
    struct fixture_pair pair = ringing_begin(&fixture, RINGING_LONE, &receiver);
    struct fixture_pair first = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    struct fixture_pair another = {.far = -1};
    pendio_handle into;
    char bytes[11];
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    ck_assert_int_eq(pendio_handle_adopt(fixture.loop, ends[1], &into), 0);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    expect_pending(
        pendio_splice(contexts[0], first.near, PENDIO_STREAMING, into, PENDIO_STREAMING, 5));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "second", 6);
    expect_pending(
        pendio_splice(contexts[1], pair.near, PENDIO_STREAMING, into, PENDIO_STREAMING, 6));
    fixture_quiet(&fixture);
    if (_i != 0)
        another = ringing_pair(&fixture, RINGING_LONE, &receiver);
    fixture_put(first.far, "first", 5);
    expect_next(&fixture, contexts[0], 0, 5, 0);
    expect_next(&fixture, contexts[1], 0, 6, 0);
    fixture_take(ends[0], bytes, sizeof bytes);
    ck_assert_mem_eq(bytes, "firstsecond", sizeof bytes);
    close(ends[0]);
    close(first.far);
    if (another.far >= 0)
        close(another.far);
    ringing_end(&fixture, &pair);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {what_has_come_takes_no_request, 0},
        {several_windows_full_take_no_request, 0},
        {end_behind_a_full_window_is_told, 0},
        {large_pieces_over_tcp_are_received_whole, 0},
        {what_is_waited_for_is_asked_for_by_requests_again, 0},
        {what_a_window_leaves_is_received_in_order, 0},
        {what_a_window_leaves_comes_beside_sends_of_others, 4},
        {reset_is_told, 0},
        {callbacks_are_called, 0},
        {deadline_does_not_hit_who_is_served, 0},
        {splice_does_not_pass_the_one_before_it, 2},
    };
    return fixture_run("contract: lone", cases, sizeof cases / sizeof cases[0]);
}
