/*
 * foreign_faults_test.c - each fault of a subject in another process is caught by its rule.
 *
 * Happy path:  a run that fails names the rule; without the fault the same run passes.
 */
#include "foreign_run.h"
#include "suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What no shipped workload asks for alone. */
#define A_STREAM                                                                                   \
    "{\"operation\": \"SOCKET\", \"endpoint\": \"there\", \"into\": \"l\"},"                       \
    "{\"operation\": \"BIND\", \"handle\": \"l\", \"endpoint\": \"there\"},"                       \
    "{\"operation\": \"LISTEN\", \"handle\": \"l\"}," A_SOCKET
#define CONNECTS "{\"operation\": \"CONNECT\", \"handle\": \"h\", \"endpoint\": \"there\""
#define ACCEPTS  "{\"operation\": \"ACCEPT\", \"handle\": \"l\", \"into\": \"s\"},"
#define RECEIVES "{\"operation\": \"RECEIVE\", \"handle\": \"s\", \"bytes\": 1000},"
#define SENDS    "{\"operation\": \"SEND\", \"handle\": \"h\", "
#define CLOSES_S "{\"operation\": \"CLOSE\", \"handle\": \"s\"},"
#define CLOSES_H "{\"operation\": \"CLOSE\", \"handle\": \"h\"},"
#define CLOSES_L "{\"operation\": \"CLOSE\", \"handle\": \"l\"}"
#define TIMES    "{\"operation\": \"TIMER\", \"after_ns\": "

#define SENDS_ONCE                                                                                 \
    STEPS("stream/once", "\"slice_bytes\": 4096",                                                  \
          A_STREAM CONNECTS "}," ACCEPTS SENDS                                                     \
                            "\"bytes\": 600}," CLOSES_H RECEIVES RECEIVES CLOSES_S CLOSES_L)
#define EMPTY_SEND                                                                                 \
    STEPS("stream/empty", "\"slice_bytes\": 0",                                                    \
          A_STREAM CONNECTS "}," SENDS "\"policy\": \"TRY\"}," CLOSES_H CLOSES_L)
#define POLLS                                                                                      \
    STEPS("stream/polls", "\"slice_bytes\": 0",                                                    \
          A_STREAM CONNECTS                                                                        \
          "},"                                                                                     \
          "{\"operation\": \"POLL\", \"handle\": \"l\", \"expect\": {\"check_value\": true,"       \
          " \"value\": 1}}," CLOSES_H CLOSES_L)
#define CONNECTS_AGAIN                                                                             \
    STEPS("connect/again", "\"slice_bytes\": 0",                                                   \
          A_STREAM CONNECTS                                                                        \
          ", \"background\": true, \"context\": \"c\","                                            \
          " \"expect\": {\"errors\": [\"ECANCELED\"]}},"                                           \
          "{\"operation\": \"CANCEL\", \"context\": \"c\"}, {\"operation\": \"AWAIT\"}," CONNECTS  \
          ", \"context\": \"c\", \"expect\": {\"errors\": [\"ECONNABORTED\"]}},"                   \
          "{\"operation\": \"PUT\", \"context\": \"c\"}," CLOSES_H CLOSES_L)
#define MAY_CLOSE                                                                                  \
    STEPS("stream/close", "\"slice_bytes\": 0",                                                    \
          A_SOCKET "{\"operation\": \"CLOSE_NOW\", \"handle\": \"h\", \"expect\": {\"answers\":"   \
                   " [\"DONE\", \"REFUSED\"], \"errors\": [\"EBADF\"]}}")
#define LENT_RECEIVE                                                                               \
    STEPS("stream/lent", "\"slice_bytes\": 0",                                                     \
          A_SOCKET                                                                                 \
          "{\"operation\": \"RECEIVE\", \"handle\": \"h\", \"memory\": \"LENT\"}" A_CLOSE)
#define NAMED_SENDER                                                                               \
    "{\"name\": \"datagram/sender\", \"pools\": [{\"name\": \"main\", \"context_count\": 1}],"     \
    " \"endpoints\": [{\"name\": \"there\", \"family\": \"UDP4\"}], \"actors\": [{\"name\":"       \
    " \"one\", \"instance_count\": 1, \"blocks\": [{\"steps\": [" A_SOCKET                         \
    "{\"operation\": \"BIND\", \"handle\": \"h\", \"endpoint\": \"there\"},"                       \
    "{\"operation\": \"RECEIVE_MESSAGE\", \"handle\": \"h\", \"bytes\": 16, \"memory\":"           \
    " \"CALLER\", \"expect\": {\"sender\": \"there\"}}" A_CLOSE "]}]}]}"
