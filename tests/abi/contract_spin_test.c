/*
 * contract_spin_test.c - looking before sleeping: nothing but the time it takes may change.
 *
 * - Every test runs without it, with looks that end before what they look for comes, and with looks
 *   that last until it comes.
 * - Where the kernel hides what it has done, the option does nothing, and no look is counted.
 */
#include "fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

static const uint64_t spins_ns[] = {0, 1000, 1000000000};

enum { SPIN_COUNT = 3, ROUND_COUNT = 200 };

static struct fixture fixture;

static void begin(uint64_t spin_ns)
{
    const struct pendio_loop_options options = {.size = sizeof options, .spin_ns = spin_ns};

    fixture_init_with(&fixture, &options, 8, 4096);
}

/* Whether the loop sees what the kernel has done without asking it. */
static bool sees(void)
{
    uint64_t features = fixture_stats(&fixture).features;

    return (features & PENDIO_FEATURE_TASKRUN_FLAG) ||
           !(features & (PENDIO_FEATURE_DEFER_TASKRUN | PENDIO_FEATURE_COOP_TASKRUN));
}

/*
 * Whether a turn has to wait, so that it looks at all, and what a look has seen are matters of
 * time, and not looked at here: looks_in_vain_become_rare does, where nothing comes.
 */
static void check_looks(int kind)
{
    struct pendio_loop_statistics stats = fixture_stats(&fixture);

    ck_assert_uint_le(stats.spins_paid, stats.spins);
    if (kind == 0 || !sees())
        ck_assert_uint_eq(stats.spins, 0);
}

/* ---- what other threads do ------------------------------------------------------------------ */

/* Another thread, which does its part whenever it is told to. */
struct other {
    pthread_t thread;
    sem_t told;
    void (*act)(const struct other *other);
    int descriptor;
    uint32_t round_count;
};

static void *obey(void *argument)
{
    struct other *other = argument;

    for (uint32_t i = 0; i < other->round_count; i++) {
        while (sem_wait(&other->told) < 0)
            ;
        other->act(other);
    }
    return NULL;
}

static void other_begin(struct other *other, void (*act)(const struct other *other), int descriptor)
{
    *other = (struct other){.act = act, .descriptor = descriptor, .round_count = ROUND_COUNT};
    ck_assert_int_eq(sem_init(&other->told, 0, 0), 0);
    ck_assert_int_eq(pthread_create(&other->thread, NULL, obey, other), 0);
}

static void other_end(struct other *other)
{
    ck_assert_int_eq(pthread_join(other->thread, NULL), 0);
    ck_assert_int_eq(sem_destroy(&other->told), 0);
}

static void post(const struct other *other)
{
    (void)other;
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 7, 8), 0);
}

START_TEST(messages_of_another_thread_end_the_turn)
{
    struct other other;

    begin(spins_ns[_i]);
    other_begin(&other, post, -1);
    for (int i = 0; i < ROUND_COUNT; i++) {
        const struct pendio_completion *completion;

        ck_assert_int_eq(sem_post(&other.told), 0);
        completion = fixture_next(&fixture);
        ck_assert_uint_eq(completion->operation, PENDIO_OPERATION_POST);
        ck_assert_uint_eq(completion->user_data, 7);
    }
    other_end(&other);
    check_looks(_i);
    fixture_fini(&fixture);
}
END_TEST

static void wake(const struct other *other)
{
    (void)other;
    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
}

START_TEST(wake_ups_by_another_thread_end_the_turn_once)
{
    struct other other;

    begin(spins_ns[_i]);
    other_begin(&other, wake, -1);
    for (int i = 0; i < ROUND_COUNT; i++) {
        ck_assert_int_eq(sem_post(&other.told), 0);
        ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, NULL, 0), 0);
    }
    other_end(&other);
    ck_assert_uint_eq(fixture_stats(&fixture).turns, ROUND_COUNT);
    check_looks(_i);
    fixture_fini(&fixture);
}
END_TEST

static void put(const struct other *other)
{
    fixture_put(other->descriptor, "x", 1);
}

