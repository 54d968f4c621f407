/*
 * contract_splice_test.c - bytes between two handles, one of them a pipe.
 *
 * - Order is kept on both: whoever receives or sends behind waits, whoever is stopped lets go.
 * - The end of the source is told; a full target is waited for; what had gone is told.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILE_BYTES = 300000 };

static struct fixture fixture;
static unsigned char content[FILE_BYTES];
static unsigned char seen[FILE_BYTES];

/* Both ends; `near` is the loop's. */
struct pipe_ends {
    pendio_handle near;
    int far;
};

static struct pipe_ends make_pipe(bool near_reads)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    return (struct pipe_ends){.near = fixture_adopt(&fixture, ends[near_reads ? 0 : 1]),
                              .far = ends[near_reads ? 1 : 0]};
}

static void setup(void)
{
    fixture_init(&fixture);
    fixture_fill(content, FILE_BYTES, 7);
}

static pendio_handle open_file(const struct fixture_file *file)
{
    int descriptor = open(file->path, O_RDWR | O_CLOEXEC);

    ck_assert_int_ge(descriptor, 0);
    return fixture_adopt(&fixture, descriptor);
}

START_TEST(file_to_pipe_to_file_keeps_content_and_positions)
{
    struct fixture_file from_file;
    struct fixture_file to_file;
    struct pendio_context *in;
    struct pendio_context *out;
    pendio_handle from;
    pendio_handle to;
    int ends[2];

    setup();
    fixture_file(&from_file);
    fixture_file(&to_file);
    from = open_file(&from_file);
    to = open_file(&to_file);
    in = fixture_over(&fixture, content, FILE_BYTES);
    out = fixture_get(&fixture);
    expect_pending(pendio_write(in, from, 0));
    expect_next(&fixture, in, 0, FILE_BYTES, 0);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pendio_handle read_end = fixture_adopt(&fixture, ends[0]);
    pendio_handle write_end = fixture_adopt(&fixture, ends[1]);
    expect_pending(pendio_splice(in, from, 1000, write_end, PENDIO_STREAMING, 200000));
    expect_pending(pendio_splice(out, read_end, PENDIO_STREAMING, to, 5, 200000));
    fixture_wait(&fixture, 2);
    expect_completion(fixture_next(&fixture), 0, 200000, 0);
    expect_completion(fixture_next(&fixture), 0, 200000, 0);
    expect_result(in, 0, 200000, 0);
    expect_result(out, 0, 200000, 0);
    ck_assert_int_eq(pendio_context_set_memory(in, seen, 200000), 0);
    ck_assert_int_eq(pendio_context_set_policy(in, PENDIO_QUEUE), 0);
    expect_pending(pendio_read(in, to, 5));
    expect_next(&fixture, in, 0, 200000, 0);
    ck_assert_mem_eq(seen, content + 1000, 200000);
    expect_pending(pendio_splice(in, from, FILE_BYTES - 10, write_end, 0, 50));
    expect_next(&fixture, in, 0, 10, PENDIO_END_OF_STREAM);
    fixture_remove(&from_file);
    fixture_remove(&to_file);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(full_socket_is_waited_for_and_every_byte_arrives)
{
    struct pipe_ends source;
    struct fixture_pair target;
    struct pendio_context *context;
    struct pendio_context *behind;
    size_t put = 0;
    size_t taken = 0;

    setup();
    source = make_pipe(true);
    target = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_get(&fixture);
    behind = fixture_over(&fixture, (void *)(uintptr_t) "!", 1);
    expect_pending(pendio_splice(context, source.near, PENDIO_STREAMING, target.near,
                                 PENDIO_STREAMING, UINT64_MAX));
    expect_pending(pendio_send(behind, target.near));
    fcntl(source.far, F_SETFL, O_NONBLOCK);
    fcntl(target.far, F_SETFL, O_NONBLOCK);
    for (int idle = 0; put < FILE_BYTES; idle++) { /* nobody reads for a while */
        ssize_t count = write(source.far, content + put, FILE_BYTES - put);

        put += count > 0 ? (size_t)count : 0;
        ck_assert_int_eq(fixture_turn(&fixture, 1000000), 0);
        count = idle > 20 ? read(target.far, seen + taken, FILE_BYTES - taken) : 0;
        taken += count > 0 ? (size_t)count : 0;
    }
    close(source.far);
    while (taken < FILE_BYTES) {
        ssize_t count = read(target.far, seen + taken, FILE_BYTES - taken);

        taken += count > 0 ? (size_t)count : 0;
        ck_assert_int_ge(fixture_turn(&fixture, 1000000), 0);
    }
    ck_assert_mem_eq(seen, content, FILE_BYTES);
    expect_next(&fixture, context, 0, FILE_BYTES, PENDIO_END_OF_STREAM);
    expect_next(&fixture, behind, 0, 1, 0);
    fcntl(target.far, F_SETFL, 0);
    fixture_take(target.far, seen, 1);
    ck_assert_int_eq(seen[0], '!');
    close(target.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(socket_to_pipe_ends_with_the_peer_and_that_sticks)
{
    struct pipe_ends target;
    struct fixture_pair source;
    struct pendio_context *context;

    setup();
    target = make_pipe(false);
    source = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_get(&fixture);
    expect_pending(
        pendio_splice(context, source.near, PENDIO_STREAMING, target.near, PENDIO_STREAMING, 5000));
    fixture_quiet(&fixture);
    fixture_put(source.far, content, 4000);
    fixture_quiet(&fixture);
    shutdown(source.far, SHUT_WR);
    expect_next(&fixture, context, 0, 4000, PENDIO_END_OF_STREAM);
    fixture_take(target.far, seen, 4000);
    ck_assert_mem_eq(seen, content, 4000);
    expect_done(pendio_receive(context, source.near));
    expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
    expect_done(
        pendio_splice(context, source.near, PENDIO_STREAMING, target.near, PENDIO_STREAMING, 1));
    expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
    close(source.far);
    close(target.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(order_is_kept_where_it_takes_and_where_it_puts)
{
    struct pendio_context *contexts[6];
    struct pipe_ends source;
    struct pipe_ends other;
    struct pipe_ends target;
    char first[2];
    char last[2];

    setup();
    source = make_pipe(true);
    other = make_pipe(true);
    target = make_pipe(false);
    for (int i = 0; i < 6; i++)
        contexts[i] = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_memory(contexts[0], first, 2), 0);
    expect_pending(pendio_read(contexts[0], source.near, 0)); /* before the first splice */
    expect_pending(pendio_splice(contexts[1], source.near, 0, target.near, 0, 2));
    expect_pending(pendio_splice(contexts[2], other.near, 0, target.near, 0, 2));
    expect_pending(pendio_splice(contexts[3], source.near, 0, target.near, 0, 2));
    ck_assert_int_eq(pendio_context_set_memory(contexts[4], last, 2), 0);
    expect_pending(pendio_read(contexts[4], source.near, 0)); /* behind the splices */
    fixture_put(source.far, "aabb", 4);
    expect_next(&fixture, contexts[0], 0, 2, 0);
    fixture_quiet(&fixture); /* the splice from `other` came first at the target */
    fixture_put(other.far, "cc", 2);
    expect_next(&fixture, contexts[2], 0, 2, 0);
    expect_next(&fixture, contexts[1], 0, 2, 0);
    fixture_put(source.far, "ddee", 4);
    expect_next(&fixture, contexts[3], 0, 2, 0);
    expect_next(&fixture, contexts[4], 0, 2, 0);
    ck_assert_mem_eq(first, "aa", 2);
    ck_assert_mem_eq(last, "ee", 2);
    fixture_take(target.far, seen, 6);
    ck_assert_mem_eq(seen, "ccbbdd", 6);
    close(source.far);
    close(other.far);
    close(target.far);
    fixture_fini(&fixture);
}
END_TEST

/* 0 and 1: while it waits for data; 2 and 3: while it holds one line and waits in the other. */
START_TEST(cancel_and_deadline_end_it_once_and_free_both_lines)
{
    struct pendio_context *context;
    struct pendio_context *before;
    struct pendio_context *after;
    struct pipe_ends source;
    struct pipe_ends target;
    struct pipe_ends other;
    bool by_deadline = _i % 2 == 1;
    bool waits_in_second = _i >= 2;

    setup();
    source = make_pipe(true);
    target = make_pipe(false);
    other = make_pipe(true);
    context = fixture_get(&fixture);
    before = fixture_get(&fixture);
    after = fixture_over(&fixture, seen, 1);
    if (waits_in_second)
        expect_pending(pendio_splice(before, other.near, 0, target.near, 0, 1));
    if (by_deadline)
        ck_assert_int_eq(pendio_context_set_deadline(context, 1000000), 0);
    expect_pending(pendio_splice(context, source.near, 0, target.near, 0, 10));
    expect_pending(pendio_read(after, source.near, 0));
    if (!by_deadline)
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, by_deadline ? -ETIMEDOUT : -ECANCELED, 0,
                by_deadline ? PENDIO_BY_DEADLINE : PENDIO_BY_CANCEL);
    fixture_put(source.far, "x", 1);
    expect_next(&fixture, after, 0, 1, 0);
    fixture_put(other.far, "y", 1);
    if (!waits_in_second)
        expect_pending(pendio_splice(before, other.near, 0, target.near, 0, 1));
    expect_next(&fixture, before, 0, 1, 0);
    fixture_take(target.far, seen, 1);
    ck_assert_int_eq(seen[0], 'y');
    close(source.far);
    close(target.far);
    close(other.far);
    fixture_fini(&fixture);
}
END_TEST

/* Bits: which handle is closed; abortively; in the second line. */
START_TEST(close_of_either_handle_ends_it_once_before_the_close)
{
    struct pendio_context *context;
    struct pendio_context *before;
    struct pendio_context *closer;
    struct pipe_ends source;
    struct pipe_ends target;
    struct pipe_ends other;
    bool closes_target = (_i & 1) != 0;
    uint32_t mode = _i & 2 ? PENDIO_ABORTIVE : PENDIO_GRACEFUL;
    bool goes_on = closes_target && mode == PENDIO_GRACEFUL;

    setup();
    source = make_pipe(true);
    target = make_pipe(false);
    other = make_pipe(true);
    context = fixture_get(&fixture);
    before = fixture_get(&fixture);
    closer = fixture_get(&fixture);
    if (_i & 4)
        expect_pending(pendio_read(before, source.near, 0)); /* not even in the second line */
    expect_pending(pendio_splice(context, source.near, 0, target.near, 0, 1));
    fixture_turn(&fixture, 0);
    expect_pending(pendio_close(closer, closes_target ? target.near : source.near, mode));
    if (goes_on) {
        fixture_quiet(&fixture);
        if (_i & 4) {
            ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(before)), 0);
            expect_next(&fixture, before, -ECANCELED, 0, PENDIO_BY_CANCEL);
        }
        fixture_put(source.far, "x", 1);
        expect_next(&fixture, context, 0, 1, 0);
    } else {
        if (_i & 4 && !closes_target) {
            fixture_wait(&fixture, 3);
            for (int i = 0; i < 2; i++)
                expect_completion(fixture_next(&fixture), -ECANCELED, 0, PENDIO_BY_CLOSE);
        } else {
            expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CLOSE);
        }
    }
    expect_next(&fixture, closer, 0, 0, 0);
    if (_i & 4 && closes_target && !goes_on) {
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(before)), 0);
        expect_next(&fixture, before, -ECANCELED, 0, PENDIO_BY_CANCEL);
    }
    close(source.far);
    close(target.far);
    close(other.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(errors_are_results_and_misuse_is_refused)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    struct fixture_file file;
    struct pipe_ends source;
    struct pipe_ends target;
    pendio_handle handle;

    setup();
    fixture_file(&file);
    handle = open_file(&file);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    source = make_pipe(true);
    target = make_pipe(false);
    context = fixture_get(&fixture);
    expect_pending(pendio_splice(context, handle, 0, handle, 100, 1)); /* no pipe at all */
    expect_next(&fixture, context, -EINVAL, 0, 0);
    expect_pending(pendio_splice(context, handle, 0, pair.near, 0, 1));
    expect_next(&fixture, context, -EINVAL, 0, 0);
    expect_pending(pendio_splice(context, source.near, 0, target.near, 0, 0));
    expect_next(&fixture, context, 0, 0, 0);
    close(target.far); /* nobody reads there: no signal */
    fixture_put(source.far, "x", 1);
    expect_pending(pendio_splice(context, source.near, 0, target.near, 0, 1));
    expect_next(&fixture, context, -EPIPE, 0, 0);
    ck_assert_int_eq(pendio_splice(context, 0, 0, target.near, 0, 1), -EBADF);
    ck_assert_int_eq(pendio_splice(context, source.near, 0, 0, 0, 1), -EBADF);
    ck_assert_int_eq(pendio_splice(context, source.near, UINT64_MAX - 1, target.near, 0, 1),
                     -EINVAL);
    ck_assert_int_eq(pendio_splice(context, source.near, 0, target.near, UINT64_MAX - 1, 1),
                     -EINVAL);
    expect_result(context, -EPIPE, 0, 0);
    close(source.far);
    close(pair.far);
    fixture_remove(&file);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(socket_blocks_again_and_destroy_ends_what_is_pending)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    struct pipe_ends source;
    int descriptor = -1;

    setup();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    source = make_pipe(true);
    context = fixture_get(&fixture);
    fixture_put(source.far, "x", 1);
    expect_pending(pendio_splice(context, source.near, 0, pair.near, 0, 1));
    expect_next(&fixture, context, 0, 1, 0);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0);
    pair.near = fixture_adopt(&fixture, descriptor);
    for (int i = 0; i < 3; i++)
        expect_pending(pendio_splice(fixture_get(&fixture), source.near, 0, pair.near, 0, 1));
    ck_assert_int_eq(fixture_turn(&fixture, 0), 0);
    close(source.far);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {file_to_pipe_to_file_keeps_content_and_positions, 0},
        {full_socket_is_waited_for_and_every_byte_arrives, FIXTURE_STREAM_COUNT},
        {socket_to_pipe_ends_with_the_peer_and_that_sticks, FIXTURE_STREAM_COUNT},
        {order_is_kept_where_it_takes_and_where_it_puts, 0},
        {cancel_and_deadline_end_it_once_and_free_both_lines, 4},
        {close_of_either_handle_ends_it_once_before_the_close, 8},
        {errors_are_results_and_misuse_is_refused, 0},
        {socket_blocks_again_and_destroy_ends_what_is_pending, 0},
    };
    return fixture_run("contract: splice", cases, sizeof cases / sizeof cases[0]);
}
