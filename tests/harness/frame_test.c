/* frame_test.c - messages over a pipe, whole or not at all. */
#include "frame.h"
#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ends[2];
static uint8_t *bytes;
static size_t byte_count;

static void begin(void)
{
    ck_assert_int_eq(pipe(ends), 0);
}

static void put(const void *from, size_t count)
{
    ck_assert_int_eq((int)write(ends[1], from, count), (int)count);
}

START_TEST(a_message_written_is_read_again)
{
    Pendio__Progress progress = PENDIO__PROGRESS__INIT;
    progress.operations = 12345;
    ck_assert_int_eq(pnd_frame_write(ends[1], &progress.base), 0);
    ck_assert_int_eq(pnd_frame_read(ends[0], 1000, &bytes, &byte_count), 0);
    ck_assert_uint_eq(byte_count, pendio__progress__get_packed_size(&progress));
    free(bytes);
}
END_TEST

START_TEST(an_empty_frame_is_a_frame)
{
    put("\0\0\0\0", 4);
    ck_assert_int_eq(pnd_frame_read(ends[0], 1000, &bytes, &byte_count), 0);
    ck_assert_uint_eq(byte_count, 0);
    free(bytes);
}
END_TEST

START_TEST(an_end_before_or_within_a_frame_is_told)
{
    put("\x0a\0\0\0abc", 7);
    close(ends[1]);
    ck_assert_int_eq(pnd_frame_read(ends[0], 1000, &bytes, &byte_count), -EPIPE);
    ck_assert_int_eq(pnd_frame_read(ends[0], 1000, &bytes, &byte_count), -EPIPE);
}
END_TEST

START_TEST(a_frame_over_the_limit_is_refused_unread)
{
    put("\xff\xff\xff\x7f", 4);
    ck_assert_int_eq(pnd_frame_read(ends[0], 1000, &bytes, &byte_count), -E2BIG);
}
END_TEST

START_TEST(a_closed_descriptor_is_told)
{
    Pendio__Progress progress = PENDIO__PROGRESS__INIT;
    ck_assert_int_eq(pnd_frame_read(-1, 1000, &bytes, &byte_count), -EBADF);
    ck_assert_int_eq(pnd_frame_write(-1, &progress.base), -EBADF);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_message_written_is_read_again,
        an_empty_frame_is_a_frame,
        an_end_before_or_within_a_frame_is_told,
        a_frame_over_the_limit_is_refused_unread,
        a_closed_descriptor_is_told,
    };
    return suite_run("frame", begin, NULL, tests, sizeof tests / sizeof tests[0]);
}
