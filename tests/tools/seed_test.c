/* seed_test.c - what another seed makes of a workload that names its hash. */
#include "cli.h"

#include <stdio.h>

START_TEST(workload_that_names_its_hash_names_its_own_with_another_seed)
{
    static const struct fake_script script = {0};
    static const char digits[] = "12f683a13a85247ab2cfc3306f441f55a028e5e2aa3444a4ca609934585dcc30";
    char json[512];
    (void)snprintf(json, sizeof json, "{\"content_hash\": \"%s\", %s", digits, cli_workload + 1);
    const char *file = cli_write("hash.json", json);
    cli_start_daemon(&script);
    CLI_REFUSES(0, "", "run", file, "--seed", "77", "--url", cli_url());

    struct fake_log log = cli_stop_daemon();
    ck_assert_uint_eq(log.seed, 77);
    ck_assert(log.hash_is_right);
}
END_TEST

START_TEST(workload_that_was_changed_is_left_for_the_daemon_to_refuse)
{
    static const struct fake_script script = {0};
    char json[512];
    (void)snprintf(json, sizeof json, "{\"content_hash\": \"00\", %s", cli_workload + 1);
    const char *file = cli_write("hash.json", json);
    cli_start_daemon(&script);
    CLI_REFUSES(0, "", "run", file, "--seed", "77", "--url", cli_url());
    ck_assert(!cli_stop_daemon().hash_is_right);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.seed");
    TCase *calls = tcase_create("calls");
    tcase_set_timeout(calls, 60);
    tcase_add_checked_fixture(calls, cli_setup, cli_teardown);
    tcase_add_test(calls, workload_that_names_its_hash_names_its_own_with_another_seed);
    tcase_add_test(calls, workload_that_was_changed_is_left_for_the_daemon_to_refuse);
    suite_add_tcase(suite, calls);
    return cli_run_suite(suite);
}
