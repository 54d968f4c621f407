/*
 * pipes.h - the loop's pipes, through which files go to sockets inside the kernel.
 *
 * A pipe is taken for one run and given back empty; a few are kept for the next.
 */
#ifndef PND_PIPES_H
#define PND_PIPES_H

#include <stdbool.h>
#include <stdint.h>

enum { PND_PIPES_KEPT = 8 };

struct pnd_pipe {
    int read_end; /* -1: no pipe */
    int write_end;
    uint32_t byte_count; /* it can hold */
};

struct pnd_pipes {
    struct pnd_pipe kept[PND_PIPES_KEPT];
    uint32_t count;
};

/* 0 or -errno: no descriptors left. */
int pnd_pipes_take(struct pnd_pipes *pipes, struct pnd_pipe *ret_pipe);

/* One that is not empty any more is closed. */
void pnd_pipes_give_back(struct pnd_pipes *pipes, const struct pnd_pipe *pipe, bool is_empty);

/* Closes what is kept. */
void pnd_pipes_fini(struct pnd_pipes *pipes);

#endif
