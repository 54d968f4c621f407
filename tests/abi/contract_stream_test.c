/*
 * contract_stream_test.c - how streams end: in order, with an error, on one side, or not at all.
 *
 * - An end and a fatal error stick, and go to all who wait.
 * - Data come before the end of what they belong to, also when that is a RST.
 */
#include "fixture.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define MEGABYTE ((size_t)1 << 20)

static struct fixture fixture;

static struct pendio_context *over_text(const char *text, size_t byte_count)
{
    return fixture_over(&fixture, (void *)(uintptr_t)text, byte_count);
}

START_TEST(end_goes_to_all_who_wait_and_sticks)
{
    struct pendio_context *contexts[4];
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < 4; i++) {
        contexts[i] = fixture_over(&fixture, &memory[i], 1);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    fixture_put(pair.far, "x", 1);
    close(pair.far);
    expect_next(&fixture, contexts[0], 0, 1, 0);
    for (int i = 1; i < 4; i++)
        expect_next(&fixture, contexts[i], 0, 0, PENDIO_END_OF_STREAM);
    expect_done(pendio_receive(contexts[0], pair.near));
    expect_result(contexts[0], 0, 0, PENDIO_END_OF_STREAM);
    expect_done(pendio_receive_from(contexts[0], pair.near));
    expect_result(contexts[0], 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(reset_goes_to_all_who_wait_and_sticks)
{
    struct pendio_context *contexts[4];
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < 4; i++) {
        contexts[i] = fixture_over(&fixture, &memory[i], 1);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    fixture_quiet(&fixture);
    fixture_reset(pair.far);
    for (int i = 0; i < 4; i++)
        expect_next(&fixture, contexts[i], -ECONNRESET, 0, 0);
    for (int i = 0; i < 3; i++) {
        expect_done(pendio_receive(contexts[0], pair.near));
        expect_result(contexts[0], -ECONNRESET, 0, 0);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).done_known_error, 3);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(data_come_before_the_reset_that_follows_them)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[3];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, memory, sizeof memory);
    fixture_put(pair.far, "abcdef", 6);
    fixture_reset(pair.far);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_receive(context, pair.near));
        expect_next(&fixture, context, 0, 3, 0);
        ck_assert_mem_eq(memory, &"abcdef"[i == 0 ? 0 : 3], 3);
    }
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, -ECONNRESET, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(failed_send_says_how_much_had_gone_and_the_others_nothing)
{
    unsigned char *memory = malloc(32 * MEGABYTE);
    struct pendio_context *contexts[4];
    const struct pendio_completion *first;
    struct fixture_pair pair;
    char byte[1];

    fixture_init(&fixture);
    fixture_fill(memory, 32 * MEGABYTE, 1);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    contexts[0] = fixture_over(&fixture, memory, 32 * MEGABYTE);
    expect_pending(pendio_send(contexts[0], pair.near));
    for (int i = 1; i < 4; i++) {
        contexts[i] = over_text("abc", (size_t)(i - 1));
        expect_pending(pendio_send(contexts[i], pair.near));
    }
    fixture_quiet(&fixture);
    fixture_take(pair.far, byte, 1);
    fixture_reset(pair.far);
    first = fixture_next(&fixture);
    ck_assert_ptr_eq(first->context, contexts[0]);
    ck_assert(first->error == -ECONNRESET || first->error == -EPIPE);
    ck_assert_uint_gt(first->bytes, 0);
    ck_assert_uint_lt(first->bytes, 32 * MEGABYTE);
    ck_assert_uint_eq(first->memory, (uintptr_t)memory);
    ck_assert_uint_eq(first->flags, 0);
    for (int i = 1; i < 4; i++)
        expect_next(&fixture, contexts[i], first->error, 0, 0);
    expect_done(pendio_send(contexts[1], pair.near)); /* empty, on a stream that has failed */
    expect_result(contexts[1], first->error, 0, 0);
    fixture_fini(&fixture);
    free(memory);
}
END_TEST

START_TEST(reset_seen_by_a_send_is_no_orderly_end_to_the_receives)
{
    struct pendio_context *receive;
    struct pendio_context *send;
    unsigned char *memory = calloc(32, MEGABYTE);
    struct fixture_pair pair;
    char byte[1];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    receive = fixture_over(&fixture, byte, 1);
    send = fixture_over(&fixture, memory, 32 * MEGABYTE);
    expect_pending(pendio_send(send, pair.near));
    fixture_quiet(&fixture);
    if (_i == 1)
        expect_pending(pendio_receive(receive, pair.near));
    fixture_reset(pair.far);
    fixture_wait(&fixture, _i == 1 ? 2 : 1);
    if (_i == 0) {
        (void)pendio_receive(receive, pair.near);
        (void)fixture_turn(&fixture, 0);
    }
    expect_result(receive, -ECONNRESET, 0, 0);
    fixture_discard(&fixture);
    free(memory);
}
END_TEST

