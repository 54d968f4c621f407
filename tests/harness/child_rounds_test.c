/* child_rounds_test.c - rounds of a run: their order, their beginning, what is drawn for them. */
#include "child_run.h"
#include "suite.h"

#include <string.h>

/* A workload of one actor with these blocks; `head` says what else there is of it. */
#define WITH(head, blocks)                                                                         \
    "{\"name\": \"t\", " head " \"pools\": [{\"name\": \"p\", \"context_count\": 8, "              \
    "\"slice_bytes\": 4096}], \"endpoints\": [{\"name\": \"e\", \"family\": \"UNIX_STREAM\"}], "   \
    "\"limits\": {\"time_ms\": 10000}, \"actors\": [{\"name\": \"first\", \"instance_count\": 1, " \
    "\"blocks\": [" blocks "]}]}"

/* The ends of a connection: "a" and "b". */
#define CONNECTED                                                                                  \
    "{\"steps\": [{\"operation\": \"SOCKET\", \"into\": \"l\", \"endpoint\": \"e\"}, "             \
    "{\"operation\": \"BIND\", \"handle\": \"l\", \"endpoint\": \"e\"}, "                          \
    "{\"operation\": \"LISTEN\", \"handle\": \"l\"}, "                                             \
    "{\"operation\": \"SOCKET\", \"into\": \"a\", \"endpoint\": \"e\"}, "                          \
    "{\"operation\": \"CONNECT\", \"handle\": \"a\", \"endpoint\": \"e\"}, "                       \
    "{\"operation\": \"ACCEPT\", \"handle\": \"l\", \"into\": \"b\"}, "                            \
    "{\"operation\": \"CLOSE\", \"handle\": \"l\"}]}, "

#define CLOSED                                                                                     \
    ", {\"steps\": [{\"operation\": \"CLOSE\", \"handle\": \"a\"}, {\"operation\": \"CLOSE\", "    \
    "\"handle\": \"b\"}]}"

static struct child_run run;

static void end(void)
{
    child_run_fini(&run);
}

static void run_text(const char *json)
{
    child_run_must_report(&run, json);
}

static void passes(const char *json)
{
    run_text(json);
    ck_assert_msg(run.report->verdict == PENDIO__VERDICT__PASSED, "%s", run.report->reason);
    ck_assert_uint_eq(run.report->pool->allocations_after_warmup, 0);
}

static void fails(const char *json, const char *words)
{
    run_text(json);
    ck_assert_msg(run.report->verdict == PENDIO__VERDICT__FAILED, "verdict %d: %s",
                  (int)run.report->verdict, run.report->reason);
    ck_assert_msg(strstr(run.report->reason, words) != NULL, "no \"%s\" in: %s", words,
                  run.report->reason);
}

START_TEST(steps_in_parallel_are_all_under_way_at_once)
{
    passes(WITH("", CONNECTED "{\"order\": \"IN_PARALLEL\", \"repeat_count\": 20, \"steps\": ["
                              "{\"operation\": \"RECEIVE\", \"handle\": \"b\", \"bytes\": 100, "
                              "\"whole\": true, \"expect\": {\"after\": [\"sent\"]}}, "
                              "{\"operation\": \"TIMER\", \"after_ns\": 100000}, "
                              "{\"operation\": \"SEND\", \"handle\": \"a\", \"bytes\": 100, "
                              "\"policy\": \"TRY\", \"label\": \"sent\"}]}" CLOSED));
    ck_assert_uint_eq(run.report->bytes->received, 2000);
    ck_assert_uint_eq(child_run_check(&run, "expected order")->verdict, PENDIO__VERDICT__PASSED);
    ck_assert_str_eq(child_run_check(&run, "expected order")->seen, "held 20 times");
}
END_TEST

START_TEST(a_named_context_is_started_while_others_are_under_way)
{
    passes(WITH("", "{\"order\": \"IN_PARALLEL\", \"repeat_count\": 5, \"steps\": [{\"operation\": "
                    "\"TIMER\", \"after_ns\": 100000, \"context\": \"x\"}, {\"operation\": "
                    "\"TIMER\", \"after_ns\": 100000, \"context\": \"y\"}, {\"operation\": "
                    "\"POST\"}]}"));
    ck_assert_uint_eq(run.report->answers->pending, 10);
}
END_TEST

