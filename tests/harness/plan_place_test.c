/* plan_place_test.c - which part of a workload is at which place, and what goes between them. */
#include "plans.h"
#include "suite.h"

#include <errno.h>
#include <sys/socket.h>

#define ACTOR(name, more, steps)                                                                   \
    "{\"name\": \"" name "\", " more ", \"blocks\": [{\"steps\": [" steps "]}]}"
#define AT(place) "\"instance_count\": 2, \"place\": " place
#define WORKLOAD(actors)                                                                           \
    "{\"name\": \"t\", \"pools\": [{\"name\": \"near\", \"context_count\": 3}, {\"name\": "        \
    "\"far\", \"context_count\": 5}], \"endpoints\": [{\"name\": \"e\", \"family\": \"TCP4\"}, "   \
    "{\"name\": \"u\", \"family\": \"UNIX_STREAM\"}, {\"name\": \"f\", \"family\": \"FILE\"}], "   \
    "\"actors\": [" actors "]}"

#define BIND                                                                                       \
    "{\"operation\": \"SOCKET\", \"into\": \"s\", \"endpoint\": \"e\"}, {\"operation\": "          \
    "\"BIND\", \"handle\": \"s\", \"endpoint\": \"e\"}"
#define CONNECT                                                                                    \
    "{\"operation\": \"SOCKET\", \"into\": \"s\", \"endpoint\": \"e\"}, {\"operation\": "          \
    "\"CONNECT\", \"handle\": \"s\", \"endpoint\": \"e\", \"pool\": \"far\"}"
#define ACCEPT                                                                                     \
    "{\"operation\": \"ACCEPT\", \"handle\": \"s\", \"start_actor\": \"begun\"}, {\"operation\": " \
    "\"SIGNAL\", \"event\": \"x\"}, {\"operation\": \"SIGNAL\", \"event\": \"own\"}"
#define WAITS "{\"operation\": \"WAIT\", \"event\": \"x\"}"

/* The server at place 0, with those it begins; the client at place 1. */
#define TWO                                                                                        \
    WORKLOAD(ACTOR("server", AT("0"), BIND ", " ACCEPT) ", " ACTOR(                                \
        "begun", "\"instance_count\": 0",                                                          \
        "{\"operation\": \"NOP\"}") ", " ACTOR("client", AT("1"), WAITS ", " CONNECT))

static const Pendio__Placement *of_two(uint32_t place, const char *address)
{
    static Pendio__Placement placement = PENDIO__PLACEMENT__INIT;
    placement.place = place;
    placement.place_count = 2;
    placement.address = (char *)address;
    return &placement;
}

static void plan_part(const char *json, uint32_t place, const char *address)
{
    plans_must_plan_part(json, of_two(place, address));
}

START_TEST(all_places_are_one_where_nothing_else_is_said)
{
    plans_must_plan(TWO);
    ck_assert(!plans.plan->placement.given);
    ck_assert_uint_eq(plans.plan->actors[0].instance_total, 2);
    ck_assert_uint_eq(plans.plan->actors[1].instance_total, 2);
    ck_assert_uint_eq(plans.plan->actors[2].instance_total, 2);
    ck_assert_uint_eq(plans.plan->context_count, 8);
    ck_assert(!plans.plan->endpoints[0].told);
    ck_assert(!plans.plan->event_ways[0].told);
}
END_TEST

START_TEST(those_that_others_begin_are_where_they_are)
{
    plan_part(TWO, 0, "10.1.2.3");
    ck_assert_uint_eq(plans.plan->actors[0].instance_total, 2);
    ck_assert_uint_eq(plans.plan->actors[1].instance_total, 2);
    ck_assert_uint_eq(plans.plan->actors[2].instance_total, 0);
    ck_assert_int_eq(plans.plan->placement.family, AF_INET);
    ck_assert_uint_eq(plans.plan->placement.address[3], 3);
}
END_TEST

START_TEST(pools_nobody_here_uses_have_no_contexts)
{
    plan_part(TWO, 0, "");
    ck_assert_uint_eq(plans.plan->pools[0].context_count, 3);
    ck_assert_uint_eq(plans.plan->pools[1].context_count, 0);
    plan_part(TWO, 1, "");
    ck_assert_uint_eq(plans.plan->pools[0].context_count, 0);
    ck_assert_uint_eq(plans.plan->context_count, 5);
}
END_TEST

