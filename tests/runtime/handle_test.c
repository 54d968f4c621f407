/* handle_test.c - the table of handles: names that die, a table that fills up, what is left. */
#include "handle.h"
#include "suite.h"
#include "workbench.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOT_COUNT = 4, LOOP_ID = 7, GENERATION_BITS = 28, SLOT_BITS = 20 };

static struct pnd_handle_table table;

static void begin(void)
{
    ck_assert_int_eq(pnd_handle_table_init(&table, SLOT_COUNT, LOOP_ID), 0);
}

static void end(void)
{
    pnd_handle_table_fini(&table);
}

static struct pnd_handle *open_one(void)
{
    struct pnd_handle *handle = pnd_handle_reserve(&table);

    ck_assert_ptr_nonnull(handle);
    pnd_handle_open(handle, dup(STDIN_FILENO), PND_KIND_FLOW);
    return handle;
}

static void close_one(struct pnd_handle *handle)
{
    ck_assert_int_eq(close(handle->descriptor), 0);
    pnd_handle_give_back(&table, handle);
}

START_TEST(an_open_handle_is_found_by_its_value_and_by_no_other)
{
    struct pnd_handle *handle = open_one();
    pendio_handle value = handle->value;

    ck_assert_ptr_eq(pnd_handle_find(&table, value), handle);
    for (unsigned bit = 0; bit < 64; bit++)
        ck_assert_ptr_null(pnd_handle_find(&table, value ^ UINT64_C(1) << bit));
    ck_assert_ptr_null(pnd_handle_find(&table, 0));
    ck_assert_ptr_null(pnd_handle_find(&table, UINT64_MAX));
}
END_TEST

START_TEST(a_stale_value_finds_nothing_though_the_slot_is_in_use_again)
{
    struct pnd_handle *handle = open_one();
    pendio_handle stale = handle->value;

    close_one(handle);
    ck_assert_ptr_null(pnd_handle_find(&table, stale));
    ck_assert_ptr_eq(open_one(), handle);
    ck_assert_ptr_null(pnd_handle_find(&table, stale));
    ck_assert_uint_ne(handle->value, stale);
}
END_TEST

START_TEST(generations_wrap_around_and_are_never_0)
{
    struct pnd_handle *handle = open_one();

    close_one(handle);
    handle->value |= ((UINT64_C(1) << GENERATION_BITS) - 1) << SLOT_BITS;
    ck_assert_ptr_eq(open_one(), handle);
    ck_assert_uint_eq(pnd_handle_tag(handle) >> SLOT_BITS, 1);
    ck_assert_ptr_eq(pnd_handle_find(&table, handle->value), handle);
    ck_assert_uint_ne(handle->value >> SLOT_BITS, 0);
}
END_TEST

START_TEST(a_handle_of_another_loop_finds_nothing)
{
    struct pnd_handle *handle = open_one();
    pendio_handle value = handle->value;
    struct pnd_handle_table other;

    ck_assert_int_eq(pnd_handle_table_init(&other, SLOT_COUNT, LOOP_ID + 1), 0);
    pnd_handle_open(pnd_handle_reserve(&other), dup(STDIN_FILENO), PND_KIND_FLOW);
    ck_assert_ptr_null(pnd_handle_find(&other, value));
    pnd_handle_table_fini(&other);
}
END_TEST

START_TEST(reserved_and_closing_handles_are_not_found)
{
    struct pnd_handle *handle = pnd_handle_reserve(&table);
    pendio_handle value = handle->value;

    ck_assert_ptr_null(pnd_handle_find(&table, value));
    pnd_handle_open(handle, dup(STDIN_FILENO), PND_KIND_FLOW);
    ck_assert_ptr_eq(pnd_handle_find(&table, value), handle);
    handle->state = PND_HANDLE_CLOSING;
    ck_assert_ptr_null(pnd_handle_find(&table, value));
}
END_TEST

START_TEST(a_full_table_refuses_until_one_is_given_back)
{
    struct pnd_handle *handles[SLOT_COUNT];

    for (int i = 0; i < SLOT_COUNT; i++)
        handles[i] = open_one();
    ck_assert_ptr_null(pnd_handle_reserve(&table));
    close_one(handles[2]);
    ck_assert_ptr_eq(open_one(), handles[2]);
    ck_assert_ptr_null(pnd_handle_reserve(&table));
}
END_TEST

