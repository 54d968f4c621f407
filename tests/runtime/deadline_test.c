/*
 * deadline_test.c - the timer wheel against a naive list of due times.
 *
 * - Times are chosen to lie on every level, and advances to cross the boundaries of every level.
 */
#include "deadline.h"
#include "suite.h"

#include <stdlib.h>

/* Of 64 bits, as all times. */
#define TICK_NS UINT64_C(1000)

enum { DEADLINE_COUNT = 400, STEP_COUNT = 60000, LEVEL_BITS = 6 };

struct model {
    struct pnd_deadline deadline; /* first: a deadline is its model */
    uint64_t due_ns;
    uint64_t added_count; /* when it was added, in additions */
    bool active;
};

static struct pnd_wheel wheel;
static struct model models[DEADLINE_COUNT];
static uint64_t added_count;

static uint64_t random_below(uint64_t limit)
{
    uint64_t value = (uint64_t)random() << 31 | (uint64_t)random();

    return limit == 0 ? 0 : value % limit;
}

/* Evenly spread over the levels, not over time. */
static uint64_t random_span_ns(void)
{
    return random_below(UINT64_C(1) << (1 + random() % 52));
}

static uint64_t tick_after(uint64_t time_ns)
{
    return (time_ns + TICK_NS - 1) / TICK_NS;
}

static void begin_at(uint64_t now_ns)
{
    pnd_wheel_init(&wheel, TICK_NS, now_ns);
    for (int i = 0; i < DEADLINE_COUNT; i++)
        models[i] = (struct model){.active = false};
    added_count = 0;
}

static void begin(void)
{
    srandom(7);
    begin_at(0);
}

static void add(struct model *model, uint64_t due_ns)
{
    model->due_ns = due_ns;
    model->active = true;
    model->added_count = added_count++;
    pnd_wheel_add(&wheel, &model->deadline, due_ns);
}

static void remove_one(struct model *model)
{
    pnd_wheel_remove(&wheel, &model->deadline);
    model->active = false;
}

static struct model *take(void)
{
    return (struct model *)pnd_wheel_take_due(&wheel);
}

/* What comes out is due, in order of ticks, and within a tick in order of adding. */
static uint32_t take_all(uint64_t now_ns)
{
    struct model *before = NULL;
    struct model *model;
    uint32_t count = 0;

    while ((model = take()) != NULL) {
        ck_assert(model->active);
        ck_assert_uint_ge(now_ns, model->due_ns);
        if (before != NULL && before->deadline.tick == model->deadline.tick)
            ck_assert_uint_lt(before->added_count, model->added_count);
        else if (before != NULL)
            ck_assert_uint_lt(before->deadline.tick, model->deadline.tick);
        model->active = false;
        before = model;
        count++;
    }
    return count;
}

/* Nobody was forgotten who is due for a tick or longer. */
static void check_rest(uint64_t now_ns)
{
    uint32_t active_count = 0;
    uint64_t earliest_tick = UINT64_MAX;

    for (int i = 0; i < DEADLINE_COUNT; i++) {
        if (!models[i].active)
            continue;
        active_count++;
        ck_assert_uint_lt(now_ns, models[i].due_ns + TICK_NS);
        if (tick_after(models[i].due_ns) < earliest_tick)
            earliest_tick = tick_after(models[i].due_ns);
    }
    ck_assert_uint_eq(wheel.count, active_count);
    if (active_count == 0)
        ck_assert_uint_eq(pnd_wheel_next_ns(&wheel), UINT64_MAX);
    else
        ck_assert_uint_le(pnd_wheel_next_ns(&wheel) / TICK_NS,
                          earliest_tick > wheel.now_tick ? earliest_tick : wheel.now_tick + 1);
}

static uint64_t step_time(uint64_t now_ns)
{
    uint64_t next_ns = pnd_wheel_next_ns(&wheel);

    if (random() % 2 == 0 && next_ns != UINT64_MAX)
        return next_ns > now_ns ? next_ns : now_ns;
    return now_ns + random_span_ns() / 64;
}

static void step(struct model *model, uint64_t *now_ns)
{
    switch (random() % 4) {
    case 0:
    case 1:
        if (!model->active)
            add(model, *now_ns + random_span_ns());
        break;
    case 2:
        remove_one(model);
        break;
    default:
        *now_ns = step_time(*now_ns);
        pnd_wheel_advance(&wheel, *now_ns);
        (void)take_all(*now_ns);
        check_rest(*now_ns);
        break;
    }
}

START_TEST(random_adds_removes_and_advances_agree_with_a_list)
{
    uint64_t now_ns = random_span_ns();

    begin_at(now_ns);
    for (int i = 0; i < STEP_COUNT; i++)
        step(&models[random() % DEADLINE_COUNT], &now_ns);
}
END_TEST

