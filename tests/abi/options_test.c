/*
 * options_test.c - structures that begin with their size, from callers of other releases.
 *
 * - What an older or newer caller passes is understood, or refused; never half understood.
 * - A refusal leaves outputs untouched.
 * - The library says which release it is.
 */
#include "fixture.h"

#include <stdio.h>
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

static int create_group(const void *options)
{
    struct pendio_group *const untouched = (struct pendio_group *)(uintptr_t)1;
    struct pendio_group *group = untouched;
    int status = pendio_group_create(options, &group);

    if (status == 0)
        ck_assert_int_eq(pendio_group_destroy(group, -1, NULL), 0);
    else
        ck_assert_ptr_eq(group, untouched);
    return status;
}

/* A group of one whose loop has these options. */
static int create_grouped_loop(const void *options)
{
    const struct pendio_group_options group = {
        .size = sizeof group, .loop_count = 1, .loop = options};

    return create_group(&group);
}

static const struct pendio_loop_options loop_options = {
    .operation_count = 100, .handle_count = 10, .post_count = 4, .timer_slack_ns = 1000};
static const struct pendio_pool_options pool_options = {.context_count = 2, .slice_bytes = 64};

static const struct pendio_group_options group_options = {.loop_count = 1};

/* What has size-first options, and those it takes. */
static const struct creation {
    int (*create)(const void *options);
    const void *options;
    uint32_t byte_count;
} creations[] = {
    {create_loop, &loop_options, sizeof loop_options},
    {create_pool, &pool_options, sizeof pool_options},
    {create_group, &group_options, sizeof group_options},
    {create_grouped_loop, &loop_options, sizeof loop_options},
};

enum { CREATION_COUNT = 4 };

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

START_TEST(the_version_is_that_of_the_build)
{
    uint32_t version = pendio_version();
    char text[32];

    snprintf(text, sizeof text, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
    ck_assert_str_eq(text, PENDIO_VERSION_TEXT);
}
END_TEST

/* ---- what is written ------------------------------------------------------------------------- */

static int read_statistics(const struct pendio_context *context, void *ret_some)
{
    (void)context;
    return pendio_loop_stats(fixture.loop, ret_some);
}

static int read_request(const struct pendio_context *context, void *ret_some)
{
    return pendio_context_request(context, ret_some);
}

static int read_message(const struct pendio_context *context, void *ret_some)
{
    return pendio_context_message(context, ret_some);
}

/* What is written into a structure that begins with its size, and how large ours is. */
static const struct output {
    int (*read)(const struct pendio_context *context, void *ret_some);
    uint32_t byte_count;
} outputs[] = {
    {read_statistics, sizeof(struct pendio_loop_statistics)},
    {read_request, sizeof(struct pendio_request)},
    {read_message, sizeof(struct pendio_message)},
};

enum { OUTPUT_COUNT = 3, UNWRITTEN = 0xa5, BEHIND_BYTES = 64 };

/* Reads with that size into `ret_bytes`, with room for ours and some more, all marked. */
static int read_output(const struct output *output, uint32_t size, unsigned char *ret_bytes)
{
    struct pendio_context *context = fixture_get(&fixture);
    int status;

    memset(ret_bytes, UNWRITTEN, output->byte_count + BEHIND_BYTES);
    memcpy(ret_bytes, &size, sizeof size);
    status = output->read(context, ret_bytes);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    return status;
}

static void expect_unwritten_from(const struct output *output, const unsigned char *bytes,
                                  uint32_t begin)
{
    for (uint32_t i = begin; i < output->byte_count + BEHIND_BYTES; i++)
        ck_assert_uint_eq(bytes[i], UNWRITTEN);
}

static unsigned char *make_room(const struct output *output)
{
    unsigned char *bytes = malloc(output->byte_count + BEHIND_BYTES);

    ck_assert_ptr_nonnull(bytes);
    return bytes;
}

START_TEST(outputs_too_small_are_refused_untouched)
{
    const struct output *output = &outputs[_i];
    unsigned char *bytes = make_room(output);

    fixture_init(&fixture);
    for (uint32_t size = 0; size < 8; size++) {
        ck_assert_int_eq(read_output(output, size, bytes), -EINVAL);
        ck_assert_mem_eq(bytes, &size, sizeof size);
        expect_unwritten_from(output, bytes, sizeof size);
    }
    free(bytes);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(outputs_of_an_older_caller_are_written_up_to_its_size)
{
    const struct output *output = &outputs[_i];
    unsigned char *all = make_room(output);
    unsigned char *some = make_room(output);

    fixture_init(&fixture);
    ck_assert_int_eq(read_output(output, output->byte_count, all), 0);
    for (uint32_t size = 8; size <= output->byte_count; size += 4) {
        ck_assert_int_eq(read_output(output, size, some), 0);
        ck_assert_mem_eq(some, &size, sizeof size);
        ck_assert_mem_eq(some + sizeof size, all + sizeof size, 8 - sizeof size);
        expect_unwritten_from(output, some, size);
    }
    free(some);
    free(all);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(outputs_of_a_newer_caller_say_how_much_was_written)
{
    const struct output *output = &outputs[_i];
    unsigned char *bytes = make_room(output);

    fixture_init(&fixture);
    ck_assert_int_eq(read_output(output, output->byte_count + BEHIND_BYTES, bytes), 0);
    ck_assert_mem_eq(bytes, &output->byte_count, sizeof output->byte_count);
    expect_unwritten_from(output, bytes, output->byte_count);
    free(bytes);
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
        {the_version_is_that_of_the_build, 0},
        {outputs_too_small_are_refused_untouched, OUTPUT_COUNT},
        {outputs_of_an_older_caller_are_written_up_to_its_size, OUTPUT_COUNT},
        {outputs_of_a_newer_caller_say_how_much_was_written, OUTPUT_COUNT},
    };

    return fixture_run("abi: options", cases, sizeof cases / sizeof cases[0]);
}
