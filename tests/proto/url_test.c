/* url_test.c - the default URL, in every environment; and the host of any. */
#include "url.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static void begin(void)
{
    ck_assert_int_eq(unsetenv("XDG_RUNTIME_DIR"), 0);
    ck_assert_int_eq(unsetenv("TMPDIR"), 0);
}

/* A leak checker that runs at exit needs to look at its own process. */
static void end(void)
{
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    (void)prctl(PR_SET_DUMPABLE, 1);
}

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void assert_default(const char *expected)
{
    char url[PND_URL_BYTES];
    ck_assert_int_eq(pnd_url_default(url, sizeof url), 0);
    ck_assert_str_eq(url, expected);
}

/* For the rest of the test, if it is root: the answer for everyone else differs by number. */
static void become_nobody(void)
{
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(NOBODY), 0);
}

START_TEST(runtime_directory_comes_first)
{
    set("XDG_RUNTIME_DIR", "/run/user/1000");
    set("TMPDIR", "/var/tmp");
    assert_default("ipc:///run/user/1000/pendio/pendiod.sock");
}
END_TEST

START_TEST(root_has_a_directory_of_the_system)
{
    if (geteuid() == 0)
        assert_default("ipc:///run/pendio/pendiod.sock");
}
END_TEST

START_TEST(others_have_a_directory_by_their_number)
{
    char expected[PND_URL_BYTES];
    become_nobody();
    (void)snprintf(expected, sizeof expected, "ipc:///tmp/pendio-%u/pendiod.sock",
                   (unsigned)geteuid());
    assert_default(expected);
    set("TMPDIR", "/var/tmp");
    (void)snprintf(expected, sizeof expected, "ipc:///var/tmp/pendio-%u/pendiod.sock",
                   (unsigned)geteuid());
    assert_default(expected);
}
END_TEST

START_TEST(directories_that_are_relative_are_as_good_as_none)
{
    char expected[PND_URL_BYTES];
    become_nobody();
    set("XDG_RUNTIME_DIR", "run");
    set("TMPDIR", "tmp");
    (void)snprintf(expected, sizeof expected, "ipc:///tmp/pendio-%u/pendiod.sock",
                   (unsigned)geteuid());
    assert_default(expected);
}
END_TEST

START_TEST(what_does_not_fit_is_refused_and_writes_nothing)
{
    char url[PND_URL_BYTES] = "untouched";
    char longest[PND_URL_BYTES] = "/";
    memset(longest + 1, 'x', sizeof longest - 2);
    longest[sizeof longest - 1] = '\0';
    set("XDG_RUNTIME_DIR", longest);

    ck_assert_int_eq(pnd_url_default(url, sizeof url), -ENAMETOOLONG);
    ck_assert_str_eq(url, "untouched");
}
END_TEST

START_TEST(host_is_between_the_scheme_and_the_port)
{
    static const struct {
        const char *url;
        const char *host; /* NULL: none */
    } cases[] = {
        {"tcp://127.0.0.1:7100", "127.0.0.1"},
        {"tls+tcp://a.example:7100", "a.example"},
        {"tls+tcp://[fd00::1]:7100", "fd00::1"},
        {"tls+tcp://[fd00::1]", "fd00::1"},
        {"tcp://a.example", "a.example"},
        {"tcp://", NULL},
        {"tcp://:7100", NULL},
        {"tcp://[]:7100", NULL},
        {"ipc:///run/a:b", NULL},
        {"tcp://a-name-that-is-longer-than-that:1", NULL},
    };
    char host[16];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool has_one = pnd_url_host(cases[i].url, host, sizeof host);
        ck_assert_msg(has_one == (cases[i].host != NULL), "%s", cases[i].url);
        if (has_one)
            ck_assert_str_eq(host, cases[i].host);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        runtime_directory_comes_first,
        root_has_a_directory_of_the_system,
        others_have_a_directory_by_their_number,
        directories_that_are_relative_are_as_good_as_none,
        what_does_not_fit_is_refused_and_writes_nothing,
        host_is_between_the_scheme_and_the_port,
    };
    Suite *suite = suite_create("url");
    TCase *all = tcase_create("url");
    tcase_add_checked_fixture(all, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
