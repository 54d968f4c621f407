/* plan_meaning_test.c - steps whose numbers and combinations mean something, and others. */
#include "plans.h"
#include "suite.h"

#include <pendio/pendio.h>

START_TEST(signals_and_ends_of_processes_have_numbers_there_are)
{
    plans_must_plan(WITH_STEPS("{\"operation\": \"CATCH_SIGNAL\", \"number\": 10}, "
                               "{\"operation\": \"RAISE\", \"number\": 10}, "
                               "{\"operation\": \"SPAWN\", \"exit_code\": 255}"));
    ck_assert_uint_eq(plans.plan->actors[0].blocks[0].steps[2].number, 10);
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"RAISE\", \"number\": 12}"),
                           "no CATCH_SIGNAL waits for signal 12");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"RAISE\", \"number\": 9}, "
                                      "{\"operation\": \"CATCH_SIGNAL\", \"number\": 9}"),
                           "which would end the run");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"CATCH_SIGNAL\", \"number\": 65}"),
                           "number 65 is no signal");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SPAWN\", \"exit_code\": 256}"),
                           "exit_code 256 is beyond 255");
}
END_TEST

START_TEST(vectors_are_counted_and_flags_are_for_those_they_are_of_use_to)
{
    plans_must_plan(WITH_STEPS("{\"operation\": \"RECEIVE\", \"handle\": \"s\", \"bytes\": 25, "
                               "\"memory\": \"CALLER\", \"pieces\": [0, 10], \"peek\": true}"));
    ck_assert_uint_eq(plans.plan->actors[0].blocks[0].steps[1].piece_count, 6);
    ck_assert_uint_eq(plans.plan->actors[0].blocks[0].steps[1].flags, PENDIO_PEEK);
    ck_assert_uint_eq(plans.plan->pools[0].vector_bytes, 31);
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"RECEIVE\", \"handle\": \"s\", \"bytes\": 25, "
                   "\"pieces\": [10]}"),
        "`pieces` are for transfers in memory CALLER");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"bytes\": 25, "
                                      "\"memory\": \"CALLER\", \"pieces\": [0, 0]}"),
                           "`pieces` have no bytes");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"bytes\": 70000, "
                   "\"memory\": \"CALLER\", \"pieces\": [1]}"),
        "a vector of 70000 pieces");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"peek\": true}"),
        "`peek` is for receives");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"zero_copy\": true}"),
                           "`zero_copy` is for sends");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"NOP\", \"context\": \"c\", "
                                      "\"auto_put\": true}"),
                           "`auto_put` is for starts without `context`");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        signals_and_ends_of_processes_have_numbers_there_are,
        vectors_are_counted_and_flags_are_for_those_they_are_of_use_to,
    };
    return suite_run("plan_meaning", plans_begin, plans_end, tests, sizeof tests / sizeof tests[0]);
}