START_TEST(what_others_use_is_told_and_nothing_else)
{
    plan_part(TWO, 0, "");
    ck_assert(plans.plan->endpoints[0].told);
    ck_assert(plans.plan->event_ways[0].told);
    ck_assert(!plans.plan->event_ways[0].heard);
    ck_assert(!plans.plan->event_ways[1].told);
    plan_part(TWO, 1, "");
    ck_assert(!plans.plan->endpoints[0].told);
    ck_assert(plans.plan->event_ways[0].heard);
    ck_assert(!plans.plan->event_ways[0].told);
}
END_TEST

static void must_refuse_part(const char *json, uint32_t place, const char *address, int status,
                             const char *words)
{
    plans_must_refuse_part(json, of_two(place, address), status, "", words);
}

START_TEST(placement_that_is_none_is_refused)
{
    must_refuse_part(TWO, 2, "", -EINVAL, "placement: place 2 of 2");
    must_refuse_part(TWO, 0, "localhost", -EINVAL, "\"localhost\" is no address");
    must_refuse_part(TWO, 0, "0.0.0.0", -EINVAL, "\"0.0.0.0\" is every address");
    must_refuse_part(TWO, 0, "::", -EINVAL, "\"::\" is every address");
    must_refuse_part(TWO, 0, "fd00::1", -EINVAL,
                     "is of IPv4, and its place has an address of IPv6");
    must_refuse_part(WORKLOAD(ACTOR("a", AT("0"), "{\"operation\": \"NOP\"}")), 1, "", -EINVAL,
                     "none begins at place 1");
    must_refuse_part(WORKLOAD(ACTOR("a", AT("2"), "{\"operation\": \"NOP\"}")), 1, "", -EINVAL,
                     "actors[0].place: is 2, but there are 2 places");
}
END_TEST

START_TEST(what_is_of_one_place_is_used_at_one)
{
    plans_must_refuse(WORKLOAD(ACTOR("a", AT("16"), "{\"operation\": \"NOP\"}")), -EINVAL,
                      "actors[0].place", "use 0 to 15");
    plans_must_refuse(WORKLOAD(ACTOR("a", AT("0"), BIND) ", " ACTOR("b", AT("1"), BIND)), -EINVAL,
                      "endpoints[0]", "bound at several places");
    plans_must_refuse(
        WORKLOAD(ACTOR("a", AT("0"), "{\"operation\": \"UNLINK\", \"endpoint\": \"f\"}") ", " ACTOR(
            "b", AT("1"), "{\"operation\": \"UNLINK\", \"endpoint\": \"f\"}")),
        -EINVAL, "endpoints[2]", "a file is of one");
    plans_must_refuse(WORKLOAD(ACTOR("a", AT("0"), "{\"operation\": \"NOP\"}") ", " ACTOR(
                          "b", "\"instance_count\": 0, \"place\": 1", "{\"operation\": \"NOP\"}")),
                      -EINVAL, "actors[1].place", "is where they are; leave it out");
    plans_must_refuse(WORKLOAD(ACTOR("a", AT("0"), BIND) ", " ACTOR(
                          "b", AT("1"),
                          "{\"operation\": \"CONNECT_NAME\", \"into\": \"s\", \"host\": "
                          "\"localhost\", \"endpoint\": \"e\"}")),
                      -EINVAL, "actors[1].blocks[0].steps[0]", "use CONNECT");
}
END_TEST

START_TEST(others_are_told_of_a_bounded_number_of_things)
{
#define MANY(times)                                                                                \
    WORKLOAD(ACTOR("a", AT("0"),                                                                   \
                   "{\"operation\": \"SIGNAL\", \"event\": \"x\", \"times\": " times               \
                   "}") ", " ACTOR("b", AT("1"), WAITS))
    plan_part(MANY("512"), 0, "");
    must_refuse_part(MANY("513"), 0, "", -E2BIG, "more than 1024 binds and signals");
    must_refuse_part(MANY("4294967295"), 0, "", -E2BIG, "more than 1024 binds and signals");
    plan_part(MANY("513"), 1, "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        all_places_are_one_where_nothing_else_is_said,
        those_that_others_begin_are_where_they_are,
        pools_nobody_here_uses_have_no_contexts,
        what_others_use_is_told_and_nothing_else,
        placement_that_is_none_is_refused,
        what_is_of_one_place_is_used_at_one,
        others_are_told_of_a_bounded_number_of_things,
    };
    return suite_run("plan_place", plans_begin, plans_end, tests, sizeof tests / sizeof tests[0]);
}
