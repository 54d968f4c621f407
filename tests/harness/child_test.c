/* child_test.c - what the process of one run answers to good and bad requests. */
#include "child_run.h"
#include "suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* A workload of one actor, one pool of four contexts and two endpoints. */
#define ONE_ACTOR(repeat, steps)                                                                   \
    "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 4, \"slice_bytes\": "      \
    "64}], "                                                                                       \
    "\"endpoints\": [{\"name\": \"e\", \"family\": \"UNIX_STREAM\"}], \"limits\": {\"time_ms\": "  \
    "2000}, \"actors\": [{\"name\": \"first\", \"instance_count\": 1, \"blocks\": "                \
    "[{\"repeat_count\": " repeat ", \"steps\": [" steps "]}]}]}"

static struct child_run run;

static void end(void)
{
    child_run_fini(&run);
}

static void run_text(const char *json)
{
    child_run_must_report(&run, json);
    ck_assert_uint_eq(run.report_count, 1);
}

static void must_end(int exit_status, Pendio__Verdict verdict, const char *words)
{
    ck_assert_msg(run.exit_status == exit_status, "exit status %d: %s", run.exit_status,
                  run.report->reason);
    ck_assert_int_eq((int)run.report->verdict, (int)verdict);
    ck_assert_msg(strstr(run.report->reason, words) != NULL, "no \"%s\" in: %s", words,
                  run.report->reason);
}

static uint64_t count_of(const char *name)
{
    const Pendio__Stats *stats = run.report->stats;
    for (size_t i = 0; i < stats->n_counters; i++)
        if (strcmp(stats->counters[i]->name, name) == 0)
            return stats->counters[i]->value;
    ck_abort_msg("no counter %s", name);
}

START_TEST(a_run_that_passes_is_reported_completely)
{
    run_text(ONE_ACTOR("100", "{\"operation\": \"NOP\", \"times\": 3}"));
    must_end(0, PENDIO__VERDICT__PASSED, "");
    const Pendio__Report *report = run.report;
    ck_assert_str_eq(report->workload, "t");
    ck_assert_uint_eq(report->operations, 300);
    ck_assert_uint_eq(report->answers->pending, 300);
    ck_assert_uint_eq(report->deliveries, 300);
    ck_assert_uint_eq(report->pool->contexts, 4);
    ck_assert_uint_eq(report->pool->gets, 300);
    ck_assert_uint_eq(report->pool->high_water, 3);
    ck_assert_uint_eq(report->pool->reuses, 297);
    ck_assert_uint_gt(report->latency_ns->p50, 0);
    ck_assert_uint_ge(report->latency_ns->max, report->latency_ns->p99);
    ck_assert_uint_gt(report->elapsed_ns, 0);
    ck_assert_str_eq(report->stats->backend, "uring");
    ck_assert_uint_eq(report->stats->started, 300);
    ck_assert(!report->stats->running);
    ck_assert_uint_eq(count_of("multishot_armed"), 0);
    ck_assert_uint_ge(count_of("turns"), 100);
    ck_assert_uint_gt(report->n_checks, 10);
}
END_TEST

START_TEST(progress_and_statistics_come_while_it_runs)
{
    run_text(ONE_ACTOR("1", "{\"operation\": \"PAUSE\", \"after_ns\": 450000000}, {\"operation\": "
                            "\"NOP\"}"));
    must_end(0, PENDIO__VERDICT__PASSED, "");
    ck_assert_uint_ge(run.progress_count, 2);
    ck_assert_uint_eq(run.stats_count, run.progress_count);
    ck_assert_uint_eq(run.report->pool->allocations_after_warmup, 0);
}
END_TEST

START_TEST(a_workload_that_cannot_be_run_is_invalid)
{
    run_text(ONE_ACTOR("1", "{\"operation\": \"SEND\", \"handle\": \"x\"}"));
    must_end(2, PENDIO__VERDICT__INVALID, "actors[0].blocks[0].steps[0]");
}
END_TEST

START_TEST(a_request_without_a_workload_is_invalid)
{
    ck_assert_int_eq(child_run_bytes("\0\0\0\0", 4, &run), 0);
    must_end(2, PENDIO__VERDICT__INVALID, "name: missing");
}
END_TEST

START_TEST(bytes_that_are_no_request_are_invalid)
{
    ck_assert_int_eq(child_run_bytes("\4\0\0\0\xff\xff\xff\xff", 8, &run), 0);
    must_end(2, PENDIO__VERDICT__INVALID, "");
    ck_assert_str_ne(run.report->reason, "");
}
END_TEST

START_TEST(a_request_cut_short_is_invalid)
{
    ck_assert_int_eq(child_run_bytes("\4\0\0\0\xff", 5, &run), 0);
    must_end(2, PENDIO__VERDICT__INVALID, "no request came in");
}
END_TEST

START_TEST(a_request_over_the_limit_is_invalid)
{
    ck_assert_int_eq(child_run_bytes("\xff\xff\xff\x7f", 4, &run), 0);
    must_end(2, PENDIO__VERDICT__INVALID, "E2BIG");
}
END_TEST

