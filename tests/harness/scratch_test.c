/* scratch_test.c - private directories: whose they are, and what becomes of those left behind. */
#include "scratch.h"
#include "suite.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/pendio-scratch-XXXXXX";

static void begin(void)
{
    (void)snprintf(base, sizeof base, "/tmp/pendio-scratch-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_eq(setenv("TMPDIR", base, 1), 0);
}

static void end(void)
{
    ck_assert_int_eq(rmdir(base), 0);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void make_file_in(const char *directory)
{
    char path[PND_SCRATCH_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/file", directory);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    (void)fclose(file);
}

START_TEST(directory_is_private_and_goes_with_what_is_in_it)
{
    struct stat state;
    struct pnd_scratch scratch = {.path = ""};
    pnd_scratch_destroy(&scratch); /* there is none */
    ck_assert_int_eq(pnd_scratch_create(&scratch), 0);
    ck_assert_int_eq(stat(scratch.path, &state), 0);
    ck_assert_uint_eq(state.st_mode & 07777, S_IRWXU);
    make_file_in(scratch.path);
    char path[PND_SCRATCH_BYTES];
    memcpy(path, scratch.path, sizeof path);
    pnd_scratch_destroy(&scratch);
    ck_assert(!exists(path));
    ck_assert_str_eq(scratch.path, "");
}
END_TEST

START_TEST(sweeping_leaves_those_of_who_lives)
{
    struct pnd_scratch scratch;
    ck_assert_int_eq(pnd_scratch_create(&scratch), 0);
    pnd_scratch_sweep();
    ck_assert(exists(scratch.path));
    pnd_scratch_destroy(&scratch);
}
END_TEST

/* Tells its path through `pipe`, and waits for the end. */
static void be_killed(int pipe)
{
    struct pnd_scratch scratch;
    if (pnd_scratch_create(&scratch) < 0)
        _exit(EXIT_FAILURE);
    make_file_in(scratch.path);
    (void)!write(pipe, scratch.path, sizeof scratch.path);
    for (;;)
        (void)pause();
}

START_TEST(sweeping_removes_those_of_who_was_killed_and_no_others)
{
    int ends[2];
    char path[PND_SCRATCH_BYTES];
    char other[PND_SCRATCH_BYTES];
    (void)snprintf(other, sizeof other, "%s/pendio-run-seventh", base);
    ck_assert_int_eq(mkdir(other, S_IRWXU), 0);
    ck_assert_int_eq(pipe(ends), 0);
    pid_t process = fork();
    ck_assert_int_ge(process, 0);
    if (process == 0)
        be_killed(ends[1]);
    ck_assert_int_eq(read(ends[0], path, sizeof path), sizeof path);
    pnd_scratch_sweep();
    ck_assert(exists(path));
    ck_assert_int_eq(kill(process, SIGKILL), 0);
    ck_assert_int_eq(waitpid(process, NULL, 0), process);
    pnd_scratch_sweep();
    ck_assert(!exists(path));
    ck_assert_int_eq(rmdir(other), 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        directory_is_private_and_goes_with_what_is_in_it,
        sweeping_leaves_those_of_who_lives,
        sweeping_removes_those_of_who_was_killed_and_no_others,
    };
    return suite_run("scratch", begin, end, tests, sizeof tests / sizeof tests[0]);
}
