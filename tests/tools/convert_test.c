/*
 * convert_test.c - JSON to packed protobuf and back, and what becomes of the output.
 *
 * - Every failure leaves the output, and the directory, as they were.
 */
#include "cli.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void converts(const char *from, const char *to)
{
    struct program_end end = cli_call("convert", from, to, NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, "");
    program_end_fini(&end);
}

static void same_text(const char *left, const char *right)
{
    char *one = program_read_file(left), *other = program_read_file(right);
    ck_assert_str_eq(one, other);
    free(one);
    free(other);
}

START_TEST(there_and_back_is_the_same_workload)
{
    const char *first = cli_write("first.json", cli_workload);
    const char *packed = cli_file("packed.pb"), *second = cli_file("second.json");
    const char *again = cli_file("again.bin"), *third = cli_file("third.json");
    converts(first, packed);
    converts(packed, second);
    converts(second, again);
    converts(again, third);

    same_text(second, third);
    same_text(packed, again);
}
END_TEST

START_TEST(standard_streams_take_the_format_that_is_left)
{
    const char *file = cli_write("w.json", cli_workload);
    const char *packed = cli_file("w.pb"), *text = cli_file("back.json");
    converts(file, packed);
    converts(packed, text);
    char *expected = program_read_file(text);
    char input[256];
    (void)snprintf(input, sizeof input, "<%s", packed);

    struct program_end end = cli_call("convert", "-", "-", "--from", "protobuf", input, NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, expected);
    program_end_fini(&end);

    end = cli_call("convert", packed, "-", NULL);
    cli_want(&end, 0, "");
    ck_assert_str_eq(end.out, expected);
    program_end_fini(&end);
    free(expected);
}
END_TEST

START_TEST(other_messages_are_converted_by_name)
{
    const char *file = cli_write("r.json", "{\"workload\": \"a/b\", \"verdict\": \"PASSED\"}");
    struct program_end end =
        cli_call("convert", file, "-", "--type", "Report", "--to", "json", NULL);
    cli_want(&end, 0, "");
    ck_assert_ptr_nonnull(strstr(end.out, "PASSED"));
    program_end_fini(&end);

    CLI_REFUSES(2, "--type Reprot: no such message; did you mean Report?", "convert", file, "-",
                "--type", "Reprot");
    CLI_REFUSES(2, "--type Banana: use Workload, Report", "convert", file, "-", "--type", "Banana");
}
END_TEST

START_TEST(formats_nobody_can_tell_are_asked_for)
{
    const char *file = cli_write("w.txt", cli_workload);
    CLI_REFUSES(2, "w.txt: cannot tell its format; say --from json", "convert", file, "-");
    CLI_REFUSES(2, "stdin: cannot tell its format", "convert", "-", "-");
    CLI_REFUSES(2, "--to xml: use json or protobuf", "convert", file, "-", "--to", "xml");
}
END_TEST

START_TEST(wrong_input_leaves_the_output_as_it_was)
{
    const char *file = cli_write("w.json", "{\"name\": \"a/b\",\n \"nmae\": 1}");
    const char *old = cli_write("old.pb", "as it was");
    CLI_REFUSES(2, "w.json:2: nmae: no such field", "convert", file, old);

    char *text = program_read_file(old);
    ck_assert_str_eq(text, "as it was");
    free(text);
    CLI_REFUSES(2, "w.json:2: nmae: no such field", "convert", file, cli_file("new.pb"));
    ck_assert_ptr_null(program_read_file(cli_file("new.pb")));
}
END_TEST

START_TEST(output_that_cannot_be_written_is_told)
{
    const char *file = cli_write("w.json", cli_workload);
    CLI_REFUSES(2, "/none/w.pb: No such file or directory; name a file", "convert", file,
                cli_file("none/w.pb"));
    CLI_REFUSES(3, "/dev/full: No space left on device", "convert", file, "/dev/full", "--to",
                "protobuf");
}
END_TEST

START_TEST(link_stays_a_link_and_mode_stays_the_mode)
{
    const char *file = cli_write("w.json", cli_workload);
    const char *target = cli_write("target.pb", "old"), *alias = cli_file("alias.pb");
    ck_assert_int_eq(symlink(target, alias), 0);
    ck_assert_int_eq(chmod(target, 0640), 0);
    converts(file, alias);

    struct stat there;
    ck_assert_int_eq(lstat(alias, &there), 0);
    ck_assert(S_ISLNK(there.st_mode));
    ck_assert_int_eq(stat(target, &there), 0);
    ck_assert_int_eq(there.st_mode & 0777, 0640);
    ck_assert_int_gt(there.st_size, 3);
}
END_TEST

START_TEST(devices_are_written_in_place)
{
    const char *file = cli_write("w.json", cli_workload);
    struct program_end end = cli_call("convert", file, "/dev/null", NULL);
    cli_want(&end, 0, "");
    program_end_fini(&end);

    struct stat device;
    ck_assert_int_eq(stat("/dev/null", &device), 0);
    ck_assert(S_ISCHR(device.st_mode));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.convert");
    TCase *calls = tcase_create("calls");
    tcase_set_timeout(calls, 60);
    tcase_add_checked_fixture(calls, cli_setup, cli_teardown);
    tcase_add_test(calls, there_and_back_is_the_same_workload);
    tcase_add_test(calls, standard_streams_take_the_format_that_is_left);
    tcase_add_test(calls, other_messages_are_converted_by_name);
    tcase_add_test(calls, formats_nobody_can_tell_are_asked_for);
    tcase_add_test(calls, wrong_input_leaves_the_output_as_it_was);
    tcase_add_test(calls, output_that_cannot_be_written_is_told);
    tcase_add_test(calls, link_stays_a_link_and_mode_stays_the_mode);
    tcase_add_test(calls, devices_are_written_in_place);
    suite_add_tcase(suite, calls);
    return cli_run_suite(suite);
}
