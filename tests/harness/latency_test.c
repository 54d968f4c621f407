/* latency_test.c - a histogram within one per cent of each value. */
#include "latency.h"
#include "suite.h"

static struct pnd_latency latency;

static void begin(void)
{
    pnd_latency_init(&latency);
}

START_TEST(nothing_added_gives_zero)
{
    ck_assert_uint_eq(pnd_latency_quantile(&latency, 500), 0);
    ck_assert_uint_eq(pnd_latency_quantile(&latency, 999), 0);
}
END_TEST

START_TEST(a_single_value_is_every_quantile)
{
    pnd_latency_add(&latency, 123456789);
    ck_assert_uint_eq(pnd_latency_quantile(&latency, 1), 123456789);
    ck_assert_uint_eq(pnd_latency_quantile(&latency, 999), 123456789);
    ck_assert_uint_eq(latency.max_ns, 123456789);
}
END_TEST

START_TEST(every_value_is_told_within_one_per_cent)
{
    for (uint64_t value = 1; value < UINT64_MAX / 3; value = value * 2 + value / 3 + 1) {
        pnd_latency_init(&latency);
        pnd_latency_add(&latency, value);
        pnd_latency_add(&latency, UINT64_MAX);
        uint64_t told = pnd_latency_quantile(&latency, 500);
        ck_assert_uint_ge(told, value);
        ck_assert_uint_le(told - value, value / 100 + 1);
    }
}
END_TEST

START_TEST(quantiles_of_a_row_stand_where_they_should)
{
    for (uint64_t i = 1; i <= 1000; i++)
        pnd_latency_add(&latency, i * 1000);
    ck_assert_uint_ge(pnd_latency_quantile(&latency, 500), 500000);
    ck_assert_uint_le(pnd_latency_quantile(&latency, 500), 505000);
    ck_assert_uint_ge(pnd_latency_quantile(&latency, 990), 990000);
    ck_assert_uint_le(pnd_latency_quantile(&latency, 999), 1000000);
    ck_assert_uint_eq(latency.max_ns, 1000000);
}
END_TEST

START_TEST(merging_equals_adding_to_one)
{
    static struct pnd_latency other;
    static struct pnd_latency both;
    pnd_latency_init(&other);
    pnd_latency_init(&both);
    for (uint64_t i = 1; i < 100000; i += 7) {
        pnd_latency_add(i % 2 == 0 ? &latency : &other, i * i);
        pnd_latency_add(&both, i * i);
    }
    pnd_latency_merge(&latency, &other);
    ck_assert_mem_eq(&latency, &both, sizeof both);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing_added_gives_zero,
        a_single_value_is_every_quantile,
        every_value_is_told_within_one_per_cent,
        quantiles_of_a_row_stand_where_they_should,
        merging_equals_adding_to_one,
    };
    return suite_run("latency", begin, NULL, tests, sizeof tests / sizeof tests[0]);
}
