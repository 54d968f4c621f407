/*
 * context.h - one reusable operation: request, state, result; and what every operation shares.
 *
 *     reserve -> begin -> end                                          (done: known at once)
 *                      -> wait_in_line / go_parallel / wait_for_...    (pending)
 *                         -> submit -> completed -> finish -> ready -> deliver
 *
 * A refused start never reaches begin, so it changes nothing. Every change of state goes through
 * one table. A run ends exactly once, in finish(), whatever ended it.
 */
#ifndef PND_CONTEXT_H
#define PND_CONTEXT_H

#include "extra.h"
#include "loop.h"
#include "pool.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

enum pnd_state {
    PND_POOLED,   /* in its pool */
    PND_FREE,     /* the application's */
    PND_PENDING,  /* started; in a line, in the kernel, or waiting for time */
    PND_DRAINING, /* result known, the kernel still holds memory */
    PND_READY,    /* finished, not yet delivered */
};

/* Why a run was asked to end early. A wish, not a state: the result tells what became of it. */
enum pnd_stop {
    PND_STOP_NONE,
    PND_STOP_BY_CANCEL,
    PND_STOP_BY_DEADLINE,
    PND_STOP_BY_CLOSE,
};

/* Where a pending run is; from PND_IN_KERNEL on the kernel works for it. */
enum pnd_place {
    PND_NOWHERE, /* nothing to take back: it waits for time, or for others */
    PND_IN_LINE, /* behind others, or the first and waiting for what is collected */
    PND_IN_BACKLOG,
    PND_IN_KERNEL,
    PND_CARRYING, /* so, and its request has the bytes of those behind it who are carried */
    PND_CARRIED,
};

/* What the operation makes of the kernel's answer. */
enum pnd_verdict {
    PND_DELIVER, /* that was the end of it */
    PND_AGAIN,   /* ask the kernel again, for the rest */
    PND_POLL,    /* wait until the descriptor is ready, then ask again */
    PND_SETTLE,  /* wait until nothing else is under way on the handle, then ask again */
    PND_WAIT,    /* wait for others */
};

/* Where the answer for the first in line comes from. */
enum pnd_source {
    PND_FROM_KERNEL, /* ask it */
    PND_FROM_INBOX,  /* it was collected, and is in the context now */
    PND_FROM_LATER,  /* what is under way for the handle will bring it */
};

struct pnd_operation {
    const char *name;
    uint16_t code;            /* PENDIO_OPERATION_... */
    uint8_t opcode;           /* the kernel's, which must have it */
    uint16_t poll_events;     /* what PND_POLL waits for */
    bool moves;               /* bytes to or from the window */
    bool carries;             /* bytes, but not those of the window */
    bool may_try;             /* PENDIO_TRY looks at once */
    bool finishes_closing;    /* a graceful close lets it finish */
    bool outlives_line;       /* it goes on where the line has come to an end */
    bool gathers;             /* on a stream, one request may have the bytes of several runs */
    int32_t after_disconnect; /* its error then; 0: what else is known, or the kernel says */
    /* Cannot fail: reserve checked everything, and the entry is zeroed. */
    void (*prepare)(const struct pnd_context *context, struct io_uring_sqe *sqe);
    /* NULL: the answer is the error or nothing, and the run leaves nothing behind. */
    enum pnd_verdict (*finish)(struct pnd_context *context, int32_t result, uint32_t cqe_flags);
    /* Before the kernel is asked, each time; NULL: it is always asked. */
    enum pnd_source (*take)(struct pnd_context *context);
    /* Instead of cancelling; NULL: the usual way. */
    void (*stop)(struct pnd_context *context, enum pnd_stop reason);
    /* Gives back what a pending run needed, however it ended; NULL: nothing. */
    void (*release)(struct pnd_context *context);
    /* Gives back what the run has besides, where it ends without a last finish; NULL: nothing. */
    void (*drop)(struct pnd_context *context);
    /* The run is over, done or ready to be told; NULL: nothing is to be done then. */
    void (*over)(struct pnd_context *context);
    /* Gives back what came with a result that nobody will be told of; NULL: nothing. */
    void (*discard)(struct pnd_context *context);
};

