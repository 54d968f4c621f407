/* plan_test.c - workloads that can be run, and why others cannot. */
#include "plan.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A workload of one actor with these steps, and everything they may name. */
#define WITH_STEPS(steps)                                                                          \
    "{\"name\": \"t\", \"pools\": [{\"name\": \"main\", \"context_count\": 4, \"slice_bytes\": "   \
    "100}, {\"name\": \"bare\", \"context_count\": 1}], \"endpoints\": [{\"name\": \"tcp\", "      \
    "\"family\": \"TCP4\"}, {\"name\": \"file\", \"family\": \"FILE\"}], \"actors\": [{\"name\": " \
    "\"first\", \"instance_count\": 1, \"blocks\": [{\"steps\": [{\"operation\": \"SOCKET\", "     \
    "\"into\": \"s\", \"endpoint\": \"tcp\"}, " steps "]}]}]}"

static struct pnd_plan_limits limits;
static struct pnd_message_error error;
static ProtobufCMessage *message;
static struct pnd_plan *plan;

static void begin(void)
{
    limits = (struct pnd_plan_limits){
        .context_count = 32768,
        .memory_bytes = 1 << 30,
        .time_ms = 60000,
        .descriptor_count = 1024,
    };
    message = NULL;
    plan = NULL;
}

static void end(void)
{
    pnd_plan_destroy(plan);
    pnd_message_free(message);
}

static const Pendio__Workload *parse(const char *json)
{
    int status = pnd_message_from_json(&pendio__workload__descriptor, json, strlen(json), "test",
                                       NULL, &message, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    return (const Pendio__Workload *)message;
}

static void must_plan(const char *json)
{
    int status = pnd_plan_create(parse(json), &limits, &plan, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    ck_assert_str_eq(error.text, "");
}

static void must_refuse(const char *json, int status, const char *path, const char *words)
{
    ck_assert_int_eq(pnd_plan_check(parse(json), &limits, &error), status);
    ck_assert_msg(strstr(error.text, path) != NULL, "no path %s in: %s", path, error.text);
    ck_assert_msg(strstr(error.text, words) != NULL, "no \"%s\" in: %s", words, error.text);
    ck_assert_ptr_null(strchr(error.text, '\n'));
    pnd_message_free(message);
    message = NULL;
}

static void must_refuse_step(const char *json, const char *words)
{
    must_refuse(json, -EINVAL, "actors[0].blocks[0].steps[1]", words);
}

START_TEST(names_become_indices)
{
    must_plan(WITH_STEPS("{\"operation\": \"CONNECT\", \"handle\": \"s\", \"context\": \"c\", "
                         "\"endpoint\": \"tcp\"}"));
    const struct pnd_plan_step *step = &plan->actors[0].blocks[0].steps[1];
    ck_assert_int_eq(step->handle_index, 1); /* after "self" */
    ck_assert_int_eq(step->context_index, 0);
    ck_assert_int_eq(step->endpoint_index, 0);
    ck_assert_uint_eq(step->times, 1);
    ck_assert_uint_eq(plan->operation_count, 1);
    ck_assert_uint_eq(plan->context_count, 5);
}
END_TEST

START_TEST(instances_begun_by_accepts_are_counted)
{
    must_plan("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 4}], "
              "\"endpoints\": [{\"name\": "
              "\"e\", \"family\": \"TCP4\"}], \"actors\": [{\"name\": \"a\", \"instance_count\": "
              "2, \"blocks\": [{\"repeat_count\": 5, \"steps\": [{\"operation\": \"SOCKET\", "
              "\"into\": \"l\", \"endpoint\": \"e\"}, {\"operation\": \"ACCEPT\", \"handle\": "
              "\"l\", \"times\": 3, \"start_actor\": \"b\"}]}]}, {\"name\": \"b\", \"blocks\": "
              "[{\"steps\": [{\"operation\": \"CLOSE\", \"handle\": \"self\"}]}]}]}");
    ck_assert_uint_eq(plan->actors[1].instance_total, 30);
    ck_assert_uint_eq(plan->instance_total, 32);
    ck_assert_uint_eq(plan->operation_count, 60);
}
END_TEST

START_TEST(names_nobody_makes_are_refused)
{
    must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"x\"}"),
                     "makes the handle \"x\"");
    must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\"}"), "needs a handle");
    must_refuse_step(WITH_STEPS("{\"operation\": \"CONNECT\", \"handle\": \"s\", \"endpoint\": "
                                "\"x\"}"),
                     "no endpoint \"x\"");
    must_refuse_step(WITH_STEPS("{\"operation\": \"CONNECT\", \"handle\": \"s\"}"),
                     "needs an endpoint");
    must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"pool\": \"x\"}"), "no pool \"x\"");
    must_refuse_step(WITH_STEPS("{\"operation\": \"CANCEL\", \"context\": \"x\"}"),
                     "takes the context \"x\"");
    must_refuse_step(WITH_STEPS("{\"operation\": \"GET\"}"), "needs a context");
    must_refuse_step(WITH_STEPS("{\"operation\": \"WAIT\", \"event\": \"x\"}"), "event \"x\"");
    must_refuse_step(WITH_STEPS("{\"operation\": \"WAIT\"}"), "needs an event");
    must_refuse_step(WITH_STEPS("{\"operation\": \"ACCEPT\", \"handle\": \"s\", \"start_actor\": "
                                "\"x\"}"),
                     "no actor \"x\"");
    must_refuse_step(WITH_STEPS("{\"operation\": \"ACCEPT\", \"handle\": \"s\"}"), "`into`");
}
END_TEST

