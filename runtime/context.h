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

#include "loop.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

struct pnd_context;
struct pnd_race;
struct pnd_packets;

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

struct pnd_window {
    unsigned char *memory;
    uint64_t byte_count;
};

/* A run works on that handle too, which is closed only when the run was delivered. */
struct pnd_guest {
    LIST_ENTRY(pnd_guest) link; /* among the handle's */
    struct pnd_guest *next;     /* among the run's */
    struct pnd_context *context;
    struct pnd_handle *handle;
    bool takes; /* from the handle: no close lets that finish */
};

struct pnd_splice {
    struct pnd_handle *from;
    struct pnd_handle *to;
    uint64_t from_offset; /* PENDIO_STREAMING: in order */
    uint64_t to_offset;
    uint8_t stage;
    bool unblocked;          /* `to`, until the run ends */
    uint32_t held_buffer;    /* its index + 1, while a piece of it is handed over; 0: none */
    struct pnd_window piece; /* that piece */
    struct pnd_guest guests[2];
};

/* Room for the entries with a datagram's destination: one of either protocol. */
enum { PND_CONTROL_MORE = 72 };

/* What came beside a message. */
struct pnd_told {
    struct pendio_endpoint destination;
    uint64_t control_bytes;
    uint32_t interface_index;
};

/* Of a send that is to copy nothing. */
struct pnd_zero_copy {
    uint64_t run;         /* whose this is: of a run before it is void */
    int32_t copied_count; /* notices of memory that was copied, less those of nothing sent */
    bool asked;           /* the request in the kernel is such a one */
    bool refused;         /* the rest is to be sent as ever */
};

/* What only some operations need; in an array of its own, untouched pages cost nothing. */
struct pnd_context_extra {
    struct pendio_endpoint endpoint; /* request */
    struct pendio_bytes *pieces;     /* request: a copy; laid out as struct iovec */
    uint32_t piece_room;             /* pieces there is memory for */
    bool owns_pieces;                /* the memory is not the pool's */
    struct pnd_window control;       /* request: ancillary data */
    struct pnd_window control_room;  /* for control memory of that size and PND_CONTROL_MORE */
    uint64_t control_rest[PND_CONTROL_MORE / sizeof(uint64_t)]; /* the room without any */
    struct pnd_told told;
    struct pendio_endpoint sender;
    struct msghdr message;
    struct iovec piece;
    uint32_t piece_index;    /* of a vector under way: the piece that is next */
    uint64_t passed_bytes;   /* and what those before it hold */
    char peeked;             /* of a receive that takes nothing */
    bool pausing;            /* the entry in the kernel lets time pass, the send follows */
    const char *other_path;  /* rename: to */
    struct pnd_race *race;   /* of a connect by name; NULL: none yet */
    struct pnd_guest target; /* of an accept into a prepared handle */
    struct pnd_splice splice;
    struct pnd_zero_copy zero_copy;
    uint64_t interrupted;        /* the run whose request was cancelled for another's sake */
    struct pnd_packets *packets; /* of send_packets; kept, NULL: never needed */
    struct pnd_move *move;       /* under way */
};

struct pnd_context {
    /* The completion that is to be; the names are those of its members. */
    union {
        struct pendio_completion coming;
        struct {
            struct pendio_context *coming_context;
            uint64_t user_data; /* request */
            uint64_t token;     /* slot + generation of the run under way, or of the last one */
            pendio_handle handle_value;
            uint64_t value; /* where there is no product */
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
            bool holding;   /* `line`, while it waits in second_line */
            bool attached;  /* there is more to leave than its handle and line */
        };
    };
    struct pnd_loop *loop;
    struct pnd_pool *pool;
    const struct pnd_operation *operation;
    struct pnd_handle *handle;      /* NULL: none */
    struct pnd_line *line;          /* whose order the run keeps; NULL: none */
    struct pnd_line *second_line;   /* to wait in when first in `line`; NULL: none */
    struct pnd_guest *guests;       /* of the run, beside `handle` */
    uint8_t policy;                 /* request: PENDIO_AUTO ... */
    bool lending;                   /* request: no memory, but what a receive lends it */
    uint32_t request_flags;         /* request: PENDIO_AUTO_PUT ... */
    uint32_t piece_count;           /* request: 0: the memory is no vector */
    uint32_t lent_buffer;           /* its index + 1; 0: none */
    uint32_t lent_charge_bytes;     /* what it counts against the quota of `lender` */
    uint64_t lender;                /* a handle's tag, who may be moving or gone; 0: none */
    int32_t notice_count;           /* of free memory, that are still to come; 0 before a run */
    uint64_t argument;              /* the operation's: offset, flags and mode, descriptor */
    const char *path;               /* open, and what works on paths; NULL: the handle itself */
    struct pnd_handle *product;     /* reserved for what comes out; NULL: none */
    struct pnd_window window;       /* request: what to work on */
    struct pnd_window memory;       /* request: what the window is a part of */
    uint64_t deadline_ns;           /* request */
    pendio_completed_fn *completed; /* request */
    void *completed_state;          /* request */
    struct pnd_context_extra *extra;
    struct pnd_deadline deadline;
    TAILQ_ENTRY(pnd_context) line_link;  /* in a line, or among the parallel ones of a handle */
    TAILQ_ENTRY(pnd_context) queue_link; /* in the loop's backlog, cancels or returns */
    struct pnd_context_list *queue;      /* which of them; NULL: none */
    struct pendio_completion result;     /* of the last finished run */
};

#define PND_MIRRORS(ours, theirs)                                                                  \
    _Static_assert(offsetof(struct pnd_context, ours) ==                                           \
                           offsetof(struct pnd_context, coming.theirs) &&                          \
                       sizeof(((struct pnd_context *)0)->ours) ==                                  \
                           sizeof(((struct pendio_completion *)0)->theirs),                        \
                   "the completion that is to be")
PND_MIRRORS(coming_context, context);
PND_MIRRORS(user_data, user_data);
PND_MIRRORS(token, run);
PND_MIRRORS(handle_value, handle);
PND_MIRRORS(value, value);
PND_MIRRORS(moved_bytes, bytes);
PND_MIRRORS(coming_memory, memory);
PND_MIRRORS(error, error);
PND_MIRRORS(coming_operation, operation);
PND_MIRRORS(flags, flags);
#undef PND_MIRRORS

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

/* Free, and ready for the straight way if nothing that was asked for is against it. */
static inline void pnd_context_rest(struct pnd_context *context)
{
    context->phase = pnd_phase(PND_FREE, PND_NOWHERE);
    context->attached =
        context->deadline_ns != 0 || context->request_flags != 0 || context->queue != NULL;
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

/* Puts it into the loop's backlog, cancels or returns; takes it out of whichever it is in. */
static inline void pnd_context_enqueue(struct pnd_context *context, struct pnd_context_list *queue)
{
    assert(context->queue == NULL);
    context->queue = queue;
    context->attached = true;
    TAILQ_INSERT_TAIL(queue, context, queue_link);
}

static inline void pnd_context_dequeue(struct pnd_context *context)
{
    if (context->queue == NULL)
        return;
    TAILQ_REMOVE(context->queue, context, queue_link);
    context->queue = NULL;
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
void pnd_context_settle(struct pnd_handle *handle, const struct pnd_context *ended);

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
