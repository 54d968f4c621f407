/* plan_block_test.c - order, load and time to think of a block, and bytes that are drawn. */
#include "plans.h"
#include "suite.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A workload of one actor with this block, and everything its steps may name. */
#define WITH_BLOCK(block)                                                                          \
    "{\"name\": \"t\", \"pools\": [{\"name\": \"main\", \"context_count\": 4, \"slice_bytes\": "   \
    "128}], \"endpoints\": [{\"name\": \"tcp\", \"family\": \"TCP4\"}], \"actors\": [{\"name\": "  \
    "\"first\", \"instance_count\": 2, \"blocks\": [{" block "}]}, {\"name\": \"second\", "        \
    "\"instance_count\": 1, \"blocks\": [{\"steps\": [{\"operation\": \"NOP\"}]}]}]}"

#define NOPS "\"steps\": [{\"operation\": \"NOP\"}, {\"operation\": \"NOP\", \"times\": 3}]"

static const struct pnd_plan_block *block(void)
{
    return &plans.plan->actors[0].blocks[0];
}

static void refuses(const char *json, const char *path, const char *words)
{
    plans_must_refuse(json, -EINVAL, path, words);
}

START_TEST(blocks_have_an_order)
{
    plans_must_plan(WITH_BLOCK("\"order\": \"IN_PARALLEL\", " NOPS));
    ck_assert_int_eq((int)block()->order, PENDIO__ORDER__IN_PARALLEL);
    ck_assert_uint_eq(plans.plan->operation_count, 9);
    refuses(WITH_BLOCK("\"order\": \"IN_PARALLEL\", \"steps\": [{\"operation\": \"PAUSE\"}]"),
            "actors[0].blocks[0].steps[0]",
            "PAUSE would hold up those after it, which are IN_PARALLEL");
    refuses(WITH_BLOCK("\"order\": \"IN_PARALLEL\", \"steps\": [{\"operation\": \"NOP\", "
                       "\"context\": \"c\", \"times\": 2}]"),
            "actors[0].blocks[0].steps[0]", "cannot be started 2 times IN_PARALLEL");
}
END_TEST

START_TEST(one_of_the_steps_is_chosen_by_weight)
{
    plans_must_plan(
        WITH_BLOCK("\"order\": \"ONE_OF_THEM\", \"repeat_count\": 10, \"steps\": [{\"operation\": "
                   "\"NOP\", \"weight\": 3}, {\"operation\": \"NOP\", \"times\": 5}]"));
    ck_assert_uint_eq(block()->weight_sum, 4);
    ck_assert_uint_eq(plans.plan->operation_count, 41); /* (3 * 1 + 1 * 5) / 4 in the mean */
    refuses(WITH_BLOCK("\"steps\": [{\"operation\": \"NOP\", \"weight\": 3}]"),
            "actors[0].blocks[0].steps[0]", "`weight` is for blocks ONE_OF_THEM");
}
END_TEST

START_TEST(rounds_are_estimated_from_the_load)
{
    plans_must_plan(WITH_BLOCK("\"load\": {\"arrival\": \"CONSTANT\", \"rate\": 100, "
                               "\"time_ns\": 500000000}, " NOPS));
    ck_assert(block()->loaded);
    ck_assert(plans.plan->loaded);
    ck_assert_uint_eq(block()->repeat_count, PND_PLAN_OPEN);
    ck_assert_uint_eq(block()->round_count, 50);
    ck_assert_uint_eq(plans.plan->operation_count, 401);
}
END_TEST

START_TEST(a_load_may_end_by_count_list_or_in_steadiness)
{
    plans_must_plan(WITH_BLOCK("\"repeat_count\": 7, \"load\": {\"arrival\": \"POISSON\", "
                               "\"rate\": 100, \"time_ns\": 500000000}, " NOPS));
    ck_assert_uint_eq(block()->round_count, 7);
    plans_end();
    plans_begin();
    plans_must_plan(WITH_BLOCK("\"load\": {\"arrival\": \"TRACE\", \"at_ns\": [0, 5, 5]}, " NOPS));
    ck_assert_uint_eq(block()->repeat_count, 3);
    plans_end();
    plans_begin();
    plans_must_plan(WITH_BLOCK("\"load\": {\"steady_percent\": 5, \"slice_ns\": 1000}, " NOPS));
    ck_assert_uint_eq(block()->repeat_count, PND_PLAN_OPEN);
    ck_assert_uint_eq(plans.plan->operation_count, UINT64_MAX);
    plans_end();
    plans_begin();
    plans_must_plan(WITH_BLOCK("\"load\": {\"arrival\": \"BURST\", \"rate\": 1, \"burst_count\": "
                               "2}, " NOPS));
    ck_assert_uint_eq(block()->repeat_count, 1);
}
END_TEST

