/*
 * environment_test.c - what the environment may say, what is refused, and who is not listened to.
 *
 * - Started anew with the one argument "read" this program prints what it reads, and nothing else.
 */
#include "environment.h"
#include "suite.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, UNTOUCHED = 77 };

static const char *const names[] = {"PENDIO_DISABLE_URING", "PENDIO_BACKEND", "PENDIO_FEATURES"};

static void begin(void)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_int_eq(unsetenv(names[i]), 0);
}

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void reads(uint64_t masked_features)
{
    uint64_t read = UNTOUCHED;

    ck_assert_int_eq(pnd_environment_read(&read), 0);
    ck_assert_uint_eq(read, masked_features);
}

static void refuses(int status)
{
    uint64_t read = UNTOUCHED;

    ck_assert_int_eq(pnd_environment_read(&read), status);
    ck_assert_uint_eq(read, UNTOUCHED);
}

START_TEST(an_empty_environment_masks_nothing)
{
    reads(0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        set(names[i], "");
    reads(0);
}
END_TEST

START_TEST(the_off_switch_is_anything_but_empty_or_0)
{
    set("PENDIO_DISABLE_URING", "1");
    refuses(-EACCES);
    set("PENDIO_DISABLE_URING", "yes");
    refuses(-EACCES);
    set("PENDIO_BACKEND", "uring"); /* named, and still off: never fall back silently */
    refuses(-EACCES);
    set("PENDIO_DISABLE_URING", "0");
    reads(0);
}
END_TEST

START_TEST(a_backend_that_is_not_built_in_is_refused)
{
    set("PENDIO_BACKEND", "uring");
    reads(0);
    set("PENDIO_BACKEND", "epoll");
    refuses(-ENOTSUP);
    set("PENDIO_BACKEND", "sim:seed=7");
    refuses(-ENOTSUP);
    set("PENDIO_BACKEND", "uring2");
    refuses(-ENOTSUP);
    set("PENDIO_BACKEND", "URING");
    refuses(-ENOTSUP);
}
END_TEST

START_TEST(features_are_masked_by_name)
{
    static const struct {
        const char *list;
        uint64_t masked;
    } lists[] = {
        {"-single_issuer", PENDIO_FEATURE_SINGLE_ISSUER},
        {"-defer_taskrun", PENDIO_FEATURE_DEFER_TASKRUN},
        {"-coop_taskrun", PENDIO_FEATURE_COOP_TASKRUN},
        {"-registered_ring", PENDIO_FEATURE_REGISTERED_RING},
        {"-fixed_buffers", PENDIO_FEATURE_FIXED_BUFFERS},
        {"-no_signal", PENDIO_FEATURE_NO_SIGNAL},
        {"-ftruncate", PENDIO_FEATURE_FTRUNCATE},
        {"-multishot_accept", PENDIO_FEATURE_MULTISHOT_ACCEPT},
        {"-multishot_receive", PENDIO_FEATURE_MULTISHOT_RECEIVE},
        {"-buffer_ring", PENDIO_FEATURE_BUFFER_RING},
        {"-zero_copy", PENDIO_FEATURE_ZERO_COPY},
        {"-taskrun_flag", PENDIO_FEATURE_TASKRUN_FLAG},
        {"-fixed_buffers,-fixed_buffers,-buffer_ring",
         PENDIO_FEATURE_FIXED_BUFFERS | PENDIO_FEATURE_BUFFER_RING},
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        set("PENDIO_FEATURES", lists[i].list);
        reads(lists[i].masked);
    }
}
END_TEST

START_TEST(a_list_with_anything_else_in_it_is_refused_whole)
{
    static const char *const lists[] = {
        "fixed_buffers",
        "+fixed_buffers",
        "-",
        "-nonsense",
        "-fixed_buffer",
        "-fixed_bufferss",
        "-FIXED_BUFFERS",
        "-fixed_buffers -buffer_ring",
        " -fixed_buffers",
        ",",
        ",-fixed_buffers",
        "-fixed_buffers,,-buffer_ring",
        "-fixed_buffers,nonsense",
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        set("PENDIO_FEATURES", lists[i]);
        refuses(-EINVAL);
    }
}
END_TEST

/* ---- set-uid -------------------------------------------------------------------------------- */

static void copy_program(const char *path)
{
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    struct stat status;

    ck_assert_int_eq(fstat(from, &status), 0);
    ck_assert_int_ge(to, 0);
    for (off_t left_bytes = status.st_size; left_bytes > 0;) {
        ssize_t sent_bytes = sendfile(to, from, NULL, (size_t)left_bytes);

        ck_assert_int_gt(sent_bytes, 0);
        left_bytes -= sent_bytes;
    }
    ck_assert_int_eq(fchown(to, NOBODY, NOBODY), 0);
    ck_assert_int_eq(fchmod(to, S_ISUID | 0755), 0);
    ck_assert_int_eq(close(to), 0);
    ck_assert_int_eq(close(from), 0);
}

/* The exit code of the copy, which is what it read. */
static int run_copy(const char *path)
{
    pid_t child = fork();
    int status = 0;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        execl(path, path, "read", (char *)NULL);
        _exit(UNTOUCHED);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(a_set_uid_program_does_not_listen)
{
    char directory[] = "/tmp/pendio-setuid-XXXXXX";
    char path[64];
    int plain_code;
    int code;

    if (geteuid() != 0) {
        puts("skipped: a_set_uid_program_does_not_listen needs root to make such a program");
        return;
    }
    set("PENDIO_DISABLE_URING", "1");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chmod(directory, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/program", directory);
    copy_program(path);
    code = run_copy(path);
    plain_code = run_copy("/proc/self/exe");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(directory), 0);
    ck_assert_int_eq(plain_code, EACCES);
    ck_assert_int_eq(code, 0);
}
END_TEST

int main(int argument_count, char **arguments)
{
    const TTest *const tests[] = {
        an_empty_environment_masks_nothing,
        the_off_switch_is_anything_but_empty_or_0,
        a_backend_that_is_not_built_in_is_refused,
        features_are_masked_by_name,
        a_list_with_anything_else_in_it_is_refused_whole,
        a_set_uid_program_does_not_listen,
    };

    if (argument_count == 2 && strcmp(arguments[1], "read") == 0) {
        uint64_t masked_features;

        _exit(-pnd_environment_read(&masked_features));
    }
    return suite_run("environment", begin, NULL, tests, sizeof tests / sizeof tests[0]);
}
