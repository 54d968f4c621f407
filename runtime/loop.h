/*
 * loop.h - one ring and everything attached to it: submit, collect, deliver.
 *
 * A loop belongs to the thread that created it. Everything it will ever need is reserved at
 * creation: two completions for each context there can be, since a send that copies nothing has
 * two, and a few for cancel requests.
 */
#ifndef PND_LOOP_H
#define PND_LOOP_H

#include "buffer_ring.h"
#include "deadline.h"
#include "handle.h"
#include "host.h"
#include "pipes.h"
#include "ring.h"
#include "spin.h"
#include "usual.h"
#include "wake.h"
#include "watch.h"

#include <pendio/pendio.h>

#include <stdbool.h>
#include <stdint.h>

struct iovec;
struct pnd_move;
struct pnd_pool;
struct pnd_resolver;

/*
 * What user_data is: the token of a run (slot of the context in the low bits, generation above), or
 * one of a few with a slot that no context has. Generations start with the loop's number in their
 * upper bits, so that a run of one loop is none of another's for the first 2^32 runs of a context,
 * and none of a later run of the same one for 2^48.
 */
enum { PND_TOKEN_SLOT_BITS = 16, PND_TOKEN_LOOP_SHIFT = 48 };
enum {
    PND_TOKEN_CANCEL = 0x0ffff,
    PND_TOKEN_WAKE = 0x1ffff,
    PND_TOKEN_ALARM = 0x2ffff,
    PND_TOKEN_ALARM_MOVED = 0x3ffff,
    PND_TOKEN_WATCH = 0x4ffff, /* and which, above */
    PND_TOKEN_WATCH_ENDED = 0x5ffff,
    PND_TOKEN_OWN = 0xffff,       /* the slot of those above */
    PND_TOKEN_MULTISHOT = 0xfffe, /* of a handle's request; above it the handle's tag */
};

/*
 * Cancel requests in the kernel at a time, and all else the loop asks for itself: the wake-up, the
 * alarm and its move, the watches, each with two ends: that of the last one and its own. Their
 * completions have room of their own, and so have those of multishot requests: one for each handle,
 * within this limit.
 */
enum {
    PND_CANCEL_LIMIT = 64,
    PND_OWN_LIMIT = PND_CANCEL_LIMIT + 3 + 3 * PND_WATCH_LIMIT,
    PND_MULTISHOT_LIMIT = 16384,
};

/* A signalfd for each signal that was ever waited for; -1: none. */
enum { PND_SIGNAL_COUNT = 65 };
struct pnd_signals {
    int descriptors[PND_SIGNAL_COUNT];
};

/* Finished contexts in order of finishing; NULL stands for a posted message. */
struct pnd_ready {
    struct pnd_context **entries;
    uint32_t head;
    uint32_t tail;
    uint32_t mask;
};

/* Where completions go that need not wait for the end of the turn; next == end: nowhere. */
struct pnd_harvest {
    struct pendio_completion *first;
    struct pendio_completion *next;
    struct pendio_completion *end;
};

/* Rounds that do without asking the ring for what has ended (warm.h). */
enum { PND_WARM_ROUNDS = 8 };
struct pnd_warm {
    uint64_t look_count;  /* how often it had been asked when large pieces came last */
    uint32_t left_count;  /* rounds that may still do without */
    uint32_t round_count; /* of them each time: so many brought something lately */
    uint32_t streak;      /* times that all of them did */
};

/* Sends that may leave together when the ring is handed over. */
struct pnd_outbox {
    struct pnd_handle **noted; /* with an entry in the ring, and others waiting behind it */
    uint32_t noted_count;
    uint32_t noted_room;
    struct iovec *pieces; /* of which the kernel has copies once it has the entries */
    uint32_t piece_count; /* in use */
    uint32_t used_until;  /* by entries before that one */
    uint32_t pause_count; /* chances to do without the ring that are not taken */
};

/* Streams over Unix sockets that there is a choice for (crowd.h). */
struct pnd_crowd {
    uint64_t turn;         /* when one was received from last */
    uint32_t count;        /* of them, in that turn */
    uint32_t before_count; /* in those before it, about */
};

/* Lists of a loop's contexts, each in one at most. */
enum pnd_queue {
    PND_NO_QUEUE,
    PND_BACKLOG, /* want an entry of the ring */
    PND_CANCELS, /* in the kernel, and want to be cancelled there */
    PND_RETURNS, /* delivered, and go back to their pools by themselves */
    PND_QUEUE_COUNT,
};

