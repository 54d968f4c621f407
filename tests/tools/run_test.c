/*
 * run_test.c - `pendio run` against a fake daemon: table, JSON, JUnit and exit codes.
 *
 * - Texts are compared whole: scripts are written against them.
 */
#include "cli.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <signal.h>
#include <stdio.h>

#define REPORT(fields) "{\"fetch\": {\"finished\": true, \"report\": {" fields "}}}"

#define PASSED                                                                                     \
    REPORT("\"workload\": \"stream/tcp_echo\", \"verdict\": \"PASSED\", \"checks\": ["             \
           "{\"name\": \"deliveries\", \"verdict\": \"PASSED\", \"expected\": \"900\", "           \
           "\"seen\": \"900\"}], "                                                                 \
           "\"answers\": {\"done\": \"100\", \"pending\": \"900\", \"refused\": \"2\"}, "          \
           "\"deliveries\": \"900\", "                                                             \
           "\"pool\": {\"contexts\": \"8\", \"gets\": \"64\", \"reuses\": \"992\", "               \
           "\"high_water\": \"7\"}, "                                                              \
           "\"latency_ns\": {\"p50\": \"950\", \"p90\": \"9994\", \"p99\": \"12345\", "            \
           "\"p999\": \"999960\", \"max\": \"18446744073709551615\"}, "                            \
           "\"bytes\": {\"sent\": \"1048576\", \"received\": \"524288\"}, "                        \
           "\"operations\": \"1000\", \"elapsed_ns\": \"1500000000\", "                            \
           "\"stats\": {\"backend\": \"uring\", \"features\": [\"multishot_accept\"]}")
#define FAILED                                                                                     \
    REPORT("\"workload\": \"cancel/late\", \"verdict\": \"FAILED\", \"reason\": \"1 check "        \
           "failed\", \"checks\": ["                                                               \
           "{\"name\": \"order\", \"verdict\": \"PASSED\"}, "                                      \
           "{\"name\": \"bytes\", \"verdict\": \"FAILED\", \"expected\": \"< 64 & up\", "          \
           "\"seen\": \"\\u001b[2J\\u0007\"}]")
#define CRASHED                                                                                    \
    REPORT("\"workload\": \"fault/killed\", \"verdict\": \"CRASHED\", "                            \
           "\"reason\": \"killed by signal 9\"")
#define SKIPPED                                                                                    \
    REPORT("\"workload\": \"scale/many\", \"verdict\": \"SKIPPED\", "                              \
           "\"reason\": \"needs 20000 descriptors\"")
#define INVALID                                                                                    \
    REPORT("\"workload\": \"pool/odd\", \"verdict\": \"INVALID\", \"reason\": \"no pool\"")

static const char *workload_file(void)
{
    return cli_write("w.json", cli_workload);
}

static struct program_end run_once(const struct fake_script *script)
{
    cli_start_daemon(script);
    return cli_call("run", workload_file(), "--url", cli_url(), NULL);
}

START_TEST(table_shows_numbers_as_people_read_them)
{
    static const struct fake_script script = {.fetch = {PASSED}};
    struct program_end end = run_once(&script);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out,
                     "WORKLOAD         DONE  PENDING  REFUSED  DELIVERIES  REUSE     BYTES     P50"
                     "      P99  VERDICT\n"
                     "stream/tcp_echo   100      900        2         900   125x  1.50 MiB  950 ns"
                     "  12.3 us  passed\n");
    program_end_fini(&end);
}
END_TEST

