/*
 * wake_test.c - messages of many threads to one loop, and how its sleep ends.
 *
 * - Nothing here waits for a time: a wake-up that is lost shows as a sleep that only a limit far
 *   beyond all work ends.
 */
#include "suite.h"
#include "wake.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>

enum { QUEUE_COUNT = 8, PRODUCER_COUNT = 4, MESSAGE_COUNT = 20000, LIMIT_MS = 20000 };

static struct pnd_wake wake;

/* Known to wake.c only; here to set the numbers that a long life would bring. */
struct pnd_post_cell {
    _Atomic uint32_t sequence;
    struct pnd_post post;
};

static void begin(void)
{
    ck_assert_int_eq(pnd_wake_init(&wake, QUEUE_COUNT), 0);
}

static void end(void)
{
    pnd_wake_fini(&wake);
}

static int post(uint64_t user_data, uint64_t value)
{
    return pnd_wake_post(&wake, (struct pnd_post){.user_data = user_data, .value = value});
}

static bool is_readable(int timeout_ms)
{
    struct pollfd descriptor = {.fd = wake.descriptor, .events = POLLIN};

    return poll(&descriptor, 1, timeout_ms) == 1;
}

static void is_taken(uint64_t value)
{
    struct pnd_post taken;

    ck_assert(pnd_wake_announce(&wake));
    ck_assert(pnd_wake_take(&wake, &taken));
    ck_assert_uint_eq(taken.value, value);
}

START_TEST(messages_come_out_as_they_went_in)
{
    struct pnd_post taken;

    ck_assert_int_eq(post(1, 10), 0);
    ck_assert_int_eq(post(2, 20), 0);
    ck_assert(pnd_wake_announce(&wake));
    ck_assert(pnd_wake_take(&wake, &taken));
    ck_assert_uint_eq(taken.user_data, 1);
    ck_assert_uint_eq(taken.value, 10);
    is_taken(20);
}
END_TEST

START_TEST(every_message_is_announced_once_and_only_then_taken)
{
    struct pnd_post taken = {.value = 99};

    ck_assert(!pnd_wake_announce(&wake));
    ck_assert_int_eq(post(0, 1), 0);
    ck_assert(!pnd_wake_take(&wake, &taken));
    ck_assert_uint_eq(taken.value, 99);
    ck_assert(pnd_wake_announce(&wake));
    ck_assert(!pnd_wake_announce(&wake));
    ck_assert(pnd_wake_take(&wake, &taken));
    ck_assert(!pnd_wake_take(&wake, &taken));
}
END_TEST

START_TEST(a_full_queue_answers_try_again_until_one_is_taken)
{
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < QUEUE_COUNT; i++)
            ck_assert_int_eq(post(0, i), 0);
        ck_assert_int_eq(post(0, 99), -EAGAIN);
        ck_assert(pnd_wake_announce(&wake));
        ck_assert_int_eq(post(0, 99), -EAGAIN);
        ck_assert(pnd_wake_take(&wake, &(struct pnd_post){0}));
        ck_assert_int_eq(post(0, QUEUE_COUNT), 0);
        ck_assert_int_eq(post(0, 99), -EAGAIN);
        for (uint64_t i = 1; i <= QUEUE_COUNT; i++)
            is_taken(i);
        ck_assert(!pnd_wake_announce(&wake));
    }
}
END_TEST

/* A queue that has carried almost 2^32 messages: set, not waited for. */
START_TEST(place_numbers_wrap_around)
{
    const uint32_t far = UINT32_MAX - QUEUE_COUNT / 2 + 1;

    for (uint32_t i = 0; i < QUEUE_COUNT; i++)
        atomic_store(&wake.cells[(far + i) & wake.mask].sequence, far + i);
    atomic_store(&wake.head, far);
    wake.tail = far;
    for (uint64_t i = 0; i < QUEUE_COUNT; i++)
        ck_assert_int_eq(post(0, i), 0);
    ck_assert_int_eq(post(0, 99), -EAGAIN);
    for (uint64_t i = 0; i < QUEUE_COUNT; i++)
        is_taken(i);
    ck_assert(!pnd_wake_announce(&wake));
}
END_TEST

START_TEST(a_closed_queue_refuses_and_still_hands_out_what_it_accepted)
{
    ck_assert_int_eq(post(0, 1), 0);
    pnd_wake_close(&wake);
    ck_assert_int_eq(post(0, 2), -ESHUTDOWN);
    is_taken(1);
    ck_assert(!pnd_wake_announce(&wake));
}
END_TEST