START_TEST(a_run_that_cannot_go_on_names_who_waits)
{
    run_text(ONE_ACTOR("1", "{\"operation\": \"WAIT\", \"event\": \"x\", \"times\": 2}, "
                            "{\"operation\": \"SIGNAL\", \"event\": \"x\"}"));
    must_end(1, PENDIO__VERDICT__FAILED,
             "first[0] at actors[0].blocks[0].steps[0] (WAIT) waits for an event");
}
END_TEST

START_TEST(a_run_that_takes_too_long_names_who_waits)
{
    run_text(ONE_ACTOR("1", "{\"operation\": \"TIMER\", \"after_ns\": 60000000000}"));
    must_end(1, PENDIO__VERDICT__FAILED,
             "time is up: first[0] at actors[0].blocks[0].steps[0] (TIMER) waits for a delivery");
}
END_TEST

START_TEST(an_answer_nobody_expects_fails)
{
    run_text(ONE_ACTOR("1", "{\"operation\": \"NOP\", \"expect\": {\"answers\": [\"DONE\"]}}"));
    must_end(1, PENDIO__VERDICT__FAILED, "(NOP) was PENDING");
    ck_assert_int_eq((int)child_run_check(&run, "expected answers")->verdict,
                     PENDIO__VERDICT__FAILED);
}
END_TEST

START_TEST(an_error_nobody_expects_fails)
{
    run_text(ONE_ACTOR("1",
                       "{\"operation\": \"SOCKET\", \"into\": \"s\", \"endpoint\": \"e\"}, "
                       "{\"operation\": \"CONNECT\", \"handle\": \"s\", \"endpoint\": \"e\"}"));
    must_end(1, PENDIO__VERDICT__FAILED, "ended with ENOENT");
}
END_TEST

START_TEST(a_success_where_an_error_is_expected_fails)
{
    run_text(ONE_ACTOR("1", "{\"operation\": \"NOP\", \"expect\": {\"errors\": [\"ECANCELED\"]}}"));
    must_end(1, PENDIO__VERDICT__FAILED, "ended with success");
}
END_TEST

START_TEST(a_refusal_nobody_expects_fails)
{
    run_text(ONE_ACTOR("1", "{\"operation\": \"SOCKET\", \"into\": \"s\", \"endpoint\": \"e\"}, "
                            "{\"operation\": \"CLOSE\", \"handle\": \"s\"}, {\"operation\": "
                            "\"RECEIVE\", \"handle\": \"s\"}"));
    must_end(1, PENDIO__VERDICT__FAILED, "was REFUSED with EBADF");
}
END_TEST

START_TEST(a_handle_left_open_fails)
{
    run_text(ONE_ACTOR("1", "{\"operation\": \"SOCKET\", \"into\": \"s\", \"endpoint\": \"e\"}"));
    must_end(1, PENDIO__VERDICT__FAILED, "1 handles left open");
}
END_TEST

#define CONNECTED                                                                                  \
    "{\"operation\": \"SOCKET\", \"into\": \"l\", \"endpoint\": \"e\"}, {\"operation\": "          \
    "\"BIND\", "                                                                                   \
    "\"handle\": \"l\", \"endpoint\": \"e\"}, {\"operation\": \"LISTEN\", \"handle\": \"l\"}, "    \
    "{\"operation\": \"SOCKET\", \"into\": \"a\", \"endpoint\": \"e\"}, {\"operation\": "          \
    "\"CONNECT\", "                                                                                \
    "\"handle\": \"a\", \"endpoint\": \"e\"}, {\"operation\": \"ACCEPT\", \"handle\": \"l\", "     \
    "\"into\": \"b\"}, "

START_TEST(a_whole_receive_cut_short_fails)
{
    run_text(ONE_ACTOR("1",
                       CONNECTED "{\"operation\": \"SEND\", \"handle\": \"a\", \"bytes\": 10}, "
                                 "{\"operation\": \"CLOSE\", \"handle\": \"a\"}, "
                                 "{\"operation\": \"RECEIVE\", \"handle\": \"b\", \"bytes\": "
                                 "64, \"whole\": true}"));
    must_end(1, PENDIO__VERDICT__FAILED, "brought 10 bytes of 64");
}
END_TEST

START_TEST(bytes_that_are_not_those_of_a_stream_fail)
{
    run_text(ONE_ACTOR("1", CONNECTED "{\"operation\": \"SEND\", \"handle\": \"a\", \"bytes\": 64, "
                                      "\"content\": \"NONE\"}, {\"operation\": \"RECEIVE\", "
                                      "\"handle\": \"b\", \"bytes\": 64}"));
    must_end(1, PENDIO__VERDICT__FAILED, "content: first[0]");
}
END_TEST