/* By lines of a processor's cache: two for a run without a handle, three for most others. */
struct pnd_context {
    /*
     * The completion that is to be, and that of the last run until the next one begins; the names
     * are those of its members.
     */
    union {
        struct pendio_completion coming;
        struct {
            struct pendio_context *coming_context;
            uint64_t coming_user_data;
            uint64_t token; /* slot + generation of the run under way, or of the last one */
            pendio_handle handle_value;
            uint64_t value;
            uint64_t moved_bytes;
            uint64_t coming_memory;
            int32_t error;
            uint16_t coming_operation;
            uint16_t flags;
        };
    };
    /* Where the run is: in one word, which a start sets and a completion checks. */
    union {
        uint64_t phase;
        struct {
            uint8_t state;  /* enum pnd_state */
            uint8_t place;  /* enum pnd_place */
            uint8_t stop;   /* enum pnd_stop */
            bool simple;    /* on no handle, and the answer is the error or nothing */
            bool polling;   /* the entry in the kernel is a poll, the operation follows */
            bool insisting; /* the kernel is to block on it, in a worker */
            bool holding;   /* `line`, while it waits in its second line */
            bool attached;  /* there is more to leave than its handle and line */
        };
    };
    struct pnd_loop *loop;
    const struct pnd_operation *operation; /* NULL: none was ever started */
    uint64_t user_data;                    /* request */
    struct pnd_handle *handle;             /* NULL: none */
    uint8_t policy;                        /* request: PENDIO_AUTO ... */
    bool lending;                          /* request: no memory, but what a receive lends it */
    uint8_t queue;                         /* enum pnd_queue */
    bool uses_extra : 1;                   /* there is something to look at in its extra */
    bool is_timed : 1;                     /* its deadline is in the loop's wheel */
    uint32_t request_flags;                /* request: PENDIO_AUTO_PUT ... */
    struct pnd_window window;              /* request: what to work on */

    TAILQ_ENTRY(pnd_context) line_link; /* in a line, or among the parallel ones of a handle */
    struct pnd_line *line;              /* whose order the run keeps; NULL: none */
    uint32_t lent_buffer;               /* its index + 1; 0: none */
    uint32_t piece_count;               /* request: 0: the memory is no vector */
    struct pnd_window memory;           /* request: what the window is a part of */
    struct pnd_pool *pool;
    uint64_t argument; /* the operation's: offset, flags and mode, descriptor */

    pendio_completed_fn *completed;      /* request */
    void *completed_state;               /* request */
    uint64_t deadline_ns;                /* request */
    struct pnd_handle *product;          /* reserved for what comes out; NULL: none */
    uint64_t lender;                     /* a handle's tag, who may be moving or gone; 0: none */
    uint32_t lent_charge_bytes;          /* what it counts against the quota of `lender` */
    int32_t notice_count;                /* of free memory, that are to come; 0 before a run */
    TAILQ_ENTRY(pnd_context) queue_link; /* in `queue` */
};

#define PND_MIRRORS(ours, theirs)                                                                  \
    _Static_assert(offsetof(struct pnd_context, ours) ==                                           \
                           offsetof(struct pnd_context, coming.theirs) &&                          \
                       _Generic(&((struct pnd_context *)0)->ours,                                  \
                                __typeof__(&((struct pendio_completion *)0)->theirs)               \
                                : true, default                                                    \
                                : false),                                                          \
                   "the completion that is to be")
PND_MIRRORS(coming_context, context);
PND_MIRRORS(coming_user_data, user_data);
PND_MIRRORS(token, run);
PND_MIRRORS(handle_value, handle);
PND_MIRRORS(value, value);
PND_MIRRORS(moved_bytes, bytes);
PND_MIRRORS(coming_memory, memory);
PND_MIRRORS(error, error);
PND_MIRRORS(coming_operation, operation);
PND_MIRRORS(flags, flags);
#undef PND_MIRRORS

/* Who has a slot that no context has: never under way. */
extern struct pnd_context pnd_nobody;

/* The state table: a bit for every state that may follow. */
extern const uint8_t pnd_state_follows[];

/* The phase of a run that is nothing but there. */
static inline uint64_t pnd_phase(enum pnd_state state, enum pnd_place place)
{
    const uint8_t bytes[sizeof(uint64_t)] = {(uint8_t)state, (uint8_t)place};
    uint64_t phase;

    memcpy(&phase, bytes, sizeof phase);
    return phase;
}

