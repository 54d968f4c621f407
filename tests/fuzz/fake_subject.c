/*
 * fake_subject.c - in place of harness/foreign_process.c: memory, and lines in a pipe.
 *
 * Happy path:  each line is a packet, so that one is read at a time, as if it was written when it
 *              was asked for; then the pipe ends.
 * Failures:    more lines than the pipe holds are not said.
 */
#include "fake_subject.h"

#include "foreign_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20 };

static const uint8_t *said;
static size_t said_bytes;

void fake_subject_says(const uint8_t *bytes, size_t byte_count)
{
    said = bytes;
    said_bytes = byte_count;
}

static void say_all(int pipe)
{
    while (said_bytes > 0) {
        const uint8_t *feed = memchr(said, '\n', said_bytes);
        size_t length = feed != NULL ? (size_t)(feed - said) + 1 : said_bytes;
        length = length < PIPE_BUF ? length : PIPE_BUF;
        if (write(pipe, said, length) < 0)
            return;
        said += length;
        said_bytes -= length;
    }
}

int pnd_foreign_process_start(const char *command, size_t memory_bytes,
                              struct pnd_foreign_process *ret_process)
{
    int ends[2];
    void *base =
        mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)command;
    if (base == MAP_FAILED)
        return -errno;
    if (pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC) < 0)
        abort();
    (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
    say_all(ends[1]);
    (void)close(ends[1]);
    *ret_process = (struct pnd_foreign_process){
        .id = 1,
        .input = open("/dev/null", O_WRONLY | O_CLOEXEC),
        .output = ends[0],
        .errors = open("/dev/null", O_RDONLY | O_CLOEXEC),
        .memory = -1,
        .base = base,
        .memory_bytes = memory_bytes,
    };
    return 0;
}

uint32_t pnd_foreign_process_descriptors(const struct pnd_foreign_process *process)
{
    (void)process;
    return 0;
}

static void close_one(int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor);
    *descriptor = -1;
}

bool pnd_foreign_process_end(struct pnd_foreign_process *process, uint64_t wait_ns, int *ret_status)
{
    (void)wait_ns;
    if (process->id <= 0)
        return false;
    close_one(&process->input);
    process->id = 0;
    *ret_status = 0;
    return true;
}

void pnd_foreign_process_fini(struct pnd_foreign_process *process)
{
    close_one(&process->input);
    close_one(&process->output);
    close_one(&process->errors);
    if (process->base != NULL)
        (void)munmap(process->base, process->memory_bytes);
    process->base = NULL;
}
