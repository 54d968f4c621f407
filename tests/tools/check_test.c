/*
 * check_test.c - what `pendio check` finds wrong with a workload, alone and with a daemon.
 *
 * - Whole lines are compared from the file's name on: the wording is part of what is tested.
 */
#include "cli.h"

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
    struct program_end end = cli_call("check", file, NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, expected);
    program_end_fini(&end);

    end = cli_call("check", "--quiet", file, NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, "");
    program_end_fini(&end);
}
END_TEST

START_TEST(sound_workload_without_purpose_is_ok_and_no_more)
{
    const char *file = cli_write("w.json", WITH_STEP("{\"operation\": \"NOP\"}"));
    struct program_end end = cli_call("check", file, NULL);
    cli_want(&end, 0, "");
    ck_assert_ptr_nonnull(strstr(end.out, "/w.json: ok\n"));
    program_end_fini(&end);
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
    struct program_end end = cli_call("check", "-", input, NULL);
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