START_TEST(a_step_over_before_those_it_comes_after_fails)
{
    fails(WITH("", "{\"steps\": [{\"operation\": \"TIMER\", \"after_ns\": 50000000, "
                   "\"background\": true, \"label\": \"slow\"}, {\"operation\": \"NOP\", "
                   "\"expect\": {\"after\": [\"slow\"]}}, {\"operation\": \"AWAIT\"}]}"),
          "expected order: first[0] at actors[0].blocks[0].steps[1] (NOP) was over before first[0] "
          "at actors[0].blocks[0].steps[0] (TIMER)");
}
END_TEST

START_TEST(what_was_over_in_a_round_before_does_not_count)
{
    fails(WITH("", "{\"repeat_count\": 2, \"order\": \"IN_PARALLEL\", \"steps\": [{\"operation\": "
                   "\"NOP\", \"label\": \"n\", \"times\": 2}, {\"operation\": \"TIMER\", "
                   "\"after_ns\": 20000000, \"background\": true, \"label\": \"slow\"}, "
                   "{\"operation\": \"SIGNAL\", \"event\": \"x\", \"expect\": {\"after\": "
                   "[\"n\"]}}]}, {\"steps\": [{\"operation\": \"AWAIT\"}]}"),
          "expected order: first[0] at actors[0].blocks[0].steps[2] (SIGNAL) was over before");
}
END_TEST

#define ONE_OF                                                                                     \
    "{\"order\": \"ONE_OF_THEM\", \"repeat_count\": 400, \"steps\": [{\"operation\": \"NOP\", "    \
    "\"weight\": 3}, {\"operation\": \"NOP\", \"times\": 2}]}"

START_TEST(one_of_the_steps_is_drawn_and_the_seed_says_which)
{
    passes(WITH("\"seed\": 5,", ONE_OF));
    uint64_t operations = run.report->operations;
    ck_assert_uint_gt(operations, 460); /* 500 in the mean */
    ck_assert_uint_lt(operations, 540);
    passes(WITH("\"seed\": 5,", ONE_OF));
    ck_assert_uint_eq(run.report->operations, operations);
    passes(WITH("\"seed\": 6,", ONE_OF));
    ck_assert_uint_ne(run.report->operations, operations);
}
END_TEST

START_TEST(time_to_think_is_between_rounds_and_off_the_books)
{
    passes(WITH("", "{\"repeat_count\": 10, \"think\": {\"shape\": \"EVENLY\", \"minimum\": "
                    "2000000, \"maximum\": 3000000}, \"steps\": [{\"operation\": \"NOP\"}]}"));
    ck_assert_uint_ge(run.report->elapsed_ns, 9 * 2000000);
    ck_assert_uint_eq(run.report->operations, 10);
}
END_TEST

START_TEST(rounds_of_a_load_begin_at_their_times)
{
    passes(WITH("", "{\"load\": {\"arrival\": \"CONSTANT\", \"rate\": 500, \"time_ns\": "
                    "100000000}, \"steps\": [{\"operation\": \"NOP\"}]}"));
    ck_assert_uint_eq(run.report->operations, 50);
    ck_assert_uint_ge(run.report->elapsed_ns, 49 * 2000000);
}
END_TEST

START_TEST(a_load_ends_by_count_before_its_time)
{
    passes(WITH("", "{\"repeat_count\": 7, \"load\": {\"arrival\": \"POISSON\", \"rate\": 5000, "
                    "\"time_ns\": 5000000000}, \"steps\": [{\"operation\": \"NOP\"}]}, "
                    "{\"steps\": [{\"operation\": \"NOP\"}]}"));
    ck_assert_uint_eq(run.report->operations, 8);
}
END_TEST

START_TEST(the_same_seed_makes_up_the_same_rounds_of_a_load)
{
    static const char json[] =
        WITH("\"seed\": 9,", "{\"load\": {\"arrival\": \"POISSON\", \"rate\": 2000, \"time_ns\": "
                             "50000000}, \"steps\": [{\"operation\": \"NOP\"}]}");
    passes(json);
    uint64_t operations = run.report->operations;
    ck_assert_uint_gt(operations, 60); /* 100 in the mean */
    ck_assert_uint_lt(operations, 140);
    passes(json);
    ck_assert_uint_eq(run.report->operations, operations);
}
END_TEST

