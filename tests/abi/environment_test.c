/*
 * environment_test.c - what the environment may say of backends and features.
 *
 * - What is switched off is off, and seen to be in the statistics; the loop works all the same.
 * - What cannot be honoured is refused with a status that has words.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture fixture;

static const struct feature {
    const char *mask;
    uint64_t bit;
} features[] = {
    {"-single_issuer", PENDIO_FEATURE_SINGLE_ISSUER},
    {"-defer_taskrun", PENDIO_FEATURE_DEFER_TASKRUN},
    {"-coop_taskrun", PENDIO_FEATURE_COOP_TASKRUN},
    {"-registered_ring", PENDIO_FEATURE_REGISTERED_RING},
    {"-fixed_buffers", PENDIO_FEATURE_FIXED_BUFFERS},
    {"-no_signal", PENDIO_FEATURE_NO_SIGNAL},
    {"-ftruncate", PENDIO_FEATURE_FTRUNCATE},
    {"-multishot_accept", PENDIO_FEATURE_MULTISHOT_ACCEPT},
    {"-multishot_receive", PENDIO_FEATURE_MULTISHOT_RECEIVE},
    {"-buffer_ring", PENDIO_FEATURE_BUFFER_RING},
    {"-zero_copy", PENDIO_FEATURE_ZERO_COPY},
    {"-taskrun_flag", PENDIO_FEATURE_TASKRUN_FLAG},
};

enum { FEATURE_COUNT = sizeof features / sizeof features[0] };

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(setenv(name, value, 1), 0);
}

static int create(void)
{
    struct pendio_loop *const untouched = (struct pendio_loop *)(uintptr_t)1;
    struct pendio_loop *loop = untouched;
    int status = pendio_loop_create(NULL, &loop);

    if (status == 0)
        ck_assert_int_eq(pendio_loop_destroy(loop, -1, NULL), 0);
    else
        ck_assert_ptr_eq(loop, untouched);
    return status;
}

/* The features of a loop that works: it comes back from the kernel and from a file. */
static uint64_t features_of_a_working_loop(void)
{
    const struct pendio_loop_options options = {.size = sizeof options, .spin_ns = 1000};
    struct pendio_context *context;
    uint64_t used;

    fixture_init_with(&fixture, &options, 8, 4096);
    context = fixture_get(&fixture);
    expect_pending(pendio_nop(context, fixture.loop));
    expect_next(&fixture, context, 0, 0, 0);
    expect_pending(pendio_timer(context, 1000));
    expect_next(&fixture, context, 0, 0, 0);
    used = fixture_stats(&fixture).features;
    fixture_fini(&fixture);
    return used;
}

START_TEST(empty_values_are_as_none)
{
    uint64_t used = features_of_a_working_loop();

    set("PENDIO_BACKEND", "");
    set("PENDIO_DISABLE_URING", "");
    set("PENDIO_FEATURES", "");
    ck_assert_uint_eq(features_of_a_working_loop(), used);
}
END_TEST

START_TEST(each_feature_that_is_masked_is_not_used)
{
    set("PENDIO_FEATURES", features[_i].mask);
    ck_assert_uint_eq(features_of_a_working_loop() & features[_i].bit, 0);
}
END_TEST

START_TEST(several_features_are_masked_at_once)
{
    const uint64_t two = PENDIO_FEATURE_DEFER_TASKRUN | PENDIO_FEATURE_FIXED_BUFFERS;

    set("PENDIO_FEATURES", "-defer_taskrun,-fixed_buffers");
    ck_assert_uint_eq(features_of_a_working_loop() & two, 0);
}
END_TEST

START_TEST(all_features_are_masked_at_once)
{
    char all[256] = "";
    size_t length = 0;

    for (size_t i = 0; i < FEATURE_COUNT; i++)
        length += (size_t)snprintf(all + length, sizeof all - length, "%s%s", i == 0 ? "" : ",",
                                   features[i].mask);
    ck_assert_uint_lt(length, sizeof all);
    set("PENDIO_FEATURES", all);
    ck_assert_uint_eq(features_of_a_working_loop(), 0);
}
END_TEST

