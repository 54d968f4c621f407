/*
 * stream_test.c - behaviours 125 to 136: a stream arrives whole and in order, however it is cut.
 *
 * - Where .NET leaves open how many bytes a send takes, contract 4 fixes it: all of them.
 * - The end is a flag, not the count 0 alone (contract 4).
 */
#include "behaviour_stream.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TOTAL_BYTES = 123456, SEND_BYTES = 512, RECEIVE_BYTES = 256, MEGABYTE = 1 << 20 };

static unsigned char sent[TOTAL_BYTES];
static unsigned char seen[TOTAL_BYTES];

/* How a context names the memory of a transfer. */
typedef void shape_fn(struct pendio_context *context, unsigned char *bytes, size_t byte_count);

static void as_one(struct pendio_context *context, unsigned char *bytes, size_t byte_count)
{
    expect_ok(pendio_context_set_pieces(context, NULL, 0));
    expect_ok(pendio_context_set_memory(context, bytes, byte_count));
}

static void as_one_piece(struct pendio_context *context, unsigned char *bytes, size_t byte_count)
{
    const struct pendio_bytes piece = {bytes, byte_count};

    expect_ok(pendio_context_set_pieces(context, &piece, 1));
}

static void as_two_pieces(struct pendio_context *context, unsigned char *bytes, size_t byte_count)
{
    const struct pendio_bytes pieces[] = {{bytes, byte_count / 3},
                                          {bytes + byte_count / 3, byte_count - byte_count / 3}};

    expect_ok(pendio_context_set_pieces(context, pieces, 2));
}

static void as_three_with_an_empty_one(struct pendio_context *context, unsigned char *bytes,
                                       size_t byte_count)
{
    const struct pendio_bytes pieces[] = {
        {bytes, byte_count / 2}, {NULL, 0}, {bytes + byte_count / 2, byte_count - byte_count / 2}};

    expect_ok(pendio_context_set_pieces(context, pieces, 3));
}

/* One receive of at most that much; returns how much came. */
static size_t receive_some(struct pendio_context *context, pendio_handle from, shape_fn *shape,
                           size_t done_bytes, size_t there_bytes)
{
    const struct pendio_completion *result;
    size_t left_bytes = there_bytes - done_bytes;

    shape(context, &seen[done_bytes], left_bytes < RECEIVE_BYTES ? left_bytes : RECEIVE_BYTES);
    result = behaviour_outcome(context, behaviour_note(context, pendio_receive(context, from)));
    ck_assert_int_eq(result->error, 0);
    ck_assert_uint_eq(result->flags, 0);
    ck_assert_uint_ge(result->bytes, 1);
    ck_assert_uint_le(result->bytes, left_bytes);
    return result->bytes;
}

/* The shapes take turns; the first send finds room and nobody before it, so TRY is done. */
static void transfer(pendio_handle to, pendio_handle from, shape_fn *const *shapes, int shape_count)
{
    struct pendio_context *sender = behaviour_get(PENDIO_TRY);
    struct pendio_context *receiver = behaviour_get(PENDIO_AUTO);
    size_t sent_bytes = 0;
    size_t seen_bytes = 0;

    memset(seen, 0, sizeof seen);
    for (int i = 0; sent_bytes < TOTAL_BYTES; i++) {
        size_t left_bytes = TOTAL_BYTES - sent_bytes;
        size_t byte_count = left_bytes < SEND_BYTES ? left_bytes : SEND_BYTES;
        int answer;

        shapes[i % shape_count](sender, &sent[sent_bytes], byte_count);
        answer = behaviour_note(sender, pendio_send(sender, to));
        ck_assert(i != 0 || answer == PENDIO_DONE);
        expect_end_of(sender, answer, 0, byte_count, 0);
        sent_bytes += byte_count;
        while (seen_bytes < sent_bytes)
            seen_bytes +=
                receive_some(receiver, from, shapes[i % shape_count], seen_bytes, sent_bytes);
    }
    ck_assert_mem_eq(seen, sent, TOTAL_BYTES);
    expect_ok(pendio_pool_put(sender));
    expect_ok(pendio_pool_put(receiver));
}