_Static_assert(offsetof(struct pnd_context, simple) == offsetof(struct pnd_context, phase) + 3,
               "as below");

/* What is in it besides where the run is `simple`. */
static inline uint64_t pnd_phase_simple(void)
{
    const uint8_t bytes[sizeof(uint64_t)] = {[3] = true};
    uint64_t phase;

    memcpy(&phase, bytes, sizeof phase);
    return phase;
}

/* By which a handle knows it: its slot + 1. */
static inline uint16_t pnd_context_number(const struct pnd_context *context)
{
    return (uint16_t)(pnd_token_slot(context->token) + 1);
}

static inline uint64_t pnd_context_index(const struct pnd_context *context)
{
    return (uint64_t)(context - context->pool->contexts);
}

static inline struct pnd_context_extra *pnd_context_extra(const struct pnd_context *context)
{
    return &context->pool->extras[pnd_context_index(context)];
}

/* For something in it that is to be found there again by whoever looks at all contexts. */
static inline struct pnd_context_extra *pnd_context_use_extra(struct pnd_context *context)
{
    context->uses_extra = true;
    return pnd_context_extra(context);
}

/* The line to wait in when first in its own; NULL: none. */
static inline struct pnd_line *pnd_context_second_line(const struct pnd_context *context)
{
    return context->uses_extra ? pnd_context_extra(context)->second_line : NULL;
}

/* The first of what the run is on handles beside its own; NULL: nothing. */
static inline struct pnd_guest *pnd_context_guests(const struct pnd_context *context)
{
    return context->uses_extra ? pnd_context_extra(context)->guests : NULL;
}

/* Of a run that is over nothing is left but its completion: so a start need not see to that. */
static inline void pnd_context_clear(struct pnd_context *context)
{
    context->handle = NULL;
    context->line = NULL;
}

static inline bool pnd_context_is_clear(const struct pnd_context *context)
{
    return context->handle == NULL && context->line == NULL && context->product == NULL &&
           pnd_context_second_line(context) == NULL && pnd_context_guests(context) == NULL;
}

/* Of the completion that is to be, as much as is known when a run begins. */
static inline void pnd_context_clear_coming(struct pnd_context *context, uint16_t operation_code)
{
    const size_t from = offsetof(struct pnd_context, handle_value);
    const size_t end = offsetof(struct pnd_context, error);

    memset((unsigned char *)context + from, 0, end - from);
    context->coming_user_data = context->user_data;
    context->error = 0;
    context->coming_operation = operation_code;
    context->flags = 0;
}

/* Free, and ready for the straight way if nothing that was asked for is against it. */
static inline void pnd_context_rest(struct pnd_context *context)
{
    context->phase = pnd_phase(PND_FREE, PND_NOWHERE);
    context->attached =
        context->deadline_ns != 0 || context->request_flags != 0 || context->queue != PND_NO_QUEUE;
}

static inline void pnd_context_move(struct pnd_context *context, enum pnd_state next)
{
    assert(pnd_state_follows[context->state] & (1u << next));
    context->state = (uint8_t)next;
}

/* The loop may do it, and the kernel can. */
static inline bool pnd_operation_is_allowed(const struct pnd_operation *operation,
                                            const struct pnd_loop *loop)
{
    return (loop->allowed_operations >> operation->code & 1) != 0 &&
           pnd_opcodes_have(&loop->ring.opcodes, operation->opcode);
}

/* Puts it into that queue; takes it out of whichever it is in. */
static inline void pnd_context_enqueue(struct pnd_context *context, enum pnd_queue queue)
{
    assert(context->queue == PND_NO_QUEUE);
    context->queue = (uint8_t)queue;
    context->attached = true;
    TAILQ_INSERT_TAIL(&context->loop->queues[queue], context, queue_link);
}

static inline void pnd_context_dequeue(struct pnd_context *context)
{
    if (context->queue == PND_NO_QUEUE)
        return;
    TAILQ_REMOVE(&context->loop->queues[context->queue], context, queue_link);
    context->queue = PND_NO_QUEUE;
}

/* 0, or the refusal of a setter: -EBUSY in use, -EINVAL in the pool. */
int pnd_context_check_free(const struct pnd_context *context);

/* 0, or the refusal (counted) of a start without and with a handle; NULL stands for a bad one. */
int pnd_context_reserve(struct pnd_context *context, const struct pnd_operation *operation);
int pnd_context_reserve_on(struct pnd_context *context, const struct pnd_operation *operation,
                           const struct pnd_handle *handle);

