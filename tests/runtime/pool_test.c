/* pool_test.c - contexts taken and put back, their slices, and what a pool leaves behind. */
#include "pool.h"
#include "suite.h"
#include "workbench.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { CONTEXT_COUNT = 5, SLICE_BYTES = 192 };

static struct pendio_loop *loop;
static struct pendio_pool *pool;
static struct pendio_context *contexts[CONTEXT_COUNT];

static void begin(void)
{
    loop = workbench_loop(16, 0);
    pool = workbench_pool(loop, CONTEXT_COUNT, SLICE_BYTES);
    for (int i = 0; i < CONTEXT_COUNT; i++)
        contexts[i] = workbench_context(pool);
}

static void end(void)
{
    workbench_end(loop);
}

START_TEST(an_empty_pool_says_so_and_writes_nothing)
{
    struct pendio_context *context = contexts[0];

    ck_assert_int_eq(pendio_pool_get(pool, &context), -EAGAIN);
    ck_assert_ptr_eq(context, contexts[0]);
    ck_assert_uint_eq(workbench_statistics(loop).pool_exhausted, 1);
}
END_TEST

START_TEST(the_context_put_back_last_is_taken_first)
{
    ck_assert_int_eq(pendio_pool_put(contexts[3]), 0);
    ck_assert_int_eq(pendio_pool_put(contexts[1]), 0);
    ck_assert_ptr_eq(workbench_context(pool), contexts[1]);
    ck_assert_ptr_eq(workbench_context(pool), contexts[3]);
}
END_TEST

START_TEST(putting_twice_or_in_use_is_refused)
{
    ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
    ck_assert_int_eq(pendio_pool_put(contexts[0]), -EALREADY);
    ck_assert_int_eq(pendio_nop(contexts[1], loop), PENDIO_PENDING);
    ck_assert_int_eq(pendio_pool_put(contexts[1]), -EBUSY);
    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, NULL, 0), 0);
    ck_assert_int_eq(pendio_pool_put(contexts[1]), -EBUSY); /* finished, not yet delivered */
    ck_assert_ptr_eq(workbench_next(loop).context, contexts[1]);
    ck_assert_int_eq(pendio_pool_put(contexts[1]), 0);
}
END_TEST

START_TEST(slices_are_equal_and_apart_and_inside_the_arena)
{
    unsigned char *base = NULL;
    uint64_t slice_bytes = 0;

    ck_assert_int_eq(pendio_pool_memory(pool, (void **)&base, &slice_bytes), 0);
    ck_assert_uint_eq(slice_bytes, SLICE_BYTES);
    for (int i = 0; i < CONTEXT_COUNT; i++) {
        void *memory = NULL;
        size_t byte_count = 0;

        ck_assert_int_eq(pendio_context_window(contexts[i], &memory, &byte_count), 0);
        ck_assert_uint_eq(byte_count, SLICE_BYTES);
        ck_assert_ptr_eq(memory, base + (size_t)i * SLICE_BYTES);
        memset(memory, i, byte_count);
    }
}
END_TEST

START_TEST(slices_are_rounded_up_to_cache_lines)
{
    void *base = NULL;
    uint64_t slice_bytes = 0;

    ck_assert_int_eq(pendio_pool_memory(workbench_pool(loop, 2, 65), &base, &slice_bytes), 0);
    ck_assert_uint_eq(slice_bytes, 128);
    ck_assert_int_eq(pendio_pool_memory(workbench_pool(loop, 2, 0), &base, &slice_bytes), 0);
    ck_assert_uint_eq(slice_bytes, 0);
    ck_assert_ptr_null(base);
}
END_TEST

