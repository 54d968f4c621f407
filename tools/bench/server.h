/* server.h - echo servers: one and the same job, by the means of each. */
#ifndef PND_BENCH_SERVER_H
#define PND_BENCH_SERVER_H

#include "bench.h"

struct pnd_bench_wiring {
    int *descriptors; /* connected; the server takes each and puts -1 there */
    uint32_t count;
    uint32_t window_bytes; /* memory of a connection, or of a buffer */
    uint32_t buffer_count; /* of servers whose connections share buffers; a power of two */
    uint64_t spin_ns;      /* pendio looks for so long before it sleeps */
};

/* Each returns 0 or -errno; -EINTR: a signal came while it slept. */
struct pnd_bench_server {
    int (*create)(const struct pnd_bench_wiring *wiring, void **ret_server);

    /*
     * Sends back so many bytes of all connections together, and is then ready for more: whatever
     * asks for the next data has been handed to the kernel. -ENOTCONN: all connections have ended.
     */
    int (*serve)(void *server, uint64_t byte_count);
    void (*destroy)(void *server);
};

extern const struct pnd_bench_server pnd_bench_ring_window, pnd_bench_ring_window_direct;
extern const struct pnd_bench_server pnd_bench_ring_lending, pnd_bench_ring_lending_direct;
extern const struct pnd_bench_server pnd_bench_pendio_window, pnd_bench_pendio_lending;
extern const struct pnd_bench_server pnd_bench_pendio; /* by the strategy it chooses itself */
extern const struct pnd_bench_server pnd_bench_epoll;
extern const struct pnd_bench_server pnd_bench_libuv;

#endif
