/*
 * context_test.c - the states of a context, its runs, and what makes it new.
 */
#include "context.h"
#include "suite.h"
#include "workbench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { STATE_COUNT = PND_READY + 1 };

struct move {
    enum pnd_state from;
    enum pnd_state to;
};

/* As architecture draws them. */
static const struct move legal_moves[] = {
    {PND_POOLED, PND_FREE},    {PND_FREE, PND_POOLED},   {PND_FREE, PND_PENDING},
    {PND_PENDING, PND_FREE},   {PND_PENDING, PND_READY}, {PND_PENDING, PND_DRAINING},
    {PND_DRAINING, PND_READY}, {PND_READY, PND_FREE},
};

enum { LEGAL_COUNT = sizeof legal_moves / sizeof legal_moves[0] };

static bool is_legal(enum pnd_state from, enum pnd_state to)
{
    for (int i = 0; i < LEGAL_COUNT; i++)
        if (legal_moves[i].from == from && legal_moves[i].to == to)
            return true;
    return false;
}

static struct pendio_loop *loop;

static void begin(void)
{
    loop = workbench_loop(0, 0);
}

static void end(void)
{
    workbench_end(loop);
}

START_TEST(the_table_allows_the_moves_of_the_drawing_and_no_others)
{
    for (unsigned from = 0; from < STATE_COUNT; from++)
        for (unsigned to = 0; to < STATE_COUNT; to++)
            ck_assert_int_eq((pnd_state_follows[from] >> to) & 1, is_legal(from, to));
}
END_TEST

START_TEST(legal_moves_are_made)
{
    for (int i = 0; i < LEGAL_COUNT; i++) {
        struct pnd_context context = {.state = (uint8_t)legal_moves[i].from};

        pnd_context_move(&context, legal_moves[i].to);
        ck_assert_uint_eq(context.state, legal_moves[i].to);
    }
}
END_TEST

#ifndef NDEBUG

static struct move illegal_move(int number)
{
    for (unsigned from = 0; from < STATE_COUNT; from++)
        for (unsigned to = 0; to < STATE_COUNT; to++)
            if (!is_legal(from, to) && number-- == 0)
                return (struct move){from, to};
    ck_abort_msg("there are fewer illegal moves");
}

START_TEST(illegal_moves_end_the_process)
{
    struct move move = illegal_move(_i);
    struct pnd_context context = {.state = (uint8_t)move.from};

    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    (void)freopen("/dev/null", "w", stderr); /* the assertion's own words */
    pnd_context_move(&context, move.to);
}
END_TEST

#endif

START_TEST(every_run_has_a_name_of_its_own)
{
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, 0));
    pendio_run last = 0;

    for (int i = 0; i < 100; i++) {
        pendio_run run;

        ck_assert_int_eq(pendio_nop(context, loop), PENDIO_PENDING);
        run = pendio_context_run(context);
        ck_assert_uint_gt(run, last);
        ck_assert_ptr_eq(pnd_context_of_run(workbench_inside(loop), run), context);
        ck_assert_uint_eq(workbench_next(loop).run, run);
        ck_assert_uint_eq(pendio_context_run(context), 0);
        ck_assert_ptr_null(pnd_context_of_run(workbench_inside(loop), run));
        last = run;
    }
    ck_assert_ptr_null(pnd_context_of_run(workbench_inside(loop), 0));
    ck_assert_ptr_null(pnd_context_of_run(workbench_inside(loop), UINT64_MAX));
}
END_TEST