START_TEST(a_context_taken_again_is_as_new)
{
    struct pnd_context *inside = workbench_inside_context(contexts[0]);
    char own[16];

    ck_assert_int_eq(pendio_context_set_memory(contexts[0], own, sizeof own), 0);
    ck_assert_int_eq(pendio_context_set_window(contexts[0], 4, 4), 0);
    ck_assert_int_eq(pendio_context_set_policy(contexts[0], PENDIO_QUEUE), 0);
    ck_assert_int_eq(pendio_context_set_deadline(contexts[0], 1), 0);
    ck_assert_int_eq(pendio_context_set_user_data(contexts[0], 1), 0);
    ck_assert_int_eq(pendio_context_set_endpoint(contexts[0], "endpoint", 8), 0);
    ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
    ck_assert_ptr_eq(workbench_context(pool), contexts[0]);
    ck_assert_uint_eq(inside->policy, PENDIO_AUTO);
    ck_assert_uint_eq(inside->deadline_ns, 0);
    ck_assert_uint_eq(inside->user_data, 0);
    ck_assert_uint_eq(pnd_context_extra(inside)->endpoint.byte_count, 0);
    ck_assert_uint_eq(inside->window.byte_count, SLICE_BYTES);
    ck_assert_ptr_eq(inside->window.memory, inside->pool->arena.base);
}
END_TEST

START_TEST(a_pool_with_a_context_out_cannot_be_destroyed)
{
    ck_assert_int_eq(pendio_pool_destroy(pool), -EBUSY);
    for (int i = 0; i < CONTEXT_COUNT; i++)
        ck_assert_int_eq(pendio_pool_put(contexts[i]), 0);
    ck_assert_int_eq(pendio_pool_destroy(pool), 0);
    ck_assert_uint_eq(workbench_statistics(loop).pool_contexts, 0);
    ck_assert_uint_eq(workbench_statistics(loop).arena_registered_bytes, 0);
}
END_TEST

START_TEST(pools_share_what_the_loop_has_and_no_more)
{
    const struct pendio_pool_options too_many = {.size = sizeof too_many, .context_count = 12};
    struct pendio_pool *none = pool;

    ck_assert_int_eq(pendio_pool_create(loop, &too_many, &none), -ENOSPC);
    ck_assert_ptr_eq(none, pool);
    (void)workbench_pool(loop, 11, 0);
    ck_assert_uint_eq(workbench_statistics(loop).pool_contexts, 16);
}
END_TEST

START_TEST(a_run_of_a_pool_that_is_gone_never_names_one_of_its_successor)
{
    pendio_run stale;

    ck_assert_int_eq(pendio_nop(contexts[0], loop), PENDIO_PENDING);
    stale = workbench_next(loop).run;
    for (int i = CONTEXT_COUNT; i-- > 0;)
        ck_assert_int_eq(pendio_pool_put(contexts[i]), 0);
    ck_assert_int_eq(pendio_pool_destroy(pool), 0);
    pool = workbench_pool(loop, 16, 0);
    for (int i = 0; i < 16; i++) {
        struct pendio_context *context = workbench_context(pool);

        ck_assert_int_eq(pendio_timer(context, (uint64_t)WORKBENCH_LIMIT_NS), PENDIO_PENDING);
        ck_assert_uint_ne(pendio_context_run(context), stale);
        ck_assert_uint_eq(pendio_context_run(context) >> PND_TOKEN_LOOP_SHIFT,
                          stale >> PND_TOKEN_LOOP_SHIFT);
    }
    ck_assert_int_eq(pendio_cancel(loop, stale), -ENOENT);
}
END_TEST

START_TEST(memory_that_cannot_be_had_is_refused_and_nothing_is_kept)
{
    const uint64_t sizes[] = {UINT64_MAX, UINT64_MAX / 2, UINT64_C(1) << 50};
    struct pendio_loop_statistics before = workbench_statistics(loop);
    struct pendio_loop_statistics after;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct pendio_pool_options options = {
            .size = sizeof options, .context_count = 2, .slice_bytes = sizes[i]};
        struct pendio_pool *none;

        ck_assert_int_eq(pendio_pool_create(loop, &options, &none), -ENOMEM);
    }
    after = workbench_statistics(loop);
    ck_assert_mem_eq(&before, &after, sizeof before);
    (void)workbench_pool(loop, 11, SLICE_BYTES); /* no slot was lost */
}
END_TEST

