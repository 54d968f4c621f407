/*
 * foreign_test.c - subjects in another process: a right one passes, each fault is caught by its
 * rule, and one that breaks the protocol ends its run with a reason that quotes it.
 */
#include "child_run.h"
#include "suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 512 };

#define ENDS_SOON                                                                                  \
    "{\"name\": \"context/nops\", \"pools\": [{\"name\": \"main\", \"context_count\": 1}],"        \
    " \"actors\": [{\"name\": \"one\", \"instance_count\": 1, \"blocks\": [{\"repeat_count\": 10," \
    " \"steps\": [{\"operation\": \"NOP\"}]}]}], \"limits\": {\"time_ms\": 500}}"

#define TIMES_LATE                                                                                 \
    "{\"name\": \"context/late\", \"pools\": [{\"name\": \"main\", \"context_count\": 1}],"        \
    " \"actors\": [{\"name\": \"one\", \"instance_count\": 1, \"blocks\": [{"                      \
    " \"steps\": [{\"operation\": \"TIMER\", \"after_ns\": 300000000}]}]}],"                       \
    " \"limits\": {\"time_ms\": 5000}}"

/* A thousand rounds where a few are enough: each costs some ways to the other process and back. */
static void shorten(char *text)
{
    static const char *const pairs[][2] = {
        {"\"repeat_count\": 1000,", "\"repeat_count\": 20,  "},
        {"\"repeat_count\": 999,", "\"repeat_count\": 19, "},
        {"\"reuse_minimum\": 1000,", "\"reuse_minimum\": 1,   "},
        {"\"operations_minimum\": 64000}", "\"operations_minimum\": 1}    "},
        {"\"operations_minimum\": 256000}", "\"operations_minimum\": 1}     "},
    };
    if (strstr(text, "\"reuse_minimum\": 1000,") == NULL)
        return;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (char *at = text; (at = strstr(at, pairs[i][0])) != NULL;)
            memcpy(at, pairs[i][1], strlen(pairs[i][1]));
}

static char *read_text(const char *workload)
{
    static char text[1 << 18];
    char path[PATH_BYTES];
    snprintf(path, sizeof path, WORKLOADS "/%s.json", workload);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s is not there", path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    shorten(text);
    return text;
}