START_TEST(steps_without_meaning_are_refused)
{
    must_refuse_step(WITH_STEPS("{}"), "operation 0 is unknown");
    must_refuse_step(WITH_STEPS("{\"operation\": \"OPEN\", \"into\": \"f\", \"endpoint\": "
                                "\"tcp\"}"),
                     "is not a FILE");
    must_refuse_step(WITH_STEPS("{\"operation\": \"SOCKET\", \"into\": \"f\", \"endpoint\": "
                                "\"file\"}"),
                     "is a FILE");
    must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"bytes\": 129}"),
                     "in a slice of 128");
    must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"content\": "
                                "\"ECHO\"}"),
                     "nothing to ECHO");
    must_refuse_step(WITH_STEPS("{\"operation\": \"RECEIVE\", \"handle\": \"s\", \"content\": "
                                "\"ECHO\"}"),
                     "is for SEND");
    must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"whole\": true}"), "`whole`");
    must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"context\": \"c\", \"times\": 2, "
                                "\"background\": true}"),
                     "in the background");
    must_refuse_step(WITH_STEPS("{\"operation\": \"SEND_TO\", \"handle\": \"s\"}"),
                     "needs an endpoint");
    must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"start_actor\": \"first\"}"),
                     "only ACCEPT");
    must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"errors\": [\"EFOO\"]}}"),
                     "EFOO");
    must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"flags\": [\"FOO\"]}}"),
                     "FOO");
    must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"check_bytes\": true, "
                                "\"bytes_minimum\": 1}}"),
                     "bytes_minimum");
}
END_TEST

START_TEST(signals_and_ends_of_processes_have_numbers_there_are)
{
    must_plan(WITH_STEPS("{\"operation\": \"CATCH_SIGNAL\", \"number\": 10}, "
                         "{\"operation\": \"RAISE\", \"number\": 10}, "
                         "{\"operation\": \"SPAWN\", \"exit_code\": 255}"));
    ck_assert_uint_eq(plan->actors[0].blocks[0].steps[2].number, 10);
    must_refuse_step(WITH_STEPS("{\"operation\": \"RAISE\", \"number\": 12}"),
                     "no CATCH_SIGNAL waits for signal 12");
    must_refuse_step(WITH_STEPS("{\"operation\": \"RAISE\", \"number\": 9}, "
                                "{\"operation\": \"CATCH_SIGNAL\", \"number\": 9}"),
                     "which would end the run");
    must_refuse_step(WITH_STEPS("{\"operation\": \"CATCH_SIGNAL\", \"number\": 65}"),
                     "number 65 is no signal");
    must_refuse_step(WITH_STEPS("{\"operation\": \"SPAWN\", \"exit_code\": 256}"),
                     "exit_code 256 is beyond 255");
}
END_TEST

