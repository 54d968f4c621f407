/* load_test.c - when rounds are to begin: at their rate, at once, in a row, and until when. */
#include "load.h"
#include "suite.h"

#define SECOND UINT64_C(1000000000)

static const uint64_t begun_ns = 5 * SECOND;
static struct pnd_load load;
static struct pnd_draw draw;

static void begin(void)
{
    pnd_load_begin(&load, begun_ns);
    pnd_draw_init(&draw, 1, 0, 0);
}

/* Since the beginning, or UINT64_MAX at the end. */
static uint64_t next(const struct pnd_load_rule *rule)
{
    uint64_t at_ns = 0;
    bool more = pnd_load_next(&load, rule, &draw, begun_ns, &at_ns);
    return more ? at_ns - begun_ns : UINT64_MAX;
}

static uint64_t count_all(const struct pnd_load_rule *rule)
{
    uint64_t count = 0;
    while (next(rule) != UINT64_MAX)
        count++;
    return count;
}

START_TEST(constant_arrivals_keep_their_distance_until_their_time)
{
    const struct pnd_load_rule rule = {
        .arrival = PENDIO__ARRIVAL__CONSTANT, .rate = 1000, .time_ns = 3000000};
    for (uint64_t i = 0; i < 3; i++)
        ck_assert_uint_eq(next(&rule), i * 1000000);
    ck_assert_uint_eq(next(&rule), UINT64_MAX);
    ck_assert_uint_eq(pnd_load_estimate(&rule), 3);
}
END_TEST

START_TEST(poisson_arrivals_keep_their_rate_and_are_not_even)
{
    const struct pnd_load_rule rule = {
        .arrival = PENDIO__ARRIVAL__POISSON, .rate = 1000, .time_ns = 10 * SECOND};
    uint64_t first_ns = next(&rule);
    uint64_t second_ns = next(&rule);
    ck_assert_uint_ge(second_ns, first_ns);
    ck_assert_uint_ne(second_ns - first_ns, first_ns);
    uint64_t count = count_all(&rule);
    ck_assert_uint_gt(count, 9600);
    ck_assert_uint_lt(count, 10400);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_arrivals)
{
    const struct pnd_load_rule rule = {.arrival = PENDIO__ARRIVAL__POISSON, .rate = 1000};
    uint64_t first_ns = next(&rule);
    uint64_t second_ns = next(&rule);
    begin();
    ck_assert_uint_eq(next(&rule), first_ns);
    ck_assert_uint_eq(next(&rule), second_ns);
}
END_TEST

START_TEST(a_ramp_goes_from_one_rate_to_another_and_stays_there)
{
    const struct pnd_load_rule rule = {.arrival = PENDIO__ARRIVAL__RAMP,
                                       .rate = 0,
                                       .end_rate = 100,
                                       .ramp_ns = 2 * SECOND,
                                       .time_ns = 3 * SECOND};
    uint64_t before_ns = 0;
    uint64_t count = 0;
    for (uint64_t at_ns; (at_ns = next(&rule)) != UINT64_MAX; count++) {
        ck_assert(count == 0 || at_ns > before_ns);
        if (count == 101) /* 100 in the ramp, then one each 10 ms */
            ck_assert_uint_eq((at_ns + 500) / 1000, 2010000);
        before_ns = at_ns;
    }
    ck_assert_uint_eq(count, 200);
    ck_assert_uint_eq(pnd_load_estimate(&rule), 200);
}
END_TEST

START_TEST(a_ramp_may_go_down)
{
    const struct pnd_load_rule rule = {.arrival = PENDIO__ARRIVAL__RAMP,
                                       .rate = 300,
                                       .end_rate = 100,
                                       .ramp_ns = SECOND,
                                       .time_ns = SECOND / 2};
    ck_assert_uint_eq(count_all(&rule), 125);
    ck_assert_uint_eq(pnd_load_estimate(&rule), 125);
}
END_TEST

START_TEST(bursts_come_at_once_and_keep_the_rate)
{
    const struct pnd_load_rule rule = {
        .arrival = PENDIO__ARRIVAL__BURST, .rate = 100, .burst_count = 5, .time_ns = SECOND};
    for (uint64_t i = 0; i < 15; i++)
        ck_assert_uint_eq(next(&rule), i / 5 * 50000000);
    ck_assert_uint_eq(count_all(&rule), 85);
}
END_TEST

START_TEST(a_trace_has_the_times_it_lists)
{
    static const uint64_t at_ns[] = {0, 10, 10, 400};
    const struct pnd_load_rule rule = {
        .arrival = PENDIO__ARRIVAL__TRACE, .at_ns = at_ns, .at_count = 4};
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(next(&rule), at_ns[i]);
    ck_assert_uint_eq(next(&rule), UINT64_MAX);
    ck_assert_uint_eq(pnd_load_estimate(&rule), 4);
}
END_TEST

START_TEST(a_closed_load_begins_now_until_its_time)
{
    const struct pnd_load_rule rule = {.arrival = PENDIO__ARRIVAL__CLOSED, .time_ns = 100};
    uint64_t at_ns = 0;
    ck_assert(pnd_load_next(&load, &rule, &draw, begun_ns + 99, &at_ns));
    ck_assert_uint_eq(at_ns, begun_ns + 99);
    ck_assert(!pnd_load_next(&load, &rule, &draw, begun_ns + 100, &at_ns));
}
END_TEST

/* One round in each slice of 10 ns. */
static void tell(const struct pnd_load_rule *rule, uint64_t slice, uint64_t latency_ns)
{
    pnd_load_told(&load, rule, begun_ns + slice * 10 + 5, latency_ns);
}

START_TEST(ten_slices_alike_are_steady_and_end_it)
{
    const struct pnd_load_rule rule = {
        .arrival = PENDIO__ARRIVAL__CONSTANT, .rate = 1000, .steady_percent = 5, .slice_ns = 10};
    uint64_t slice = 0;
    for (; slice < 20; slice++)
        tell(&rule, slice, slice % 2 == 0 ? 100 : 200);
    for (; slice < 30; slice++)
        tell(&rule, slice, 150 + slice % 2);
    ck_assert_uint_ne(next(&rule), UINT64_MAX);
    tell(&rule, slice, 1); /* only now the tenth of them is over */
    ck_assert_uint_eq(next(&rule), UINT64_MAX);
}
END_TEST

START_TEST(a_slice_without_a_round_begins_the_row_anew)
{
    const struct pnd_load_rule rule = {
        .arrival = PENDIO__ARRIVAL__CONSTANT, .rate = 1000, .steady_percent = 5, .slice_ns = 10};
    for (uint64_t slice = 0; slice < 8; slice++)
        tell(&rule, slice, 100);
    for (uint64_t slice = 9; slice < 19; slice++)
        tell(&rule, slice, 100);
    ck_assert_uint_ne(next(&rule), UINT64_MAX);
    tell(&rule, 19, 100);
    ck_assert_uint_eq(next(&rule), UINT64_MAX);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        constant_arrivals_keep_their_distance_until_their_time,
        poisson_arrivals_keep_their_rate_and_are_not_even,
        the_same_seed_gives_the_same_arrivals,
        a_ramp_goes_from_one_rate_to_another_and_stays_there,
        a_ramp_may_go_down,
        bursts_come_at_once_and_keep_the_rate,
        a_trace_has_the_times_it_lists,
        a_closed_load_begins_now_until_its_time,
        ten_slices_alike_are_steady_and_end_it,
        a_slice_without_a_round_begins_the_row_anew,
    };
    return suite_run("load", begin, NULL, tests, sizeof tests / sizeof tests[0]);
}
