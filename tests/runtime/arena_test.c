/*
 * arena_test.c - a pool's memory: registered where that is permitted, and as good where not.
 */
#include "arena.h"
#include "suite.h"
#include "workbench.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NOBODY = 65534, SLICE_BYTES = 64 * 1024, CONTEXT_COUNT = 16 };

/* Enough for a small ring, which may count as well, and not for an arena of this test. */
enum { LOCKED_LIMIT_BYTES = SLICE_BYTES * CONTEXT_COUNT / 2 };

/* The opcode the runtime wrote last. */
static uint8_t last_opcode(struct pendio_loop *loop)
{
    const struct pnd_ring *ring = &workbench_inside(loop)->ring;

    return ring->next[-1].opcode;
}

/* At most one slice of it: more adds nothing but time. */
static void write_and_read(struct pendio_loop *loop, struct pendio_pool *pool, bool registered)
{
    static const unsigned char expected[SLICE_BYTES];
    struct pendio_context *context = workbench_context(pool);
    unsigned char *memory = NULL;
    size_t byte_count = 0;
    pendio_handle file;

    ck_assert_int_eq(pendio_handle_adopt(loop, workbench_file(0), &file), 0);
    ck_assert_int_eq(pendio_context_window(context, (void **)&memory, &byte_count), 0);
    byte_count = byte_count < SLICE_BYTES ? byte_count : SLICE_BYTES;
    ck_assert_int_eq(pendio_context_set_window(context, 0, byte_count), 0);
    ck_assert_int_eq(pendio_write(context, file, 0), PENDIO_PENDING);
    ck_assert_int_eq(last_opcode(loop), registered ? IORING_OP_WRITE_FIXED : IORING_OP_WRITE);
    ck_assert_uint_eq(workbench_next(loop).bytes, byte_count);
    memset(memory, 'x', byte_count);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0); /* not from the cache */
    ck_assert_int_eq(pendio_read(context, file, 0), PENDIO_PENDING);
    ck_assert_int_eq(last_opcode(loop), registered ? IORING_OP_READ_FIXED : IORING_OP_READ);
    ck_assert_uint_eq(workbench_next(loop).bytes, byte_count);
    ck_assert_mem_eq(memory, expected, byte_count);
    ck_assert_int_eq(pendio_handle_close(loop, file, PENDIO_GRACEFUL), 0);
    ck_assert_int_eq(pendio_pool_put(context), 0);
}

static void serves_unregistered(struct pendio_loop *loop, uint64_t slice_bytes, int32_t why)
{
    struct pendio_pool *pool = workbench_pool(loop, CONTEXT_COUNT, slice_bytes);
    struct pendio_loop_statistics statistics = workbench_statistics(loop);

    ck_assert_uint_eq(statistics.arena_registered_bytes, 0);
    ck_assert_uint_eq(statistics.arena_unregistered_bytes, slice_bytes * CONTEXT_COUNT);
    ck_assert_int_eq(statistics.arena_error, why);
    write_and_read(loop, pool, false);
    ck_assert_int_eq(pendio_pool_destroy(pool), 0);
    ck_assert_uint_eq(workbench_statistics(loop).arena_unregistered_bytes, 0);
    workbench_end(loop);
}

START_TEST(memory_of_a_pool_is_registered_and_files_use_it_so)
{
    struct pendio_loop *loop = workbench_loop(0, 0);
    struct pendio_pool *pool = workbench_pool(loop, CONTEXT_COUNT, SLICE_BYTES);
    struct pendio_loop_statistics statistics = workbench_statistics(loop);

    ck_assert_uint_eq(statistics.arena_registered_bytes, (uint64_t)SLICE_BYTES * CONTEXT_COUNT);
    ck_assert_uint_eq(statistics.arena_unregistered_bytes, 0);
    ck_assert_int_eq(statistics.arena_error, 0);
    write_and_read(loop, pool, true);
    ck_assert_int_eq(pendio_pool_destroy(pool), 0);
    ck_assert_uint_eq(workbench_statistics(loop).arena_registered_bytes, 0);
    workbench_end(loop);
}
END_TEST

START_TEST(the_memory_of_another_is_not_taken_for_the_arena)
{
    struct pendio_loop *loop = workbench_loop(0, 0);
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, SLICE_BYTES));
    char own[8] = {0};
    pendio_handle file;

    ck_assert_int_eq(pendio_handle_adopt(loop, workbench_file(8), &file), 0);
    ck_assert_int_eq(pendio_context_set_memory(context, own, sizeof own), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    ck_assert_int_eq(pendio_read(context, file, 0), PENDIO_PENDING);
    ck_assert_int_eq(last_opcode(loop), IORING_OP_READ);
    ck_assert_uint_eq(workbench_next(loop).bytes, sizeof own);
    workbench_end(loop);
}
END_TEST

