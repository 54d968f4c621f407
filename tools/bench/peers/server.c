/*
 * server.c - the echo servers of the paired rounds, each as a program of its own:
 *
 *     bench_server NAME tcp|unix PORT|PATH CONNECTIONS
 *
 * bench_counted is the same with pendio alone, by a libpendio that counts its calls (counting.c).
 *
 * Happy path:  listen, say "ready", accept so many connections, serve them until all have ended.
 * Failures:    a server that fails says why, exit 1. It ends on SIGTERM by itself.
 */
#include "server.h"
#include "address.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 16384, BUFFER_MINIMUM = 16, BUFFER_MAXIMUM = 4096, BACKLOG = 1024 };

static const struct entry {
    const char *name;
    const struct pnd_bench_server *server;
    uint64_t spin_ns;
} entries[] = {
    {"pendio", &pnd_bench_pendio, 0},
    {"pendio-spin", &pnd_bench_pendio, 50000},
#ifdef PENDIO_BENCH_COUNTED
    {"pendio-lending", &pnd_bench_pendio_lending, 0},
#else
    {"ring-window", &pnd_bench_ring_window, 0},
    {"ring-lending", &pnd_bench_ring_lending, 0},
    {"epoll", &pnd_bench_epoll, 0},
#ifdef PENDIO_BENCH_LIBUV
    {"libuv", &pnd_bench_libuv, 0},
#endif
#endif
};

static const struct entry *find(const char *name);
static int listen_at(const struct pnd_bench_address *address);
static int accept_all(int listener, struct pnd_bench_wiring *wiring);
static int serve(const struct pnd_bench_server *server, const struct pnd_bench_wiring *wiring);

int main(int count, char **words)
{
    struct pnd_bench_address address;
    const struct entry *entry = count == 5 ? find(words[1]) : NULL;
    struct pnd_bench_wiring wiring = {.window_bytes = WINDOW_BYTES, .buffer_count = BUFFER_MINIMUM};

    if (entry == NULL || pnd_bench_address_read(words[2], words[3], &address) < 0) {
        (void)fputs("usage: bench_server NAME tcp|unix PORT|PATH CONNECTIONS\n", stderr);
        return 2;
    }
    wiring.spin_ns = entry->spin_ns;
    wiring.count = (uint32_t)strtoul(words[4], NULL, 10);
    while (wiring.buffer_count < 2 * wiring.count && wiring.buffer_count < BUFFER_MAXIMUM)
        wiring.buffer_count *= 2;
    wiring.descriptors = calloc(wiring.count, sizeof(int));
    int status = wiring.descriptors == NULL ? -ENOMEM : listen_at(&address);
    if (status >= 0)
        status = accept_all(status, &wiring);
    if (status == 0)
        status = serve(entry->server, &wiring);
    free(wiring.descriptors);
    if (status < 0)
        (void)fprintf(stderr, "%s: %s\n", entry->name, strerror(-status));
    return status < 0;
}

static const struct entry *find(const char *name)
{
    for (size_t index = 0; index < sizeof entries / sizeof entries[0]; index++)
        if (strcmp(entries[index].name, name) == 0)
            return &entries[index];
    return NULL;
}

static int listen_at(const struct pnd_bench_address *address)
{
    int yes = 1;
    int listener = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return -errno;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (const struct sockaddr *)&address->address, address->byte_count) < 0 ||
        listen(listener, BACKLOG) < 0)
        return -errno;
    if (puts("ready") < 0 || fflush(stdout) != 0)
        return -EIO;
    return listener;
}

static int accept_all(int listener, struct pnd_bench_wiring *wiring)
{
    const int yes = 1;
    for (uint32_t index = 0; index < wiring->count; index++) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (descriptor < 0)
            return -errno;
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        wiring->descriptors[index] = descriptor;
    }
    return 0;
}

static int serve(const struct pnd_bench_server *server, const struct pnd_bench_wiring *wiring)
{
    void *state;
    int status = server->create(wiring, &state);
    if (status < 0)
        return status;
    do
        status = server->serve(state, UINT64_MAX);
    while (status == -EINTR);
    server->destroy(state);
    return status == -ENOTCONN ? 0 : status;
}
