/*
 * contract_file_test.c - files: the right bytes at the right offsets, from whatever memory.
 *
 * - At an offset operations run in parallel; where the position stands they keep their order.
 * - Registered or not, slice or not: the content is the same.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1000, BLOCK_COUNT = 64 };

static struct fixture fixture;
static struct fixture_file file;
static pendio_handle handle;

static void setup(int flags)
{
    struct pendio_context *context;

    fixture_file(&file);
    fixture_init(&fixture);
    context = fixture_get(&fixture);
    expect_pending(pendio_open(context, file.path, flags, 0600));
    handle = fixture_next(&fixture)->value;
    expect_result(context, 0, 0, 0);
    ck_assert_uint_ne(handle, 0);
    ck_assert_int_eq(pendio_pool_put(context), 0);
}

static void teardown(void)
{
    fixture_remove(&file);
    fixture_fini(&fixture);
}

/* The memory for block i: part of a slice, the slice of another, or the heap. */
static unsigned char *memory_for(struct pendio_context *context, int kind, int i)
{
    static unsigned char heap[BLOCK_COUNT][BLOCK_BYTES];
    uint64_t slice_bytes;
    void *window;
    void *base;
    size_t byte_count;

    ck_assert_int_eq(pendio_pool_memory(fixture.pool, &base, &slice_bytes), 0);
    if (kind == 0) {
        ck_assert_int_eq(pendio_context_set_window(context, 13, BLOCK_BYTES), 0);
    } else if (kind == 1) { /* across the bounds of slices */
        ck_assert_int_eq(pendio_context_set_memory(
                             context, (char *)base + 3500 + (size_t)i * BLOCK_BYTES, BLOCK_BYTES),
                         0);
    } else {
        ck_assert_int_eq(pendio_context_set_memory(context, heap[i], BLOCK_BYTES), 0);
    }
    ck_assert_int_eq(pendio_context_window(context, &window, &byte_count), 0);
    return window;
}

START_TEST(content_is_right_at_every_offset_from_any_memory)
{
    struct pendio_context *contexts[BLOCK_COUNT];
    unsigned char *memory[BLOCK_COUNT];
    unsigned char whole[BLOCK_BYTES];
    int descriptor;

    setup(O_RDWR);
    for (int i = 0; i < BLOCK_COUNT; i++) {
        contexts[i] = fixture_get(&fixture);
        memory[i] = memory_for(contexts[i], _i, i);
        fixture_fill(memory[i], BLOCK_BYTES, (uint64_t)i);
        ck_assert_int_eq(pendio_context_set_policy(contexts[i], (uint32_t)i % 3), 0);
        expect_pending(pendio_write(contexts[i], handle, (uint64_t)(63 - i) * BLOCK_BYTES));
    }
    fixture_wait(&fixture, BLOCK_COUNT);
    descriptor = open(file.path, O_RDONLY);
    for (int i = 0; i < BLOCK_COUNT; i++) {
        expect_completion(fixture_next(&fixture), 0, BLOCK_BYTES, 0);
        memset(memory[i], 0, BLOCK_BYTES);
        ck_assert_int_eq(pread(descriptor, whole, BLOCK_BYTES, (off_t)(63 - i) * BLOCK_BYTES),
                         BLOCK_BYTES);
        ck_assert(fixture_is_filled(whole, BLOCK_BYTES, (uint64_t)i));
        ck_assert_int_eq(pendio_context_set_policy(contexts[i], PENDIO_QUEUE), 0);
        expect_pending(pendio_read(contexts[i], handle, (uint64_t)(63 - i) * BLOCK_BYTES));
    }
    close(descriptor);
    for (int i = 0; i < BLOCK_COUNT; i++)
        expect_completion(fixture_next(&fixture), 0, BLOCK_BYTES, 0);
    for (int i = 0; i < BLOCK_COUNT; i++)
        ck_assert(fixture_is_filled(memory[i], BLOCK_BYTES, (uint64_t)i));
    teardown();
}
END_TEST

START_TEST(read_takes_what_there_is_and_then_sees_the_end)
{
    struct pendio_context *context;
    unsigned char memory[100];

    setup(O_RDWR);
    context = _i == 0 ? fixture_get(&fixture) : fixture_over(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 50), 0);
    expect_pending(pendio_write(context, handle, 0));
    expect_next(&fixture, context, 0, 50, 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0); /* not from the cache */
    expect_pending(pendio_read(context, handle, 30));
    expect_next(&fixture, context, 0, 20, 0);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_read(context, handle, 50));
        expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
        expect_pending(pendio_read(context, handle, UINT64_C(1) << 40));
        expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    }
    expect_pending(pendio_write(context, handle, 50)); /* a file's end does not stick */
    expect_next(&fixture, context, 0, 50, 0);
    expect_pending(pendio_read(context, handle, 50));
    expect_next(&fixture, context, 0, 50, 0);
    teardown();
}
END_TEST

