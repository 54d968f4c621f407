/*
 * plan.h - a workload, checked completely and compiled into arrays that a run can follow.
 *
 * A plan refers to the strings of its workload, which must outlive it.
 */
#ifndef PND_PLAN_H
#define PND_PLAN_H

#include "draw.h"
#include "load.h"
#include "messages.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PND_PLAN_NONE = -1,         /* an index that names nothing */
    PND_PLAN_ERROR_COUNT = 8,   /* errors one step may expect */
    PND_PLAN_SELF = 0,          /* handle index of "self" */
    PND_PLAN_PLACE_COUNT = 16,  /* daemons one run may be on */
    PND_PLAN_TOLD_COUNT = 1024, /* binds and signals that others are told in one run */
};

#define PND_PLAN_OPEN UINT32_MAX /* a count of rounds nobody knows beforehand */

/* What a run may use at most; a workload may ask for less, never for more. */
struct pnd_plan_limits {
    uint64_t context_count;
    uint64_t memory_bytes;
    uint64_t time_ms;
    uint64_t descriptor_count;
};

/* The answers a step's start may get, as bits. */
enum {
    PND_PLAN_DONE = 1,
    PND_PLAN_PENDING = 2,
    PND_PLAN_REFUSED = 4,
};

struct pnd_plan_expectation {
    uint8_t answers; /* PND_PLAN_... bits; 0: all, but a refusal only with a named error */
    uint8_t error_count;
    bool check_bytes;
    uint16_t flags; /* PENDIO_... that must be set */
    int32_t errors[PND_PLAN_ERROR_COUNT];
    uint64_t bytes_minimum;
    uint64_t bytes_maximum;
    bool check_size;
    uint64_t size; /* a STAT tells */
    bool loopback;
    bool check_descriptors;
    uint32_t descriptors;
    int32_t sender_index; /* endpoint */
    int32_t destination_index;
    bool check_value;
    uint64_t value;
    uint64_t latency_most_ns; /* 0: not looked at */
};

struct pnd_plan_packet {
    int32_t endpoint_index; /* PND_PLAN_NONE: nothing */
    int32_t handle_index;
    Pendio__PacketSource source;
    uint64_t offset;
    uint64_t bytes;
    uint64_t sent_bytes; /* how many that means */
};

struct pnd_plan_step {
    Pendio__Operation operation;
    int32_t handle_index; /* of the actor */
    int32_t into_index;
    int32_t prepared_index; /* handle to accept into */
    int32_t context_index;  /* of the actor */
    int32_t endpoint_index;
    int32_t target_index; /* endpoint */
    int32_t event_index;
    int32_t actor_index; /* to start with an accepted connection */
    uint32_t pool_index;
    uint32_t policy; /* PENDIO_AUTO ... */
    uint32_t close_mode;
    uint32_t times;
    uint32_t backlog;
    Pendio__Memory memory;
    Pendio__Content content;
    bool offset_by_instance;
    bool advance;
    bool whole;
    bool background;
    bool create;
    bool callback;
    bool directory;
    bool data_only;
    bool reuse;
    uint32_t flags; /* PENDIO_AUTO_PUT ... */
    const uint32_t *pieces;
    uint32_t piece_size_count;
    uint32_t piece_count; /* all of its vector */
    uint64_t bytes;
    uint64_t offset;
    uint64_t deadline_ns;
    uint64_t after_ns;
    uint32_t poll_events;
    uint32_t exit_code;
    uint32_t number; /* of a signal */
    const char *host;
    uint32_t pass_count;
    uint32_t control_bytes; /* also what passing takes */
    struct pnd_plan_packet *packets;
    uint32_t packet_count;
    int32_t from_index; /* handle to splice from */
    int32_t write_end_index;
    uint64_t to_offset;
    bool drawn;                    /* its bytes are, up to `bytes` */
    struct pnd_draw_rule bytes_of; /* when they are */
    uint32_t weight;
    int32_t label_index; /* of the actor; others name it in `after` */
    uint32_t *after;     /* steps of its block, by their number */
    uint32_t after_count;
    Pendio__Operation failing; /* FAIL: that one ends with `error` */
    int32_t error;
    struct pnd_plan_expectation expect;
};

struct pnd_plan_block {
    uint32_t repeat_count; /* rounds at most; PND_PLAN_OPEN: its load says */
    uint32_t step_count;
    Pendio__Order order;
    bool loaded;
    bool thinks;
    uint64_t weight_sum; /* ONE_OF_THEM */
    struct pnd_load_rule load;
    struct pnd_draw_rule think;
    uint64_t round_count; /* that are expected */
    struct pnd_plan_step *steps;
};

