/*
 * process.c - child processes with three pipes and a process descriptor.
 *
 * Happy path:  pipes -> fork -> (child: confine itself, exec) (parent: watch) -> move and read as
 *              the pipes allow -> ended -> reap.
 * Failures:    whatever is missing before the fork undoes what was made; what goes wrong between
 *              fork and exec is said on the child's standard error and ends it with status 3.
 *
 * The daemon has nng's threads, so the child calls nothing between fork and exec but system calls.
 */
#include "process.h"

#include "sanitized.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READ_END,
    WRITE_END,
    END_COUNT,
    EXIT_NOT_STARTED = 3,
    PIECE_BYTES = 4096,
    PIECE_COUNT = 64, /* of standard error at a time, so that a chatterbox does not hold us */
    GRACE_S = 5,      /* of processor time: it is killed for its time before, and with a reason */
    MILLISECONDS = 1000,
    UNREAD_BYTES = 4 << 20, /* fed to a process that does not read */
};

/* Programs, their libraries, and the books of a run. */
#define BASE_MEMORY_BYTES (UINT64_C(1) << 30)

struct pipes {
    int input[END_COUNT];
    int output[END_COUNT];
    int errors[END_COUNT];
};

static int open_pipes(struct pipes *ret_pipes);
static void close_pair(int *pair);
static void close_pipes(struct pipes *pipes);
static pid_t fork_and_become(const struct pnd_process_options *options, const struct pipes *pipes);
static void become(const struct pnd_process_options *options, const struct pipes *pipes,
                   pid_t parent);
static int confine(const struct pnd_process_options *options, pid_t parent);
static void reset_signals(void);
static int set_limits(const struct pnd_process_options *options);
static int limit(__rlimit_resource_t resource, uint64_t value);
static int adopt(struct pnd_process *process, struct pipes *pipes, int watch);
static int watch_one(int watch, int descriptor, uint32_t events);
static void abandon(struct pnd_process *process);
static void feed(struct pnd_process *process);
static void listen_to(struct pnd_process *process);
static void close_once(int *descriptor);

int pnd_process_start(const struct pnd_process_options *options, uint8_t *input,
                      size_t input_byte_count, struct pnd_process *ret_process)
{
    struct pnd_process process = {
        .ended = -1,
        .pending = input,
        .pending_bytes = input_byte_count,
        .keeps_input = options->keeps_input,
    };
    struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
    int status = open_pipes(&pipes);
    if (status < 0)
        goto no_pipes;

    process.id = fork_and_become(options, &pipes);
    status = process.id < 0 ? -errno : adopt(&process, &pipes, options->watch);
    close_pipes(&pipes);
    if (status == 0) {
        *ret_process = process;
        return 0;
    }
no_pipes:
    free(input);
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * Pipes
 * --------------------------------------------------------------------------------------------- */

static int open_pipes(struct pipes *ret_pipes)
{
    struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(pipes.input, O_CLOEXEC) == 0 && pipe2(pipes.output, O_CLOEXEC) == 0 &&
        pipe2(pipes.errors, O_CLOEXEC) == 0) {
        *ret_pipes = pipes;
        return 0;
    }
    int status = -errno;
    close_pipes(&pipes);
    return status;
}

static void close_pipes(struct pipes *pipes)
{
    close_pair(pipes->input);
    close_pair(pipes->output);
    close_pair(pipes->errors);
}

static void close_pair(int *pair)
{
    close_once(&pair[READ_END]);
    close_once(&pair[WRITE_END]);
}

static void close_once(int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor);
    *descriptor = -1;
}

/* ------------------------------------------------------------------------------------------------
 * In the child, between fork and exec: system calls only
 * --------------------------------------------------------------------------------------------- */

/* With all signals held, so that none finds the daemon's handlers in the child. */
static pid_t fork_and_become(const struct pnd_process_options *options, const struct pipes *pipes)
{
    sigset_t all;
    sigset_t before;
    pid_t parent = getpid();
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    pid_t process = fork();
    if (process == 0)
        become(options, pipes, parent);
    int error = errno;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return process;
}