START_TEST(json_has_the_names_scripts_read)
{
    static const struct fake_script script = {.fetch = {PASSED}};
    cli_start_daemon(&script);
    struct program_end end =
        cli_call("run", "--quiet", "--url", cli_url(), workload_file(), "--json", "-", NULL);
    cli_want(&end, 0, "");
    const char *runs = strstr(end.out, "  \"runs\"");
    ck_assert_ptr_nonnull(runs);
    ck_assert_str_eq(runs, "  \"runs\": [\n"
                           "    {\n"
                           "      \"workload\": \"stream/tcp_echo\",\n"
                           "      \"verdict\": \"passed\",\n"
                           "      \"checks\": [\n"
                           "        {\n"
                           "          \"name\": \"deliveries\",\n"
                           "          \"verdict\": \"passed\",\n"
                           "          \"expected\": \"900\",\n"
                           "          \"seen\": \"900\"\n"
                           "        }\n"
                           "      ],\n"
                           "      \"answers\": {\n"
                           "        \"done\": 100,\n"
                           "        \"pending\": 900,\n"
                           "        \"refused\": 2\n"
                           "      },\n"
                           "      \"deliveries\": 900,\n"
                           "      \"pool\": {\n"
                           "        \"contexts\": 8,\n"
                           "        \"gets\": 64,\n"
                           "        \"reuses\": 992,\n"
                           "        \"high_water\": 7,\n"
                           "        \"allocations_after_warmup\": 0\n"
                           "      },\n"
                           "      \"latency_ns\": {\n"
                           "        \"p50\": 950,\n"
                           "        \"p90\": 9994,\n"
                           "        \"p99\": 12345,\n"
                           "        \"p999\": 999960,\n"
                           "        \"max\": 9223372036854775807\n"
                           "      },\n"
                           "      \"bytes\": {\n"
                           "        \"sent\": 1048576,\n"
                           "        \"received\": 524288\n"
                           "      },\n"
                           "      \"operations\": 1000,\n"
                           "      \"elapsed_ns\": 1500000000\n"
                           "    }\n"
                           "  ]\n"
                           "}\n");
    program_end_fini(&end);
}
END_TEST

START_TEST(json_tells_what_it_was_measured_on)
{
    static const struct fake_script script = {.fetch = {PASSED}};
    cli_start_daemon(&script);
    struct program_end end =
        cli_call("run", "-q", "--url", cli_url(), workload_file(), "--json=-", NULL);
    cli_want(&end, 0, "");
    static const char *const parts[] = {
        "{\n  \"version\": \"" PENDIO_VERSION_TEXT "\",\n  \"environment\": {\n    \"kernel\": \"",
        ",\n    \"machine\": \"",
        ",\n    \"backend\": \"uring\",\n    \"features\": [\n      \"multishot_accept\"\n    ]",
        ",\n    \"daemon\": \"9.8.7\",\n    \"url\": \"ipc://",
    };
    for (size_t index = 0; index < sizeof parts / sizeof parts[0]; index++)
        ck_assert_msg(strstr(end.out, parts[index]) != NULL, "no %s in %s", parts[index], end.out);
    program_end_fini(&end);
}
END_TEST

START_TEST(json_on_stdout_sends_the_table_to_stderr)
{
    static const struct fake_script script = {.fetch = {PASSED}};
    cli_start_daemon(&script);
    struct program_end end =
        cli_call("run", "--json", "-", "--url", cli_url(), workload_file(), NULL);
    ck_assert_int_eq(end.code, 0);
    ck_assert_int_eq(end.out[0], '{');
    ck_assert_ptr_eq(strstr(end.error, "WORKLOAD "), end.error);
    program_end_fini(&end);
}
END_TEST

START_TEST(failed_checks_stand_below_the_table)
{
    static const struct fake_script script = {.fetch = {FAILED}};
    struct program_end end = run_once(&script);
    cli_want(&end, 1, "");
    ck_assert_ptr_nonnull(strstr(end.out, "\ncancel/late failed: 1 check failed\n"
                                          "  bytes: expected < 64 & up, seen ?[2J?\n"));
    program_end_fini(&end);
}
END_TEST

static void ends_with(int code, const char *first, const char *second)
{
    struct fake_script script = {.fetch = {first, second}};
    const char *file = workload_file();
    cli_start_daemon(&script);
    struct program_end end = cli_call("run", file, file, "--url", cli_url(), NULL);
    cli_want(&end, code, "");
    program_end_fini(&end);
    ck_assert_int_eq(cli_stop_daemon().submit_count, 2);
}

