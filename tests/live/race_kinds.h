/*
 * race_kinds.h - what may race with what, and how the books are kept of it.
 *
 * A race has a context of its own, and everything its kinds need: streams, listeners, clients.
 * The loop's thread starts, asks for the end, takes the result and settles; the other thread makes
 * the event.
 */
#ifndef RACE_KINDS_H
#define RACE_KINDS_H

#include "live.h"

enum race_kind {
    RACE_RECEIVE,  /* a cancel, and data */
    RACE_ACCEPT,   /* a cancel, and a client */
    RACE_TIMER,    /* a cancel, and time */
    RACE_DEADLINE, /* a deadline, a cancel, and data */
    RACE_SEND,     /* a cancel, and room */
    RACE_CLOSE,    /* the handle's close, and data */
    RACE_KIND_COUNT,
};

enum race_end { RACE_HAPPENED, RACE_CANCELLED, RACE_TIMED_OUT, RACE_CLOSED, RACE_END_COUNT };

struct race_stream {
    pendio_handle near;
    int far;
    uint64_t put_bytes;   /* into it, as its writers say */
    uint64_t taken_bytes; /* out of it, as its readers say */
};

struct race {
    struct live_bench *bench;
    struct pendio_context *context;
    uint64_t index;
    uint64_t random;       /* of the loop's thread */
    uint64_t event_random; /* of the other one */
    enum race_kind kind;
    bool under_way;
    bool closing; /* RACE_CLOSE has asked */
    pendio_run run;
    struct race_stream incoming; /* of receives */
    struct race_stream outgoing; /* of sends */
    struct race_stream doomed;   /* of RACE_CLOSE, new in every round */
    pendio_handle listener;
    struct pendio_endpoint address; /* the listener's */
    int client;                     /* made by the other thread */
    uint64_t accepted_count;
    unsigned char in[64];
};

void race_init(struct race *race, struct live_bench *bench, uint64_t index);
void race_fini(struct race *race);

/* Starts the operation of race->kind. */
void race_start(struct race *race);

/* Makes what it waits for happen; on the other thread. */
void race_event(struct race *race);

/* Asks for its end. */
void race_ask(struct race *race);

/* Books what its one completion says. */
enum race_end race_ended(struct race *race, const struct pendio_completion *result);

/* Collects what the round left over, and fails if that is not what must be left. */
void race_settle(struct race *race);

/* A line of how often each kind ended how. */
void race_report(const uint64_t kinds[RACE_KIND_COUNT], const uint64_t ends[RACE_END_COUNT]);

#endif
