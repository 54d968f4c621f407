/*
 * contract_direct_test.c - files opened with O_DIRECT: aligned slices, the rest at the end.
 *
 * - The last block is shorter than asked for; behind it is the end.
 * - What is not aligned is the kernel's to refuse; the cache is never asked.
 */
#include "fixture.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 4096, BLOCK_COUNT = 8, REST_BYTES = 1000 };

static struct fixture fixture;
static struct fixture_file file;
static unsigned char content[BLOCK_COUNT * BLOCK_BYTES + REST_BYTES];
static pendio_handle handle;

/* False: the file system knows no O_DIRECT. */
static bool setup(void)
{
    int descriptor;

    fixture_file(&file);
    fixture_fill(content, sizeof content, 1);
    descriptor = open(file.path, O_WRONLY);
    fixture_put(descriptor, content, sizeof content);
    ck_assert_int_eq(fsync(descriptor), 0);
    close(descriptor);
    fixture_init(&fixture);
    descriptor = open(file.path, O_RDWR | O_DIRECT | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    handle = fixture_adopt(&fixture, descriptor);
    return true;
}

static void teardown(void)
{
    fixture_remove(&file);
    fixture_fini(&fixture);
}

static unsigned char *window_of(struct pendio_context *context)
{
    void *memory = NULL;
    size_t byte_count = 0;

    ck_assert_int_eq(pendio_context_window(context, &memory, &byte_count), 0);
    ck_assert_uint_eq(byte_count, BLOCK_BYTES);
    ck_assert_uint_eq((uintptr_t)memory % BLOCK_BYTES, 0);
    return memory;
}

START_TEST(slices_are_aligned_and_the_rest_is_what_there_is)
{
    struct pendio_context *contexts[BLOCK_COUNT + 1];

    if (setup()) {
        for (uint64_t i = 0; i <= BLOCK_COUNT; i++) {
            contexts[i] = fixture_get(&fixture);
            expect_pending(pendio_read(contexts[i], handle, i * BLOCK_BYTES));
        }
        fixture_wait(&fixture, BLOCK_COUNT + 1);
        for (size_t i = 0; i <= BLOCK_COUNT; i++)
            ck_assert_int_eq(fixture_next(&fixture)->error, 0);
        for (size_t i = 0; i <= BLOCK_COUNT; i++) {
            size_t byte_count = i < BLOCK_COUNT ? BLOCK_BYTES : REST_BYTES;

            expect_result(contexts[i], 0, byte_count, 0);
            ck_assert_mem_eq(window_of(contexts[i]), content + i * BLOCK_BYTES, byte_count);
        }
        expect_pending(pendio_read(contexts[0], handle, (BLOCK_COUNT + 1) * BLOCK_BYTES));
        expect_next(&fixture, contexts[0], 0, 0, PENDIO_END_OF_STREAM);
        ck_assert_uint_eq(fixture_stats(&fixture).done_cached, 0);
    }
    teardown();
}
END_TEST

START_TEST(aligned_write_is_read_back_through_the_cache)
{
    struct pendio_context *context;
    unsigned char seen[BLOCK_BYTES];
    int descriptor;

    if (setup()) {
        context = fixture_get(&fixture);
        fixture_fill(window_of(context), BLOCK_BYTES, 9);
        expect_pending(pendio_write(context, handle, 2 * BLOCK_BYTES));
        expect_next(&fixture, context, 0, BLOCK_BYTES, 0);
        descriptor = open(file.path, O_RDONLY);
        ck_assert_int_eq(pread(descriptor, seen, BLOCK_BYTES, 2 * BLOCK_BYTES), BLOCK_BYTES);
        close(descriptor);
        ck_assert(fixture_is_filled(seen, BLOCK_BYTES, 9));
    }
    teardown();
}
END_TEST

/* What the system itself says of the same call is the result. */
START_TEST(misaligned_is_a_result)
{
    struct pendio_context *context;
    int descriptor;
    ssize_t own;

    if (setup()) {
        context = fixture_get(&fixture);
        descriptor = open(file.path, O_RDONLY | O_DIRECT);
        ck_assert_int_ge(descriptor, 0);
        own = pread(descriptor, window_of(context), 100, 7);
        own = own < 0 ? -errno : own;
        close(descriptor);
        ck_assert_int_eq(pendio_context_set_window(context, 0, 100), 0);
        expect_pending(pendio_read(context, handle, 7));
        expect_next(&fixture, context, own < 0 ? (int)own : 0, own < 0 ? 0 : (uint64_t)own, 0);
    }
    teardown();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {slices_are_aligned_and_the_rest_is_what_there_is, 0},
        {aligned_write_is_read_back_through_the_cache, 0},
        {misaligned_is_a_result, 0},
    };
    return fixture_run("contract: direct", cases, sizeof cases / sizeof cases[0]);
}
