/*
 * ring.h - a queue of entries to the system and a queue of completions back: what a backend is.
 *
 * An entry is the kernel's own description of an operation. The io_uring backend passes entries to
 * the kernel at no cost; a backend that emulates interprets the same entries. Fetching an entry is
 * inline; everything that costs a system call goes through the table, once a turn.
 */
#ifndef PND_RING_H
#define PND_RING_H

#include "probe.h"
#include "uring_abi.h"
#include "usual.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pnd_ring;

/* The kernel's completion as it is, without the room it keeps for longer ones. */
struct pnd_ring_completion {
    uint64_t user_data;
    int32_t result;
    uint32_t flags;
};

struct pnd_ring_settings {
    uint32_t entry_count;      /* submissions between two entries into the kernel; power of two */
    uint32_t completion_count; /* completions that can wait without being lost */
    uint32_t memory_count;     /* memory regions that may be registered at a time */
    uint64_t batch_ns;         /* how long a sleep may go on to bring several; 0: not at all */
    uint64_t masked_features;  /* PENDIO_FEATURE_... to leave unused */
    /* What the ring is to take; it refuses all else. NULL: what there is. */
    const struct pnd_opcodes *allowed;
};

#define PND_RING_ONLY_SUBMIT INT64_MIN

struct pnd_ring_backend {
    uint32_t id; /* PENDIO_BACKEND_... */
    /* 0 or -errno; -ENOTSUP: the ring cannot be restricted. */
    int (*init)(struct pnd_ring *ring, const struct pnd_ring_settings *settings);
    void (*fini)(struct pnd_ring *ring);
    /*
     * Hands over what was queued and, if wait_ns is not 0, sleeps until a completion is there, for
     * at most wait_ns (-1: no limit; PND_RING_ONLY_SUBMIT: does not even ask for those that could
     * be there); where the ring has a batch_ns it sleeps on for that long, or until there are
     * wait_count, and needs a limit. 0, also when time is up; -EINTR; -EAGAIN or -EBUSY: collect
     * and try again; anything else is fatal.
     */
    int (*submit)(struct pnd_ring *ring, int64_t wait_ns);
    /*
     * Does what is queued, one entry that sends, at once by itself, unless that would have to
     * wait. True: that is its completion, and the entry is gone. NULL: the backend has no such way.
     */
    bool (*send_now)(struct pnd_ring *ring, struct pnd_ring_completion *ret_completion);
    /* Gives completions until the next call, in `given`; returns how many. No system call. */
    uint32_t (*collect)(struct pnd_ring *ring);
    /* Something is there, or would be after submit. No system call; needs `can_look`. */
    bool (*is_stirring)(const struct pnd_ring *ring);
    int (*register_memory)(struct pnd_ring *ring, uint32_t index, void *memory,
                           uint64_t byte_count);
    int (*unregister_memory)(struct pnd_ring *ring, uint32_t index);
    /* A ring of buffers for requests that choose one when data are there. 0 or -errno. */
    int (*register_buffers)(struct pnd_ring *ring, struct io_uring_buf *entries,
                            uint32_t entry_count, bool is_incremental);
    /* Signals an eventfd whenever there is something to collect, from now on. 0 or -errno. */
    int (*register_signal)(struct pnd_ring *ring, int descriptor);
    /* Switches that off and on again. No system call. */
    void (*switch_signal)(struct pnd_ring *ring, bool on);
};

struct pnd_ring {
    const struct pnd_ring_backend *backend;
    struct io_uring_sqe *entries;
    uint32_t entry_count;
    struct io_uring_sqe *next;  /* to be fetched */
    struct io_uring_sqe *limit; /* not to be, unless the entries end there and begin anew */
    struct io_uring_sqe *first; /* fetched in this row of entries */
    uint32_t queued_before;     /* and how many were fetched before it, and not handed over */
    uint32_t completion_count;
    struct pnd_ring_completion *given; /* what was collected last */
    uint32_t given_count;              /* of them, in the queue still */
    uint32_t wait_count;               /* of completions, for which a sleep goes on */
    uint64_t batch_ns;                 /* for so long; 0: a sleep is over with the first */
    uint64_t features;                 /* PENDIO_FEATURE_... in use */
    uint16_t zero_copy_flags;          /* of every send that copies nothing */
    struct pnd_opcodes opcodes;
    bool tells_rest;      /* a receive over Unix sockets tells that there is more */
    bool limits_receives; /* a multishot receive may be told to end after so many bytes */
    bool can_look;        /* what the kernel has done shows without entering it */
    bool sends_vectors;   /* a send may have pieces, without a message around them */
    uint64_t system_call_count;
    uint64_t request_count;
    uint64_t overflow_count; /* completions that did not fit: must stay 0 */
    void *state;             /* the backend's own */
};

