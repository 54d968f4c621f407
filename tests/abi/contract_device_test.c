/*
 * contract_device_test.c - what is neither file nor socket: devices, terminals, counters, FIFOs.
 *
 * - They have no positions: reads and writes keep their order, whatever the offset.
 * - What is not there yet is waited for, also where the descriptor does not block.
 */
#include "fixture.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

static struct fixture fixture;

static pendio_handle open_device(const char *path, int flags)
{
    int descriptor = open(path, flags | O_CLOEXEC);

    ck_assert_int_ge(descriptor, 0);
    return fixture_adopt(&fixture, descriptor);
}

START_TEST(zero_gives_null_takes_and_ends)
{
    static unsigned char memory[100000];
    static const unsigned char zeros[sizeof memory];
    const struct pendio_completion *got;
    struct pendio_context *context;
    pendio_handle zero;
    pendio_handle null;

    fixture_init(&fixture);
    zero = open_device("/dev/zero", O_RDWR);
    null = open_device("/dev/null", O_RDWR);
    context = fixture_over(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)_i), 0);
    for (uint64_t offset = 0; offset < 3; offset++) {
        memset(memory, 1, sizeof memory);
        expect_pending(pendio_read(context, zero, offset));
        got = fixture_next(&fixture); /* how much at a time is the device's choice */
        ck_assert_uint_gt(got->bytes, 0);
        expect_completion(got, 0, got->bytes, 0);
        ck_assert_mem_eq(memory, zeros, got->bytes);
        expect_pending(pendio_write(context, null, offset));
        expect_next(&fixture, context, 0, sizeof memory, 0);
        expect_pending(pendio_read(context, null, offset));
        expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    }
    fixture_fini(&fixture);
}
END_TEST

/* Blocking, and not. */
START_TEST(terminal_keeps_order_and_says_that_the_other_side_is_gone)
{
    struct termios raw;
    struct pendio_context *contexts[3];
    char memory[3];
    pendio_handle handle;
    int near;
    int far;

    fixture_init(&fixture);
    ck_assert_int_eq(openpty(&near, &far, NULL, NULL, NULL), 0);
    ck_assert_int_eq(tcgetattr(far, &raw), 0);
    cfmakeraw(&raw);
    ck_assert_int_eq(tcsetattr(far, TCSANOW, &raw), 0);
    if (_i == 1)
        ck_assert_int_eq(fcntl(near, F_SETFL, O_NONBLOCK), 0);
    handle = fixture_adopt(&fixture, near);
    for (int i = 0; i < 3; i++) {
        contexts[i] = fixture_over(&fixture, &memory[i], 1);
        expect_pending(pendio_read(contexts[i], handle, 0));
    }
    fixture_quiet(&fixture);
    fixture_put(far, "abc", 3);
    for (int i = 0; i < 3; i++)
        expect_next(&fixture, contexts[i], 0, 1, 0);
    ck_assert_mem_eq(memory, "abc", 3);
    for (int i = 0; i < 3; i++)
        expect_pending(pendio_write(contexts[i], handle, 0));
    for (int i = 0; i < 3; i++)
        expect_next(&fixture, contexts[i], 0, 1, 0);
    memset(memory, 0, 3);
    fixture_take(far, memory, 3);
    ck_assert_mem_eq(memory, "abc", 3);
    expect_pending(pendio_read(contexts[0], handle, 0));
    fixture_quiet(&fixture);
    close(far);
    expect_next(&fixture, contexts[0], -EIO, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(read_of_a_terminal_can_be_cancelled_and_closed)
{
    struct pendio_context *context;
    pendio_handle handle;
    int near;
    int far;

    fixture_init(&fixture);
    ck_assert_int_eq(openpty(&near, &far, NULL, NULL, NULL), 0);
    handle = fixture_adopt(&fixture, near);
    context = fixture_get(&fixture);
    expect_pending(pendio_read(context, handle, 0));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_pending(pendio_read(context, handle, 0));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, handle, PENDIO_GRACEFUL), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CLOSE);
    close(far);
    fixture_fini(&fixture);
}
END_TEST

static int make_counter(int kind)
{
    const struct itimerspec soon = {.it_value = {.tv_nsec = 1}};
    int descriptor;

    if (kind == 0)
        return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    ck_assert_int_eq(timerfd_settime(descriptor, 0, &soon, NULL), 0);
    return descriptor;
}

