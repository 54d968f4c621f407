/*
 * arena.c - a pool's memory, registered with the ring once.
 *
 * Happy path:  map whole pages -> register.
 * Failures:    registration refused (locked-memory limit, no free index, masked): the memory serves
 *              unregistered, and the reason is kept.
 */
#include "arena.h"

#include <errno.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096 };

/* The kernel takes no more than 1 GiB in one registered buffer. */
static const uint64_t registered_limit_bytes = UINT64_C(1) << 30;

static int register_arena(struct pnd_arena *arena, struct pnd_ring *ring)
{
    if (arena->byte_count > registered_limit_bytes)
        return -EFBIG;
    if (arena->index >= PND_ARENA_LIMIT)
        return -ENOSPC;
    return ring->backend->register_memory(ring, arena->index, arena->base, arena->byte_count);
}

int pnd_arena_init(struct pnd_arena *arena, struct pnd_ring *ring, uint64_t byte_count,
                   uint32_t index)
{
    uint64_t mapped_bytes = (byte_count + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    void *base;

    *arena = (struct pnd_arena){.index = index};
    if (byte_count == 0)
        return 0;
    base = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return -ENOMEM;
    arena->base = base;
    arena->byte_count = mapped_bytes;
    arena->refusal = register_arena(arena, ring);
    arena->registered = arena->refusal == 0;
    return 0;
}

void pnd_arena_fini(struct pnd_arena *arena, struct pnd_ring *ring)
{
    if (arena->registered)
        (void)ring->backend->unregister_memory(ring, arena->index);
    if (arena->base != NULL)
        munmap(arena->base, arena->byte_count);
    *arena = (struct pnd_arena){.base = NULL};
}
