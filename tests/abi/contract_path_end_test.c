/*
 * contract_path_end_test.c - files by name and as a whole: refused, cancelled, closed.
 *
 * - Refused changes nothing. Cancelled ends once, and what it says is what the system shows.
 * - A graceful close lets fsync and truncate finish; the close itself comes last.
 */
#include "stage.h"

#include <unistd.h>

enum { KIND_COUNT = 6, CROWD_COUNT = 2000 };

static int start(int kind, struct pendio_context *context, pendio_handle on)
{
    switch (kind) {
    case 0:
        return pendio_fsync(context, on, 0);
    case 1:
        return pendio_truncate(context, on, 10);
    case 2:
        return pendio_stat(context, on, NULL);
    case 3:
        return pendio_rename(context, stage.file.path, stage.other);
    case 4:
        return pendio_unlink(context, stage.file.path, 0);
    default:
        return pendio_mkdir(context, stage.other, 0700);
    }
}

/* Leaves the directory as the fixture wants to find it. */
static void tidy(void)
{
    (void)rmdir(stage.other);
    (void)unlink(stage.other);
    stage_touch(stage.file.path);
}

START_TEST(bad_arguments_handles_and_contexts_are_refused)
{
    struct pendio_context *context;

    stage_begin();
    context = fixture_get(&stage.fixture);
    ck_assert_int_eq(pendio_fsync(context, stage.handle, 2), -EINVAL);
    ck_assert_int_eq(pendio_truncate(context, stage.handle, (uint64_t)INT64_MAX + 1), -EINVAL);
    ck_assert_int_eq(pendio_rename(context, NULL, stage.other), -EINVAL);
    ck_assert_int_eq(pendio_rename(context, stage.file.path, NULL), -EINVAL);
    ck_assert_int_eq(pendio_unlink(context, NULL, 0), -EINVAL);
    ck_assert_int_eq(pendio_unlink(context, stage.file.path, 2), -EINVAL);
    ck_assert_int_eq(pendio_mkdir(context, NULL, 0700), -EINVAL);
    ck_assert_int_eq(pendio_fsync(context, 0, 0), -EBADF);
    ck_assert_int_eq(pendio_truncate(context, 0, 0), -EBADF);
    ck_assert_int_eq(pendio_stat(context, stage.handle + 1, stage.file.path), -EBADF);
    for (int kind = 0; kind < 3; kind++)
        ck_assert_int_eq(start(kind, context, stage.handle + 1), -EBADF);
    expect_pending(pendio_timer(context, 1000));
    for (int kind = 0; kind < KIND_COUNT; kind++)
        ck_assert_int_eq(start(kind, context, stage.handle), -EBUSY);
    expect_next(&stage.fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_loop_shutdown(stage.fixture.loop), 0);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        ck_assert_int_eq(start(kind, context, stage.handle), -ESHUTDOWN);
    ck_assert_int_eq(stage_size_of(stage.file.path), STAGE_CONTENT_BYTES);
    ck_assert(!stage_exists(stage.other));
    stage_end();
}
END_TEST

/* Either it was done, or it was cancelled and not done. */
static void expect_done_or_not(int kind)
{
    const struct pendio_completion *completion = fixture_next(&stage.fixture);
    const bool cancelled = completion->error != 0;

    if (cancelled)
        expect_completion(completion, -ECANCELED, 0, PENDIO_BY_CANCEL);
    else
        expect_completion(completion, 0, kind == 2 ? STAGE_STAT_BYTES : 0, 0);
    if (kind == 1)
        ck_assert_int_eq(stage_size_of(stage.file.path), cancelled ? STAGE_CONTENT_BYTES : 10);
    if (kind == 3 || kind == 4)
        ck_assert(stage_exists(stage.file.path) == cancelled);
    if (kind == 3 || kind == 5)
        ck_assert(stage_exists(stage.other) != cancelled);
}

START_TEST(cancelled_operation_ends_once_and_tells_the_truth)
{
    struct pendio_context *context;
    int answer;

    stage_begin();
    context = fixture_get(&stage.fixture);
    answer = start(_i / 2, context, stage.handle);
    if (answer == PENDIO_PENDING) {
        if (_i % 2 == 0)
            ck_assert_int_eq(pendio_loop_flush(stage.fixture.loop), 0);
        ck_assert_int_eq(pendio_cancel(stage.fixture.loop, pendio_context_run(context)), 0);
        expect_done_or_not(_i / 2);
    }
    ck_assert_int_eq(pendio_cancel(stage.fixture.loop, stage_result_of(context).run), -ENOENT);
    fixture_quiet(&stage.fixture);
    tidy();
    stage_end();
}
END_TEST

/* More than the ring has room for: what is started after it waits. */
static void crowd(void)
{
    for (int i = 0; i < CROWD_COUNT; i++)
        expect_pending(pendio_nop(fixture_get(&stage.fixture), stage.fixture.loop));
}

/* The next delivery that is none of the crowd's. */
static const struct pendio_completion *next_of_ours(void)
{
    const struct pendio_completion *completion = fixture_next(&stage.fixture);

    while (completion->operation == PENDIO_OPERATION_NOP)
        completion = fixture_next(&stage.fixture);
    return completion;
}

