/*
 * engine.h - runs a plan: instances of actors as small state machines over one loop.
 *
 * An instance walks through its steps. A step that must wait leaves the instance waiting; what it
 * waits for puts it back into the queue of those that can go on. One queue, one loop, no recursion.
 */
#ifndef PND_ENGINE_H
#define PND_ENGINE_H

#include "alarm.h"
#include "latency.h"
#include "ledger.h"
#include "payload.h"
#include "plan.h"
#include "referee.h"
#include "subject.h"
#include "sums.h"
#include "timeline.h"

#include <pendio/pendio.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum pnd_instance_state {
    PND_INSTANCE_UNUSED,
    PND_INSTANCE_READY,
    PND_INSTANCE_AWAITS_DELIVERY,
    PND_INSTANCE_AWAITS_BACKGROUND,
    PND_INSTANCE_AWAITS_CONTEXT,
    PND_INSTANCE_AWAITS_CAPACITY,
    PND_INSTANCE_AWAITS_EVENT,
    PND_INSTANCE_AWAITS_ROUND,
    PND_INSTANCE_PAUSED,
    PND_INSTANCE_ENDED,
};

/* A context an instance knows by name. */
struct pnd_named_context {
    struct pendio_context *context; /* also after it was put back: the last one */
    pendio_run held_run;            /* that lent it what HOLD_BUFFERS looked at; 0: none */
    uint64_t held_sum;
    bool taken;
};

struct pnd_instance {
    const struct pnd_plan_actor *actor;
    struct pnd_instance *next; /* in the one queue it stands in */
    pendio_handle *handles;
    struct pnd_named_context *contexts;
    uint32_t *over_counts; /* starts that are over in this round, of each step with a label */
    struct pnd_load *load; /* NULL: none of its actor's blocks has one */
    struct pnd_draw draw;
    uint64_t wake_ns;     /* while it waits for a time */
    uint64_t round_ns;    /* when its round is, or was, to begin; only with a load or thinking */
    uint64_t drawn_bytes; /* of the start at hand, which may have to be tried again */
    pid_t process;        /* begun by its last SPAWN; 0: none */
    enum pnd_instance_state state;
    uint32_t index; /* among its actor's */
    uint32_t block_index;
    uint32_t iteration;
    uint32_t step_index;
    uint32_t started_count; /* of the step's `times` */
    uint32_t foreground_count;
    uint32_t background_count;
    bool warming;  /* has not finished its first iteration */
    bool decided;  /* when its next round begins */
    bool in_round; /* else between two */
    bool drawn;    /* `drawn_bytes` are */
};

struct pnd_queue {
    struct pnd_instance *first;
    struct pnd_instance *last;
};

/* One start of a context, on behalf of a step; `whole` starts the same context again. */
struct pnd_task {
    struct pnd_instance *instance;
    const struct pnd_plan_step *step;
    struct pendio_context *context;
    struct pnd_task *next; /* among those that wait for capacity */
    uint64_t started_ns;
    uint64_t bytes;       /* of the step, or drawn */
    uint64_t moved_bytes; /* by `whole` so far; at the end: all that came, for an echo */
    uint64_t offset;      /* of the window's first byte in its stream or file */
    uint32_t stream;
    uint32_t number;      /* among the step's `times` */
    uint32_t block_index; /* of the round that started it */
    uint32_t iteration;
    Pendio__Family family;
    bool counted; /* in its instance's foreground or background */
    bool named;
};

/* What passes over one handle. */
struct pnd_flow {
    struct pnd_payload_reader reader;
    uint64_t sent_bytes; /* of its stream */
    uint64_t position;   /* of a file read or written in streaming */
    uint32_t stream;     /* that it sends, or that its file holds; 0: none yet */
    bool unfollowed;     /* bytes came in that the reader did not see */
    bool learned;        /* whose stream comes in */
    bool ended;          /* the end of it was told */
};

struct pnd_engine_pool {
    struct pendio_pool *pool;
    struct pnd_queue waiting;
    uint8_t *caller_memory; /* a piece for each context, in order of their pages */
    uint64_t caller_bytes;
    uint8_t *vector_memory; /* the same, for pieces */
    uint64_t vector_bytes;
    uint8_t *control_memory; /* and for control data */
    uint64_t control_bytes;
};

struct pnd_engine_endpoint {
    struct pendio_endpoint address;
    uint32_t bind_count;
    char path[32]; /* of a file */
};

struct pnd_engine_event {
    struct pnd_queue waiting;
    uint64_t count;
};