START_TEST(exit_code_is_that_of_the_worst_verdict)
{
    ends_with(0, PASSED, PASSED);
    ends_with(0, PASSED, SKIPPED);
    ends_with(77, SKIPPED, SKIPPED);
    ends_with(2, INVALID, SKIPPED);
    ends_with(1, CRASHED, PASSED);
    ends_with(1, INVALID, FAILED);
}
END_TEST

START_TEST(refused_workload_is_an_invalid_run_and_the_next_one_goes_on)
{
    static const struct fake_script script = {
        .submit =
            "{\"status\": \"OVER_LIMIT\", \"message\": \"fake/one: 5000 contexts; use 4096\"}"};
    struct program_end end = run_once(&script);
    cli_want(&end, 2, "");
    ck_assert_ptr_nonnull(strstr(end.out, "fake/one     -        -"));
    ck_assert_ptr_nonnull(strstr(end.out, "\nfake/one invalid: 5000 contexts; use 4096\n"));
    program_end_fini(&end);
}
END_TEST

START_TEST(options_travel_to_the_daemon)
{
    static const struct fake_script script = {0};
    cli_start_daemon(&script);
    struct program_end end = cli_call("run", workload_file(), "--seed", "0x10", "--url", cli_url(),
                                      "--backend", "sim:seed=4", "--features", "-buffer_ring",
                                      "--subject", "/etc/../etc/passwd of mine", NULL);
    cli_want(&end, 0, "");
    program_end_fini(&end);

    struct fake_log log = cli_stop_daemon();
    ck_assert_uint_eq(log.seed, 16);
    ck_assert_str_eq(log.backend, "sim:seed=4");
    ck_assert_str_eq(log.features, "-buffer_ring");
    ck_assert_str_eq(log.subject, "/etc/passwd of mine");
}
END_TEST

START_TEST(feature_the_daemon_does_not_know_is_wrong_usage_and_nothing_runs)
{
    static const struct fake_script script = {
        .hello = "{\"hello\": {\"version\": \"9.8.7\", \"events_url\": \"\", "
                 "\"features\": [\"buffer_ring\", \"ftruncate\"]}}"};
    cli_start_daemon(&script);
    CLI_REFUSES(2,
                "--features: there is no feature \"buffer_rings\"; known are buffer_ring, "
                "ftruncate\n",
                "run", workload_file(), "--url", cli_url(), "--features",
                "-ftruncate,-buffer_rings");
    ck_assert_int_eq(cli_stop_daemon().submit_count, 0);
}
END_TEST

START_TEST(request_the_daemon_finds_wrong_is_wrong_usage)
{
    static const struct fake_script script = {
        .submit = "{\"status\": \"BAD_REQUEST\", \"message\": \"request refused: no such\"}"};
    cli_start_daemon(&script);
    CLI_REFUSES(2, "w.json: request refused: no such", "run", workload_file(), "--url", cli_url(),
                "--features", "-unknown_to_it");
}
END_TEST

START_TEST(without_options_the_workload_stays_as_it_is)
{
    static const struct fake_script script = {0};
    struct program_end end = run_once(&script);
    cli_want(&end, 0, "");
    program_end_fini(&end);

    struct fake_log log = cli_stop_daemon();
    ck_assert_uint_eq(log.seed, 3);
    ck_assert_str_eq(log.backend, "");
    ck_assert_str_eq(log.features, "");
    ck_assert_str_eq(log.subject, "");
}
END_TEST

START_TEST(busy_daemon_is_asked_again)
{
    static const struct fake_script script = {.busy_count = 2};
    struct program_end end = run_once(&script);
    cli_want(&end, 0, "");
    program_end_fini(&end);
    ck_assert_int_eq(cli_stop_daemon().submit_count, 3);
}
END_TEST