START_TEST(loads_that_mean_nothing_are_refused)
{
    static const char *const wrong[][3] = {
        {"\"arrival\": \"CONSTANT\"", "blocks[0].load.rate", "use rounds a second, above 0"},
        {"\"arrival\": \"POISSON\", \"rate\": 2000000", "blocks[0].load.rate", "at most 1000000"},
        {"\"arrival\": \"POISSON\", \"rate\": \"NaN\"", "blocks[0].load.rate", "is nan"},
        {"\"arrival\": \"RAMP\", \"rate\": 5, \"ramp_ns\": 9", "blocks[0].load", "RAMP needs"},
        {"\"arrival\": \"BURST\", \"rate\": 5", "load.burst_count", "BURST needs how many"},
        {"\"arrival\": \"TRACE\"", "load.at_ns", "TRACE needs a time"},
        {"\"arrival\": \"TRACE\", \"at_ns\": [5, 4]", "load.at_ns", "[1] is before the one before"},
        {"\"rate\": 5", "load.rate", "is for another `arrival`; remove it"},
        {"\"arrival\": \"CONSTANT\", \"rate\": 5, \"end_rate\": 6", "load.end_rate", "another"},
        {"\"arrival\": \"CONSTANT\", \"rate\": 5, \"ramp_ns\": 6", "load.ramp_ns", "another"},
        {"\"arrival\": \"CONSTANT\", \"rate\": 5, \"burst_count\": 6", "burst_count", "another"},
        {"\"arrival\": \"CONSTANT\", \"rate\": 5, \"at_ns\": [6]", "load.at_ns", "another"},
        {"\"steady_percent\": 5", "blocks[0].load", "go together; set both"},
        {"\"slice_ns\": 5", "blocks[0].load", "go together; set both"},
        {"\"steady_percent\": 101, \"slice_ns\": 5", "steady_percent", "is 101; use 0 to 100"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char json[1024];
        (void)snprintf(json, sizeof json, WITH_BLOCK("\"load\": {%s}, " NOPS), wrong[i][0]);
        refuses(json, wrong[i][1], wrong[i][2]);
    }
    refuses(WITH_BLOCK("\"load\": {\"time_ns\": 5}, \"think\": {}, " NOPS), "blocks[0].think",
            "is not for blocks with a `load`");
}
END_TEST

/* As only packed workloads can have them: numbers that the schema has no names for. */
START_TEST(numbers_the_schema_does_not_know_are_refused)
{
    static const char json[] = WITH_BLOCK("\"load\": {\"time_ns\": 5}, \"think\": {}, " NOPS);
    Pendio__Workload *workload = (Pendio__Workload *)plans_parse(json);
    Pendio__Block *source = workload->actors[0]->blocks[0];
    source->load->arrival = (Pendio__Arrival)9;
    ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(plans.error.text, "load.arrival: 9 is unknown; use CLOSED"));
    source->order = (Pendio__Order)7;
    ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(plans.error.text, "order: 7 is unknown; use IN_SEQUENCE"));
    source->order = PENDIO__ORDER__IN_SEQUENCE;
    source->load->arrival = PENDIO__ARRIVAL__CLOSED;
    Pendio__Load *load = source->load;
    source->load = NULL;
    source->think->shape = (Pendio__Shape)5;
    ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(plans.error.text, "think: its shape is unknown; use ALWAYS"));
    source->load = load;
}
END_TEST

START_TEST(what_is_counted_beforehand_needs_a_count_of_rounds)
{
    refuses(WITH_BLOCK("\"load\": {\"time_ns\": 5}, \"steps\": [{\"operation\": \"SOCKET\", "
                       "\"into\": \"l\", \"endpoint\": \"tcp\"}, {\"operation\": \"ACCEPT\", "
                       "\"handle\": \"l\", \"start_actor\": \"second\"}]"),
            "actors[0].blocks[0].steps[1]", "set the block's repeat_count, beside its load");
}
END_TEST

START_TEST(time_to_think_is_drawn)
{
    plans_must_plan(WITH_BLOCK("\"repeat_count\": 5, \"think\": {\"shape\": \"EVENLY\", "
                               "\"minimum\": 5, \"maximum\": 9}, " NOPS));
    ck_assert(block()->thinks);
    ck_assert_uint_eq(pnd_draw_most(&block()->think), 9);
}
END_TEST