START_TEST(names_of_files_become_indices)
{
    must_plan(
        WITH_STEPS("{\"operation\": \"RENAME\", \"endpoint\": \"file\", \"target\": \"file\"}, "
                   "{\"operation\": \"STAT\", \"endpoint\": \"file\"}, "
                   "{\"operation\": \"STAT\", \"handle\": \"s\", \"expect\": {\"check_size\": "
                   "true, \"size\": 7}}"));
    const struct pnd_plan_step *steps = plan->actors[0].blocks[0].steps;
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
    must_refuse_step(WITH_STEPS("{\"operation\": \"STAT\"}"), "needs a handle");
    must_refuse_step(WITH_STEPS("{\"operation\": \"STAT\", \"handle\": \"x\"}"),
                     "makes the handle \"x\"");
    must_refuse_step(
        WITH_STEPS("{\"operation\": \"STAT\", \"endpoint\": \"file\", \"bytes\": 256}"),
        "in a slice of 128");
    must_refuse_step(WITH_STEPS("{\"operation\": \"FSYNC\"}"), "needs a handle");
    must_refuse_step(WITH_STEPS("{\"operation\": \"TRUNCATE\"}"), "needs a handle");
    must_refuse_step(WITH_STEPS("{\"operation\": \"UNLINK\"}"), "needs an endpoint");
    must_refuse_step(WITH_STEPS("{\"operation\": \"MKDIR\", \"endpoint\": \"tcp\"}"),
                     "is not a FILE");
    must_refuse_step(WITH_STEPS("{\"operation\": \"RENAME\", \"endpoint\": \"file\"}"), "`target`");
    must_refuse_step(WITH_STEPS("{\"operation\": \"RENAME\", \"endpoint\": \"file\", \"target\": "
                                "\"x\"}"),
                     "no endpoint \"x\"");
    must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"check_size\": true}}"),
                     "`check_size`");
}
END_TEST

START_TEST(a_context_stays_in_its_pool)
{
    must_plan(WITH_STEPS("{\"operation\": \"NOP\", \"context\": \"c\", \"pool\": \"bare\"}, "
                         "{\"operation\": \"PUT\", \"context\": \"c\"}"));
    ck_assert_uint_eq(plan->actors[0].blocks[0].steps[2].pool_index, 1);
    end();
    begin();
    must_refuse(WITH_STEPS("{\"operation\": \"NOP\", \"context\": \"c\", \"pool\": \"bare\"}, "
                           "{\"operation\": \"NOP\", \"context\": \"c\", \"pool\": \"main\"}"),
                -EINVAL, "steps[2]", "is of pool \"bare\"");
}
END_TEST

START_TEST(unknown_numbers_are_refused)
{
    Pendio__Workload *workload = (Pendio__Workload *)parse(WITH_STEPS("{\"operation\": \"NOP\"}"));
    Pendio__Step *step = workload->actors[0]->blocks[0]->steps[1];
    step->operation = (Pendio__Operation)77;
    ck_assert_int_eq(pnd_plan_check(workload, &limits, &error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.text, "operation 77 is unknown"));
    step->operation = (Pendio__Operation)-1;
    ck_assert_int_eq(pnd_plan_check(workload, &limits, &error), -EINVAL);
    step->operation = PENDIO__OPERATION__NOP;
    step->policy = (Pendio__Policy)9;
    ck_assert_int_eq(pnd_plan_check(workload, &limits, &error), -EINVAL);
    step->policy = PENDIO__POLICY__AUTO;
    workload->endpoints[0]->family = (Pendio__Family)99;
    ck_assert_int_eq(pnd_plan_check(workload, &limits, &error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.text, "endpoints[0]"));
    workload->endpoints[0]->family = PENDIO__FAMILY__TCP4;
    workload->version = 2;
    ck_assert_int_eq(pnd_plan_check(workload, &limits, &error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.text, "version"));
}
END_TEST

