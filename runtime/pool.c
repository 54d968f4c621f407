/*
 * pool.c - contexts and equal slices of one arena: taken, put back, taken again.
 *
 * Happy path:  create reserves slots and memory -> get -> put.
 * Failures:    an empty pool answers -EAGAIN; creation takes back what it had when a part fails.
 */
#include "pool.h"

#include "context.h"
#include "lend.h"
#include "packets.h"
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE_BYTES = 64 };

_Static_assert(sizeof(struct pnd_context) % CACHE_LINE_BYTES == 0, "they lie side by side");

/* An index for an arena, a bit each in arenas_in_use; PND_ARENA_LIMIT when all are taken. */
static uint32_t take_arena_index(struct pnd_loop *loop)
{
    uint32_t index = PND_ARENA_LIMIT;

    if (~loop->arenas_in_use != 0) {
        index = (uint32_t)__builtin_ctzll(~loop->arenas_in_use);
        loop->arenas_in_use |= UINT64_C(1) << index;
    }
    return index;
}

static void give_back_arena_index(struct pnd_loop *loop, uint32_t index)
{
    if (index < PND_ARENA_LIMIT)
        loop->arenas_in_use &= ~(UINT64_C(1) << index);
}

static void count_arena(struct pnd_loop *loop, const struct pnd_arena *arena)
{
    if (arena->base == NULL)
        return;
    if (arena->registered)
        loop->stats.arena_registered_bytes += arena->byte_count;
    else
        loop->stats.arena_unregistered_bytes += arena->byte_count;
    if (arena->refusal < 0)
        loop->stats.arena_error = arena->refusal;
}

static void take_slots(struct pnd_pool *pool)
{
    struct pnd_loop *loop = pool->loop;

    for (uint32_t i = 0; i < pool->context_count; i++) {
        struct pnd_context *context = &pool->contexts[i];
        uint32_t slot = loop->free_slots[--loop->free_slot_count];

        context->token = loop->tokens[slot];
        context->loop = loop;
        context->pool = pool;
        context->state = PND_POOLED;
        context->coming_context = (struct pendio_context *)context;
        loop->contexts[slot] = context;
        pool->free_contexts[pool->context_count - 1 - i] = context;
    }
}

static void give_back_slots(struct pnd_pool *pool)
{
    struct pnd_loop *loop = pool->loop;

    for (uint32_t i = pool->context_count; i-- > 0;) {
        uint64_t token = pool->contexts[i].token;
        uint32_t slot = pnd_token_slot(token);

        loop->contexts[slot] = &pnd_nobody;
        loop->tokens[slot] = token;
        loop->free_slots[loop->free_slot_count++] = slot;
    }
}

/* Each in lines of its own of a processor's cache. */
static struct pnd_context *make_contexts(uint32_t count)
{
    struct pnd_context *contexts = aligned_alloc(CACHE_LINE_BYTES, count * sizeof *contexts);

    if (contexts != NULL)
        memset(contexts, 0, count * sizeof *contexts);
    return contexts;
}

static int allocate(struct pnd_pool *pool, uint64_t slice_bytes)
{
    struct pnd_loop *loop = pool->loop;
    uint64_t slice = slice_bytes <= UINT64_MAX - 63 ? (slice_bytes + 63) / 64 * 64 : UINT64_MAX;
    uint64_t arena_bytes = 0;

    if (__builtin_mul_overflow(slice, pool->context_count, &arena_bytes) ||
        arena_bytes > UINT64_MAX / 2)
        return -ENOMEM;
    pool->slice_bytes = slice;
    pool->contexts = make_contexts(pool->context_count);
    pool->extras = calloc(pool->context_count, sizeof *pool->extras);
    pool->limits = calloc(pool->context_count, sizeof *pool->limits);
    pool->free_contexts = calloc(pool->context_count, sizeof(struct pnd_context *));
    if (pool->piece_count != 0)
        pool->pieces =
            calloc((uint64_t)pool->context_count * pool->piece_count, sizeof *pool->pieces);
    if (pool->contexts == NULL || pool->extras == NULL || pool->limits == NULL ||
        pool->free_contexts == NULL || (pool->piece_count != 0 && pool->pieces == NULL))
        return -ENOMEM;
    return pnd_arena_init(&pool->arena, &loop->ring, arena_bytes,
                          arena_bytes == 0 ? PND_ARENA_LIMIT : take_arena_index(loop));
}

