/*
 * check_test.c - what `pendio check` finds wrong with a workload, alone and with a daemon.
 *
 * - Whole lines are compared from the file's name on: the wording is part of what is tested.
 */
#include "cli.h"
#include "messages.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A workload with one step. */
#define WITH_STEP(step)                                                                            \
    "{\"name\": \"a/b\", \"pools\": [{\"name\": \"small\", \"context_count\": 1}],"                \
    " \"endpoints\": [{\"name\": \"server\", \"family\": \"TCP4\"}],"                              \
    " \"actors\": [{\"name\": \"x\", \"blocks\": [{\"steps\": [" step "]}]}]}"

static void finds(const char *json, const char *line)
{
    const char *file = cli_write("w.json", json);
    char expected[768];
    (void)snprintf(expected, sizeof expected, "pendio: %s%s\n", file, line);
    struct program_end end = cli_call("check", file, NULL);
    ck_assert_str_eq(end.error, expected);
    cli_want(&end, 2, line);
    ck_assert_str_eq(end.out, "");
    program_end_fini(&end);
}

START_TEST(sound_workload_is_shown_with_its_purpose)
{
    const char *file = cli_write("w.json", cli_workload);
    char expected[256];
    (void)snprintf(expected, sizeof expected, "%s: ok: does next to nothing\n", file);
    struct program_end end = cli_call("check", "--quiet", file, NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, expected);
    program_end_fini(&end);
}
END_TEST

START_TEST(sound_workload_without_purpose_is_ok_and_no_more)
{
    const char *file = cli_write("w.json", WITH_STEP("{\"operation\": \"NOP\"}"));
    struct program_end end = cli_call("check", "--quiet", file, NULL);
    cli_want(&end, 0, "");
    ck_assert_ptr_nonnull(strstr(end.out, "/w.json: ok\n"));
    program_end_fini(&end);
}
END_TEST

/* Of a shipped workload, in which each of the words stands. */
static void explains(const char *file, const char *const *words)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", WORKLOADS, file);
    struct program_end end = cli_call("check", path, NULL);
    cli_want(&end, 0, "");
    for (; *words != NULL; words++)
        ck_assert_msg(strstr(end.out, *words) != NULL, "no \"%s\" in:\n%s", *words, end.out);
    program_end_fini(&end);
}

START_TEST(what_a_workload_will_do_is_told_in_words)
{
    static const char *const echo[] = {
        "  Its hash is ",
        "  Its seed is 1. It takes at most 20 s.\n"
        "  Pool \"main\": 36 contexts with 512 bytes each.\n"
        "  Pool \"bare\": 20 contexts without memory of their own.\n"
        "  Endpoint \"here\": TCP over IPv4 loopback.\n"
        "  Actor \"server\", 1 instance:\n"
        "    First, once:\n"
        "      - makes a socket \"listener\" for \"here\".\n",
        "    Then, 16 times:\n"
        "      - accepts a connection on \"listener\", for which an instance of \"session\" "
        "begins.\n",
        "  Actor \"session\", one instance for each connection accepted for it, each of which "
        "does:\n"
        "    First, 100 times:\n"
        "      - receives what a buffer holds on \"self\", in memory lent to it, with the context "
        "\"c\" of pool \"bare\"; must be flagged LENT, and move 512 bytes.\n"
        "      - sends back what it received on \"self\", with the context \"c\"; must move 512 "
        "bytes.\n",
        "      - receives 512 bytes on \"s\", in as many starts as it takes, with the context ",
        "  Every answer, delivery and byte is held to the contract; nothing may be left over, or "
        "allocated once it is warm.\n",
        NULL,
    };
    explains("stream/lent_echo_tcp.json", echo);
}
END_TEST

START_TEST(places_are_told_in_words)
{
    static const char *const places[] = {
        "  It has 3 places, from 0: each its own daemon, or all on one.\n",
        "  Endpoint \"server\": TCP over IPv4 loopback, or at the address of its place where "
        "others "
        "use it.\n",
        "  Actor \"server\", 1 instance, at place 0:\n",
        "  Actor \"session\", one instance for each connection accepted for it, where that is, "
        "each of which does:\n",
        "  Actor \"far\", 20 instances, at place 2, each of which does:\n",
        NULL,
    };
    explains("connect/places.json", places);
}
END_TEST

