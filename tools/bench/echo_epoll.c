/*
 * echo_epoll.c - the floor without a ring: edge-triggered epoll, ordinary system calls, one hot
 *                buffer for all connections.
 *
 * Happy path:  wait -> receive until there is less than asked for -> send each piece at once.
 * Failures:    what cannot be sent yet is kept, and goes before anything else is received; a
 *              connection that ends or fails is closed.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENT_COUNT = 256 };

struct connection {
    int descriptor;
    uint32_t bytes; /* received and not sent */
    uint32_t gone;  /* of them sent */
    unsigned char *kept;
};

struct server {
    int epoll;
    uint32_t count, open_count;
    uint32_t window_bytes;
    unsigned char *window;
    struct connection *connections;
};

static int create(const struct pnd_bench_wiring *wiring, void **ret_server);
static int watch_all(struct server *server, const struct pnd_bench_wiring *wiring);
static int serve(void *state, uint64_t byte_count);
static uint64_t go_on(struct server *server, struct connection *connection);
static bool send_kept(struct connection *connection, uint64_t *sent);
static bool echo_piece(struct server *server, struct connection *connection, uint32_t bytes,
                       uint64_t *sent);
static void finish(struct server *server, struct connection *connection);
static void destroy(void *state);

const struct pnd_bench_server pnd_bench_epoll = {
    .create = create,
    .serve = serve,
    .destroy = destroy,
};

static int create(const struct pnd_bench_wiring *wiring, void **ret_server)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    int status = server->epoll < 0 ? -errno : 0;
    server->window_bytes = wiring->window_bytes;
    server->window = malloc(wiring->window_bytes);
    server->connections = calloc(wiring->count, sizeof *server->connections);
    if (status == 0 && (server->window == NULL || server->connections == NULL))
        status = -ENOMEM;
    if (status == 0)
        status = watch_all(server, wiring);
    if (status < 0)
        destroy(server);
    else
        *ret_server = server;
    return status;
}

static int watch_all(struct server *server, const struct pnd_bench_wiring *wiring)
{
    for (; server->count < wiring->count; server->count++, server->open_count++) {
        struct connection *connection = &server->connections[server->count];
        connection->descriptor = wiring->descriptors[server->count];
        wiring->descriptors[server->count] = -1;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                    .data.u32 = server->count};
        if (fcntl(connection->descriptor, F_SETFL, O_NONBLOCK) < 0 ||
            epoll_ctl(server->epoll, EPOLL_CTL_ADD, connection->descriptor, &event) < 0)
            return -errno;
    }
    return 0;
}

static int serve(void *state, uint64_t byte_count)
{
    struct epoll_event events[EVENT_COUNT];
    struct server *server = state;
    uint64_t echoed = 0;

    while (echoed < byte_count && server->open_count > 0) {
        int count = epoll_wait(server->epoll, events, EVENT_COUNT, -1);
        if (count < 0)
            return -errno;
        for (int index = 0; index < count; index++)
            echoed += go_on(server, &server->connections[events[index].data.u32]);
    }
    return server->open_count == 0 ? -ENOTCONN : 0;
}

/* Until the kernel has no more data, or no more room. Returns how many bytes were sent. */
static uint64_t go_on(struct server *server, struct connection *connection)
{
    uint64_t sent = 0;
    if (connection->descriptor < 0 || !send_kept(connection, &sent))
        return sent;
    for (;;) {
        ssize_t got = recv(connection->descriptor, server->window, server->window_bytes, 0);
        if (got < 0 && errno == EAGAIN)
            return sent;
        if (got <= 0) {
            finish(server, connection);
            return sent;
        }
        /* Less than asked for: that was all; what comes later is another edge. */
        if (!echo_piece(server, connection, (uint32_t)got, &sent) ||
            (uint32_t)got < server->window_bytes)
            return sent;
    }
}

/* True: nothing is kept any more. */
static bool send_kept(struct connection *connection, uint64_t *sent)
{
    while (connection->gone < connection->bytes) {
        ssize_t gone = send(connection->descriptor, connection->kept + connection->gone,
                            connection->bytes - connection->gone, MSG_NOSIGNAL);
        if (gone < 0)
            return false;
        connection->gone += (uint32_t)gone;
        *sent += (uint64_t)gone;
    }
    return true;
}

/* True: all of it has gone. */
static bool echo_piece(struct server *server, struct connection *connection, uint32_t bytes,
                       uint64_t *sent)
{
    ssize_t gone = send(connection->descriptor, server->window, bytes, MSG_NOSIGNAL);
    if (gone == (ssize_t)bytes) {
        *sent += bytes;
        return true;
    }
    if (gone < 0 && errno != EAGAIN) {
        finish(server, connection);
        return false;
    }
    gone = gone < 0 ? 0 : gone;
    *sent += (uint64_t)gone;
    if (connection->kept == NULL)
        connection->kept = malloc(server->window_bytes);
    if (connection->kept == NULL) {
        finish(server, connection);
        return false;
    }
    connection->bytes = bytes - (uint32_t)gone;
    connection->gone = 0;
    memcpy(connection->kept, server->window + gone, connection->bytes);
    return false;
}

static void finish(struct server *server, struct connection *connection)
{
    (void)close(connection->descriptor);
    connection->descriptor = -1;
    server->open_count--;
}

static void destroy(void *state)
{
    struct server *server = state;
    for (uint32_t index = 0; index < server->count; index++) {
        if (server->connections[index].descriptor >= 0)
            (void)close(server->connections[index].descriptor);
        free(server->connections[index].kept);
    }
    if (server->epoll >= 0)
        (void)close(server->epoll);
    free(server->connections);
    free(server->window);
    free(server);
}