START_TEST(every_level_boundary_is_crossed_without_early_or_lost_deadlines)
{
    for (unsigned level = 1; level < PND_WHEEL_LEVELS; level++) {
        uint64_t boundary_ns = (UINT64_C(1) << (level * LEVEL_BITS)) * TICK_NS;

        begin_at(boundary_ns - TICK_NS);
        add(&models[0], boundary_ns - 1);
        add(&models[1], boundary_ns);
        add(&models[2], boundary_ns + 1);
        pnd_wheel_advance(&wheel, boundary_ns - 1);
        ck_assert_uint_eq(take_all(boundary_ns - 1), 0);
        pnd_wheel_advance(&wheel, boundary_ns);
        ck_assert_uint_eq(take_all(boundary_ns), 2);
        pnd_wheel_advance(&wheel, boundary_ns + TICK_NS);
        ck_assert_uint_eq(take_all(boundary_ns + TICK_NS), 1);
        check_rest(boundary_ns + TICK_NS);
    }
}
END_TEST

START_TEST(deadlines_of_one_tick_come_in_order_of_adding_also_from_different_levels)
{
    const uint64_t due_ns = 6400 * TICK_NS;

    add(&models[0], due_ns);
    pnd_wheel_advance(&wheel, due_ns - 70 * TICK_NS);
    add(&models[1], due_ns);
    pnd_wheel_advance(&wheel, due_ns - TICK_NS);
    add(&models[2], due_ns - 1);
    pnd_wheel_advance(&wheel, due_ns);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_eq(take(), &models[i]);
    ck_assert_ptr_null(take());
}
END_TEST

START_TEST(a_deadline_removed_while_due_is_not_handed_out)
{
    for (int i = 0; i < 3; i++)
        add(&models[i], TICK_NS);
    pnd_wheel_advance(&wheel, TICK_NS);
    remove_one(&models[1]);
    ck_assert_ptr_eq(take(), &models[0]);
    remove_one(&models[2]);
    ck_assert_ptr_null(take());
    ck_assert(pnd_wheel_is_empty(&wheel));
}
END_TEST

START_TEST(a_deadline_taken_may_be_added_again_at_once)
{
    add(&models[0], TICK_NS);
    pnd_wheel_advance(&wheel, TICK_NS);
    ck_assert_ptr_eq(take(), &models[0]);
    add(&models[0], TICK_NS); /* past by now: due with the next tick, not in this advance */
    ck_assert_ptr_null(take());
    pnd_wheel_advance(&wheel, 2 * TICK_NS);
    ck_assert_ptr_eq(take(), &models[0]);
}
END_TEST

START_TEST(removing_what_is_in_no_wheel_changes_nothing)
{
    add(&models[0], TICK_NS);
    remove_one(&models[1]);
    remove_one(&models[0]);
    remove_one(&models[0]);
    ck_assert(pnd_wheel_is_empty(&wheel));
    ck_assert_uint_eq(pnd_wheel_next_ns(&wheel), UINT64_MAX);
}
END_TEST

START_TEST(the_end_of_time_is_never_reached)
{
    const uint64_t century_ns = UINT64_C(100) * 365 * 86400 * 1000000000;

    pnd_wheel_init(&wheel, 50000, century_ns);
    add(&models[0], UINT64_MAX);
    add(&models[1], century_ns + 50000);
    pnd_wheel_advance(&wheel, 2 * century_ns);
    ck_assert_ptr_eq(take(), &models[1]);
    ck_assert_ptr_null(take());
    ck_assert_uint_gt(pnd_wheel_next_ns(&wheel), 2 * century_ns);
}
END_TEST

START_TEST(a_wheel_not_advanced_for_long_takes_new_deadlines_as_well)
{
    const uint64_t late_ns = 5000000 * TICK_NS;

    add(&models[0], late_ns + 5 * TICK_NS); /* now is still 0 for the wheel */
    pnd_wheel_advance(&wheel, late_ns);
    ck_assert_ptr_null(take());
    pnd_wheel_advance(&wheel, late_ns + 5 * TICK_NS);
    ck_assert_ptr_eq(take(), &models[0]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        random_adds_removes_and_advances_agree_with_a_list,
        every_level_boundary_is_crossed_without_early_or_lost_deadlines,
        deadlines_of_one_tick_come_in_order_of_adding_also_from_different_levels,
        a_deadline_removed_while_due_is_not_handed_out,
        a_deadline_taken_may_be_added_again_at_once,
        removing_what_is_in_no_wheel_changes_nothing,
        the_end_of_time_is_never_reached,
        a_wheel_not_advanced_for_long_takes_new_deadlines_as_well,
    };

    return suite_run("deadline", begin, NULL, tests, sizeof tests / sizeof tests[0]);
}