START_TEST(distributions_that_mean_nothing_are_refused)
{
    static const char *const wrong[][2] = {
        {"\"shape\": \"EVENLY\", \"minimum\": 9, \"maximum\": 5", "`minimum` is above `maximum`"},
        {"\"maximum\": 5", "`maximum` is for EVENLY and EXPONENTIALLY"},
        {"\"mean\": 5", "`mean` is for EXPONENTIALLY"},
        {"\"values\": [5]", "`values` and `weights` are for AMONG"},
        {"\"shape\": \"EXPONENTIALLY\"", "EXPONENTIALLY needs a `mean` above 0"},
        {"\"shape\": \"EXPONENTIALLY\", \"mean\": \"Infinity\"", "needs a `mean` above 0"},
        {"\"shape\": \"AMONG\"", "AMONG needs `values`"},
        {"\"shape\": \"AMONG\", \"values\": [1, 2], \"weights\": [1]", "one for each of `values`"},
        {"\"shape\": \"AMONG\", \"values\": [1], \"weights\": [0]", "`weights` are all 0"},
        {"\"shape\": \"AMONG\", \"values\": [1], \"minimum\": 1", "are not for AMONG"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char json[1024];
        (void)snprintf(json, sizeof json, WITH_BLOCK("\"think\": {%s}, " NOPS), wrong[i][0]);
        refuses(json, "actors[0].blocks[0].think", wrong[i][1]);
    }
}
END_TEST

START_TEST(bytes_that_are_drawn_fit_into_the_bytes_of_the_step)
{
    plans_must_plan(
        WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"bytes\": 100, \"bytes_of\": "
                   "{\"shape\": \"EXPONENTIALLY\", \"mean\": 20, \"maximum\": 100}}"));
    ck_assert(plans.plan->actors[0].blocks[0].steps[1].drawn);
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"bytes\": 99, "
                   "\"bytes_of\": {\"shape\": \"AMONG\", \"values\": [1, 100]}}"),
        "`bytes_of` may draw 100, but `bytes`, the most, are 99; raise those");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"bytes_of\": {\"minimum\": 1}}"),
                           "`bytes_of` is for transfers, SPLICE and TRUNCATE");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"bytes\": 9, "
                                      "\"memory\": \"CALLER\", \"pieces\": [3], \"bytes_of\": "
                                      "{\"minimum\": 1}}"),
                           "`bytes_of` and `pieces` go not together; remove one");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"bytes\": 9, "
                                      "\"bytes_of\": {\"mean\": 1}}"),
                           "bytes_of: `mean` is for EXPONENTIALLY");
}
END_TEST

START_TEST(labels_are_of_one_step_and_of_the_same_round)
{
    plans_must_plan(WITH_STEPS("{\"operation\": \"NOP\", \"background\": true, \"label\": \"a\"}, "
                               "{\"operation\": \"NOP\", \"expect\": {\"after\": [\"a\"]}}"));
    const struct pnd_plan_step *steps = plans.plan->actors[0].blocks[0].steps;
    ck_assert_int_eq(steps[0].label_index, PND_PLAN_NONE);
    ck_assert_int_eq(steps[1].label_index, 0);
    ck_assert_uint_eq(steps[2].after_count, 1);
    ck_assert_uint_eq(steps[2].after[0], 1);
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"after\": [\"a\"]}}"),
                           "no step of this block has the label \"a\"");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"expect\": {\"after\": [\"a\"]}}, "
                                      "{\"operation\": \"NOP\", \"label\": \"a\"}"),
                           "\"a\" comes later, in steps[2]; expect it there");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"NOP\", \"label\": \"a\", \"expect\": {\"after\": [\"a\"]}}"),
        "\"a\" is this step itself");
    plans_must_refuse(WITH_STEPS("{\"operation\": \"NOP\", \"label\": \"a\"}, {\"operation\": "
                                 "\"NOP\", \"label\": \"a\"}"),
                      -EINVAL, "steps[2]", "label \"a\" is also blocks[0].steps[1]; rename one");
    plans_must_refuse(WITH_STEPS("{\"operation\": \"NOP\", \"label\": \"a\"}, {\"operation\": "
                                 "\"NOP\", \"background\": true, \"expect\": {\"after\": "
                                 "[\"a\"]}}"),
                      -EINVAL, "steps[2]", "expect.after is not for steps in the background");
}
END_TEST

START_TEST(faults_have_what_they_need)
{
    plans_must_plan(WITH_STEPS("{\"operation\": \"LIMIT_DESCRIPTORS\", \"times\": 0}, "
                               "{\"operation\": \"FAIL\", \"failing\": \"SEND\", \"errno_name\": "
                               "\"EIO\"}"));
    ck_assert_uint_eq(plans.plan->actors[0].blocks[0].steps[1].times, 0);
    ck_assert_ptr_eq(plans.plan->failing, &plans.plan->actors[0].blocks[0].steps[2]);
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"FAIL\", \"errno_name\": \"EIO\"}"),
                           "FAIL needs the operation that is to fail; name one in `failing`");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"FAIL\", \"failing\": \"SEND\", "
                                      "\"errno_name\": \"EOHNO\"}"),
                           "errno_name is \"EOHNO\"; use one of errno's");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"errno_name\": \"EIO\"}"),
                           "`failing` and `errno_name` are for FAIL; remove them");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"HOLD_BUFFERS\", \"context\": \"c\"}, "
                                      "{\"operation\": \"RECEIVE\", \"handle\": \"s\", \"bytes\": "
                                      "9, \"context\": \"c\"}"),
                           "nothing to HOLD; give this step and a RECEIVE in memory LENT");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"DIE\"}"),
                           "set `verdict` of the workload's `expect` to CRASHED");
}
END_TEST

