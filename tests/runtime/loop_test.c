/*
 * loop_test.c - turns: what waits for room, what is cancelled, when the loop sleeps, how it ends.
 *
 * - Where a turn must not sleep for long it is given WORKBENCH_LIMIT_NS: a wrong sleep then shows
 *   as a missing record, never as a measured time.
 */
#include "suite.h"
#include "workbench.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { MANY = 1000, ENTRY_COUNT = 512 };

static struct pendio_loop *loop;

static void begin(void)
{
    loop = workbench_loop(0, 0);
}

static void end(void)
{
    workbench_end(loop);
}

static uint32_t collect(struct pendio_completion *completions, uint32_t count)
{
    uint32_t got_count = 0;

    while (got_count < count) {
        int now_count =
            pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, completions + got_count, count - got_count);

        ck_assert_int_ge(now_count, 0);
        got_count += (uint32_t)now_count;
    }
    return got_count;
}

/* ---- room in the ring ----------------------------------------------------------------------- */

START_TEST(what_finds_no_room_in_the_ring_waits_and_goes_in_order)
{
    static struct pendio_completion completions[MANY];
    struct pendio_pool *pool = workbench_pool(loop, MANY, 0);
    const struct pnd_loop *inside = workbench_inside(loop);

    for (uint64_t i = 0; i < MANY; i++) {
        struct pendio_context *context = workbench_context(pool);

        ck_assert_int_eq(pendio_context_set_user_data(context, i), 0);
        ck_assert_int_eq(pendio_nop(context, loop), PENDIO_PENDING);
    }
    ck_assert_uint_eq(pnd_ring_queued_count(&inside->ring), ENTRY_COUNT);
    ck_assert(pnd_loop_first(inside, PND_BACKLOG) != NULL);
    (void)collect(completions, MANY);
    for (uint64_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(completions[i].user_data, i);
    ck_assert(pnd_loop_first(inside, PND_BACKLOG) == NULL);
}
END_TEST

START_TEST(a_cancel_of_what_waits_for_room_needs_no_room)
{
    struct pendio_pool *pool = workbench_pool(loop, ENTRY_COUNT + 1, 0);
    static struct pendio_completion completions[ENTRY_COUNT + 1];
    struct pendio_context *last = NULL;

    for (int i = 0; i <= ENTRY_COUNT; i++) {
        last = workbench_context(pool);
        ck_assert_int_eq(pendio_nop(last, loop), PENDIO_PENDING);
    }
    ck_assert_uint_eq(workbench_inside_context(last)->place, PND_IN_BACKLOG);
    ck_assert_int_eq(pendio_cancel(loop, pendio_context_run(last)), 0);
    (void)collect(completions, ENTRY_COUNT + 1);
    ck_assert_ptr_eq(completions[0].context, last);
    ck_assert_int_eq(completions[0].error, -ECANCELED);
    ck_assert_uint_eq(completions[0].flags, PENDIO_BY_CANCEL);
    ck_assert_uint_eq(workbench_statistics(loop).cancels, 0);
}
END_TEST

/* Receives that nothing will ever come for, each on a stream of its own. */
static void start_receives(struct pendio_pool *pool, struct pendio_context **contexts, int count)
{
    for (int i = 0; i < count; i++) {
        contexts[i] = workbench_context(pool);
        ck_assert_int_eq(pendio_receive(contexts[i], workbench_stream(loop, SOCK_STREAM).near),
                         PENDIO_PENDING);
    }
}

START_TEST(cancels_go_to_the_kernel_a_limited_number_at_a_time)
{
    enum { RECEIVE_COUNT = 3 * PND_CANCEL_LIMIT };
    struct pendio_context *contexts[RECEIVE_COUNT];
    struct pendio_completion completion;
    int got_count = 0;

    start_receives(workbench_pool(loop, RECEIVE_COUNT, 64), contexts, RECEIVE_COUNT);
    ck_assert_int_eq(pendio_loop_turn(loop, 0, NULL, 0), 0);
    for (int i = 0; i < RECEIVE_COUNT; i++)
        ck_assert_int_eq(pendio_cancel(loop, pendio_context_run(contexts[i])), 0);
    while (got_count < RECEIVE_COUNT) {
        ck_assert_int_eq(pendio_loop_flush(loop), 0);
        ck_assert_uint_le(workbench_inside(loop)->cancel_count, PND_CANCEL_LIMIT);
        if (pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, &completion, 1) == 0)
            continue;
        ck_assert_int_eq(completion.error, -ECANCELED);
        ck_assert_uint_eq(completion.flags, PENDIO_BY_CANCEL);
        got_count++;
    }
    ck_assert_uint_eq(workbench_statistics(loop).cancels, RECEIVE_COUNT);
}
END_TEST

