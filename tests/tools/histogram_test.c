/* histogram_test.c - quantiles, merging, and what is no histogram. */
#include "histogram.h"

#include "cli.h"

#include <errno.h>

static Pendio__Histogram merged = PENDIO__HISTOGRAM__INIT;

static Pendio__Histogram of(uint32_t linear_bits, uint32_t *buckets, uint64_t *counts,
                            size_t bucket_count)
{
    Pendio__Histogram histogram = PENDIO__HISTOGRAM__INIT;
    histogram.linear_bits = linear_bits;
    histogram.buckets = buckets;
    histogram.counts = counts;
    histogram.n_buckets = histogram.n_counts = bucket_count;
    histogram.max = pnd_histogram_high(linear_bits, buckets[bucket_count - 1]);
    return histogram;
}

START_TEST(buckets_follow_on_each_other_up_to_the_largest_number)
{
    for (uint32_t bits = 0; bits <= 8; bits++) {
        uint32_t last = ((65 - bits) << bits) - 1;
        ck_assert_uint_eq(pnd_histogram_low(bits, 0), 0);
        for (uint32_t bucket = 1; bucket <= last; bucket++)
            ck_assert_uint_eq(pnd_histogram_low(bits, bucket),
                              pnd_histogram_high(bits, bucket - 1) + 1);
        ck_assert_uint_eq(pnd_histogram_high(bits, last), UINT64_MAX);
    }
}
END_TEST

START_TEST(quantiles_are_those_of_the_values)
{
    uint32_t buckets[] = {1, 5, 100};
    uint64_t counts[] = {500, 499, 1};
    Pendio__Histogram histogram = of(7, buckets, counts, 3);
    ck_assert(pnd_histogram_is_sound(&histogram));
    ck_assert_uint_eq(pnd_histogram_count(&histogram), 1000);
    ck_assert_uint_eq(pnd_histogram_quantile(&histogram, 500), 1);
    ck_assert_uint_eq(pnd_histogram_quantile(&histogram, 501), 5);
    ck_assert_uint_eq(pnd_histogram_quantile(&histogram, 999), 5);
    ck_assert_uint_eq(pnd_histogram_quantile(&histogram, 1000), 100);
}
END_TEST

START_TEST(merging_adds_bucket_by_bucket)
{
    uint32_t first_buckets[] = {1, 5, 9}, second_buckets[] = {0, 5, 200};
    uint64_t first_counts[] = {1, 2, 3}, second_counts[] = {10, 20, 30};
    Pendio__Histogram first = of(7, first_buckets, first_counts, 3);
    Pendio__Histogram second = of(7, second_buckets, second_counts, 3);
    static const uint32_t buckets[] = {0, 1, 5, 9, 200};
    static const uint64_t counts[] = {10, 1, 22, 3, 30};
    ck_assert_int_eq(pnd_histogram_merge(&merged, &first), 0);
    ck_assert_int_eq(pnd_histogram_merge(&merged, &second), 0);
    ck_assert_uint_eq(merged.n_buckets, 5);
    ck_assert_mem_eq(merged.buckets, buckets, sizeof buckets);
    ck_assert_mem_eq(merged.counts, counts, sizeof counts);
    ck_assert_uint_eq(merged.max, second.max);
    ck_assert(pnd_histogram_is_sound(&merged));
}
END_TEST

START_TEST(another_scale_is_not_merged)
{
    uint32_t buckets[] = {1};
    uint64_t counts[] = {1};
    Pendio__Histogram first = of(7, buckets, counts, 1);
    Pendio__Histogram second = of(6, buckets, counts, 1);
    ck_assert_int_eq(pnd_histogram_merge(&merged, &first), 0);
    ck_assert_int_eq(pnd_histogram_merge(&merged, &second), -EINVAL);
    ck_assert_uint_eq(pnd_histogram_count(&merged), 1);
}
END_TEST

START_TEST(what_files_may_say_is_looked_at_first)
{
    uint32_t descending[] = {5, 1}, twice[] = {5, 5}, beyond[] = {1, ((65 - 7) << 7)};
    uint64_t counts[] = {1, 1};
    uint32_t *const lists[] = {descending, twice, beyond};
    Pendio__Histogram histogram = of(7, (uint32_t[]){1, 2}, counts, 2);
    ck_assert(pnd_histogram_is_sound(&histogram));
    histogram.n_counts = 1;
    ck_assert(!pnd_histogram_is_sound(&histogram));
    histogram.n_counts = 2;
    histogram.linear_bits = 60;
    ck_assert(!pnd_histogram_is_sound(&histogram));
    histogram.linear_bits = 7;
    for (size_t index = 0; index < sizeof lists / sizeof lists[0]; index++) {
        histogram.buckets = lists[index];
        ck_assert(!pnd_histogram_is_sound(&histogram));
    }
    histogram.n_buckets = histogram.n_counts = 0;
    ck_assert(!pnd_histogram_is_sound(&histogram));
    ck_assert(!pnd_histogram_is_sound(NULL));
}
END_TEST

static void teardown(void)
{
    pnd_histogram_fini(&merged);
    merged = (Pendio__Histogram)PENDIO__HISTOGRAM__INIT;
}

int main(void)
{
    Suite *suite = suite_create("histogram");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, buckets_follow_on_each_other_up_to_the_largest_number);
    tcase_add_test(tests, quantiles_are_those_of_the_values);
    tcase_add_test(tests, merging_adds_bucket_by_bucket);
    tcase_add_test(tests, another_scale_is_not_merged);
    tcase_add_test(tests, what_files_may_say_is_looked_at_first);
    suite_add_tcase(suite, tests);
    return cli_run_suite(suite);
}
