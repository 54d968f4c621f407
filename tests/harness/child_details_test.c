/* child_details_test.c - what a report has beside sums: violations, histograms, timeline, trace. */
#include "child_run.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/* A workload of one actor, with more of the workload, and what its one block is. */
#define WORKLOAD(name, more, block)                                                                \
    "{\"name\": \"" name "\", " more "\"pools\": [{\"name\": \"p\", \"context_count\": 4, "        \
    "\"slice_bytes\": 64}], \"endpoints\": [{\"name\": \"e\", \"family\": \"UNIX_STREAM\"}], "     \
    "\"limits\": {\"time_ms\": 5000}, \"actors\": [{\"name\": \"first\", \"instance_count\": 1, "  \
    "\"blocks\": [{" block "}]}]}"

#define WRONG_ANSWER                                                                               \
    "\"repeat_count\": 50, \"steps\": [{\"operation\": \"NOP\", \"context\": \"c\", \"expect\": "  \
    "{\"answers\": [\"DONE\"]}}]"

#define CANCELLED_TIMER                                                                            \
    "\"steps\": [{\"operation\": \"TIMER\", \"context\": \"c\", \"after_ns\": 1000000000, "        \
    "\"background\": true, \"expect\": {\"errors\": [\"ECANCELED\"]}}, {\"operation\": "           \
    "\"CANCEL\", \"context\": \"c\"}, {\"operation\": \"AWAIT\"}]"

static struct child_run run;

static void end(void)
{
    child_run_fini(&run);
}

static void run_text(const char *json)
{
    child_run_must_report(&run, json);
}

START_TEST(a_broken_rule_tells_the_story_of_its_context)
{
    run_text(WORKLOAD("t", "\"seed\": 77, ", WRONG_ANSWER));
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_uint_eq(run.report->n_violations, 1);
    const Pendio__Violation *violation = run.report->violations[0];
    ck_assert_str_eq(violation->rule, "expected answers");
    ck_assert_str_eq(violation->seen, "first[0] at actors[0].blocks[0].steps[0] (NOP) was PENDING");
    ck_assert_uint_eq(violation->context, 1);
    ck_assert_uint_eq(violation->generation, 1);
    ck_assert_str_eq(violation->operation, "NOP");
    ck_assert_uint_eq(violation->n_events, 2);
    ck_assert_int_eq((int)violation->events[0]->kind, PENDIO__TRACE_KIND__TAKEN);
    ck_assert_int_eq((int)violation->events[1]->kind, PENDIO__TRACE_KIND__STARTED);
    ck_assert_int_eq((int)violation->events[1]->answer, PENDIO__ANSWER__PENDING);
    ck_assert_str_eq(violation->events[1]->place, "first[0].blocks[0].steps[0]");
    ck_assert_str_eq(violation->repeat_command, "pendio run --seed 77 WORKLOAD.json");
}
END_TEST

START_TEST(a_shipped_workload_is_repeated_from_its_file)
{
    ck_assert_int_eq(setenv("PENDIO_FEATURES", "-buffer_ring", 1), 0);
    run_text(WORKLOAD("cancel/timer", "", WRONG_ANSWER));
    ck_assert_int_eq(unsetenv("PENDIO_FEATURES"), 0);
    ck_assert_str_eq(run.report->violations[0]->repeat_command,
                     "pendio run --seed 1 --features '-buffer_ring' "
                     "harness/workloads/cancel/timer.json");
}
END_TEST

START_TEST(a_name_that_is_no_file_is_not_taken_for_one)
{
    run_text(WORKLOAD("cancel/$(reboot)", "", WRONG_ANSWER));
    ck_assert_str_eq(run.report->violations[0]->repeat_command,
                     "pendio run --seed 1 WORKLOAD.json");
    run_text(WORKLOAD("elsewhere/timer", "", WRONG_ANSWER));
    ck_assert_str_eq(run.report->violations[0]->repeat_command,
                     "pendio run --seed 1 WORKLOAD.json");
}
END_TEST

START_TEST(a_run_that_passes_has_no_violations_and_its_histogram)
{
    uint64_t count = 0;
    run_text(WORKLOAD("t", "", "\"repeat_count\": 100, \"steps\": [{\"operation\": \"NOP\"}]"));
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_uint_eq(run.report->n_violations, 0);
    ck_assert_uint_eq(run.report->n_trace, 0);
    ck_assert_uint_eq(run.report->n_timeline, 0);
    ck_assert_ptr_null(run.report->round_latency);
    const Pendio__Histogram *histogram = run.report->latency;
    ck_assert_uint_eq(histogram->n_buckets, histogram->n_counts);
    for (size_t i = 0; i < histogram->n_counts; i++)
        count += histogram->counts[i];
    ck_assert_uint_eq(count, 100);
    ck_assert_uint_eq(histogram->max, run.report->latency_ns->max);
}
END_TEST

