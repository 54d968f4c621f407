/* plan_test.c - workloads that can be run, and why others cannot. */
#include "plans.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

START_TEST(names_become_indices)
{
    plans_must_plan(
        WITH_STEPS("{\"operation\": \"CONNECT\", \"handle\": \"s\", \"context\": \"c\", "
                   "\"endpoint\": \"tcp\"}"));
    const struct pnd_plan_step *step = &plans.plan->actors[0].blocks[0].steps[1];
    ck_assert_int_eq(step->handle_index, 1); /* after "self" */
    ck_assert_int_eq(step->context_index, 0);
    ck_assert_int_eq(step->endpoint_index, 0);
    ck_assert_uint_eq(step->times, 1);
    ck_assert_uint_eq(plans.plan->operation_count, 1);
    ck_assert_uint_eq(plans.plan->context_count, 5);
}
END_TEST

START_TEST(instances_begun_by_accepts_are_counted)
{
    plans_must_plan(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 4}], "
        "\"endpoints\": [{\"name\": "
        "\"e\", \"family\": \"TCP4\"}], \"actors\": [{\"name\": \"a\", \"instance_count\": "
        "2, \"blocks\": [{\"repeat_count\": 5, \"steps\": [{\"operation\": \"SOCKET\", "
        "\"into\": \"l\", \"endpoint\": \"e\"}, {\"operation\": \"ACCEPT\", \"handle\": "
        "\"l\", \"times\": 3, \"start_actor\": \"b\"}]}]}, {\"name\": \"b\", \"blocks\": "
        "[{\"steps\": [{\"operation\": \"CLOSE\", \"handle\": \"self\"}]}]}]}");
    ck_assert_uint_eq(plans.plan->actors[1].instance_total, 30);
    ck_assert_uint_eq(plans.plan->instance_total, 32);
    ck_assert_uint_eq(plans.plan->operation_count, 60);
}
END_TEST

START_TEST(names_nobody_makes_are_refused)
{
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"x\"}"),
                           "makes the handle \"x\"");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\"}"), "needs a handle");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"CONNECT\", \"handle\": \"s\", \"endpoint\": "
                   "\"x\"}"),
        "no endpoint \"x\"");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"CONNECT\", \"handle\": \"s\"}"),
                           "needs an endpoint");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"pool\": \"x\"}"),
                           "no pool \"x\"");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"CANCEL\", \"context\": \"x\"}"),
                           "takes the context \"x\"");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"GET\"}"), "needs a context");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"WAIT\", \"event\": \"x\"}"),
                           "event \"x\"");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"WAIT\"}"), "needs an event");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"ACCEPT\", \"handle\": \"s\", \"start_actor\": "
                   "\"x\"}"),
        "no actor \"x\"");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"ACCEPT\", \"handle\": \"s\"}"), "`into`");
}
END_TEST

START_TEST(steps_without_meaning_are_refused)
{
    plans_must_refuse_step(WITH_STEPS("{}"), "operation 0 is unknown");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"OPEN\", \"into\": \"f\", \"endpoint\": "
                                      "\"tcp\"}"),
                           "is not a FILE");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SOCKET\", \"into\": \"f\", \"endpoint\": "
                                      "\"file\"}"),
                           "is a FILE");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"bytes\": 129}"),
        "in a slice of 128");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"content\": "
                                      "\"ECHO\"}"),
                           "nothing to ECHO");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"RECEIVE\", \"handle\": \"s\", \"content\": "
                   "\"ECHO\"}"),
        "is for SEND");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"whole\": true}"), "`whole`");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"context\": \"c\", \"times\": 2, "
                                      "\"background\": true}"),
                           "in the background");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND_TO\", \"handle\": \"s\"}"),
                           "needs an endpoint");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"start_actor\": \"first\"}"),
                           "only ACCEPT");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"errors\": [\"EFOO\"]}}"), "EFOO");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"flags\": [\"FOO\"]}}"), "FOO");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"check_bytes\": true, "
                   "\"bytes_minimum\": 1}}"),
        "bytes_minimum");
}
END_TEST