static struct behaviour_ends begin(enum fixture_family family)
{
    behaviour_begin();
    fixture_fill(sent, sizeof sent, 125);
    return behaviour_ends(family);
}

static void end_of(pendio_handle closed, pendio_handle other)
{
    behaviour_close(closed);
    behaviour_expect_end(other);
    behaviour_end();
}

START_TEST(b125_stream_arrives_whole_and_ends)
{
    shape_fn *const shapes[] = {as_one};
    struct behaviour_ends ends = begin((enum fixture_family)_i);

    transfer(ends.left, ends.right, shapes, 1);
    end_of(ends.left, ends.right);
}
END_TEST

START_TEST(b126_stream_of_vectors_arrives_whole)
{
    shape_fn *const shapes[] = {as_three_with_an_empty_one};
    struct behaviour_ends ends = begin((enum fixture_family)_i);

    transfer(ends.left, ends.right, shapes, 1);
    end_of(ends.left, ends.right);
}
END_TEST

START_TEST(b128_shapes_of_memory_alternate_on_one_connection)
{
    shape_fn *const shapes[] = {as_one, as_one_piece, as_two_pieces};
    struct behaviour_ends ends = begin((enum fixture_family)_i);

    transfer(ends.left, ends.right, shapes, 3);
    transfer(ends.right, ends.left, shapes, 3);
    end_of(ends.right, ends.left);
}
END_TEST

/* .NET allows any order of delivery; contract 3 and 4 fix it: order of finishing is start order. */
START_TEST(b129_receives_of_one_byte_get_the_bytes_in_order)
{
    struct pendio_context *contexts[3];
    struct fixture_pair pair;
    char bytes[3] = {0, 0, 0};

    behaviour_begin();
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < 3; i++) {
        contexts[i] = behaviour_over(i == 1 ? PENDIO_TRY : PENDIO_AUTO, &bytes[i], 1);
        expect_pends(contexts[i], pendio_receive(contexts[i], pair.near));
    }
    fixture_put(pair.far, "\1\2\3", 3);
    fixture_wait(&fixture, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_eq(fixture.seen[i].context, contexts[i]);
        expect_ends(contexts[i], 0, 1, 0);
        ck_assert_int_eq(bytes[i], i + 1);
    }
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    behaviour_end();
}
END_TEST

/* 2, 2 and 1 MB; none has to wait for the one before to complete. */
START_TEST(b131_concurrent_sends_arrive_as_one_stream_in_order)
{
    static const size_t sizes[] = {2 * MEGABYTE, 2 * MEGABYTE, MEGABYTE};
    unsigned char *bytes = malloc(5 * MEGABYTE);
    unsigned char *heard = malloc(5 * MEGABYTE);
    shape_fn *shape = _i % 2 == 0 ? as_one : as_three_with_an_empty_one;
    struct pendio_context *contexts[3];
    struct behaviour_ends ends = begin(_i < 2 ? FIXTURE_TCP4 : FIXTURE_UNIX_STREAM);
    int answers[3];
    size_t at = 0;

    fixture_fill(bytes, 5 * MEGABYTE, 131);
    for (int i = 0; i < 3; i++) {
        contexts[i] = behaviour_get(i == 0 ? PENDIO_TRY : PENDIO_AUTO);
        shape(contexts[i], bytes + at, sizes[i]);
        answers[i] = behaviour_note(contexts[i], pendio_send(contexts[i], ends.left));
        ck_assert(_i < 2 || answers[i] == PENDIO_PENDING); /* more than a Unix stream holds */
        at += sizes[i];
    }
    behaviour_receive_all(ends.right, heard, 5 * MEGABYTE, 256 * 1024);
    ck_assert_mem_eq(heard, bytes, 5 * MEGABYTE);
    for (int i = 0; i < 3; i++)
        expect_end_of(contexts[i], answers[i], 0, sizes[i], 0);
    behaviour_send_now(ends.left, "next", 4);
    behaviour_receive_all(ends.right, heard, 4, 4);
    end_of(ends.left, ends.right);
    free(bytes);
    free(heard);
}
END_TEST