START_TEST(a_trace_has_every_answer_and_delivery)
{
    static const Pendio__TraceKind kinds[] = {
        PENDIO__TRACE_KIND__TAKEN, PENDIO__TRACE_KIND__STARTED, PENDIO__TRACE_KIND__CANCELLED,
        PENDIO__TRACE_KIND__DELIVERED, PENDIO__TRACE_KIND__PUT_BACK};
    run_text(WORKLOAD("t", "\"record\": {\"answers\": true}, ", CANCELLED_TIMER));
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_uint_eq(run.report->n_trace, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq((int)run.report->trace[i]->kind, (int)kinds[i]);
        ck_assert_uint_eq(run.report->trace[i]->context, 1);
    }
    ck_assert_str_eq(run.report->trace[3]->operation, "TIMER");
    ck_assert_int_eq(run.report->trace[3]->error, -125);
    ck_assert_str_eq(run.report->trace[2]->place, "first[0].blocks[0].steps[1]");
}
END_TEST

START_TEST(a_trace_ends_where_its_bound_is)
{
    run_text(WORKLOAD("t", "\"record\": {\"answers\": true, \"event_count\": 7}, ",
                      "\"repeat_count\": 100, \"steps\": [{\"operation\": \"NOP\"}]"));
    ck_assert_uint_eq(run.report->n_trace, 7);
}
END_TEST

/* The longest there may be; the daemon takes events of 3 MiB. */
START_TEST(the_longest_trace_is_still_a_message)
{
    run_text(WORKLOAD("t", "\"record\": {\"answers\": true, \"event_count\": 20000}, ",
                      "\"repeat_count\": 6000, \"steps\": [{\"operation\": \"NOP\"}]"));
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_uint_eq(run.report->n_trace, 20000);
    uint8_t *packed = NULL;
    size_t byte_count = 0;
    ck_assert_int_eq(pnd_message_pack(run.event, &packed, &byte_count), 0);
    free(packed);
    ck_assert_uint_lt(byte_count, 3 << 20);
}
END_TEST

START_TEST(a_timeline_sums_up_to_the_run)
{
    uint64_t pending = 0;
    uint64_t delivered = 0;
    run_text(WORKLOAD("t", "\"record\": {\"timeline\": true}, ",
                      "\"repeat_count\": 5, \"steps\": [{\"operation\": \"TIMER\", \"after_ns\": "
                      "50000000}]"));
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_uint_ge(run.report->n_timeline, 2);
    for (size_t i = 0; i < run.report->n_timeline; i++) {
        pending += run.report->timeline[i]->pending;
        delivered += run.report->timeline[i]->delivered;
    }
    ck_assert_uint_eq(pending, 5);
    ck_assert_uint_eq(delivered, 5);
}
END_TEST

static const char *hash_of(const char *json)
{
    static char digits[2][64];
    static unsigned turn;
    run_text(json);
    ck_assert_int_eq(run.exit_status, 0);
    char *kept = digits[turn++ % 2];
    (void)strncpy(kept, run.report->fixed_answers_hash, sizeof digits[0] - 1);
    ck_assert_uint_eq(strlen(kept), 16);
    return kept;
}

START_TEST(the_hash_of_fixed_answers_is_that_of_the_workload)
{
    static const char fifty[] =
        WORKLOAD("t", "", "\"repeat_count\": 50, \"steps\": [{\"operation\": \"NOP\"}]");
    static const char more[] =
        WORKLOAD("t", "", "\"repeat_count\": 51, \"steps\": [{\"operation\": \"NOP\"}]");
    static const char cancelled[] = WORKLOAD("t", "", CANCELLED_TIMER);
    ck_assert_str_eq(hash_of(fifty), hash_of(fifty));
    ck_assert_str_eq(hash_of(cancelled), hash_of(cancelled));
    ck_assert_str_ne(hash_of(fifty), hash_of(more));
    ck_assert_str_ne(hash_of(fifty), hash_of(cancelled));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_broken_rule_tells_the_story_of_its_context,
        a_shipped_workload_is_repeated_from_its_file,
        a_name_that_is_no_file_is_not_taken_for_one,
        a_run_that_passes_has_no_violations_and_its_histogram,
        a_trace_has_every_answer_and_delivery,
        a_trace_ends_where_its_bound_is,
        the_longest_trace_is_still_a_message,
        a_timeline_sums_up_to_the_run,
        the_hash_of_fixed_answers_is_that_of_the_workload,
    };
    return suite_run("child_details", NULL, end, tests, sizeof tests / sizeof tests[0]);
}