#define WITH_ACTOR(fields) "{\"name\": \"t\", \"actors\": [{" fields "}]}"

#define NOP_BLOCK "\"blocks\": [{\"steps\": [{\"operation\": \"PAUSE\", \"after_ns\": 1}]}]"

START_TEST(workload_and_actors_need_names_of_their_own_and_something_to_do)
{
    must_refuse("{}", -EINVAL, "name: ", "missing; name it area/what");
    must_refuse("{\"name\": \"t\"}", -EINVAL, "actors: ", "there are none; add one");
    must_refuse(WITH_ACTOR("\"instance_count\": 1, " NOP_BLOCK), -EINVAL,
                "actors[0].name: ", "missing; give it one");
    must_refuse(WITH_ACTOR("\"name\": \"a\", \"instance_count\": 1, " NOP_BLOCK "}, {\"name\": "
                           "\"b\", " NOP_BLOCK "}, {\"name\": \"a\", " NOP_BLOCK),
                -EINVAL, "actors[2].name: ", "\"a\" is also actors[0]; rename one");
    must_refuse(WITH_ACTOR("\"name\": \"a\", \"instance_count\": 1"), -EINVAL,
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
    must_refuse(json, -EINVAL, "name: ", "has 256 bytes; use at most 255");
    snprintf(json, sizeof json, WITH_ACTOR("\"name\": \"%s\""), name);
    must_refuse(json, -EINVAL, "actors[0].name: ", "has 256 bytes; use at most 255");
    snprintf(json, sizeof json, "{\"name\": \"t\", \"pools\": [{\"name\": \"%s\"}]}", name);
    must_refuse(json, -EINVAL, "pools[0].name: ", "has 256 bytes");
    snprintf(json, sizeof json, "{\"name\": \"t\", \"endpoints\": [{\"name\": \"%s\"}]}", name);
    must_refuse(json, -EINVAL, "endpoints[0].name: ", "has 256 bytes");
    snprintf(json, sizeof json, "{\"name\": \"%s\"}", name + 1);
    must_refuse(json, -EINVAL, "actors: ", "there are none");

    size_t length = (size_t)snprintf(json, sizeof json, "{\"name\": \"t\", \"actors\": [{}");
    for (int i = 0; i < 4096; i++)
        length += (size_t)snprintf(json + length, sizeof json - length, ", {}");
    snprintf(json + length, sizeof json - length, "]}");
    must_refuse(json, -E2BIG, "actors: ", "are 4097; at most 4096");
}
END_TEST

START_TEST(nothing_that_never_begins_or_never_ends_is_planned)
{
    must_refuse(WITH_ACTOR("\"name\": \"a\", " NOP_BLOCK), -EINVAL, "actors[0]", "never begins");
    must_refuse("{\"name\": \"t\", \"actors\": [{\"name\": \"a\", \"instance_count\": 1, "
                "\"blocks\": [{}]}]}",
                -EINVAL, "actors[0].blocks[0].steps: ", "missing; add one, or remove the block");
    must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
                "\"actors\": [{\"name\": "
                "\"a\", \"instance_count\": 1, \"blocks\": [{\"steps\": [{\"operation\": "
                "\"ACCEPT\", \"handle\": \"self\", \"start_actor\": \"a\"}]}]}]}",
                -EINVAL, "actors", "without end");
    must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
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
    must_refuse("{\"name\": \"t\", " SLEEPER ", \"pools\": [{\"context_count\": 1}]}", -EINVAL,
                "pools[0]", "no name");
    must_refuse("{\"name\": \"t\", " SLEEPER ", \"pools\": [{\"name\": \"p\"}]}", -EINVAL,
                "pools[0]", "no contexts");
    must_refuse("{\"name\": \"t\", " SLEEPER
                ", \"pools\": [{\"name\": \"p\", \"context_count\": 1}, {\"name\": "
                "\"p\", \"context_count\": 1}]}",
                -EINVAL, "pools[1]", "like pools[0]");
    must_refuse("{\"name\": \"t\", " SLEEPER ", \"endpoints\": [{\"family\": \"TCP4\"}]}", -EINVAL,
                "endpoints[0]", "no name");
    must_refuse("{\"name\": \"t\", " SLEEPER ", \"endpoints\": [{\"name\": \"e\"}]}", -EINVAL,
                "endpoints[0]", "family 0");
    must_refuse("{\"name\": \"t\", " SLEEPER
                ", \"endpoints\": [{\"name\": \"e\", \"family\": \"UDP4\", "
                "\"file_bytes\": 1}]}",
                -EINVAL, "endpoints[0]", "file_bytes");
}
END_TEST

