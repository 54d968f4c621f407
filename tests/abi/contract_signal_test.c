/*
 * contract_signal_test.c - waiting for a signal.
 *
 * - Each signal goes to one of those who wait for it, with what the system says of it.
 * - Whatever ends a wait early leaves the signal to whoever comes next.
 */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { MANY = 20 };

static struct fixture fixture;

static void block(int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
}

static bool is_waiting(int number)
{
    sigset_t waiting;

    ck_assert_int_eq(sigpending(&waiting), 0);
    return sigismember(&waiting, number) == 1;
}

static void begin(int number)
{
    block(number);
    fixture_init(&fixture);
}

/* Most kinds of early end are about one that is waited for and not sent. */
static struct pendio_context *begin_waiting(int number)
{
    struct pendio_context *context;

    begin(number);
    context = fixture_get(&fixture);
    expect_pending(pendio_signal(context, number));
    return context;
}

static void expect_number(struct pendio_context *context, int number, uint64_t bytes)
{
    const struct pendio_completion *completion = fixture_next(&fixture);

    ck_assert_ptr_eq(completion->context, context);
    expect_completion(completion, 0, bytes, 0);
    ck_assert_uint_eq(completion->operation, PENDIO_OPERATION_SIGNAL);
    ck_assert_uint_eq(completion->value, (unsigned int)number);
    ck_assert_uint_eq(completion->handle, 0);
}

/* ---- results -------------------------------------------------------------------------------- */

START_TEST(what_cannot_be_waited_for_is_refused)
{
    static const int numbers[] = {0,  -1, SIGKILL, SIGSTOP,   SIGUSR1,
                                  32, 33, 65,      INT32_MAX, INT32_MIN};
    struct pendio_context *context;
    size_t count = sizeof numbers / sizeof numbers[0];

    begin(SIGUSR2);
    context = fixture_get(&fixture);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(pendio_signal(context, numbers[i]), -EINVAL);
    ck_assert_uint_eq(fixture_stats(&fixture).refused_invalid, count);
    expect_pending(pendio_signal(context, SIGUSR2));
    ck_assert_int_eq(pendio_signal(context, SIGUSR2), -EBUSY);
    ck_assert_int_eq(kill(getpid(), SIGUSR2), 0);
    expect_number(context, SIGUSR2, 128);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(signal_is_told_with_its_particulars_and_taken)
{
    struct signalfd_siginfo info;
    struct pendio_context *context;
    bool sent_before = _i >= 3;

    begin(SIGUSR1);
    context = fixture_over(&fixture, &info, sizeof info);
    ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)_i % 3), 0);
    if (sent_before)
        ck_assert_int_eq(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42}), 0);
    expect_pending(pendio_signal(context, SIGUSR1));
    if (!sent_before) {
        fixture_quiet(&fixture);
        ck_assert_int_eq(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42}), 0);
    }
    expect_number(context, SIGUSR1, sizeof info);
    ck_assert_uint_eq(fixture.seen[0].memory, (uintptr_t)&info);
    ck_assert_uint_eq(info.ssi_signo, SIGUSR1);
    ck_assert_int_eq(info.ssi_int, 42);
    ck_assert_uint_eq(info.ssi_pid, (uint32_t)getpid());
    ck_assert(!is_waiting(SIGUSR1));
    fixture_quiet(&fixture);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(window_that_is_too_small_or_in_pieces_stays_untouched)
{
    unsigned char memory[sizeof(struct signalfd_siginfo)];
    const struct pendio_bytes halves[] = {{memory, 64}, {memory + 64, 64}};
    struct pendio_context *context;

    begin(SIGUSR1);
    fixture_fill(memory, sizeof memory, 1);
    context = fixture_over(&fixture, memory, sizeof memory - 1);
    expect_pending(pendio_signal(context, SIGUSR1));
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    expect_number(context, SIGUSR1, 0);
    ck_assert(fixture_is_filled(memory, sizeof memory, 1));
    ck_assert_int_eq(pendio_context_set_memory(context, NULL, 0), 0);
    expect_pending(pendio_signal(context, SIGUSR1));
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    expect_number(context, SIGUSR1, 0);
    ck_assert_int_eq(pendio_context_set_pieces(context, halves, 2), 0);
    expect_pending(pendio_signal(context, SIGUSR1));
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    expect_number(context, SIGUSR1, 0);
    ck_assert(fixture_is_filled(memory, sizeof memory, 1));
    fixture_fini(&fixture);
}
END_TEST

START_TEST(signal_for_the_loops_thread_alone_is_told)
{
    struct pendio_context *context = begin_waiting(SIGUSR1);

    fixture_quiet(&fixture);
    ck_assert_int_eq(pthread_kill(pthread_self(), SIGUSR1), 0);
    expect_number(context, SIGUSR1, 128);
    fixture_fini(&fixture);
}
END_TEST

static void *send_it(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)kill(getpid(), SIGTERM);
}