START_TEST(names_of_files_become_indices)
{
    plans_must_plan(
        WITH_STEPS("{\"operation\": \"RENAME\", \"endpoint\": \"file\", \"target\": \"file\"}, "
                   "{\"operation\": \"STAT\", \"endpoint\": \"file\"}, "
                   "{\"operation\": \"STAT\", \"handle\": \"s\", \"expect\": {\"check_size\": "
                   "true, \"size\": 7}}"));
    const struct pnd_plan_step *steps = plans.plan->actors[0].blocks[0].steps;
    ck_assert_int_eq(steps[1].endpoint_index, 1);
    ck_assert_int_eq(steps[1].target_index, 1);
    ck_assert_int_eq(steps[2].endpoint_index, 1);
    ck_assert_int_eq(steps[2].target_index, PND_PLAN_NONE);
    ck_assert_int_eq(steps[2].handle_index, PND_PLAN_NONE);
    ck_assert_int_eq(steps[3].endpoint_index, PND_PLAN_NONE);
    ck_assert_int_eq(steps[3].handle_index, 1);
    ck_assert(steps[3].expect.check_size);
    ck_assert_uint_eq(steps[3].expect.size, 7);
}
END_TEST

START_TEST(steps_on_files_without_what_they_need_are_refused)
{
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"STAT\"}"), "needs a handle");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"STAT\", \"handle\": \"x\"}"),
                           "makes the handle \"x\"");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"STAT\", \"endpoint\": \"file\", \"bytes\": 256}"),
        "in a slice of 128");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"FSYNC\"}"), "needs a handle");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"TRUNCATE\"}"), "needs a handle");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"UNLINK\"}"), "needs an endpoint");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"MKDIR\", \"endpoint\": \"tcp\"}"),
                           "is not a FILE");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"RENAME\", \"endpoint\": \"file\"}"),
                           "`target`");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"RENAME\", \"endpoint\": \"file\", \"target\": "
                   "\"x\"}"),
        "no endpoint \"x\"");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"check_size\": true}}"), "`check_size`");
}
END_TEST

START_TEST(a_context_stays_in_its_pool)
{
    plans_must_plan(WITH_STEPS("{\"operation\": \"NOP\", \"context\": \"c\", \"pool\": \"bare\"}, "
                               "{\"operation\": \"PUT\", \"context\": \"c\"}"));
    ck_assert_uint_eq(plans.plan->actors[0].blocks[0].steps[2].pool_index, 1);
    plans_end();
    plans_begin();
    plans_must_refuse(
        WITH_STEPS("{\"operation\": \"NOP\", \"context\": \"c\", \"pool\": \"bare\"}, "
                   "{\"operation\": \"NOP\", \"context\": \"c\", \"pool\": \"main\"}"),
        -EINVAL, "steps[2]", "is of pool \"bare\"");
}
END_TEST

START_TEST(unknown_numbers_are_refused)
{
    Pendio__Workload *workload =
        (Pendio__Workload *)plans_parse(WITH_STEPS("{\"operation\": \"NOP\"}"));
    Pendio__Step *step = workload->actors[0]->blocks[0]->steps[1];
    step->operation = (Pendio__Operation)77;
    ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(plans.error.text, "operation 77 is unknown"));
    step->operation = (Pendio__Operation)-1;
    ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), -EINVAL);
    step->operation = PENDIO__OPERATION__NOP;
    step->policy = (Pendio__Policy)9;
    ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), -EINVAL);
    step->policy = PENDIO__POLICY__AUTO;
    workload->endpoints[0]->family = (Pendio__Family)99;
    ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(plans.error.text, "endpoints[0]"));
    workload->endpoints[0]->family = PENDIO__FAMILY__TCP4;
    workload->version = 2;
    ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(plans.error.text, "version"));
}
END_TEST

#define WITH_ACTOR(fields) "{\"name\": \"t\", \"actors\": [{" fields "}]}"

#define NOP_BLOCK "\"blocks\": [{\"steps\": [{\"operation\": \"PAUSE\", \"after_ns\": 1}]}]"

START_TEST(workload_and_actors_need_names_of_their_own_and_something_to_do)
{
    plans_must_refuse("{}", -EINVAL, "name: ", "missing; name it area/what");
    plans_must_refuse("{\"name\": \"t\"}", -EINVAL, "actors: ", "there are none; add one");
    plans_must_refuse(WITH_ACTOR("\"instance_count\": 1, " NOP_BLOCK), -EINVAL,
                      "actors[0].name: ", "missing; give it one");
    plans_must_refuse(WITH_ACTOR("\"name\": \"a\", \"instance_count\": 1, " NOP_BLOCK
                                 "}, {\"name\": "
                                 "\"b\", " NOP_BLOCK "}, {\"name\": \"a\", " NOP_BLOCK),
                      -EINVAL, "actors[2].name: ", "\"a\" is also actors[0]; rename one");
    plans_must_refuse(WITH_ACTOR("\"name\": \"a\", \"instance_count\": 1"), -EINVAL,
                      "actors[0].blocks: ", "missing; add one with the steps to take");
}
END_TEST