START_TEST(empty_windows_move_nothing_and_are_no_end)
{
    struct pendio_context *context;

    setup(O_RDWR);
    context = fixture_get(&fixture);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(i == 0 ? pendio_context_set_window(context, 5, 0)
                                : pendio_context_set_memory(context, NULL, 0),
                         0);
        expect_pending(pendio_write(context, handle, 7));
        expect_next(&fixture, context, 0, 0, 0);
        expect_pending(pendio_read(context, handle, 0));
        expect_next(&fixture, context, 0, 0, 0);
        expect_pending(pendio_read(context, handle, PENDIO_STREAMING));
        expect_next(&fixture, context, 0, 0, 0);
    }
    teardown();
}
END_TEST

START_TEST(streaming_keeps_the_order_of_the_starts)
{
    struct pendio_context *contexts[26];
    char seen[27] = "";
    int descriptor;

    setup(O_RDWR);
    for (int i = 0; i < 26; i++) {
        contexts[i] =
            fixture_over(&fixture, (void *)(uintptr_t) & "abcdefghijklmnopqrstuvwxyz"[i], 1);
        expect_pending(pendio_write(contexts[i], handle, PENDIO_STREAMING));
    }
    for (int i = 0; i < 26; i++)
        expect_next(&fixture, contexts[i], 0, 1, 0);
    descriptor = open(file.path, O_RDONLY);
    ck_assert_int_eq(read(descriptor, seen, 27), 26);
    ck_assert_str_eq(seen, "abcdefghijklmnopqrstuvwxyz");
    ck_assert_int_eq(pendio_handle_close(fixture.loop, handle, PENDIO_GRACEFUL), 0);
    handle = fixture_adopt(&fixture, descriptor);
    ck_assert_int_eq(lseek(descriptor, 10, SEEK_SET), 10);
    for (int i = 0; i < 17; i++) {
        ck_assert_int_eq(pendio_context_set_memory(contexts[i], &seen[i], 1), 0);
        ck_assert_int_eq(pendio_context_set_policy(contexts[i], PENDIO_QUEUE), 0);
        expect_pending(pendio_read(contexts[i], handle, PENDIO_STREAMING));
    }
    for (int i = 0; i < 16; i++)
        expect_next(&fixture, contexts[i], 0, 1, 0);
    expect_next(&fixture, contexts[16], 0, 0, PENDIO_END_OF_STREAM);
    ck_assert_mem_eq(seen, "klmnopqrstuvwxyz", 16);
    teardown();
}
END_TEST

START_TEST(errors_of_the_system_are_results)
{
    struct pendio_context *context;
    struct pendio_completion result;

    setup(O_RDONLY);
    context = fixture_get(&fixture);
    expect_pending(pendio_write(context, handle, 0));
    expect_next(&fixture, context, -EBADF, 0, 0);
    expect_pending(pendio_open(context, "/nowhere/at/all", O_RDONLY, 0));
    expect_next(&fixture, context, -ENOENT, 0, 0);
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_uint_eq(result.value, 0);
    expect_pending(pendio_receive(context, handle));
    expect_next(&fixture, context, -ENOTSOCK, 0, 0);
    expect_pending(pendio_open(context, file.directory, O_RDONLY, 0));
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    expect_pending(pendio_read(context, result.value, 0));
    expect_next(&fixture, context, -EISDIR, 0, 0);
    teardown();
}
END_TEST

START_TEST(opened_descriptor_closes_on_exec)
{
    int descriptor = -1;

    setup(O_RDWR);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, handle, &descriptor), 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
    close(descriptor);
    teardown();
}
END_TEST

START_TEST(graceful_close_waits_for_the_writes_that_were_started)
{
    struct pendio_context *contexts[32];
    struct pendio_context *close_context;
    unsigned char whole[32 * 4096];
    int descriptor;

    setup(O_RDWR);
    for (uint64_t i = 0; i < 32; i++) {
        void *window;
        size_t byte_count;

        contexts[i] = fixture_get(&fixture);
        ck_assert_int_eq(pendio_context_window(contexts[i], &window, &byte_count), 0);
        fixture_fill(window, byte_count, i);
        expect_pending(pendio_write(contexts[i], handle, i * 4096));
    }
    close_context = fixture_get(&fixture);
    expect_pending(pendio_close(close_context, handle, PENDIO_GRACEFUL));
    for (int i = 0; i < 32; i++)
        expect_completion(fixture_next(&fixture), 0, 4096, 0);
    expect_next(&fixture, close_context, 0, 0, 0);
    descriptor = open(file.path, O_RDONLY);
    ck_assert_int_eq(read(descriptor, whole, sizeof whole), sizeof whole);
    for (uint64_t i = 0; i < 32; i++)
        ck_assert(fixture_is_filled(whole + i * 4096, 4096, i));
    close(descriptor);
    teardown();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {content_is_right_at_every_offset_from_any_memory, 3},
        {read_takes_what_there_is_and_then_sees_the_end, 2},
        {empty_windows_move_nothing_and_are_no_end, 0},
        {streaming_keeps_the_order_of_the_starts, 0},
        {errors_of_the_system_are_results, 0},
        {opened_descriptor_closes_on_exec, 0},
        {graceful_close_waits_for_the_writes_that_were_started, 0},
    };
    return fixture_run("contract: file", cases, sizeof cases / sizeof cases[0]);
}
