/* clients.h - connections to a server in another process, and what goes out and comes back. */
#ifndef PND_BENCH_CLIENTS_H
#define PND_BENCH_CLIENTS_H

#include "address.h"

#include <stdint.h>
#include <sys/epoll.h>

enum { PND_BENCH_CLIENTS_EVENTS = 256 };

struct pnd_bench_client {
    int descriptor;
    uint64_t due;      /* how far its stream may be sent */
    uint64_t sent;     /* how far it was */
    uint64_t received; /* how far it came back, and was compared */
    uint64_t origin;   /* where it stood when this measurement began */
};

struct pnd_bench_clients {
    int epoll;
    uint32_t count;
    uint32_t message_bytes;
    struct pnd_bench_client *all;
};

/* All are connected. Returns 0 or -errno. */
int pnd_bench_clients_init(struct pnd_bench_clients *clients,
                           const struct pnd_bench_address *address, uint32_t count,
                           uint32_t message_bytes);
void pnd_bench_clients_fini(struct pnd_bench_clients *clients);

/* Lets so many messages more out on that connection. Returns 0 or -errno. */
int pnd_bench_clients_send(struct pnd_bench_clients *clients, uint32_t index, uint32_t messages);

/*
 * What an event asks for: sends what did not fit before, compares all that has come. Returns 0,
 * -EBADMSG other bytes came, -ECONNRESET the server is gone, or another -errno.
 */
int pnd_bench_clients_follow(struct pnd_bench_clients *clients, const struct epoll_event *event);

/*
 * Closed loop: keeps `depth` messages of each connection under way for so long, and until all are
 * back. Returns 0 or -errno, as above.
 */
int pnd_bench_clients_run(struct pnd_bench_clients *clients, uint32_t depth, int64_t duration_ns,
                          uint64_t *ret_messages);

/*
 * Open loop: a message every interval_ns, whatever comes back, each connection in turn. A latency
 * is counted from the moment the message was to go, not from when it went. Returns 0, -ETIMEDOUT,
 * or -errno as above.
 */
int pnd_bench_clients_pace(struct pnd_bench_clients *clients, uint32_t messages, double interval_ns,
                           double *ret_latencies_ns);

#endif
