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

/* Sent to the loop by itself: the first runs before the turn's rounds, and sends the second. */
struct visit {
    struct pnd_errand errand;
    struct pnd_errand second;
    struct pendio_context *by_record;
    struct pendio_context *by_call;
    int call_count;
};

static struct visit visit;

static void called(const struct pendio_completion *completion, void *state)
{
    ck_assert_ptr_eq(state, &visit);
    ck_assert_ptr_eq(completion->context, visit.by_call);
    visit.call_count++;
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

static void send_second(struct pnd_errand *errand, struct pnd_loop *inside)
{
    (void)errand;
    ck_assert(pnd_wake_send(&inside->wake, &visit.second));
}

START_TEST(a_callback_set_within_a_turn_does_not_come_between_a_record_and_its_taker)
{
    struct pendio_pool *pool = workbench_pool(loop, 2, 0);
    struct pendio_completion record;

    visit = (struct visit){.errand.run = send_second, .second.run = start_both};
    visit.by_record = workbench_context(pool);
    visit.by_call = workbench_context(pool);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pendio_nop(visit.by_record, loop), PENDIO_PENDING);
        (void)workbench_next(loop);
    }
    ck_assert(pnd_wake_send(&workbench_inside(loop)->wake, &visit.errand));
    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, &record, 1), 1);
    ck_assert_ptr_eq(record.context, visit.by_record);
    ck_assert_int_eq(visit.call_count, 0);
    ck_assert_int_eq(pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, &record, 1), 0);
    ck_assert_int_eq(visit.call_count, 1);
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
        a_callback_set_within_a_turn_does_not_come_between_a_record_and_its_taker,
        a_turn_that_fails_with_records_at_hand_gives_them_and_the_next_one_says_so,
        a_turn_that_fails_with_nothing_at_hand_says_so_at_once,
    };

    return suite_run("harvest", begin, end, tests, sizeof tests / sizeof tests[0]);
}