START_TEST(a_loop_that_is_up_is_woken_without_a_system_call)
{
    pnd_wake_up(&wake);
    ck_assert_int_eq(post(0, 1), 0);
    ck_assert(!is_readable(0));
    ck_assert(!pnd_wake_may_sleep(&wake));
    ck_assert(pnd_wake_rise(&wake));
    ck_assert(!pnd_wake_may_sleep(&wake)); /* the message is still there */
    ck_assert(!pnd_wake_rise(&wake));
    is_taken(1);
    ck_assert(pnd_wake_may_sleep(&wake));
}
END_TEST

START_TEST(a_sleeping_loop_is_woken_by_its_descriptor_once)
{
    ck_assert(pnd_wake_may_sleep(&wake));
    pnd_wake_up(&wake);
    ck_assert(is_readable(0));
    pnd_wake_clear(&wake);
    pnd_wake_up(&wake);
    ck_assert(!is_readable(0)); /* the first one roused it */
    ck_assert(pnd_wake_rise(&wake));
    ck_assert(!pnd_wake_rise(&wake));

    ck_assert(pnd_wake_may_sleep(&wake));
    ck_assert_int_eq(post(0, 1), 0);
    ck_assert(is_readable(0));
    ck_assert(!pnd_wake_rise(&wake)); /* a message is not a wish to wake up */
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------- */

static void *produce(void *argument)
{
    const uint64_t *number = argument;

    for (uint64_t i = 0; i < MESSAGE_COUNT;) {
        if (post(*number, i) == 0)
            i++;
        else
            (void)sched_yield();
    }
    return NULL;
}

static uint32_t take_all(uint64_t *next_values)
{
    struct pnd_post taken;
    uint32_t count = 0;

    while (pnd_wake_announce(&wake))
        ;
    while (pnd_wake_take(&wake, &taken)) {
        ck_assert_uint_lt(taken.user_data, PRODUCER_COUNT);
        ck_assert_uint_eq(taken.value, next_values[taken.user_data]++);
        count++;
    }
    return count;
}

/* As the loop does it: sleeps only when it may, and looks again when it is up. */
static void sleep_until_roused(void)
{
    if (pnd_wake_may_sleep(&wake)) {
        ck_assert_msg(is_readable(LIMIT_MS), "a wake-up was lost");
        pnd_wake_clear(&wake);
    }
    (void)pnd_wake_rise(&wake);
}

START_TEST(many_threads_post_each_in_its_own_order_and_none_is_lost)
{
    uint64_t numbers[PRODUCER_COUNT];
    uint64_t next_values[PRODUCER_COUNT] = {0};
    pthread_t threads[PRODUCER_COUNT];
    uint32_t count = 0;

    for (uint64_t i = 0; i < PRODUCER_COUNT; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, produce, &numbers[i]), 0);
    }
    while (count < PRODUCER_COUNT * MESSAGE_COUNT) {
        sleep_until_roused();
        count += take_all(next_values);
    }
    for (int i = 0; i < PRODUCER_COUNT; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert(!pnd_wake_announce(&wake));
}
END_TEST

static void *wake_up_and_wait(void *argument)
{
    _Atomic uint32_t *risen_count = argument;

    for (uint32_t i = 0; i < MESSAGE_COUNT; i++) {
        pnd_wake_up(&wake);
        while (atomic_load(risen_count) <= i)
            (void)sched_yield();
    }
    return NULL;
}

START_TEST(every_wish_to_wake_up_ends_one_sleep)
{
    _Atomic uint32_t risen_count = 0;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, wake_up_and_wait, &risen_count), 0);
    while (atomic_load(&risen_count) < MESSAGE_COUNT) {
        if (pnd_wake_may_sleep(&wake)) {
            ck_assert_msg(is_readable(LIMIT_MS), "a wake-up was lost");
            pnd_wake_clear(&wake);
        }
        if (pnd_wake_rise(&wake))
            atomic_fetch_add(&risen_count, 1);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        messages_come_out_as_they_went_in,
        every_message_is_announced_once_and_only_then_taken,
        a_full_queue_answers_try_again_until_one_is_taken,
        place_numbers_wrap_around,
        a_closed_queue_refuses_and_still_hands_out_what_it_accepted,
        a_loop_that_is_up_is_woken_without_a_system_call,
        a_sleeping_loop_is_woken_by_its_descriptor_once,
        many_threads_post_each_in_its_own_order_and_none_is_lost,
        every_wish_to_wake_up_ends_one_sleep,
    };

    return suite_run("wake", begin, end, tests, sizeof tests / sizeof tests[0]);
}