START_TEST(masked_fixed_buffers_leave_the_arena_unregistered)
{
    struct pendio_loop_statistics stats;

    set("PENDIO_FEATURES", "-fixed_buffers");
    fixture_init(&fixture);
    stats = fixture_stats(&fixture);
    ck_assert_uint_eq(stats.arena_registered_bytes, 0);
    ck_assert_uint_ge(stats.arena_unregistered_bytes, UINT64_C(64) * 4096);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(lists_that_are_not_understood_are_refused)
{
    static const char *const lists[] = {
        "-teleportation",
        "defer_taskrun",
        "+defer_taskrun",
        "-defer_task",
        "-defer_taskrunn",
        "-DEFER_TASKRUN",
        "-",
        ",",
        "-,-",
        ",-defer_taskrun",
        "-defer_taskrun,,-fixed_buffers",
        "-defer_taskrun -fixed_buffers",
        " -defer_taskrun",
        "-defer_taskrun,fixed_buffers",
        "--defer_taskrun",
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        set("PENDIO_FEATURES", lists[i]);
        ck_assert_msg(create() == -EINVAL, "PENDIO_FEATURES=%s is accepted", lists[i]);
    }
}
END_TEST

START_TEST(backends_that_are_not_built_in_are_refused)
{
    static const char *const names[] = {"epoll", "sim:seed=1", "URING", "uring ", "1"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        set("PENDIO_BACKEND", names[i]);
        ck_assert_msg(create() == -ENOTSUP, "PENDIO_BACKEND=%s is accepted", names[i]);
    }
    set("PENDIO_BACKEND", "uring");
    ck_assert_int_eq(create(), 0);
}
END_TEST

START_TEST(switched_off_is_refused_with_and_without_a_backend)
{
    set("PENDIO_DISABLE_URING", "1");
    ck_assert_int_eq(create(), -EACCES);
    set("PENDIO_BACKEND", "uring");
    ck_assert_int_eq(create(), -EACCES);
    set("PENDIO_BACKEND", "epoll");
    ck_assert_int_eq(create(), -ENOTSUP);
}
END_TEST

START_TEST(environment_is_read_for_each_loop_anew)
{
    set("PENDIO_DISABLE_URING", "1");
    ck_assert_int_eq(create(), -EACCES);
    ck_assert_int_eq(unsetenv("PENDIO_DISABLE_URING"), 0);
    ck_assert_int_eq(create(), 0);
}
END_TEST

START_TEST(every_status_of_creation_has_words_of_its_own)
{
    static const int statuses[] = {0,       -EACCES, -ENOSYS, -EPERM, -ENOTSUP,
                                   -EINVAL, -E2BIG,  -ENOMEM, -EMFILE};
    enum { COUNT = sizeof statuses / sizeof statuses[0] };

    for (size_t i = 0; i < COUNT; i++) {
        const char *words = pendio_loop_explain(statuses[i]);

        ck_assert_ptr_nonnull(words);
        ck_assert_uint_gt(strlen(words), 10);
        ck_assert_ptr_null(strchr(words, '\n'));
        for (size_t other = 0; other < i; other++)
            ck_assert_str_ne(words, pendio_loop_explain(statuses[other]));
    }
    ck_assert_ptr_nonnull(pendio_loop_explain(-12345));
    ck_assert_ptr_nonnull(pendio_loop_explain(12345));
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {empty_values_are_as_none, 0},
        {each_feature_that_is_masked_is_not_used, FEATURE_COUNT},
        {several_features_are_masked_at_once, 0},
        {all_features_are_masked_at_once, 0},
        {masked_fixed_buffers_leave_the_arena_unregistered, 0},
        {lists_that_are_not_understood_are_refused, 0},
        {backends_that_are_not_built_in_are_refused, 0},
        {switched_off_is_refused_with_and_without_a_backend, 0},
        {environment_is_read_for_each_loop_anew, 0},
        {every_status_of_creation_has_words_of_its_own, 0},
    };

    return fixture_run("abi: environment", cases, sizeof cases / sizeof cases[0]);
}