START_TEST(bytes_and_flags_nobody_expects_fail)
{
    run_text(ONE_ACTOR("1", CONNECTED "{\"operation\": \"SEND\", \"handle\": \"a\", \"bytes\": 64, "
                                      "\"expect\": {\"check_bytes\": true, \"bytes_maximum\": 63, "
                                      "\"flags\": [\"END_OF_STREAM\"]}}"));
    must_end(1, PENDIO__VERDICT__FAILED, "moved 64 bytes, not 0 to 63");
    ck_assert_int_eq((int)child_run_check(&run, "expected flags")->verdict,
                     PENDIO__VERDICT__FAILED);
}
END_TEST

START_TEST(descriptors_nobody_expects_fail)
{
    run_text(ONE_ACTOR("1", CONNECTED
                       "{\"operation\": \"SEND_MESSAGE\", \"handle\": \"a\", \"bytes\": 64, "
                       "\"pass_count\": 2}, {\"operation\": \"RECEIVE_MESSAGE\", \"handle\": "
                       "\"b\", \"bytes\": 64, \"control_bytes\": 64, \"expect\": "
                       "{\"check_descriptors\": true, \"descriptors\": 1}}"));
    must_end(1, PENDIO__VERDICT__FAILED, "2 descriptors");
}
END_TEST

START_TEST(a_sender_nobody_expects_fails)
{
    run_text("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 4, "
             "\"slice_bytes\": 64}], \"endpoints\": [{\"name\": \"here\", \"family\": \"UDP4\"}, "
             "{\"name\": \"there\", \"family\": \"UDP4\"}], \"actors\": [{\"name\": \"first\", "
             "\"instance_count\": 1, \"blocks\": [{\"steps\": [{\"operation\": \"SOCKET\", "
             "\"into\": \"s\", \"endpoint\": \"here\"}, {\"operation\": \"BIND\", \"handle\": "
             "\"s\", \"endpoint\": \"here\"}, {\"operation\": \"SEND_TO\", \"handle\": \"s\", "
             "\"endpoint\": \"here\", \"bytes\": 64}, {\"operation\": \"RECEIVE_MESSAGE\", "
             "\"handle\": \"s\", \"bytes\": 64, \"expect\": {\"sender\": \"there\", "
             "\"destination\": \"here\", \"loopback\": true}}]}]}]}");
    must_end(1, PENDIO__VERDICT__FAILED, "another sender, right destination");
}
END_TEST

START_TEST(too_little_reuse_fails)
{
    run_text("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 4}], \"expect\": "
             "{\"reuse_minimum\": 1.5}, \"actors\": [{\"name\": \"a\", \"instance_count\": 1, "
             "\"blocks\": [{\"steps\": [{\"operation\": \"NOP\", \"times\": 5}]}]}]}");
    must_end(1, PENDIO__VERDICT__FAILED, "1.2 operations per context");
}
END_TEST

START_TEST(a_machine_without_the_runtime_skips)
{
    setenv("PENDIO_DISABLE_URING", "1", 1);
    run_text(ONE_ACTOR("1", "{\"operation\": \"NOP\"}"));
    must_end(77, PENDIO__VERDICT__SKIPPED, "the loop could not be created");
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_told_and_no_check_failed)
{
    const struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    run_text("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
             "\"endpoints\": [{\"name\": \"large\", \"family\": \"FILE\", \"file_bytes\": "
             "8388608}], \"actors\": [{\"name\": \"a\", \"instance_count\": 1, \"blocks\": "
             "[{\"steps\": [{\"operation\": \"NOP\"}]}]}]}");
    must_end(3, PENDIO__VERDICT__INVALID,
             "endpoints[0] \"large\": its file of 8388608 bytes could not be written in ");
    ck_assert_ptr_nonnull(strstr(run.report->reason, "File too large; make room there"));
    ck_assert_ptr_null(strstr(run.report->reason, "loop"));
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_told)
{
    setenv("PENDIO_RUN_DIRECTORY", "/nowhere/at/all", 1);
    run_text(ONE_ACTOR("1", "{\"operation\": \"NOP\"}"));
    must_end(3, PENDIO__VERDICT__INVALID, "/nowhere/at/all");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_run_that_passes_is_reported_completely,
        progress_and_statistics_come_while_it_runs,
        a_workload_that_cannot_be_run_is_invalid,
        a_request_without_a_workload_is_invalid,
        bytes_that_are_no_request_are_invalid,
        a_request_cut_short_is_invalid,
        a_request_over_the_limit_is_invalid,
        a_run_that_cannot_go_on_names_who_waits,
        a_run_that_takes_too_long_names_who_waits,
        an_answer_nobody_expects_fails,
        an_error_nobody_expects_fails,
        a_success_where_an_error_is_expected_fails,
        a_refusal_nobody_expects_fails,
        a_handle_left_open_fails,
        a_whole_receive_cut_short_fails,
        bytes_that_are_not_those_of_a_stream_fail,
        bytes_and_flags_nobody_expects_fail,
        descriptors_nobody_expects_fail,
        a_sender_nobody_expects_fails,
        too_little_reuse_fails,
        a_machine_without_the_runtime_skips,
        a_file_that_cannot_be_written_is_told_and_no_check_failed,
        a_directory_that_is_not_there_is_told,
    };
    return suite_run("child", NULL, end, tests, sizeof tests / sizeof tests[0]);
}