#define LATE(most)                                                                                 \
    WITH("\"expect\": {\"latency\": [{\"per_mille\": 1000, \"most_ns\": " most "}]},",             \
         "{\"load\": {\"arrival\": \"TRACE\", \"at_ns\": [0, 0, 0, 0]}, \"steps\": "               \
         "[{\"operation\": \"TIMER\", \"after_ns\": 10000000}]}")

START_TEST(rounds_that_are_late_are_late_from_the_time_they_were_to_begin)
{
    fails(LATE("39000000"), "latency: 1000 of 1000 rounds took up to ");
    passes(LATE("9000000000"));
    ck_assert_int_eq((int)child_run_check(&run, "latency")->verdict, PENDIO__VERDICT__PASSED);
}
END_TEST

START_TEST(bounds_without_a_load_are_of_operations)
{
    fails(WITH("\"expect\": {\"latency\": [{\"per_mille\": 900, \"most_ns\": 9000000}]},",
               "{\"repeat_count\": 3, \"steps\": [{\"operation\": \"TIMER\", \"after_ns\": "
               "10000000}]}"),
          "latency: 900 of 1000 operations took up to ");
}
END_TEST

START_TEST(an_operation_that_takes_longer_than_its_step_allows_fails)
{
    fails(WITH("", "{\"steps\": [{\"operation\": \"TIMER\", \"after_ns\": 10000000, \"expect\": "
                   "{\"latency_most_ns\": 9000000}}]}"),
          "expected latency: first[0] at actors[0].blocks[0].steps[0] (TIMER) took ");
    passes(WITH("", "{\"steps\": [{\"operation\": \"TIMER\", \"after_ns\": 1000000, \"expect\": "
                    "{\"latency_most_ns\": 9000000000}}]}"));
}
END_TEST

START_TEST(a_load_that_is_steady_ends)
{
    passes(WITH("", "{\"load\": {\"steady_percent\": 100, \"slice_ns\": 2000000}, \"steps\": "
                    "[{\"operation\": \"TIMER\", \"after_ns\": 100000}]}"));
    ck_assert_uint_ge(run.report->elapsed_ns, 10 * 2000000);
}
END_TEST

#define DRAWN                                                                                      \
    WITH("\"seed\": 3,", CONNECTED                                                                 \
         "{\"repeat_count\": 100, \"steps\": [{\"operation\": \"SEND\", \"handle\": \"a\", "       \
         "\"bytes\": 3000, \"bytes_of\": {\"shape\": \"EXPONENTIALLY\", \"mean\": 300, "           \
         "\"minimum\": 1, \"maximum\": 3000}}]}, {\"steps\": [{\"operation\": \"CLOSE\", "         \
         "\"handle\": \"a\"}, {\"operation\": \"RECEIVE\", \"handle\": \"b\", \"memory\": "        \
         "\"CALLER\", \"bytes\": 1000000, \"whole\": true, \"expect\": {\"check_bytes\": true, "   \
         "\"bytes_maximum\": 1000000, \"flags\": [\"END_OF_STREAM\"]}}, {\"operation\": "          \
         "\"CLOSE\", \"handle\": \"b\"}]}")

START_TEST(bytes_are_drawn_and_every_one_of_them_is_verified)
{
    passes(DRAWN);
    uint64_t sent = run.report->bytes->sent;
    ck_assert_uint_gt(sent, 20000);
    ck_assert_uint_lt(sent, 40000);
    ck_assert_uint_eq(run.report->bytes->received, sent);
    passes(DRAWN);
    ck_assert_uint_eq(run.report->bytes->sent, sent);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        steps_in_parallel_are_all_under_way_at_once,
        a_named_context_is_started_while_others_are_under_way,
        a_step_over_before_those_it_comes_after_fails,
        what_was_over_in_a_round_before_does_not_count,
        one_of_the_steps_is_drawn_and_the_seed_says_which,
        time_to_think_is_between_rounds_and_off_the_books,
        rounds_of_a_load_begin_at_their_times,
        a_load_ends_by_count_before_its_time,
        the_same_seed_makes_up_the_same_rounds_of_a_load,
        rounds_that_are_late_are_late_from_the_time_they_were_to_begin,
        bounds_without_a_load_are_of_operations,
        an_operation_that_takes_longer_than_its_step_allows_fails,
        a_load_that_is_steady_ends,
        bytes_are_drawn_and_every_one_of_them_is_verified,
    };
    return suite_run("child_rounds", NULL, end, tests, sizeof tests / sizeof tests[0]);
}