static void receive_in_rounds(int kind, struct pendio_context *context, struct fixture_pair pair)
{
    struct other other;

    other_begin(&other, put, pair.far);
    for (int i = 0; i < ROUND_COUNT; i++) {
        int answer = pendio_receive(context, pair.near);

        ck_assert_int_eq(answer, PENDIO_PENDING);
        ck_assert_int_eq(sem_post(&other.told), 0);
        expect_next(&fixture, context, 0, 1, 0);
    }
    other_end(&other);
    check_looks(kind);
    close(pair.far);
    fixture_fini(&fixture);
}

START_TEST(data_are_received_by_record)
{
    char byte;

    begin(spins_ns[_i]);
    receive_in_rounds(_i, fixture_over(&fixture, &byte, 1), fixture_pair(&fixture, FIXTURE_TCP4));
}
END_TEST

START_TEST(data_are_received_by_callback)
{
    char byte;

    begin(spins_ns[_i]);
    receive_in_rounds(_i, fixture_called(&fixture, &byte, 1),
                      fixture_pair(&fixture, FIXTURE_UNIX_STREAM));
}
END_TEST

/* ---- time ----------------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

START_TEST(deadlines_and_timers_come_in_the_midst_of_it_and_not_early)
{
    struct pendio_context *timer;
    struct pendio_context *receiver;
    struct fixture_pair pair;
    uint64_t begin_ns;

    begin(spins_ns[_i]);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    timer = fixture_get(&fixture);
    receiver = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_deadline(receiver, 4000000), 0);
    for (int i = 0; i < 5; i++) {
        begin_ns = now_ns();
        expect_pending(pendio_timer(timer, 2000000));
        expect_pending(pendio_receive(receiver, pair.near));
        expect_next(&fixture, timer, 0, 0, 0);
        ck_assert_uint_ge(now_ns() - begin_ns, 2000000);
        expect_next(&fixture, receiver, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
        ck_assert_uint_ge(now_ns() - begin_ns, 4000000);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(turn_is_over_when_its_time_is_up)
{
    begin(spins_ns[_i]);
    for (int i = 0; i < 5; i++) {
        uint64_t begin_ns = now_ns();

        ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1000000, NULL, 0), 0);
        ck_assert_uint_ge(now_ns() - begin_ns, 1000000);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(turn_that_does_not_wait_does_not_look)
{
    struct pendio_context *context;

    begin(spins_ns[_i]);
    context = fixture_get(&fixture);
    for (int i = 0; i < 100; i++) {
        expect_pending(pendio_nop(context, fixture.loop));
        while (pendio_context_run(context) != 0)
            (void)fixture_turn(&fixture, 0);
        expect_next(&fixture, context, 0, 0, 0);
        ck_assert_int_eq(fixture_turn(&fixture, 0), 0);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).spins, 0);
    fixture_fini(&fixture);
}
END_TEST

/* Looks that always fail are given up: after four of them one in 65 sleeps is put off. */
START_TEST(looks_in_vain_become_rare)
{
    enum { TURN_COUNT = 1000 };
    struct pendio_loop_statistics stats;

    begin(1000);
    for (int i = 0; i < TURN_COUNT; i++)
        ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1000, NULL, 0), 0);
    stats = fixture_stats(&fixture);
    ck_assert_uint_eq(stats.spins_paid, 0);
    ck_assert_uint_le(stats.spins, 4 + TURN_COUNT / 65 + 1);
    if (sees())
        ck_assert_uint_ge(stats.spins, 4);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(looks_longer_than_a_second_are_refused)
{
    const struct pendio_loop_options options = {.size = sizeof options, .spin_ns = 1000000001};
    struct pendio_loop *loop = NULL;

    ck_assert_int_eq(pendio_loop_create(&options, &loop), -EINVAL);
    ck_assert_ptr_null(loop);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {messages_of_another_thread_end_the_turn, SPIN_COUNT},
        {wake_ups_by_another_thread_end_the_turn_once, SPIN_COUNT},
        {data_are_received_by_record, SPIN_COUNT},
        {data_are_received_by_callback, SPIN_COUNT},
        {deadlines_and_timers_come_in_the_midst_of_it_and_not_early, SPIN_COUNT},
        {turn_is_over_when_its_time_is_up, SPIN_COUNT},
        {turn_that_does_not_wait_does_not_look, SPIN_COUNT},
        {looks_in_vain_become_rare, 0},
        {looks_longer_than_a_second_are_refused, 0},
    };
    return fixture_run("contract: spin", cases, sizeof cases / sizeof cases[0]);
}
