/*
 * cli.c - calls of `pendio` in a directory of their own, with or without a fake daemon.
 *
 * - Check runs each test in a process of its own, so one directory at a time is enough.
 * - The environment leads to this directory too: a daemon of the user's is never asked.
 */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>

enum { FILE_MAXIMUM = 16 };

const char cli_workload[] =
    "{\"name\": \"fake/one\", \"purpose\": \"does next to nothing\", \"seed\": \"3\",\n"
    " \"pools\": [{\"name\": \"p\", \"context_count\": 1}],\n"
    " \"actors\": [{\"name\": \"a\", \"instance_count\": 1,\n"
    "  \"blocks\": [{\"steps\": [{\"operation\": \"NOP\"}]}]}]}\n";

static char *directory;
static char *url;
static char *files[FILE_MAXIMUM];
static int file_count;
static struct fake_daemon *fake;

void cli_setup(void)
{
    directory = program_make_directory();
    ck_assert_int_gt(asprintf(&url, "ipc://%s/sock", directory), 0);
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", directory, 1), 0);
}

void cli_teardown(void)
{
    if (fake != NULL)
        (void)cli_stop_daemon();
    while (file_count > 0)
        free(files[--file_count]);
    free(url);
    program_remove_directory(directory);
}

const char *cli_url(void)
{
    return url;
}

const char *cli_file(const char *name)
{
    ck_assert_int_lt(file_count, FILE_MAXIMUM);
    files[file_count] = program_path(directory, name);
    return files[file_count++];
}

const char *cli_write(const char *name, const char *text)
{
    const char *path = cli_file(name);
    program_write_file(path, text);
    return path;
}

void cli_start_daemon(const struct fake_script *script)
{
    static int start_count;
    free(url);
    ck_assert_int_gt(asprintf(&url, "ipc://%s/sock%d", directory, start_count++), 0);
    fake = fake_daemon_start(url, script);
}

struct fake_log cli_stop_daemon(void)
{
    struct fake_log log = fake_daemon_stop(fake);
    fake = NULL;
    return log;
}

void cli_wait_for_fetch(void)
{
    fake_daemon_wait_for_fetch(fake);
}

struct program_end cli_call(const char *first, ...)
{
    struct program program = {.words = {PENDIO_CLI, first}, .directory = directory};
    size_t word_count = 2;
    va_list words;
    va_start(words, first);
    for (const char *word = va_arg(words, const char *); word != NULL;
         word = va_arg(words, const char *)) {
        ck_assert_uint_lt(word_count, PROGRAM_WORD_MAXIMUM - 1);
        if (word[0] == '<')
            program.input = word + 1;
        else if (word[0] == '>')
            program.output = word + 1;
        else
            program.words[word_count++] = word;
    }
    va_end(words);
    return program_run(&program);
}

void cli_want(const struct program_end *end, int code, const char *error_part)
{
    const char *line_end = strchr(end->error, '\n');
    if (error_part[0] == '\0')
        ck_assert_str_eq(end->error, "");
    else
        ck_assert_msg(strstr(end->error, error_part) != NULL, "no \"%s\" in: %s", error_part,
                      end->error);
    ck_assert_msg(line_end == NULL || line_end[1] == '\0', "more than a line: %s", end->error);
    ck_assert_msg(end->code == code, "exit %d instead of %d: %s", end->code, code, end->error);
}

int cli_run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
