/*
 * contract_transfer_test.c - bytes arrive whole, in order, and nowhere else.
 *
 * - Over an orderly connection the sums of sent and received bytes are equal.
 * - Pipes are streams too, blocking or not; a broken one is an error, not a signal.
 * - Bytes outside the transferred range are untouched.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MEGABYTE ((size_t)1 << 20)

static struct fixture fixture;

/* Sends and receives of other sizes at the two ends of one connection of the loop. */
static void transfer(enum fixture_family family, size_t send_bytes, size_t receive_bytes,
                     uint32_t policy)
{
    const size_t total_bytes = send_bytes < 100 ? 500 * send_bytes : 123456;
    unsigned char *out = malloc(total_bytes);
    unsigned char *in = malloc(total_bytes);
    struct pendio_context *sender = fixture_get(&fixture);
    struct pendio_context *receiver = fixture_get(&fixture);
    struct fixture_pair pair = fixture_pair(&fixture, family);
    pendio_handle far = fixture_adopt(&fixture, pair.far);
    size_t sent_bytes = 0;
    size_t received_bytes = 0;

    fixture_fill(out, total_bytes, send_bytes);
    ck_assert_int_eq(pendio_context_set_policy(sender, policy), 0);
    ck_assert_int_eq(pendio_context_set_policy(receiver, policy), 0);
    while (received_bytes < total_bytes) {
        struct pendio_completion result;
        size_t most = total_bytes - sent_bytes < send_bytes ? total_bytes - sent_bytes : send_bytes;

        if (most != 0 && sent_bytes - received_bytes < 2048) {
            ck_assert_int_eq(pendio_context_set_memory(sender, out + sent_bytes, most), 0);
            if (pendio_send(sender, pair.near) == PENDIO_PENDING)
                ck_assert_ptr_eq(fixture_next(&fixture)->context, sender);
            expect_result(sender, 0, most, 0);
            sent_bytes += most;
        }
        ck_assert_int_eq(pendio_context_set_memory(receiver, in + received_bytes, receive_bytes),
                         0);
        if (pendio_receive(receiver, far) == PENDIO_PENDING)
            ck_assert_ptr_eq(fixture_next(&fixture)->context, receiver);
        ck_assert_int_eq(pendio_context_result(receiver, &result), 0);
        ck_assert_int_eq(result.error, 0);
        ck_assert(result.bytes >= 1 && result.bytes <= receive_bytes);
        received_bytes += result.bytes;
        if (total_bytes - received_bytes < receive_bytes)
            receive_bytes = total_bytes - received_bytes;
    }
    ck_assert_mem_eq(in, out, total_bytes);
    free(in);
    free(out);
}

START_TEST(sums_and_contents_agree_whatever_the_sizes)
{
    static const size_t sizes[][2] = {{512, 512}, {18, 21}, {21, 18}, {64000, 64000}};

    fixture_init(&fixture);
    transfer((enum fixture_family)(_i % FIXTURE_STREAM_COUNT), sizes[_i / 9][0], sizes[_i / 9][1],
             (uint32_t)(_i / 3 % 3));
    fixture_fini(&fixture);
}
END_TEST

START_TEST(one_context_serves_any_handle_and_operation)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_handle far;
    char byte;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    far = fixture_adopt(&fixture, pair.far);
    context = fixture_over(&fixture, &byte, 1);
    for (char i = 0; i < 32; i++) {
        byte = i;
        ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)i % 3), 0);
        if (pendio_send(context, pair.near) == PENDIO_PENDING)
            (void)fixture_next(&fixture);
        expect_result(context, 0, 1, 0);
        byte = -1;
        if (pendio_receive(context, far) == PENDIO_PENDING)
            (void)fixture_next(&fixture);
        expect_result(context, 0, 1, 0);
        ck_assert_int_eq(byte, i);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(bytes_outside_the_transferred_range_are_untouched)
{
    unsigned char memory[256];
    unsigned char whole[256];
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, memory, sizeof memory);
    fixture_fill(memory, sizeof memory, 3);
    ck_assert_int_eq(pendio_context_set_window(context, 100, 50), 0);
    expect_pending(pendio_receive(context, pair.near));
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert(fixture_is_filled(memory, sizeof memory, 3));
    fixture_put(pair.far, "0123456789", 10);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, 0, 10, 0);
    ck_assert_uint_eq(fixture.seen[1].memory, (uintptr_t)(memory + 100));
    ck_assert_mem_eq(memory + 100, "0123456789", 10);
    ck_assert(fixture_is_filled(memory, 100, 3));
    fixture_fill(whole, sizeof whole, 3);
    ck_assert_mem_eq(memory + 110, whole + 110, 146);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

static void open_pipe(int flags, pendio_handle ret_handles[2])
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | flags), 0);
    ret_handles[0] = fixture_adopt(&fixture, ends[0]);
    ret_handles[1] = fixture_adopt(&fixture, ends[1]);
}