START_TEST(a_refused_start_leaves_the_context_as_it_was)
{
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, 64));
    struct workbench_stream stream = workbench_stream(loop, SOCK_STREAM);
    struct pnd_context before;

    ck_assert_int_eq(pendio_nop(context, loop), PENDIO_PENDING);
    (void)workbench_next(loop);
    memcpy(&before, context, sizeof before);
    ck_assert_int_eq(pendio_receive(context, 12345), -EBADF);
    ck_assert_int_eq(pendio_send_to(context, stream.near), -EINVAL); /* no endpoint */
    ck_assert_int_eq(pendio_accept(context, stream.near, 1), -EBADF);
    ck_assert_int_eq(pendio_read(context, stream.near, (uint64_t)INT64_MAX + 1), -EINVAL);
    ck_assert_mem_eq(workbench_inside_context(context), &before, sizeof before);
    ck_assert_uint_eq(workbench_statistics(loop).refused, 4);

    ck_assert_int_eq(pendio_receive(context, stream.near), PENDIO_PENDING);
    memcpy(&before, context, sizeof before);
    ck_assert_int_eq(pendio_receive(context, stream.near), -EBUSY);
    ck_assert_int_eq(pendio_timer(context, 1), -EBUSY);
    ck_assert_mem_eq(workbench_inside_context(context), &before, sizeof before);
}
END_TEST

START_TEST(a_context_of_the_pool_cannot_be_started_or_changed)
{
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, 64));

    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_int_eq(pendio_nop(context, loop), -EINVAL);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), -EINVAL);
    ck_assert_uint_eq(workbench_inside_context(context)->state, PND_POOLED);
}
END_TEST

static int send_nothing(struct pendio_context *context, pendio_handle handle)
{
    ck_assert_int_eq(pendio_context_set_memory(context, NULL, 0), 0);
    return pendio_send(context, handle);
}

START_TEST(what_costs_nothing_is_done_until_the_budget_of_the_turn_is_spent)
{
    struct pendio_pool *pool = workbench_pool(loop, 2, 0);
    struct pendio_context *context = workbench_context(pool);
    struct workbench_stream stream = workbench_stream(loop, SOCK_STREAM);

    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 16; i++)
            ck_assert_int_eq(send_nothing(context, stream.near), PENDIO_DONE);
        ck_assert_int_eq(send_nothing(context, stream.near), PENDIO_PENDING);
        ck_assert_int_eq(send_nothing(workbench_context(pool), stream.near), PENDIO_PENDING);
        ck_assert_int_eq(pendio_pool_put(workbench_next(loop).context), 0);
        ck_assert_int_eq(pendio_pool_put(workbench_next(loop).context), 0);
        context = workbench_context(pool);
    }
    ck_assert_uint_eq(workbench_statistics(loop).done_empty, 48);
    ck_assert_uint_eq(workbench_statistics(loop).delivered, 6);
}
END_TEST

START_TEST(the_same_is_pending_under_queue)
{
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, 0));
    struct workbench_stream stream = workbench_stream(loop, SOCK_STREAM);

    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    ck_assert_int_eq(send_nothing(context, stream.near), PENDIO_PENDING);
    ck_assert_int_eq(workbench_next(loop).error, 0);
    ck_assert_uint_eq(workbench_statistics(loop).done, 0);
}
END_TEST

START_TEST(trying_is_done_with_data_and_pending_without)
{
    struct pendio_pool *pool = workbench_pool(loop, 2, 64);
    struct workbench_stream stream = workbench_stream(loop, SOCK_STREAM);
    struct pendio_completion completion;
    struct pendio_context *contexts[2];

    for (int i = 0; i < 2; i++) {
        contexts[i] = workbench_context(pool);
        ck_assert_int_eq(pendio_context_set_policy(contexts[i], PENDIO_TRY), 0);
    }
    ck_assert_int_eq(send(stream.far, "data", 4, 0), 4);
    ck_assert_int_eq(pendio_receive(contexts[0], stream.near), PENDIO_DONE);
    ck_assert_int_eq(pendio_context_result(contexts[0], &completion), 0);
    ck_assert_uint_eq(completion.bytes, 4);
    ck_assert_int_eq(pendio_receive(contexts[0], stream.near), PENDIO_PENDING);
    ck_assert_int_eq(send(stream.far, "more", 4, 0), 4);
    ck_assert_int_eq(pendio_receive(contexts[1], stream.near), PENDIO_PENDING); /* not before it */
    ck_assert_ptr_eq(workbench_next(loop).context, contexts[0]);
    ck_assert_uint_eq(workbench_statistics(loop).done_tried, 1);
}
END_TEST

