/*
 * stats_test.c - `pendio stats` and `pendio version` against a fake daemon.
 *
 * - Texts are compared whole: scripts are written against them.
 */
#include "cli.h"

static const struct fake_script two_runs = {
    .stats = "{\"stats\": {\"runs\": ["
             "{\"workload\": \"stream/tcp_echo\", \"run\": \"12\", \"running\": true,"
             " \"backend\": \"uring\", \"features\": [\"multishot_accept\", \"buffer_ring\"],"
             " \"started\": \"1000\", \"done\": \"100\", \"pending\": \"898\", \"refused\": \"2\","
             " \"delivered\": \"890\","
             " \"done_by_reason\": [{\"name\": \"collected\", \"value\": \"60\"},"
             " {\"name\": \"tried\", \"value\": \"40\"}],"
             " \"refused_by_reason\": [{\"name\": \"EBUSY\", \"value\": \"2\"}],"
             " \"counters\": [{\"name\": \"turns\", \"value\": \"7\"}],"
             " \"arena\": \"registered\"},"
             "{\"workload\": \"pool/none\", \"run\": \"3\", \"arena\": \"none\"}]}}",
};

START_TEST(table_shows_each_run_and_its_reasons)
{
    cli_start_daemon(&two_runs);
    struct program_end end = cli_call("stats", "--url", cli_url(), NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(
        end.out, "RUN  STATE     STARTED  DONE  PENDING  REFUSED  DELIVERED  BACKEND  ARENA       "
                 "WORKLOAD\n"
                 " 12  running      1000   100      898        2        890  uring    registered  "
                 "stream/tcp_echo\n"
                 "  3  finished        0     0        0        0          0           none        "
                 "pool/none\n"
                 "\n"
                 "run 12, stream/tcp_echo\n"
                 "  done by reason: collected 60, tried 40\n"
                 "  refused by reason: EBUSY 2\n"
                 "  counters: turns 7\n"
                 "  features: multishot_accept buffer_ring\n"
                 "\n"
                 "run 3, pool/none\n"
                 "  done by reason: none\n"
                 "  refused by reason: none\n"
                 "  counters: none\n"
                 "  features: none\n");
    program_end_fini(&end);
}
END_TEST

START_TEST(json_has_numbers_as_numbers)
{
    cli_start_daemon(&two_runs);
    struct program_end end = cli_call("stats", "--url", cli_url(), "--json", "-", NULL);
    cli_want(&end, 0, "");
    static const char *const parts[] = {
        "\"running\": true",
        "\"started\": 1000",
        "\"done_by_reason\": {\n        \"collected\": 60,\n        \"tried\": 40\n      }",
        "\"arena\": \"registered\"",
        "\"running\": false",
    };
    for (size_t index = 0; index < sizeof parts / sizeof parts[0]; index++)
        ck_assert_msg(strstr(end.out, parts[index]) != NULL, "no %s in %s", parts[index], end.out);
    program_end_fini(&end);
}
END_TEST

START_TEST(no_run_yet_is_told_with_what_starts_one)
{
    static const struct fake_script script = {0};
    cli_start_daemon(&script);
    struct program_end end = cli_call("stats", "--url", cli_url(), NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, "No run yet: 'pendio run FILE' starts one.\n");
    program_end_fini(&end);
}
END_TEST

START_TEST(version_names_the_daemon_that_listens)
{
    static const struct fake_script script = {0};
    cli_start_daemon(&script);
    struct program_end end = cli_call("version", "--url", cli_url(), NULL);
    cli_want(&end, 0, "");
    static const char expected[] =
        "pendio " PENDIO_VERSION_TEXT "\npendiod 9.8.7, process 4711, on ipc://";
    ck_assert_int_eq(strncmp(end.out, expected, sizeof expected - 1), 0);
    program_end_fini(&end);

    end = cli_call("version", "--json", "-", "--url", cli_url(), NULL);
    cli_want(&end, 0, "");
    ck_assert_ptr_nonnull(strstr(end.out, "\"daemon\": {\n    \"version\": \"9.8.7\",\n"
                                          "    \"process\": 4711,\n    \"url\": \"ipc://"));
    program_end_fini(&end);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.stats");
    TCase *calls = tcase_create("calls");
    tcase_set_timeout(calls, 60);
    tcase_add_checked_fixture(calls, cli_setup, cli_teardown);
    tcase_add_test(calls, table_shows_each_run_and_its_reasons);
    tcase_add_test(calls, json_has_numbers_as_numbers);
    tcase_add_test(calls, no_run_yet_is_told_with_what_starts_one);
    tcase_add_test(calls, version_names_the_daemon_that_listens);
    suite_add_tcase(suite, calls);
    return cli_run_suite(suite);
}
