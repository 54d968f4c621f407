/*
 * handle.h - the table of a loop's descriptors, named by slot and generation, and what is under way
 * on each.
 *
 * A handle's value dies with its generation: a stale one finds nothing, whoever has the slot now.
 * Operations with an order of data wait in a line per direction, at most one of them in the kernel;
 * the others (positional file operations) run in parallel.
 */
#ifndef PND_HANDLE_H
#define PND_HANDLE_H

#include "inbox.h"
#include "usual.h"

#include <pendio/pendio.h>

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct pnd_context;
struct pnd_guest;
struct pnd_handle;
struct pnd_loop;
struct pnd_multishot;

TAILQ_HEAD(pnd_context_list, pnd_context);
TAILQ_HEAD(pnd_handle_list, pnd_handle);

/* What the order of data on a descriptor is. */
enum pnd_kind {
    PND_KIND_STREAM,    /* socket: bytes in order, with an end */
    PND_KIND_DATAGRAM,  /* socket: messages */
    PND_KIND_SEQPACKET, /* socket: messages in order, with an end */
    PND_KIND_FILE,      /* has positions */
    PND_KIND_FLOW,      /* pipe, character device: bytes in order, no positions */
};

enum pnd_handle_state {
    PND_HANDLE_FREE,
    PND_HANDLE_RESERVED, /* for the product of an operation under way */
    PND_HANDLE_OPEN,
    PND_HANDLE_CLOSING,
    PND_HANDLE_MOVING, /* its descriptor is on the way to another loop */
};

/* Whether reads of a file may find their data in the system's cache. */
enum pnd_cache {
    PND_CACHE_UNKNOWN,
    PND_CACHE_SOMETIMES,
    PND_CACHE_NEVER,
};

/* Whether datagrams bring their destination along, and in which entry of the control data. */
enum pnd_packet_info {
    PND_INFO_UNKNOWN,
    PND_INFO_NONE,
    PND_INFO_V4,
    PND_INFO_V6,
};

/* Whether the kernel sends from a socket of that family without copying. */
enum pnd_copying {
    PND_COPYING_UNKNOWN,
    PND_COPYING_AVOIDABLE,
    PND_COPYING_NEEDED,
};

/* What a direction of a stream has come to, and sticks to. */
enum pnd_ending {
    PND_GOES_ON,
    PND_ENDED,  /* the peer is done */
    PND_FAILED, /* for the error beside it */
};

/*
 * Operations of one direction, first in first out; only the first may be in the kernel. One that
 * needs a second line leaves `waiting` when it has come first and holds the line until it ends.
 */
struct pnd_line {
    struct pnd_context_list waiting;
    int32_t failure;
    uint16_t undelivered_count; /* finished, not yet delivered: nothing may overtake them */
    uint8_t ending;             /* enum pnd_ending */
    bool is_held;               /* by the handle's `holder`: a line of receives */
};

/* Whether descriptors may come beside the bytes of a stream: over Unix sockets they may. */
enum pnd_carries {
    PND_CARRIES_UNKNOWN,
    PND_CARRIES_BYTES,
    PND_CARRIES_RIGHTS,
    PND_CARRIES_UNTOLD,
};

/* How a stream is received from (strategy.h). */
struct pnd_strategy {
    uint8_t pin;             /* PENDIO_RECEIVE_...: what a caller wants */
    uint8_t reason;          /* PENDIO_RECEIVE_...: why it is as it is */
    uint8_t streak;          /* receives in a row that speak for the other way */
    uint8_t others;          /* receives that spoke for it as it is; may begin anew at 0 */
    bool is_ahead : 1;       /* by a request for many */
    bool has_bell : 1;       /* by one for each receive, when it has rung (bell.h) */
    bool has_rung : 1;       /* so: there may be data */
    bool has_more : 1;       /* the last request left some behind */
    bool stays : 1;          /* as it is, whatever is received: there is no choice */
    uint8_t pause : 3;       /* how much longer it is not taken for a lone one (lone.h) */
    uint8_t carries : 2;     /* enum pnd_carries */
    bool is_guess : 1;       /* has_more was not told, but guessed */
    bool in_company : 1;     /* others were received from in the same turns, lately */
    uint8_t doubts : 3;      /* how often it was given up to receive ahead, as far as it matters */
    uint8_t unasked : 4;     /* turns in which something came ahead since anybody asked */
    uint8_t found : 4;       /* direct receives in a row that found something, up to PATIENCE */
    uint8_t guess_score : 3; /* how good guesses were (lone.h) */
    uint8_t guess_rest : 5;  /* chances not taken to guess */
    uint32_t counted_turn;   /* the last one it was counted in: by `unasked`, or in a crowd */
};

