/*
 * real_daemon.c - starts, reads, ends pendiod.
 *
 * Only before nng is used in this process: afterwards there are threads.
 */
#include "real_daemon.h"

#include <check.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENT_COUNT = 12, EXIT_CANNOT_EXEC = 99 };

static void become(const char *const *arguments, uid_t user, int output)
{
    char *words[ARGUMENT_COUNT] = {strdup(PENDIOD)};
    for (size_t i = 0; arguments[i] != NULL && i < ARGUMENT_COUNT - 2; i++)
        words[i + 1] = strdup(arguments[i]);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        _exit(EXIT_CANNOT_EXEC);
    int program = open(PENDIOD, O_PATH | O_CLOEXEC); /* the user may not reach the directory */
    if (user != 0 && (setgroups(0, NULL) < 0 || setgid(user) < 0 || setuid(user) < 0))
        _exit(EXIT_CANNOT_EXEC);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)fexecve(program, words, environ);
    _exit(EXIT_CANNOT_EXEC);
}

struct real_daemon real_daemon_start(const char *const *arguments, uid_t user)
{
    int ends[2];
    struct real_daemon daemon = {0};
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    daemon.process = fork();
    ck_assert_int_ge(daemon.process, 0);
    if (daemon.process == 0)
        become(arguments, user, ends[1]);
    ck_assert_int_eq(close(ends[1]), 0);
    daemon.output = ends[0];
    return daemon;
}

void real_daemon_read_line(struct real_daemon *daemon)
{
    size_t used = 0;
    ssize_t count = 1;
    while (count > 0 && used < sizeof daemon->line - 1) {
        count = read(daemon->output, &daemon->line[used], 1);
        if (count > 0 && daemon->line[used] == '\n')
            break;
        used += count > 0;
    }
    daemon->line[used] = '\0';
}

struct real_daemon real_daemon_start_at(const char *url)
{
    char expected[REAL_DAEMON_TEXT_BYTES];
    const char *const arguments[] = {"--listen", url, NULL};
    struct real_daemon daemon = real_daemon_start(arguments, 0);
    real_daemon_read_line(&daemon);
    (void)snprintf(expected, sizeof expected, "pendiod %s listens on %s", PENDIO_VERSION_TEXT, url);
    ck_assert_str_eq(daemon.line, expected);
    return daemon;
}

/* What else it printed is for the log of the test. */
static void pass_on_output(const struct real_daemon *daemon)
{
    char text[REAL_DAEMON_TEXT_BYTES];
    ssize_t count = 0;
    while ((count = read(daemon->output, text, sizeof text)) > 0)
        (void)fwrite(text, 1, (size_t)count, stderr);
}

int real_daemon_wait(struct real_daemon *daemon)
{
    int status = 0;
    pass_on_output(daemon);
    ck_assert_int_eq(waitpid(daemon->process, &status, 0), daemon->process);
    (void)close(daemon->output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int real_daemon_stop(struct real_daemon *daemon)
{
    ck_assert_int_eq(kill(daemon->process, SIGTERM), 0);
    return real_daemon_wait(daemon);
}

pid_t real_daemon_child_of(pid_t process)
{
    char path[64];
    char text[64] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)process, (int)process);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    (void)fgets(text, sizeof text, file);
    (void)fclose(file);
    return (pid_t)strtol(text, NULL, 10);
}
