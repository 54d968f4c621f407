/*
 * contract_host_test.c - a loop hosted by another one, by its pollable descriptor.
 *
 * - Readable whenever a turn would deliver something, whoever or whatever it comes from.
 * - Not readable when nothing is deliverable, so that the host does sleep.
 */
#include "fixture_host.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t hour_ns = UINT64_C(3600) * 1000000000;

static struct fixture fixture;
static struct host host;

START_TEST(descriptor_is_one_eventfd_closed_on_exec)
{
    char path[64];
    char target[64] = "";
    int descriptor;

    fixture_init(&fixture);
    descriptor = pendio_loop_descriptor(fixture.loop);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(pendio_loop_descriptor(fixture.loop), descriptor);
    ck_assert_int_ne(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    ck_assert_int_gt(readlink(path, target, sizeof target - 1), 0);
    ck_assert_str_eq(target, "anon_inode:[eventfd]");
    ck_assert_int_eq(fixture_count_descriptors(), fixture.descriptor_count + 3);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(other_threads_and_forked_children_are_refused)
{
    int status = 0;
    pid_t child;

    host_init(&host, &fixture);
    child = fork();
    if (child == 0)
        _exit(pendio_loop_descriptor(fixture.loop) == -EPERM ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    host_expect_sleep(&host);
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 2), 0);
    host_run(&host, 1);
    expect_completion(fixture_next(&fixture), 0, 0, 0);
    host_fini(&host);
}
END_TEST

/* ---- what makes it readable ----------------------------------------------------------------- */

static void *post_once(void *unused)
{
    return (void *)(intptr_t)pendio_loop_post(fixture.loop, 1, (uintptr_t)unused);
}

static void *wake_once(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)pendio_loop_wake(fixture.loop);
}

static void in_thread(void *(*act)(void *unused))
{
    void *failed = NULL;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, act, NULL), 0);
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
}

START_TEST(kernel_completions_make_it_readable)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char byte;

    host_init(&host, &fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = _i == 0 ? fixture_over(&fixture, &byte, 1) : fixture_called(&fixture, &byte, 1);
    for (int i = 0; i < 100; i++) {
        expect_pending(pendio_receive(context, pair.near));
        host_run(&host, 0);
        host_expect_sleep(&host);
        fixture_put(pair.far, "x", 1);
        host_run(&host, 1);
        expect_next(&fixture, context, 0, 1, 0);
        host_expect_sleep(&host);
    }
    close(pair.far);
    host_fini(&host);
}
END_TEST

START_TEST(posts_and_wakes_make_it_readable)
{
    host_init(&host, &fixture);
    for (int i = 0; i < 100; i++) {
        host_expect_sleep(&host);
        in_thread(i % 2 == 0 ? post_once : wake_once);
        ck_assert(host_is_readable(&host, HOST_PATIENCE_MS));
        ck_assert_int_eq(fixture_turn(&fixture, 0), i % 2 == 0);
        if (i % 2 == 0)
            expect_completion(fixture_next(&fixture), 0, 0, 0);
        host_expect_sleep(&host);
    }
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 2), 0); /* the loop's own thread, too */
    host_run(&host, 1);
    expect_completion(fixture_next(&fixture), 0, 0, 0);
    host_fini(&host);
}
END_TEST

START_TEST(wake_before_the_sleep_makes_it_readable_once)
{
    host_init(&host, &fixture);
    ck_assert_int_eq(fixture_turn(&fixture, 0), 0);
    host_expect_sleep(&host);
    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    ck_assert(host_is_readable(&host, 0));
    ck_assert_int_eq(fixture_turn(&fixture, 0), 0);
    ck_assert(!host_is_readable(&host, 0));
    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, NULL, 0), 0); /* heeded by a sleep */
    host_expect_sleep(&host);
    host_fini(&host);
}
END_TEST