START_TEST(loads_faults_and_surroundings_are_told_in_words)
{
    static const char *const ramp[] = {
        "    Then, rounds, 100 a second at first, and 2000 after 200 ms, for 255 ms:\n",
        "  There must be 1280 operations or more.\n",
        NULL,
    };
    static const char *const choice[] = {
        "    First, 250 times, one of these, drawn anew each time:\n"
        "      - in 5 of 11 rounds does nothing (NOP).\n"
        "      - in 3 of 11 rounds waits for a timer of 20 us.\n",
        NULL,
    };
    static const char *const order[] = {
        ", all of these side by side:\n",
        "(\"second\"); must be PENDING, and be over after \"first\".\n",
        NULL,
    };
    static const char *const limit[] = {
        "      - lets 2 more descriptors be opened, and no others.\n",
        "      - makes a socket \"b\" for \"here\"; must be REFUSED with EMFILE.\n",
        "      - lets as many descriptors be opened as before.\n",
        NULL,
    };
    static const char *const death[] = {
        "      - kills the process of the run.\n  It passes when its process is killed so, and "
        "by nothing else.\n",
        NULL,
    };
    static const char *const squeeze[] = {"  It may lock 64 KiB of memory.\n", NULL};
    static const char *const bound[] = {
        "  It is bound to processor 0, and skipped where it cannot be.\n", NULL};
    static const char *const rate[] = {
        "  Actor \"client\", 8 instances, each of which does:\n",
        "    Then, 100 rounds, 400 a second in the mean, at times that are drawn, in each "
        "instance:\n",
        NULL,
    };
    explains("stream/ramp_echo.json", ramp);
    explains("stream/poisson_echo.json", rate);
    explains("context/one_of_many.json", choice);
    explains("stream/line_side_by_side.json", order);
    explains("fault/descriptor_limit.json", limit);
    explains("fault/process_dies.json", death);
    explains("fault/locked_memory_squeeze.json", squeeze);
    explains("context/one_processor.json", bound);
}
END_TEST

START_TEST(what_is_not_as_usual_is_told_in_words)
{
    static const char *const echo[] = {"sends back the message it received on \"s\", to its sender",
                                       NULL};
    static const char *const drawn[] = {"sends 1 byte, 100 bytes or 1500 bytes (drawn 1:6:3) on ",
                                        NULL};
    static const char *const file[] = {"opens the file \"data\", created or emptied, as ", NULL};
    static const char *const put[] = {", with a context that goes back to its pool by itself",
                                      NULL};
    static const char *const pool[] = {"from pool \"pool 9\"", NULL};
    static const char *const loop[] = {"  Loop: 2 connections collected for a listener at most.\n",
                                       NULL};
    static const char *const either[] = {"; must be DONE or REFUSED with ENOENT.\n", NULL};
    explains("datagram/udp_ping_pong.json", echo);
    explains("scale/pairs_at_random.json", drawn);
    explains("file/close_with_writes.json", file);
    explains("pool/auto_put.json", put);
    explains("pool/sixteen_pools.json", pool);
    explains("accept/collect_bound.json", loop);
    explains("cancel/twice.json", either);
}
END_TEST

START_TEST(every_operation_has_words_of_its_own)
{
    const ProtobufCEnumDescriptor *operations = &pendio__operation__descriptor;
    char steps[4096] = "{\"operation\": \"SIGNAL\", \"event\": \"e\"}";
    char json[8192];
    for (unsigned i = 0; i < operations->n_values; i++) {
        size_t used = strlen(steps);
        if (operations->values[i].value != 0)
            (void)snprintf(steps + used, sizeof steps - used,
                           ", {\"operation\": \"%s\", \"event\": \"e\"}",
                           operations->values[i].name);
    }
    (void)snprintf(json, sizeof json, WITH_STEP("%s"), steps);
    struct program_end end = cli_call("check", cli_write("w.json", json), NULL);
    cli_want(&end, 0, "");
    ck_assert_ptr_null(strchr(end.out, '$'));
    for (unsigned i = 0; i < operations->n_values; i++) {
        char bare[64];
        (void)snprintf(bare, sizeof bare, "- %s", operations->values[i].name);
        ck_assert_msg(strstr(end.out, bare) == NULL, "only a name: %s", bare);
    }
    program_end_fini(&end);
}
END_TEST