START_TEST(counter_is_polled_and_read)
{
    struct pendio_context *poller;
    struct pendio_context *reader;
    const struct pendio_completion *last;
    uint64_t count = 0;
    int descriptor = make_counter(_i);
    pendio_handle handle;

    fixture_init(&fixture);
    fixture.descriptor_count--; /* the counter goes with the loop */
    handle = fixture_adopt(&fixture, descriptor);
    poller = fixture_get(&fixture);
    reader = fixture_over(&fixture, &count, sizeof count);
    expect_pending(pendio_poll(poller, handle, 1));
    if (_i == 0) {
        expect_pending(pendio_read(reader, handle, 0)); /* nothing there: it is waited for */
        fixture_quiet(&fixture);
        ck_assert_int_eq(eventfd_write(descriptor, 5), 0);
        fixture_wait(&fixture, 2);
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(fixture_next(&fixture)->error, 0);
        ck_assert_uint_eq(count, 5);
    } else {
        last = fixture_next(&fixture);
        ck_assert_uint_eq(last->value & 1, 1);
        expect_pending(pendio_read(reader, handle, 0));
        expect_next(&fixture, reader, 0, 8, 0);
        ck_assert_uint_eq(count, 1);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(changes_of_a_directory_are_read)
{
    struct pendio_context *context;
    struct inotify_event event;
    struct fixture_file file;
    pendio_handle handle;
    void *memory = NULL;
    size_t byte_count;
    int descriptor;

    fixture_init(&fixture);
    fixture_file(&file);
    descriptor = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    ck_assert_int_ge(inotify_add_watch(descriptor, file.directory, IN_DELETE), 0);
    handle = fixture_adopt(&fixture, descriptor);
    context = fixture_get(&fixture);
    expect_pending(pendio_read(context, handle, 0));
    fixture_quiet(&fixture);
    fixture_remove(&file);
    ck_assert_int_eq(fixture_next(&fixture)->error, 0);
    ck_assert_int_eq(pendio_context_window(context, &memory, &byte_count), 0);
    memcpy(&event, memory, sizeof event);
    ck_assert_uint_eq(event.mask & IN_DELETE, IN_DELETE);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(fifo_goes_both_ways_and_its_writer_gets_no_signal)
{
    struct pendio_context *writer;
    struct pendio_context *reader;
    struct fixture_file file;
    pendio_handle in;
    pendio_handle out;
    char memory[4];

    fixture_init(&fixture);
    fixture_file(&file);
    ck_assert_int_eq(unlink(file.path), 0);
    ck_assert_int_eq(mkfifo(file.path, 0600), 0);
    in = open_device(file.path, O_RDONLY | O_NONBLOCK);
    out = open_device(file.path, O_WRONLY);
    writer = fixture_over(&fixture, (void *)(uintptr_t) "pipe", 4);
    reader = fixture_over(&fixture, memory, 4);
    expect_pending(pendio_read(reader, in, 0));
    fixture_quiet(&fixture);
    expect_pending(pendio_write(writer, out, 0));
    fixture_wait(&fixture, 2);
    for (int i = 0; i < 2; i++)
        expect_completion(fixture_next(&fixture), 0, 4, 0);
    ck_assert_mem_eq(memory, "pipe", 4);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, in, PENDIO_GRACEFUL), 0);
    expect_pending(pendio_write(writer, out, 0));
    expect_next(&fixture, writer, -EPIPE, 0, 0);
    in = open_device(file.path, O_RDONLY | O_NONBLOCK);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, out, PENDIO_GRACEFUL), 0);
    expect_pending(pendio_read(reader, in, 0));
    expect_next(&fixture, reader, 0, 0, PENDIO_END_OF_STREAM);
    fixture_remove(&file);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {zero_gives_null_takes_and_ends, 3},
        {terminal_keeps_order_and_says_that_the_other_side_is_gone, 2},
        {read_of_a_terminal_can_be_cancelled_and_closed, 0},
        {counter_is_polled_and_read, 2},
        {changes_of_a_directory_are_read, 0},
        {fifo_goes_both_ways_and_its_writer_gets_no_signal, 0},
    };
    return fixture_run("contract: device", cases, sizeof cases / sizeof cases[0]);
}