START_TEST(b132_receive_of_no_bytes_pends_without_data)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    behaviour_begin();
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 3));
    context = behaviour_over((uint32_t)(_i % 3), NULL, 0);
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    behaviour_cancel(context);
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    behaviour_end();
}
END_TEST

START_TEST(b133_receive_of_no_bytes_takes_nothing)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    behaviour_begin();
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = behaviour_over(PENDIO_AUTO, NULL, 0);
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_put(pair.far, "a", 1);
    expect_ends(context, 0, 0, 0);
    expect_ok(pendio_context_set_policy(context, PENDIO_TRY));
    expect_done_with(context, pendio_receive(context, pair.near), 0, 0, 0); /* data are there */
    behaviour_receive_now(pair.near, "a", 1);
    close(pair.far);
    behaviour_end();
}
END_TEST

/* .NET reports 0 bytes; contract 4 adds the flag, for no data remain. */
START_TEST(b135_receive_of_no_bytes_hears_of_the_end)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    behaviour_begin();
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = behaviour_over(PENDIO_AUTO, NULL, 0);
    expect_pends(context, pendio_receive(context, pair.near));
    ck_assert_int_eq(shutdown(pair.far, SHUT_RDWR), 0);
    close(pair.far);
    expect_ends(context, 0, 0, PENDIO_END_OF_STREAM);
    expect_done_with(context, pendio_receive(context, pair.near), 0, 0, PENDIO_END_OF_STREAM);
    behaviour_expect_end(pair.near);
    behaviour_end();
}
END_TEST

/* The descriptor's own mode is the application's affair: operations do not depend on it. */
START_TEST(b136_blocking_mode_and_linger_change_nothing)
{
    const struct linger a_second = {.l_onoff = 1, .l_linger = 1};
    shape_fn *const shapes[] = {as_one};
    struct behaviour_ends ends;
    int descriptors[2];

    behaviour_begin();
    fixture_fill(sent, sizeof sent, 136);
    fixture_connect(FIXTURE_TCP4, descriptors);
    for (int i = 0; i < 2; i++) {
        if (_i != 0)
            ck_assert_int_eq(fcntl(descriptors[i], F_SETFL, O_NONBLOCK), 0);
        ck_assert_int_eq(
            setsockopt(descriptors[i], SOL_SOCKET, SO_LINGER, &a_second, sizeof a_second), 0);
    }
    ends.left = fixture_adopt(&fixture, descriptors[0]);
    ends.right = fixture_adopt(&fixture, descriptors[1]);
    behaviour_expect_nothing(ends.left);
    transfer(ends.left, ends.right, shapes, 1);
    end_of(ends.left, ends.right);
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b125_stream_arrives_whole_and_ends, FIXTURE_STREAM_COUNT},
        {b126_stream_of_vectors_arrives_whole, FIXTURE_STREAM_COUNT},
        {b128_shapes_of_memory_alternate_on_one_connection, FIXTURE_STREAM_COUNT},
        {b129_receives_of_one_byte_get_the_bytes_in_order, FIXTURE_STREAM_COUNT},
        {b131_concurrent_sends_arrive_as_one_stream_in_order, 4},
        {b132_receive_of_no_bytes_pends_without_data, 3 * FIXTURE_STREAM_COUNT},
        {b133_receive_of_no_bytes_takes_nothing, FIXTURE_STREAM_COUNT},
        {b135_receive_of_no_bytes_hears_of_the_end, FIXTURE_STREAM_COUNT},
        {b136_blocking_mode_and_linger_change_nothing, 2},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