static void run_workload(const char *subject, const char *workload, struct child_run *ret_run)
{
    struct pnd_message_error error = {.text = ""};
    const char *text = workload[0] == '{' ? workload : read_text(workload);
    int status = child_run_text_with(subject, text, workload, ret_run, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    ck_assert_msg(ret_run->report != NULL, "%s: no report, status %d", workload,
                  ret_run->exit_status);
}

/* ------------------------------------------------------------------------------------------------
 * A right one
 * --------------------------------------------------------------------------------------------- */

static const char *const passed[] = {
    "accept/fifteen_accepts",
    "accept/try_with_client_waiting",
    "cancel/accept",
    "cancel/finished_run",
    "cancel/head_of_line",
    "cancel/middle_of_line",
    "cancel/pending_receive",
    "cancel/timer",
    "connect/storm",
    "connect/tcp_echo",
    "context/busy_start",
    "context/callback_and_record",
    "context/callback_delivery",
    "context/done_budget",
    "context/post",
    "context/queue_always_pends",
    "context/ten_thousand_operations",
    "context/timer_order",
    "context/timers",
    "datagram/empty_message",
    "datagram/peek",
    "datagram/seqpacket",
    "datagram/truncated",
    "datagram/udp_ping_pong",
    "datagram/unix",
    "fault/abortive_close_resets_peer",
    "fault/closing_handle",
    "fault/connect_refused",
    "fault/open_missing_file",
    "fault/stale_handle",
    "file/end_of_file",
    "file/fixed_buffer_64mib",
    "file/memory_of_the_caller",
    "file/names",
    "file/parallel_reads",
    "file/streaming",
    "file/sync_and_truncate",
    "pool/auto_put",
    "pool/exhausted",
    "pool/put_twice",
    "pool/two_pools",
    "pool/waiting_for_contexts",
    "stream/close_with_sixteen_receives",
    "stream/end_of_stream_sticks",
    "stream/graceful_close_delivers_everything",
    "stream/half_close",
    "stream/poll",
    "stream/unix_echo",
};

START_TEST(a_plain_subject_passes_what_it_announces)
{
    struct child_run run;
    run_workload(BLOCKING, passed[_i], &run);
    ck_assert_msg(run.report->verdict == PENDIO__VERDICT__PASSED, "%s: %s", passed[_i],
                  run.report->reason);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(run.report->subject, "blocking 1");
    ck_assert_uint_eq(run.report->deliveries, run.report->answers->pending);
    child_run_fini(&run);
}
END_TEST

/* What the others cannot: so that the protocol carries all of it. */
static const char *const of_libpendio[] = {
    "accept/into_prepared",   "connect/both_ends_again_unix",
    "connect/by_name",        "connect/disconnect",
    "connect/first_data_tcp", "context/callback_and_record",
    "datagram/lent",          "datagram/message_udp4",
    "datagram/pieces",        "packets/any_mix_unix",
    "packets/errors",         "packets/splice",
    "pool/auto_put",          "stream/gathered_unix",
    "stream/lent_bounds",     "stream/lent_echo_unix",
    "stream/zero_copy_tcp",
};

START_TEST(libpendio_in_another_process_passes_the_rest)
{
    struct child_run run;
    run_workload(OWN, of_libpendio[_i], &run);
    bool no_ring = run.report->verdict == PENDIO__VERDICT__SKIPPED &&
                   strstr(run.report->reason, "has no loop here") != NULL;
    ck_assert_msg(no_ring || run.report->verdict == PENDIO__VERDICT__PASSED, "%s: %s",
                  of_libpendio[_i], run.report->reason);
    child_run_fini(&run);
}
END_TEST

static const char *const of_a_clock[] = {
    "context/post",
    "context/timer_order",
    "context/timers",
    "pool/waiting_for_contexts",
};

START_TEST(a_page_of_python_passes_what_it_announces)
{
    struct child_run run;
    run_workload(CLOCK, of_a_clock[_i], &run);
    ck_assert_msg(run.report->verdict == PENDIO__VERDICT__PASSED, "%s: %s", of_a_clock[_i],
                  run.report->reason);
    ck_assert_str_eq(run.report->subject, "clock 3");
    child_run_fini(&run);
}
END_TEST

static const struct {
    const char *workload;
    const char *lacks;
} skipped[] = {
    {"accept/into_prepared", "has not announced prepared"},
    {"connect/by_name", "has not announced connect_name"},
    {"connect/first_data_unix", "has not announced first_data"},
    {"context/children", "is about the run's own process"},
    {"fault/descriptor_limit", "is about the run's own process"},
    {"fault/process_dies", "is about the run's own process"},
    {"datagram/message_udp4", "has not announced receive_message"},
    {"file/pieces", "needs 4096 pieces of a vector"},
    {"packets/splice", "has not announced splice"},
    {"stream/gathered_unix", "has not announced vectors"},
    {"stream/lent_echo_unix", "has not announced lending"},
};

START_TEST(what_it_has_not_announced_is_skipped)
{
    struct child_run run;
    run_workload(BLOCKING, skipped[_i].workload, &run);
    ck_assert_int_eq(run.report->verdict, PENDIO__VERDICT__SKIPPED);
    ck_assert_int_eq(run.exit_status, 77);
    ck_assert_msg(strstr(run.report->reason, skipped[_i].lacks) != NULL, "%s", run.report->reason);
    child_run_fini(&run);
}
END_TEST

/* ------------------------------------------------------------------------------------------------
 * Those that break the contract
 * --------------------------------------------------------------------------------------------- */

static const struct {
    const char *fault;
    const char *workload;
    const char *rule;
} faults[] = {
    {"tells_twice", "cancel/pending_receive", "no delivery"},
    {"loses_one", ENDS_SOON, "finished"},
    {"tells_what_was_done", "cancel/pending_receive", "no delivery"},
    {"touches_a_refused_context", "context/busy_start", "refused changes nothing"},
    {"leaks_a_handle", "cancel/pending_receive", "statistics agree"},
    {"gives_a_run_again", "cancel/pending_receive", "fresh run"},
    {"early_timer", TIMES_LATE, "never early"},
    {"done_under_queue", "context/queue_always_pends", "policy"},
    {"wrong_byte_count", "cancel/pending_receive", "whole send"},
    {"bytes_beyond_the_window", "cancel/pending_receive", "untouched"},
    {"wrong_content", "cancel/pending_receive", "content"},
    {"end_does_not_stick", "stream/end_of_stream_sticks", "end sticks"},
    {"tells_out_of_order", "stream/sixteen_in_line", "order"},
    {"cancels_a_later_run", "cancel/finished_run", "ended early"},
    {"closes_before_the_others", "stream/close_with_sixteen_receives", "close comes last"},
    {"accepts_a_stale_handle", "fault/stale_handle", "stale handle refused"},
    {"accepts_a_second_put", "pool/put_twice", "pool"},
    {"exceeds_the_done_budget", "context/done_budget", "done budget"},
    {"sets_a_busy_context", "context/busy_start", "busy context refused"},
    {"is_busy_when_told", "cancel/pending_receive", "free when told"},
    {"forgets_the_result", "cancel/pending_receive", "result kept"},
    {"changes_what_was_set", "cancel/pending_receive", "request kept"},
    {"names_another_start", "cancel/pending_receive", "delivery names its start"},
    {"hands_out_used_contexts", "cancel/pending_receive", "pool"},
    {"changes_messages", "context/post", "post"},
};

START_TEST(a_fault_is_caught_by_its_rule)
{
    char subject[PATH_BYTES];
    struct child_run run;
    size_t length = strlen(faults[_i].rule);
    snprintf(subject, sizeof subject, BROKEN " %s", faults[_i].fault);
    run_workload(subject, faults[_i].workload, &run);
    ck_assert_msg(run.report->verdict == PENDIO__VERDICT__FAILED, "%s: verdict %d, %s",
                  faults[_i].fault, run.report->verdict, run.report->reason);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strncmp(run.report->reason, faults[_i].rule, length) == 0 &&
                      run.report->reason[length] == ':',
                  "%s: %s", faults[_i].fault, run.report->reason);
    child_run_fini(&run);
}
END_TEST

