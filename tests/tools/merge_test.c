/* merge_test.c - reports of several places as one outcome. */
#include "merge.h"

#include "cli.h"

#include <stdio.h>
#include <string.h>

static struct pnd_outcome outcomes[2];
static struct pnd_merge_part parts[2];
static const struct pnd_options options = {
    .urls = {"ipc:///a", "ipc:///b", "ipc:///c"},
    .addresses = {NULL, "10.0.0.2"},
    .url_count = 3,
};
static struct pnd_outcome merged;
static ProtobufCMessage *workload;

static ProtobufCMessage *parse(const ProtobufCMessageDescriptor *type, const char *json)
{
    ProtobufCMessage *message = NULL;
    struct pnd_message_error error;
    int status = pnd_message_from_json(type, json, strlen(json), "test", NULL, &message, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    return message;
}

static void begin(void)
{
    memset(outcomes, 0, sizeof outcomes);
    memset(&merged, 0, sizeof merged);
    workload = parse(&pendio__workload__descriptor, "{}");
    for (uint32_t i = 0; i < 2; i++)
        parts[i] = (struct pnd_merge_part){.place = i, .outcome = &outcomes[i]};
}

static void end(void)
{
    for (int i = 0; i < 2; i++)
        pnd_outcome_fini(&outcomes[i]);
    pnd_outcome_fini(&merged);
    pnd_message_free(workload);
}

static void set_workload(const char *json)
{
    pnd_message_free(workload);
    workload = parse(&pendio__workload__descriptor, json);
}

static void set_report(int index, const char *json)
{
    ProtobufCMessage *report = parse(&pendio__report__descriptor, json);
    ck_assert_int_eq(pnd_outcome_init_report(&outcomes[index], "t", (Pendio__Report *)report), 0);
}

static void merge(void)
{
    ck_assert_int_eq(
        pnd_merge_outcomes(parts, 2, (const Pendio__Workload *)workload, "t", &options, &merged),
        0);
}

START_TEST(counts_are_sums_and_the_time_is_that_of_the_longest)
{
    set_report(0, "{\"workload\": \"a/b\", \"verdict\": \"PASSED\", \"operations\": 3, "
                  "\"elapsed_ns\": 5, \"seed\": 9, \"answers\": {\"done\": 1, \"pending\": 2}, "
                  "\"deliveries\": 2, \"pool\": {\"contexts\": 4}, \"bytes\": {\"sent\": 10}, "
                  "\"fixed_answers_hash\": \"00000000000000ff\", \"stats\": {\"backend\": "
                  "\"uring\", \"counters\": [{\"name\": \"turns\", \"value\": 2}]}}");
    set_report(1, "{\"verdict\": \"PASSED\", \"operations\": 4, \"elapsed_ns\": 7, "
                  "\"answers\": {\"refused\": 4}, \"pool\": {\"contexts\": 1}, "
                  "\"bytes\": {\"received\": 10}, \"fixed_answers_hash\": \"0000000000000001\", "
                  "\"stats\": {\"counters\": [{\"name\": \"spins\", \"value\": 1}, {\"name\": "
                  "\"turns\", \"value\": 3}]}}");
    merge();
    ck_assert_str_eq(merged.workload, "a/b");
    ck_assert_int_eq(merged.verdict, PENDIO__VERDICT__PASSED);
    ck_assert_str_eq(merged.reason, "");
    ck_assert_uint_eq(merged.report->operations, 7);
    ck_assert_uint_eq(merged.report->elapsed_ns, 7);
    ck_assert_uint_eq(merged.report->seed, 9);
    ck_assert_uint_eq(merged.answers->done + merged.answers->pending + merged.answers->refused, 7);
    ck_assert_uint_eq(merged.pool->contexts, 5);
    ck_assert_uint_eq(merged.bytes->sent, 10);
    ck_assert_uint_eq(merged.bytes->received, 10);
    ck_assert_str_eq(merged.report->fixed_answers_hash, "0000000000000100");
    ck_assert_str_eq(merged.stats->backend, "uring");
    ck_assert_uint_eq(merged.stats->n_counters, 2);
    ck_assert_uint_eq(merged.stats->counters[0]->value, 5);
}
END_TEST

START_TEST(quantiles_are_those_of_both_histograms)
{
    set_report(0, "{\"verdict\": \"PASSED\", \"latency\": {\"linear_bits\": 7, \"buckets\": [1], "
                  "\"counts\": [90], \"max\": 1}}");
    set_report(1, "{\"verdict\": \"PASSED\", \"latency\": {\"linear_bits\": 7, \"buckets\": [1, "
                  "9], \"counts\": [5, 5], \"max\": 9}}");
    merge();
    ck_assert_uint_eq(merged.report->latency->n_buckets, 2);
    ck_assert_uint_eq(merged.report->latency->counts[0], 95);
    ck_assert_uint_eq(merged.latency_ns->p90, 1);
    ck_assert_uint_eq(merged.latency_ns->p99, 9);
    ck_assert_uint_eq(merged.latency_ns->max, 9);
}
END_TEST

START_TEST(checks_are_one_of_each_name)
{
    set_report(0, "{\"verdict\": \"PASSED\", \"checks\": [{\"name\": \"order\", \"verdict\": "
                  "\"PASSED\", \"seen\": \"held 3 times\", \"held_count\": 3}, {\"name\": "
                  "\"bytes\", \"verdict\": \"PASSED\", \"seen\": \"held 1 times\", "
                  "\"held_count\": 1}]}");
    set_report(1, "{\"verdict\": \"FAILED\", \"reason\": \"wrong\", \"checks\": [{\"name\": "
                  "\"order\", \"verdict\": \"PASSED\", \"seen\": \"held 4 times\", "
                  "\"held_count\": 4}, {\"name\": \"bytes\", \"verdict\": \"FAILED\", \"seen\": "
                  "\"too many\"}]}");
    merge();
    ck_assert_uint_eq(merged.report->n_checks, 2);
    ck_assert_str_eq(merged.report->checks[0]->seen, "held 7 times");
    ck_assert_uint_eq(merged.report->checks[0]->held_count, 7);
    ck_assert_str_eq(merged.report->checks[1]->seen, "place 1: too many");
    ck_assert_int_eq(merged.report->checks[1]->verdict, PENDIO__VERDICT__FAILED);
    ck_assert_str_eq(merged.reason, "place 1 (ipc:///b): wrong");
}
END_TEST

START_TEST(what_was_cancelled_for_another_is_no_reason)
{
    set_report(0, "{\"verdict\": \"FAILED\", \"reason\": \"cancelled by request\"}");
    parts[0].was_cancelled = true;
    set_report(1, "{\"verdict\": \"SKIPPED\", \"reason\": \"not here\"}");
    merge();
    ck_assert_int_eq(merged.verdict, PENDIO__VERDICT__SKIPPED);
    ck_assert_str_eq(merged.reason, "place 1 (ipc:///b): not here");
}
END_TEST

START_TEST(crash_is_the_reason_of_a_failure_elsewhere)
{
    set_report(0, "{\"verdict\": \"FAILED\", \"reason\": \"reset\", \"checks\": [{\"name\": \"a\", "
                  "\"verdict\": \"FAILED\"}]}");
    set_report(1, "{\"verdict\": \"CRASHED\", \"reason\": \"gone\"}");
    merge();
    ck_assert_int_eq(merged.verdict, PENDIO__VERDICT__CRASHED);
    ck_assert_str_eq(merged.reason, "place 1 (ipc:///b): gone");
}
END_TEST

START_TEST(expectations_of_the_run_are_held_against_the_sums)
{
    set_workload("{\"expect\": {\"operations_minimum\": 8, \"reuse_minimum\": 1}}");
    set_report(0, "{\"verdict\": \"PASSED\", \"operations\": 3, \"pool\": {\"contexts\": 2}, "
                  "\"answers\": {\"done\": 1, \"pending\": 2}}");
    set_report(1, "{\"verdict\": \"PASSED\", \"operations\": 4, \"pool\": {\"contexts\": 2}, "
                  "\"answers\": {\"done\": 4}}");
    merge();
    ck_assert_int_eq(merged.verdict, PENDIO__VERDICT__FAILED);
    ck_assert_str_eq(merged.reason, "operations: 7 operations, of 8 wanted");
    ck_assert_uint_eq(merged.report->n_checks, 2);
    ck_assert_int_eq(merged.report->checks[0]->verdict, PENDIO__VERDICT__PASSED);
}
END_TEST

START_TEST(contexts_of_a_place_have_numbers_of_their_own)
{
    set_report(0, "{\"verdict\": \"PASSED\", \"pool\": {\"contexts\": 3}, \"trace\": "
                  "[{\"elapsed_ns\": 5, \"context\": 1, \"handle\": 2}]}");
    set_report(1,
               "{\"verdict\": \"FAILED\", \"reason\": \"x\", \"trace\": [{\"elapsed_ns\": 4, "
               "\"context\": 1}, {\"elapsed_ns\": 6, \"context\": 2, \"handle\": 1}], "
               "\"violations\": [{\"rule\": \"order\", \"seen\": \"y\", \"context\": 2, "
               "\"events\": [{\"context\": 2}], \"repeat_command\": \"pendio run --seed 1 W\"}]}");
    merge();
    ck_assert_uint_eq(merged.report->n_trace, 3);
    ck_assert_uint_eq(merged.report->trace[0]->context, 4);
    ck_assert_uint_eq(merged.report->trace[1]->context, 1);
    ck_assert_uint_eq(merged.report->trace[2]->context, 5);
    ck_assert_uint_eq(merged.report->trace[2]->handle, 3);
    const Pendio__Violation *violation = merged.report->violations[0];
    ck_assert_uint_eq(violation->context, 5);
    ck_assert_uint_eq(violation->events[0]->context, 5);
    ck_assert_str_eq(violation->seen, "place 1: y");
    ck_assert_str_eq(violation->repeat_command,
                     "pendio run --url 'ipc:///a' --url 'ipc:///b' --address 10.0.0.2 "
                     "--url 'ipc:///c' --seed 1 W");
}
END_TEST

START_TEST(timelines_are_as_coarse_as_the_coarsest)
{
    set_report(0, "{\"verdict\": \"PASSED\", \"timeline\": [{\"elapsed_ns\": 100, \"done\": 2, "
                  "\"latency_p50_ns\": 10, \"latency_max_ns\": 20, \"contexts_taken\": 1}]}");
    set_report(1, "{\"verdict\": \"PASSED\", \"timeline\": [{\"elapsed_ns\": 50, \"done\": 1, "
                  "\"latency_p50_ns\": 40, \"latency_max_ns\": 40, \"contexts_taken\": 7}, "
                  "{\"elapsed_ns\": 120, \"done\": 1, \"latency_p50_ns\": 20, "
                  "\"latency_max_ns\": 30, \"contexts_taken\": 2}]}");
    merge();
    ck_assert_uint_eq(merged.report->n_timeline, 1);
    const Pendio__Sample *sample = merged.report->timeline[0];
    ck_assert_uint_eq(sample->done, 4);
    ck_assert_uint_eq(sample->latency_p50_ns, 20);
    ck_assert_uint_eq(sample->latency_max_ns, 40);
    ck_assert_uint_eq(sample->contexts_taken, 3);
}
END_TEST

START_TEST(what_a_daemon_refused_is_merged_whatever_was_asked_for)
{
    set_workload("{\"record\": {\"answers\": true, \"event_count\": 4294967295}}");
    set_report(0, "{\"verdict\": \"INVALID\", \"reason\": \"too many\"}");
    set_report(1, "{\"verdict\": \"PASSED\", \"trace\": [{\"context\": 1}]}");
    merge();
    ck_assert_str_eq(merged.reason, "place 0 (ipc:///a): too many");
    ck_assert_uint_eq(merged.report->n_trace, 1);
}
END_TEST

START_TEST(times_beyond_all_measure_stay_in_bounds)
{
    for (int i = 0; i < 2; i++)
        set_report(i, "{\"verdict\": \"PASSED\", \"timeline\": [{\"elapsed_ns\": 1, \"done\": "
                      "\"18446744073709551615\", \"latency_p50_ns\": "
                      "\"18446744073709551615\"}]}");
    merge();
    ck_assert_uint_eq(merged.report->timeline[0]->latency_p50_ns, UINT64_MAX);
}
END_TEST

/* A report with `count` checks and counters, named by number. */
static void set_many(int index, unsigned count)
{
    static char json[1 << 20];
    size_t used = (size_t)snprintf(json, sizeof json, "{\"verdict\": \"PASSED\", \"checks\": [");
    for (unsigned i = 0; i < count; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
                                 "%s{\"name\": \"c%u\", \"verdict\": \"PASSED\"}",
                                 i > 0 ? ", " : "", i);
    used += (size_t)snprintf(json + used, sizeof json - used, "], \"stats\": {\"counters\": [");
    for (unsigned i = 0; i < count; i++)
        used += (size_t)snprintf(json + used, sizeof json - used, "%s{\"name\": \"n%u\"}",
                                 i > 0 ? ", " : "", i);
    (void)snprintf(json + used, sizeof json - used, "]}}");
    set_report(index, json);
}

START_TEST(of_more_names_than_any_daemon_has_the_last_are_left_out)
{
    set_workload("{\"expect\": {\"operations_minimum\": 1, \"reuse_minimum\": 1, \"latency\": "
                 "[{\"per_mille\": 500, \"most_ns\": 1}]}}");
    set_many(0, 3000);
    set_many(1, 10);
    merge();
    ck_assert_int_eq(merged.verdict, PENDIO__VERDICT__FAILED);
    ck_assert_uint_eq(merged.report->n_checks, 128);
    ck_assert_uint_eq(merged.stats->n_counters, 128);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("merge");
    TCase *cases = tcase_create("merge");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, counts_are_sums_and_the_time_is_that_of_the_longest);
    tcase_add_test(cases, quantiles_are_those_of_both_histograms);
    tcase_add_test(cases, checks_are_one_of_each_name);
    tcase_add_test(cases, what_was_cancelled_for_another_is_no_reason);
    tcase_add_test(cases, crash_is_the_reason_of_a_failure_elsewhere);
    tcase_add_test(cases, expectations_of_the_run_are_held_against_the_sums);
    tcase_add_test(cases, contexts_of_a_place_have_numbers_of_their_own);
    tcase_add_test(cases, timelines_are_as_coarse_as_the_coarsest);
    tcase_add_test(cases, what_a_daemon_refused_is_merged_whatever_was_asked_for);
    tcase_add_test(cases, times_beyond_all_measure_stay_in_bounds);
    tcase_add_test(cases, of_more_names_than_any_daemon_has_the_last_are_left_out);
    suite_add_tcase(suite, cases);
    return cli_run_suite(suite);
}