START_TEST(deadlines_make_it_readable_the_nearest_first)
{
    struct pendio_context *timers[3];
    struct pendio_context *receiver;
    struct fixture_pair pair;
    char byte;

    host_init(&host, &fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < 3; i++)
        timers[i] = fixture_get(&fixture);
    expect_pending(pendio_timer(timers[0], hour_ns));
    host_expect_sleep(&host);
    host_turn(&host); /* an alarm in an hour */
    expect_pending(pendio_timer(timers[1], 20000000));
    host_turn(&host);
    expect_pending(pendio_timer(timers[2], 3000000));
    host_run(&host, 1);
    expect_next(&fixture, timers[2], 0, 0, 0);
    host_run(&host, 1);
    expect_next(&fixture, timers[1], 0, 0, 0);
    receiver = fixture_over(&fixture, &byte, 1);
    ck_assert_int_eq(pendio_context_set_deadline(receiver, 1000000), 0);
    expect_pending(pendio_receive(receiver, pair.near));
    host_run(&host, 1);
    expect_next(&fixture, receiver, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(timers[0])), 0);
    host_run(&host, 1);
    expect_next(&fixture, timers[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    close(pair.far);
    host_fini(&host);
}
END_TEST

START_TEST(ends_known_in_user_space_make_it_readable_between_turns)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char bytes[2];

    host_init(&host, &fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < 2; i++) {
        contexts[i] = fixture_over(&fixture, &bytes[i], 1);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    host_turn(&host);
    ck_assert(!host_is_readable(&host, 0));
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[1])), 0);
    ck_assert(host_is_readable(&host, 0)); /* it waited in line only */
    host_run(&host, 1);
    expect_next(&fixture, contexts[1], -ECANCELED, 0, PENDIO_BY_CANCEL);
    close(pair.far);
    host_run(&host, 1);
    expect_next(&fixture, contexts[0], 0, 0, PENDIO_END_OF_STREAM);
    host_expect_sleep(&host);
    ck_assert_int_eq(pendio_context_set_policy(contexts[0], PENDIO_QUEUE), 0);
    expect_pending(pendio_receive(contexts[0], pair.near));
    ck_assert(host_is_readable(&host, 0)); /* the end is known */
    host_run(&host, 1);
    expect_next(&fixture, contexts[0], 0, 0, PENDIO_END_OF_STREAM);
    host_expect_sleep(&host);
    host_fini(&host);
}
END_TEST

START_TEST(records_that_do_not_fit_keep_it_readable)
{
    host_init(&host, &fixture);
    fixture.harvest_count = 1;
    for (uint64_t i = 0; i < 5; i++)
        ck_assert_int_eq(pendio_loop_post(fixture.loop, i, 0), 0);
    for (uint64_t i = 0; i < 5; i++) {
        ck_assert(host_is_readable(&host, 0)); /* also for a host that turns but once */
        ck_assert_int_eq(fixture_turn(&fixture, 0), 1);
        ck_assert_uint_eq(fixture_next(&fixture)->user_data, i);
    }
    host_expect_sleep(&host);
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 5, 0), 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 0), 0);
    ck_assert(host_is_readable(&host, 0));
    host_run(&host, 1);
    ck_assert_uint_eq(fixture_next(&fixture)->user_data, 5);
    host_expect_sleep(&host);
    for (int i = 0; i < 2; i++)
        expect_pending(pendio_nop(fixture_get(&fixture), fixture.loop));
    ck_assert_int_eq(fixture_turn(&fixture, -1), 1); /* the kernel told nobody meanwhile */
    ck_assert(host_is_readable(&host, 0));
    host_run(&host, 2);
    for (int i = 0; i < 2; i++)
        expect_completion(fixture_next(&fixture), 0, 0, 0);
    host_fini(&host);
}
END_TEST

static void ask_and_start(const struct pendio_completion *completion, void *state)
{
    (void)state;
    host_watch(&host, &fixture);
    ck_assert_int_eq(pendio_context_set_callback(completion->context, NULL, NULL), 0);
    expect_pending(pendio_timer(completion->context, 1000000));
}

START_TEST(descriptor_asked_for_in_a_callback_is_good_after_the_turn)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_callback(context, ask_and_start, NULL), 0);
    expect_pending(pendio_nop(context, fixture.loop));
    while (fixture_turn(&fixture, -1) == 0 && pendio_context_run(context) == 0)
        ;
    if (fixture.seen_count == 0)
        ck_assert(host_is_readable(
            &host, HOST_PATIENCE_MS)); /* what the callback started was handed over */
    host_run(&host, 1);
    expect_next(&fixture, context, 0, 0, 0);
    host_expect_sleep(&host);
    host_fini(&host);
}
END_TEST