#define SIDE_BY_SIDE                                                                               \
    "{\"name\": \"context/order\", \"pools\": [{\"name\": \"main\", \"context_count\": 2}],"       \
    " \"actors\": [{\"name\": \"one\", \"instance_count\": 1, \"blocks\": [{\"order\":"            \
    " \"IN_PARALLEL\", \"steps\": [{\"operation\": \"NOP\", \"label\": \"first\"},"                \
    " {\"operation\": \"NOP\", \"expect\": {\"after\": [\"first\"]}}]}]}]}"
#define DEADLINE                                                                                   \
    STEPS("context/deadline", "\"slice_bytes\": 0",                                                \
          TIMES "1000000000, \"deadline_ns\": 100000000,"                                          \
                " \"expect\": {\"errors\": [\"ETIMEDOUT\"]}}")
#define BOUND_STEP                                                                                 \
    STEPS("context/bound", "\"slice_bytes\": 0",                                                   \
          TIMES "1000, \"expect\": {\"latency_most_ns\": 100000000}}")
#define BOUND_RUN                                                                                  \
    "{\"name\": \"context/bound\", \"pools\": [{\"name\": \"main\", \"context_count\": 1}],"       \
    " \"actors\": [{\"name\": \"one\", \"instance_count\": 1, \"blocks\": [{\"steps\":"            \
    " [" TIMES "1000}]}]}],"                                                                       \
    " \"expect\": {\"latency\": [{\"per_mille\": 500, \"most_ns\": 100000000}]}}"

/*
 * A fault for each rule of harness/RULES.md that a subject in another process can break. It cannot
 * break these:
 * - "delivered by a turn": what it tells elsewhere is a breach of the protocol, see below;
 * - "message", "child", "signal", "allocations after warm-up": these are of the run's own process;
 * - "finished" by a DIE, "reuse" and "operations" are up to the workload alone.
 */
static const struct {
    const char *fault;
    const char *workload;
    const char *rule;
    const char *first; /* NULL, or the rule that is broken with it, and always before it */
} faults[] = {
    {"refuses_with_an_error", "cancel/pending_receive", "three answers", NULL},
    {"touches_a_refused_context", "context/busy_start", "refused changes nothing", NULL},
    {"refuses_without_cause", "cancel/pending_receive", "refused rightly", NULL},
    {"sets_a_busy_context", "context/busy_start", "busy context refused", NULL},
    {"starts_a_busy_context", "context/busy_start", "busy context refused", NULL},
    {"accepts_a_stale_handle", "fault/stale_handle", "stale handle refused", NULL},
    {"does_not_close", "cancel/close_without_context", "stale handle refused", NULL},
    {"gives_a_run_again", "cancel/pending_receive", "fresh run", NULL},
    {"done_under_queue", "context/queue_always_pends", "policy", NULL},
    {"waits_for_nothing", EMPTY_SEND, "policy", NULL},
    {"exceeds_the_done_budget", "context/done_budget", "done budget", NULL},
    {"tells_another_run", "cancel/pending_receive", "one delivery", NULL},
    {"tells_twice", "cancel/pending_receive", "no delivery", NULL},
    {"tells_what_was_done", "cancel/pending_receive", "no delivery", NULL},
    {"names_another_start", "cancel/pending_receive", "delivery names its start", NULL},
    {"tells_records_only", "context/callback_delivery", "delivery names its start", NULL},
    {"is_busy_when_told", "cancel/pending_receive", "free when told", NULL},
    {"forgets_the_result", "cancel/pending_receive", "result kept", NULL},
    {"changes_what_was_set", "cancel/pending_receive", "request kept", NULL},
    {"tells_too_many_bytes", "cancel/pending_receive", "bytes", NULL},
    {"wrong_byte_count", "cancel/pending_receive", "whole send", NULL},
    {"names_other_memory", "cancel/pending_receive", "memory", NULL},
    {HOSTILE " lends_nothing", LENT_RECEIVE, "lent", NULL},
    {"makes_nothing", SENDS_ONCE, "product", NULL},
    {"gives_an_open_handle", SENDS_ONCE, "product", NULL},
    {"forgets_the_end", "stream/end_of_stream_sticks", "end of stream", NULL},
    {"end_does_not_stick", "stream/end_of_stream_sticks", "end sticks", NULL},
    {"forgets_an_error", "fault/abortive_close_resets_peer", "error sticks", NULL},
    {"connects_after_an_end", CONNECTS_AGAIN, "ended connect", NULL},
    {"cuts_streams", SENDS_ONCE, "truncated", NULL},
    {"cancels_a_later_run", "cancel/finished_run", "ended early", NULL},
    {"early_timer", TIMES_LATE, "never early", NULL},
    {"early_deadline", DEADLINE, "never early", NULL},
    {"tells_out_of_order", "stream/sixteen_in_line", "order", NULL},
    {"closes_before_the_others", "stream/close_with_sixteen_receives", "close comes last", NULL},
    {"accepts_a_second_put", "pool/put_twice", "pool", NULL},
    {"hands_out_used_contexts", "cancel/pending_receive", "pool", NULL},
    {"keeps_what_goes_back", "pool/auto_put", "pool", NULL},
    {"cancels_what_is_over", "cancel/finished_run", "cancel", NULL},
    {"changes_messages", "context/post", "post", NULL},
    {"wrong_content", "cancel/pending_receive", "content", NULL},
    {"bytes_beyond_the_window", "cancel/pending_receive", "untouched", NULL},
    {"drops_a_byte", SENDS_ONCE, "sums of bytes", NULL},
    {"tries_nothing", "accept/try_with_client_waiting", "expected answers", NULL},
    {"tells_another_error", "fault/connect_refused", "expected errors", NULL},
    {"brings_less", "cancel/pending_receive", "expected bytes", NULL},
    {"tells_another_size", "file/sync_and_truncate", "expected sizes", NULL},
    {"tells_other_events", POLLS, "expected values", NULL},
    {HOSTILE " names_another_sender", NAMED_SENDER, "expected messages", NULL},
    {"forgets_what_is_cut", "datagram/truncated", "expected flags", NULL},
    {"tells_out_of_order", SIDE_BY_SIDE, "expected order", NULL},
    {"is_late", BOUND_STEP, "expected latency", NULL},
    {"is_late", BOUND_RUN, "latency", NULL},
    {"loses_one", ENDS_SOON, "finished", NULL},
    {"loses_one", ENDS_SOON, "deliveries equal pending", "finished"},
    {"takes_nothing_back", BOUND_STEP, "pool balanced", "pool"},
    {"does_not_close", MAY_CLOSE, "handles closed", "stale handle refused"},
    {"keeps_a_buffer", "cancel/pending_receive", "buffers given back", NULL},
    {"leaks_a_handle", "cancel/pending_receive", "statistics agree", NULL},
    {"goes_on_after_a_shutdown", "cancel/pending_receive", "shutdown", NULL},
    {"starts_after_a_shutdown", "cancel/pending_receive", "shutdown", NULL},
    {"leaves_operations", "cancel/pending_receive", "nothing leaked", NULL},
    {"leaves_a_descriptor", "cancel/pending_receive", "descriptors", NULL},
};