START_TEST(hash_is_of_what_the_workload_says_and_not_of_what_is_shown)
{
    static const char *const purposes[] = {"\\u0001", "\\u0002"};
    char shown[2][1024];
    for (int i = 0; i < 2; i++) {
        char json[512];
        (void)snprintf(json, sizeof json, "{\"purpose\": \"%s\", %s", purposes[i],
                       &WITH_STEP("{\"operation\": \"NOP\"}")[1]);
        struct program_end end = cli_call("check", cli_write("w.json", json), NULL);
        cli_want(&end, 0, "");
        (void)snprintf(shown[i], sizeof shown[i], "%s", end.out);
        program_end_fini(&end);
    }
    ck_assert_str_ne(shown[0], shown[1]);
}
END_TEST

START_TEST(labels_that_lead_nowhere_are_found)
{
    finds(WITH_STEP("{\"operation\": \"NOP\", \"label\": \"first\"}, {\"operation\": \"NOP\", "
                    "\"expect\": {\"after\": [\"frist\"]}}"),
          ": actors[0].blocks[0].steps[1].expect.after: no \"frist\" in the labels of this block; "
          "did you mean \"first\"?");
    finds(WITH_STEP("{\"operation\": \"NOP\", \"expect\": {\"after\": [\"a\"]}}"),
          ": actors[0].blocks[0].steps[0].expect.after: no \"a\" in the labels of this block; add "
          "it there");
}
END_TEST

START_TEST(workload_that_was_changed_is_found)
{
    finds("{\"name\": \"a/b\", \"content_hash\": \"00\", \"actors\": [{\"name\": \"x\"}]}",
          ": content_hash: is \"00\", but what the workload says has "
          "4c21556fe462386be4b93be936fbeddfe242a46a0ac728df7ecaf150e9b73acf"
          "; write that there, or undo what was changed");
}
END_TEST

START_TEST(unknown_operation_names_line_and_operation)
{
    finds("{\"name\": \"a/b\",\n\"actors\": [{\"name\": \"x\", \"blocks\": [{\"steps\": [\n"
          "{\"operation\": \"RECIEVE\"}]}]}]}",
          ":3: actors[0].blocks[0].steps[0].operation: \"RECIEVE\" is no Operation; use one of "
          "NOP, TIMER, ACCEPT, CONNECT, RECEIVE, SEND, RECEIVE_FROM, SEND_TO, OPEN, READ, WRITE, "
          "CLOSE, FSYNC, TRUNCATE, STAT, RENAME, UNLINK, MKDIR, POLL, DISCONNECT, "
          "RECEIVE_MESSAGE, SEND_MESSAGE, SEND_PACKETS, SPLICE, CHILD, "
          "CATCH_SIGNAL, CONNECT_NAME, SOCKET, BIND, LISTEN, "
          "HALF_CLOSE, CANCEL, POST, GET, PUT, CLOSE_NOW, PIPE, AWAIT, "
          "SIGNAL, WAIT, PAUSE, SPAWN, RAISE, LIMIT_DESCRIPTORS, HOLD_BUFFERS, FAIL, DIE (did you "
          "mean RECEIVE?)");
}
END_TEST

START_TEST(missing_names_and_numbers_are_found)
{
    finds("{}", ": name: missing; name it area/what, as in \"stream/tcp_echo\"");
    finds("{\"name\": \"a/b\"}", ": actors: there are none; add one with the steps to take");
    finds("{\"version\": 2, \"name\": \"a/b\"}", ": version: 2 is not known here; use 1");
    finds("{\"name\": \"a/b\", \"actors\": [{}]}", ": actors[0].name: missing; give it one");
    finds("{\"name\": \"a/b\", \"actors\": [{\"name\": \"x\"}], \"pools\": [{\"name\": \"p\"}]}",
          ": pools[0].context_count: missing; use 1 or more");
    finds("{\"name\": \"a/b\", \"actors\": [{\"name\": \"x\"}], \"endpoints\": [{}]}",
          ": endpoints[0].family: missing; use TCP4, UDP4, FILE, ...");
}
END_TEST

