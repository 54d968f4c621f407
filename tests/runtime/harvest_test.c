/*
 * harvest_test.c - records that go into the caller's array while the completion queue is walked.
 *
 * - What a loop does for itself within a turn may bring callbacks: they come in their order.
 * - A turn that fails has lost nothing, and neither is it forgotten that it failed.
 */
#include "suite.h"
#include "workbench.h"

#include <errno.h>

static struct pendio_loop *loop;

static void begin(void)
{
    loop = workbench_loop(0, 0);
}

static void end(void)
{
    workbench_end(loop);
}

/* ---- a callback set within a turn ----------------------------------------------------------- */

/* Errands sent to the loop by itself: the first runs before the turn's rounds, the other within. */
struct visit {
    struct pnd_errand errand;
    struct pnd_errand within;
    struct pendio_context *by_record;
    struct pendio_context *by_call;
    bool is_told; /* the record was handed out */
    int call_count;
};

static struct visit visit;

/* Until its record is handed out a context is in use. */
static void called(const struct pendio_completion *completion, void *state)
{
    ck_assert_ptr_eq(state, &visit);
    ck_assert_ptr_eq(completion->context, visit.by_call);
    ck_assert_int_eq(pendio_context_set_user_data(visit.by_record, 1), visit.is_told ? 0 : -EBUSY);
    visit.call_count++;
}

static void send_other(struct pnd_errand *errand, struct pnd_loop *inside)
{
    (void)errand;
    ck_assert(pnd_wake_send(&inside->wake, &visit.within));
}

/* Both finish in the next round of the turn, and nothing before. */
static void start_both(struct pnd_errand *errand, struct pnd_loop *inside)
{
    (void)errand;
    (void)inside;
    ck_assert_int_eq(pendio_nop(visit.by_record, loop), PENDIO_PENDING);
    ck_assert_int_eq(pendio_context_set_callback(visit.by_call, called, &visit), 0);
    ck_assert_int_eq(pendio_nop(visit.by_call, loop), PENDIO_PENDING);
}

/* It has finished at once, when others were harvested. */
static void finish_one(struct pnd_errand *errand, struct pnd_loop *inside)
{
    (void)errand;
    (void)inside;
    ck_assert_int_eq(pendio_context_set_callback(visit.by_call, called, &visit), 0);
    ck_assert_int_eq(pendio_timer(visit.by_call, UINT64_MAX), PENDIO_PENDING);
    ck_assert_int_eq(pendio_cancel(loop, pendio_context_run(visit.by_call)), 0);
}

static void begin_visit(void (*run)(struct pnd_errand *errand, struct pnd_loop *inside))
{
    struct pendio_pool *pool = workbench_pool(loop, 2, 0);

    visit = (struct visit){.errand.run = send_other, .within.run = run};
    visit.by_record = workbench_context(pool);
    visit.by_call = workbench_context(pool);
    for (int i = 0; i < 2; i++) { /* the first nop of a loop goes a longer way */
        ck_assert_int_eq(pendio_nop(visit.by_record, loop), PENDIO_PENDING);
        (void)workbench_next(loop);
    }
    ck_assert(pnd_wake_send(&workbench_inside(loop)->wake, &visit.errand));
}

static void end_visit(void)
{
    struct pendio_completion record;

    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, &record, 1), 1);
    ck_assert_ptr_eq(record.context, visit.by_record);
    visit.is_told = true;
    ck_assert_int_eq(pendio_loop_turn(loop, 0, &record, 1), 0);
    ck_assert_int_eq(visit.call_count, 1);
}

START_TEST(a_callback_set_within_a_turn_finds_contexts_in_use_until_they_are_told)
{
    begin_visit(start_both);
    end_visit();
}
END_TEST

START_TEST(a_callback_that_finishes_behind_harvested_records_comes_when_they_are_told)
{
    begin_visit(finish_one);
    ck_assert_int_eq(pendio_nop(visit.by_record, loop), PENDIO_PENDING);
    end_visit();
}
END_TEST

/* ---- callbacks and records ------------------------------------------------------------------ */

static void count_call(const struct pendio_completion *completion, void *state)
{
    (void)completion;
    ++*(int *)state;
}

