/*
 * contract_pool_test.c - contexts taken and put back, and the memory they work on.
 *
 * - The context put back last is taken next, with a request as new.
 * - Slices are distinct; files get the right bytes whatever part of which memory they come from.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

START_TEST(context_put_back_last_is_taken_next)
{
    struct pendio_context *contexts[64];

    fixture_init(&fixture);
    for (int i = 0; i < 64; i++)
        contexts[i] = fixture_get(&fixture);
    for (int i = 0; i < 64; i += 3)
        ck_assert_int_eq(pendio_pool_put(contexts[i]), 0);
    for (int i = 63; i >= 0; i -= 3)
        ck_assert_ptr_eq(fixture_get(&fixture), contexts[i]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_pool_refuses_and_is_counted)
{
    struct pendio_context *last = NULL;
    struct pendio_context *none = (struct pendio_context *)&last;
    struct pendio_loop_statistics stats;

    fixture_init(&fixture);
    for (int i = 0; i < 64; i++)
        last = fixture_get(&fixture);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pendio_pool_get(fixture.pool, &none), -EAGAIN);
    ck_assert_ptr_eq(none, &last);
    ck_assert_int_eq(pendio_pool_put(last), 0);
    ck_assert_ptr_eq(fixture_get(&fixture), last);
    stats = fixture_stats(&fixture);
    ck_assert_uint_eq(stats.pool_contexts, 64);
    ck_assert_uint_eq(stats.pool_in_use, 64);
    ck_assert_uint_eq(stats.pool_high_water, 64);
    ck_assert_uint_eq(stats.pool_gets, 65);
    ck_assert_uint_eq(stats.pool_exhausted, 3);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(context_in_the_pool_refuses_everything)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_int_eq(pendio_pool_put(context), -EALREADY);
    ck_assert_int_eq(pendio_nop(context, fixture.loop), -EINVAL);
    ck_assert_int_eq(pendio_timer(context, 0), -EINVAL);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), -EINVAL);
    ck_assert_int_eq(pendio_context_set_slice(context), -EINVAL);
    ck_assert_uint_eq(pendio_context_run(context), 0);
    fixture_quiet(&fixture);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(context_in_use_cannot_be_put_back_before_its_delivery)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    expect_pending(pendio_nop(context, fixture.loop));
    ck_assert_int_eq(pendio_pool_put(context), -EBUSY);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1000000000, NULL, 0), 0);
    ck_assert_int_eq(pendio_pool_put(context), -EBUSY);
    ck_assert_int_eq(pendio_pool_destroy(fixture.pool), -EBUSY);
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_pool_destroy(fixture.pool), -EBUSY);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_int_eq(pendio_pool_destroy(fixture.pool), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(context_is_taken_with_a_request_as_new)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    void *slice;
    void *window;
    size_t byte_count;
    char memory[9];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_window(context, &slice, &byte_count), 0);
    ck_assert_uint_eq(byte_count, 4096);
    ck_assert_int_eq(pendio_context_set_memory(context, memory, 9), 0);
    ck_assert_int_eq(pendio_context_set_window(context, 3, 2), 0);
    ck_assert_int_eq(pendio_context_set_endpoint(context, "xx", 2), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    ck_assert_int_eq(pendio_context_set_deadline(context, 1), 0);
    ck_assert_int_eq(pendio_context_set_user_data(context, 9), 0);
    ck_assert_int_eq(pendio_context_set_callback(context, fixture_collect, NULL), 0);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_ptr_eq(fixture_get(&fixture), context);

    ck_assert_int_eq(pendio_context_window(context, &window, &byte_count), 0);
    ck_assert_ptr_eq(window, slice);
    ck_assert_uint_eq(byte_count, 4096);
    ck_assert_int_eq(pendio_connect(context, pair.near), -EINVAL);
    expect_pending(pendio_send(context, pair.near)); /* AUTO, by record, no deadline */
    expect_next(&fixture, context, 0, 4096, 0);
    ck_assert_uint_eq(fixture.seen[0].user_data, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(slices_are_distinct_and_whole)
{
    struct pendio_context *contexts[64];
    struct pendio_loop_statistics stats;
    uint64_t slice_bytes;
    void *base;

    fixture_init_with(&fixture, NULL, 64, 1000);
    ck_assert_int_eq(pendio_pool_memory(fixture.pool, &base, &slice_bytes), 0);
    ck_assert_uint_eq(slice_bytes, 1024);
    for (uint64_t i = 0; i < 64; i++) {
        void *window;
        size_t byte_count;

        contexts[i] = fixture_get(&fixture);
        ck_assert_int_eq(pendio_context_window(contexts[i], &window, &byte_count), 0);
        ck_assert_uint_eq(byte_count, 1024);
        ck_assert_uint_eq(((uintptr_t)window - (uintptr_t)base) % 1024, 0);
        ck_assert_uint_lt((uintptr_t)window - (uintptr_t)base, 65536);
        fixture_fill(window, byte_count, (uintptr_t)window);
    }
    for (int i = 0; i < 64; i++) {
        void *window;
        size_t byte_count;

        ck_assert_int_eq(pendio_context_window(contexts[i], &window, &byte_count), 0);
        ck_assert(fixture_is_filled(window, byte_count, (uintptr_t)window));
    }
    stats = fixture_stats(&fixture);
    if (stats.features & PENDIO_FEATURE_FIXED_BUFFERS) {
        ck_assert_uint_eq(stats.arena_registered_bytes, 65536);
        ck_assert_int_eq(stats.arena_error, 0);
    } else {
        ck_assert_uint_eq(stats.arena_unregistered_bytes, 65536);
        ck_assert_int_lt(stats.arena_error, 0);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(pool_without_memory_has_empty_windows)
{
    void *base = &fixture;
    uint64_t slice_bytes = 1;
    size_t byte_count = 1;

    fixture_init_with(&fixture, NULL, 4, 0);
    ck_assert_int_eq(pendio_pool_memory(fixture.pool, &base, &slice_bytes), 0);
    ck_assert_ptr_null(base);
    ck_assert_uint_eq(slice_bytes, 0);
    ck_assert_int_eq(pendio_context_window(fixture_get(&fixture), &base, &byte_count), 0);
    ck_assert_ptr_null(base);
    ck_assert_uint_eq(byte_count, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(windows_stay_within_the_memory_set_last)
{
    struct pendio_context *context;
    char memory[10];
    void *window;
    size_t byte_count;

    fixture_init(&fixture);
    context = fixture_over(&fixture, memory, 10);
    ck_assert_int_eq(pendio_context_set_window(context, 4, 6), 0);
    ck_assert_int_eq(pendio_context_set_window(context, 10, 0), 0);
    ck_assert_int_eq(pendio_context_set_window(context, 2, 3), 0);
    ck_assert_int_eq(pendio_context_set_window(context, 11, 0), -EINVAL);
    ck_assert_int_eq(pendio_context_set_window(context, 4, 7), -EINVAL);
    ck_assert_int_eq(pendio_context_set_window(context, SIZE_MAX, 2), -EINVAL);
    ck_assert_int_eq(pendio_context_set_window(context, 2, SIZE_MAX), -EINVAL);
    ck_assert_int_eq(pendio_context_set_memory(context, NULL, 1), -EINVAL);
    ck_assert_int_eq(pendio_context_window(context, &window, &byte_count), 0);
    ck_assert_ptr_eq(window, memory + 2);
    ck_assert_uint_eq(byte_count, 3);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 10), 0); /* of the memory, not nested */
    fixture_fini(&fixture);
}
END_TEST

START_TEST(slots_of_a_destroyed_pool_serve_the_next)
{
    const struct pendio_loop_options options = {.size = sizeof options, .operation_count = 64};
    const struct pendio_pool_options one = {.size = sizeof one, .context_count = 1};
    const struct pendio_pool_options many = {.size = sizeof many, .context_count = UINT32_MAX};
    struct pendio_pool *pool = NULL;

    fixture_init_with(&fixture, &options, 64, 64);
    ck_assert_int_eq(pendio_pool_create(fixture.loop, &one, &pool), -ENOSPC);
    ck_assert_int_eq(pendio_pool_create(fixture.loop, &many, &pool), -ENOSPC);
    ck_assert_ptr_null(pool);
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(pendio_pool_destroy(fixture.pool), 0);
        ck_assert_int_eq(pendio_pool_create(fixture.loop, NULL, &fixture.pool), 0);
        for (int j = 0; j < 64; j++)
            expect_pending(pendio_nop(fixture_get(&fixture), fixture.loop));
        for (int j = 0; j < 64; j++)
            ck_assert_int_eq(pendio_pool_put((void *)fixture_next(&fixture)->context), 0);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(pools_beyond_what_can_be_registered_work_unregistered)
{
    const struct pendio_pool_options options = {
        .size = sizeof options, .context_count = 1, .slice_bytes = 64};
    const struct pendio_pool_options huge = {
        .size = sizeof huge, .context_count = 2, .slice_bytes = UINT64_C(700) << 20};
    struct pendio_pool *pools[80];
    uint64_t bytes;
    void *base;

    fixture_init(&fixture);
    for (int i = 0; i < 80; i++) {
        ck_assert_int_eq(pendio_pool_create(fixture.loop, &options, &pools[i]), 0);
        ck_assert_int_eq(pendio_pool_memory(pools[i], &base, &bytes), 0);
        memset(base, i, 64);
    }
    ck_assert_int_lt(fixture_stats(&fixture).arena_error, 0);
    for (int i = 0; i < 80; i++)
        ck_assert_int_eq(pendio_pool_destroy(pools[i]), 0);
    ck_assert_uint_eq(fixture_stats(&fixture).arena_unregistered_bytes,
                      fixture_stats(&fixture).features & PENDIO_FEATURE_FIXED_BUFFERS ? 0 : 262144);
    ck_assert_int_eq(pendio_pool_create(fixture.loop, &huge, &pools[0]), 0);
    ck_assert_uint_ge(fixture_stats(&fixture).arena_unregistered_bytes, UINT64_C(1400) << 20);
    ck_assert_int_eq(pendio_pool_destroy(pools[0]), 0);
    fixture_fini(&fixture);
}
END_TEST

static void put_and_destroy(const struct pendio_completion *completion, void *state)
{
    fixture_collect(completion, state);
    ck_assert_int_eq(pendio_pool_put(completion->context), 0);
    ck_assert_int_eq(pendio_pool_destroy(fixture.pool), 0);
    ck_assert_int_eq(pendio_pool_create(fixture.loop, NULL, &fixture.pool), 0);
}

START_TEST(pool_may_be_destroyed_from_the_callback_of_its_last_context)
{
    fixture_init(&fixture);
    for (int i = 0; i < 100; i++) {
        struct pendio_context *context = fixture_get(&fixture);

        ck_assert_int_eq(pendio_context_set_callback(context, put_and_destroy, &fixture), 0);
        expect_pending(pendio_nop(context, fixture.loop));
        expect_completion(fixture_next(&fixture), 0, 0, 0);
    }
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {context_put_back_last_is_taken_next, 0},
        {empty_pool_refuses_and_is_counted, 0},
        {context_in_the_pool_refuses_everything, 0},
        {context_in_use_cannot_be_put_back_before_its_delivery, 0},
        {context_is_taken_with_a_request_as_new, 0},
        {slices_are_distinct_and_whole, 0},
        {pool_without_memory_has_empty_windows, 0},
        {windows_stay_within_the_memory_set_last, 0},
        {slots_of_a_destroyed_pool_serve_the_next, 0},
        {pools_beyond_what_can_be_registered_work_unregistered, 0},
        {pool_may_be_destroyed_from_the_callback_of_its_last_context, 0},
    };
    return fixture_run("contract: pool", cases, sizeof cases / sizeof cases[0]);
}
