/*
 * contract_deadline_test.c - deadlines and timers: never early, once, and told apart by flags.
 *
 * - A deadline counts from the start call, also for who waits in line.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct fixture fixture;

static void set_deadline(struct pendio_context *context, uint64_t after_ns)
{
    ck_assert_int_eq(pendio_context_set_deadline(context, after_ns), 0);
}

START_TEST(deadline_ends_a_receive_in_line_and_in_the_kernel)
{
    static const uint64_t deadlines_ns[] = {1, 1000, 50000, 3000000};
    struct pendio_context *contexts[3];
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    for (int i = 0; i < 3; i++) {
        contexts[i] = fixture_over(&fixture, memory, sizeof memory);
        if (i != 2)
            set_deadline(contexts[i], deadlines_ns[_i]);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    fixture_wait(&fixture, 2);
    for (int i = 0; i < 2; i++)
        expect_completion(fixture_next(&fixture), -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    expect_result(contexts[0], -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    expect_result(contexts[1], -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    fixture_quiet(&fixture);
    fixture_put(pair.far, "ab", 2);
    expect_next(&fixture, contexts[2], 0, 2, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(deadline_that_is_not_reached_does_nothing)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, memory, sizeof memory);
    for (int i = 0; i < 100; i++) {
        set_deadline(context, i % 2 == 0 ? UINT64_MAX : UINT64_C(3600) * 1000000000);
        expect_pending(pendio_receive(context, pair.near));
        fixture_put(pair.far, "a", 1);
        expect_next(&fixture, context, 0, 1, 0);
    }
    fixture_put(pair.far, "a", 1);
    set_deadline(context, 1);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    expect_done(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

START_TEST(timers_and_deadlines_are_never_early)
{
    struct pendio_loop_options options = {.size = sizeof options, .timer_slack_ns = 1000};
    uint64_t starts_ns[64];
    uint64_t times_ns[64];

    fixture_init_with(&fixture, _i == 0 ? NULL : &options, 64, 0);
    for (uint64_t i = 0; i < 64; i++) {
        struct pendio_context *context = fixture_get(&fixture);

        times_ns[i] = i * i * i * 500 + i;
        ck_assert_int_eq(pendio_context_set_user_data(context, i), 0);
        if (i % 2 == 1)
            set_deadline(context, times_ns[i]);
        starts_ns[i] = now_ns();
        expect_pending(pendio_timer(context, i % 2 == 1 ? UINT64_MAX : times_ns[i]));
    }
    for (int i = 0; i < 64; i++) {
        const struct pendio_completion *completion = fixture_next(&fixture);
        uint64_t which = completion->user_data;

        ck_assert_uint_ge(now_ns() - starts_ns[which], times_ns[which]);
        expect_completion(completion, which % 2 == 1 ? -ETIMEDOUT : 0, 0,
                          which % 2 == 1 ? PENDIO_BY_DEADLINE : 0);
    }
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {deadline_ends_a_receive_in_line_and_in_the_kernel, 4},
        {deadline_that_is_not_reached_does_nothing, 0},
        {timers_and_deadlines_are_never_early, 2},
    };
    return fixture_run("contract: deadline", cases, sizeof cases / sizeof cases[0]);
}
