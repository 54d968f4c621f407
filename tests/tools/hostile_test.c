/*
 * hostile_test.c - daemons that go, keep silent or talk nonsense, at every point of a run.
 *
 * - Each ends in one line that names the input, and exit 3; no workload is ever submitted twice.
 */
#include "cli.h"

#include <stdio.h>

/* What a daemon does instead of answering, and what the user gets to read. */
struct behaviour {
    const char *reply;
    const char *line;
};

static const struct behaviour behaviours[] = {
    {FAKE_SILENT, "no answer from "},
    {FAKE_DIES, "has gone; start pendiod again"},
    {FAKE_HANGS_UP, "has gone; start pendiod again"},
    {FAKE_GARBAGE, "answers, but not as pendiod does"},
    {FAKE_TRUNCATED, "answers, but not as pendiod does"},
    {FAKE_EMPTY, "answers, but not as pendiod does"},
    {"{}", "answers, but not as pendiod does"},
    {"{\"status\": \"FAULT\", \"message\": \"disk on fire\"}", "disk on fire"},
    {"{\"status\": \"FAULT\"}", "refused with status 6 and gave no reason"},
};

enum { BEHAVIOUR_COUNT = sizeof behaviours / sizeof behaviours[0] };

static struct fake_log survives(const struct fake_script *script, const char *line,
                                const char *subject)
{
    cli_start_daemon(script);
    struct program_end end = cli_call("run", cli_write("w.json", cli_workload), "--url", cli_url(),
                                      "--timeout", "0.5", NULL);
    cli_want(&end, 3, line);
    cli_want(&end, 3, subject);
    const char *url = strstr(end.error, cli_url());
    ck_assert_msg(url == NULL || strstr(url + 1, cli_url()) == NULL, "twice in: %s", end.error);
    program_end_fini(&end);
    return cli_stop_daemon();
}

START_TEST(hello_without_a_proper_answer)
{
    const struct behaviour *behaviour = &behaviours[_i];
    struct fake_script script = {.hello = behaviour->reply};
    struct fake_log log = survives(&script, behaviour->line, "pendio: ");
    ck_assert_int_eq(log.submit_count, 0);
}
END_TEST

START_TEST(submit_without_a_proper_answer)
{
    const struct behaviour *behaviour = &behaviours[_i];
    struct fake_script script = {.submit = behaviour->reply};
    struct fake_log log = survives(&script, behaviour->line, "/w.json: ");
    ck_assert_int_eq(log.submit_count, 1);
}
END_TEST

START_TEST(fetch_without_a_proper_answer)
{
    const struct behaviour *behaviour = &behaviours[_i];
    struct fake_script script = {.fetch = {behaviour->reply}, .running_count = 2};
    struct fake_log log = survives(&script, behaviour->line, "/w.json: ");
    ck_assert_int_eq(log.submit_count, 1);
}
END_TEST

START_TEST(stats_without_a_proper_answer)
{
    const struct behaviour *behaviour = &behaviours[_i];
    struct fake_script script = {.stats = behaviour->reply};
    cli_start_daemon(&script);
    CLI_REFUSES(3, behaviour->line, "stats", "--url", cli_url(), "--timeout", "0.5");
}
END_TEST

START_TEST(report_that_is_no_report)
{
    static const char *const replies[] = {
        "{\"fetch\": {\"finished\": true}}",
        "{\"fetch\": {\"finished\": true, \"report\": {}}}",
        "{\"fetch\": {\"finished\": true, \"report\": {\"workload\": \"a/b\"}}}",
        "{\"fetch\": {\"finished\": true, \"report\": {\"verdict\": 2, \"checks\": [{}]}}}",
        "{\"stats\": {}}",
    };
    struct fake_script script = {.fetch = {replies[_i]}};
    (void)survives(&script, "answers, but not as pendiod does", "/w.json: ");
}
END_TEST

START_TEST(run_number_zero_is_no_run)
{
    static const struct fake_script script = {.submit = "{\"submit\": {}}"};
    (void)survives(&script, "answers, but not as pendiod does", "/w.json: ");
}
END_TEST

START_TEST(daemon_that_goes_after_the_first_of_two_leaves_its_result)
{
    static const struct fake_script script = {.fetch = {NULL, FAKE_DIES}};
    const char *first = cli_write("first.json", cli_workload);
    const char *second = cli_write("second.json", cli_workload), *json = cli_file("r.json");
    cli_start_daemon(&script);
    struct program_end end =
        cli_call("run", first, second, "--url", cli_url(), "--json", json, NULL);
    cli_want(&end, 3, "/second.json: the daemon on ");
    ck_assert_ptr_nonnull(strstr(end.out, "fake/one"));
    ck_assert_ptr_nonnull(strstr(end.out, "passed\n"));
    ck_assert_ptr_null(program_read_file(json));
    program_end_fini(&end);
    ck_assert_int_eq(cli_stop_daemon().submit_count, 2);
}
END_TEST

START_TEST(events_from_nowhere_are_not_needed)
{
    static const struct fake_script script = {
        .hello = "{\"hello\": {\"version\": \"1\", \"events_url\": \"nonsense://\"}}",
        .running_count = 3};
    cli_start_daemon(&script);
    struct program_end end =
        cli_call("run", cli_write("w.json", cli_workload), "--url", cli_url(), NULL);
    cli_want(&end, 0, "");
    program_end_fini(&end);
}
END_TEST

START_TEST(check_is_answered_by_status_alone)
{
    static const struct fake_script script = {.check = FAKE_GARBAGE};
    cli_start_daemon(&script);
    CLI_REFUSES(3, "w.json: ipc://", "check", cli_write("w.json", cli_workload), "--url",
                cli_url());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.hostile");
    TCase *daemons = tcase_create("daemons");
    tcase_set_timeout(daemons, 60);
    tcase_add_checked_fixture(daemons, cli_setup, cli_teardown);
    tcase_add_loop_test(daemons, hello_without_a_proper_answer, 0, BEHAVIOUR_COUNT);
    tcase_add_loop_test(daemons, submit_without_a_proper_answer, 0, BEHAVIOUR_COUNT);
    tcase_add_loop_test(daemons, fetch_without_a_proper_answer, 0, BEHAVIOUR_COUNT);
    tcase_add_loop_test(daemons, stats_without_a_proper_answer, 0, BEHAVIOUR_COUNT);
    tcase_add_loop_test(daemons, report_that_is_no_report, 0, 5);
    tcase_add_test(daemons, run_number_zero_is_no_run);
    tcase_add_test(daemons, daemon_that_goes_after_the_first_of_two_leaves_its_result);
    tcase_add_test(daemons, events_from_nowhere_are_not_needed);
    tcase_add_test(daemons, check_is_answered_by_status_alone);
    suite_add_tcase(suite, daemons);
    return cli_run_suite(suite);
}
