/*
 * contract_loop_test.c - turns, delivery, callbacks, wake and post.
 *
 * - A turn delivers callbacks first, then records; it never sleeps while anything is deliverable.
 * - Inside a callback everything is allowed but turning and destroying.
 */
#include "fixture.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RESTART_COUNT = 10000, THREAD_COUNT = 4, POST_COUNT = 5000 };

static const int64_t long_ns = INT64_C(15) * 1000000000;

static struct fixture fixture;

START_TEST(idle_turn_returns_nothing)
{
    struct pendio_completion record;

    fixture_init(&fixture);
    memset(&record, 7, sizeof record);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 0), 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1, &record, 1), 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1000000, &record, 1), 0);
    ck_assert_int_eq(((unsigned char *)&record)[0], 7);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, -2, &record, 1), -EINVAL);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 1), -EINVAL);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(callbacks_come_first_and_records_that_do_not_fit_stay)
{
    struct pendio_context *contexts[12];

    fixture_init(&fixture);
    fixture.harvest_count = 4;
    for (int i = 0; i < 12; i++) {
        contexts[i] = i % 2 == 0 ? fixture_get(&fixture) : fixture_called(&fixture, NULL, 0);
        expect_pending(pendio_nop(contexts[i], fixture.loop));
    }
    ck_assert_int_eq(fixture_turn(&fixture, -1), 4);
    for (int i = 1; i < 12; i += 2)
        expect_next(&fixture, contexts[i], 0, 0, 0);
    for (int i = 0; i < 8; i += 2)
        expect_next(&fixture, contexts[i], 0, 0, 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, NULL, 0), 0); /* nothing lost, no sleep */
    ck_assert_uint_ne(pendio_context_run(contexts[8]), 0);
    ck_assert_int_eq(fixture_turn(&fixture, -1), 2);
    expect_next(&fixture, contexts[8], 0, 0, 0);
    expect_next(&fixture, contexts[10], 0, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

static void find_record_undelivered(const struct pendio_completion *completion, void *state)
{
    struct pendio_context *record = state;

    fixture_collect(completion, &fixture);
    ck_assert_uint_ne(pendio_context_run(record), 0);
    ck_assert_int_eq(pendio_pool_put(record), -EBUSY);
}

START_TEST(record_is_not_delivered_while_callbacks_run)
{
    struct pendio_context *record;
    struct pendio_context *called;

    fixture_init(&fixture);
    record = fixture_get(&fixture);
    called = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_callback(called, find_record_undelivered, record), 0);
    expect_pending(pendio_nop(record, fixture.loop));
    expect_pending(pendio_nop(called, fixture.loop));
    expect_next(&fixture, called, 0, 0, 0);
    expect_next(&fixture, record, 0, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

static void refuse_turn_and_destroy(const struct pendio_completion *completion, void *state)
{
    uint64_t leaked_count = 77;
    struct pendio_completion record;

    fixture_collect(completion, state);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 0), -EBUSY);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, &record, 1), -EBUSY);
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, 0, &leaked_count), -EBUSY);
    ck_assert_uint_eq(leaked_count, 77);
}

START_TEST(turn_and_destroy_are_refused_in_a_callback)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_callback(context, refuse_turn_and_destroy, &fixture), 0);
    for (int i = 0; i < 3; i++) {
        expect_pending(pendio_nop(context, fixture.loop));
        expect_next(&fixture, context, 0, 0, 0);
    }
    fixture_fini(&fixture);
}
END_TEST

static void do_everything_else(const struct pendio_completion *completion, void *state)
{
    const struct pendio_pool_options options = {.size = sizeof options, .context_count = 2};
    struct pendio_pool *pool = NULL;
    struct pendio_context *context = NULL;

    fixture_collect(completion, state);
    ck_assert_uint_eq(pendio_context_run(completion->context), 0);
    ck_assert_int_eq(pendio_cancel(fixture.loop, completion->run), -ENOENT);
    ck_assert_int_eq(pendio_context_set_callback(completion->context, NULL, NULL), 0);
    ck_assert_int_eq(pendio_pool_put(completion->context), 0);
    ck_assert_int_eq(pendio_pool_create(fixture.loop, &options, &pool), 0);
    ck_assert_int_eq(pendio_pool_get(pool, &context), 0);
    expect_pending(pendio_timer(context, 0));
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 2), 0);
    ck_assert_uint_eq(fixture.seen_count, 1);
}

