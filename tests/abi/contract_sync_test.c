/*
 * contract_sync_test.c - a file as a whole: fsync and truncate.
 *
 * - They run in parallel, and errors of the system are results.
 * - A truncate the ring does not know is an ordinary system call: done, but under PENDIO_QUEUE.
 */
#include "stage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

START_TEST(fsync_is_pending_under_every_policy)
{
    struct pendio_context *context;

    stage_begin();
    context = stage_get(_i / 2);
    expect_pending(pendio_fsync(context, stage.handle, _i % 2 == 0 ? 0 : PENDIO_DATA_ONLY));
    expect_next(&stage.fixture, context, 0, 0, 0);
    stage_expect_bare(context, PENDIO_OPERATION_FSYNC, stage.handle);
    stage_end();
}
END_TEST

/* What a truncate answers, and its one result. */
static void truncate_to(struct pendio_context *context, uint64_t byte_count, bool done,
                        int32_t error)
{
    ck_assert_int_eq(pendio_truncate(context, stage.handle, byte_count),
                     done ? PENDIO_DONE : PENDIO_PENDING);
    if (!done)
        ck_assert_ptr_eq(fixture_next(&stage.fixture)->context, context);
    expect_result(context, error, 0, 0);
}

START_TEST(truncate_cuts_off_and_lengthens_with_zeros)
{
    static const unsigned char zeros[STAGE_CONTENT_BYTES];
    unsigned char content[STAGE_CONTENT_BYTES] = {0};
    struct pendio_context *context;
    int descriptor;
    bool done;

    if (_i / STAGE_POLICY_COUNT == 1)
        ck_assert_int_eq(setenv("PENDIO_FEATURES", "-ftruncate", 1), 0);
    stage_begin();
    context = stage_get(_i % STAGE_POLICY_COUNT);
    done = stage_truncates_directly() && _i % STAGE_POLICY_COUNT != PENDIO_QUEUE;
    truncate_to(context, 10, done, 0);
    ck_assert_int_eq(stage_size_of(stage.file.path), 10);
    truncate_to(context, STAGE_CONTENT_BYTES, done, 0);
    descriptor = open(stage.file.path, O_RDONLY);
    ck_assert_int_eq(read(descriptor, content, sizeof content), STAGE_CONTENT_BYTES);
    close(descriptor);
    ck_assert(fixture_is_filled(content, 10, 1));
    ck_assert_mem_eq(content + 10, zeros, STAGE_CONTENT_BYTES - 10);
    truncate_to(context, 0, done, 0);
    ck_assert_int_eq(stage_size_of(stage.file.path), 0);
    ck_assert_uint_eq(fixture_stats(&stage.fixture).done_direct, done ? 3 : 0);
    stage_expect_bare(context, PENDIO_OPERATION_TRUNCATE, stage.handle);
    fixture_quiet(&stage.fixture);
    stage_end();
}
END_TEST

START_TEST(direct_truncates_are_done_as_often_as_the_budget_allows)
{
    struct pendio_context *contexts[20];

    ck_assert_int_eq(setenv("PENDIO_FEATURES", "-ftruncate", 1), 0);
    stage_begin();
    ck_assert(stage_truncates_directly());
    for (uint64_t i = 0; i < 20; i++) {
        contexts[i] =
            i % 2 == 0 ? fixture_get(&stage.fixture) : fixture_called(&stage.fixture, NULL, 0);
        ck_assert_int_eq(pendio_truncate(contexts[i], stage.handle, i),
                         i < 16 ? PENDIO_DONE : PENDIO_PENDING);
        ck_assert_int_eq(stage_size_of(stage.file.path), (off_t)i);
    }
    ck_assert_int_eq(pendio_truncate(contexts[19], stage.handle, 0), -EBUSY);
    fixture_wait(&stage.fixture, 4);
    expect_next(&stage.fixture, contexts[17], 0, 0, 0); /* callbacks come first */
    expect_next(&stage.fixture, contexts[19], 0, 0, 0);
    expect_next(&stage.fixture, contexts[16], 0, 0, 0);
    expect_next(&stage.fixture, contexts[18], 0, 0, 0);
    expect_done(pendio_truncate(contexts[0], stage.handle, 5)); /* a turn renews the budget */
    ck_assert_uint_eq(fixture_stats(&stage.fixture).done_direct, 17);
    stage_end();
}
END_TEST

START_TEST(what_has_no_length_and_no_device_says_so)
{
    struct fixture_pair pair;
    struct pendio_context *context;
    bool done;

    stage_begin();
    context = fixture_get(&stage.fixture);
    done = stage_truncates_directly();
    pair = fixture_pair(&stage.fixture, FIXTURE_UNIX_STREAM);
    expect_pending(pendio_fsync(context, pair.near, 0));
    expect_next(&stage.fixture, context, -EINVAL, 0, 0);
    stage.handle = pair.near;
    truncate_to(context, 0, done, -EINVAL);
    stage.handle = fixture_adopt(&stage.fixture, open(stage.file.path, O_RDONLY | O_CLOEXEC));
    truncate_to(context, 0, done, -EINVAL);
    ck_assert_int_eq(stage_size_of(stage.file.path), STAGE_CONTENT_BYTES);
    close(pair.far);
    stage_end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {fsync_is_pending_under_every_policy, 2 * STAGE_POLICY_COUNT},
        {truncate_cuts_off_and_lengthens_with_zeros, 2 * STAGE_POLICY_COUNT},
        {direct_truncates_are_done_as_often_as_the_budget_allows, 0},
        {what_has_no_length_and_no_device_says_so, 0},
    };
    return fixture_run("contract: sync", cases, sizeof cases / sizeof cases[0]);
}