START_TEST(a_cancel_is_not_forgotten_when_the_ring_is_full)
{
    struct pendio_pool *pool = workbench_pool(loop, ENTRY_COUNT + 2, 64);
    static struct pendio_context *contexts[ENTRY_COUNT];
    struct pendio_context *first;
    struct pendio_completion completion;

    /* A sleep that something ended leaves the loop's wake-up in the ring. */
    ck_assert_int_eq(pendio_timer(workbench_context(pool), 1), PENDIO_PENDING);
    (void)workbench_next(loop);
    start_receives(pool, &first, 1);
    ck_assert_int_eq(pendio_loop_turn(loop, 0, NULL, 0), 0);
    start_receives(pool, contexts, ENTRY_COUNT);
    ck_assert_uint_eq(pnd_ring_queued_count(&workbench_inside(loop)->ring), ENTRY_COUNT);
    ck_assert_int_eq(pendio_cancel(loop, pendio_context_run(first)), 0);
    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS / 4, &completion, 1), 1);
    ck_assert_ptr_eq(completion.context, first);
}
END_TEST

START_TEST(completions_of_nobody_are_counted_and_dropped)
{
    struct pnd_loop *inside = workbench_inside(loop);
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, 0));
    struct io_uring_sqe *entry;
    pendio_run stale;

    ck_assert_int_eq(pendio_nop(context, loop), PENDIO_PENDING);
    stale = workbench_next(loop).run;
    ck_assert_int_eq(pendio_timer(context, 1), PENDIO_PENDING);
    entry = pnd_ring_fetch(&inside->ring);
    entry->opcode = IORING_OP_NOP;
    entry->user_data = stale;
    entry = pnd_ring_fetch(&inside->ring);
    entry->opcode = IORING_OP_NOP;
    entry->user_data = inside->slot_count; /* nobody has that slot */
    entry = pnd_ring_fetch(&inside->ring);
    entry->opcode = IORING_OP_NOP;
    entry->user_data = pendio_context_run(context); /* under way, but not in the kernel */
    ck_assert_uint_eq(workbench_next(loop).operation, PENDIO_OPERATION_TIMER);
    ck_assert_uint_eq(workbench_statistics(loop).stale_completions, 3);
}
END_TEST

/* ---- turns ---------------------------------------------------------------------------------- */

START_TEST(a_turn_never_sleeps_while_a_record_waits)
{
    struct pendio_pool *pool = workbench_pool(loop, 2, 0);

    ck_assert_int_eq(pendio_nop(workbench_context(pool), loop), PENDIO_PENDING);
    ck_assert_int_eq(pendio_nop(workbench_context(pool), loop), PENDIO_PENDING);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pendio_loop_turn(loop, -1, NULL, 0), 0);
    (void)workbench_next(loop);
    (void)workbench_next(loop);
    ck_assert_int_eq(pendio_loop_turn(loop, 0, NULL, 0), 0);
}
END_TEST

static void turn_inside(const struct pendio_completion *completion, void *state)
{
    int *calls = state;

    ck_assert_int_eq(pendio_loop_turn(loop, 0, NULL, 0), -EBUSY);
    ck_assert_int_eq(pendio_loop_destroy(loop, 0, NULL), -EBUSY);
    ck_assert_uint_eq(pendio_context_run(completion->context), 0);
    if (++*calls < 3)
        ck_assert_int_eq(pendio_nop(completion->context, loop), PENDIO_PENDING);
    else
        ck_assert_int_eq(pendio_pool_put(completion->context), 0);
}