START_TEST(what_is_over_the_limits_is_refused)
{
    must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 32769}], " SLEEPER "}",
        -E2BIG, "pools", "32769 contexts, but 32768");
    must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 2, \"slice_bytes\": "
        "600000000}], " SLEEPER "}",
        -E2BIG, "workload", "bytes of memory");
    must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 2, \"slice_bytes\": "
        "\"18446744073709551615\"}], " SLEEPER "}",
        -E2BIG, "workload", "bytes of memory");
    must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
                "\"limits\": {\"time_ms\": "
                "60001}, " SLEEPER "}",
                -E2BIG, "limits.time_ms", "60000 is allowed");
    must_refuse(
        "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 5}], \"limits\": "
        "{\"context_count\": 4}, " SLEEPER "}",
        -E2BIG, "pools", "5 contexts, but 4");
    must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 5}], \"loop\": "
                "{\"operation_count\": 4}, " SLEEPER "}",
                -EINVAL, "loop.operation_count", "raise it");
    must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], \"loop\": "
                "{\"handle_count\": 2000000}, " SLEEPER "}",
                -E2BIG, "loop.handle_count", "at most");
    must_refuse("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
                "\"endpoints\": [{\"name\": "
                "\"f\", \"family\": \"FILE\", \"file_bytes\": 2000000000}], " SLEEPER "}",
                -E2BIG, "workload", "bytes of memory");
    must_refuse(
        "{\"name\": \"t\", \"loop\": {\"handle_count\": 5000}, \"pools\": [{\"name\": \"p\", "
        "\"context_count\": 1}], \"endpoints\": [{\"name\": \"e\", \"family\": \"TCP4\"}], "
        "\"actors\": [{\"name\": \"a\", \"instance_count\": 1000, \"blocks\": [{\"steps\": "
        "[{\"operation\": \"SOCKET\", \"into\": \"s\", \"endpoint\": \"e\"}]}]}]}",
        -E2BIG, "workload", "descriptors");
}
END_TEST

START_TEST(a_workload_may_ask_for_less)
{
    must_plan("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], \"limits\": "
              "{\"time_ms\": "
              "123}, " SLEEPER "}");
    ck_assert_uint_eq(plan->time_ms, 123);
}
END_TEST

START_TEST(without_limits_the_ceilings_hold)
{
    must_plan("{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], " SLEEPER
              "}");
    ck_assert_uint_eq(plan->time_ms, 60000);
    pnd_plan_limits_init(&limits);
    ck_assert_uint_eq(limits.context_count, 32768);
    ck_assert_uint_eq(limits.memory_bytes, 1 << 30);
    ck_assert_uint_gt(limits.descriptor_count, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        names_become_indices,
        instances_begun_by_accepts_are_counted,
        names_nobody_makes_are_refused,
        steps_without_meaning_are_refused,
        signals_and_ends_of_processes_have_numbers_there_are,
        names_of_files_become_indices,
        steps_on_files_without_what_they_need_are_refused,
        a_context_stays_in_its_pool,
        unknown_numbers_are_refused,
        workload_and_actors_need_names_of_their_own_and_something_to_do,
        names_and_lists_have_a_limit,
        nothing_that_never_begins_or_never_ends_is_planned,
        pools_and_endpoints_need_names_of_their_own,
        what_is_over_the_limits_is_refused,
        a_workload_may_ask_for_less,
        without_limits_the_ceilings_hold,
    };
    return suite_run("plan", begin, end, tests, sizeof tests / sizeof tests[0]);
}