START_TEST(everything_else_is_allowed_in_a_callback)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_callback(context, do_everything_else, &fixture), 0);
    expect_pending(pendio_nop(context, fixture.loop));
    expect_next(&fixture, context, 0, 0, 0);
    fixture_wait(&fixture, 2);
    for (int i = 0; i < 2; i++)
        expect_completion(fixture_next(&fixture), 0, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

struct restarts {
    uint32_t left_count;
    uint32_t depth;
    pendio_handle handle;
    int far;
};

static void restart(const struct pendio_completion *completion, void *state)
{
    struct restarts *restarts = state;
    int answer;

    ck_assert_int_eq(completion->error, 0);
    ck_assert_uint_eq(restarts->depth++, 0); /* never from inside a start */
    do {
        if (restarts->left_count-- == 0)
            break;
        if (restarts->left_count % 7 != 0)
            fixture_put(restarts->far, "x", 1);
        answer = restarts->left_count % 7 == 0
                     ? pendio_nop(completion->context, fixture.loop)
                     : pendio_receive(completion->context, restarts->handle);
        ck_assert_int_ge(answer, 0);
    } while (answer == PENDIO_DONE);
    restarts->depth--;
}

START_TEST(context_may_be_restarted_from_its_own_callback)
{
    struct restarts restarts = {.left_count = RESTART_COUNT};
    struct pendio_context *context;
    struct fixture_pair pair;
    char byte;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    restarts.handle = pair.near;
    restarts.far = pair.far;
    context = fixture_over(&fixture, &byte, 1);
    ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)_i), 0);
    ck_assert_int_eq(pendio_context_set_callback(context, restart, &restarts), 0);
    expect_pending(pendio_nop(context, fixture.loop));
    for (int i = 0; i < 2 * RESTART_COUNT && pendio_context_run(context) != 0; i++)
        ck_assert_int_eq(fixture_turn(&fixture, long_ns), 0);
    ck_assert_uint_eq(restarts.left_count, UINT32_MAX);
    ck_assert_uint_eq(fixture_stats(&fixture).started, RESTART_COUNT + 1);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

static void spin(const struct pendio_completion *completion, void *state)
{
    ++*(uint32_t *)state;
    expect_pending(pendio_nop(completion->context, fixture.loop));
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
}

START_TEST(what_callbacks_start_waits_for_the_next_turn)
{
    struct pendio_context *context;
    uint32_t count = 0;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_callback(context, spin, &count), 0);
    expect_pending(pendio_nop(context, fixture.loop));
    for (uint32_t i = 1; i <= 100; i++) {
        ck_assert_int_eq(fixture_turn(&fixture, long_ns), 0);
        ck_assert_uint_eq(count, i);
    }
    fixture_discard(&fixture);
}
END_TEST

START_TEST(posts_are_delivered_in_order_and_bounded)
{
    static const struct {
        uint32_t asked;
        uint64_t limit;
    } counts[] = {{0, 256}, {1, 1}, {2, 2}, {3, 4}, {64, 64}};
    const struct pendio_loop_options options = {.size = sizeof options,
                                                .post_count = counts[_i].asked};
    uint64_t limit = 0;
    uint64_t sent = 0;

    fixture_init_with(&fixture, &options, 4, 0);
    fixture.harvest_count = 3;
    while (pendio_loop_post(fixture.loop, limit, ~limit) == 0)
        ck_assert_uint_le(++limit, 2 * counts[_i].limit);
    ck_assert_uint_ge(limit, counts[_i].limit);
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 0, 0), -EAGAIN);
    sent = limit;
    for (uint64_t i = 0; i < 3 * limit; i++) {
        const struct pendio_completion *completion = fixture_next(&fixture);

        expect_completion(completion, 0, 0, 0);
        ck_assert_ptr_null(completion->context);
        ck_assert_uint_eq(completion->run, 0);
        ck_assert_uint_eq(completion->operation, PENDIO_OPERATION_POST);
        ck_assert_uint_eq(completion->user_data, i);
        ck_assert_uint_eq(completion->value, ~i);
        while (sent < 3 * limit && pendio_loop_post(fixture.loop, sent, ~sent) == 0)
            sent++;
    }
    fixture_quiet(&fixture);
    ck_assert_uint_eq(fixture_stats(&fixture).posts, 3 * limit);
    fixture_fini(&fixture);
}
END_TEST

