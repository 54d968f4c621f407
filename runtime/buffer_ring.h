/*
 * buffer_ring.h - a loop's buffers for lending, and the ring by which the kernel gets at them.
 *
 * One pool of user memory per loop, made when the first buffer is needed. A buffer is free, or
 * provided to the kernel, or held: by collected data and by contexts it is lent to. What was held
 * last is used first, and no more are provided than are wanted at a time, so that few are warm. An
 * incremental ring lets the kernel fill a buffer bit by bit; it is provided and held then.
 */
#ifndef PND_BUFFER_RING_H
#define PND_BUFFER_RING_H

#include "ring.h"

struct pnd_buffer {
    uint32_t filled_bytes; /* of one that is provided */
    uint32_t holder_count; /* pieces of data, contexts */
    bool is_provided;      /* the kernel has it */
};

struct pnd_buffers {
    uint32_t buffer_bytes;
    uint32_t buffer_count; /* power of two */
    unsigned char *memory; /* NULL: not made yet */
    struct pnd_buffer *buffers;
    uint32_t *free_buffers; /* a stack */
    uint32_t free_count;
    struct io_uring_buf *entries; /* the ring; NULL: the kernel has none */
    bool is_incremental;
    uint32_t kept_count;     /* so many are for those who take one */
    uint32_t provided_count; /* the kernel has them */
    uint32_t wanted_count;   /* it should have */
    uint32_t idle_count;     /* how often in a row it had far too many */
    bool is_dry;             /* it was found empty, and has got none since */
    bool has_provided;       /* at least once: what is missing was used */
    uint16_t tail;
};

/* Makes what is not made yet. 0 or -ENOMEM. */
int pnd_buffers_make(struct pnd_buffers *buffers, struct pnd_ring *ring);

/* Not while the kernel may still write to one. */
void pnd_buffers_fini(struct pnd_buffers *buffers);

/* From now on some request chooses from the ring; until then all are for those who take one. */
void pnd_buffers_want_some(struct pnd_buffers *buffers);

/* Gives the kernel as many as it should have. */
void pnd_buffers_provide(struct pnd_buffers *buffers);

/*
 * The kernel filled byte_count bytes of a buffer; returns where they begin. Whoever they are for
 * holds it now.
 */
uint32_t pnd_buffers_fill(struct pnd_buffers *buffers, uint32_t index, uint32_t byte_count);

/* A free one for whoever asks; false: there is none. */
bool pnd_buffers_take(struct pnd_buffers *buffers, uint32_t *ret_index);

void pnd_buffers_hold(struct pnd_buffers *buffers, uint32_t index);
void pnd_buffers_release(struct pnd_buffers *buffers, uint32_t index);

/* Somebody found the ring empty: more are wanted, and nobody is to ask before it has some. */
void pnd_buffers_found_none(struct pnd_buffers *buffers);

/* How many are held. */
uint32_t pnd_buffers_in_use(const struct pnd_buffers *buffers);

/* Whether there is one for a request that chooses from the ring, or for whoever takes one. */
static inline bool pnd_buffers_have_one(const struct pnd_buffers *buffers, bool chooses)
{
    if (!chooses)
        return buffers->free_count != 0;
    return !buffers->is_dry &&
           (buffers->provided_count != 0 ||
            (buffers->entries != NULL && buffers->free_count > buffers->kept_count));
}

/* Of all there are. */
static inline uint64_t pnd_buffers_bytes(const struct pnd_buffers *buffers)
{
    return (uint64_t)buffers->buffer_bytes * buffers->buffer_count;
}

/* pnd_buffers_provide() may have something to do. */
static inline bool pnd_buffers_are_due(const struct pnd_buffers *buffers)
{
    return (buffers->provided_count < buffers->wanted_count &&
            buffers->free_count > buffers->kept_count && buffers->entries != NULL) ||
           (buffers->is_dry && buffers->provided_count != 0);
}

static inline unsigned char *pnd_buffers_memory(const struct pnd_buffers *buffers, uint32_t index)
{
    return buffers->memory + (uint64_t)index * buffers->buffer_bytes;
}

#endif
