/*
 * parting.h - a connection over which memory and a file are sent, with its end behind them.
 */
#ifndef PARTING_H
#define PARTING_H

#include "connection.h"

enum {
    PARTING_FILE_BYTES = 3 << 20,
    PARTING_HEAD_BYTES = 100,
    PARTING_ALL_BYTES = PARTING_HEAD_BYTES + PARTING_FILE_BYTES
};

struct parting {
    struct fixture fixture;
    struct fixture_file file;
    struct fixture_pair pair; /* its room is far smaller than the file */
    struct pendio_context *context;
    struct pendio_packet packets[2]; /* the head, from memory, and the file */
    unsigned char content[PARTING_FILE_BYTES];
    unsigned char seen[PARTING_ALL_BYTES];
};

extern struct parting parting;

void parting_begin(enum fixture_family family);
void parting_end(void);

/* Sends the packets, pending. */
void parting_start(uint32_t packet_count, uint32_t flags);

/* Reads everything as it comes while the loop turns, and compares it. */
void parting_take_all(void);

/* The next delivery is that of the packets. */
void parting_expect_told(int32_t error, uint64_t byte_count, uint16_t flags);

/* The connection goes on. */
void parting_expect_connected(void);

/* The handle is disconnected, and good for that with reuse. */
void parting_expect_disconnected(void);

#endif