/* What every turn and every start looks at stands together, the rest behind the wheel. */
struct pnd_loop {
    uint64_t *owner; /* identity of the loop's thread, in a page that is wiped in a forked child */
    struct pnd_ring ring;
    struct pnd_context **contexts; /* who has which slot; pnd_nobody where none has */
    uint32_t slot_mask;            /* of `contexts`, which has entries for all slots, or more */
    uint32_t under_way_count;      /* contexts started and not yet delivered */
    uint64_t startable_operations; /* of those allowed, which the kernel was found to have */
    struct pnd_handle_table handles;
    uint64_t turn; /* its number */
    struct pnd_harvest harvest;
    struct pnd_ready callbacks;
    struct pnd_ready records;
    int failure; /* of the last turn, whose answer was a count; 0: none */
    uint32_t done_budget;
    bool calls_back; /* a context has, or had, a callback */
    bool in_callback;
    bool stopping;
    bool ending;          /* it is being destroyed: nothing new is left to the kernel */
    bool feeds;           /* of those starved some may go on in the next round */
    bool has_rung;        /* and somebody was rung for in this one (bell.h) */
    uint32_t armed_count; /* multishot requests in the kernel */
    struct pnd_context_list queues[PND_QUEUE_COUNT];            /* the first is nobody's */
    struct pnd_handle_list arming_lists[PND_ARMING_LIST_COUNT]; /* the first is nobody's */
    struct pnd_handle *fed;         /* of the starved the one that goes on now; NULL: none */
    struct pnd_move *arrived_moves; /* which may not have been told yet */
    struct pnd_outbox outbox;
    struct pnd_buffers buffers;
    uint64_t look_count; /* how often the ring was asked for all that has ended */
    struct pnd_warm warm;
    uint64_t lone_look_count;    /* so often, when a lone stream was received from last */
    uint32_t lone_unasked_count; /* sends since the ring was asked that passed it over */
    bool lone_passes;            /* the last one did, and what it is for was not received yet */
    uint64_t lone_take_count;    /* receives of such by a call of their own */
    uint64_t receive_turn;       /* when a stream was received from last; at first none was */
    struct pnd_handle *receiver; /* its slot; if that is another's now, he is told less exactly */
    struct pnd_crowd crowd;
    uint32_t collect_count;    /* connections collected per listener */
    uint32_t collect_bytes;    /* of data collected and lent per handle */
    struct pnd_context *tried; /* whose start is looking for its own completion */
    struct pnd_spin spin;
    struct pnd_host host;
    struct pnd_wake wake;
    struct pnd_wheel wheel;
    struct pnd_budget budget;
    uint64_t allowed_operations; /* a bit for each code */
    uint64_t *tokens;            /* the slots' last ones, which outlive the contexts */
    uint32_t *free_slots;        /* a stack */
    uint32_t free_slot_count;
    uint32_t slot_count;
    uint32_t cancel_count;         /* cancel requests in the kernel */
    uint32_t notice_room_count;    /* notices of free memory that the queue has room for */
    uint32_t batch_count;          /* completions a sleep goes on for; 0: it is over with one */
    _Atomic uint32_t holder_count; /* who may still touch its wake: itself, and moves */
    struct pnd_inbox_store inboxes;
    struct pnd_move *spare_moves;
    struct pnd_pipes pipes;
    struct pnd_signals signals;
    struct pnd_watches watches;
    struct pnd_resolver *resolver; /* NULL: no name was ever looked up */
    char *name_servers;            /* NULL: those of the system */
    LIST_HEAD(, pnd_pool) pools;
    uint64_t arenas_in_use; /* a bit for each index of the ring's memory table */
    struct pendio_loop_statistics stats;
};

/* Identity of the calling thread; 1 for one that never created a loop, otherwise never reused. */
extern _Thread_local uint64_t pnd_thread_identity __attribute__((tls_model("initial-exec")));

static inline bool pnd_loop_is_own(const struct pnd_loop *loop)
{
    return *loop->owner == pnd_thread_identity;
}

/* False in a forked child, whose copy of the loop is nobody's. */
static inline bool pnd_loop_is_alive(const struct pnd_loop *loop)
{
    return *loop->owner != 0;
}

/* All of `options` set, none 0. Statuses as of pendio_loop_create(). */
int pnd_loop_create(const struct pendio_loop_options *options, struct pnd_loop **ret_loop);