struct pnd_plan_actor {
    const char *name;
    uint32_t instance_count;  /* at the start */
    uint64_t instance_total;  /* with those that accepted connections begin */
    uint64_t operation_count; /* starts of one instance, as expected */
    uint32_t block_count;
    uint32_t handle_count; /* names, "self" included */
    uint32_t context_count;
    uint32_t label_count;
    bool loaded; /* one of its blocks is */
    struct pnd_plan_block *blocks;
    const char **handle_names;
    const char **context_names;
};

struct pnd_plan_pool {
    const char *name;
    uint32_t context_count;
    uint64_t slice_bytes;
    uint64_t caller_bytes; /* of memory outside the arena, for each context */
    uint32_t control_bytes;
    uint64_t vector_bytes; /* of pieces and the gaps between them */
    uint32_t piece_count;  /* the most of one vector */
};

struct pnd_plan_endpoint {
    const char *name;
    Pendio__Family family;
    uint64_t file_bytes;
    bool told; /* it is bound here, and used at other places */
};

struct pnd_plan_event {
    bool told;  /* counted here, and waited for at other places */
    bool heard; /* waited for here, and counted at other places */
};

/* The part of a run that is here, when others are elsewhere. */
struct pnd_plan_placement {
    bool given; /* else everything is here */
    uint32_t place;
    uint32_t place_count;
    int family;          /* of the address; 0: loopback */
    uint8_t address[16]; /* where endpoints are bound that others use */
};

struct pnd_plan {
    const Pendio__Workload *workload;
    uint64_t seed;
    uint64_t needs; /* features, as pendio.h has their bits */
    uint64_t time_ms;
    uint64_t operation_count; /* starts of the whole run, as expected */
    uint64_t context_count;
    uint64_t instance_total;
    uint32_t handle_count;
    uint32_t harvest_count;
    uint32_t pool_count;
    uint32_t endpoint_count;
    uint32_t actor_count;
    uint32_t event_count;
    uint32_t piece_count;                /* the most of one vector */
    uint32_t packet_count;               /* the most of one step */
    bool passes;                         /* descriptors */
    bool loaded;                         /* a block is */
    bool dies;                           /* a step is DIE */
    const struct pnd_plan_step *failing; /* the first FAIL; NULL: there is none */
    struct pnd_plan_pool *pools;
    struct pnd_plan_endpoint *endpoints;
    struct pnd_plan_actor *actors;
    const char **events;
    struct pnd_plan_event *event_ways; /* one for each */
    struct pnd_plan_placement placement;
};

/* The daemon's ceilings; descriptors from RLIMIT_NOFILE. */
void pnd_plan_limits_init(struct pnd_plan_limits *limits);

/*
 * Returns 0, -EINVAL (the workload contradicts the schema's rules, or `placement` is none), -E2BIG
 * (it asks for more than `limits`) or -ENOMEM, with `error` naming the element, what is wrong and
 * the remedy.
 *
 * Of a workload at several places it is what is at this one: actors elsewhere have no instances,
 * pools that only they use no contexts. Without a placement (NULL) everything is here.
 */
int pnd_plan_check(const Pendio__Workload *workload, const Pendio__Placement *placement,
                   const struct pnd_plan_limits *limits, struct pnd_message_error *error);

/* As pnd_plan_check(), and the plan, to be freed with pnd_plan_destroy(). */
int pnd_plan_create(const Pendio__Workload *workload, const Pendio__Placement *placement,
                    const struct pnd_plan_limits *limits, struct pnd_plan **ret_plan,
                    struct pnd_message_error *error);

/* NULL is allowed. */
void pnd_plan_destroy(struct pnd_plan *plan);

/* Where a walk over all steps is. Zeroed at first. */
struct pnd_plan_walk {
    uint32_t actor_index;
    uint32_t block_index;
    uint32_t step_index;
    uint32_t next_index; /* of the step after it, if its block has one */
};

/* The next step, in the order of the plan, and where it is; NULL: there was none after the last. */
const struct pnd_plan_step *pnd_plan_next_step(const struct pnd_plan *plan,
                                               struct pnd_plan_walk *walk);

/* pendio.h's number of an operation that is started with a context; 0 for others. */
uint16_t pnd_plan_start(Pendio__Operation operation);

/* True for operations started with a context. */
bool pnd_plan_is_start(Pendio__Operation operation);

/* The schema's name of an operation. Never NULL. */
const char *pnd_plan_operation_name(Pendio__Operation operation);

#endif