START_TEST(name_that_is_too_long_is_found)
{
    char json[300 + sizeof "{\"name\": \"\"}"];
    (void)snprintf(json, sizeof json, "{\"name\": \"%0300d\"}", 0);
    finds(json, ": name: has 300 bytes; use at most 255");
}
END_TEST

START_TEST(actors_with_nothing_to_do_are_found)
{
    finds("{\"name\": \"a/b\", \"actors\": [{\"name\": \"x\", \"instance_count\": 1}]}",
          ": actors[0].blocks: missing; add one with the steps to take");
    finds("{\"name\": \"a/b\", \"actors\": [{\"name\": \"x\", \"blocks\": [{}]}]}",
          ": actors[0].blocks[0].steps: missing; add one, or remove the block");
}
END_TEST

START_TEST(names_used_twice_are_found)
{
    finds("{\"name\": \"a/b\", \"actors\": [{\"name\": \"x\"}, {\"name\": \"y\"},"
          " {\"name\": \"x\"}]}",
          ": actors[2].name: \"x\" is also actors[0]; rename one");
}
END_TEST

START_TEST(references_that_lead_nowhere_are_found)
{
    finds(WITH_STEP("{\"operation\": \"SOCKET\", \"endpoint\": \"sever\"}"),
          ": actors[0].blocks[0].steps[0].endpoint: no \"sever\" in endpoints; "
          "did you mean \"server\"?");
    finds(
        WITH_STEP("{\"operation\": \"SEND_PACKETS\", \"packets\": [{}, {\"endpoint\": \"f\"}]}"),
        ": actors[0].blocks[0].steps[0].packets[1].endpoint: no \"f\" in endpoints; add it there");
    finds(WITH_STEP("{\"operation\": \"RECEIVE_MESSAGE\", \"expect\": {\"sender\": \"sever\"}}"),
          ": actors[0].blocks[0].steps[0].expect.sender: no \"sever\" in endpoints; "
          "did you mean \"server\"?");
    finds(WITH_STEP("{\"operation\": \"NOP\"}, {\"operation\": \"NOP\", \"pool\": \"large\"}"),
          ": actors[0].blocks[0].steps[1].pool: no \"large\" in pools; add it there");
    finds(WITH_STEP("{\"operation\": \"ACCEPT\", \"start_actor\": \"peer\"}"),
          ": actors[0].blocks[0].steps[0].start_actor: no \"peer\" in actors; add it there");
    finds(WITH_STEP("{\"operation\": \"WAIT\", \"event\": \"ready\"}"),
          ": actors[0].blocks[0].steps[0].event: no step SIGNALs \"ready\"; add one");
}
END_TEST

START_TEST(contradictions_are_found)
{
    finds(WITH_STEP("{}"),
          ": actors[0].blocks[0].steps[0].operation: missing; use NOP, ACCEPT, SEND, ...");
    finds(WITH_STEP("{\"operation\": \"WAIT\"}"),
          ": actors[0].blocks[0].steps[0].event: missing; name the one to wait for");
    finds(WITH_STEP("{\"operation\": \"NOP\", \"expect\": {\"check_bytes\": true,"
                    " \"bytes_minimum\": 2, \"bytes_maximum\": 1}}"),
          ": actors[0].blocks[0].steps[0].expect.bytes_minimum: above bytes_maximum; "
          "exchange them");
}
END_TEST

START_TEST(files_that_cannot_be_read_are_named)
{
    CLI_REFUSES(2, "/none.json: No such file or directory; name a file", "check",
                cli_file("none.json"));
    CLI_REFUSES(2, "stdin:1: ", "check", "-");
    CLI_REFUSES(2, "w.toml: cannot tell its format; name it .json, .pb or .bin", "check",
                cli_write("w.toml", cli_workload));
    CLI_REFUSES(2, "w.pb: ", "check", cli_write("w.pb", "\xff\xff garbage"));
    CLI_REFUSES(2, "empty.json:1: ", "check", cli_write("empty.json", ""));
    CLI_REFUSES(2, "half.json:1: ", "check", cli_write("half.json", "{\"name\": \"a/"));
}
END_TEST