START_TEST(without_the_fault_the_same_passes)
{
    struct child_run run;
    run_workload(BROKEN " none", faults[_i].workload, &run);
    ck_assert_msg(run.report->verdict == PENDIO__VERDICT__PASSED, "%s: %s", faults[_i].workload,
                  run.report->reason);
    child_run_fini(&run);
}
END_TEST

/* ------------------------------------------------------------------------------------------------
 * Those that break the protocol
 * --------------------------------------------------------------------------------------------- */

static const struct {
    const char *subject;
    Pendio__Verdict verdict;
    const char *reason;
    const char *quoted;
} breaches[] = {
    {BROKEN " dies", PENDIO__VERDICT__CRASHED, "was killed by signal 9 (SIGKILL)", "farewell"},
    {BROKEN " leaves", PENDIO__VERDICT__CRASHED, "ended with status 7", "enough of this"},
    {BROKEN " ends_badly", PENDIO__VERDICT__CRASHED, "ended with status 1 after its last answer",
     ""},
    {BROKEN " is_silent", PENDIO__VERDICT__FAILED, "did not answer to", "in time"},
    {BROKEN " babbles", PENDIO__VERDICT__FAILED, "with no answer", "Lorem ipsum dolor"},
    {BROKEN " writes_no_text", PENDIO__VERDICT__FAILED, "with no answer", "told ??"},
    {BROKEN " writes_without_end", PENDIO__VERDICT__FAILED, "more than 65536 bytes", "and so on"},
    {BROKEN " writes_unasked", PENDIO__VERDICT__FAILED, "wrote unasked", "end"},
    {BROKEN " points_elsewhere", PENDIO__VERDICT__FAILED, "outside of the shared memory",
     "set.memory=99999999999"},
    {BROKEN " is_mute", PENDIO__VERDICT__INVALID, "did not answer to hello in time", ""},
    {"/bin/cat", PENDIO__VERDICT__INVALID, "hello", ""},
    {"/bin/true", PENDIO__VERDICT__INVALID, "ended with status 0 when asked for hello", ""},
    {"/nowhere", PENDIO__VERDICT__INVALID, "ended with status 3", "could not be executed"},
};

START_TEST(a_breach_of_the_protocol_ends_the_run)
{
    struct child_run run;
    run_workload(breaches[_i].subject, ENDS_SOON, &run);
    const char *reason = run.report->reason;
    ck_assert_msg(run.report->verdict == breaches[_i].verdict, "%s: verdict %d, %s",
                  breaches[_i].subject, run.report->verdict, reason);
    ck_assert_msg(strstr(reason, breaches[_i].reason) != NULL &&
                      strstr(reason, breaches[_i].quoted) != NULL,
                  "%s: %s", breaches[_i].subject, reason);
    ck_assert_int_ne(run.exit_status, 0);
    child_run_fini(&run);
}
END_TEST

/* ------------------------------------------------------------------------------------------------
 * Those that would harm the run
 * --------------------------------------------------------------------------------------------- */

