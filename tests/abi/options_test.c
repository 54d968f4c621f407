/*
 * options_test.c - structures that begin with their size, from callers of other releases.
 *
 * - What an older or newer caller passes is understood, or refused; never half understood.
 * - A refusal leaves outputs untouched.
 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

static struct fixture fixture;

/* ---- size rules ----------------------------------------------------------------------------- */

/* Options of `byte_count` bytes in a block of their own, so that a sanitizer sees reads beyond. */
static void *make_options(const void *known, size_t known_bytes, uint32_t byte_count)
{
    unsigned char *options = calloc(1, byte_count);

    ck_assert_ptr_nonnull(options);
    memcpy(options, known, known_bytes < byte_count ? known_bytes : byte_count);
    memcpy(options, &byte_count, sizeof byte_count);
    return options;
}

static int create_loop(const void *options)
{
    struct pendio_loop *const untouched = (struct pendio_loop *)(uintptr_t)1;
    struct pendio_loop *loop = untouched;
    int status = pendio_loop_create(options, &loop);

    if (status == 0)
        ck_assert_int_eq(pendio_loop_destroy(loop, -1, NULL), 0);
    else
        ck_assert_ptr_eq(loop, untouched);
    return status;
}

static int create_pool(const void *options)
{
    struct pendio_pool *const untouched = (struct pendio_pool *)(uintptr_t)1;
    struct pendio_pool *pool = untouched;
    int status = pendio_pool_create(fixture.loop, options, &pool);

    if (status == 0)
        ck_assert_int_eq(pendio_pool_destroy(pool), 0);
    else
        ck_assert_ptr_eq(pool, untouched);
    return status;
}

static const struct pendio_loop_options loop_options = {
    .operation_count = 100, .handle_count = 10, .post_count = 4, .timer_slack_ns = 1000};
static const struct pendio_pool_options pool_options = {.context_count = 2, .slice_bytes = 64};

/* What has size-first options, and those it takes. */
static const struct creation {
    int (*create)(const void *options);
    const void *options;
    uint32_t byte_count;
} creations[] = {
    {create_loop, &loop_options, sizeof loop_options},
    {create_pool, &pool_options, sizeof pool_options},
};

enum { CREATION_COUNT = 2 };

static int create(const struct creation *creation, uint32_t byte_count, uint32_t odd_place)
{
    unsigned char *options = make_options(creation->options, creation->byte_count, byte_count);
    int status;

    if (odd_place != 0)
        options[odd_place] = 1;
    status = creation->create(options);
    free(options);
    return status;
}

