/*
 * contract_ahead_test.c - what was received ahead of those who ask is for whoever asks next.
 *
 * - Nothing is lost or overtaken when the kinds of receive on one handle change, nor by a splice or
 *   a poll.
 */
#include "lending.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static struct pendio_completion receive(struct pendio_context *context, pendio_handle handle)
{
    return lending_receive(&fixture, context, handle);
}

START_TEST(what_is_collected_is_done_at_once)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "second");
    contexts[1] = lending_get(&fixture);
    if (lending_collects(&fixture)) {
        expect_done(pendio_receive(contexts[1], pair.near));
        expect_result(contexts[1], 0, 6, PENDIO_LENT);
        ck_assert_uint_eq(fixture_stats(&fixture).done_collected, 1);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(own_memory_takes_a_prefix_and_then_the_rest)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abcdef");
    contexts[1] = fixture_over(&fixture, memory, 4);
    completion = receive(contexts[1], pair.near);
    expect_completion(&completion, 0, 4, 0);
    ck_assert_mem_eq(memory, "abcd", 4);
    completion = receive(contexts[0], pair.near);
    lending_expect(&completion, "ef");
    expect_pending(pendio_receive(contexts[1], pair.near));
    fixture_put(pair.far, "gh", 2);
    expect_next(&fixture, contexts[1], 0, 2, 0);
    ck_assert_mem_eq(memory, "gh", 2);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* receive, receive_from, receive_message, read; of memory and of pieces. */
static int start_kind(int kind, struct pendio_context *context, pendio_handle handle)
{
    switch (kind % 4) {
    case 0:
        return pendio_receive(context, handle);
    case 1:
        return pendio_receive_from(context, handle);
    case 2:
        return pendio_receive_message(context, handle);
    default:
        return pendio_read(context, handle, PENDIO_STREAMING);
    }
}

START_TEST(every_kind_of_receive_takes_what_is_collected)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char memory[8] = "";
    const struct pendio_bytes pieces[] = {{memory, 2}, {NULL, 0}, {memory + 2, 4}};

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abcdef");
    contexts[1] = fixture_over(&fixture, memory, 6);
    if (_i >= 4)
        ck_assert_int_eq(pendio_context_set_pieces(contexts[1], pieces, 3), 0);
    completion = lending_finish(&fixture, contexts[1], start_kind(_i, contexts[1], pair.near));
    expect_completion(&completion, 0, 6, 0);
    ck_assert_mem_eq(memory, "abcdef", 6);
    expect_pending(start_kind(_i, contexts[1], pair.near));
    fixture_put(pair.far, "gh", 2);
    expect_next(&fixture, contexts[1], 0, 2, 0);
    ck_assert_mem_eq(memory, "ghcdef", 6);
    expect_pending(start_kind(_i, contexts[1], pair.near));
    close(pair.far);
    expect_next(&fixture, contexts[1], 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_window_sees_what_is_collected_and_takes_nothing)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[2];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abc");
    contexts[1] = fixture_over(&fixture, NULL, 0);
    close(pair.far);
    fixture_quiet(&fixture);
    for (int i = 0; i < 3; i++) {
        completion = lending_finish(&fixture, contexts[1], start_kind(i, contexts[1], pair.near));
        expect_completion(&completion, 0, 0, 0);
    }
    completion = receive(contexts[0], pair.near);
    lending_expect(&completion, "abc");
    completion = receive(contexts[1], pair.near);
    expect_completion(&completion, 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(peek_with_own_memory_takes_nothing)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abc");
    contexts[1] = fixture_over(&fixture, memory, sizeof memory);
    pendio_context_set_flags(contexts[1], PENDIO_PEEK);
    for (int i = 0; i < 2; i++) {
        completion = receive(contexts[1], pair.near);
        expect_completion(&completion, 0, 3, 0);
        ck_assert_mem_eq(memory, "abc", 3);
    }
    completion = receive(contexts[0], pair.near);
    lending_expect(&completion, "abc");
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(poll_sees_what_is_collected_and_what_comes)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[2];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abc");
    contexts[1] = fixture_get(&fixture);
    completion = lending_finish(&fixture, contexts[1], pendio_poll(contexts[1], pair.near, POLLIN));
    ck_assert_uint_eq(completion.value & POLLIN, POLLIN);
    completion = receive(contexts[0], pair.near);
    lending_expect(&completion, "abc");
    expect_pending(pendio_poll(contexts[1], pair.near, POLLIN));
    expect_pending(pendio_receive(contexts[0], pair.near));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "def", 3);
    fixture_wait(&fixture, 2);
    for (int i = 0; i < 2; i++) {
        completion = *fixture_next(&fixture);
        ck_assert_int_eq(completion.error, 0);
    }
    ck_assert_int_eq(pendio_context_result(contexts[0], &completion), 0);
    lending_expect(&completion, "def");
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* A poll, too, that comes before the request for many has gone to the kernel. */
START_TEST(poll_started_beside_a_receive_leaves_it_waiting)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[2];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    contexts[0] = lending_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    expect_pending(pendio_receive(contexts[0], pair.near));
    expect_pending(pendio_poll(contexts[1], pair.near, POLLPRI));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "abc", 3);
    completion = *fixture_next(&fixture);
    lending_expect(&completion, "abc");
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[1])), 0);
    expect_next(&fixture, contexts[1], -ECANCELED, 0, PENDIO_BY_CANCEL);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(splice_moves_what_is_collected_and_then_the_rest)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    pendio_handle to;
    int ends[2];
    char memory[8];

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abcdef");
    ck_assert_int_eq(pipe(ends), 0);
    to = fixture_adopt(&fixture, ends[1]);
    contexts[1] = fixture_get(&fixture);
    completion = lending_finish(
        &fixture, contexts[1],
        pendio_splice(contexts[1], pair.near, PENDIO_STREAMING, to, PENDIO_STREAMING, 4));
    expect_completion(&completion, 0, 4, 0);
    expect_pending(
        pendio_splice(contexts[1], pair.near, PENDIO_STREAMING, to, PENDIO_STREAMING, 4));
    fixture_put(pair.far, "gh", 2);
    expect_next(&fixture, contexts[1], 0, 4, 0);
    fixture_take(ends[0], memory, 8);
    ck_assert_mem_eq(memory, "abcdefgh", 8);
    fixture_put(pair.far, "ij", 2);
    completion = receive(contexts[0], pair.near);
    lending_expect(&completion, "ij");
    close(pair.far);
    close(ends[0]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(splice_to_no_reader_or_no_pipe_fails_and_takes_nothing)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[2];
    struct fixture_pair pair, other;
    pendio_handle to;
    int ends[2];

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abc");
    ck_assert_int_eq(pipe(ends), 0);
    to = fixture_adopt(&fixture, ends[1]);
    close(ends[0]);
    contexts[1] = fixture_get(&fixture);
    completion = lending_finish(
        &fixture, contexts[1],
        pendio_splice(contexts[1], pair.near, PENDIO_STREAMING, to, PENDIO_STREAMING, 3));
    expect_completion(&completion, -EPIPE, 0, 0);
    other = fixture_pair(&fixture, FIXTURE_TCP4);
    completion = lending_finish(
        &fixture, contexts[1],
        pendio_splice(contexts[1], pair.near, PENDIO_STREAMING, other.near, PENDIO_STREAMING, 3));
    expect_completion(&completion, -EINVAL, 0, 0);
    completion = receive(contexts[0], pair.near);
    lending_expect(&completion, "abc");
    close(other.far);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* Two bytes at a time, so that the pipe is full again and again. */
START_TEST(splice_waits_for_room_in_a_pipe_that_does_not_block)
{
    enum { PIPE_BYTES = 4096 };
    static char full[PIPE_BYTES];
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char memory[6];
    pendio_handle to;
    int ends[2];

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abcdef");
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES), PIPE_BYTES);
    fixture_put(ends[1], full, PIPE_BYTES);
    to = fixture_adopt(&fixture, ends[1]);
    contexts[1] = fixture_get(&fixture);
    expect_pending(
        pendio_splice(contexts[1], pair.near, PENDIO_STREAMING, to, PENDIO_STREAMING, 6));
    fixture_quiet(&fixture);
    fixture_take(ends[0], full, PIPE_BYTES);
    expect_next(&fixture, contexts[1], 0, 6, 0);
    fixture_take(ends[0], memory, 6);
    ck_assert_mem_eq(memory, "abcdef", 6);
    close(ends[0]);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {what_is_collected_is_done_at_once, 0},
        {own_memory_takes_a_prefix_and_then_the_rest, 0},
        {every_kind_of_receive_takes_what_is_collected, 8},
        {empty_window_sees_what_is_collected_and_takes_nothing, 0},
        {peek_with_own_memory_takes_nothing, 0},
        {poll_sees_what_is_collected_and_what_comes, 0},
        {poll_started_beside_a_receive_leaves_it_waiting, 0},
        {splice_moves_what_is_collected_and_then_the_rest, 0},
        {splice_to_no_reader_or_no_pipe_fails_and_takes_nothing, 0},
        {splice_waits_for_room_in_a_pipe_that_does_not_block, 0},
    };

    return fixture_run("contract: ahead", cases, sizeof cases / sizeof cases[0]);
}
