/*
 * contract_host_test.c - a loop hosted by another one, by its pollable descriptor.
 *
 * - Readable whenever a turn would deliver something, whoever or whatever it comes from.
 * - Not readable when nothing is deliverable, so that the host does sleep.
 */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENT_COUNT = 1000, PATIENCE_MS = 20000 };

static const uint64_t hour_ns = UINT64_C(3600) * 1000000000;

static struct fixture fixture;
static int epoll;

/* ---- the host: a plain epoll loop ----------------------------------------------------------- */

static void host_init(void)
{
    struct epoll_event event = {.events = EPOLLIN};

    fixture_init(&fixture);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, pendio_loop_descriptor(fixture.loop), &event),
                     0);
}

static void host_fini(void)
{
    close(epoll);
    fixture_fini(&fixture);
}

static bool is_readable(int timeout_ms)
{
    struct epoll_event event;
    int count;

    do
        count = epoll_wait(epoll, &event, 1, timeout_ms);
    while (count < 0 && errno == EINTR);
    return count == 1;
}

/* What a host does before it sleeps. */
static void turn_until_nothing(void)
{
    while (fixture_turn(&fixture, 0) > 0)
        ;
}

/* Hosts the loop until `count` deliveries came that were not looked at. */
static void host(uint32_t count)
{
    turn_until_nothing();
    while (fixture.seen_count - fixture.read_count < count) {
        ck_assert_msg(is_readable(PATIENCE_MS), "slept while something was to be delivered");
        turn_until_nothing();
    }
}

/* Nothing is to be delivered: after a bounded number of turns the host sleeps. */
static void expect_sleep(void)
{
    for (int i = 0; i < 4 && is_readable(0); i++)
        turn_until_nothing();
    ck_assert(!is_readable(0));
    ck_assert_uint_eq(fixture.read_count, fixture.seen_count);
}

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

    host_init();
    child = fork();
    if (child == 0)
        _exit(pendio_loop_descriptor(fixture.loop) == -EPERM ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    expect_sleep();
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 2), 0);
    host(1);
    expect_completion(fixture_next(&fixture), 0, 0, 0);
    host_fini();
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

    host_init();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = _i == 0 ? fixture_over(&fixture, &byte, 1) : fixture_called(&fixture, &byte, 1);
    for (int i = 0; i < 100; i++) {
        expect_pending(pendio_receive(context, pair.near));
        host(0);
        expect_sleep();
        fixture_put(pair.far, "x", 1);
        host(1);
        expect_next(&fixture, context, 0, 1, 0);
        expect_sleep();
    }
    close(pair.far);
    host_fini();
}
END_TEST

START_TEST(posts_and_wakes_make_it_readable)
{
    host_init();
    for (int i = 0; i < 100; i++) {
        expect_sleep();
        in_thread(i % 2 == 0 ? post_once : wake_once);
        ck_assert(is_readable(PATIENCE_MS));
        ck_assert_int_eq(fixture_turn(&fixture, 0), i % 2 == 0);
        if (i % 2 == 0)
            expect_completion(fixture_next(&fixture), 0, 0, 0);
        expect_sleep();
    }
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 2), 0); /* the loop's own thread, too */
    host(1);
    expect_completion(fixture_next(&fixture), 0, 0, 0);
    host_fini();
}
END_TEST

START_TEST(wake_before_the_sleep_makes_it_readable_once)
{
    host_init();
    ck_assert_int_eq(fixture_turn(&fixture, 0), 0);
    expect_sleep();
    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    ck_assert(is_readable(0));
    ck_assert_int_eq(fixture_turn(&fixture, 0), 0);
    ck_assert(!is_readable(0));
    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, NULL, 0), 0); /* heeded by a sleep */
    expect_sleep();
    host_fini();
}
END_TEST