START_TEST(options_may_be_missing_or_all_default)
{
    const struct creation *creation = &creations[_i];
    uint32_t *zeroed = calloc(1, creation->byte_count);

    fixture_init(&fixture);
    ck_assert_ptr_nonnull(zeroed);
    zeroed[0] = creation->byte_count;
    ck_assert_int_eq(creation->create(NULL), 0);
    ck_assert_int_eq(creation->create(zeroed), 0);
    free(zeroed);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(options_too_small_to_hold_their_size_are_refused)
{
    const struct creation *creation = &creations[_i];

    fixture_init(&fixture);
    for (uint32_t byte_count = 0; byte_count < 4; byte_count++) {
        uint32_t *options = calloc(1, creation->byte_count);

        ck_assert_ptr_nonnull(options);
        options[0] = byte_count;
        ck_assert_int_eq(creation->create(options), -EINVAL);
        free(options);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(options_of_an_older_caller_are_accepted_and_not_read_beyond)
{
    const struct creation *creation = &creations[_i];

    fixture_init(&fixture);
    for (uint32_t byte_count = 4; byte_count <= creation->byte_count; byte_count += 4)
        ck_assert_int_eq(create(creation, byte_count, 0), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(options_of_a_newer_caller_are_accepted_when_what_is_new_is_zero)
{
    const struct creation *creation = &creations[_i];

    fixture_init(&fixture);
    ck_assert_int_eq(create(creation, creation->byte_count + 1, 0), 0);
    ck_assert_int_eq(create(creation, creation->byte_count + 4096, 0), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(options_with_an_unknown_tail_are_refused_wherever_it_is_not_zero)
{
    const struct creation *creation = &creations[_i];
    uint32_t known_bytes = creation->byte_count;

    fixture_init(&fixture);
    ck_assert_int_eq(create(creation, known_bytes + 1, known_bytes), -E2BIG);
    ck_assert_int_eq(create(creation, known_bytes + 64, known_bytes), -E2BIG);
    ck_assert_int_eq(create(creation, known_bytes + 64, known_bytes + 63), -E2BIG);
    ck_assert_int_eq(create(creation, known_bytes + 64, known_bytes + 30), -E2BIG);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(unknown_flags_and_values_out_of_range_are_refused)
{
    static const struct pendio_loop_options bad_loops[] = {
        {.flags = 1},
        {.flags = UINT32_C(1) << 31},
        {.operation_count = 32769},
        {.handle_count = 1048576},
        {.timer_slack_ns = 999},
    };
    static const struct pendio_pool_options bad_pools[] = {
        {.flags = 1}, {.flags = UINT32_C(1) << 31}, {.flags = 2}};

    fixture_init(&fixture);
    for (size_t i = 0; i < sizeof bad_loops / sizeof bad_loops[0]; i++) {
        struct pendio_loop_options bad = bad_loops[i];

        bad.size = sizeof bad;
        ck_assert_int_eq(create_loop(&bad), -EINVAL);
    }
    for (size_t i = 0; i < sizeof bad_pools / sizeof bad_pools[0]; i++) {
        struct pendio_pool_options bad = bad_pools[i];

        bad.size = sizeof bad;
        ck_assert_int_eq(create_pool(&bad), -EINVAL);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(largest_values_are_accepted)
{
    const struct pendio_loop_options most = {.size = sizeof most,
                                             .operation_count = 32768,
                                             .handle_count = 1048575,
                                             .done_budget = UINT32_MAX,
                                             .post_count = 65536,
                                             .timer_slack_ns = UINT64_MAX};
    const struct pendio_loop_options least = {.size = sizeof least,
                                              .operation_count = 1,
                                              .handle_count = 1,
                                              .done_budget = 1,
                                              .post_count = 1,
                                              .timer_slack_ns = 1000};

    ck_assert_int_eq(create_loop(&most), 0);
    ck_assert_int_eq(create_loop(&least), 0);
}
END_TEST

START_TEST(pools_share_the_operations_of_their_loop)
{
    const struct pendio_loop_options options = {.size = sizeof options, .operation_count = 10};
    struct pendio_pool_options pool = {.size = sizeof pool, .context_count = 7};

    fixture_init_with(&fixture, &options, 4, 0);
    ck_assert_int_eq(create_pool(&pool), -ENOSPC);
    pool.context_count = 6;
    ck_assert_int_eq(create_pool(&pool), 0);
    ck_assert_int_eq(create_pool(&pool), 0); /* what was destroyed left its room */
    fixture_fini(&fixture);
}
END_TEST

START_TEST(slices_too_large_for_any_memory_are_refused)
{
    static const uint64_t sizes[] = {UINT64_MAX, UINT64_MAX / 2, UINT64_C(1) << 46};
    struct pendio_pool_options pool = {.size = sizeof pool, .context_count = 64};

    fixture_init(&fixture);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        pool.slice_bytes = sizes[i];
        ck_assert_int_eq(create_pool(&pool), -ENOMEM);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(statistics_too_small_are_refused_untouched)
{
    struct pendio_loop_statistics stats;
    struct pendio_loop_statistics before;

    fixture_init(&fixture);
    for (uint32_t byte_count = 0; byte_count < 8; byte_count++) {
        memset(&stats, 0xa5, sizeof stats);
        stats.size = byte_count;
        before = stats;
        ck_assert_int_eq(pendio_loop_stats(fixture.loop, &stats), -EINVAL);
        ck_assert_mem_eq(&stats, &before, sizeof stats);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(statistics_of_an_older_caller_are_written_up_to_its_size)
{
    union {
        struct pendio_loop_statistics stats;
        unsigned char bytes[sizeof(struct pendio_loop_statistics)];
    } seen;

    fixture_init(&fixture);
    memset(&seen, 0xa5, sizeof seen);
    seen.stats.size = 24;
    ck_assert_int_eq(pendio_loop_stats(fixture.loop, &seen.stats), 0);
    ck_assert_uint_eq(seen.stats.size, 24);
    ck_assert_uint_eq(seen.stats.backend, PENDIO_BACKEND_URING);
    ck_assert_uint_eq(seen.stats.started, 0);
    for (size_t i = 24; i < sizeof seen; i++)
        ck_assert_uint_eq(seen.bytes[i], 0xa5);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(statistics_of_a_newer_caller_say_how_much_was_written)
{
    struct {
        struct pendio_loop_statistics stats;
        unsigned char later[64];
    } seen;

    fixture_init(&fixture);
    memset(&seen, 0xa5, sizeof seen);
    seen.stats.size = sizeof seen;
    ck_assert_int_eq(pendio_loop_stats(fixture.loop, &seen.stats), 0);
    ck_assert_uint_eq(seen.stats.size, sizeof seen.stats);
    for (size_t i = 0; i < sizeof seen.later; i++)
        ck_assert_uint_eq(seen.later[i], 0xa5);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {options_may_be_missing_or_all_default, CREATION_COUNT},
        {options_too_small_to_hold_their_size_are_refused, CREATION_COUNT},
        {options_of_an_older_caller_are_accepted_and_not_read_beyond, CREATION_COUNT},
        {options_of_a_newer_caller_are_accepted_when_what_is_new_is_zero, CREATION_COUNT},
        {options_with_an_unknown_tail_are_refused_wherever_it_is_not_zero, CREATION_COUNT},
        {unknown_flags_and_values_out_of_range_are_refused, 0},
        {largest_values_are_accepted, 0},
        {pools_share_the_operations_of_their_loop, 0},
        {slices_too_large_for_any_memory_are_refused, 0},
        {statistics_too_small_are_refused_untouched, 0},
        {statistics_of_an_older_caller_are_written_up_to_its_size, 0},
        {statistics_of_a_newer_caller_say_how_much_was_written, 0},
    };

    return fixture_run("abi: options", cases, sizeof cases / sizeof cases[0]);
}
