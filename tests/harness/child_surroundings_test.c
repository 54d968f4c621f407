/* child_surroundings_test.c - what a run is, and what its process is made before it begins. */
#include "child_run.h"
#include "suite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A workload of one actor that does nothing, and says these things of itself. */
#define WITH(fields)                                                                               \
    "{\"name\": \"t\", " fields ", \"pools\": [{\"name\": \"p\", \"context_count\": 4, "           \
    "\"slice_bytes\": 65536}], \"actors\": [{\"name\": \"a\", \"instance_count\": 1, \"blocks\": " \
    "[{\"repeat_count\": 20, \"steps\": [{\"operation\": \"NOP\"}]}]}]}"

static struct child_run run;

static void end(void)
{
    child_run_fini(&run);
}

static void must_end(const char *json, Pendio__Verdict verdict, const char *words)
{
    child_run_must_end(&run, json, verdict, words);
}

static bool has_feature(const char *name)
{
    for (size_t i = 0; i < run.report->stats->n_features; i++)
        if (strcmp(run.report->stats->features[i], name) == 0)
            return true;
    return false;
}

START_TEST(the_report_tells_seed_and_hash)
{
    must_end(WITH("\"seed\": 42"), PENDIO__VERDICT__PASSED, "");
    ck_assert_uint_eq(run.report->seed, 42);
    ck_assert_uint_eq(strlen(run.report->content_hash), 64);
}
END_TEST

START_TEST(a_workload_that_was_changed_is_invalid_and_its_hash_told)
{
    must_end(WITH("\"content_hash\": \"0123\""), PENDIO__VERDICT__INVALID,
             "content_hash: is \"0123\", but what the workload says has ");
    ck_assert_ptr_nonnull(strstr(run.report->reason, run.report->content_hash));
}
END_TEST

START_TEST(a_feature_that_is_missing_skips_the_run)
{
    setenv("PENDIO_FEATURES", "-buffer_ring", 1);
    must_end(WITH("\"needs\": [\"buffer_ring\"]"), PENDIO__VERDICT__SKIPPED,
             "the workload needs buffer_ring, which backend uring does not have here");
    ck_assert_int_eq(run.exit_status, 77);
}
END_TEST

START_TEST(features_of_the_workload_are_left_unused)
{
    must_end(WITH("\"environment\": {\"features\": \"-fixed_buffers,-buffer_ring\"}"),
             PENDIO__VERDICT__PASSED, "");
    ck_assert(!has_feature("fixed_buffers"));
    ck_assert(!has_feature("buffer_ring"));
}
END_TEST

START_TEST(what_was_said_to_the_process_comes_first)
{
    setenv("PENDIO_FEATURES", "-coop_taskrun", 1);
    must_end(WITH("\"environment\": {\"features\": \"-fixed_buffers\"}"), PENDIO__VERDICT__PASSED,
             "");
    ck_assert(!has_feature("coop_taskrun"));
    ck_assert(has_feature("fixed_buffers"));
}
END_TEST

START_TEST(a_backend_that_is_not_here_skips_the_run)
{
    must_end(WITH("\"environment\": {\"backend\": \"epoll\"}"), PENDIO__VERDICT__SKIPPED,
             "the loop could not be created");
}
END_TEST

START_TEST(a_processor_that_is_here_is_bound_to_and_another_skips_the_run)
{
    must_end(WITH("\"environment\": {\"processors\": [0]}"), PENDIO__VERDICT__PASSED, "");
    must_end(WITH("\"environment\": {\"processors\": [0, 1000]}"), PENDIO__VERDICT__SKIPPED,
             "processor 1000 is not here");
    must_end(WITH("\"environment\": {\"processors\": [1001]}"), PENDIO__VERDICT__SKIPPED,
             "processor 1001 is not here");
}
END_TEST

START_TEST(locked_memory_is_limited_for_root_too)
{
    must_end(WITH("\"environment\": {\"locked_memory_bytes\": 65536}"), PENDIO__VERDICT__PASSED,
             "");
    ck_assert_str_eq(run.report->stats->arena, "ENOMEM");
    must_end(WITH("\"environment\": {\"locked_memory_bytes\": 4000000}"), PENDIO__VERDICT__PASSED,
             "");
    ck_assert_str_eq(run.report->stats->arena, "registered");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_report_tells_seed_and_hash,
        a_workload_that_was_changed_is_invalid_and_its_hash_told,
        a_feature_that_is_missing_skips_the_run,
        features_of_the_workload_are_left_unused,
        what_was_said_to_the_process_comes_first,
        a_backend_that_is_not_here_skips_the_run,
        a_processor_that_is_here_is_bound_to_and_another_skips_the_run,
        locked_memory_is_limited_for_root_too,
    };
    return suite_run("child_surroundings", NULL, end, tests, sizeof tests / sizeof tests[0]);
}