/* What has become of a handle's multishot request; from PND_ARMED on the kernel has it. */
enum pnd_arming {
    PND_UNARMED,
    PND_WANTED, /* to be armed as soon as that may be */
    PND_ARMED,
    PND_UNWANTED, /* to be cancelled as soon as that may be */
    PND_STOPPING, /* the kernel was asked to cancel it */
};

/* Lists of a loop's handles: what their multishot requests wait for. Each is in one at most. */
enum pnd_arming_list {
    PND_NOT_LISTED,
    PND_ARMS,    /* want it armed */
    PND_STARVED, /* want that, and there is no buffer for it */
    PND_STOPS,   /* want it cancelled */
    PND_ARMING_LIST_COUNT,
};

/* How many done answers were given in the turn. */
struct pnd_budget {
    uint32_t turn; /* the end of its number */
    uint32_t used_count;
};

/*
 * By lines of a processor's cache: the first two are all that receives and sends need. Who is only
 * rarely there is known by the slot of his context + 1; 0: nobody (pnd_loop_whose()).
 */
struct pnd_handle {
    pendio_handle value; /* loop, generation, slot */
    int descriptor;
    uint8_t state;  /* enum pnd_handle_state */
    uint8_t kind;   /* enum pnd_kind */
    uint8_t arming; /* enum pnd_arming */
    uint8_t close_mode;
    uint32_t under_way_count; /* started and not yet delivered, the close itself excepted */
    uint32_t entry_until;     /* of sends: the tail behind the entry that was written last */
    struct pnd_budget budget;
    struct pnd_line receives;              /* also accepts */
    const struct pnd_multishot *multishot; /* the one used last; NULL: none was */

    struct pnd_line sends; /* also connects */
    struct pnd_strategy strategy;
    uint32_t held_bytes; /* of buffers: collected, and lent from here */
    int32_t inbox_failure;
    uint16_t settler;          /* waits until nothing else is under way on it */
    uint16_t acceptor;         /* brings it a connection, until that is told */
    uint16_t closer;           /* is told when it is closed */
    uint16_t reader;           /* of the file, the last one */
    uint16_t read_turn;        /* when that was: the end of the turn's number */
    uint16_t cache_pause;      /* how many reads are not tried after a miss; 0: the last one hit */
    uint16_t cache_pause_left; /* of them still to come */
    uint16_t draining_count;   /* of those under way: ended, but for memory that the kernel holds */
    uint8_t arming_list;       /* enum pnd_arming_list */
    uint8_t cache : 2;         /* enum pnd_cache */
    uint8_t copying : 2;       /* enum pnd_copying */
    uint8_t packet_info : 2;   /* enum pnd_packet_info */
    uint8_t inbox_ending : 2;  /* enum pnd_ending: what comes behind what is in the inbox */
    bool gives_packet_info : 1; /* the caller has asked for that entry, too */
    bool spoiled : 1;           /* a connect was ended early */
    bool connected : 1;         /* it has, or had, a peer */
    bool disconnected : 1;      /* not to be used again */
    bool gives_up : 1;          /* closing, and what is sent need not arrive any more */
    bool refuses_multishot : 1; /* it is not for this descriptor */
    bool is_crowded : 1;        /* several contexts read the file in one turn */
    bool was_crowded : 1;       /* so it was in the turn before that with reads */
    bool is_noted : 1;          /* its sends may be gathered before the ring is handed over */
    bool goes_alone : 1;        /* not the next one: it may spoil it for the others */

    struct pnd_context_list parallel;
    LIST_HEAD(, pnd_guest) guests; /* runs that work on it too, in no list above */
    struct pnd_context *holder;    /* of the line of receives, while it is held */
    struct pnd_inbox inbox;        /* what the multishot request brought */
    TAILQ_ENTRY(pnd_handle) arming_link;
};

struct pnd_handle_table {
    void *memory; /* the slots' */
    struct pnd_handle *slots;
    uint32_t *free_slots; /* a stack */
    uint32_t free_count;
    uint32_t slot_count;
    uint16_t loop_id;
    uint32_t ahead_count;    /* those received from ahead of who asks */
    uint32_t bell_count;     /* those that are rung for (bell.h) */
    struct pnd_handle *lone; /* received from alone, by its bell (lone.h); NULL: none is */
};

/* Returns 0 or -ENOMEM. */
int pnd_handle_table_init(struct pnd_handle_table *table, uint32_t slot_count, uint16_t loop_id);

/* Closes every descriptor that is left. */
void pnd_handle_table_fini(struct pnd_handle_table *table);

/* NULL: every slot is taken. Reserved handles are given back or opened. */
struct pnd_handle *pnd_handle_reserve(struct pnd_handle_table *table);
void pnd_handle_give_back(struct pnd_handle_table *table, struct pnd_handle *handle);
void pnd_handle_open(struct pnd_handle *handle, int descriptor, enum pnd_kind kind);