START_TEST(run_is_followed_until_it_has_finished)
{
    static const struct fake_script script = {.running_count = 5, .publishes = 1};
    struct program_end end = run_once(&script);
    cli_want(&end, 0, "");
    program_end_fini(&end);

    struct fake_log log = cli_stop_daemon();
    ck_assert_int_eq(log.submit_count, 1);
    ck_assert_int_eq(log.fetch_count, 6);
}
END_TEST

START_TEST(run_that_takes_longer_than_the_timeout_is_given_up)
{
    static const struct fake_script script = {.running_count = 1 << 30};
    cli_start_daemon(&script);
    CLI_REFUSES(3, "w.json: run 1 has not finished within 0.3 s; allow more with --timeout", "run",
                workload_file(), "--url", cli_url(), "--timeout", "0.3");
}
END_TEST

START_TEST(nothing_runs_when_one_file_is_wrong)
{
    static const struct fake_script script = {0};
    cli_start_daemon(&script);
    CLI_REFUSES(2, "bad.json:1: ", "run", workload_file(), cli_write("bad.json", "{]"), "--url",
                cli_url());
    ck_assert_int_eq(cli_stop_daemon().submit_count, 0);
}
END_TEST

START_TEST(nothing_runs_when_results_cannot_be_written)
{
    static const struct fake_script script = {0};
    cli_start_daemon(&script);
    CLI_REFUSES(2, "/none/r.json: No such file or directory", "run", workload_file(), "--url",
                cli_url(), "--json", cli_file("none/r.json"));
    CLI_REFUSES(2, "--json and --junit cannot both go to stdout", "run", workload_file(), "--url",
                cli_url(), "--json", "-", "--junit", "-");
    ck_assert_int_eq(cli_stop_daemon().submit_count, 0);
}
END_TEST

START_TEST(outputs_that_would_replace_each_other_or_a_workload_are_refused)
{
    static const struct fake_script script = {0};
    char same[512];
    cli_start_daemon(&script);
    const char *workload = workload_file(), *results = cli_file("r");
    (void)snprintf(same, sizeof same, "%.*s./r", (int)(strlen(results) - 1), results);
    for (int there = 0; there < 2; there++) {
        CLI_REFUSES(2, "/r; name another file for one", "run", workload, "--url", cli_url(),
                    "--json", same, "--junit", results);
        results = cli_write("r", "kept");
    }
    CLI_REFUSES(2, " is the workload itself; name another file", "run", workload, "--url",
                cli_url(), "--json", workload);
    CLI_REFUSES(2, "--junit ", "run", workload, "--url", cli_url(), "--junit", workload);
    CLI_REFUSES(0, "", "check", "--quiet", workload);
    ck_assert_int_eq(cli_stop_daemon().submit_count, 0);
}
END_TEST

START_TEST(quiet_shows_only_what_went_wrong)
{
    static const struct fake_script script = {.fetch = {PASSED, CRASHED}};
    const char *file = workload_file();
    cli_start_daemon(&script);
    struct program_end end = cli_call("run", "--quiet", file, file, "--url", cli_url(), NULL);
    cli_want(&end, 1, "");
    ck_assert_str_eq(end.out, "fault/killed crashed: killed by signal 9\n");
    program_end_fini(&end);
}
END_TEST

static double count_of(xmlXPathContext *context, const char *path)
{
    char expression[256];
    (void)snprintf(expression, sizeof expression, "count(%s)", path);
    xmlXPathObject *object = xmlXPathEval(BAD_CAST expression, context);
    ck_assert_ptr_nonnull(object);
    double count = object->floatval;
    xmlXPathFreeObject(object);
    return count;
}

