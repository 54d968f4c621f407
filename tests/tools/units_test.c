/*
 * units_test.c - numbers as people read them, at the edges of their units.
 *
 * - Three digits always, and never "1000" of something that has a larger unit.
 */
#include "units.h"

#include "cli.h"

START_TEST(bytes_have_binary_units)
{
    ck_assert_str_eq(pnd_units_bytes(0).text, "0 B");
    ck_assert_str_eq(pnd_units_bytes(1023).text, "1023 B");
    ck_assert_str_eq(pnd_units_bytes(1024).text, "1.00 KiB");
    ck_assert_str_eq(pnd_units_bytes(64 << 20).text, "64.0 MiB");
    ck_assert_str_eq(pnd_units_bytes(UINT64_MAX).text, "16777216 TiB");
}
END_TEST

START_TEST(times_go_from_nanoseconds_to_seconds)
{
    ck_assert_str_eq(pnd_units_ns(0).text, "0 ns");
    ck_assert_str_eq(pnd_units_ns(999).text, "999 ns");
    ck_assert_str_eq(pnd_units_ns(1000).text, "1.00 us");
    ck_assert_str_eq(pnd_units_ns(9994).text, "9.99 us");
    ck_assert_str_eq(pnd_units_ns(9996).text, "10.0 us");
    ck_assert_str_eq(pnd_units_ns(99960).text, "100 us");
    ck_assert_str_eq(pnd_units_ns(999499).text, "999 us");
    ck_assert_str_eq(pnd_units_ns(999500).text, "1.00 ms");
    ck_assert_str_eq(pnd_units_ns(61000000000).text, "61.0 s");
}
END_TEST

START_TEST(brief_counts_have_no_unit_below_a_thousand)
{
    ck_assert_str_eq(pnd_units_brief(0).text, "0");
    ck_assert_str_eq(pnd_units_brief(999).text, "999");
    ck_assert_str_eq(pnd_units_brief(12345).text, "12.3 k");
    ck_assert_str_eq(pnd_units_brief(4000000).text, "4.00 M");
}
END_TEST

START_TEST(ratio_of_nothing_is_a_dash)
{
    ck_assert_str_eq(pnd_units_times(5, 0).text, "-");
    ck_assert_str_eq(pnd_units_times(0, 5).text, "0.0x");
    ck_assert_str_eq(pnd_units_times(3, 2).text, "1.5x");
    ck_assert_str_eq(pnd_units_times(10000, 1).text, "10000x");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.units");
    TCase *numbers = tcase_create("numbers");
    tcase_add_test(numbers, bytes_have_binary_units);
    tcase_add_test(numbers, times_go_from_nanoseconds_to_seconds);
    tcase_add_test(numbers, brief_counts_have_no_unit_below_a_thousand);
    tcase_add_test(numbers, ratio_of_nothing_is_a_dash);
    suite_add_tcase(suite, numbers);
    return cli_run_suite(suite);
}
