/*
 * foreign_process.c - the process of a foreign subject, and the memory shared with it.
 *
 * Happy path:  shared memory -> pipes -> fork -> (child: descriptors 0 to 3, exec) -> end.
 * Failures:    what is missing before the fork undoes what was made; what goes wrong after it is
 *              said on the child's standard error and ends it.
 *
 * The size of the memory is sealed: no subject can take away what is mapped here.
 */
#include "foreign_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARGUMENT_COUNT = 64,
    EXIT_NOT_STARTED = 3,
    MEMORY_DESCRIPTOR = 3,
    CHILD_END_COUNT = 4,
    ABOVE_ALL = 16, /* where descriptors stand out of the way of those to be set */
};

#define MILLISECOND_NS UINT64_C(1000000)

static int create_memory(struct pnd_foreign_process *process, size_t memory_bytes)
{
    process->memory = memfd_create("subject", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (process->memory < 0)
        return -errno;
    if (ftruncate(process->memory, (off_t)memory_bytes) < 0 ||
        fcntl(process->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return -errno;
    void *base = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, process->memory, 0);
    if (base == MAP_FAILED)
        return -errno;
    process->base = base;
    process->memory_bytes = memory_bytes;
    return 0;
}

/* In the child: only the last word of it is new to most who start processes. */
static int set_descriptors(const int ends[CHILD_END_COUNT])
{
    int high[CHILD_END_COUNT];
    for (int i = 0; i < CHILD_END_COUNT; i++) {
        high[i] = fcntl(ends[i], F_DUPFD, ABOVE_ALL);
        if (high[i] < 0)
            return -errno;
    }
    for (int i = 0; i < CHILD_END_COUNT; i++)
        if (dup2(high[i], i) < 0)
            return -errno;
    return close_range(CHILD_END_COUNT, ~0U, 0) < 0 ? -errno : 0;
}

static int confine(pid_t parent)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    if (getppid() != parent)
        _exit(EXIT_NOT_STARTED); /* it died before we could ask to be told */
    return setenv("PENDIO_SUBJECT_MEMORY", "/proc/self/fd/3", 1) < 0 ? -errno : 0;
}

static _Noreturn void become(char *command, const int ends[CHILD_END_COUNT], pid_t parent)
{
    char *arguments[ARGUMENT_COUNT + 1] = {NULL};
    char *rest = NULL;
    size_t count = 0;
    for (char *word = strtok_r(command, " ", &rest); word != NULL && count < ARGUMENT_COUNT;
         word = strtok_r(NULL, " ", &rest))
        arguments[count++] = word;
    int status = confine(parent);
    if (status == 0)
        status = set_descriptors(ends);
    if (status == 0 && count > 0) {
        (void)execv(arguments[0], arguments);
        status = -errno;
    }
    (void)dprintf(STDERR_FILENO, "it could not be executed: %s\n", strerrordesc_np(-status));
    _exit(EXIT_NOT_STARTED);
}

static void close_one(int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor);
    *descriptor = -1;
}

static int set_up_ours(struct pnd_foreign_process *process)
{
    (void)setpgid(process->id, process->id); /* whoever of the two comes first */
    const int never_block[] = {process->input, process->output, process->errors};
    for (size_t i = 0; i < sizeof never_block / sizeof *never_block; i++)
        if (fcntl(never_block[i], F_SETFL, O_NONBLOCK) < 0)
            return -errno;
    return 0;
}

static int start(const char *command, struct pnd_foreign_process *process)
{
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    pid_t parent = getpid();
    char *copy = strdup(command);
    int status = copy == NULL ? -ENOMEM : 0;
    for (int i = 0; i < 3 && status == 0; i++)
        status = pipe2(pipes[i], O_CLOEXEC) < 0 ? -errno : 0;
    if (status == 0) {
        const int ends[] = {pipes[0][0], pipes[1][1], pipes[2][1], process->memory};
        process->id = fork();
        if (process->id == 0)
            become(copy, ends, parent);
        status = process->id < 0 ? -errno : 0;
    }
    process->input = pipes[0][1];
    process->output = pipes[1][0];
    process->errors = pipes[2][0];
    close_one(&pipes[0][0]);
    close_one(&pipes[1][1]);
    close_one(&pipes[2][1]);
    free(copy);
    return status < 0 ? status : set_up_ours(process);
}

int pnd_foreign_process_start(const char *command, size_t memory_bytes,
                              struct pnd_foreign_process *ret_process)
{
    struct pnd_foreign_process process = {.input = -1, .output = -1, .errors = -1, .memory = -1};
    int ended = 0;
    int status = create_memory(&process, memory_bytes);
    if (status == 0)
        status = start(command, &process);
    if (status < 0) {
        (void)pnd_foreign_process_end(&process, 0, &ended);
        pnd_foreign_process_fini(&process);
        return status;
    }
    *ret_process = process;
    return 0;
}

uint32_t pnd_foreign_process_descriptors(const struct pnd_foreign_process *process)
{
    char path[64];
    uint32_t count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)process->id);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return 0;
    while (readdir(directory) != NULL)
        count++;
    (void)closedir(directory);
    return count;
}

static bool wait_for_end(pid_t id, uint64_t wait_ns)
{
    struct pollfd ended = {.fd = pidfd_open(id, 0), .events = POLLIN};
    if (ended.fd < 0)
        return false;
    int count = poll(&ended, 1, (int)(wait_ns / MILLISECOND_NS));
    (void)close(ended.fd);
    return count > 0;
}

bool pnd_foreign_process_end(struct pnd_foreign_process *process, uint64_t wait_ns, int *ret_status)
{
    if (process->id <= 0)
        return false;
    close_one(&process->input);
    bool by_itself = wait_for_end(process->id, wait_ns);
    (void)kill(-process->id, SIGKILL);
    (void)kill(process->id, SIGKILL);
    while (waitpid(process->id, ret_status, 0) < 0 && errno == EINTR)
        ;
    process->id = 0;
    return by_itself;
}

void pnd_foreign_process_fini(struct pnd_foreign_process *process)
{
    close_one(&process->input);
    close_one(&process->output);
    close_one(&process->errors);
    close_one(&process->memory);
    if (process->base != NULL)
        (void)munmap(process->base, process->memory_bytes);
    process->base = NULL;
}