START_TEST(a_reserved_handle_starts_clean_whatever_the_last_one_left)
{
    struct pnd_handle *handle = open_one();

    pnd_line_end(&handle->receives, PND_FAILED, -ECONNRESET);
    handle->budget = (struct pnd_budget){.turn = 9, .used_count = 9};
    close_one(handle);
    ck_assert_ptr_eq(open_one(), handle);
    ck_assert_uint_eq(handle->receives.ending, PND_GOES_ON);
    ck_assert_int_eq(handle->receives.failure, 0);
    ck_assert_uint_eq(handle->budget.used_count, 0);
}
END_TEST

START_TEST(the_first_ending_of_a_line_stays)
{
    struct pnd_handle *handle = open_one();

    pnd_line_end(&handle->sends, PND_FAILED, -EPIPE);
    pnd_line_end(&handle->sends, PND_ENDED, 0);
    ck_assert_uint_eq(handle->sends.ending, PND_FAILED);
    ck_assert_int_eq(handle->sends.failure, -EPIPE);
}
END_TEST

START_TEST(the_end_of_the_table_closes_what_is_left)
{
    struct pnd_handle_table other;
    struct pnd_handle *handle;
    int descriptors[2];

    ck_assert_int_eq(pipe(descriptors), 0);
    ck_assert_int_eq(pnd_handle_table_init(&other, SLOT_COUNT, LOOP_ID), 0);
    pnd_handle_open(pnd_handle_reserve(&other), descriptors[0], PND_KIND_FLOW);
    handle = pnd_handle_reserve(&other);
    pnd_handle_open(handle, descriptors[1], PND_KIND_FLOW);
    handle->state = PND_HANDLE_CLOSING;
    ck_assert_ptr_nonnull(pnd_handle_reserve(&other)); /* has no descriptor: nothing to close */
    pnd_handle_table_fini(&other);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(fcntl(descriptors[i], F_GETFD), -1);
        ck_assert_int_eq(errno, EBADF);
    }
}
END_TEST

static void is_of_kind(int descriptor, enum pnd_kind expected)
{
    enum pnd_kind kind = PND_KIND_FILE;

    ck_assert_int_eq(pnd_handle_kind_of(descriptor, &kind), 0);
    ck_assert_int_eq(kind, expected);
    ck_assert_int_eq(close(descriptor), 0);
}

START_TEST(the_system_says_what_a_descriptor_is)
{
    int ends[2];

    is_of_kind(socket(AF_INET, SOCK_STREAM, 0), PND_KIND_STREAM);
    is_of_kind(socket(AF_INET6, SOCK_DGRAM, 0), PND_KIND_DATAGRAM);
    is_of_kind(socket(AF_UNIX, SOCK_SEQPACKET, 0), PND_KIND_SEQPACKET);
    is_of_kind(workbench_file(1), PND_KIND_FILE);
    is_of_kind(open("/dev/null", O_RDWR | O_CLOEXEC), PND_KIND_FLOW);
    ck_assert_int_eq(pipe(ends), 0);
    is_of_kind(ends[0], PND_KIND_FLOW);
    is_of_kind(ends[1], PND_KIND_FLOW);
}
END_TEST

START_TEST(what_is_no_descriptor_is_refused_and_nothing_is_written)
{
    enum pnd_kind kind = PND_KIND_SEQPACKET;

    ck_assert_int_eq(pnd_handle_kind_of(-1, &kind), -EBADF);
    ck_assert_int_eq(pnd_handle_kind_of(1 << 20, &kind), -EBADF);
    ck_assert_int_eq(kind, PND_KIND_SEQPACKET);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_open_handle_is_found_by_its_value_and_by_no_other,
        a_stale_value_finds_nothing_though_the_slot_is_in_use_again,
        generations_wrap_around_and_are_never_0,
        a_handle_of_another_loop_finds_nothing,
        reserved_and_closing_handles_are_not_found,
        a_full_table_refuses_until_one_is_given_back,
        a_reserved_handle_starts_clean_whatever_the_last_one_left,
        the_first_ending_of_a_line_stays,
        the_end_of_the_table_closes_what_is_left,
        the_system_says_what_a_descriptor_is,
        what_is_no_descriptor_is_refused_and_nothing_is_written,
    };

    return suite_run("handle", begin, end, tests, sizeof tests / sizeof tests[0]);
}