START_TEST(what_was_under_way_before_it_is_asked_for_counts)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    expect_pending(pendio_nop(context, fixture.loop));
    host_watch(&host, &fixture);
    ck_assert(host_is_readable(&host, HOST_PATIENCE_MS));
    host_run(&host, 1);
    expect_next(&fixture, context, 0, 0, 0);
    host_expect_sleep(&host);
    host_fini(&host);
}
END_TEST

START_TEST(hosted_loop_still_sleeps_in_its_own_turns)
{
    struct pendio_context *context;

    host_init(&host, &fixture);
    context = fixture_get(&fixture);
    for (int i = 0; i < 50; i++) {
        expect_pending(pendio_timer(context, 100000));
        expect_next(&fixture, context, 0, 0, 0);
        in_thread(i % 2 == 0 ? wake_once : post_once);
        ck_assert_int_eq(fixture_turn(&fixture, -1), i % 2);
        if (i % 2 == 1)
            expect_completion(fixture_next(&fixture), 0, 0, 0);
        host_expect_sleep(&host);
    }
    host_fini(&host);
}
END_TEST

START_TEST(shutdown_is_delivered_and_then_the_host_may_sleep)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char byte;

    host_init(&host, &fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    contexts[0] = fixture_over(&fixture, &byte, 1);
    contexts[1] = fixture_get(&fixture);
    expect_pending(pendio_receive(contexts[0], pair.near));
    expect_pending(pendio_timer(contexts[1], hour_ns));
    host_expect_sleep(&host);
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    host_run(&host, 2);
    for (int i = 0; i < 2; i++)
        expect_completion(fixture_next(&fixture), -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(fixture_turn(&fixture, 0), -ESHUTDOWN);
    ck_assert(!host_is_readable(&host, 0));
    close(pair.far);
    host_fini(&host);
}
END_TEST

/* Also where the last to be heard of is told to nobody: a callback, or the end of a listener. */
START_TEST(host_that_sleeps_hears_that_a_shutdown_is_over)
{
    struct pendio_context *context;
    struct pendio_endpoint address;
    pendio_handle listener;
    int answer;

    host_init(&host, &fixture);
    context = fixture_called(&fixture, NULL, 0);
    if (_i == 0) {
        expect_pending(pendio_timer(context, hour_ns));
    } else {
        listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
        expect_pending(pendio_accept(context, listener, 0));
        host_expect_sleep(&host);
        ck_assert_int_eq(pendio_handle_close(fixture.loop, listener, PENDIO_ABORTIVE), 0);
    }
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    while ((answer = fixture_turn(&fixture, 0)) != -ESHUTDOWN)
        ck_assert(answer > 0 || host_is_readable(&host, HOST_PATIENCE_MS));
    expect_completion(fixture_next(&fixture), -ECANCELED, 0,
                      _i == 0 ? PENDIO_BY_CANCEL : PENDIO_BY_CLOSE);
    ck_assert(!host_is_readable(&host, 0));
    host_fini(&host);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {descriptor_is_one_eventfd_closed_on_exec, 0},
        {other_threads_and_forked_children_are_refused, 0},
        {kernel_completions_make_it_readable, 2},
        {posts_and_wakes_make_it_readable, 0},
        {wake_before_the_sleep_makes_it_readable_once, 0},
        {deadlines_make_it_readable_the_nearest_first, 0},
        {ends_known_in_user_space_make_it_readable_between_turns, 0},
        {records_that_do_not_fit_keep_it_readable, 0},
        {descriptor_asked_for_in_a_callback_is_good_after_the_turn, 0},
        {what_was_under_way_before_it_is_asked_for_counts, 0},
        {hosted_loop_still_sleeps_in_its_own_turns, 0},
        {shutdown_is_delivered_and_then_the_host_may_sleep, 0},
        {host_that_sleeps_hears_that_a_shutdown_is_over, 2},
    };
    return fixture_run("contract: host", cases, sizeof cases / sizeof cases[0]);
}