static void become(const struct pnd_process_options *options, const struct pipes *pipes,
                   pid_t parent)
{
    static const char complaint[] = "the process of the run could not be started: ";

    bool redirected = dup2(pipes->input[READ_END], STDIN_FILENO) == STDIN_FILENO &&
                      dup2(pipes->output[WRITE_END], STDOUT_FILENO) == STDOUT_FILENO &&
                      dup2(pipes->errors[WRITE_END], STDERR_FILENO) == STDERR_FILENO;
    if (redirected && confine(options, parent) == 0) {
        /* execve() takes the arguments as `char *const[]` only because C was young; it reads. */
        union {
            const char *const *strings;
            char *const *arguments;
        } command = {.strings = options->command};
        (void)execve(options->command[0], command.arguments, options->environment);
    }
    const char *name = strerrorname_np(errno);
    (void)!write(STDERR_FILENO, complaint, strlen(complaint));
    (void)!write(STDERR_FILENO, name, name != NULL ? strlen(name) : 0);
    _exit(EXIT_NOT_STARTED);
}

static int confine(const struct pnd_process_options *options, pid_t parent)
{
    reset_signals();
    if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    if (getppid() != parent)
        _exit(EXIT_NOT_STARTED); /* it died before we could ask to be told */
    if (set_limits(options) < 0)
        return -errno;
    if (chdir(options->directory) < 0)
        return -errno;
    return close_range(STDERR_FILENO + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* What the daemon handles or ignores, its children get the ordinary way; then they may come. */
static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL); /* refused for the two that cannot be changed */
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Not of the number of processes: that one counts all those of the user, whoever started them.
 * Memory that is only reserved, as some runtimes do it, does not count; shared memory neither. A
 * sanitizer takes memory beyond all measure for itself.
 */
static int set_limits(const struct pnd_process_options *options)
{
    uint64_t processor_count = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t seconds = options->time_ms / MILLISECONDS * processor_count + GRACE_S;
    if (limit(RLIMIT_CORE, 0) < 0)
        return -errno;
    if (options->descriptor_count > 0 && limit(RLIMIT_NOFILE, options->descriptor_count) < 0)
        return -errno;
    if (options->file_bytes > 0 && limit(RLIMIT_FSIZE, options->file_bytes) < 0)
        return -errno;
    if (options->time_ms > 0 && limit(RLIMIT_CPU, seconds) < 0)
        return -errno;
    if (!PND_SANITIZED && options->memory_bytes > 0 &&
        limit(RLIMIT_DATA, options->memory_bytes + BASE_MEMORY_BYTES) < 0)
        return -errno;
    return 0;
}

/* Once and for all: what is lowered cannot be raised again, but by root. */
static int limit(__rlimit_resource_t resource, uint64_t value)
{
    struct rlimit limits;
    if (getrlimit(resource, &limits) < 0)
        return -errno;
    if (value < limits.rlim_max)
        limits.rlim_max = value;
    limits.rlim_cur = limits.rlim_max;
    return setrlimit(resource, &limits) < 0 ? -errno : 0;
}

/* ------------------------------------------------------------------------------------------------
 * In the daemon
 * --------------------------------------------------------------------------------------------- */

/* Takes our ends of the pipes out of `pipes`. */
static int adopt(struct pnd_process *process, struct pipes *pipes, int watch)
{
    (void)setpgid(process->id, process->id); /* whoever of the two comes first */

    process->input = pipes->input[WRITE_END];
    process->output = pipes->output[READ_END];
    process->errors = pipes->errors[READ_END];
    pipes->input[WRITE_END] = pipes->output[READ_END] = pipes->errors[READ_END] = -1;
    process->ended = pidfd_open(process->id, 0);
    int status = process->ended < 0 ? -errno : watch_one(watch, process->ended, EPOLLIN);
    if (status == 0)
        status = watch_one(watch, process->input, EPOLLOUT | EPOLLET); /* it may stay empty */
    if (status == 0)
        status = watch_one(watch, process->output, EPOLLIN);
    if (status == 0)
        status = watch_one(watch, process->errors, EPOLLIN);
    if (status < 0)
        abandon(process);
    return status;
}

static int watch_one(int watch, int descriptor, uint32_t events)
{
    struct epoll_event event = {.events = events};
    if (fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    return epoll_ctl(watch, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

/* A child nobody can watch must not run. */
static void abandon(struct pnd_process *process)
{
    (void)kill(-process->id, SIGKILL);
    (void)kill(process->id, SIGKILL);
    (void)waitpid(process->id, NULL, 0);
    close_once(&process->ended);
    close_once(&process->input);
    close_once(&process->output);
    close_once(&process->errors);
}

void pnd_process_move(struct pnd_process *process)
{
    if (process->input >= 0)
        feed(process);
    if (process->errors >= 0)
        listen_to(process);
}

/* Its input ends when all was fed, unless it is kept, or when it no longer reads. */
static void feed(struct pnd_process *process)
{
    while (process->fed_bytes < process->pending_bytes) {
        ssize_t count = write(process->input, process->pending + process->fed_bytes,
                              process->pending_bytes - process->fed_bytes);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 0) {
            process->keeps_input = false;
            break;
        }
        process->fed_bytes += (size_t)count;
    }
    free(process->pending);
    process->pending = NULL;
    process->pending_bytes = process->fed_bytes = 0;
    if (!process->keeps_input)
        close_once(&process->input);
}

int pnd_process_feed(struct pnd_process *process, const uint8_t *bytes, size_t byte_count)
{
    size_t left = process->pending_bytes - process->fed_bytes;
    if (process->input < 0 || !process->keeps_input)
        return -EPIPE;
    if (byte_count > UNREAD_BYTES || left > UNREAD_BYTES)
        return -ENOBUFS;
    uint8_t *pending = malloc(left + byte_count + 1);
    if (pending == NULL)
        return -ENOMEM;
    if (left > 0)
        memcpy(pending, process->pending + process->fed_bytes, left);
    memcpy(pending + left, bytes, byte_count);
    free(process->pending);
    process->pending = pending;
    process->pending_bytes = left + byte_count;
    process->fed_bytes = 0;
    feed(process);
    return 0;
}

static void listen_to(struct pnd_process *process)
{
    char piece[PIECE_BYTES];
    for (unsigned i = 0; i < PIECE_COUNT; i++) {
        ssize_t count = read(process->errors, piece, sizeof piece);
        if (count < 0)
            return;
        if (count == 0) {
            close_once(&process->errors);
            return;
        }
        pnd_last_words_hear(&process->words, piece, (size_t)count);
    }
}

int pnd_process_read(struct pnd_process *process, size_t byte_limit, const uint8_t **ret_bytes,
                     size_t *ret_byte_count)
{
    if (process->output < 0)
        return 0;
    int status =
        pnd_inflow_read(&process->frames, process->output, byte_limit, ret_bytes, ret_byte_count);
    if (status <= 0 && status != -EAGAIN)
        close_once(&process->output); /* it would keep us awake for nothing */
    return status;
}

void pnd_process_signal(const struct pnd_process *process, int signal)
{
    (void)kill(-process->id, signal);
}

bool pnd_process_has_ended(const struct pnd_process *process)
{
    siginfo_t information = {0};
    int status = waitid(P_PIDFD, (id_t)process->ended, &information, WEXITED | WNOHANG | WNOWAIT);
    return status == 0 && information.si_pid != 0;
}

void pnd_process_reap(struct pnd_process *process, struct pnd_process_end *ret_end)
{
    siginfo_t information = {0};
    int status = waitid(P_PIDFD, (id_t)process->ended, &information, WEXITED);
    assert(status == 0);
    (void)status;

    ret_end->code = information.si_code;
    ret_end->value = information.si_status;
    close_once(&process->ended);
    close_once(&process->input);
    close_once(&process->output);
    close_once(&process->errors);
    free(process->pending);
    process->pending = NULL;
    pnd_inflow_fini(&process->frames);
}
