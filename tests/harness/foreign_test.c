/*
 * foreign_test.c - subjects in another process: right ones pass, and one that breaks the protocol
 * ends its run with a reason that quotes it.
 */
#include "foreign_run.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define LONG_VECTORS                                                                               \
    "{\"name\": \"stream/long\", \"pools\": [{\"name\": \"main\", \"context_count\": 1},"          \
    " {\"name\": \"bare\", \"context_count\": 30000}], \"endpoints\": [{\"name\": \"there\","      \
    " \"family\": \"TCP4\"}], \"actors\": [{\"name\": \"one\", \"instance_count\": 1, \"blocks\":" \
    " [{\"steps\": [" A_SOCKET "{\"operation\": \"SEND\", \"handle\": \"h\", \"bytes\": 65536,"    \
    " \"memory\": \"CALLER\", \"pieces\": [1]}" A_CLOSE "]}]}]}"

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

static void must_pass(const char *subject, const char *name, const char *workload)
{
    struct child_run run;
    foreign_run(subject, workload, &run);
    ck_assert_msg(run.report->verdict == PENDIO__VERDICT__PASSED, "%s: %s", workload,
                  run.report->reason);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(run.report->subject, name);
    ck_assert_uint_eq(run.report->deliveries, run.report->answers->pending);
    child_run_fini(&run);
}

START_TEST(a_plain_subject_passes_what_it_announces)
{
    must_pass(PLAIN, "plain 1", passed[_i]);
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
    "stream/held_buffers",    "stream/lent_bounds",
    "stream/lent_echo_unix",  "stream/zero_copy_tcp",
};

START_TEST(libpendio_in_another_process_passes_the_rest)
{
    struct child_run run;
    foreign_run(OWN, of_libpendio[_i], &run);
    bool no_ring = run.report->verdict == PENDIO__VERDICT__SKIPPED &&
                   strstr(run.report->reason, "has no loop here") != NULL;
    ck_assert_msg(no_ring || run.report->verdict == PENDIO__VERDICT__PASSED, "%s: %s",
                  of_libpendio[_i], run.report->reason);
    child_run_fini(&run);
}
END_TEST

static const char *const of_streams[] = {
    "accept/closed_with_listener_tcp",
    "accept/five_wait",
    "connect/already_connected",
    "pool/tide",
    "stream/drawn_sizes",
    "stream/ramp_echo",
    "stream/two_ways_at_once",
};

START_TEST(a_small_file_of_perl_passes_what_it_announces)
{
    must_pass(BLOCKING, "blocking 1", of_streams[_i]);
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
    must_pass(CLOCK, "clock 3", of_a_clock[_i]);
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
    foreign_run(PLAIN, skipped[_i].workload, &run);
    ck_assert_int_eq(run.report->verdict, PENDIO__VERDICT__SKIPPED);
    ck_assert_int_eq(run.exit_status, 77);
    ck_assert_msg(strstr(run.report->reason, skipped[_i].lacks) != NULL, "%s", run.report->reason);
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
    {BROKEN " tells_in_a_start", PENDIO__VERDICT__FAILED, "answered to nop with no answer to it",
     "told context=1"},
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
    foreign_run(breaches[_i].subject, ENDS_SOON, &run);
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
    {HOSTILE " speaks_again", ENDS_SOON, PENDIO__VERDICT__FAILED, ": \"ok"},
    {HOSTILE " shows_a_former_vector", LONG_VECTORS, PENDIO__VERDICT__SKIPPED,
     "needs 65536 pieces of a vector"},
    {HOSTILE " speaks_at_last", ENDS_SOON, PENDIO__VERDICT__FAILED, "wrote unasked"},
    {HOSTILE " leaves_by_itself", ENDS_SOON, PENDIO__VERDICT__PASSED, ""},
};

START_TEST(no_subject_harms_its_run)
{
    struct child_run run;
    foreign_run(harms[_i].subject, harms[_i].workload, &run);
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
    tcase_add_loop_test(all, a_small_file_of_perl_passes_what_it_announces, 0, COUNT(of_streams));
    tcase_add_loop_test(all, a_page_of_python_passes_what_it_announces, 0, COUNT(of_a_clock));
    tcase_add_loop_test(all, what_it_has_not_announced_is_skipped, 0, COUNT(skipped));
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