START_TEST(names_and_lists_have_a_limit)
{
    static char json[64 << 10];
    char name[257];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(json, sizeof json, "{\"name\": \"%s\"}", name);
    plans_must_refuse(json, -EINVAL, "name: ", "has 256 bytes; use at most 255");
    snprintf(json, sizeof json, WITH_ACTOR("\"name\": \"%s\""), name);
    plans_must_refuse(json, -EINVAL, "actors[0].name: ", "has 256 bytes; use at most 255");
    snprintf(json, sizeof json, "{\"name\": \"t\", \"pools\": [{\"name\": \"%s\"}]}", name);
    plans_must_refuse(json, -EINVAL, "pools[0].name: ", "has 256 bytes");
    snprintf(json, sizeof json, "{\"name\": \"t\", \"endpoints\": [{\"name\": \"%s\"}]}", name);
    plans_must_refuse(json, -EINVAL, "endpoints[0].name: ", "has 256 bytes");
    snprintf(json, sizeof json, "{\"name\": \"%s\"}", name + 1);
    plans_must_refuse(json, -EINVAL, "actors: ", "there are none");

    size_t length = (size_t)snprintf(json, sizeof json, "{\"name\": \"t\", \"actors\": [{}");
    for (int i = 0; i < 4096; i++)
        length += (size_t)snprintf(json + length, sizeof json - length, ", {}");
    snprintf(json + length, sizeof json - length, "]}");
    plans_must_refuse(json, -E2BIG, "actors: ", "are 4097; at most 4096");
}
END_TEST

START_TEST(nothing_that_never_begins_or_never_ends_is_planned)
{
    plans_must_refuse(WITH_ACTOR("\"name\": \"a\", " NOP_BLOCK), -EINVAL, "actors[0]",
                      "never begins");
    plans_must_refuse("{\"name\": \"t\", \"actors\": [{\"name\": \"a\", \"instance_count\": 1, "
                      "\"blocks\": [{}]}]}",
                      -EINVAL,
                      "actors[0].blocks[0].steps: ", "missing; add one, or remove the block");
    plans_must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
                      "\"actors\": [{\"name\": "
                      "\"a\", \"instance_count\": 1, \"blocks\": [{\"steps\": [{\"operation\": "
                      "\"ACCEPT\", \"handle\": \"self\", \"start_actor\": \"a\"}]}]}]}",
                      -EINVAL, "actors", "without end");
    plans_must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
                      "\"actors\": [{\"name\": "
                      "\"a\", \"instance_count\": 1, \"blocks\": [{\"steps\": [{\"operation\": "
                      "\"CLOSE\", \"handle\": \"self\"}]}]}]}",
                      -EINVAL, "actors[0]", "begins without a connection");
}
END_TEST

#define SLEEPER                                                                                    \
    "\"actors\": [{\"name\": \"a\", \"instance_count\": 1, \"blocks\": [{\"steps\": "              \
    "[{\"operation\": \"NOP\"}]}]}]"

START_TEST(pools_and_endpoints_need_names_of_their_own)
{
    plans_must_refuse("{\"name\": \"t\", " SLEEPER ", \"pools\": [{\"context_count\": 1}]}",
                      -EINVAL, "pools[0]", "no name");
    plans_must_refuse("{\"name\": \"t\", " SLEEPER ", \"pools\": [{\"name\": \"p\"}]}", -EINVAL,
                      "pools[0]", "no contexts");
    plans_must_refuse("{\"name\": \"t\", " SLEEPER
                      ", \"pools\": [{\"name\": \"p\", \"context_count\": 1}, {\"name\": "
                      "\"p\", \"context_count\": 1}]}",
                      -EINVAL, "pools[1]", "like pools[0]");
    plans_must_refuse("{\"name\": \"t\", " SLEEPER ", \"endpoints\": [{\"family\": \"TCP4\"}]}",
                      -EINVAL, "endpoints[0]", "no name");
    plans_must_refuse("{\"name\": \"t\", " SLEEPER ", \"endpoints\": [{\"name\": \"e\"}]}", -EINVAL,
                      "endpoints[0]", "family 0");
    plans_must_refuse("{\"name\": \"t\", " SLEEPER
                      ", \"endpoints\": [{\"name\": \"e\", \"family\": \"UDP4\", "
                      "\"file_bytes\": 1}]}",
                      -EINVAL, "endpoints[0]", "file_bytes");
}
END_TEST