extern const struct pnd_ring_backend pnd_ring_uring;

/* Entries fetched and not yet handed over. */
static inline uint32_t pnd_ring_queued_count(const struct pnd_ring *ring)
{
    return ring->queued_before + (uint32_t)(ring->next - ring->first);
}

/* That is one, and a send of one piece that asks for nothing besides. */
static inline bool pnd_ring_has_single_send(const struct pnd_ring *ring)
{
    const struct io_uring_sqe *entry = ring->first;

    return ring->next == entry + 1 && ring->queued_before == 0 && entry->opcode == IORING_OP_SEND &&
           entry->ioprio == 0 && entry->flags == 0;
}

/* The number of the entry that is fetched next. */
static inline uint32_t pnd_ring_tail(const struct pnd_ring *ring)
{
    return (uint32_t)ring->request_count + pnd_ring_queued_count(ring);
}

/* The entry before that number; NULL: it was handed over. */
static inline struct io_uring_sqe *pnd_ring_queued(const struct pnd_ring *ring, uint32_t tail)
{
    uint32_t later_count = pnd_ring_tail(ring) - tail;
    uint32_t next_index = (uint32_t)(ring->next - ring->entries);

    return later_count < pnd_ring_queued_count(ring)
               ? &ring->entries[(next_index - later_count - 1) & (ring->entry_count - 1)]
               : NULL;
}

static inline bool pnd_ring_has_room(const struct pnd_ring *ring)
{
    return ring->next != ring->limit || pnd_ring_queued_count(ring) != ring->entry_count;
}

/*
 * So many are not handed over, mostly none; those that may be fetched from `next` on lie in a row.
 */
void pnd_ring_set_row_behind(struct pnd_ring *ring, struct io_uring_sqe *next,
                             uint32_t queued_count);

static inline void pnd_ring_set_row(struct pnd_ring *ring, struct io_uring_sqe *next,
                                    uint32_t queued_count)
{
    if (PND_RARE(queued_count != 0)) {
        pnd_ring_set_row_behind(ring, next, queued_count);
        return;
    }
    ring->first = next;
    ring->next = next;
    ring->limit = ring->entries + ring->entry_count;
    ring->queued_before = 0;
}

/* Where the entries end they begin anew. False: there is no room. */
bool pnd_ring_turn_over(struct pnd_ring *ring);

/* Room, and an entry at hand. */
static inline bool pnd_ring_has_next(struct pnd_ring *ring)
{
    return PND_USUAL(ring->next != ring->limit) || pnd_ring_turn_over(ring);
}

/* The entry at hand, zeroed; the caller fills it before anything else is fetched. */
static inline struct io_uring_sqe *pnd_ring_fetch_next(struct pnd_ring *ring)
{
    struct io_uring_sqe *entry = ring->next;

    assert(ring->next != ring->limit);
    ring->next = entry + 1;
    memset(entry, 0, sizeof *entry);
    return entry;
}

/* The same where there is room. */
static inline struct io_uring_sqe *pnd_ring_fetch(struct pnd_ring *ring)
{
    bool has_room = pnd_ring_has_next(ring);

    assert(has_room);
    (void)has_room;
    return pnd_ring_fetch_next(ring);
}

/* Poll events as the kernel wants them in an entry: the halves swapped where bytes are. */
static inline uint32_t pnd_ring_poll_events(uint32_t events)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return events << 16 | events >> 16;
#else
    return events;
#endif
}

#endif
