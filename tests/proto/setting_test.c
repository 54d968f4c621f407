/* setting_test.c - what a run may be asked for, right and wrong. */
#include "setting.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char one[] = "one", two[] = "two_more";
static char *const names[] = {one, two};

static void assert_features(const char *list, size_t known_count, int status, const char *text)
{
    struct pnd_message_error error = {""};
    ck_assert_int_eq(pnd_setting_check_features(list, names, known_count, &error), status);
    ck_assert_str_eq(error.text, text);
}

static void assert_backend(const char *name, int status, const char *text)
{
    struct pnd_message_error error = {"said: "};
    ck_assert_int_eq(pnd_setting_check_backend(name, &error), status);
    ck_assert_str_eq(error.text, text);
}

START_TEST(known_features_are_right)
{
    assert_features("", 2, 0, "");
    assert_features("-one", 2, 0, "");
    assert_features("-one,-two_more", 2, 0, "");
    assert_features("-two_more,-two_more,", 2, 0, "");
    assert_features("-one_more,-two", 0, 0, "");
}
END_TEST

START_TEST(unknown_feature_is_told_with_those_there_are)
{
    assert_features("-one,-two", 2, -EINVAL,
                    "there is no feature \"two\"; known are one, two_more");
    assert_features("-ONE", 2, -EINVAL, "there is no feature \"ONE\"; known are one, two_more");
}
END_TEST

START_TEST(list_of_another_form_is_told_with_the_form)
{
    static const char right[] = "is no feature to leave unused; write a list like "
                                "-multishot_receive,-buffer_ring";
    static const char *const lists[][2] = {
        {"one", "one"}, {"-", "-"}, {"-one,,-one", ""}, {",", ""}, {"-one, -one", " -one"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "\"%s\" %s", lists[i][1], right);
        assert_features(lists[i][0], 2, -EINVAL, text);
    }
}
END_TEST

START_TEST(long_entry_is_shown_in_whole_characters)
{
    static const char euros[] = "\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC"; /* three bytes each */
    char list[200];
    char text[200];
    (void)snprintf(list, sizeof list, "-%s%s%s%s", euros, euros, euros, euros);
    (void)snprintf(text, sizeof text, "there is no feature \"%s%s%s\"; known are one", euros, euros,
                   euros); /* the next one would be cut */
    assert_features(list, 1, -EINVAL, text);
}
END_TEST

START_TEST(backends_there_may_be_are_right)
{
    static const char *const backends[] = {"",    "uring",      "epoll",
                                           "sim", "sim:seed=0", "sim:seed=42"};
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++)
        assert_backend(backends[i], 0, "said: ");
}
END_TEST

START_TEST(other_backends_are_told_with_those)
{
    static const char *const backends[] = {"URING", "kqueue", "sim:", "sim:seed=", "sim:seed=4x"};
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "said: there is no backend \"%s\"; use uring, epoll, sim or sim:seed=N",
                       backends[i]);
        assert_backend(backends[i], -EINVAL, text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("proto.setting");
    TCase *checks = tcase_create("checks");
    tcase_add_test(checks, known_features_are_right);
    tcase_add_test(checks, unknown_feature_is_told_with_those_there_are);
    tcase_add_test(checks, list_of_another_form_is_told_with_the_form);
    tcase_add_test(checks, long_entry_is_shown_in_whole_characters);
    tcase_add_test(checks, backends_there_may_be_are_right);
    tcase_add_test(checks, other_backends_are_told_with_those);
    suite_add_tcase(suite, checks);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