/* How many of as many nops, the last one with a callback, waited to be delivered. */
static uint32_t nops_that_wait(struct pendio_context *const *contexts, uint32_t count)
{
    const struct pnd_loop *inside = workbench_inside(loop);
    struct pendio_completion records[8];
    uint32_t before = inside->records.tail;

    for (uint32_t i = 0; i < count; i++)
        ck_assert_int_eq(pendio_nop(contexts[i], loop), PENDIO_PENDING);
    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, records, 8), (int)(count & 6));
    for (uint32_t i = 0; i < (count & 6); i++)
        ck_assert_ptr_eq(records[i].context, contexts[i]);
    return inside->records.tail - before;
}

START_TEST(records_wait_only_where_a_callback_comes_with_them)
{
    struct pendio_pool *pool = workbench_pool(loop, 3, 0);
    struct pendio_context *contexts[3];
    int call_count = 0;

    for (int i = 0; i < 3; i++)
        contexts[i] = workbench_context(pool);
    (void)nops_that_wait(contexts, 2); /* the first nop of a loop goes a longer way */
    ck_assert_uint_eq(nops_that_wait(contexts, 2), 0);
    ck_assert_int_eq(pendio_context_set_callback(contexts[2], count_call, &call_count), 0);
    for (int i = 1; i <= 3; i++) {
        ck_assert_uint_eq(nops_that_wait(contexts, 2), 0);
        ck_assert_uint_eq(nops_that_wait(contexts, 3), 2);
        ck_assert_int_eq(call_count, i);
    }
}
END_TEST

/* ---- a turn that fails ---------------------------------------------------------------------- */

static int failure; /* of the next submit */

static int fail_once(struct pnd_ring *ring, int64_t wait_ns)
{
    int status = pnd_ring_uring.submit(ring, wait_ns);
    int answer = failure;

    failure = 0;
    return answer != 0 ? answer : status;
}

START_TEST(a_turn_that_fails_with_records_at_hand_gives_them_and_the_next_one_says_so)
{
    struct pnd_ring_backend failing = pnd_ring_uring;
    struct pendio_pool *pool = workbench_pool(loop, 4, 0);
    struct pendio_context *contexts[4];
    struct pendio_completion records[4];

    failing.submit = fail_once;
    for (int i = 0; i < 4; i++)
        contexts[i] = workbench_context(pool);
    ck_assert_int_eq(pendio_nop(contexts[0], loop), PENDIO_PENDING);
    (void)workbench_next(loop);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pendio_nop(contexts[i], loop), PENDIO_PENDING);
    workbench_inside(loop)->ring.backend = &failing;
    failure = -EBADR;
    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, records, 2), 2);
    for (int i = 0; i < 2; i++)
        ck_assert_ptr_eq(records[i].context, contexts[i]);
    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, records, 4), -EBADR);
    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, records, 4), 2);
    for (int i = 0; i < 2; i++)
        ck_assert_ptr_eq(records[i].context, contexts[i + 2]);
    workbench_inside(loop)->ring.backend = &pnd_ring_uring;
    ck_assert_uint_eq(workbench_statistics(loop).delivered, 5);
}
END_TEST

START_TEST(a_turn_that_fails_with_nothing_at_hand_says_so_at_once)
{
    struct pnd_ring_backend failing = pnd_ring_uring;
    struct pendio_context *context = workbench_context(workbench_pool(loop, 1, 0));
    struct pendio_completion record;

    failing.submit = fail_once;
    workbench_inside(loop)->ring.backend = &failing;
    failure = -EBADR;
    ck_assert_int_eq(pendio_loop_turn(loop, 0, &record, 1), -EBADR);
    ck_assert_int_eq(pendio_nop(context, loop), PENDIO_PENDING);
    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, &record, 1), 1);
    workbench_inside(loop)->ring.backend = &pnd_ring_uring;
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_callback_set_within_a_turn_finds_contexts_in_use_until_they_are_told,
        a_callback_that_finishes_behind_harvested_records_comes_when_they_are_told,
        records_wait_only_where_a_callback_comes_with_them,
        a_turn_that_fails_with_records_at_hand_gives_them_and_the_next_one_says_so,
        a_turn_that_fails_with_nothing_at_hand_says_so_at_once,
    };

    return suite_run("harvest", begin, end, tests, sizeof tests / sizeof tests[0]);
}
