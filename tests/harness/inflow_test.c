/* inflow_test.c - frames as a pipe gives them: whole, in pieces, several at once, or broken. */
#include "inflow.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_BYTES = 100 };

static int ends[2];
static struct pnd_inflow reader;
static const uint8_t *message;
static size_t message_bytes;

static void begin(void)
{
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    reader = (struct pnd_inflow){0};
}

static void end(void)
{
    pnd_inflow_fini(&reader);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void put(const char *bytes, size_t byte_count)
{
    ck_assert_int_eq(write(ends[1], bytes, byte_count), (ssize_t)byte_count);
}

static void finish(void)
{
    ck_assert_int_eq(close(ends[1]), 0);
}

static int take(void)
{
    return pnd_inflow_read(&reader, ends[0], LIMIT_BYTES, &message, &message_bytes);
}

static void assert_message(const char *text)
{
    ck_assert_int_eq(take(), 1);
    ck_assert_uint_eq(message_bytes, strlen(text));
    ck_assert_mem_eq(message, text, message_bytes);
}

START_TEST(header_is_the_length_least_significant_byte_first)
{
    uint8_t header[PND_INFLOW_HEADER_BYTES];

    pnd_inflow_format_header(0x01020304, header);

    ck_assert_mem_eq(header, "\x04\x03\x02\x01", sizeof header);
}
END_TEST

START_TEST(frames_that_come_together_are_taken_one_by_one)
{
    put("\3\0\0\0one\0\0\0\0\3\0\0\0two", 18);
    finish();

    assert_message("one");
    assert_message("");
    assert_message("two");
    ck_assert_int_eq(take(), 0);
    ck_assert_int_eq(take(), 0);
}
END_TEST

START_TEST(frame_that_comes_byte_by_byte_is_taken_when_it_is_whole)
{
    static const char bytes[] = "\3\0\0\0one";
    for (size_t i = 0; i < sizeof bytes - 2; i++) {
        put(&bytes[i], 1);
        ck_assert_int_eq(take(), -EAGAIN);
    }
    put("e", 1);
    assert_message("one");
    ck_assert_int_eq(take(), -EAGAIN);
}
END_TEST

START_TEST(end_inside_a_frame_is_told_from_an_end_between_two)
{
    put("\3\0\0\0on", 6);
    finish();
    ck_assert_int_eq(take(), -EBADMSG);
}
END_TEST

START_TEST(end_inside_a_header_is_an_error)
{
    put("\3\0", 2);
    finish();
    ck_assert_int_eq(take(), -EBADMSG);
}
END_TEST

START_TEST(frame_over_the_limit_is_refused_before_it_came)
{
    put("\x65\0\0\0", 4);
    ck_assert_int_eq(take(), -E2BIG);
    ck_assert_ptr_null(reader.message);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        header_is_the_length_least_significant_byte_first,
        frames_that_come_together_are_taken_one_by_one,
        frame_that_comes_byte_by_byte_is_taken_when_it_is_whole,
        end_inside_a_frame_is_told_from_an_end_between_two,
        end_inside_a_header_is_an_error,
        frame_over_the_limit_is_refused_before_it_came,
    };
    return suite_run("inflow", begin, end, tests, sizeof tests / sizeof tests[0]);
}
