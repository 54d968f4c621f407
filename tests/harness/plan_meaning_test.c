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

START_TEST(packets_are_parts_of_files)
{
    plans_must_plan(WITH_STEPS("{\"operation\": \"SEND_PACKETS\", \"handle\": \"s\", "
                               "\"packets\": [{\"endpoint\": \"file\", \"bytes\": 5, "
                               "\"source\": \"BYTES\"}, {\"endpoint\": \"file\"}, {}]}"));
    ck_assert_uint_eq(plans.plan->packet_count, 3);
    ck_assert_uint_eq(plans.plan->actors[0].blocks[0].steps[1].bytes, 5);
    ck_assert_uint_eq(plans.plan->pools[0].caller_bytes, 5);
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", "
                                      "\"packets\": [{}]}"),
                           "`packets` are for SEND_PACKETS");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND_PACKETS\", \"handle\": \"s\", "
                                      "\"bytes\": 5}"),
                           "no `bytes` of its own");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND_PACKETS\", \"handle\": \"s\", "
                                      "\"zero_copy\": true}"),
                           "`zero_copy` is for sends");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND_PACKETS\", \"handle\": \"s\", "
                                      "\"packets\": [{\"endpoint\": \"tcp\"}]}"),
                           "which is no FILE");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND_PACKETS\", \"handle\": \"s\", "
                                      "\"packets\": [{\"endpoint\": \"none\"}]}"),
                           "there is no endpoint \"none\"");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND_PACKETS\", \"handle\": \"s\", "
                                      "\"packets\": [{\"endpoint\": \"file\", \"offset\": 1}]}"),
                           "begins at 1 of 0 bytes");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SEND_PACKETS\", \"handle\": \"s\", "
                                      "\"packets\": [{\"endpoint\": \"file\", "
                                      "\"source\": \"HANDLE\", \"handle\": \"f\"}]}"),
                           "makes the handle \"f\"");
}
END_TEST

START_TEST(splices_and_pipes_have_two_handles)
{
    plans_must_plan(WITH_STEPS("{\"operation\": \"PIPE\", \"into\": \"r\", \"write_end\": \"w\"}, "
                               "{\"operation\": \"SPLICE\", \"handle\": \"s\", \"from\": \"r\"}"));
    const struct pnd_plan_step *steps = plans.plan->actors[0].blocks[0].steps;
    ck_assert_int_eq(steps[2].from_index, steps[1].into_index);
    ck_assert_int_ne(steps[1].write_end_index, steps[1].into_index);
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"PIPE\", \"into\": \"r\"}"),
                           "PIPE makes two handles; name one in `write_end`");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"SPLICE\", \"handle\": \"s\"}"),
                           "SPLICE needs a second handle");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"SPLICE\", \"handle\": \"s\", \"from\": \"r\"}"),
        "makes the handle \"r\"");
}
END_TEST

START_TEST(messages_have_control_data_and_what_is_expected_of_it)
{
    plans_must_plan(
        WITH_STEPS("{\"operation\": \"SEND_MESSAGE\", \"handle\": \"s\", \"pass_count\": 3}, "
                   "{\"operation\": \"RECEIVE_MESSAGE\", \"handle\": \"s\", \"control_bytes\": "
                   "40, \"expect\": {\"sender\": \"tcp\", \"loopback\": true}}"));
    const struct pnd_plan_step *steps = plans.plan->actors[0].blocks[0].steps;
    ck_assert_uint_eq(steps[1].control_bytes, 32);
    ck_assert_uint_eq(plans.plan->pools[0].control_bytes, 48);
    ck_assert(plans.plan->passes);
    ck_assert_int_eq(steps[2].expect.sender_index, 0);
    ck_assert_int_eq(steps[2].expect.destination_index, PND_PLAN_NONE);
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"RECEIVE\", \"handle\": \"s\", "
                                      "\"control_bytes\": 40}"),
                           "are for RECEIVE_MESSAGE; remove them");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"RECEIVE_FROM\", \"handle\": \"s\", "
                                      "\"expect\": {\"sender\": \"tcp\"}}"),
                           "are for RECEIVE_MESSAGE; remove them");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"RECEIVE_MESSAGE\", \"handle\": \"s\", "
                                      "\"expect\": {\"destination\": \"none\"}}"),
                           "there is no endpoint \"none\"");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"pass_count\": 1}"),
        "`pass_count` is for SEND_MESSAGE");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"SEND_MESSAGE\", \"handle\": \"s\", \"pass_count\": 65}"),
        "at most 64 descriptors");
}
END_TEST

