/* names_test.c - numbers as people write them. */
#include "names.h"
#include "suite.h"

#include <pendio/pendio.h>

#include <errno.h>

START_TEST(errors_are_found_by_their_names)
{
    ck_assert_int_eq(pnd_names_find_error("ECANCELED"), ECANCELED);
    ck_assert_int_eq(pnd_names_find_error("0"), 0);
    ck_assert_int_eq(pnd_names_find_error("EHWPOISON"), EHWPOISON);
    ck_assert_int_eq(pnd_names_find_error("ENONSENSE"), -1);
    ck_assert_int_eq(pnd_names_find_error(""), -1);
}
END_TEST

START_TEST(every_error_has_a_name_also_one_nobody_knows)
{
    ck_assert_str_eq(pnd_names_error(-EBADF), "EBADF");
    ck_assert_str_eq(pnd_names_error(EBADF), "EBADF");
    ck_assert_str_eq(pnd_names_error(0), "0");
    ck_assert_str_eq(pnd_names_error(-4000), "unknown");
}
END_TEST

START_TEST(flags_and_operations_have_the_names_of_the_header)
{
    ck_assert_uint_eq(pnd_names_find_flag("BY_CANCEL"), PENDIO_BY_CANCEL);
    ck_assert_uint_eq(pnd_names_find_flag("END_OF_STREAM"), PENDIO_END_OF_STREAM);
    ck_assert_uint_eq(pnd_names_find_flag("LENT_BY_NOBODY"), 0);
    ck_assert_str_eq(pnd_names_operation(PENDIO_OPERATION_RECEIVE_FROM), "RECEIVE_FROM");
    ck_assert_str_eq(pnd_names_operation(PENDIO_OPERATION_MKDIR), "MKDIR");
    ck_assert_str_eq(pnd_names_operation(PENDIO_OPERATION_MOVE + 1), "unknown");
    ck_assert_str_eq(pnd_names_operation(999), "unknown");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        errors_are_found_by_their_names,
        every_error_has_a_name_also_one_nobody_knows,
        flags_and_operations_have_the_names_of_the_header,
    };
    return suite_run("names", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