START_TEST(deadlines_make_it_readable_the_nearest_first)
{
    struct pendio_context *timers[3];
    struct pendio_context *receiver;
    struct fixture_pair pair;
    char byte;

    host_init();
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < 3; i++)
        timers[i] = fixture_get(&fixture);
    expect_pending(pendio_timer(timers[0], hour_ns));
    expect_sleep();
    turn_until_nothing(); /* an alarm in an hour */
    expect_pending(pendio_timer(timers[1], 20000000));
    turn_until_nothing();
    expect_pending(pendio_timer(timers[2], 3000000));
    host(1);
    expect_next(&fixture, timers[2], 0, 0, 0);
    host(1);
    expect_next(&fixture, timers[1], 0, 0, 0);
    receiver = fixture_over(&fixture, &byte, 1);
    ck_assert_int_eq(pendio_context_set_deadline(receiver, 1000000), 0);
    expect_pending(pendio_receive(receiver, pair.near));
    host(1);
    expect_next(&fixture, receiver, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(timers[0])), 0);
    host(1);
    expect_next(&fixture, timers[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    close(pair.far);
    host_fini();
}
END_TEST

START_TEST(ends_known_in_user_space_make_it_readable_between_turns)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char bytes[2];

    host_init();
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < 2; i++) {
        contexts[i] = fixture_over(&fixture, &bytes[i], 1);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    turn_until_nothing();
    ck_assert(!is_readable(0));
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[1])), 0);
    ck_assert(is_readable(0)); /* it waited in line only */
    host(1);
    expect_next(&fixture, contexts[1], -ECANCELED, 0, PENDIO_BY_CANCEL);
    close(pair.far);
    host(1);
    expect_next(&fixture, contexts[0], 0, 0, PENDIO_END_OF_STREAM);
    expect_sleep();
    ck_assert_int_eq(pendio_context_set_policy(contexts[0], PENDIO_QUEUE), 0);
    expect_pending(pendio_receive(contexts[0], pair.near));
    ck_assert(is_readable(0)); /* the end is known */
    host(1);
    expect_next(&fixture, contexts[0], 0, 0, PENDIO_END_OF_STREAM);
    expect_sleep();
    host_fini();
}
END_TEST

START_TEST(records_that_do_not_fit_keep_it_readable)
{
    host_init();
    fixture.harvest_count = 1;
    for (uint64_t i = 0; i < 5; i++)
        ck_assert_int_eq(pendio_loop_post(fixture.loop, i, 0), 0);
    for (uint64_t i = 0; i < 5; i++) {
        ck_assert(is_readable(0)); /* also for a host that turns but once */
        ck_assert_int_eq(fixture_turn(&fixture, 0), 1);
        ck_assert_uint_eq(fixture_next(&fixture)->user_data, i);
    }
    expect_sleep();
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 5, 0), 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 0), 0);
    ck_assert(is_readable(0));
    host(1);
    ck_assert_uint_eq(fixture_next(&fixture)->user_data, 5);
    host_fini();
}
END_TEST

static void ask_and_start(const struct pendio_completion *completion, void *state)
{
    struct epoll_event event = {.events = EPOLLIN};

    (void)state;
    ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, pendio_loop_descriptor(fixture.loop), &event),
                     0);
    ck_assert_int_eq(pendio_context_set_callback(completion->context, NULL, NULL), 0);
    expect_pending(pendio_timer(completion->context, 1000000));
}

START_TEST(descriptor_asked_for_in_a_callback_is_good_after_the_turn)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_callback(context, ask_and_start, NULL), 0);
    expect_pending(pendio_nop(context, fixture.loop));
    while (fixture_turn(&fixture, -1) == 0 && pendio_context_run(context) == 0)
        ;
    if (fixture.seen_count == 0)
        ck_assert(is_readable(PATIENCE_MS)); /* what the callback started was handed over */
    host(1);
    expect_next(&fixture, context, 0, 0, 0);
    expect_sleep();
    host_fini();
}
END_TEST

START_TEST(what_was_under_way_before_it_is_asked_for_counts)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    expect_pending(pendio_nop(context, fixture.loop));
    epoll = epoll_create1(EPOLL_CLOEXEC);
    ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, pendio_loop_descriptor(fixture.loop), &event),
                     0);
    ck_assert(is_readable(PATIENCE_MS));
    host(1);
    expect_next(&fixture, context, 0, 0, 0);
    expect_sleep();
    host_fini();
}
END_TEST

