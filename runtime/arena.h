/*
 * arena.h - a pool's memory, registered with the ring once, so that the kernel need not look it up
 * again for every operation.
 */
#ifndef PND_ARENA_H
#define PND_ARENA_H

#include "ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arenas registered with one ring at a time; a further one serves unregistered. */
enum { PND_ARENA_LIMIT = 64 };

struct pnd_arena {
    unsigned char *base; /* NULL: no memory */
    uint64_t byte_count;
    uint32_t index;  /* in the ring's table of registered memory */
    bool registered; /* else it is ordinary memory, and `refusal` says why */
    int refusal;     /* 0 or -errno */
};

/* Maps byte_count bytes and tries to register them under `index`. Returns 0 or -ENOMEM. */
int pnd_arena_init(struct pnd_arena *arena, struct pnd_ring *ring, uint64_t byte_count,
                   uint32_t index);
void pnd_arena_fini(struct pnd_arena *arena, struct pnd_ring *ring);

static inline bool pnd_arena_holds(const struct pnd_arena *arena, uintptr_t memory,
                                   uint64_t byte_count)
{
    uintptr_t base = (uintptr_t)arena->base;

    return arena->base != NULL && memory >= base && byte_count <= arena->byte_count &&
           memory - base <= arena->byte_count - byte_count;
}

#endif