const char *pnd_loop_explain(int status);

int pnd_loop_turn(struct pnd_loop *loop, int64_t timeout_ns,
                  struct pendio_completion *ret_completions, uint32_t count);

/* As a turn, but delivers nothing: returns when something could be delivered. 0 or -errno. */
int pnd_loop_wait(struct pnd_loop *loop, int64_t timeout_ns);

/* Hands over what was started and collects what is there; delivers nothing. 0 or -errno. */
int pnd_loop_look(struct pnd_loop *loop);

/* Hands over what was started, and looks at nothing else. 0 or -errno. */
int pnd_loop_flush(struct pnd_loop *loop);

/* Hands over and collects; true: that brought nothing, and nothing is left to hand over. */
bool pnd_loop_settle(struct pnd_loop *loop);

/* Does what other threads ask for; the latter for the last time: from now on they cannot. */
void pnd_loop_run_errands(struct pnd_loop *loop);
void pnd_loop_refuse_errands(struct pnd_loop *loop);

/* Any thread. Keeps the memory of the loop and its wake; whoever releases it last frees it. */
void pnd_loop_hold(struct pnd_loop *loop);
void pnd_loop_release(struct pnd_loop *loop);

/* An entry of the ring, zeroed; NULL: there is no room even after handing over. */
struct io_uring_sqe *pnd_loop_fetch(struct pnd_loop *loop);

void pnd_loop_shutdown(struct pnd_loop *loop);

/* Returns for how many operations the kernel may still write; then their memory was not freed. */
uint64_t pnd_loop_destroy(struct pnd_loop *loop, int64_t drain_ns);

/* Counts a refusal and answers it. */
int pnd_loop_refuse(struct pnd_loop *loop, int status);

void pnd_loop_stats(const struct pnd_loop *loop, struct pendio_loop_statistics *ret_statistics);

/* Slot of the context, or one of those that no context has. */
static inline uint32_t pnd_token_slot(uint64_t token)
{
    return (uint32_t)(token & ((UINT64_C(1) << PND_TOKEN_SLOT_BITS) - 1));
}

/* Of whatever token: somebody, who may have another one. */
static inline struct pnd_context *pnd_loop_holder(const struct pnd_loop *loop, uint64_t token)
{
    return loop->contexts[token & loop->slot_mask];
}

/* The oldest there; NULL: nobody. */
static inline struct pnd_context *pnd_loop_first(const struct pnd_loop *loop, enum pnd_queue queue)
{
    return TAILQ_FIRST(&loop->queues[queue]);
}

/* The same among handles. */
static inline struct pnd_handle *pnd_loop_first_of(const struct pnd_loop *loop,
                                                   enum pnd_arming_list list)
{
    return TAILQ_FIRST(&loop->arming_lists[list]);
}

/* The context with that slot + 1; 0: NULL. */
static inline struct pnd_context *pnd_loop_whose(const struct pnd_loop *loop, uint16_t number)
{
    return number != 0 ? loop->contexts[number - 1] : NULL;
}

static inline void pnd_ready_push(struct pnd_ready *ready, struct pnd_context *context)
{
    assert(ready->tail - ready->head <= ready->mask);
    ready->entries[ready->tail++ & ready->mask] = context;
}

static inline bool pnd_ready_is_empty(const struct pnd_ready *ready)
{
    return ready->head == ready->tail;
}

static inline struct pnd_context *pnd_ready_pop(struct pnd_ready *ready)
{
    assert(!pnd_ready_is_empty(ready));
    return ready->entries[ready->head++ & ready->mask];
}

static inline bool pnd_loop_is_deliverable(const struct pnd_loop *loop)
{
    return PND_RARE(!pnd_ready_is_empty(&loop->callbacks)) ||
           PND_RARE(!pnd_ready_is_empty(&loop->records)) ||
           loop->harvest.next != loop->harvest.first;
}

/* A budget renews when a turn begins. */
static inline bool pnd_budget_is_left(const struct pnd_loop *loop, const struct pnd_budget *budget)
{
    return budget->turn != (uint32_t)loop->turn || budget->used_count < loop->done_budget;
}

static inline void pnd_budget_use(const struct pnd_loop *loop, struct pnd_budget *budget)
{
    if (budget->turn != (uint32_t)loop->turn)
        *budget = (struct pnd_budget){.turn = (uint32_t)loop->turn};
    budget->used_count++;
}

#endif