struct pnd_elsewhere;
struct pnd_engine;
typedef void pnd_engine_progress_fn(struct pnd_engine *engine, void *state);

struct pnd_engine {
    const struct pnd_plan *plan;
    const struct pnd_subject *subject; /* that is judged */
    struct pendio_loop *loop;
    struct pnd_engine_pool *pools;
    struct pnd_engine_endpoint *endpoints;
    struct pnd_engine_event *events;
    struct pnd_elsewhere *elsewhere; /* NULL: everything is here */
    struct pnd_instance *instances;
    pendio_handle *handle_memory; /* of all instances */
    struct pnd_named_context *context_memory;
    uint32_t *over_count_memory;
    struct pnd_load *load_memory;
    struct pnd_task *tasks; /* one for each page of a context */
    struct pnd_flow *flows; /* one for each page of a handle */
    struct pendio_completion *completions;
    struct pendio_bytes *pieces;   /* of the vector at hand */
    struct pendio_packet *packets; /* of the start at hand */
    int passed;                    /* a file whose descriptors are passed; -1: none */
    struct pnd_queue ready;
    struct pnd_queue capacity;
    struct pnd_alarms alarms;
    struct pnd_task *waiting_tasks;
    pnd_engine_progress_fn *progress;
    void *progress_state;
    uint64_t begun_ns;
    uint64_t ended_ns;
    uint64_t stop_ns;      /* when the run ends whatever happens */
    uint64_t delivered_ns; /* when the delivery at hand came */
    uint64_t next_progress_ns;
    uint64_t nonce;
    uint64_t operations;    /* finished starts and refusals */
    uint64_t retries;       /* after a refusal for want of capacity */
    uint32_t *begun_counts; /* instances begun, of each actor */
    uint64_t fixed_sum;     /* of what the contract fixes */
    bool clocked;           /* a clock ends one of the blocks */
    uint32_t next_stream;
    uint32_t handle_used; /* of the memory */
    uint32_t context_used;
    uint32_t over_count_used;
    uint32_t load_used;
    uint32_t instance_used;
    uint32_t live_count;
    uint32_t warming_count;
    bool warm;
    bool offended; /* a rule was broken: the end is near */
    bool stopping;
    bool finished; /* every instance came to its end */
    bool descriptors_limited;
    bool dying;                      /* by its DIE, now */
    struct rlimit descriptor_limits; /* as they were before */
    bool leaked;                     /* the kernel may still write: memory must not be freed */
    char skip_reason[160];
    bool has_statistics; /* the subject has some */
    struct pendio_loop_statistics statistics;
    struct pnd_payload payload;
    struct pnd_referee referee;
    struct pnd_ledger ledger;
    struct pnd_sums sums;
    struct pnd_timeline timeline;
    struct pnd_latency latency;
    struct pnd_latency round_latency; /* of rounds with a load, from when they were to begin */
};

/* What an engine is made of, in the order of time. */
enum pnd_engine_part {
    PND_ENGINE_MEMORY,
    PND_ENGINE_ENDPOINT, /* the file of the one at `index` */
    PND_ENGINE_LOOP,
    PND_ENGINE_POOL, /* the one at `index` */
};

struct pnd_engine_failure {
    enum pnd_engine_part part;
    uint32_t index;
};

/*
 * Reserves everything the run will need, and creates loop, pools and files. Returns 0, or -errno
 * and which part failed.
 */
int pnd_engine_create(const struct pnd_plan *plan, const struct pnd_subject *subject,
                      pnd_engine_progress_fn *progress, void *state, struct pnd_engine **ret_engine,
                      struct pnd_engine_failure *failure);
void pnd_engine_destroy(struct pnd_engine *engine);

/* Runs until every instance has ended, a rule was broken, or time is up. */
void pnd_engine_run(struct pnd_engine *engine);

/* Shuts the loop down and settles the books; the statistics stay. */
void pnd_engine_finish(struct pnd_engine *engine);

/* The subject can no longer be asked: the run ends, and nothing from now on is an offence. */
void pnd_engine_give_up(struct pnd_engine *engine);

/* Now on the monotonic clock. */
uint64_t pnd_engine_now_ns(void);

/* The subject as it shows itself through one context. */
void pnd_engine_look(const struct pnd_engine *engine, const struct pendio_context *context,
                     struct pnd_snapshot *ret_snapshot);

/* Lets those walk who are ready, until they wait. */
void pnd_engine_run_ready(struct pnd_engine *engine);

/* One delivery, by record or callback. */
void pnd_engine_deliver(struct pnd_engine *engine, const struct pendio_completion *completion,
                        bool by_callback);

#endif