START_TEST(empty_window_waits_for_data_and_takes_none)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[2];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_set_window(context, 1, 0), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "ab", 2);
    shutdown(pair.far, SHUT_WR);
    expect_next(&fixture, context, 0, 0, 0);
    expect_done(pendio_receive(context, pair.near));
    expect_result(context, 0, 0, 0);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 2), 0);
    expect_done(pendio_receive(context, pair.near));
    expect_result(context, 0, 2, 0);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 0), 0);
    expect_done(pendio_receive_from(context, pair.near));
    expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_window_without_memory_sees_the_end_and_the_reset)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, NULL, 0);
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    if (_i == 0) {
        close(pair.far);
        expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    } else {
        fixture_reset(pair.far);
        expect_next(&fixture, context, -ECONNRESET, 0, 0);
        expect_done(pendio_receive(context, pair.near));
        expect_result(context, -ECONNRESET, 0, 0);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_window_and_then_a_receive_keep_their_order)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char memory[2];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    contexts[0] = fixture_over(&fixture, NULL, 0);
    contexts[1] = fixture_over(&fixture, memory, 2);
    expect_pending(pendio_receive(contexts[0], pair.near));
    expect_pending(pendio_receive(contexts[1], pair.near));
    fixture_put(pair.far, "ab", 2);
    expect_next(&fixture, contexts[0], 0, 0, 0);
    expect_next(&fixture, contexts[1], 0, 2, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* A time stamp in the socket's error queue: poll says POLLERR for as long as nobody fetches it. */
static void fill_error_queue(struct fixture_pair pair)
{
    const int wanted = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    struct pendio_context *send = over_text("x", 1);
    char byte[1];

    ck_assert_int_eq(pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_TIMESTAMPING,
                                              &wanted, sizeof wanted),
                     0);
    expect_pending(pendio_send(send, pair.near));
    expect_next(&fixture, send, 0, 1, 0);
    fixture_take(pair.far, byte, 1);
}

START_TEST(error_queue_keeps_no_turn_from_returning)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char byte[1];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    fill_error_queue(pair);
    context = fixture_over(&fixture, byte, _i == 0 ? 0 : 1);
    expect_pending(pendio_receive(context, pair.near));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(fixture_turn(&fixture, 0), 0);
    fixture_put(pair.far, "y", 1);
    expect_next(&fixture, context, 0, (unsigned)_i, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(half_close_ends_one_direction_only)
{
    struct pendio_context *receive;
    struct pendio_context *send;
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    receive = fixture_over(&fixture, memory, sizeof memory);
    send = over_text("ab", 2);
    expect_pending(pendio_receive(receive, pair.near));
    expect_pending(pendio_send(send, pair.near));
    expect_next(&fixture, send, 0, 2, 0);
    ck_assert_int_eq(pendio_handle_shutdown(fixture.loop, pair.near, SHUT_WR), 0);
    fixture_take(pair.far, memory, 2);
    ck_assert_int_eq(read(pair.far, memory, 1), 0);
    fixture_put(pair.far, "cd", 2);
    expect_next(&fixture, receive, 0, 2, 0);
    expect_pending(pendio_send(send, pair.near));
    expect_next(&fixture, send, -EPIPE, 0, 0);
    expect_done(pendio_send(send, pair.near));
    expect_result(send, -EPIPE, 0, 0);
    fixture_put(pair.far, "ef", 2);
    expect_pending(pendio_receive(receive, pair.near));
    expect_next(&fixture, receive, 0, 2, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(own_shutdown_of_reading_ends_the_receives_that_wait)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char memory[2];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < 2; i++) {
        contexts[i] = fixture_over(&fixture, &memory[i], 1);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_handle_shutdown(fixture.loop, pair.near, SHUT_RD), 0);
    for (int i = 0; i < 2; i++)
        expect_next(&fixture, contexts[i], 0, 0, PENDIO_END_OF_STREAM);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_send_is_done_but_keeps_its_place_in_line)
{
    unsigned char *memory = calloc(16, MEGABYTE);
    struct pendio_context *empty;
    struct pendio_context *large;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    empty = fixture_over(&fixture, NULL, 0);
    large = fixture_over(&fixture, memory, 16 * MEGABYTE);
    expect_done(pendio_send(empty, pair.near));
    expect_result(empty, 0, 0, 0);
    expect_pending(pendio_send(large, pair.near));
    expect_pending(pendio_send(empty, pair.near));
    fixture_quiet(&fixture);
    fixture_drain(&fixture, pair.far, 16 * MEGABYTE);
    expect_next(&fixture, large, 0, 16 * MEGABYTE, 0);
    expect_next(&fixture, empty, 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
    free(memory);
}
END_TEST

START_TEST(bad_memory_is_an_error_that_does_not_stick)
{
    void *gone = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct pendio_context *context;
    struct fixture_pair pair;
    char byte[1] = "x";

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, gone, 8);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, -EFAULT, 0, 0);
    fixture_put(pair.far, "y", 1);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, -EFAULT, 0, 0);
    ck_assert_int_eq(pendio_context_set_memory(context, byte, 1), 0);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, 0, 1, 0);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, 0, 1, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {end_goes_to_all_who_wait_and_sticks, FIXTURE_STREAM_COUNT},
        {reset_goes_to_all_who_wait_and_sticks, FIXTURE_TCP6 + 1},
        {data_come_before_the_reset_that_follows_them, FIXTURE_TCP6 + 1},
        {failed_send_says_how_much_had_gone_and_the_others_nothing, FIXTURE_STREAM_COUNT},
        {reset_seen_by_a_send_is_no_orderly_end_to_the_receives, 2},
        {empty_window_waits_for_data_and_takes_none, FIXTURE_STREAM_COUNT},
        {empty_window_without_memory_sees_the_end_and_the_reset, 2},
        {empty_window_and_then_a_receive_keep_their_order, FIXTURE_STREAM_COUNT},
        {error_queue_keeps_no_turn_from_returning, 2},
        {half_close_ends_one_direction_only, FIXTURE_STREAM_COUNT},
        {own_shutdown_of_reading_ends_the_receives_that_wait, FIXTURE_STREAM_COUNT},
        {empty_send_is_done_but_keeps_its_place_in_line, FIXTURE_STREAM_COUNT},
        {bad_memory_is_an_error_that_does_not_stick, FIXTURE_STREAM_COUNT},
    };
    return fixture_run("contract: stream", cases, sizeof cases / sizeof cases[0]);
}