START_TEST(folder_is_no_file)
{
    const char *folder = cli_file("dir.json");
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    CLI_REFUSES(2, "dir.json: Is a directory; name a file", "check", folder);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(endless_input_is_refused)
{
    struct program_end end = cli_call("check", "-", "</dev/zero", NULL);
    cli_want(&end, 2, "pendio: stdin: has more than 4194304 bytes; make it smaller\n");
    program_end_fini(&end);
}
END_TEST

START_TEST(stdin_is_json)
{
    char input[256];
    (void)snprintf(input, sizeof input, "<%s", cli_write("w", cli_workload));
    struct program_end end = cli_call("check", "--quiet", "-", input, NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, "stdin: ok: does next to nothing\n");
    program_end_fini(&end);
}
END_TEST

START_TEST(every_file_is_checked_whatever_the_others_are)
{
    const char *bad = cli_write("bad.json", "{}"), *good = cli_write("good.json", cli_workload);
    struct program_end end = cli_call("check", bad, good, NULL);
    cli_want(&end, 2, "bad.json: name: missing");
    ck_assert_ptr_nonnull(strstr(end.out, "good.json: ok: "));
    program_end_fini(&end);
}
END_TEST

START_TEST(daemon_has_the_last_word)
{
    static const struct fake_script script = {
        .check = "{\"status\": \"OVER_LIMIT\", \"message\": \"9 contexts; use 8\"}"};
    cli_start_daemon(&script);
    const char *file = cli_write("w.json", cli_workload);
    CLI_REFUSES(2, "w.json: 9 contexts; use 8", "check", "--url", cli_url(), file);
}
END_TEST

START_TEST(daemon_that_agrees_changes_nothing)
{
    static const struct fake_script script = {0};
    cli_start_daemon(&script);
    struct program_end end =
        cli_call("check", cli_write("w.json", cli_workload), "--url", cli_url(), NULL);
    cli_want(&end, 0, "");
    ck_assert_ptr_nonnull(strstr(end.out, "ok: does next to nothing"));
    program_end_fini(&end);
}
END_TEST

START_TEST(daemon_in_trouble_is_not_the_workloads_fault)
{
    static const struct fake_script script = {
        .check = "{\"status\": \"FAULT\", \"message\": \"no descriptors left\"}"};
    cli_start_daemon(&script);
    CLI_REFUSES(3, "w.json: no descriptors left", "check", cli_write("w.json", cli_workload),
                "--url", cli_url());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.check");
    TCase *calls = tcase_create("calls");
    tcase_set_timeout(calls, 60);
    tcase_add_checked_fixture(calls, cli_setup, cli_teardown);
    tcase_add_test(calls, sound_workload_is_shown_with_its_purpose);
    tcase_add_test(calls, sound_workload_without_purpose_is_ok_and_no_more);
    tcase_add_test(calls, what_a_workload_will_do_is_told_in_words);
    tcase_add_test(calls, places_are_told_in_words);
    tcase_add_test(calls, loads_faults_and_surroundings_are_told_in_words);
    tcase_add_test(calls, what_is_not_as_usual_is_told_in_words);
    tcase_add_test(calls, every_operation_has_words_of_its_own);
    tcase_add_test(calls, hash_is_of_what_the_workload_says_and_not_of_what_is_shown);
    tcase_add_test(calls, labels_that_lead_nowhere_are_found);
    tcase_add_test(calls, workload_that_was_changed_is_found);
    tcase_add_test(calls, unknown_operation_names_line_and_operation);
    tcase_add_test(calls, missing_names_and_numbers_are_found);
    tcase_add_test(calls, name_that_is_too_long_is_found);
    tcase_add_test(calls, actors_with_nothing_to_do_are_found);
    tcase_add_test(calls, names_used_twice_are_found);
    tcase_add_test(calls, references_that_lead_nowhere_are_found);
    tcase_add_test(calls, contradictions_are_found);
    tcase_add_test(calls, files_that_cannot_be_read_are_named);
    tcase_add_test(calls, folder_is_no_file);
    tcase_add_test(calls, endless_input_is_refused);
    tcase_add_test(calls, stdin_is_json);
    tcase_add_test(calls, every_file_is_checked_whatever_the_others_are);
    tcase_add_test(calls, daemon_has_the_last_word);
    tcase_add_test(calls, daemon_that_agrees_changes_nothing);
    tcase_add_test(calls, daemon_in_trouble_is_not_the_workloads_fault);
    suite_add_tcase(suite, calls);
    return cli_run_suite(suite);
}