START_TEST(the_counters_tell_what_was_taken)
{
    struct pendio_loop_statistics statistics;

    ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
    ck_assert_int_eq(pendio_pool_put(contexts[1]), 0);
    (void)workbench_context(pool);
    statistics = workbench_statistics(loop);
    ck_assert_uint_eq(statistics.pool_contexts, CONTEXT_COUNT);
    ck_assert_uint_eq(statistics.pool_in_use, CONTEXT_COUNT - 1);
    ck_assert_uint_eq(statistics.pool_high_water, CONTEXT_COUNT);
    ck_assert_uint_eq(statistics.pool_gets, CONTEXT_COUNT + 1);
}
END_TEST

/* Pages that lie in it as a whole, and are there. */
static int count_touched(const void *array, size_t byte_count)
{
    enum { PAGE_BYTES = 4096, PAGE_COUNT = 1024 };
    uintptr_t first = ((uintptr_t)array + PAGE_BYTES - 1) / PAGE_BYTES;
    uintptr_t end = ((uintptr_t)array + byte_count) / PAGE_BYTES;
    unsigned char pages[PAGE_COUNT] = {0};
    int count = 0;

    ck_assert(first < end && end - first <= PAGE_COUNT);
    ck_assert_int_eq(mincore((void *)(first * PAGE_BYTES), (end - first) * PAGE_BYTES, pages), 0);
    for (int i = 0; i < PAGE_COUNT; i++)
        count += pages[i] & 1;
    return count;
}

/* Memory counts where it is read, too. */
START_TEST(what_a_receive_without_a_deadline_does_not_need_is_never_touched)
{
    enum { COUNT = 4096, USED_COUNT = 200 };
    struct pendio_loop *large = workbench_loop(COUNT, 0);
    struct pendio_pool *many = workbench_pool(large, COUNT, 0);
    const struct pnd_pool *inside = (struct pnd_pool *)many;
    size_t extra_bytes = COUNT * sizeof *inside->extras;
    size_t limit_bytes = COUNT * sizeof *inside->limits;
    struct pendio_context *last = NULL;
    char memory[16];

    for (int i = 0; i < USED_COUNT; i++) {
        pendio_handle stream = workbench_stream(large, SOCK_STREAM).near;

        last = workbench_context(many);
        ck_assert_int_eq(i % 2 == 0 ? pendio_context_set_lending(last)
                                    : pendio_context_set_memory(last, memory, sizeof memory),
                         0);
        ck_assert_int_eq(pendio_receive(last, stream), PENDIO_PENDING);
    }
    ck_assert_int_eq(pendio_loop_turn(large, 0, NULL, 0), 0);
    ck_assert_int_eq(pendio_cancel(large, pendio_context_run(last)), 0);
    ck_assert_int_eq(workbench_next(large).error, -ECANCELED);
    ck_assert_int_eq(pendio_pool_put(last), 0);
    ck_assert_int_eq(count_touched(inside->extras, extra_bytes), 0);
    ck_assert_int_eq(count_touched(inside->limits, limit_bytes), 0);
    workbench_end(large);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_empty_pool_says_so_and_writes_nothing,
        the_context_put_back_last_is_taken_first,
        putting_twice_or_in_use_is_refused,
        slices_are_equal_and_apart_and_inside_the_arena,
        slices_are_rounded_up_to_cache_lines,
        a_context_taken_again_is_as_new,
        a_pool_with_a_context_out_cannot_be_destroyed,
        pools_share_what_the_loop_has_and_no_more,
        a_run_of_a_pool_that_is_gone_never_names_one_of_its_successor,
        memory_that_cannot_be_had_is_refused_and_nothing_is_kept,
        the_counters_tell_what_was_taken,
        what_a_receive_without_a_deadline_does_not_need_is_never_touched,
    };

    return suite_run("pool", begin, end, tests, sizeof tests / sizeof tests[0]);
}