START_TEST(what_the_ring_has_no_room_for_is_cancelled_undone)
{
    struct pendio_context *context;
    bool undone;

    stage_begin_with(CROWD_COUNT + 1);
    crowd();
    context = fixture_get(&stage.fixture);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    expect_pending(start(_i, context, stage.handle));
    undone = _i != 1 || !stage_truncates_directly(); /* which is over before it is cancelled */
    ck_assert_int_eq(pendio_cancel(stage.fixture.loop, pendio_context_run(context)),
                     undone ? 0 : -ENOENT);
    expect_completion(next_of_ours(), undone ? -ECANCELED : 0, 0, undone ? PENDIO_BY_CANCEL : 0);
    fixture_wait(&stage.fixture, CROWD_COUNT + 1 - stage.fixture.read_count);
    while (stage.fixture.read_count < stage.fixture.seen_count)
        ck_assert_ptr_ne(fixture_next(&stage.fixture)->context, context);
    ck_assert_int_eq(stage_size_of(stage.file.path), undone ? STAGE_CONTENT_BYTES : 10);
    ck_assert(!stage_exists(stage.other));
    fixture_quiet(&stage.fixture);
    stage_end();
}
END_TEST

START_TEST(close_decides_over_what_the_ring_has_no_room_for)
{
    struct pendio_context *context;
    bool finishes[3] = {true, true, false};
    bool direct;

    stage_begin_with(CROWD_COUNT + 4);
    direct = stage_truncates_directly();
    if (_i == PENDIO_ABORTIVE)
        finishes[0] = finishes[1] = false;
    crowd();
    for (int kind = 0; kind < 3; kind++)
        expect_pending(start(kind, stage_get(PENDIO_QUEUE), stage.handle));
    context = fixture_get(&stage.fixture);
    expect_pending(pendio_close(context, stage.handle, (uint32_t)_i));
    for (int i = 0; i < 3; i++) {
        const struct pendio_completion *completion = next_of_ours();
        const int kind = completion->operation - PENDIO_OPERATION_FSYNC;

        if (finishes[kind] || (kind == 1 && direct))
            expect_completion(completion, 0, 0, 0);
        else
            expect_completion(completion, -ECANCELED, 0, PENDIO_BY_CLOSE);
    }
    ck_assert_ptr_eq(next_of_ours()->context, context);
    ck_assert_int_eq(stage_size_of(stage.file.path),
                     finishes[1] || direct ? 10 : STAGE_CONTENT_BYTES);
    fixture_quiet(&stage.fixture);
    stage_end();
}
END_TEST

START_TEST(close_waits_for_what_is_under_way)
{
    struct pendio_context *contexts[KIND_COUNT];
    struct pendio_context *close_context;
    const bool graceful = _i % 2 == PENDIO_GRACEFUL;

    stage_begin();
    for (int i = 0; i < KIND_COUNT; i++) {
        contexts[i] = stage_get(PENDIO_QUEUE);
        expect_pending(start(i % 3, contexts[i], stage.handle));
    }
    if (_i / 2 == 1)
        ck_assert_int_eq(pendio_loop_flush(stage.fixture.loop), 0);
    close_context = fixture_get(&stage.fixture);
    expect_pending(pendio_close(close_context, stage.handle, (uint32_t)_i % 2));
    ck_assert_int_eq(pendio_fsync(fixture_get(&stage.fixture), stage.handle, 0), -EBADF);
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct pendio_completion *completion = fixture_next(&stage.fixture);
        const bool must_finish = graceful && completion->operation != PENDIO_OPERATION_STAT;

        if (must_finish || completion->error == 0)
            ck_assert_int_eq(completion->error, 0);
        else
            expect_completion(completion, -ECANCELED, 0, PENDIO_BY_CLOSE);
    }
    expect_next(&stage.fixture, close_context, 0, 0, 0);
    ck_assert(!graceful || stage_size_of(stage.file.path) == 10);
    fixture_quiet(&stage.fixture);
    stage_end();
}
END_TEST

START_TEST(deadline_that_is_kept_leaves_no_trace)
{
    struct pendio_context *context;

    stage_begin();
    context = stage_get(PENDIO_QUEUE);
    ck_assert_int_eq(pendio_context_set_deadline(context, UINT64_MAX), 0);
    expect_pending(start(_i, context, stage.handle));
    expect_next(&stage.fixture, context, 0, _i == 2 ? STAGE_STAT_BYTES : 0, 0);
    fixture_quiet(&stage.fixture);
    tidy();
    stage_end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {bad_arguments_handles_and_contexts_are_refused, 0},
        {cancelled_operation_ends_once_and_tells_the_truth, 2 * KIND_COUNT},
        {what_the_ring_has_no_room_for_is_cancelled_undone, KIND_COUNT},
        {close_decides_over_what_the_ring_has_no_room_for, 2},
        {close_waits_for_what_is_under_way, 4},
        {deadline_that_is_kept_leaves_no_trace, KIND_COUNT},
    };
    return fixture_run("contract: path end", cases, sizeof cases / sizeof cases[0]);
}