START_TEST(an_arena_holds_what_lies_wholly_inside)
{
    unsigned char memory[64];
    const struct pnd_arena arena = {.base = memory, .byte_count = 32};
    const struct pnd_arena none = {.base = NULL};
    uintptr_t base = (uintptr_t)memory;

    ck_assert(pnd_arena_holds(&arena, base, 32));
    ck_assert(pnd_arena_holds(&arena, base + 31, 1));
    ck_assert(!pnd_arena_holds(&arena, base - 1, 1));
    ck_assert(!pnd_arena_holds(&arena, base + 31, 2));
    ck_assert(!pnd_arena_holds(&arena, base + 32, 1));
    ck_assert(!pnd_arena_holds(&arena, base, 33));
    ck_assert(!pnd_arena_holds(&arena, base, UINT64_MAX));
    ck_assert(!pnd_arena_holds(&none, 0, 0));
}
END_TEST

START_TEST(an_arena_that_is_masked_serves_unregistered)
{
    ck_assert_int_eq(setenv("PENDIO_FEATURES", "-fixed_buffers", 1), 0);
    serves_unregistered(workbench_loop(0, 0), SLICE_BYTES, -EOPNOTSUPP);
}
END_TEST

START_TEST(an_arena_above_what_the_kernel_takes_serves_unregistered)
{
    serves_unregistered(workbench_loop(0, 0), UINT64_C(80) << 20, -EFBIG);
}
END_TEST

START_TEST(arenas_beyond_the_table_serve_unregistered_until_one_goes)
{
    struct pendio_loop *loop = workbench_loop(0, 0);
    struct pendio_pool *first = workbench_pool(loop, 1, 64);
    uint64_t arena_bytes = workbench_statistics(loop).arena_registered_bytes;

    for (int i = 1; i < PND_ARENA_LIMIT; i++)
        (void)workbench_pool(loop, 1, 64);
    ck_assert_uint_eq(workbench_statistics(loop).arena_registered_bytes,
                      PND_ARENA_LIMIT * arena_bytes);
    (void)workbench_pool(loop, 1, 64);
    ck_assert_uint_eq(workbench_statistics(loop).arena_unregistered_bytes, arena_bytes);
    ck_assert_int_eq(workbench_statistics(loop).arena_error, -ENOSPC);

    ck_assert_int_eq(pendio_pool_destroy(first), 0);
    write_and_read(loop, workbench_pool(loop, 1, 64), true);
    ck_assert_uint_eq(workbench_statistics(loop).arena_unregistered_bytes, arena_bytes);
    workbench_end(loop);
}
END_TEST

START_TEST(pools_without_memory_take_no_place_in_the_table)
{
    struct pendio_loop *loop = workbench_loop(0, 0);

    for (int i = 0; i < PND_ARENA_LIMIT; i++)
        (void)workbench_pool(loop, 1, 0);
    write_and_read(loop, workbench_pool(loop, 1, 64), true);
    workbench_end(loop);
}
END_TEST

static bool may_become_ordinary(const char *test)
{
    if (geteuid() != 0)
        printf("skipped: %s needs root, to become an ordinary user with a limit of its own\n",
               test);
    return geteuid() == 0;
}

/* In a process of its own, as every test: it never becomes root again. */
static void become_ordinary(uint64_t locked_limit_bytes)
{
    const struct rlimit limit = {locked_limit_bytes, locked_limit_bytes};

    ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
    ck_assert_int_eq(setgroups(0, NULL), 0);
    ck_assert_int_eq(setgid(NOBODY), 0);
    ck_assert_int_eq(setuid(NOBODY), 0);
}

START_TEST(an_arena_over_the_limit_of_locked_memory_serves_unregistered)
{
    if (!may_become_ordinary(__func__))
        return;
    become_ordinary(LOCKED_LIMIT_BYTES);
    serves_unregistered(workbench_loop(CONTEXT_COUNT, 0), SLICE_BYTES, -ENOMEM);
}
END_TEST

START_TEST(an_arena_within_the_limit_of_locked_memory_is_registered)
{
    struct pendio_loop *loop;

    if (!may_become_ordinary(__func__))
        return;
    become_ordinary(LOCKED_LIMIT_BYTES);
    loop = workbench_loop(CONTEXT_COUNT, 0);
    write_and_read(loop, workbench_pool(loop, 1, 4096), true);
    workbench_end(loop);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        memory_of_a_pool_is_registered_and_files_use_it_so,
        the_memory_of_another_is_not_taken_for_the_arena,
        an_arena_holds_what_lies_wholly_inside,
        an_arena_that_is_masked_serves_unregistered,
        an_arena_above_what_the_kernel_takes_serves_unregistered,
        arenas_beyond_the_table_serve_unregistered_until_one_goes,
        pools_without_memory_take_no_place_in_the_table,
        an_arena_over_the_limit_of_locked_memory_serves_unregistered,
        an_arena_within_the_limit_of_locked_memory_is_registered,
    };

    return suite_run("arena", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