/*
 * While a splice writes into a socket that must not block: it would hold a worker of the kernel.
 * True: it did block, and pnd_handle_block() is to make it so again.
 */
bool pnd_handle_unblock(const struct pnd_handle *handle);
void pnd_handle_block(const struct pnd_handle *handle);

/* What was known of a handle of another loop, but its descriptor, is true of this open one. */
void pnd_handle_take_over(struct pnd_handle *handle, const struct pnd_handle *other);

/* What was known of its connection holds no longer. */
void pnd_handle_begin_anew(struct pnd_handle *handle);

/* What a descriptor is, from the system. Returns 0 or -EBADF. */
int pnd_handle_kind_of(int descriptor, enum pnd_kind *ret_kind);

/* A value: 16 bits of loop, 28 of generation, 20 of slot. Generations are never 0. */
enum { PND_HANDLE_SLOT_BITS = 20, PND_HANDLE_GENERATION_BITS = 28 };

/* The open handle of that value; NULL: never valid, stale, foreign or closing. */
static inline struct pnd_handle *pnd_handle_find(const struct pnd_handle_table *table,
                                                 pendio_handle value)
{
    uint32_t slot = (uint32_t)value & ((1u << PND_HANDLE_SLOT_BITS) - 1);
    struct pnd_handle *handle;

    if (PND_RARE(slot >= table->slot_count))
        return NULL;
    handle = &table->slots[slot];
    return PND_USUAL(handle->value == value && handle->state == PND_HANDLE_OPEN) ? handle : NULL;
}

/* Slot and generation, in 48 bits. */
static inline uint64_t pnd_handle_tag(const struct pnd_handle *handle)
{
    return handle->value & ((UINT64_C(1) << 48) - 1);
}

/* The handle, in whatever state, of a value without its loop; NULL: it is gone. */
static inline struct pnd_handle *pnd_handle_of_tag(const struct pnd_handle_table *table,
                                                   uint64_t tag)
{
    uint32_t slot = (uint32_t)tag & ((1u << PND_HANDLE_SLOT_BITS) - 1);
    struct pnd_handle *handle;

    if (PND_RARE(slot >= table->slot_count))
        return NULL;
    handle = &table->slots[slot];
    return PND_USUAL(handle->state != PND_HANDLE_FREE && pnd_handle_tag(handle) == tag) ? handle
                                                                                        : NULL;
}

static inline bool pnd_handle_is_armed(const struct pnd_handle *handle)
{
    return handle->arming >= PND_ARMED;
}

/* Nothing is under way on it: its descriptor may go. */
static inline bool pnd_handle_is_idle(const struct pnd_handle *handle)
{
    return handle->under_way_count == 0 && !pnd_handle_is_armed(handle);
}

/* Who holds a line of receives; NULL: nobody. */
static inline void pnd_line_hold(struct pnd_line *line, struct pnd_context *holder)
{
    struct pnd_handle *handle =
        (struct pnd_handle *)((char *)line - offsetof(struct pnd_handle, receives));

    handle->holder = holder;
    line->is_held = holder != NULL;
}

static inline struct pnd_context *pnd_line_holder(const struct pnd_line *line)
{
    const char *handle = (const char *)line - offsetof(struct pnd_handle, receives);

    assert(line->is_held);
    return ((const struct pnd_handle *)handle)->holder;
}

/* Whose turn it is; NULL: nobody's. */
static inline struct pnd_context *pnd_line_first(const struct pnd_line *line)
{
    return line->is_held ? pnd_line_holder(line) : TAILQ_FIRST(&line->waiting);
}

static inline bool pnd_line_is_empty(const struct pnd_line *line)
{
    return pnd_line_first(line) == NULL;
}

/* Everything under way was delivered or drains, and a close has waited for that. */
static inline bool pnd_handle_may_close(const struct pnd_handle *handle)
{
    return handle->state == PND_HANDLE_CLOSING &&
           handle->under_way_count == handle->draining_count && !pnd_handle_is_armed(handle);
}

/* Nothing but sends, which wait behind whoever asks; and none of them drains. */
static inline bool pnd_handle_is_quiet(const struct pnd_handle *handle)
{
    return pnd_line_is_empty(&handle->receives) && TAILQ_EMPTY(&handle->parallel) &&
           handle->draining_count == 0 && !pnd_handle_is_armed(handle);
}

/* An ending sticks: the first one is the truth. */
static inline void pnd_line_end(struct pnd_line *line, enum pnd_ending ending, int32_t failure)
{
    if (line->ending == PND_GOES_ON) {
        line->ending = (uint8_t)ending;
        line->failure = failure;
    }
}

#endif