/* From now on a run is under way. `handle` may be NULL. */
void pnd_context_begin(struct pnd_context *context, const struct pnd_operation *operation,
                       struct pnd_handle *handle);

/*
 * The result is known in the start call. PENDIO_DONE, counted in *reason_count, or PENDIO_PENDING
 * where policy, budget or an earlier operation of the line (NULL: none) forbid it.
 */
int pnd_context_end(struct pnd_context *context, struct pnd_line *line, uint64_t *reason_count);

/* If the line's ending is known and nothing waits before: the answer, in *ret_answer. */
bool pnd_context_end_as_known(struct pnd_context *context, struct pnd_line *line, int *ret_answer);

/*
 * The ways to be pending: in line, in parallel, for time, for others. The first two may answer
 * PENDIO_DONE: with what was collected before, or under PENDIO_TRY.
 */
int pnd_context_wait_in_line(struct pnd_context *context, struct pnd_line *line);
int pnd_context_go_parallel(struct pnd_context *context);
int pnd_context_wait_for_time(struct pnd_context *context, uint64_t after_ns);
int pnd_context_wait_for_others(struct pnd_context *context);

/* The handle has one operation less; whoever waits for the last of them goes on. */
void pnd_context_settle(struct pnd_loop *loop, struct pnd_handle *handle,
                        const struct pnd_context *ended);

/* The product goes back to where it came from: it is none of this run's any more. */
void pnd_context_drop_product(struct pnd_context *context);

/* Asks the kernel, now or when the ring has room. */
void pnd_context_submit(struct pnd_context *context);

/* Writes the entry of a context; the ring has room. */
void pnd_context_write_entry(struct pnd_context *context);

/* The kernel has answered; and what its operation made of that. */
void pnd_context_completed(struct pnd_context *context, int32_t result, uint32_t cqe_flags);
void pnd_context_follow(struct pnd_context *context, enum pnd_verdict verdict);

/* Time is up for this deadline of a context. */
void pnd_context_is_due(struct pnd_deadline *deadline);

/* The result of the last finished run; all zero but the context while there is none. */
void pnd_context_read_result(const struct pnd_context *context,
                             struct pendio_completion *ret_completion);

/* Those of the line who wait: oldest first, until one has to wait for the kernel or others. */
void pnd_context_advance(struct pnd_line *line);

/* Something was collected for the handle, or no more will be: those who wait for that go on. */
void pnd_context_ask_again(struct pnd_handle *handle);

/* Asks for an early end; completes nothing that the kernel works on. */
void pnd_context_stop(struct pnd_context *context, enum pnd_stop reason);

/* The early end of a run that was asked to stop and that the kernel does not work on. */
void pnd_context_end_early(struct pnd_context *context);

/* Ends the run: leaves line and queues, and tells, at once or when the kernel holds no memory. */
void pnd_context_finish(struct pnd_context *context);

/* The end is in the result and the context ready, or done if its start is still looking. */
void pnd_context_tell(struct pnd_context *context);

/*
 * A ready context is free again; its result is what is to be delivered. Returns the handle that has
 * nothing under way any more and was waiting for that to be closed; else NULL. Its guests are left
 * to pnd_guest_leave().
 */
struct pnd_handle *pnd_context_deliver(struct pnd_context *context);

/* The error the operation ends with; an interruption that was asked for says by whom. */
void pnd_context_fail(struct pnd_context *context, int32_t error);

/* The run's context, if it is under way; NULL: not (any more). */
struct pnd_context *pnd_context_of_run(const struct pnd_loop *loop, pendio_run run);

/* Its window is not one stretch of memory: more pieces than one. */
static inline bool pnd_context_is_vectored(const struct pnd_context *context)
{
    return context->piece_count > 1;
}

static inline void pnd_context_drop(struct pnd_context *context)
{
    if (context->operation->drop != NULL)
        context->operation->drop(context);
}

static inline void pnd_context_discard(struct pnd_context *context)
{
    if (context->operation->discard != NULL)
        context->operation->discard(context);
}

static inline uint64_t pnd_context_left_bytes(const struct pnd_context *context)
{
    return context->window.byte_count - context->moved_bytes;
}

#endif