START_TEST(connects_by_name_have_a_host_and_one_handle)
{
    plans_must_plan(WITH_STEPS("{\"operation\": \"CONNECT_NAME\", \"host\": \"h\", \"endpoint\": "
                               "\"tcp\", \"into\": \"c\", \"first_data\": true, \"bytes\": 9}"));
    const struct pnd_plan_step *steps = plans.plan->actors[0].blocks[0].steps;
    ck_assert_str_eq(steps[1].host, "h");
    ck_assert_int_eq(steps[1].handle_index, PND_PLAN_NONE);
    ck_assert_int_ne(steps[1].into_index, PND_PLAN_NONE);
    ck_assert_uint_eq(steps[1].flags, PENDIO_FIRST_DATA);
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"CONNECT_NAME\", \"host\": \"h\", "
                                      "\"endpoint\": \"tcp\"}"),
                           "CONNECT_NAME needs a handle");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"CONNECT_NAME\", \"host\": \"h\", "
                                      "\"endpoint\": \"tcp\", \"handle\": \"s\", \"into\": \"c\"}"),
                           "or makes one `into`; remove one");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"CONNECT_NAME\", \"endpoint\": \"tcp\", "
                                      "\"handle\": \"s\"}"),
                           "CONNECT_NAME, and nothing else, has a `host`");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"CONNECT\", \"endpoint\": \"tcp\", "
                                      "\"handle\": \"s\", \"host\": \"h\"}"),
                           "CONNECT_NAME, and nothing else, has a `host`");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"first_data\": true}"),
        "`first_data` is for CONNECT");
    plans_must_refuse_step(WITH_STEPS("{\"operation\": \"CONNECT\", \"handle\": \"s\", "
                                      "\"endpoint\": \"tcp\", \"first_data\": true, "
                                      "\"bytes\": 1001}"),
                           "enlarge slice_bytes");
}
END_TEST

START_TEST(lent_memory_is_for_receives_and_their_echo)
{
    plans_must_plan(
        WITH_STEPS("{\"operation\": \"RECEIVE\", \"handle\": \"s\", \"context\": \"c\", "
                   "\"memory\": \"LENT\"}, {\"operation\": \"SEND\", \"handle\": \"s\", "
                   "\"context\": \"c\", \"memory\": \"LENT\", \"content\": \"ECHO\"}"));
    ck_assert_uint_eq(plans.plan->pools[0].caller_bytes, 0);
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"SEND\", \"handle\": \"s\", \"memory\": \"LENT\"}"),
        "memory LENT is for receives, and for ECHO");
    plans_must_refuse_step(
        WITH_STEPS("{\"operation\": \"READ\", \"handle\": \"s\", \"memory\": \"LENT\"}"),
        "memory LENT is for receives, and for ECHO");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        signals_and_ends_of_processes_have_numbers_there_are,
        vectors_are_counted_and_flags_are_for_those_they_are_of_use_to,
        packets_are_parts_of_files,
        splices_and_pipes_have_two_handles,
        messages_have_control_data_and_what_is_expected_of_it,
        connects_by_name_have_a_host_and_one_handle,
        lent_memory_is_for_receives_and_their_echo,
    };
    return suite_run("plan_meaning", plans_begin, plans_end, tests, sizeof tests / sizeof tests[0]);
}