#define WITH_EXPECT(expect, operation)                                                             \
    "{\"name\": \"t\", \"expect\": {" expect "}, \"pools\": [{\"name\": \"p\", "                   \
    "\"context_count\": 1}], \"actors\": [{\"name\": \"a\", \"instance_count\": 1, \"blocks\": "   \
    "[{\"steps\": [{\"operation\": \"" operation "\"}]}]}]}"

START_TEST(what_is_expected_of_the_run_can_hold)
{
    plans_must_plan(WITH_EXPECT("\"verdict\": \"CRASHED\", \"latency\": [{\"per_mille\": 999, "
                                "\"most_ns\": 5}]",
                                "DIE"));
    ck_assert(plans.plan->dies);
    refuses(WITH_EXPECT("\"verdict\": \"CRASHED\"", "NOP"), "expect.verdict",
            "is CRASHED, but no step is DIE");
    refuses(WITH_EXPECT("\"verdict\": \"FAILED\"", "NOP"), "expect.verdict", "cannot be expected");
    refuses(WITH_EXPECT("\"latency\": [{\"per_mille\": 1001, \"most_ns\": 5}]", "NOP"),
            "expect.latency[0]", "per_mille is 1001; use 1 to 1000");
    refuses(WITH_EXPECT("\"latency\": [{\"per_mille\": 1}]", "NOP"), "expect.latency[0]",
            "most_ns is missing");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"LISTEN\", \"handle\": \"s\", "
                                      "\"expect\": {\"latency_most_ns\": 5}}"),
                           "`latency_most_ns` is for operations started with a context");
}
END_TEST

/* As they come by the wire: JSON has no such numbers. */
START_TEST(doubles_that_are_no_numbers_are_refused)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, -1};
    static const char *const fields[] = {
        "expect.reuse_minimum", "think", "load.rate", "load.end_rate",
        "load.steady_percent",  "load"};
    const Pendio__Workload *workload = plans_parse(
        "{\"name\": \"t\", \"expect\": {}, \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
        "\"actors\": [{\"name\": \"a\", \"instance_count\": 1, \"blocks\": [{\"repeat_count\": 2, "
        "\"think\": {\"shape\": \"EXPONENTIALLY\", \"mean\": 5}, \"steps\": [{\"operation\": "
        "\"NOP\"}]}, {\"repeat_count\": 2, \"load\": {\"arrival\": \"CONSTANT\", \"rate\": 5}, "
        "\"steps\": [{\"operation\": \"NOP\"}]}, {\"repeat_count\": 2, \"load\": {\"arrival\": "
        "\"RAMP\", \"rate\": 5, \"end_rate\": 6, \"ramp_ns\": 7}, \"steps\": [{\"operation\": "
        "\"NOP\"}]}]}]}");
    Pendio__Block **blocks = workload->actors[0]->blocks;
    double *const numbers[] = {&workload->expect->reuse_minimum, &blocks[0]->think->mean,
                               &blocks[1]->load->rate,           &blocks[1]->load->end_rate,
                               &blocks[1]->load->steady_percent, &blocks[2]->load->end_rate};
    ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), 0);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double right = *numbers[i];
        for (size_t j = 0; j < sizeof odd / sizeof odd[0]; j++) {
            *numbers[i] = odd[j];
            ck_assert_int_eq(pnd_plan_check(workload, NULL, &plans.limits, &plans.error), -EINVAL);
            ck_assert_msg(strstr(plans.error.text, fields[i]) != NULL, "%s", plans.error.text);
        }
        *numbers[i] = right;
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        blocks_have_an_order,
        one_of_the_steps_is_chosen_by_weight,
        rounds_are_estimated_from_the_load,
        a_load_may_end_by_count_list_or_in_steadiness,
        loads_that_mean_nothing_are_refused,
        numbers_the_schema_does_not_know_are_refused,
        what_is_counted_beforehand_needs_a_count_of_rounds,
        time_to_think_is_drawn,
        distributions_that_mean_nothing_are_refused,
        bytes_that_are_drawn_fit_into_the_bytes_of_the_step,
        labels_are_of_one_step_and_of_the_same_round,
        faults_have_what_they_need,
        what_is_expected_of_the_run_can_hold,
        doubles_that_are_no_numbers_are_refused,
    };
    return suite_run("plan_block", plans_begin, plans_end, tests, sizeof tests / sizeof tests[0]);
}
