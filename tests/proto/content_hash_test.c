/* content_hash_test.c - the same for the same workload, another for every other one. */
#include "content_hash.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char name[] = "area/one";
static char digits[PND_CONTENT_HASH_BYTES];

static Pendio__Workload workload_named(char *workload_name)
{
    Pendio__Workload workload = PENDIO__WORKLOAD__INIT;
    workload.name = workload_name;
    return workload;
}

START_TEST(the_hash_is_that_of_the_packed_bytes)
{
    /* printf '\x12\x08area/one' | sha256sum */
    static const char right[] = "3387a0aac7184c9e1243b829865e72f904d67cc817b70f0bc33aadde8beebae5";
    Pendio__Workload workload = workload_named(name);
    ck_assert_int_eq(pnd_content_hash(&workload, digits), 0);
    ck_assert_str_eq(digits, right);
}
END_TEST

START_TEST(the_hash_that_a_workload_names_is_not_part_of_it)
{
    struct pnd_message_error error = {""};
    Pendio__Workload workload = workload_named(name);
    ck_assert_int_eq(pnd_content_hash_check(&workload, &error), 0);
    ck_assert_int_eq(pnd_content_hash(&workload, digits), 0);
    workload.content_hash = digits;
    ck_assert_int_eq(pnd_content_hash_check(&workload, &error), 0);
    ck_assert_str_eq(error.text, "");
}
END_TEST

START_TEST(whatever_is_changed_changes_it)
{
    struct pnd_message_error error = {""};
    Pendio__Workload workload = workload_named(name);
    ck_assert_int_eq(pnd_content_hash(&workload, digits), 0);
    workload.content_hash = digits;
    workload.seed = 7;
    ck_assert_int_eq(pnd_content_hash_check(&workload, &error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.text, digits));
    ck_assert_ptr_nonnull(strstr(error.text, "write that there, or undo what was changed"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("content_hash");
    TCase *all = tcase_create("all");
    tcase_add_test(all, the_hash_is_that_of_the_packed_bytes);
    tcase_add_test(all, the_hash_that_a_workload_names_is_not_part_of_it);
    tcase_add_test(all, whatever_is_changed_changes_it);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