START_TEST(a_callback_may_do_everything_but_turn_and_destroy)
{
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, 0));
    int calls = 0;

    ck_assert_int_eq(pendio_context_set_callback(context, turn_inside, &calls), 0);
    ck_assert_int_eq(pendio_nop(context, loop), PENDIO_PENDING);
    while (calls < 3)
        ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, NULL, 0), 0);
    ck_assert_uint_eq(workbench_statistics(loop).delivered_callback, 3);
    ck_assert_uint_eq(workbench_statistics(loop).pool_in_use, 0);
}
END_TEST

START_TEST(a_record_and_a_message_come_in_order_of_finishing)
{
    struct pendio_pool *pool = workbench_pool(loop, 1, 0);
    struct pendio_completion completions[3];

    ck_assert_int_eq(pendio_loop_post(loop, 1, 11), 0);
    ck_assert_int_eq(pendio_loop_turn(loop, 0, NULL, 0), 0);
    ck_assert_int_eq(pendio_nop(workbench_context(pool), loop), PENDIO_PENDING);
    ck_assert_int_eq(pendio_loop_turn(loop, 0, NULL, 0), 0);
    ck_assert_int_eq(pendio_loop_post(loop, 2, 22), 0);
    ck_assert_int_eq(pendio_loop_turn(loop, 0, completions, 3), 3);
    ck_assert_uint_eq(completions[0].value, 11);
    ck_assert_ptr_null(completions[0].context);
    ck_assert_uint_eq(completions[1].operation, PENDIO_OPERATION_NOP);
    ck_assert_uint_eq(completions[2].user_data, 2);
}
END_TEST

START_TEST(a_queue_for_one_message_takes_no_more_than_it_delivers)
{
    struct pendio_loop *small = workbench_loop(8, 1);
    struct pendio_completion completions[16];
    int accepted_count = 0;

    while (accepted_count < 16 && pendio_loop_post(small, 0, (uint64_t)accepted_count) == 0)
        accepted_count++;
    ck_assert_int_ge(accepted_count, 1);
    ck_assert_int_lt(accepted_count, 16);
    ck_assert_int_eq(pendio_loop_turn(small, 0, completions, 16), accepted_count);
    for (int i = 0; i < accepted_count; i++)
        ck_assert_uint_eq(completions[i].value, (uint64_t)i);
    workbench_end(small);
}
END_TEST

/* ---- the end of a sleep --------------------------------------------------------------------- */

static void *wake_it(void *argument)
{
    (void)argument;
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(pendio_loop_wake(loop), 0);
    return NULL;
}

START_TEST(another_thread_wakes_a_loop_that_has_nothing_to_do)
{
    struct pendio_completion completion;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, wake_it, NULL), 0);
    ck_assert_int_eq(pendio_loop_turn(loop, -1, &completion, 1), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(a_sleep_for_a_timer_is_one_turn_however_far_it_is)
{
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, 0));

    for (uint64_t after_ns = 1000; after_ns < 500000000; after_ns *= 3) {
        struct pendio_completion completion;

        ck_assert_int_eq(pendio_timer(context, after_ns), PENDIO_PENDING);
        ck_assert_int_eq(pendio_loop_turn(loop, -1, &completion, 1), 1);
        ck_assert_int_eq(completion.error, 0);
    }
}
END_TEST

START_TEST(a_wish_to_wake_up_outlives_a_turn_that_would_not_have_slept)
{
    ck_assert_int_eq(pendio_loop_wake(loop), 0);
    ck_assert_int_eq(pendio_loop_turn(loop, 0, NULL, 0), 0);
    ck_assert_int_eq(pendio_loop_turn(loop, -1, NULL, 0), 0); /* would sleep for ever */
}
END_TEST

static volatile sig_atomic_t signal_count;

static void count_signal(int number)
{
    (void)number;
    signal_count++;
}

/* A signal that comes again and again until it was seen: it cannot be missed before the sleep. */
static void signal_from_now_on(void)
{
    const struct sigaction action = {.sa_handler = count_signal};
    const struct itimerval often = {.it_interval = {.tv_usec = 20000},
                                    .it_value = {.tv_usec = 20000}};

    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
}

