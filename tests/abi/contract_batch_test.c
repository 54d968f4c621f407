/*
 * contract_batch_test.c - sleeping on for several completions: nothing but the time may change.
 *
 * - Every test runs without it, with a wait that is over soon, and with one that is not before all
 *   have come.
 * - Where the kernel knows no minimum wait the options do nothing.
 */
#include "fixture.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { KIND_COUNT = 3, LASTING = 2, STREAM_COUNT = 8, ROUND_COUNT = 50 };

static const struct {
    uint64_t batch_ns;
    uint32_t batch_count;
} kinds[KIND_COUNT] = {{0, 0}, {1000000, 64}, {1000000000, STREAM_COUNT}};

static struct fixture fixture;

static void begin(int kind)
{
    const struct pendio_loop_options options = {.size = sizeof options,
                                                .batch_ns = kinds[kind].batch_ns,
                                                .batch_count = kinds[kind].batch_count};

    fixture_init_with(&fixture, &options, 16, 4096);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool is_used(void)
{
    return (fixture_stats(&fixture).features & PENDIO_FEATURE_MINIMUM_WAIT) != 0;
}

START_TEST(it_is_used_only_if_asked_for)
{
    begin(0);
    ck_assert(!is_used());
    fixture_fini(&fixture);
}
END_TEST

/* ---- several -------------------------------------------------------------------------------- */

static struct fixture_pair pairs[STREAM_COUNT];

/* A byte for each of them, one after another. */
static void *put_all(void *argument)
{
    (void)argument;
    usleep(20000); /* the loop sleeps by then; too short only makes the test weaker */
    for (int i = 0; i < STREAM_COUNT; i++) {
        usleep(1000);
        fixture_put(pairs[i].far, "x", 1);
    }
    return NULL;
}

START_TEST(completions_that_come_one_after_another_are_delivered_in_one_turn)
{
    pthread_t thread;
    char bytes[STREAM_COUNT];
    int count;

    begin(_i);
    for (int i = 0; i < STREAM_COUNT; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_TCP4);
        expect_pending(pendio_receive(fixture_over(&fixture, &bytes[i], 1), pairs[i].near));
    }
    ck_assert_int_eq(pthread_create(&thread, NULL, put_all, NULL), 0);
    count = fixture_turn(&fixture, -1);
    ck_assert_int_ge(count, 1);
    if (_i == LASTING && is_used())
        ck_assert_int_eq(count, STREAM_COUNT);
    fixture_wait(&fixture, STREAM_COUNT);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    for (int i = 0; i < STREAM_COUNT; i++) {
        expect_completion(fixture_next(&fixture), 0, 1, 0);
        close(pairs[i].far);
    }
    fixture_fini(&fixture);
}
END_TEST

/*
 * No more is waited for than is under way, by whatever requests: or each turn would take a second.
 */
START_TEST(single_completions_do_not_wait_for_others)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    uint64_t begin_ns;

    begin(_i % KIND_COUNT);
    context = fixture_get(&fixture);
    pair = fixture_pair(&fixture, _i < KIND_COUNT ? FIXTURE_UNIX_STREAM : FIXTURE_TCP4);
    begin_ns = now_ns();
    for (int i = 0; i < ROUND_COUNT; i++) {
        expect_pending(pendio_receive(context, pair.near));
        fixture_put(pair.far, "x", 1);
        ck_assert_int_eq(fixture_turn(&fixture, -1), 1);
        expect_next(&fixture, context, 0, 1, 0);
    }
    ck_assert_uint_lt(now_ns() - begin_ns, ROUND_COUNT / 5 * kinds[LASTING].batch_ns);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* ---- ends of a sleep ------------------------------------------------------------------------ */

static void *put_late(void *argument)
{
    const struct fixture_pair *pair = argument;

    usleep(30000); /* longer than the short batch */
    fixture_put(pair->far, "x", 1);
    return NULL;
}

START_TEST(sleep_without_limit_ends_with_what_comes_after_the_wait)
{
    struct fixture_pair pair;
    struct pendio_context *contexts[2];
    pthread_t thread;

    begin(_i);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    expect_pending(pendio_receive(contexts[0], pair.near));
    expect_pending(pendio_receive(contexts[1], pair.near)); /* waits in line */
    ck_assert_int_eq(pthread_create(&thread, NULL, put_late, &pair), 0);
    ck_assert_int_eq(fixture_turn(&fixture, -1), 1);
    expect_next(&fixture, contexts[0], 0, 1, 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    close(pair.far);
    expect_next(&fixture, contexts[1], 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
}
END_TEST

static void *wake_and_post(void *argument)
{
    (void)argument;
    usleep(10000);
    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    usleep(10000);
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 2), 0);
    return NULL;
}

START_TEST(wake_ups_and_messages_end_it)
{
    pthread_t thread;

    begin(_i);
    ck_assert_int_eq(pthread_create(&thread, NULL, wake_and_post, NULL), 0);
    ck_assert_int_le(fixture_turn(&fixture, -1), 1); /* woken; the message may be there already */
    ck_assert_uint_eq(fixture_next(&fixture)->value, 2);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fixture_fini(&fixture);
}
END_TEST

/* Deadlines come before the end of a wait that would last far longer, and turns end in time. */
START_TEST(deadlines_and_the_end_of_the_turn_end_it)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    uint64_t begin_ns;

    begin(_i);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    for (int i = 0; i < 2; i++) {
        contexts[i] = fixture_get(&fixture);
        ck_assert_int_eq(pendio_context_set_deadline(contexts[i], 2000000), 0);
    }
    for (int i = 0; i < ROUND_COUNT; i++) {
        begin_ns = now_ns();
        expect_pending(pendio_receive(contexts[0], pair.near));
        expect_pending(pendio_receive(contexts[1], pair.near));
        fixture_wait(&fixture, 2); /* who waits in line may be told first */
        expect_completion(fixture_next(&fixture), -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
        expect_completion(fixture_next(&fixture), -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
        ck_assert_uint_ge(now_ns() - begin_ns, 2000000);
        ck_assert_int_eq(fixture_turn(&fixture, 1000), 0);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(one_of_the_two_or_too_much_is_refused)
{
    static const struct {
        uint64_t batch_ns;
        uint32_t batch_count;
    } wrong[] = {{1000, 0}, {0, 2}, {1000, 1}, {999, 2}, {1000000001, 2}, {1000, 32769}};
    struct pendio_loop *loop = NULL;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct pendio_loop_options options = {.size = sizeof options,
                                                    .batch_ns = wrong[i].batch_ns,
                                                    .batch_count = wrong[i].batch_count};

        ck_assert_int_eq(pendio_loop_create(&options, &loop), -EINVAL);
    }
    ck_assert_ptr_null(loop);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {it_is_used_only_if_asked_for, 0},
        {completions_that_come_one_after_another_are_delivered_in_one_turn, KIND_COUNT},
        {single_completions_do_not_wait_for_others, 2 * KIND_COUNT},
        {sleep_without_limit_ends_with_what_comes_after_the_wait, KIND_COUNT},
        {wake_ups_and_messages_end_it, KIND_COUNT},
        {deadlines_and_the_end_of_the_turn_end_it, KIND_COUNT},
        {one_of_the_two_or_too_much_is_refused, 0},
    };
    return fixture_run("contract: batch", cases, sizeof cases / sizeof cases[0]);
}