/* What grew for contexts alone. */
static void release_grown(struct pnd_pool *pool)
{
    for (uint32_t i = 0; i < pool->context_count; i++) {
        struct pnd_context *context = &pool->contexts[i];

        if (!context->uses_extra)
            continue;
        pnd_packets_fini(pnd_context_extra(context)->packets);
        pnd_request_release(context);
    }
}

static void release(struct pnd_pool *pool)
{
    give_back_arena_index(pool->loop, pool->arena.index);
    free(pool->pieces);
    free(pool->contexts);
    free(pool->extras);
    free(pool->limits);
    free(pool->free_contexts);
    free(pool);
}

int pnd_pool_create(struct pnd_loop *loop, uint32_t context_count, uint32_t piece_count,
                    uint64_t slice_bytes, struct pnd_pool **ret_pool)
{
    struct pnd_pool *pool;
    int status;

    if (loop->stopping)
        return -ESHUTDOWN;
    if (context_count > loop->free_slot_count)
        return -ENOSPC;
    pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return -ENOMEM;
    pool->loop = loop;
    pool->context_count = context_count;
    pool->piece_count = piece_count;
    pool->free_count = context_count;
    pool->arena.index = PND_ARENA_LIMIT;
    status = allocate(pool, slice_bytes);
    if (status < 0) {
        release(pool);
        return status;
    }
    take_slots(pool);
    count_arena(loop, &pool->arena);
    loop->stats.pool_contexts += context_count;
    LIST_INSERT_HEAD(&loop->pools, pool, link);
    *ret_pool = pool;
    return 0;
}

void pnd_pool_destroy(struct pnd_pool *pool)
{
    struct pnd_loop *loop = pool->loop;

    LIST_REMOVE(pool, link);
    give_back_slots(pool);
    loop->stats.pool_contexts -= pool->context_count;
    loop->stats.pool_in_use -= pool->context_count - pool->free_count;
    if (pool->arena.registered)
        loop->stats.arena_registered_bytes -= pool->arena.byte_count;
    else
        loop->stats.arena_unregistered_bytes -= pool->arena.byte_count;
    give_back_arena_index(loop, pool->arena.index);
    pnd_arena_fini(&pool->arena, &loop->ring);
    pool->arena.index = PND_ARENA_LIMIT;
    release_grown(pool);
    release(pool);
}

int pnd_pool_get(struct pnd_pool *pool, struct pnd_context **ret_context)
{
    struct pendio_loop_statistics *stats = &pool->loop->stats;
    struct pnd_context *context;

    if (pool->free_count == 0) {
        stats->pool_exhausted++;
        return -EAGAIN;
    }
    context = pool->free_contexts[--pool->free_count];
    pnd_context_move(context, PND_FREE);
    pnd_request_renew(context);
    pnd_context_rest(context);
    stats->pool_gets++;
    if (++stats->pool_in_use > stats->pool_high_water)
        stats->pool_high_water = stats->pool_in_use;
    *ret_context = context;
    return 0;
}

int pnd_pool_put(struct pnd_context *context)
{
    struct pnd_pool *pool = context->pool;

    if (context->state == PND_POOLED)
        return -EALREADY;
    if (context->state != PND_FREE)
        return -EBUSY;
    pnd_context_move(context, PND_POOLED);
    pnd_context_dequeue(context);
    pnd_lend_return(context);
    pool->free_contexts[pool->free_count++] = context;
    pool->loop->stats.pool_in_use--;
    return 0;
}

/* Whoever started or put it since then has taken it out; whoever took the flag back keeps it. */
void pnd_pool_take_back(struct pnd_loop *loop)
{
    struct pnd_context *context;

    while ((context = pnd_loop_first(loop, PND_RETURNS)) != NULL) {
        pnd_context_dequeue(context);
        if (context->request_flags & PENDIO_AUTO_PUT)
            (void)pnd_pool_put(context);
    }
}

const struct pnd_arena *pnd_pool_arena_of(const struct pnd_loop *loop, uintptr_t memory,
                                          uint64_t byte_count)
{
    const struct pnd_pool *pool;

    LIST_FOREACH(pool, &loop->pools, link)
    {
        if (pool->arena.registered && pnd_arena_holds(&pool->arena, memory, byte_count))
            return &pool->arena;
    }
    return NULL;
}
