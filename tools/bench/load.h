/* load.h - the generator: connections, what goes out on them, and whether it comes back. */
#ifndef PND_BENCH_LOAD_H
#define PND_BENCH_LOAD_H

#include "bench.h"

enum { PND_BENCH_LOAD_PIECE = 65536 }; /* bytes of payload that lie in one stretch */

struct pnd_bench_load {
    uint32_t connection_count;
    uint32_t message_bytes;
    uint32_t depth;
    uint32_t first, wave_count; /* connections that take their turn now */
    uint64_t position;          /* in the stream of each of them */
    int *clients;               /* the generator's ends */
    int *servers;               /* the others; whoever takes one puts -1 there */
};

/* Connections as the case describes them, their buffers large enough. Returns 0 or -errno. */
int pnd_bench_load_init(struct pnd_bench_load *load, const struct pnd_bench_case *bench_case);
void pnd_bench_load_fini(struct pnd_bench_load *load);

/*
 * `depth` messages on each connection of a wave: all of them, or as many as the system can hold the
 * data of. Returns 0, or -EAGAIN: they do not fit.
 */
int pnd_bench_load_send(struct pnd_bench_load *load);

/*
 * All of that has come back; the next wave is next. Returns 0, -EBADMSG other bytes, -ETIMEDOUT too
 * few of them.
 */
int pnd_bench_load_verify(struct pnd_bench_load *load);

/* Before the first use of the payload; pnd_bench_load_init() does it, too. */
void pnd_bench_load_prepare(void);

/* What a message at this place of the stream of this connection looks like. */
const unsigned char *pnd_bench_load_payload(uint32_t connection, uint64_t position);

/* Reads and compares so many bytes of one connection. Returns as pnd_bench_load_verify(). */
int pnd_bench_load_expect(int descriptor, uint32_t connection, uint64_t position,
                          uint64_t byte_count);

/* A listener of that family, on an address of the system's choice. Returns 0 or -errno. */
int pnd_bench_load_listen(int family, int backlog, int *ret_descriptor);

/* A connection to it, not yet accepted. Returns 0 or -errno. */
int pnd_bench_load_connect(int listener, int *ret_descriptor);

/* Closes it with a reset: no connection waits for its last packets to die out. */
void pnd_bench_load_dismiss(int descriptor);

#endif