START_TEST(a_signal_ends_a_turn)
{
    struct pendio_completion completion;

    signal_from_now_on();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pendio_loop_turn(loop, -1, &completion, 1), 0);
    ck_assert_int_gt(signal_count, 0);
}
END_TEST

START_TEST(a_signal_ends_a_turn_that_also_submitted_something)
{
    struct pendio_pool *pool = workbench_pool(loop, 3, 64);
    struct pendio_completion completion;
    struct pendio_context *context;

    signal_from_now_on();
    for (int i = 0; i < 3; i++) {
        sig_atomic_t before = signal_count;

        start_receives(pool, &context, 1);
        ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, &completion, 1), 0);
        ck_assert_int_lt(signal_count - before, 50);
    }
}
END_TEST

/* ---- the end -------------------------------------------------------------------------------- */

START_TEST(shutdown_ends_everything_and_says_when_it_is_over)
{
    enum { RECEIVE_COUNT = 200 };
    struct pendio_pool *pool = workbench_pool(loop, RECEIVE_COUNT + 2, 64);
    struct pendio_context *contexts[RECEIVE_COUNT];

    start_receives(pool, contexts, RECEIVE_COUNT);
    ck_assert_int_eq(pendio_timer(workbench_context(pool), UINT64_MAX), PENDIO_PENDING);
    ck_assert_int_eq(pendio_loop_shutdown(loop), 0);
    ck_assert_int_eq(pendio_nop(workbench_context(pool), loop), -ESHUTDOWN);
    ck_assert_int_eq(pendio_loop_post(loop, 0, 0), -ESHUTDOWN);
    ck_assert_uint_eq(workbench_turn_until_shut_down(loop), RECEIVE_COUNT + 1);
}
END_TEST

START_TEST(messages_accepted_before_shutdown_are_delivered)
{
    ck_assert_int_eq(pendio_loop_post(loop, 0, 1), 0);
    ck_assert_int_eq(pendio_loop_post(loop, 0, 2), 0);
    ck_assert_int_eq(pendio_loop_shutdown(loop), 0);
    ck_assert_uint_eq(workbench_turn_until_shut_down(loop), 2);
}
END_TEST

START_TEST(destroying_a_busy_loop_leaves_nothing_behind)
{
    struct pendio_loop *other = workbench_loop(8, 0);
    struct pendio_pool *pool = workbench_pool(other, 4, 64);
    struct workbench_stream stream = workbench_stream(other, SOCK_STREAM);
    uint64_t leaked_count = 99;
    char byte;

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pendio_receive(workbench_context(pool), stream.near), PENDIO_PENDING);
    ck_assert_int_eq(pendio_close(workbench_context(pool), stream.near, PENDIO_GRACEFUL),
                     PENDIO_PENDING);
    ck_assert_int_eq(pendio_loop_destroy(other, WORKBENCH_LIMIT_NS, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    ck_assert_int_eq(recv(stream.far, &byte, 1, 0), 0); /* the descriptor is gone */
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_finds_no_room_in_the_ring_waits_and_goes_in_order,
        a_cancel_of_what_waits_for_room_needs_no_room,
        cancels_go_to_the_kernel_a_limited_number_at_a_time,
        a_cancel_is_not_forgotten_when_the_ring_is_full,
        completions_of_nobody_are_counted_and_dropped,
        a_turn_never_sleeps_while_a_record_waits,
        a_callback_may_do_everything_but_turn_and_destroy,
        a_record_and_a_message_come_in_order_of_finishing,
        a_queue_for_one_message_takes_no_more_than_it_delivers,
        another_thread_wakes_a_loop_that_has_nothing_to_do,
        a_sleep_for_a_timer_is_one_turn_however_far_it_is,
        a_wish_to_wake_up_outlives_a_turn_that_would_not_have_slept,
        a_signal_ends_a_turn,
        a_signal_ends_a_turn_that_also_submitted_something,
        shutdown_ends_everything_and_says_when_it_is_over,
        messages_accepted_before_shutdown_are_delivered,
        destroying_a_busy_loop_leaves_nothing_behind,
    };

    return suite_run("loop", begin, end, tests, sizeof tests / sizeof tests[0]);
}
