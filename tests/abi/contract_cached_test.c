/*
 * contract_cached_test.c - reads of files whose data the system has in its memory.
 *
 * - A lone read under AUTO or TRY is done, with the right bytes, and counted; QUEUE never is.
 * - The budget bounds them; what must wait for others waits; O_DIRECT passes the cache by.
 */
#include "fixture.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES = 100000 };

static struct fixture fixture;
static struct fixture_file file;
static unsigned char content[FILE_BYTES];
static unsigned char seen[FILE_BYTES];
static pendio_handle handle;
static struct pendio_context *context;

static void setup(int flags)
{
    int descriptor;

    fixture_file(&file);
    fixture_fill(content, FILE_BYTES, 1);
    descriptor = open(file.path, O_WRONLY);
    fixture_put(descriptor, content, FILE_BYTES);
    close(descriptor);
    fixture_init(&fixture);
    handle = fixture_adopt(&fixture, open(file.path, flags | O_CLOEXEC));
    context = fixture_over(&fixture, seen, FILE_BYTES);
}

static void teardown(void)
{
    fixture_remove(&file);
    fixture_fini(&fixture);
}

START_TEST(lone_read_is_done_under_auto_and_try_and_pending_under_queue)
{
    setup(O_RDONLY);
    ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)_i), 0);
    for (uint64_t offset = 0; offset < 3; offset++) {
        memset(seen, 0, sizeof seen);
        if (_i == PENDIO_QUEUE) {
            expect_pending(pendio_read(context, handle, offset));
            expect_next(&fixture, context, 0, FILE_BYTES - offset, 0);
        } else {
            expect_done(pendio_read(context, handle, offset));
            expect_result(context, 0, FILE_BYTES - offset, 0);
        }
        ck_assert_mem_eq(seen, content + offset, FILE_BYTES - offset);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).done_cached, _i == PENDIO_QUEUE ? 0 : 3);
    teardown();
}
END_TEST

START_TEST(end_of_the_file_is_told_and_does_not_stick)
{
    setup(O_RDWR);
    expect_done(pendio_read(context, handle, FILE_BYTES));
    expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
    ck_assert_int_eq(truncate(file.path, FILE_BYTES + 1), 0);
    expect_done(pendio_read(context, handle, FILE_BYTES));
    expect_result(context, 0, 1, 0);
    ck_assert_int_eq(seen[0], 0);
    teardown();
}
END_TEST

START_TEST(streaming_goes_on_where_the_position_stands)
{
    setup(O_RDONLY);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 1000), 0);
    for (size_t i = 0; i < 10; i++) {
        expect_done(pendio_read(context, handle, PENDIO_STREAMING));
        expect_result(context, 0, 1000, 0);
        ck_assert_mem_eq(seen, content + i * 1000, 1000);
    }
    teardown();
}
END_TEST

START_TEST(what_waits_is_not_overtaken)
{
    struct pendio_context *first;
    unsigned char start[10];

    setup(O_RDONLY);
    first = fixture_over(&fixture, start, sizeof start);
    ck_assert_int_eq(pendio_context_set_policy(first, PENDIO_QUEUE), 0);
    expect_pending(pendio_read(first, handle, PENDIO_STREAMING));
    ck_assert_int_eq(pendio_context_set_window(context, 0, 10), 0);
    expect_pending(pendio_read(context, handle, PENDIO_STREAMING));
    expect_next(&fixture, first, 0, 10, 0);
    expect_next(&fixture, context, 0, 10, 0);
    ck_assert_mem_eq(start, content, 10);
    ck_assert_mem_eq(seen, content + 10, 10);
    teardown();
}
END_TEST

START_TEST(budget_bounds_a_chain_of_done_answers)
{
    int done_count = 0;

    setup(O_RDONLY);
    while (pendio_read(context, handle, 0) == PENDIO_DONE)
        done_count++;
    ck_assert_int_eq(done_count, 16);
    expect_next(&fixture, context, 0, FILE_BYTES, 0);
    expect_done(pendio_read(context, handle, 0));
    teardown();
}
END_TEST

START_TEST(pieces_are_filled_in_order)
{
    struct pendio_bytes pieces[] = {{seen, 10}, {NULL, 0}, {seen + 50, 20}, {seen + 20, 30}};

    setup(O_RDONLY);
    ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 4), 0);
    expect_done(pendio_read(context, handle, 5));
    expect_result(context, 0, 60, 0);
    ck_assert_mem_eq(seen, content + 5, 10);
    ck_assert_mem_eq(seen + 50, content + 15, 20);
    ck_assert_mem_eq(seen + 20, content + 35, 30);
    teardown();
}
END_TEST

START_TEST(errors_are_left_to_the_ring)
{
    setup(O_WRONLY);
    expect_pending(pendio_read(context, handle, 0));
    expect_next(&fixture, context, -EBADF, 0, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).done_cached, 0);
    teardown();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {lone_read_is_done_under_auto_and_try_and_pending_under_queue, 3},
        {end_of_the_file_is_told_and_does_not_stick, 0},
        {streaming_goes_on_where_the_position_stands, 0},
        {what_waits_is_not_overtaken, 0},
        {budget_bounds_a_chain_of_done_answers, 0},
        {pieces_are_filled_in_order, 0},
        {errors_are_left_to_the_ring, 0},
    };
    return fixture_run("contract: cached", cases, sizeof cases / sizeof cases[0]);
}
