/*
 * pipes.c - the loop's pipes, through which files go to sockets inside the kernel.
 *
 * Happy path:  take one that is kept, or make one -> give it back empty.
 * Failures:    no descriptors left; a pipe that may not grow stays as the system made it.
 */
#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Every fill and every drain is a trip to a worker of the kernel: let them be worth it. */
enum { WANTED_BYTES = 256 * 1024, LEAST_BYTES = 4096 };

static int make(struct pnd_pipe *ret_pipe)
{
    int ends[2];
    int byte_count;

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    (void)fcntl(ends[1], F_SETPIPE_SZ, WANTED_BYTES);
    byte_count = fcntl(ends[1], F_GETPIPE_SZ);
    *ret_pipe = (struct pnd_pipe){
        .read_end = ends[0],
        .write_end = ends[1],
        .byte_count = byte_count > LEAST_BYTES ? (uint32_t)byte_count : LEAST_BYTES,
    };
    return 0;
}

static void end(const struct pnd_pipe *pipe)
{
    close(pipe->read_end);
    close(pipe->write_end);
}

int pnd_pipes_take(struct pnd_pipes *pipes, struct pnd_pipe *ret_pipe)
{
    if (pipes->count == 0)
        return make(ret_pipe);
    *ret_pipe = pipes->kept[--pipes->count];
    return 0;
}

void pnd_pipes_give_back(struct pnd_pipes *pipes, const struct pnd_pipe *pipe, bool is_empty)
{
    if (is_empty && pipes->count < PND_PIPES_KEPT)
        pipes->kept[pipes->count++] = *pipe;
    else
        end(pipe);
}

void pnd_pipes_fini(struct pnd_pipes *pipes)
{
    while (pipes->count != 0)
        end(&pipes->kept[--pipes->count]);
}
