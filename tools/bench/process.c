/*
 * process.c - programs as children of the bench: on cores of their own, and never left behind.
 *
 * Happy path:  fork -> in the child: its cores, its output, exec -> the line by which it says that
 *              it is ready -> its CPU time, as the kernel's clock for it has it -> SIGTERM.
 * Failures:    who does not end in time is killed; who is under way when the bench dies goes with
 *              it.
 *
 * A terminal's interrupt is for the bench alone, which then ends its children: they are in process
 * groups of their own.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_MS = 10000, END_MS = 2000, CANNOT_RUN = 127, LINE_BYTES = 64 };

static void become(const char *const *words, const cpu_set_t *cores, const char *log, int output,
                   int parent);
static bool has_ended(int pid, int timeout_ms);

int pnd_bench_process_start(const char *const *words, const cpu_set_t *cores, const char *log,
                            struct pnd_bench_process *ret_process)
{
    int ends[2] = {-1, -1};
    int parent = (int)getpid();
    if (log == NULL && pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid == 0)
        become(words, cores, log, ends[1], parent);
    int status = pid < 0 ? -errno : 0;
    if (ends[1] >= 0)
        (void)close(ends[1]);
    if (status < 0 && ends[0] >= 0)
        (void)close(ends[0]);
    if (status == 0)
        *ret_process = (struct pnd_bench_process){.pid = (int)pid, .output = ends[0]};
    return status;
}

static void become(const char *const *words, const cpu_set_t *cores, const char *log, int output,
                   int parent)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log != NULL)
        output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sched_setaffinity(0, sizeof *cores, cores);
    bool is_orphan = getppid() != parent; /* before it could be told */
    if (is_orphan || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        (log != NULL && dup2(output, STDERR_FILENO) < 0))
        _exit(CANNOT_RUN);
    (void)execv(words[0], (char *const *)(uintptr_t)words);
    _exit(CANNOT_RUN);
}

int pnd_bench_process_listen(const struct pnd_bench_process *process)
{
    for (const char *next = "ready\n"; *next != '\0'; next++) {
        struct pollfd one = {.fd = process->output, .events = POLLIN};
        char letter = '\0';
        int count = poll(&one, 1, READY_MS);
        if (count <= 0)
            return count < 0 ? -errno : -ETIMEDOUT;
        if (read(process->output, &letter, 1) != 1 || letter != *next)
            return -ECONNREFUSED;
    }
    return 0;
}

int pnd_bench_process_spent(const struct pnd_bench_process *process, int64_t *ret_ns)
{
    clockid_t clock;
    struct timespec spent;
    int error = clock_getcpuclockid(process->pid, &clock);
    if (error != 0)
        return -error;
    if (clock_gettime(clock, &spent) < 0)
        return -errno;
    *ret_ns = spent.tv_sec * INT64_C(1000000000) + spent.tv_nsec;
    return 0;
}

int pnd_bench_process_counted(const struct pnd_bench_process *process, uint64_t *ret_calls,
                              uint64_t *ret_completions)
{
    char line[LINE_BYTES] = "";
    size_t length = 0;
    if (kill(process->pid, SIGUSR1) < 0)
        return -errno;
    while (strchr(line, '\n') == NULL) {
        struct pollfd one = {.fd = process->output, .events = POLLIN};
        int count = poll(&one, 1, READY_MS);
        if (count <= 0)
            return count < 0 ? -errno : -ETIMEDOUT;
        ssize_t got = read(process->output, line + length, sizeof line - 1 - length);
        if (got <= 0)
            return -ECONNREFUSED;
        length += (size_t)got;
    }
    return sscanf(line, "%" SCNu64 " %" SCNu64, ret_calls, ret_completions) == 2 ? 0
                                                                                 : -ECONNREFUSED;
}

int pnd_bench_process_join(const struct pnd_bench_process *process)
{
    int state = 0;
    if (waitpid(process->pid, &state, 0) == process->pid)
        return WIFEXITED(state) ? WEXITSTATUS(state) : CANNOT_RUN;
    pnd_bench_process_stop(process);
    return -EINTR;
}

/* All of its group: what builds something has children. */
void pnd_bench_process_stop(const struct pnd_bench_process *process)
{
    if (process->output >= 0)
        (void)close(process->output);
    (void)kill(-process->pid, SIGTERM);
    if (!has_ended(process->pid, END_MS))
        (void)kill(-process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static bool has_ended(int pid, int timeout_ms)
{
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    if (descriptor < 0)
        return false;
    int count = poll(&one, 1, timeout_ms);
    (void)close(descriptor);
    return count > 0;
}