#define STEPS(name, pool, steps)                                                                   \
    "{\"name\": \"" name "\", \"pools\": [{\"name\": \"main\", \"context_count\": 1, " pool "}],"  \
    " \"endpoints\": [{\"name\": \"there\", \"family\": \"TCP4\"}],"                               \
    " \"actors\": [{\"name\": \"one\", \"instance_count\": 1, \"blocks\": [{\"steps\": [" steps    \
    "]}]}], \"limits\": {\"time_ms\": 3000}}"
#define A_SOCKET "{\"operation\": \"SOCKET\", \"endpoint\": \"there\", \"into\": \"h\"}, "
#define A_CLOSE  ", {\"operation\": \"CLOSE_NOW\", \"handle\": \"h\"}"

static const struct {
    const char *subject;
    const char *workload;
    Pendio__Verdict verdict;
    const char *reason;
} harms[] = {
    {HOSTILE " floods", TIMES_LATE, PENDIO__VERDICT__FAILED, "post: "},
    {HOSTILE " calls_for_ever",
     STEPS("context/calls", "\"slice_bytes\": 0",
           "{\"operation\": \"NOP\", \"callback\": true, \"auto_put\": true,"
           " \"background\": true, \"times\": 500}"),
     PENDIO__VERDICT__FAILED, "pool: "},
    {HOSTILE " lends_beyond",
     STEPS("stream/lent", "\"slice_bytes\": 0",
           A_SOCKET
           "{\"operation\": \"RECEIVE\", \"handle\": \"h\", \"memory\": \"LENT\"}" A_CLOSE),
     PENDIO__VERDICT__FAILED, "lent"},
    {HOSTILE " shows_a_former_vector",
     STEPS("stream/vector", "\"slice_bytes\": 0",
           A_SOCKET "{\"operation\": \"SEND\", \"handle\": \"h\", \"memory\": \"CALLER\","
                    " \"bytes\": 65536, \"pieces\": [4096], \"context\": \"c\"},"
                    "{\"operation\": \"SEND\", \"handle\": \"h\", \"memory\": \"CALLER\","
                    " \"bytes\": 64, \"context\": \"c\"}" A_CLOSE),
     PENDIO__VERDICT__FAILED, "vector"},
    {HOSTILE " ignores_a_window",
     STEPS("stream/window", "\"slice_bytes\": 0",
           A_SOCKET "{\"operation\": \"SEND\", \"handle\": \"h\", \"memory\": \"CALLER\","
                    " \"bytes\": 65536, \"context\": \"c\"},"
                    "{\"operation\": \"SEND\", \"handle\": \"h\", \"memory\": \"CALLER\","
                    " \"bytes\": 64, \"context\": \"c\"}" A_CLOSE),
     PENDIO__VERDICT__FAILED, "shows something else than was set"},
    {HOSTILE " speaks_at_last", ENDS_SOON, PENDIO__VERDICT__FAILED, "wrote unasked"},
    {HOSTILE " leaves_by_itself", ENDS_SOON, PENDIO__VERDICT__PASSED, ""},
};

START_TEST(no_subject_harms_its_run)
{
    struct child_run run;
    run_workload(harms[_i].subject, harms[_i].workload, &run);
    ck_assert_msg(run.report->verdict == harms[_i].verdict, "%s: verdict %d, %s", harms[_i].subject,
                  run.report->verdict, run.report->reason);
    ck_assert_msg(strstr(run.report->reason, harms[_i].reason) != NULL, "%s: %s", harms[_i].subject,
                  run.report->reason);
    child_run_fini(&run);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void)
{
    Suite *suite = suite_create("foreign");
    TCase *all = tcase_create("subjects");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, a_plain_subject_passes_what_it_announces, 0, COUNT(passed));
    tcase_add_loop_test(all, libpendio_in_another_process_passes_the_rest, 0, COUNT(of_libpendio));
    tcase_add_loop_test(all, a_page_of_python_passes_what_it_announces, 0, COUNT(of_a_clock));
    tcase_add_loop_test(all, what_it_has_not_announced_is_skipped, 0, COUNT(skipped));
    tcase_add_loop_test(all, a_fault_is_caught_by_its_rule, 0, COUNT(faults));
    tcase_add_loop_test(all, without_the_fault_the_same_passes, 0, COUNT(faults));
    tcase_add_loop_test(all, a_breach_of_the_protocol_ends_the_run, 0, COUNT(breaches));
    suite_add_tcase(suite, all);
    TCase *harm = tcase_create("harm");
    tcase_set_timeout(harm, 120);
    tcase_add_loop_test(harm, no_subject_harms_its_run, 0, COUNT(harms));
    suite_add_tcase(suite, harm);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
