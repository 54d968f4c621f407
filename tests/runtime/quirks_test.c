/*
 * quirks_test.c - kernels that do a feature wrong are known by their release, and no others.
 */
#include "quirks.h"
#include "suite.h"

#include <pendio/pendio.h>

START_TEST(a_range_begins_with_the_fault_and_ends_where_it_is_mended)
{
    const uint64_t incremental = PENDIO_FEATURE_INCREMENTAL_BUFFERS;

    ck_assert_uint_eq(pnd_quirks_of("6.11.9") & incremental, 0);
    ck_assert_uint_eq(pnd_quirks_of("6.12.0") & incremental, incremental);
    ck_assert_uint_eq(pnd_quirks_of("6.12.48+deb13-amd64") & incremental, incremental);
    ck_assert_uint_eq(pnd_quirks_of("6.16.12") & incremental, incremental);
    ck_assert_uint_eq(pnd_quirks_of("6.17.0-rc1") & incremental, 0);
    ck_assert_uint_eq(pnd_quirks_of("6.18.0") & incremental, 0);
    ck_assert_uint_eq(pnd_quirks_of("7.0.0") & incremental, 0);
}
END_TEST

START_TEST(a_patch_release_decides_where_it_has_to)
{
    const uint64_t receive = PENDIO_FEATURE_MULTISHOT_RECEIVE;

    ck_assert_uint_eq(pnd_quirks_of("6.1.6") & receive, 0);
    ck_assert_uint_eq(pnd_quirks_of("6.1.7-1-amd64") & receive, receive);
    ck_assert_uint_eq(pnd_quirks_of("6.1.9") & receive, 0);
    ck_assert_uint_eq(pnd_quirks_of("6.1.115") & receive, 0);
}
END_TEST

START_TEST(what_is_no_release_has_no_quirks)
{
    ck_assert_uint_eq(pnd_quirks_of(""), 0);
    ck_assert_uint_eq(pnd_quirks_of("linux"), 0);
    ck_assert_uint_eq(pnd_quirks_of("6"), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_range_begins_with_the_fault_and_ends_where_it_is_mended,
        a_patch_release_decides_where_it_has_to,
        what_is_no_release_has_no_quirks,
    };

    return suite_run("quirks", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
