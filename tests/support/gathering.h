/*
 * gathering.h - a stream, sends with memory of their own pattern, and a peer that takes nothing
 * until it is told to.
 */
#ifndef GATHERING_H
#define GATHERING_H

#include "fixture.h"

enum { GATHERING_COUNT = 8, GATHERING_BYTES = 1000, GATHERING_ROOM = 1 << 17 };

struct gathering {
    struct fixture fixture;
    struct fixture_pair pair;
    int near_descriptor; /* a duplicate */
    size_t clogged_bytes;
    struct pendio_context *contexts[GATHERING_COUNT];
    unsigned char memory[GATHERING_COUNT][GATHERING_BYTES]; /* filled with the index as seed */
};

extern struct gathering gathering;

void gathering_begin(enum fixture_family family);

/* The peer closes; nothing is left. */
void gathering_end(void);

/* How much the stream holds; what it holds already stays. */
void gathering_set_room(int byte_count);

/* From now on the stream takes nothing more; and it does again, once that was read. */
void gathering_clog(void);
void gathering_unclog(void);

/* Starts them, one after another: all are pending. */
void gathering_send(int first, int count);

/* All of it is handed over, and not answered. */
void gathering_hand_over(void);

void gathering_cancel(int index);

/* The next delivery is that send, whole. */
void gathering_expect_whole(int index);

/* The next that arrives are so many bytes of that send. */
void gathering_expect_bytes(int index, size_t byte_count);

#endif
