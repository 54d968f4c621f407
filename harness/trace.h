/*
 * trace.h - what happened to each context, remembered in memory that is reserved beforehand.
 *
 * Each context has a ring of its last events, which tells how it came to an offence. Of the whole
 * run the first events are kept, when the workload asks for them. Contexts are numbered in order of
 * first taking, handles in order of opening, both from 1: so that two traces can be laid beside
 * each other.
 */
#ifndef PND_TRACE_H
#define PND_TRACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PND_TRACE_RING_COUNT = 32,
    PND_TRACE_DEFAULT_COUNT = 1000, /* events of the whole run */
    PND_TRACE_LIMIT_COUNT = 20000,  /* so that a report stays a message */
};

enum pnd_trace_kind { /* as the schema has them */
                      PND_TRACE_TAKEN = 1,
                      PND_TRACE_STARTED,
                      PND_TRACE_DELIVERED,
                      PND_TRACE_CANCELLED,
                      PND_TRACE_PUT_BACK,
};

enum pnd_trace_answer { /* as the schema has them */
                        PND_TRACE_NO_ANSWER,
                        PND_TRACE_DONE,
                        PND_TRACE_PENDING,
                        PND_TRACE_REFUSED,
};

/* The step an event happened at. */
struct pnd_trace_place {
    uint32_t actor_index;
    uint32_t instance_index; /* among its actor's */
    uint32_t block_index;
    uint32_t step_index;
    bool known;
};

struct pnd_trace_event {
    uint64_t elapsed_ns;
    uint64_t generation; /* starts of the context until then, this one included */
    uint64_t bytes;
    uint32_t context; /* its number */
    uint32_t handle;  /* its number; 0: none that is open */
    int32_t error;
    uint16_t operation; /* as pendio.h has it; 0: none yet */
    uint16_t flags;
    enum pnd_trace_kind kind;
    enum pnd_trace_answer answer;
    struct pnd_trace_place place;
};

struct pnd_trace_ring {
    uint64_t count; /* of all events; the last ones are there */
    struct pnd_trace_event events[PND_TRACE_RING_COUNT];
};

struct pnd_trace {
    struct pnd_trace_ring *rings; /* one for each context */
    struct pnd_trace_event *first_events;
    uint32_t first_count;
    uint32_t first_capacity; /* 0: nobody asked for them */
    uint64_t begun_ns;
    uint64_t now_ns;              /* as of the last look at the clock */
    struct pnd_trace_place place; /* what the engine is at */
};

/* Rings for so many contexts, and room for so many events of the run. Returns 0 or -ENOMEM. */
int pnd_trace_init(struct pnd_trace *trace, uint64_t context_count, uint32_t event_count);
void pnd_trace_fini(struct pnd_trace *trace);

/* It is so late. Time never goes back. */
void pnd_trace_look(struct pnd_trace *trace, uint64_t now_ns);

/* Enters an event of the context at `index`; its time, number and place are filled in. */
void pnd_trace_enter(struct pnd_trace *trace, uint32_t index, const struct pnd_trace_event *event);

/* The events still in the ring, oldest first. Returns how many. */
uint32_t pnd_trace_last(const struct pnd_trace_ring *ring,
                        struct pnd_trace_event ret_events[PND_TRACE_RING_COUNT]);

#endif