START_TEST(junit_is_sound_xml_whatever_the_report_holds)
{
    static const struct fake_script script = {.fetch = {PASSED, FAILED, CRASHED, SKIPPED}};
    static const char *const paths[] = {
        "/testsuites/testsuite[@tests=4 and @failures=1 and @errors=1 and @skipped=1]",
        "//testcase[@classname='pendio.stream' and @name='tcp_echo' and @time='1.500000'"
        " and not(*)]",
        "//testcase[@name='late']/failure[@message='1 check failed'"
        " and contains(., 'bytes: expected < 64 & up, seen ?[2J?')]",
        "//testcase[@name='killed']/error[@type='crashed' and @message='killed by signal 9']",
        "//testcase[@name='many']/skipped[@message='needs 20000 descriptors']",
        "//property[@name='daemon' and @value='9.8.7']",
        "//property[@name='backend' and @value='uring']",
        "//property[@name='features' and @value='multishot_accept']",
    };
    const char *file = workload_file(), *result = cli_file("r.xml");
    cli_start_daemon(&script);
    struct program_end end =
        cli_call("run", file, file, file, file, "--url", cli_url(), "--junit", result, NULL);
    cli_want(&end, 1, "");
    program_end_fini(&end);

    xmlDoc *document = xmlReadFile(result, NULL, XML_PARSE_NONET);
    ck_assert_ptr_nonnull(document);
    xmlXPathContext *context = xmlXPathNewContext(document);
    for (size_t index = 0; index < sizeof paths / sizeof paths[0]; index++)
        ck_assert_msg(count_of(context, paths[index]) > 0, "no %s", paths[index]);
    xmlXPathFreeContext(context);
    xmlFreeDoc(document);
}
END_TEST

START_TEST(interrupted_run_ends_at_once_with_the_signal_in_its_code)
{
    static const struct fake_script script = {.running_count = 1 << 30};
    const char *result = cli_file("r.json");
    cli_start_daemon(&script);
    char *directory = program_make_directory();
    struct program program = {
        .words = {PENDIO_CLI, "run", workload_file(), "--url", cli_url(), "--json", result},
        .directory = directory,
    };
    pid_t process = program_begin(&program);
    cli_wait_for_fetch();
    ck_assert_int_eq(kill(process, SIGINT), 0);
    struct program_end end = program_wait(&program, process);
    cli_want(&end, 130, "");
    ck_assert_ptr_null(program_read_file(result));
    program_end_fini(&end);
    program_remove_directory(directory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.run");
    TCase *calls = tcase_create("calls");
    tcase_set_timeout(calls, 60);
    tcase_add_checked_fixture(calls, cli_setup, cli_teardown);
    tcase_add_test(calls, table_shows_numbers_as_people_read_them);
    tcase_add_test(calls, json_has_the_names_scripts_read);
    tcase_add_test(calls, json_tells_what_it_was_measured_on);
    tcase_add_test(calls, json_on_stdout_sends_the_table_to_stderr);
    tcase_add_test(calls, failed_checks_stand_below_the_table);
    tcase_add_test(calls, exit_code_is_that_of_the_worst_verdict);
    tcase_add_test(calls, refused_workload_is_an_invalid_run_and_the_next_one_goes_on);
    tcase_add_test(calls, options_travel_to_the_daemon);
    tcase_add_test(calls, feature_the_daemon_does_not_know_is_wrong_usage_and_nothing_runs);
    tcase_add_test(calls, request_the_daemon_finds_wrong_is_wrong_usage);
    tcase_add_test(calls, without_options_the_workload_stays_as_it_is);
    tcase_add_test(calls, busy_daemon_is_asked_again);
    tcase_add_test(calls, run_is_followed_until_it_has_finished);
    tcase_add_test(calls, run_that_takes_longer_than_the_timeout_is_given_up);
    tcase_add_test(calls, nothing_runs_when_one_file_is_wrong);
    tcase_add_test(calls, nothing_runs_when_results_cannot_be_written);
    tcase_add_test(calls, outputs_that_would_replace_each_other_or_a_workload_are_refused);
    tcase_add_test(calls, quiet_shows_only_what_went_wrong);
    tcase_add_test(calls, junit_is_sound_xml_whatever_the_report_holds);
    tcase_add_test(calls, interrupted_run_ends_at_once_with_the_signal_in_its_code);
    suite_add_tcase(suite, calls);
    return cli_run_suite(suite);
}
