/*
 * ledger.h - the books of a run: every start and every delivery is entered and judged.
 *
 * The ledger never calls the runtime. It is told what was asked, what was answered and what the
 * context showed of itself before and after, and holds that against the contract. So it judges a
 * lying runtime just as well. All its memory is reserved at the beginning.
 */
#ifndef PND_LEDGER_H
#define PND_LEDGER_H

#include "plan.h"
#include "referee.h"
#include "table.h"

#include <pendio/pendio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PND_LEDGER_LINE_COUNT = 2 }; /* receives and sends of one handle keep their order */

/* What a context shows of itself. */
struct pnd_snapshot {
    struct pendio_completion result;
    pendio_run run;
    void *memory;
    size_t byte_count;
    struct pendio_request request;
};

/* What is asked of a context. */
struct pnd_start {
    struct pendio_context *context;
    pendio_handle handle; /* 0: none */
    pendio_handle into;   /* prepared for an accept; 0: none */
    void *memory;
    size_t byte_count;
    size_t behind_bytes; /* of the context's memory behind its window, looked at as well */
    uint64_t user_data;
    uint64_t deadline_ns;
    uint64_t after_ns;
    uint64_t started_ns; /* just before the call */
    uint32_t policy;
    uint32_t flags; /* PENDIO_AUTO_PUT ... */
    uint16_t operation;
    struct pnd_trace_place place; /* of the step it is for */
    bool lending;                 /* no memory of its own: a receive lends it some */
    bool reuse;                   /* of a disconnect */
    bool streaming;               /* READ and WRITE at the file's position */
    bool callback;
};

/* The page of one context. */
struct pnd_context_page {
    struct pnd_start start;        /* the last one accepted */
    struct pendio_request request; /* as it was then */
    pendio_run run;
    uint64_t sequence; /* of the start within its line */
    uint64_t start_count;
    uint32_t pool_index;
    uint32_t pool_slot; /* its number among those of the pool, in order of first taking */
    bool taken;
    bool pending;
    bool cancel_asked;
    bool returning; /* to its pool, when the next turn begins */
};

enum pnd_handle_kind {
    PND_KIND_STREAM,
    PND_KIND_DATAGRAM,
    PND_KIND_SEQPACKET,
    PND_KIND_FILE,
};

/* The page of one handle, kept until it is closed and nothing is under way on it. */
struct pnd_handle_page {
    pendio_handle handle;
    uint32_t number; /* in order of opening, from 1 */
    Pendio__Family family;
    enum pnd_handle_kind kind;
    bool closing;
    bool closed;
    bool end_seen;
    bool unusable; /* its connect was ended by cancel or deadline */
    uint32_t next_free;
    uint32_t pending_count;
    uint32_t into_count; /* accepts that may still bring a connection into it */
    uint32_t done_count; /* in turn `done_turn` */
    uint64_t done_turn;
    uint64_t started[PND_LEDGER_LINE_COUNT];
    uint64_t arrived[PND_LEDGER_LINE_COUNT][2]; /* by record, by callback */
    uint32_t line_pending[PND_LEDGER_LINE_COUNT];
    uint64_t failed[PND_LEDGER_LINE_COUNT]; /* the start whose failure was the stream's; 0: none */
};

struct pnd_pool_page {
    uint32_t context_count;
    uint32_t page_count;
    uint32_t taken_count;
    uint32_t put_count;
    uint32_t *put_back; /* pages, the one put back last on top */
    uint64_t slice_bytes;
};

struct pnd_ledger_counts {
    uint64_t done;
    uint64_t pending;
    uint64_t refused;
    uint64_t refused_invalid;
    uint64_t refused_handle;
    uint64_t refused_busy;
    uint64_t refused_no_capacity;
    uint64_t refused_shutdown;
    uint64_t delivered_callback;
    uint64_t delivered_record;
    uint64_t posts_accepted;
    uint64_t posts_delivered;
    uint64_t gets;
    uint64_t exhausted;
    uint64_t reuses;
    uint64_t contexts_taken;
    uint64_t contexts_high_water;
    uint64_t handles_open;
    uint64_t bytes_sent;
    uint64_t bytes_received;
};

struct pnd_ledger {
    struct pnd_referee *referee;
    struct pnd_trace trace;
    struct pnd_ledger_counts counts;
    bool shutting_down;
    bool turning; /* what is delivered is delivered by a turn */
    bool calling; /* a start call has not returned yet */
    uint32_t done_budget;
    uint32_t loop_done_count;
    uint64_t loop_done_turn;
    uint64_t turn;
    uint64_t *runs;      /* seen lately, each at its hash */
    uint32_t *returning; /* pages, in order of delivery */
    uint32_t returning_count;
    struct pnd_context_page *contexts;
    uint32_t context_count;
    uint32_t context_capacity;
    struct pnd_table context_table;
    struct pnd_handle_page *handles;
    uint32_t handle_capacity;
    uint32_t handle_free;   /* first free page */
    uint32_t handle_number; /* of the one opened last */
    struct pnd_table handle_table;
    struct pnd_pool_page *pools;
    uint32_t pool_count;
};

/* Returns 0 or -ENOMEM. done_budget 0: the library's default. */
int pnd_ledger_init(struct pnd_ledger *ledger, struct pnd_referee *referee,
                    const struct pnd_plan *plan);