START_TEST(signal_wakes_a_sleeping_loop)
{
    struct pendio_context *context = begin_waiting(SIGTERM);
    struct pendio_completion record;
    pthread_t thread;

    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(pthread_create(&thread, NULL, send_it, NULL), 0);
        ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, &record, 1), 1);
        ck_assert_uint_eq(record.value, SIGTERM);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        expect_pending(pendio_signal(context, SIGTERM));
    }
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    expect_number(context, SIGTERM, 128);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(each_number_goes_to_whom_it_concerns)
{
    static const int numbers[] = {SIGHUP, SIGUSR1, SIGCHLD, SIGWINCH};
    enum { COUNT = sizeof numbers / sizeof numbers[0] };
    struct pendio_context *contexts[COUNT];

    fixture_init(&fixture);
    for (int i = 0; i < COUNT; i++) {
        block(numbers[i]);
        contexts[i] = fixture_get(&fixture);
        expect_pending(pendio_signal(contexts[i], numbers[i]));
    }
    for (int i = COUNT - 1; i >= 0; i--) {
        ck_assert_int_eq(kill(getpid(), numbers[i]), 0);
        expect_number(contexts[i], numbers[i], 128);
        fixture_quiet(&fixture);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(each_of_many_signals_goes_to_one_of_many_who_wait)
{
    struct signalfd_siginfo infos[MANY];
    bool seen[MANY] = {false};

    begin(SIGRTMIN);
    for (int i = 0; i < MANY; i++)
        expect_pending(pendio_signal(fixture_over(&fixture, &infos[i], sizeof infos[i]), SIGRTMIN));
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}), 0);
    fixture_wait(&fixture, MANY);
    for (int i = 0; i < MANY; i++) {
        expect_completion(fixture_next(&fixture), 0, 128, 0);
        ck_assert_int_ge(infos[i].ssi_int, 0);
        ck_assert_int_lt(infos[i].ssi_int, MANY);
        ck_assert(!seen[infos[i].ssi_int]);
        seen[infos[i].ssi_int] = true;
    }
    ck_assert(!is_waiting(SIGRTMIN));
    fixture_fini(&fixture);
}
END_TEST

START_TEST(of_two_loops_that_wait_one_gets_it)
{
    struct pendio_context *context = begin_waiting(SIGUSR1);
    struct pendio_context *other_context = NULL;
    struct pendio_completion record;
    struct pendio_loop *other;
    struct pendio_pool *pool;
    int count = 0;

    ck_assert_int_eq(pendio_loop_create(NULL, &other), 0);
    ck_assert_int_eq(pendio_pool_create(other, NULL, &pool), 0);
    ck_assert_int_eq(pendio_pool_get(pool, &other_context), 0);
    expect_pending(pendio_signal(other_context, SIGUSR1));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_loop_turn(other, 0, &record, 1), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
        while (count <= i) {
            count += pendio_loop_turn(other, 0, &record, 1);
            ck_assert_int_ge(fixture_turn(&fixture, 1000000), 0);
            ck_assert_int_le(count + (int)fixture.seen_count, 2);
            if (count + (int)fixture.seen_count > i)
                break;
        }
    }
    ck_assert_int_eq(count, 1);
    expect_number(context, SIGUSR1, 128);
    ck_assert_int_eq(pendio_loop_destroy(other, -1, NULL), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(waiting_again_needs_no_descriptor_more)
{
    struct pendio_context *context = begin_waiting(SIGUSR1);
    int descriptor_count = fixture_count_descriptors();

    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
        expect_number(context, SIGUSR1, 128);
        expect_pending(pendio_signal(context, SIGUSR1));
        expect_pending(pendio_signal(fixture_get(&fixture), SIGUSR1));
        ck_assert_int_eq(fixture_count_descriptors(), descriptor_count);
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
        expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
        ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
        expect_completion(fixture_next(&fixture), 0, 128, 0);
        expect_pending(pendio_signal(context, SIGUSR1));
    }
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    expect_number(context, SIGUSR1, 128);
    fixture_fini(&fixture);
}
END_TEST

/* ---- early ends ----------------------------------------------------------------------------- */

START_TEST(cancel_leaves_the_signal_to_others)
{
    struct pendio_context *context = begin_waiting(SIGUSR1);

    if (_i == 1)
        fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    fixture_quiet(&fixture);
    ck_assert(is_waiting(SIGUSR1));
    expect_pending(pendio_signal(context, SIGUSR1));
    expect_number(context, SIGUSR1, 128);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(deadline_leaves_the_signal_to_others)
{
    struct pendio_context *context;

    begin(SIGUSR1);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_deadline(context, 2000000), 0);
    expect_pending(pendio_signal(context, SIGUSR1));
    expect_next(&fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    fixture_quiet(&fixture);
    ck_assert(is_waiting(SIGUSR1));
    fixture_fini(&fixture);
}
END_TEST

START_TEST(end_of_the_loop_leaves_the_signal_to_others)
{
    begin_waiting(SIGUSR1);
    fixture_quiet(&fixture);
    if (_i / 2 == 1)
        ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, _i % 2 == 0 ? -1 : 0, NULL), 0);
    fixture.destroyed = true;
    if (_i / 2 == 0)
        ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert(is_waiting(SIGUSR1));
    fixture_discard(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {what_cannot_be_waited_for_is_refused, 0},
        {signal_is_told_with_its_particulars_and_taken, 6},
        {window_that_is_too_small_or_in_pieces_stays_untouched, 0},
        {signal_for_the_loops_thread_alone_is_told, 0},
        {signal_wakes_a_sleeping_loop, 0},
        {each_number_goes_to_whom_it_concerns, 0},
        {each_of_many_signals_goes_to_one_of_many_who_wait, 0},
        {of_two_loops_that_wait_one_gets_it, 0},
        {waiting_again_needs_no_descriptor_more, 0},
        {cancel_leaves_the_signal_to_others, 2},
        {deadline_leaves_the_signal_to_others, 0},
        {end_of_the_loop_leaves_the_signal_to_others, 4},
    };
    return fixture_run("contract: signal", cases, sizeof cases / sizeof cases[0]);
}