/* By its name, if broken.c has it; else it is a whole subject. */
static void run_fault(int index, struct child_run *ret_run)
{
    char subject[FOREIGN_PATH_BYTES];
    const char *fault = faults[index].fault;
    snprintf(subject, sizeof subject, "%s%s", fault[0] == '/' ? "" : BROKEN " ", fault);
    foreign_run(subject, faults[index].workload, ret_run);
}

static bool is_violated(const Pendio__Report *report, const char *rule)
{
    for (size_t i = 0; i < report->n_violations; i++)
        if (strcmp(report->violations[i]->rule, rule) == 0)
            return true;
    return false;
}

START_TEST(a_fault_is_caught_by_its_rule)
{
    struct child_run run;
    const char *first = faults[_i].first != NULL ? faults[_i].first : faults[_i].rule;
    run_fault(_i, &run);
    ck_assert_msg(run.report->verdict == PENDIO__VERDICT__FAILED, "%s: verdict %d, %s",
                  faults[_i].fault, run.report->verdict, run.report->reason);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strncmp(run.report->reason, first, strlen(first)) == 0 &&
                      run.report->reason[strlen(first)] == ':',
                  "%s: %s", faults[_i].fault, run.report->reason);
    ck_assert_msg(is_violated(run.report, faults[_i].rule), "%s: only %s", faults[_i].fault,
                  run.report->reason);
    child_run_fini(&run);
}
END_TEST

START_TEST(without_the_fault_the_same_passes)
{
    struct child_run run;
    if (faults[_i].fault[0] == '/')
        return; /* those can do nothing else */
    foreign_run(BROKEN " none", faults[_i].workload, &run);
    ck_assert_msg(run.report->verdict == PENDIO__VERDICT__PASSED, "%s: %s", faults[_i].workload,
                  run.report->reason);
    child_run_fini(&run);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void)
{
    Suite *suite = suite_create("foreign_faults");
    TCase *all = tcase_create("faults");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, a_fault_is_caught_by_its_rule, 0, COUNT(faults));
    tcase_add_loop_test(all, without_the_fault_the_same_passes, 0, COUNT(faults));
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
