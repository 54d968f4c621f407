/*
 * usage_test.c - what `pendio` says to calls that cannot be meant.
 *
 * - Every refusal is one line and the documented exit code.
 */
#include "cli.h"

#include <stdio.h>

START_TEST(no_command_shows_the_commands_and_is_wrong_usage)
{
    struct program_end end = cli_call(NULL, NULL);
    ck_assert_int_eq(end.code, 2);
    ck_assert_str_eq(end.out, "");
    ck_assert_ptr_nonnull(strstr(end.error, "Usage: pendio COMMAND"));
    ck_assert_ptr_nonnull(strstr(end.error, "  convert "));
    program_end_fini(&end);
}
END_TEST

START_TEST(unknown_command_gets_the_one_that_was_meant)
{
    CLI_REFUSES(2, "unknown command 'rum'; did you mean 'run'?", "rum");
    CLI_REFUSES(2, "unknown command 'stat'; did you mean 'stats'?", "stat");
    CLI_REFUSES(2, "unknown command 'frobnicate'; 'pendio help' lists", "frobnicate");
    CLI_REFUSES(2, "unknown command 'hlep'; did you mean 'help'?", "hlep");
    CLI_REFUSES(2, "unknown command 'chekc'; did you mean 'check'?", "help", "chekc");
}
END_TEST

START_TEST(help_is_there_for_every_command)
{
    static const char *const names[] = {"run", "check", "convert", "stats", "bench", "version"};
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        struct program_end asked = cli_call("help", names[index], NULL);
        struct program_end option = cli_call(names[index], "--help", NULL);
        ck_assert_int_eq(asked.code, 0);
        ck_assert_int_eq(option.code, 0);
        ck_assert_str_eq(asked.out, option.out);
        ck_assert_ptr_eq(strstr(asked.out, "Usage: pendio "), asked.out);
        ck_assert_ptr_nonnull(strstr(asked.out, names[index]));
        program_end_fini(&asked);
        program_end_fini(&option);
    }
}
END_TEST

START_TEST(unknown_option_gets_the_one_that_was_meant)
{
    CLI_REFUSES(2, "unknown option --jsn; did you mean --json?", "run", "x.json", "--jsn", "-");
    CLI_REFUSES(2, "unknown option --frobnicate; 'pendio help run'", "run", "--frobnicate");
    CLI_REFUSES(2, "unknown option -x; 'pendio help run'", "run", "-x");
}
END_TEST

START_TEST(option_of_another_command_is_refused)
{
    CLI_REFUSES(2, "'convert' has no option --json", "convert", "--json", "-", "a", "b");
    CLI_REFUSES(2, "'run' has no option --from", "run", "--from", "json", "a.json");
}
END_TEST

START_TEST(option_without_its_value_is_refused)
{
    CLI_REFUSES(2, "--url needs a value", "run", "a.json", "--url");
}
END_TEST

START_TEST(values_out_of_range_are_refused)
{
    CLI_REFUSES(2, "--seed 0: use", "run", "--seed", "0", "a.json");
    CLI_REFUSES(2, "--seed -1: use", "run", "--seed", "-1", "a.json");
    CLI_REFUSES(2, "--seed 3x: use", "run", "--seed", "3x", "a.json");
    CLI_REFUSES(2, "--seed 18446744073709551616: use", "run", "--seed", "18446744073709551616",
                "a.json");
    CLI_REFUSES(2, "--timeout 0: use", "run", "--timeout", "0", "a.json");
    CLI_REFUSES(2, "--timeout nan: use", "run", "--timeout", "nan", "a.json");
    CLI_REFUSES(2, "--timeout 1e99: use", "run", "--timeout", "1e99", "a.json");
    CLI_REFUSES(2, "--timeout soon: use", "run", "--timeout", "soon", "a.json");
    CLI_REFUSES(2, "--backend: there is no backend \"kqueue\"; use uring, epoll, sim or sim:seed=N",
                "run", "--backend", "kqueue", "a.json");
    CLI_REFUSES(2, "--features: \"buffer_ring\" is no feature to leave unused; write a list like -",
                "run", "--features", "-zero_copy,buffer_ring", "a.json");
}
END_TEST

START_TEST(too_few_or_too_many_files_are_refused)
{
    CLI_REFUSES(2, "'run' needs FILE...", "run");
    CLI_REFUSES(2, "'convert' needs IN OUT", "convert", "a.json");
    CLI_REFUSES(2, "'convert' has no use for 'c'", "convert", "a.json", "b.pb", "c");
    CLI_REFUSES(2, "'stats' has no use for 'now'", "stats", "now");
}
END_TEST

