/*
 * pool.h - contexts and equal slices of one arena: taken, put back, taken again.
 */
#ifndef PND_POOL_H
#define PND_POOL_H

#include "arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct pendio_bytes;
struct pnd_context;
struct pnd_context_extra;
struct pnd_context_limit;
struct pnd_loop;

struct pnd_pool {
    LIST_ENTRY(pnd_pool) link; /* among the loop's */
    struct pnd_loop *loop;
    struct pnd_context *contexts;
    struct pnd_context_extra *extras;   /* of the context with the same index */
    struct pnd_context_limit *limits;   /* so are these */
    struct pendio_bytes *pieces;        /* room for the vectors of all; NULL: none */
    uint32_t piece_count;               /* for so many each */
    struct pnd_context **free_contexts; /* a stack: the one put back last is the warmest */
    uint32_t context_count;
    uint32_t free_count;
    uint64_t slice_bytes;
    struct pnd_arena arena;
};

/* Returns 0, -ENOSPC (no slots left), -ENOMEM or -ESHUTDOWN. */
int pnd_pool_create(struct pnd_loop *loop, uint32_t context_count, uint32_t piece_count,
                    uint64_t slice_bytes, struct pnd_pool **ret_pool);

/* Ends the pool whatever its contexts do; only for a pool that nobody uses any more. */
void pnd_pool_destroy(struct pnd_pool *pool);

/* Returns 0 or -EAGAIN. */
int pnd_pool_get(struct pnd_pool *pool, struct pnd_context **ret_context);

/* Returns 0, -EBUSY or -EALREADY. */
int pnd_pool_put(struct pnd_context *context);

/* Puts what was delivered and is to go back by itself. */
void pnd_pool_take_back(struct pnd_loop *loop);

/* The arena that is registered and holds that memory; NULL: none. */
const struct pnd_arena *pnd_pool_arena_of(const struct pnd_loop *loop, uintptr_t memory,
                                          uint64_t byte_count);

#endif
