/*
 * watch.c - what the loop itself waits for: descriptors of connects by name and of the resolver.
 *
 * Happy path:  begin writes a poll -> its completion frees the watch -> whoever began it is told.
 * Failures:    ended before, its poll is taken back; the watch, and a descriptor left to it, stay
 *              until the kernel has answered.
 */
#include "watch.h"

#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* Of a token: 16 bits of slot, 8 of kind, 16 of index, 24 of generation. */
enum { KIND_SHIFT = 16, INDEX_SHIFT = 24, GENERATION_SHIFT = 40, GENERATION_BITS = 24 };

static const uint64_t kind_mask = (UINT64_C(1) << INDEX_SHIFT) - 1;

int pnd_watch_init(struct pnd_watches *watches)
{
    struct pnd_watch *cells = watches->cells;

    if (cells != NULL)
        return 0;
    cells = calloc(PND_WATCH_LIMIT, sizeof *cells);
    if (cells == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < PND_WATCH_LIMIT; i++) {
        cells[i].leftover = -1;
        cells[i].next_free = i + 1 < PND_WATCH_LIMIT ? &cells[i + 1] : NULL;
    }
    *watches = (struct pnd_watches){
        .cells = cells, .free = cells, .shared_count = PND_WATCH_LIMIT - PND_WATCH_RESOLVER_LIMIT};
    return 0;
}

void pnd_watch_fini(struct pnd_watches *watches)
{
    for (uint32_t i = 0; watches->cells != NULL && i < PND_WATCH_LIMIT; i++)
        if (watches->cells[i].leftover >= 0)
            close(watches->cells[i].leftover);
    free(watches->cells);
}

bool pnd_watch_reserve(struct pnd_watches *watches)
{
    if (watches->shared_count == 0)
        return false;
    watches->shared_count--;
    return true;
}

void pnd_watch_give_back(struct pnd_watches *watches)
{
    watches->shared_count++;
}

static uint64_t token_of(const struct pnd_watches *watches, const struct pnd_watch *watch,
                         uint64_t kind)
{
    uint64_t generation = watch->generation & ((1u << GENERATION_BITS) - 1);

    return generation << GENERATION_SHIFT | (uint64_t)(watch - watches->cells) << INDEX_SHIFT |
           kind;
}

static void set_free(struct pnd_watches *watches, struct pnd_watch *watch)
{
    watch->in_use = false;
    watch->next_free = watches->free;
    watches->free = watch;
    if (watch->is_shared)
        watches->shared_count++;
    if (watch->leftover >= 0)
        close(watch->leftover);
    watch->leftover = -1;
}

struct pnd_watch *pnd_watch_begin(struct pnd_loop *loop, int descriptor, uint32_t events,
                                  bool is_shared, pnd_watch_fn *told, void *state)
{
    struct pnd_watches *watches = &loop->watches;
    struct pnd_watch *watch = watches->free;
    struct io_uring_sqe *sqe;

    if (watch == NULL || (is_shared && watches->shared_count == 0))
        return NULL;
    sqe = pnd_loop_fetch(loop);
    if (sqe == NULL)
        return NULL;
    watches->free = watch->next_free;
    watches->shared_count -= is_shared;
    *watch = (struct pnd_watch){.told = told,
                                .state = state,
                                .generation = watch->generation + 1,
                                .leftover = -1,
                                .in_use = true,
                                .is_shared = is_shared};
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = descriptor;
    sqe->poll32_events = pnd_ring_poll_events(events);
    sqe->user_data = token_of(watches, watch, PND_TOKEN_WATCH);
    return watch;
}

/* Without room in the ring the poll ends with the ring. */
void pnd_watch_end(struct pnd_loop *loop, struct pnd_watch *watch, int leftover)
{
    struct io_uring_sqe *sqe = pnd_loop_fetch(loop);

    assert(watch->in_use && watch->told != NULL);
    watch->told = NULL;
    watch->leftover = leftover;
    if (sqe == NULL)
        return;
    sqe->opcode = IORING_OP_POLL_REMOVE;
    sqe->fd = -1;
    sqe->addr = token_of(&loop->watches, watch, PND_TOKEN_WATCH);
    sqe->user_data = token_of(&loop->watches, watch, PND_TOKEN_WATCH_ENDED);
}

bool pnd_watch_completed(struct pnd_loop *loop, uint64_t token, int32_t result)
{
    struct pnd_watches *watches = &loop->watches;
    uint64_t kind = token & kind_mask;
    struct pnd_watch *watch;
    pnd_watch_fn *told;

    if (kind == PND_TOKEN_WATCH_ENDED)
        return true; /* what became of the poll only its own completion tells */
    if (kind != PND_TOKEN_WATCH)
        return false;
    watch = &watches->cells[token >> INDEX_SHIFT & 0xffff];
    assert(watch->in_use && token == token_of(watches, watch, PND_TOKEN_WATCH));
    told = watch->told;
    set_free(watches, watch);
    if (told != NULL)
        told(watch->state, result >= 0 ? (uint32_t)result : POLLERR);
    return true;
}