static void *post_many(void *argument)
{
    uint64_t thread = (uint64_t)(uintptr_t)argument;

    for (uint64_t i = 0; i < POST_COUNT;) {
        int status = pendio_loop_post(fixture.loop, thread, i);

        if (status == 0)
            i++;
        else if (status != -EAGAIN)
            return argument;
    }
    return NULL;
}

START_TEST(posts_of_many_threads_arrive_once_and_in_order)
{
    pthread_t threads[THREAD_COUNT];
    uint64_t next[THREAD_COUNT] = {0};

    fixture_init(&fixture);
    for (uintptr_t i = 0; i < THREAD_COUNT; i++)
        pthread_create(&threads[i], NULL, post_many, (void *)i);
    for (int i = 0; i < THREAD_COUNT * POST_COUNT; i++) {
        const struct pendio_completion *completion = fixture_next(&fixture);

        ck_assert_uint_lt(completion->user_data, THREAD_COUNT);
        ck_assert_uint_eq(completion->value, next[completion->user_data]++);
    }
    for (int i = 0; i < THREAD_COUNT; i++) {
        void *failed = NULL;

        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    fixture_quiet(&fixture);
    fixture_fini(&fixture);
}
END_TEST

static void *wake_later(void *argument)
{
    usleep(20000);
    (void)pendio_loop_wake(argument);
    return NULL;
}

START_TEST(wake_ends_the_sleep_under_way_or_the_next_one)
{
    pthread_t thread;

    fixture_init(&fixture);
    for (int i = 0; i < 5; i++) {
        pthread_create(&thread, NULL, wake_later, fixture.loop);
        ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, NULL, 0), 0);
        pthread_join(thread, NULL);
        ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
        ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, NULL, 0), 0);
        ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
        ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 0), 0); /* would not sleep */
        ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, NULL, 0), 0);
    }
    fixture_fini(&fixture);
}
END_TEST

static void turn_the_other(const struct pendio_completion *completion, void *state)
{
    struct fixture *other = state;

    fixture_collect(completion, &fixture);
    ck_assert_int_eq(fixture_turn(other, long_ns), 1);
    ck_assert_int_eq(fixture_turn(&fixture, 0), -EBUSY);
}

START_TEST(flush_of_nothing_costs_no_system_call)
{
    struct pendio_context *context;
    uint64_t count;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    count = fixture_stats(&fixture).system_calls;
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    ck_assert_uint_eq(fixture_stats(&fixture).system_calls, count);
    expect_pending(pendio_nop(context, fixture.loop));
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    ck_assert_uint_eq(fixture_stats(&fixture).system_calls, count + 1);
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    ck_assert_uint_eq(fixture_stats(&fixture).system_calls, count + 1);
    expect_next(&fixture, context, 0, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(two_loops_of_one_thread_do_not_meddle)
{
    struct fixture other;
    struct pendio_context *here;
    struct pendio_context *there;

    fixture_init(&fixture);
    fixture_init(&other);
    here = fixture_get(&fixture);
    there = fixture_get(&other);
    ck_assert_int_eq(pendio_context_set_callback(here, turn_the_other, &other), 0);
    for (int i = 0; i < 100; i++) {
        expect_pending(pendio_nop(here, fixture.loop));
        expect_pending(pendio_nop(there, other.loop));
        expect_next(&fixture, here, 0, 0, 0);
        expect_next(&other, there, 0, 0, 0);
    }
    ck_assert_int_eq(pendio_nop(here, other.loop), -EINVAL);
    fixture_fini(&other);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {idle_turn_returns_nothing, 0},
        {callbacks_come_first_and_records_that_do_not_fit_stay, 0},
        {record_is_not_delivered_while_callbacks_run, 0},
        {turn_and_destroy_are_refused_in_a_callback, 0},
        {everything_else_is_allowed_in_a_callback, 0},
        {context_may_be_restarted_from_its_own_callback, 3},
        {what_callbacks_start_waits_for_the_next_turn, 0},
        {posts_are_delivered_in_order_and_bounded, 5},
        {posts_of_many_threads_arrive_once_and_in_order, 0},
        {wake_ends_the_sleep_under_way_or_the_next_one, 0},
        {flush_of_nothing_costs_no_system_call, 0},
        {two_loops_of_one_thread_do_not_meddle, 0},
    };
    return fixture_run("contract: loop", cases, sizeof cases / sizeof cases[0]);
}