START_TEST(pipe_keeps_order_and_ends)
{
    struct pendio_context *reads[3];
    struct pendio_context *write;
    pendio_handle ends[2];
    char memory[3];

    fixture_init(&fixture);
    open_pipe(_i == 0 ? 0 : O_NONBLOCK, ends);
    for (int i = 0; i < 3; i++) {
        reads[i] = fixture_over(&fixture, &memory[i], 1);
        /* a pipe has no positions: an offset means nothing */
        expect_pending(pendio_read(reads[i], ends[0], i == 1 ? 77 : PENDIO_STREAMING));
    }
    fixture_quiet(&fixture);
    write = fixture_over(&fixture, (void *)(uintptr_t) "ab", 2);
    expect_pending(pendio_write(write, ends[1], PENDIO_STREAMING));
    fixture_wait(&fixture, 3);
    expect_result(write, 0, 2, 0);
    expect_result(reads[0], 0, 1, 0);
    expect_result(reads[1], 0, 1, 0);
    ck_assert_mem_eq(memory, "ab", 2);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, ends[1], PENDIO_GRACEFUL), 0);
    fixture_wait(&fixture, 4);
    expect_result(reads[2], 0, 0, PENDIO_END_OF_STREAM);
    fixture.read_count += 4;
    fixture_fini(&fixture);
}
END_TEST

START_TEST(large_write_to_a_pipe_goes_on_until_all_has_gone)
{
    unsigned char *out = malloc(MEGABYTE);
    unsigned char *in = malloc(MEGABYTE);
    struct pendio_context *contexts[2];
    pendio_handle ends[2];
    size_t got_bytes = 0;

    fixture_init(&fixture);
    open_pipe(_i == 0 ? 0 : O_NONBLOCK, ends);
    fixture_fill(out, MEGABYTE, 9);
    contexts[0] = fixture_over(&fixture, out, MEGABYTE);
    contexts[1] = fixture_get(&fixture);
    expect_pending(pendio_write(contexts[0], ends[1], PENDIO_STREAMING));
    fixture_quiet(&fixture);
    while (got_bytes < MEGABYTE) {
        const struct pendio_completion *next;
        size_t most = MEGABYTE - got_bytes < 70000 ? MEGABYTE - got_bytes : 70000;

        ck_assert_int_eq(pendio_context_set_memory(contexts[1], in + got_bytes, most), 0);
        expect_pending(pendio_read(contexts[1], ends[0], PENDIO_STREAMING));
        while ((next = fixture_next(&fixture))->context != contexts[1])
            expect_completion(next, 0, MEGABYTE, 0);
        ck_assert_int_eq(next->error, 0);
        got_bytes += next->bytes;
    }
    ck_assert(fixture_is_filled(in, MEGABYTE, 9));
    fixture_wait(&fixture, pendio_context_run(contexts[0]) != 0);
    expect_result(contexts[0], 0, MEGABYTE, 0);
    fixture_discard(&fixture);
    free(in);
    free(out);
}
END_TEST

START_TEST(write_to_a_broken_pipe_is_an_error_and_no_signal)
{
    struct pendio_context *contexts[3];
    pendio_handle ends[2];

    fixture_init(&fixture);
    open_pipe(_i == 0 ? 0 : O_NONBLOCK, ends);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, ends[0], PENDIO_GRACEFUL), 0);
    for (int i = 0; i < 3; i++) {
        contexts[i] = fixture_over(&fixture, (void *)(uintptr_t) "ab", 2);
        expect_pending(pendio_write(contexts[i], ends[1], PENDIO_STREAMING));
    }
    for (int i = 0; i < 3; i++)
        expect_next(&fixture, contexts[i], -EPIPE, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(write_to_a_dead_socket_is_an_error_and_no_signal)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, (void *)(uintptr_t) "ab", 2);
    ck_assert_int_eq(pendio_handle_shutdown(fixture.loop, pair.near, SHUT_WR), 0);
    expect_pending(pendio_write(context, pair.near, PENDIO_STREAMING));
    expect_next(&fixture, context, -EPIPE, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(sockets_can_be_read_and_written_like_pipes)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    contexts[0] = fixture_over(&fixture, memory, sizeof memory);
    contexts[1] = fixture_over(&fixture, (void *)(uintptr_t) "xyz", 3);
    expect_pending(pendio_read(contexts[0], pair.near, PENDIO_STREAMING));
    expect_pending(pendio_write(contexts[1], pair.near, PENDIO_STREAMING));
    expect_next(&fixture, contexts[1], 0, 3, 0);
    fixture_put(pair.far, "ab", 2);
    expect_next(&fixture, contexts[0], 0, 2, 0);
    close(pair.far);
    expect_pending(pendio_read(contexts[0], pair.near, 0));
    expect_next(&fixture, contexts[0], -ECONNRESET, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {sums_and_contents_agree_whatever_the_sizes, 36},
        {one_context_serves_any_handle_and_operation, FIXTURE_STREAM_COUNT},
        {bytes_outside_the_transferred_range_are_untouched, FIXTURE_FAMILY_COUNT},
        {pipe_keeps_order_and_ends, 2},
        {large_write_to_a_pipe_goes_on_until_all_has_gone, 2},
        {write_to_a_broken_pipe_is_an_error_and_no_signal, 2},
        {write_to_a_dead_socket_is_an_error_and_no_signal, FIXTURE_STREAM_COUNT},
        {sockets_can_be_read_and_written_like_pipes, FIXTURE_STREAM_COUNT},
    };
    return fixture_run("contract: transfer", cases, sizeof cases / sizeof cases[0]);
}
