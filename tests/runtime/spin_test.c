/*
 * spin_test.c - what a loop sees when it looks before it sleeps.
 *
 * Happy path:  the table of the loop's ring is replaced by one in whose looks something happens:
 *              so it happens in the midst of a look, whatever the machine is busy with.
 */
#include "fixture.h"
#include "loop.h"
#include "pool.h"

enum { SPIN_NS = 1000000000, LOOK_COUNT = 100, TIMER_NS = 2000000, SLACK_NS = 1000 };

static struct fixture fixture;

static struct {
    struct pnd_ring_backend table;
    uint64_t look_count;
    uint64_t late_count; /* looks when the timer was due, and overdue by the slack */
    uint64_t due_ns;
} stand_in;

static void begin(bool (*is_stirring)(const struct pnd_ring *ring))
{
    const struct pendio_loop_options options = {
        .size = sizeof options, .spin_ns = SPIN_NS, .timer_slack_ns = SLACK_NS};
    struct pnd_loop *loop;

    fixture_init_with(&fixture, &options, 2, 0);
    loop = (struct pnd_loop *)fixture.loop;
    stand_in.table = pnd_ring_uring;
    stand_in.table.is_stirring = is_stirring;
    loop->ring.backend = &stand_in.table;
}

static void end(void)
{
    ((struct pnd_loop *)fixture.loop)->ring.backend = &pnd_ring_uring;
    fixture_fini(&fixture);
}

/* Where the kernel hides what it has done no loop looks. */
static bool looks(void)
{
    return ((struct pnd_loop *)fixture.loop)->spin.most_ns != 0;
}

static bool post(const struct pnd_ring *ring)
{
    (void)ring;
    if (++stand_in.look_count == LOOK_COUNT)
        ck_assert_int_eq(pendio_loop_post(fixture.loop, 7, 8), 0);
    return false;
}

static bool wake(const struct pnd_ring *ring)
{
    (void)ring;
    if (++stand_in.look_count == LOOK_COUNT)
        ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    return false;
}

START_TEST(message_that_comes_while_it_looks_is_seen)
{
    begin(post);
    if (!looks())
        ck_assert_int_eq(pendio_loop_post(fixture.loop, 7, 8), 0);
    ck_assert_uint_eq(fixture_next(&fixture)->value, 8);
    ck_assert_uint_eq(fixture_stats(&fixture).spins, looks());
    ck_assert_uint_eq(fixture_stats(&fixture).spins_paid, looks());
    end();
}
END_TEST

START_TEST(wake_up_that_comes_while_it_looks_is_seen)
{
    begin(wake);
    if (!looks())
        ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, NULL, 0), 0);
    ck_assert_uint_eq(fixture_stats(&fixture).spins, looks());
    ck_assert_uint_eq(fixture_stats(&fixture).spins_paid, looks());
    end();
}
END_TEST

static bool watch(const struct pnd_ring *ring)
{
    (void)ring;
    stand_in.late_count += pnd_clock_ns() >= stand_in.due_ns;
    return false;
}

START_TEST(looks_end_when_a_timer_is_due)
{
    struct pendio_context *context;

    begin(watch);
    context = fixture_get(&fixture);
    expect_pending(pendio_timer(context, TIMER_NS));
    stand_in.due_ns = pnd_clock_ns() + TIMER_NS + SLACK_NS;
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_uint_le(stand_in.late_count, LOOK_COUNT);
    end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {message_that_comes_while_it_looks_is_seen, 0},
        {wake_up_that_comes_while_it_looks_is_seen, 0},
        {looks_end_when_a_timer_is_due, 0},
    };

    return fixture_run("runtime: spin", cases, sizeof cases / sizeof cases[0]);
}
