/* cli.h - calls of `pendio` in a directory of their own, with or without a fake daemon. */
#ifndef TEST_CLI_H
#define TEST_CLI_H

#include "fake_daemon.h"
#include "program.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A workload every check accepts. */
extern const char cli_workload[];

/* Fixture: every test has this directory, and a URL in it that nobody listens on yet. */
void cli_setup(void);
void cli_teardown(void);
const char *cli_url(void);

/* A file in the directory: its path, good until the end of the test. */
const char *cli_file(const char *name);
const char *cli_write(const char *name, const char *text);

/* Starts the fake, on a new URL; it ends with the test, or when told to. */
void cli_start_daemon(const struct fake_script *script);
struct fake_log cli_stop_daemon(void);

/* Until somebody follows a run. */
void cli_wait_for_fetch(void);

/* `pendio` with these words, and redirections as in "<input" and ">/dev/full"; NULL ends them. */
struct program_end cli_call(const char *first, ...) __attribute__((sentinel));

/* Calls it, and wants this exit code and this part of stderr; "" wants it empty. */
#define CLI_REFUSES(wanted, part, ...)                                                             \
    do {                                                                                           \
        struct program_end cli_end = cli_call(__VA_ARGS__, NULL);                                  \
        cli_want(&cli_end, wanted, part);                                                          \
        program_end_fini(&cli_end);                                                                \
    } while (0)
void cli_want(const struct program_end *end, int code, const char *error_part);

/* Runs every test of the suite; what main() returns. */
int cli_run_suite(Suite *suite);

#endif
