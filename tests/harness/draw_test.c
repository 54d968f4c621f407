/* draw_test.c - the same seed draws the same, and each shape what it says. */
#include "draw.h"
#include "suite.h"

enum { DRAW_COUNT = 20000 };

static struct pnd_draw draw;

static void begin(void)
{
    pnd_draw_init(&draw, 1, 0, 0);
}

static double mean_of(const struct pnd_draw_rule *rule)
{
    double sum = 0;
    for (int i = 0; i < DRAW_COUNT; i++)
        sum += (double)pnd_draw_number(&draw, rule);
    return sum / DRAW_COUNT;
}

START_TEST(the_same_seed_draws_the_same)
{
    struct pnd_draw again;
    pnd_draw_init(&again, 1, 0, 0);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(pnd_draw_next(&draw), pnd_draw_next(&again));
}
END_TEST

START_TEST(the_first_draws_of_the_first_seed_stay_what_they_are)
{
    static const uint64_t first[] = {973, 791, 311, 195, 635, 556};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        ck_assert_uint_eq(pnd_draw_below(&draw, 1000), first[i]);
}
END_TEST

START_TEST(another_seed_actor_or_instance_draws_another_row)
{
    struct pnd_draw others[3];
    uint64_t own = pnd_draw_next(&draw);
    pnd_draw_init(&others[0], 2, 0, 0);
    pnd_draw_init(&others[1], 1, 1, 0);
    pnd_draw_init(&others[2], 1, 0, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_ne(pnd_draw_next(&others[i]), own);
}
END_TEST

START_TEST(always_draws_its_minimum)
{
    const struct pnd_draw_rule rule = {.minimum = 7};
    ck_assert_uint_eq(pnd_draw_number(&draw, &rule), 7);
    ck_assert_uint_eq(pnd_draw_most(&rule), 7);
}
END_TEST

START_TEST(evenly_draws_all_between_its_bounds_alike)
{
    const struct pnd_draw_rule rule = {
        .shape = PENDIO__SHAPE__EVENLY, .minimum = 10, .maximum = 13};
    int counts[4] = {0};
    for (int i = 0; i < DRAW_COUNT; i++) {
        uint64_t drawn = pnd_draw_number(&draw, &rule);
        ck_assert_uint_ge(drawn, 10);
        ck_assert_uint_le(drawn, 13);
        counts[drawn - 10]++;
    }
    for (int i = 0; i < 4; i++)
        ck_assert_int_gt(counts[i], DRAW_COUNT / 4 * 9 / 10);
    ck_assert_uint_eq(pnd_draw_most(&rule), 13);
}
END_TEST

START_TEST(evenly_over_all_numbers_is_possible)
{
    const struct pnd_draw_rule rule = {.shape = PENDIO__SHAPE__EVENLY, .maximum = UINT64_MAX};
    ck_assert_uint_ne(pnd_draw_number(&draw, &rule), pnd_draw_number(&draw, &rule));
}
END_TEST

START_TEST(exponentially_keeps_its_mean_and_its_bounds)
{
    struct pnd_draw_rule rule = {.shape = PENDIO__SHAPE__EXPONENTIALLY, .mean = 1000};
    double mean = mean_of(&rule);
    ck_assert_double_gt(mean, 950);
    ck_assert_double_lt(mean, 1050);
    ck_assert_uint_eq(pnd_draw_most(&rule), 100000);
    rule.minimum = 400;
    rule.maximum = 600;
    for (int i = 0; i < DRAW_COUNT; i++) {
        uint64_t drawn = pnd_draw_number(&draw, &rule);
        ck_assert_uint_ge(drawn, 400);
        ck_assert_uint_le(drawn, 600);
    }
    ck_assert_uint_eq(pnd_draw_most(&rule), 600);
}
END_TEST

START_TEST(among_draws_values_by_their_weights)
{
    static const uint64_t values[] = {1, 100, 10000};
    static const uint32_t weights[] = {1, 3, 0};
    struct pnd_draw_rule rule = {.shape = PENDIO__SHAPE__AMONG,
                                 .values = values,
                                 .weights = weights,
                                 .value_count = 3,
                                 .weight_sum = 4};
    double mean = mean_of(&rule);
    ck_assert_double_gt(mean, 73); /* 0.25 * 1 + 0.75 * 100 */
    ck_assert_double_lt(mean, 78);
    ck_assert_uint_eq(pnd_draw_most(&rule), 100);
    rule.weights = NULL;
    mean = mean_of(&rule);
    ck_assert_double_gt(mean, 3200);
    ck_assert_double_lt(mean, 3530);
    ck_assert_uint_eq(pnd_draw_most(&rule), 10000);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_same_seed_draws_the_same,
        the_first_draws_of_the_first_seed_stay_what_they_are,
        another_seed_actor_or_instance_draws_another_row,
        always_draws_its_minimum,
        evenly_draws_all_between_its_bounds_alike,
        evenly_over_all_numbers_is_possible,
        exponentially_keeps_its_mean_and_its_bounds,
        among_draws_values_by_their_weights,
    };
    return suite_run("draw", begin, NULL, tests, sizeof tests / sizeof tests[0]);
}