START_TEST(file_named_like_an_option_follows_two_dashes)
{
    CLI_REFUSES(2, "--url: cannot tell its format", "run", "--", "--url");
}
END_TEST

START_TEST(nobody_listening_is_told_with_the_url)
{
    const char *file = cli_write("w.json", cli_workload);
    char message[256];
    (void)snprintf(message, sizeof message,
                   "pendio: nobody listens on %s; start pendiod, or name another with --url",
                   cli_url());

    CLI_REFUSES(3, message, "run", "--url", cli_url(), "--timeout", "0.1", file);
    CLI_REFUSES(3, message, "check", "--url", cli_url(), "--timeout", "0.1", file);
    CLI_REFUSES(3, message, "stats", "--url", cli_url(), "--timeout", "0.1");
    CLI_REFUSES(3, message, "version", "--url", cli_url(), "--timeout", "0.1");
    CLI_REFUSES(3, "nobody listens on tcp://127.0.0.1:1;", "stats", "--url", "tcp://127.0.0.1:1",
                "--timeout", "0.1");
}
END_TEST

START_TEST(default_url_is_below_the_runtime_directory)
{
    CLI_REFUSES(3, "/pendio/pendiod.sock; start pendiod", "stats", "--timeout", "0.1");
}
END_TEST

START_TEST(text_that_is_no_url_is_wrong)
{
    char endless[400];
    memset(endless, 'u', sizeof endless);
    endless[sizeof endless - 1] = '\0';

    char deep[120] = "ipc:///";
    memset(deep + strlen(deep), 'd', sizeof deep - strlen(deep) - 1);
    CLI_REFUSES(2, ": a socket's path has at most 99 bytes; name a shorter one with --url", "stats",
                "--url", deep);
    CLI_REFUSES(2, "here is no URL; use one like ipc://", "stats", "--url", "here");
    CLI_REFUSES(2, "use a URL of less than 256 bytes", "stats", "--url", endless);
}
END_TEST

START_TEST(terminal_never_sees_control_characters_of_arguments)
{
    struct program_end end = cli_call("\033[2J\nr\xc3", NULL);
    cli_want(&end, 2, "unknown command '?[2J?r?'");
    program_end_fini(&end);
}
END_TEST

START_TEST(version_needs_no_daemon)
{
    struct program_end end = cli_call("version", NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, "pendio " PENDIO_VERSION_TEXT "\n");
    program_end_fini(&end);

    end = cli_call("version", "--json", "-", NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, "{\n  \"version\": \"" PENDIO_VERSION_TEXT "\"\n}\n");
    program_end_fini(&end);
}
END_TEST

START_TEST(full_disk_is_told)
{
    CLI_REFUSES(3, "stdout: No space left on device; make room", "version", ">/dev/full");
    CLI_REFUSES(3, "stdout: No space left on device; make room", "help", ">/dev/full");
    CLI_REFUSES(3, "stdout: No space left on device; make room", "version", "--json", "-",
                ">/dev/full");
    CLI_REFUSES(3, "/dev/full: No space left on device", "version", "--json", "/dev/full");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.usage");
    TCase *calls = tcase_create("calls");
    tcase_set_timeout(calls, 60);
    tcase_add_checked_fixture(calls, cli_setup, cli_teardown);
    tcase_add_test(calls, no_command_shows_the_commands_and_is_wrong_usage);
    tcase_add_test(calls, unknown_command_gets_the_one_that_was_meant);
    tcase_add_test(calls, help_is_there_for_every_command);
    tcase_add_test(calls, unknown_option_gets_the_one_that_was_meant);
    tcase_add_test(calls, option_of_another_command_is_refused);
    tcase_add_test(calls, option_without_its_value_is_refused);
    tcase_add_test(calls, values_out_of_range_are_refused);
    tcase_add_test(calls, too_few_or_too_many_files_are_refused);
    tcase_add_test(calls, file_named_like_an_option_follows_two_dashes);
    tcase_add_test(calls, nobody_listening_is_told_with_the_url);
    tcase_add_test(calls, default_url_is_below_the_runtime_directory);
    tcase_add_test(calls, text_that_is_no_url_is_wrong);
    tcase_add_test(calls, terminal_never_sees_control_characters_of_arguments);
    tcase_add_test(calls, version_needs_no_daemon);
    tcase_add_test(calls, full_disk_is_told);
    suite_add_tcase(suite, calls);
    return cli_run_suite(suite);
}
