/*
 * contract_path_test.c - files by name: stat, rename, unlink, mkdir.
 *
 * - They run in parallel, errors of the system are results, and what was done shows in the system.
 */
#include "stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MANY_COUNT = 60 };

/* ---- stat ----------------------------------------------------------------------------------- */

/* Names the file by its handle, its path, from a directory, from the current one, or by a link. */
static void stat_the_file(struct pendio_context *context, int way, pendio_handle *ret_handle)
{
    *ret_handle = way == 0 ? stage.handle : 0;
    if (way == 0) {
        expect_pending(pendio_stat(context, stage.handle, NULL));
    } else if (way == 1) {
        expect_pending(pendio_stat(context, 0, stage.file.path));
    } else if (way == 2) {
        *ret_handle =
            fixture_adopt(&stage.fixture, open(stage.file.directory, O_RDONLY | O_CLOEXEC));
        expect_pending(pendio_stat(context, *ret_handle, "file"));
    } else if (way == 3) {
        ck_assert_int_eq(chdir(stage.file.directory), 0);
        expect_pending(pendio_stat(context, 0, "file"));
    } else {
        ck_assert_int_eq(symlink(stage.file.path, stage.other), 0);
        expect_pending(pendio_stat(context, 0, stage.other));
    }
}

START_TEST(stat_tells_what_the_system_knows_however_the_file_is_named)
{
    unsigned char memory[STAGE_STAT_BYTES + 50];
    unsigned char untouched[50];
    struct pendio_context *context;
    pendio_handle worked_on;
    struct stat known;
    struct statx told;

    stage_begin();
    context = stage_get(_i / 5);
    memset(memory, 0xa5, sizeof memory);
    memset(untouched, 0xa5, sizeof untouched);
    ck_assert_int_eq(pendio_context_set_memory(context, memory + 1, sizeof memory - 1), 0);
    stat_the_file(context, _i % 5, &worked_on);
    expect_next(&stage.fixture, context, 0, STAGE_STAT_BYTES, 0);
    ck_assert_uint_eq(stage.fixture.seen[0].operation, PENDIO_OPERATION_STAT);
    ck_assert_uint_eq(stage.fixture.seen[0].handle, worked_on);
    ck_assert_uint_eq(stage.fixture.seen[0].value, STAGE_CONTENT_BYTES);
    ck_assert_uint_eq(stage.fixture.seen[0].memory, (uintptr_t)memory + 1);
    memcpy(&told, memory + 1, sizeof told);
    ck_assert_int_eq(stat(stage.file.path, &known), 0);
    ck_assert_uint_eq(told.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
    ck_assert_uint_eq(told.stx_ino, known.st_ino);
    ck_assert_uint_eq(told.stx_mode, known.st_mode);
    ck_assert_uint_eq(told.stx_size, STAGE_CONTENT_BYTES);
    ck_assert_mem_eq(memory + 1 + STAGE_STAT_BYTES, untouched, 49);
    if (_i % 5 == 4)
        ck_assert_int_eq(unlink(stage.other), 0);
    stage_end();
}
END_TEST

START_TEST(stat_needs_room_and_something_to_look_at)
{
    struct pendio_context *context;
    struct pendio_completion before;
    struct pendio_completion after;

    stage_begin();
    context = fixture_get(&stage.fixture);
    ck_assert_int_eq(pendio_context_set_window(context, 0, STAGE_STAT_BYTES), 0);
    expect_pending(pendio_stat(context, stage.handle, NULL));
    expect_next(&stage.fixture, context, 0, STAGE_STAT_BYTES, 0);
    before = stage_result_of(context);
    ck_assert_int_eq(pendio_stat(context, 0, NULL), -EINVAL);
    ck_assert_int_eq(pendio_context_set_window(context, 0, STAGE_STAT_BYTES - 1), 0);
    ck_assert_int_eq(pendio_stat(context, stage.handle, NULL), -EINVAL);
    ck_assert_int_eq(pendio_context_set_memory(context, NULL, 0), 0);
    ck_assert_int_eq(pendio_stat(context, 0, stage.file.path), -EINVAL);
    after = stage_result_of(context);
    ck_assert_mem_eq(&after, &before, sizeof before);
    ck_assert_uint_eq(fixture_stats(&stage.fixture).refused_invalid, 3);
    stage_end();
}
END_TEST

START_TEST(stat_that_fails_brings_nothing)
{
    struct pendio_context *context;

    stage_begin();
    context = fixture_get(&stage.fixture);
    expect_pending(pendio_stat(context, 0, stage.other));
    expect_next(&stage.fixture, context, -ENOENT, 0, 0);
    expect_pending(pendio_stat(context, 0, ""));
    expect_next(&stage.fixture, context, -ENOENT, 0, 0);
    expect_pending(pendio_stat(context, stage.handle, "below"));
    expect_next(&stage.fixture, context, -ENOTDIR, 0, 0);
    ck_assert_uint_eq(stage_result_of(context).value, 0);
    stage_end();
}
END_TEST

/* ---- rename, unlink, mkdir ------------------------------------------------------------------ */

START_TEST(rename_moves_and_replaces)
{
    struct pendio_context *context;

    stage_begin();
    context = stage_get(_i);
    expect_pending(pendio_rename(context, stage.file.path, stage.other));
    expect_next(&stage.fixture, context, 0, 0, 0);
    stage_expect_bare(context, PENDIO_OPERATION_RENAME, 0);
    ck_assert(!stage_exists(stage.file.path));
    stage_touch(stage.file.path);
    ck_assert_int_eq(stage_size_of(stage.file.path), 0);
    expect_pending(pendio_rename(context, stage.other, stage.file.path));
    expect_next(&stage.fixture, context, 0, 0, 0);
    ck_assert_int_eq(stage_size_of(stage.file.path), STAGE_CONTENT_BYTES);
    expect_pending(pendio_rename(context, stage.other, stage.file.path));
    expect_next(&stage.fixture, context, -ENOENT, 0, 0);
    stage_end();
}
END_TEST

START_TEST(directories_are_made_and_removed)
{
    struct pendio_context *context;
    struct stat status;

    umask(027);
    stage_begin();
    context = stage_get(_i);
    expect_pending(pendio_mkdir(context, stage.other, 0777));
    expect_next(&stage.fixture, context, 0, 0, 0);
    stage_expect_bare(context, PENDIO_OPERATION_MKDIR, 0);
    ck_assert_int_eq(stat(stage.other, &status), 0);
    ck_assert_uint_eq(status.st_mode, S_IFDIR | 0750);
    expect_pending(pendio_mkdir(context, stage.other, 0777));
    expect_next(&stage.fixture, context, -EEXIST, 0, 0);
    expect_pending(pendio_unlink(context, stage.other, 0));
    expect_next(&stage.fixture, context, -EISDIR, 0, 0);
    expect_pending(pendio_unlink(context, stage.file.directory, PENDIO_DIRECTORY));
    expect_next(&stage.fixture, context, -ENOTEMPTY, 0, 0);
    expect_pending(pendio_unlink(context, stage.other, PENDIO_DIRECTORY));
    expect_next(&stage.fixture, context, 0, 0, 0);
    ck_assert(!stage_exists(stage.other));
    expect_pending(pendio_unlink(context, stage.other, PENDIO_DIRECTORY));
    expect_next(&stage.fixture, context, -ENOENT, 0, 0);
    stage_end();
}
END_TEST

START_TEST(unlinked_file_lives_on_in_its_handle)
{
    struct pendio_context *context;

    stage_begin();
    context = stage_get(_i);
    expect_pending(pendio_unlink(context, stage.file.path, PENDIO_DIRECTORY));
    expect_next(&stage.fixture, context, -ENOTDIR, 0, 0);
    expect_pending(pendio_unlink(context, stage.file.path, 0));
    expect_next(&stage.fixture, context, 0, 0, 0);
    stage_expect_bare(context, PENDIO_OPERATION_UNLINK, 0);
    ck_assert(!stage_exists(stage.file.path));
    expect_pending(pendio_stat(context, stage.handle, NULL));
    expect_next(&stage.fixture, context, 0, STAGE_STAT_BYTES, 0);
    ck_assert_uint_eq(stage_result_of(context).value, STAGE_CONTENT_BYTES);
    stage_touch(stage.file.path);
    stage_end();
}
END_TEST

START_TEST(many_run_side_by_side)
{
    struct pendio_context *contexts[MANY_COUNT];
    char paths[MANY_COUNT][128];

    stage_begin();
    for (int i = 0; i < MANY_COUNT; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d", stage.file.directory, i);
        contexts[i] =
            i % 2 == 0 ? fixture_get(&stage.fixture) : fixture_called(&stage.fixture, NULL, 0);
        expect_pending(pendio_mkdir(contexts[i], paths[i], 0700));
    }
    for (int i = 0; i < MANY_COUNT; i++)
        expect_completion(fixture_next(&stage.fixture), 0, 0, 0);
    for (int i = 0; i < MANY_COUNT; i++) {
        ck_assert(stage_exists(paths[i]));
        expect_pending(pendio_unlink(contexts[i], paths[i], PENDIO_DIRECTORY));
    }
    for (int i = 0; i < MANY_COUNT; i++)
        expect_completion(fixture_next(&stage.fixture), 0, 0, 0);
    stage_end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {stat_tells_what_the_system_knows_however_the_file_is_named, 5 * STAGE_POLICY_COUNT},
        {stat_needs_room_and_something_to_look_at, 0},
        {stat_that_fails_brings_nothing, 0},
        {rename_moves_and_replaces, STAGE_POLICY_COUNT},
        {directories_are_made_and_removed, STAGE_POLICY_COUNT},
        {unlinked_file_lives_on_in_its_handle, STAGE_POLICY_COUNT},
        {many_run_side_by_side, 0},
    };
    return fixture_run("contract: path", cases, sizeof cases / sizeof cases[0]);
}