START_TEST(what_is_over_the_limits_is_refused)
{
    plans_must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 32769}], " SLEEPER "}",
        -E2BIG, "pools", "32769 contexts, but 32768");
    plans_must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 2, \"slice_bytes\": "
        "600000000}], " SLEEPER "}",
        -E2BIG, "workload", "bytes of memory");
    plans_must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 2, \"slice_bytes\": "
        "\"18446744073709551615\"}], " SLEEPER "}",
        -E2BIG, "workload", "bytes of memory");
    plans_must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
                      "\"limits\": {\"time_ms\": "
                      "60001}, " SLEEPER "}",
                      -E2BIG, "limits.time_ms", "60000 is allowed");
    plans_must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 5}], \"limits\": "
        "{\"context_count\": 4}, " SLEEPER "}",
        -E2BIG, "pools", "5 contexts, but 4");
    plans_must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 5}], \"loop\": "
        "{\"operation_count\": 4}, " SLEEPER "}",
        -EINVAL, "loop.operation_count", "raise it");
    plans_must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], \"loop\": "
        "{\"handle_count\": 2000000}, " SLEEPER "}",
        -E2BIG, "loop.handle_count", "at most");
    plans_must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
                      "\"endpoints\": [{\"name\": "
                      "\"f\", \"family\": \"FILE\", \"file_bytes\": 2000000000}], " SLEEPER "}",
                      -E2BIG, "workload", "bytes of memory");
    plans_must_refuse(
        "{\"name\": \"t\", \"loop\": {\"handle_count\": 5000}, \"pools\": [{\"name\": \"p\", "
        "\"context_count\": 1}], \"endpoints\": [{\"name\": \"e\", \"family\": \"TCP4\"}], "
        "\"actors\": [{\"name\": \"a\", \"instance_count\": 1000, \"blocks\": [{\"steps\": "
        "[{\"operation\": \"SOCKET\", \"into\": \"s\", \"endpoint\": \"e\"}]}]}]}",
        -E2BIG, "workload", "descriptors");
}
END_TEST

START_TEST(how_a_loop_sleeps_is_looked_at_before_it_exists)
{
    static const char *const refused[][3] = {
        {"\"spin_ns\": 1000000001", "loop.spin_ns", "at most"},
        {"\"batch_ns\": 1000", "loop.batch_ns", "both or none"},
        {"\"batch_count\": 2", "loop.batch_ns", "both or none"},
        {"\"batch_ns\": 999, \"batch_count\": 2", "loop.batch_ns", "1000 to"},
        {"\"batch_ns\": 1000, \"batch_count\": 1", "loop.batch_count", "2 to"},
        {"\"batch_ns\": 1000, \"batch_count\": 32769", "loop.batch_count", "2 to"},
    };
    static const char form[] = "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", "
                               "\"context_count\": 1}], \"loop\": {%s}, " SLEEPER "}";
    char text[512];

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        (void)snprintf(text, sizeof text, form, refused[i][0]);
        plans_must_refuse(text, -EINVAL, refused[i][1], refused[i][2]);
    }
    (void)snprintf(text, sizeof text, form,
                   "\"spin_ns\": 50000, \"batch_ns\": 1000, \"batch_count\": 2");
    plans_must_plan(text);
    ck_assert_uint_eq(plans.plan->workload->loop->spin_ns, 50000);
}
END_TEST

START_TEST(a_workload_may_ask_for_less)
{
    plans_must_plan(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], \"limits\": "
        "{\"time_ms\": "
        "123}, " SLEEPER "}");
    ck_assert_uint_eq(plans.plan->time_ms, 123);
}
END_TEST

START_TEST(without_limits_the_ceilings_hold)
{
    plans_must_plan(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], " SLEEPER "}");
    ck_assert_uint_eq(plans.plan->time_ms, 60000);
    pnd_plan_limits_init(&plans.limits);
    ck_assert_uint_eq(plans.limits.context_count, 32768);
    ck_assert_uint_eq(plans.limits.memory_bytes, 1 << 30);
    ck_assert_uint_gt(plans.limits.descriptor_count, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        names_become_indices,
        instances_begun_by_accepts_are_counted,
        names_nobody_makes_are_refused,
        steps_without_meaning_are_refused,
        names_of_files_become_indices,
        steps_on_files_without_what_they_need_are_refused,
        a_context_stays_in_its_pool,
        unknown_numbers_are_refused,
        workload_and_actors_need_names_of_their_own_and_something_to_do,
        names_and_lists_have_a_limit,
        nothing_that_never_begins_or_never_ends_is_planned,
        pools_and_endpoints_need_names_of_their_own,
        what_is_over_the_limits_is_refused,
        how_a_loop_sleeps_is_looked_at_before_it_exists,
        a_workload_may_ask_for_less,
        without_limits_the_ceilings_hold,
    };
    return suite_run("plan", plans_begin, plans_end, tests, sizeof tests / sizeof tests[0]);
}
