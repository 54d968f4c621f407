/* plan_environment_test.c - what a workload is, and what it is to run in: names, hash, bounds. */
#include "content_hash.h"
#include "names.h"
#include "plans.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A workload that does nothing, and says these things of itself. */
#define WITH(fields)                                                                               \
    "{\"name\": \"t\", " fields ", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "         \
    "\"actors\": [{\"name\": \"a\", \"instance_count\": 1, \"blocks\": [{\"steps\": "              \
    "[{\"operation\": \"NOP\"}]}]}]}"

START_TEST(features_that_are_needed_have_names_there_are)
{
    plans_must_plan(WITH("\"needs\": [\"buffer_ring\", \"multishot_receive\"]"));
    ck_assert_uint_eq(plans.plan->needs, pnd_names_find_feature("buffer_ring") |
                                             pnd_names_find_feature("multishot_receive"));
    plans_must_refuse(WITH("\"needs\": [\"buffer_ring\", \"magic\"]"), -EINVAL, "needs[1]",
                      "\"magic\" is no feature; use one of ");
    ck_assert_ptr_nonnull(strstr(plans.error.text, "multishot_receive"));
}
END_TEST

START_TEST(a_hash_is_that_of_the_rest)
{
    char json[512];
    char digits[PND_CONTENT_HASH_BYTES];
    ck_assert_int_eq(pnd_content_hash(plans_parse(WITH("\"seed\": 3")), digits), 0);
    pnd_message_free(plans.message);
    plans.message = NULL;
    (void)snprintf(json, sizeof json, WITH("\"seed\": 3, \"content_hash\": \"%s\""), digits);
    plans_must_plan(json);
    (void)snprintf(json, sizeof json, WITH("\"seed\": 4, \"content_hash\": \"%s\""), digits);
    plans_must_refuse(json, -EINVAL, "content_hash", "write that there, or undo what was changed");
}
END_TEST

START_TEST(backends_features_and_processors_are_those_there_may_be)
{
    plans_must_plan(WITH("\"environment\": {\"backend\": \"uring\", \"features\": "
                         "\"-buffer_ring\", \"processors\": [0, 1], \"locked_memory_bytes\": "
                         "65536}"));
    plans_must_refuse(WITH("\"environment\": {\"backend\": \"kqueue\"}"), -EINVAL,
                      "environment.backend", "there is no backend \"kqueue\"; use uring");
    plans_must_refuse(WITH("\"environment\": {\"features\": \"buffer_ring\"}"), -EINVAL,
                      "environment.features", "write a list like");
    plans_must_refuse(WITH("\"environment\": {\"features\": \"-magic\"}"), -EINVAL,
                      "environment.features", "there is no feature \"magic\"; known are");
    plans_must_refuse(WITH("\"environment\": {\"processors\": [0, 1024]}"), -EINVAL,
                      "environment.processors", "1024 is no processor; use 0 to 1023");
}
END_TEST

START_TEST(a_trace_has_its_bounds)
{
    plans_must_plan(WITH("\"record\": {}"));
    plans_must_plan(WITH("\"record\": {\"timeline\": true, \"answers\": true}"));
    plans_must_plan(WITH("\"record\": {\"answers\": true, \"event_count\": 20000}"));
    plans_must_refuse(WITH("\"record\": {\"answers\": true, \"event_count\": 20001}"), -EINVAL,
                      "record.event_count", "over the limit of 20000");
    plans_must_refuse(WITH("\"record\": {\"event_count\": 5}"), -EINVAL, "record.event_count",
                      "set record.answers");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        features_that_are_needed_have_names_there_are,
        a_hash_is_that_of_the_rest,
        backends_features_and_processors_are_those_there_may_be,
        a_trace_has_its_bounds,
    };
    return suite_run("plan_environment", plans_begin, plans_end, tests,
                     sizeof tests / sizeof tests[0]);
}