void pnd_ledger_fini(struct pnd_ledger *ledger);

/* The context's page, or NULL when it was never taken. */
struct pnd_context_page *pnd_ledger_context(const struct pnd_ledger *ledger,
                                            const struct pendio_context *context);

/* The handle's page, or NULL when it is not open (any more). */
struct pnd_handle_page *pnd_ledger_handle(const struct pnd_ledger *ledger, pendio_handle handle);

/* A get answered `status`; `context` and `shown` count when that is 0. True when it was right. */
bool pnd_ledger_get(struct pnd_ledger *ledger, uint32_t pool_index, int status,
                    struct pendio_context *context, const struct pnd_snapshot *shown);
void pnd_ledger_put(struct pnd_ledger *ledger, const struct pendio_context *context, int status);

/* A handle came into being. Returns its page, or NULL when there are too many or it is open. */
struct pnd_handle_page *pnd_ledger_open(struct pnd_ledger *ledger, pendio_handle handle,
                                        Pendio__Family family);

/* A close without a context was answered `status`. */
void pnd_ledger_close_now(struct pnd_ledger *ledger, pendio_handle handle, int status);

/* A turn begins: budgets are renewed, what returns to its pool by itself is there. */
void pnd_ledger_turn(struct pnd_ledger *ledger);

/* All that it delivered was entered. */
void pnd_ledger_turned(struct pnd_ledger *ledger);

/* A start call is about to be made; its answer ends it. */
void pnd_ledger_calling(struct pnd_ledger *ledger);

/* A start was answered `status` at `now_ns`. */
void pnd_ledger_start(struct pnd_ledger *ledger, const struct pnd_start *start, int status,
                      const struct pnd_snapshot *before, const struct pnd_snapshot *after,
                      uint64_t now_ns);

/*
 * A completion was delivered. Returns the page of its context when it belongs to a pending run,
 * else NULL.
 */
struct pnd_context_page *pnd_ledger_deliver(struct pnd_ledger *ledger,
                                            const struct pendio_completion *completion,
                                            const struct pnd_snapshot *shown, bool by_callback,
                                            uint64_t now_ns);

/* A cancel of `run`, started last with the page's context, was answered `status`. */
void pnd_ledger_cancel(struct pnd_ledger *ledger, struct pnd_context_page *page, pendio_run run,
                       int status);

void pnd_ledger_post(struct pnd_ledger *ledger, int status);
void pnd_ledger_post_delivered(struct pnd_ledger *ledger,
                               const struct pendio_completion *completion, bool known);

/*
 * Holds the runtime's counters (NULL: it has none) against the books, and the books against
 * themselves. A run that did not come to its end may leave contexts taken.
 */
void pnd_ledger_settle(struct pnd_ledger *ledger, const struct pendio_loop_statistics *statistics,
                       bool finished);

/* For ledger_start.c and ledger_deliver.c: one run ended, with a done answer or a delivery. */
void pnd_ledger_judge(struct pnd_ledger *ledger, struct pnd_context_page *page,
                      const struct pendio_completion *completion, uint64_t now_ns);

/* The page of the handle a connection is accepted into, or NULL. */
struct pnd_handle_page *pnd_ledger_into(const struct pnd_ledger *ledger,
                                        const struct pnd_start *start);

/* The request half is as it was at the start. */
void pnd_ledger_judge_request(struct pnd_ledger *ledger, const struct pnd_context_page *page,
                              const struct pnd_snapshot *shown);

/* It works on its context's window. */
bool pnd_ledger_has_window(const struct pnd_start *start);

/* Its value is a new handle. */
bool pnd_ledger_makes_handle(const struct pnd_start *start);

/* Which line of its handle an operation stands in, or -1. */
int pnd_ledger_line(const struct pnd_start *start);

/* True once for each run value; forgets those of long ago. */
bool pnd_ledger_run_is_fresh(struct pnd_ledger *ledger, pendio_run run);

/* For ledger_start.c and ledger_deliver.c: what is judged from now on is about that context. */
void pnd_ledger_about(struct pnd_ledger *ledger, const struct pnd_context_page *page);

/* For the same: enters an event of the context, whose last start it is about. */
void pnd_ledger_trace(struct pnd_ledger *ledger, const struct pnd_context_page *page,
                      const struct pnd_trace_event *event);

/* Taken, cancelled, put back: an event that has nothing of the operation itself but an answer. */
void pnd_ledger_trace_plain(struct pnd_ledger *ledger, const struct pnd_context_page *page,
                            enum pnd_trace_kind kind, int error);

/* The number of a handle that is open, else 0. */
uint32_t pnd_ledger_handle_number(const struct pnd_ledger *ledger, pendio_handle handle);

/* For ledger_deliver.c: the context goes back when the next turn begins. */
void pnd_ledger_return(struct pnd_ledger *ledger, struct pnd_context_page *page);

/* True when both were set alike. */
bool pnd_ledger_same_request(const struct pendio_request *a, const struct pendio_request *b);

/* Forgets a handle's page when it is closed and nothing is under way on it. */
void pnd_ledger_release(struct pnd_ledger *ledger, struct pnd_handle_page *handle);

#endif
