/*
 * stage.c - a loop and a file with content.
 */
#include "stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct stage stage;

void stage_begin(void)
{
    stage_begin_with(64);
}

void stage_begin_with(uint32_t context_count)
{
    unsigned char content[STAGE_CONTENT_BYTES];
    int descriptor;

    fixture_file(&stage.file);
    snprintf(stage.other, sizeof stage.other, "%s/other", stage.file.directory);
    fixture_init_with(&stage.fixture, NULL, context_count, 4096);
    descriptor = open(stage.file.path, O_RDWR | O_CLOEXEC);
    fixture_fill(content, sizeof content, 1);
    fixture_put(descriptor, content, sizeof content);
    stage.handle = fixture_adopt(&stage.fixture, descriptor);
}

void stage_end(void)
{
    fixture_remove(&stage.file);
    fixture_fini(&stage.fixture);
}

struct pendio_context *stage_get(int policy)
{
    struct pendio_context *context = fixture_get(&stage.fixture);

    ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)policy), 0);
    return context;
}

bool stage_truncates_directly(void)
{
    return (fixture_stats(&stage.fixture).features & PENDIO_FEATURE_FTRUNCATE) == 0;
}

bool stage_exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

off_t stage_size_of(const char *path)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_size;
}

void stage_touch(const char *path)
{
    int descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

    ck_assert_int_ge(descriptor, 0);
    close(descriptor);
}

struct pendio_completion stage_result_of(const struct pendio_context *context)
{
    struct pendio_completion result;

    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    return result;
}

void stage_expect_bare(const struct pendio_context *context, uint16_t operation,
                       pendio_handle handle)
{
    struct pendio_completion result = stage_result_of(context);

    ck_assert_uint_eq(result.operation, operation);
    ck_assert_uint_eq(result.handle, handle);
    ck_assert_uint_eq(result.value, 0);
    ck_assert_uint_eq(result.memory, 0);
}
