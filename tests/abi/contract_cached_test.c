/*
 * contract_cached_test.c - reads of files whose data the system has in its memory.
 *
 * - A lone read under AUTO or TRY is done, with the right bytes, and counted; QUEUE never is.
 * - The budget bounds them; what must wait for others waits; O_DIRECT passes the cache by.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
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

/* Reads of all contexts at as many offsets, which answer as told, the first one by itself. */
static void read_all(struct pendio_context *const *contexts, int count, int first_answer)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pendio_read(contexts[i], handle, (uint64_t)i),
                         i == 0 ? first_answer : PENDIO_PENDING);
    if (first_answer == PENDIO_DONE)
        expect_result(contexts[0], 0, 1, 0);
    for (int i = first_answer == PENDIO_DONE; i < count; i++)
        expect_next(&fixture, contexts[i], 0, 1, 0);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(seen[i], content[i]);
    memset(seen, 0, sizeof seen);
}

START_TEST(reads_of_several_contexts_in_a_turn_go_together_until_one_is_alone_again)
{
    struct pendio_context *contexts[4];

    setup(O_RDONLY);
    for (int i = 0; i < 4; i++)
        contexts[i] = fixture_over(&fixture, seen + i, 1);
    read_all(contexts, 4, PENDIO_DONE); /* nobody knows yet */
    read_all(contexts, 4, PENDIO_PENDING);
    read_all(contexts, 4, PENDIO_PENDING);
    read_all(contexts, 1, PENDIO_PENDING);
    read_all(contexts, 1, PENDIO_DONE);
    ck_assert_uint_eq(fixture_stats(&fixture).done_cached, 2);
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

/* Of a file on a disk; false: it stays in the memory of the system, like one of tmpfs. */
static bool evict(int descriptor)
{
    void *first = mmap(NULL, 1, PROT_READ, MAP_SHARED, descriptor, 0);
    unsigned char is_there = 1;

    ck_assert_ptr_ne(first, MAP_FAILED);
    ck_assert_int_eq(fdatasync(descriptor), 0);
    ck_assert_int_eq(posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED), 0);
    ck_assert_int_eq(mincore(first, 1, &is_there), 0);
    ck_assert_int_eq(munmap(first, 1), 0);
    return (is_there & 1) == 0;
}

/* How many reads are pending from here on, before one is tried, and done, again. */
static int count_until_done(void)
{
    uint64_t done_before = fixture_stats(&fixture).done_cached;
    int count = 0;

    while (pendio_read(context, handle, 0) == PENDIO_PENDING) {
        expect_next(&fixture, context, 0, 1, 0);
        count++;
        ck_assert_int_le(count, 5000);
    }
    fixture_turn(&fixture, 0); /* the budget renews */
    ck_assert_uint_eq(fixture_stats(&fixture).done_cached, done_before + 1);
    return count;
}

/* One miss is pending, and brings the data; twice as many are not tried after each in a row. */
START_TEST(misses_make_tries_rare_and_a_hit_makes_them_usual)
{
    int descriptor;

    setup(O_RDONLY);
    descriptor = open(file.path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 1), 0);
    if (!evict(descriptor)) {
        puts("skipped: files stay in the memory of the system here");
    } else {
        int count = count_until_done();

        ck_assert(count == 1 + 4 || count == 0); /* a device may be as quick as the look */
    }
    ck_assert_int_eq(count_until_done(), 0);
    close(descriptor);
    teardown();
}
END_TEST

START_TEST(tries_get_rarer_with_every_miss_in_a_row_down_to_a_limit)
{
    int quick_count = 0;
    int descriptor;

    setup(O_RDONLY);
    descriptor = open(file.path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 1), 0);
    for (int pause = 4, misses = 1; misses <= 11 && evict(descriptor); misses++) {
        if (pendio_read(context, handle, 0) == PENDIO_DONE) { /* the device was as quick */
            fixture_turn(&fixture, 0);
            misses = 0;
            pause = 4;
            if (++quick_count == 100)
                break;
            continue;
        }
        expect_next(&fixture, context, 0, 1, 0); /* tried, in vain */
        for (int i = 0; i < pause; i++) {        /* it would hit */
            expect_pending(pendio_read(context, handle, 0));
            expect_next(&fixture, context, 0, 1, 0);
        }
        pause = pause < 1024 ? 2 * pause : pause;
    }
    ck_assert_int_eq(count_until_done(), 0);
    close(descriptor);
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
        {reads_of_several_contexts_in_a_turn_go_together_until_one_is_alone_again, 0},
        {pieces_are_filled_in_order, 0},
        {errors_are_left_to_the_ring, 0},
        {misses_make_tries_rare_and_a_hit_makes_them_usual, 0},
        {tries_get_rarer_with_every_miss_in_a_row_down_to_a_limit, 0},
    };
    return fixture_run("contract: cached", cases, sizeof cases / sizeof cases[0]);
}