START_TEST(an_interruption_that_was_asked_for_says_by_whom)
{
    static const struct {
        enum pnd_stop stop;
        int32_t error;
        uint16_t flags;
    } cases[] = {
        {PND_STOP_NONE, -ECANCELED, 0},
        {PND_STOP_BY_CANCEL, -ECANCELED, PENDIO_BY_CANCEL},
        {PND_STOP_BY_CLOSE, -ECANCELED, PENDIO_BY_CLOSE},
        {PND_STOP_BY_DEADLINE, -ETIMEDOUT, PENDIO_BY_DEADLINE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pnd_context context = {.stop = (uint8_t)cases[i].stop};

        pnd_context_fail(&context, -ECANCELED);
        ck_assert_int_eq(context.error, cases[i].error);
        ck_assert_uint_eq(context.flags, cases[i].flags);

        context = (struct pnd_context){.stop = (uint8_t)cases[i].stop};
        pnd_context_fail(&context, -ECONNRESET); /* the system's own error stays what it is */
        ck_assert_int_eq(context.error, -ECONNRESET);
        ck_assert_uint_eq(context.flags, 0);
    }
}
END_TEST

START_TEST(the_next_of_a_line_goes_only_when_the_first_has_finished)
{
    struct pendio_pool *pool = workbench_pool(loop, 3, 64);
    struct workbench_stream stream = workbench_stream(loop, SOCK_STREAM);
    struct pendio_context *contexts[3];

    for (int i = 0; i < 3; i++) {
        contexts[i] = workbench_context(pool);
        ck_assert_int_eq(pendio_receive(contexts[i], stream.near), PENDIO_PENDING);
    }
    ck_assert_uint_eq(workbench_inside_context(contexts[0])->place, PND_IN_KERNEL);
    ck_assert_uint_eq(workbench_inside_context(contexts[1])->place, PND_IN_LINE);
    ck_assert_uint_eq(workbench_inside_context(contexts[2])->place, PND_IN_LINE);

    ck_assert_int_eq(pendio_cancel(loop, pendio_context_run(contexts[1])), 0);
    ck_assert_ptr_eq(workbench_next(loop).context, contexts[1]);
    ck_assert_uint_eq(workbench_inside_context(contexts[2])->place, PND_IN_LINE);
    ck_assert_int_eq(pendio_cancel(loop, pendio_context_run(contexts[0])), 0);
    ck_assert_ptr_eq(workbench_next(loop).context, contexts[0]);
    ck_assert_uint_eq(workbench_inside_context(contexts[2])->place, PND_IN_KERNEL);
}
END_TEST

#ifndef NDEBUG

static int run_deaths(void)
{
    Suite *suite = suite_create("moves of a context");
    TCase *deaths = tcase_create("moves of a context");
    SRunner *runner;
    int failed_count;

    tcase_add_loop_test_raise_signal(deaths, illegal_moves_end_the_process, SIGABRT, 0,
                                     STATE_COUNT * STATE_COUNT - LEGAL_COUNT);
    suite_add_tcase(suite, deaths);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#else

static int run_deaths(void)
{
    puts("skipped: illegal moves end the process; this build has no assertions");
    return EXIT_SUCCESS;
}

#endif

int main(void)
{
    const TTest *const tests[] = {
        the_table_allows_the_moves_of_the_drawing_and_no_others,
        legal_moves_are_made,
        every_run_has_a_name_of_its_own,
        a_refused_start_leaves_the_context_as_it_was,
        a_context_of_the_pool_cannot_be_started_or_changed,
        what_costs_nothing_is_done_until_the_budget_of_the_turn_is_spent,
        the_same_is_pending_under_queue,
        trying_is_done_with_data_and_pending_without,
        an_interruption_that_was_asked_for_says_by_whom,
        the_next_of_a_line_goes_only_when_the_first_has_finished,
    };
    int code = suite_run("context", begin, end, tests, sizeof tests / sizeof tests[0]);

    return code != EXIT_SUCCESS ? code : run_deaths();
}