START_TEST(hosted_loop_still_sleeps_in_its_own_turns)
{
    struct pendio_context *context;

    host_init();
    context = fixture_get(&fixture);
    for (int i = 0; i < 50; i++) {
        expect_pending(pendio_timer(context, 100000));
        expect_next(&fixture, context, 0, 0, 0);
        in_thread(i % 2 == 0 ? wake_once : post_once);
        ck_assert_int_eq(fixture_turn(&fixture, -1), i % 2);
        if (i % 2 == 1)
            expect_completion(fixture_next(&fixture), 0, 0, 0);
        expect_sleep();
    }
    host_fini();
}
END_TEST

START_TEST(shutdown_is_delivered_and_then_the_host_may_sleep)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char byte;

    host_init();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    contexts[0] = fixture_over(&fixture, &byte, 1);
    contexts[1] = fixture_get(&fixture);
    expect_pending(pendio_receive(contexts[0], pair.near));
    expect_pending(pendio_timer(contexts[1], hour_ns));
    expect_sleep();
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    host(2);
    for (int i = 0; i < 2; i++)
        expect_completion(fixture_next(&fixture), -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(fixture_turn(&fixture, 0), -ESHUTDOWN);
    ck_assert(!is_readable(0));
    close(pair.far);
    host_fini();
}
END_TEST

/* ---- a thousand random events --------------------------------------------------------------- */

struct crowd {
    struct pendio_context *receiver;
    struct pendio_context *timer;
    struct pendio_context *other;
    struct fixture_pair pair;
    char byte;
};

static void cause(struct crowd *crowd, unsigned int kind, uint64_t number)
{
    switch (kind) {
    case 0:
        in_thread(post_once);
        break;
    case 1:
        fixture_put(crowd->pair.far, "x", 1);
        break;
    case 2:
        ck_assert_int_eq(pendio_loop_post(fixture.loop, number, 0), 0);
        break;
    case 3:
        expect_pending(pendio_timer(crowd->timer, number % 7 * 40000));
        break;
    case 4:
        expect_pending(pendio_nop(crowd->other, fixture.loop));
        break;
    case 5:
        expect_pending(pendio_timer(crowd->other, hour_ns));
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(crowd->other)), 0);
        break;
    default:
        ck_assert_int_eq(pendio_context_set_deadline(crowd->other, number % 5 * 30000 + 1), 0);
        expect_pending(pendio_timer(crowd->other, hour_ns));
        ck_assert_int_eq(pendio_context_run(crowd->other) != 0, 1);
        break;
    }
}

START_TEST(thousand_random_events_are_each_delivered)
{
    struct crowd crowd;
    uint64_t random = 20240229;

    host_init();
    crowd.pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    crowd.receiver = fixture_over(&fixture, &crowd.byte, 1);
    crowd.timer = fixture_get(&fixture);
    crowd.other = fixture_called(&fixture, NULL, 0);
    expect_pending(pendio_receive(crowd.receiver, crowd.pair.near));
    for (uint64_t i = 0; i < EVENT_COUNT; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ck_assert_int_eq(pendio_context_set_deadline(crowd.other, 0), 0);
        if (random >> 60 & 1)
            in_thread(wake_once);
        cause(&crowd, (unsigned int)(random >> 33) % 7, i);
        host(1);
        if (fixture_next(&fixture)->context == crowd.receiver)
            expect_pending(pendio_receive(crowd.receiver, crowd.pair.near));
        if (random >> 61 & 1)
            expect_sleep();
    }
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(crowd.receiver)), 0);
    host(1);
    expect_next(&fixture, crowd.receiver, -ECANCELED, 0, PENDIO_BY_CANCEL);
    close(crowd.pair.far);
    host_fini();
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
        {thousand_random_events_are_each_delivered, 0},
    };
    return fixture_run("contract: host", cases, sizeof cases / sizeof cases[0]);
}
