/*
 * echo_ring.c - the floor without lending: a bare ring, one receive or send under way for each
 *               connection, in memory of its own.
 *
 * Happy path:  submit and wait in one call -> a receive becomes a send of what came, a send becomes
 *              the next receive.
 * Failures:    a short send is continued; a connection that ends or fails is closed.
 */
#include "ring.h"
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    int descriptor;
    uint32_t bytes; /* to be sent */
    uint32_t gone;  /* of them sent */
    unsigned char *memory;
};

struct server {
    struct io_uring ring;
    struct connection *connections;
    unsigned char *memory;
    uint32_t count, open_count;
    uint32_t window_bytes;
    bool is_direct; /* the kernel looks no descriptor up */
};

static int create_plain(const struct pnd_bench_wiring *wiring, void **ret_server);
static int create_direct(const struct pnd_bench_wiring *wiring, void **ret_server);
static int create(const struct pnd_bench_wiring *wiring, bool is_direct, void **ret_server);
static int make_room(struct server *server, const struct pnd_bench_wiring *wiring);
static void receive(struct server *server, uint32_t index);
static int serve(void *state, uint64_t byte_count);
static void collect(struct server *server, uint64_t *echoed);
static uint64_t go_on(struct server *server, uint64_t token, int result);
static void send_rest(struct server *server, uint32_t index);
static void destroy(void *state);

const struct pnd_bench_server pnd_bench_ring_window = {
    .create = create_plain,
    .serve = serve,
    .destroy = destroy,
};

const struct pnd_bench_server pnd_bench_ring_window_direct = {
    .create = create_direct,
    .serve = serve,
    .destroy = destroy,
};

static int create_plain(const struct pnd_bench_wiring *wiring, void **ret_server)
{
    return create(wiring, false, ret_server);
}

static int create_direct(const struct pnd_bench_wiring *wiring, void **ret_server)
{
    return create(wiring, true, ret_server);
}

static int create(const struct pnd_bench_wiring *wiring, bool is_direct, void **ret_server)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    int status = pnd_bench_ring_init(&server->ring, wiring->count, 2 * wiring->count);
    if (status < 0) {
        free(server);
        return status;
    }
    server->is_direct = is_direct;
    status = make_room(server, wiring);
    if (status < 0) {
        destroy(server);
        return status;
    }
    for (; server->count < wiring->count; server->count++) {
        struct connection *connection = &server->connections[server->count];
        connection->descriptor = wiring->descriptors[server->count];
        connection->memory = server->memory + (size_t)server->count * wiring->window_bytes;
        wiring->descriptors[server->count] = -1;
        receive(server, server->count);
    }
    server->open_count = server->count;
    status = io_uring_submit(&server->ring);
    *ret_server = server;
    return status < 0 ? status : 0;
}

static int make_room(struct server *server, const struct pnd_bench_wiring *wiring)
{
    server->window_bytes = wiring->window_bytes;
    server->connections = calloc(wiring->count, sizeof *server->connections);
    server->memory = malloc((size_t)wiring->count * wiring->window_bytes);
    if (server->connections == NULL || server->memory == NULL)
        return -ENOMEM;
    return server->is_direct
               ? io_uring_register_files(&server->ring, wiring->descriptors, wiring->count)
               : 0;
}

/* A token is the connection, with its lowest bit set for a send. */
static void receive(struct server *server, uint32_t index)
{
    struct connection *connection = &server->connections[index];
    struct io_uring_sqe *entry = pnd_bench_ring_entry(&server->ring);
    io_uring_prep_recv(entry, server->is_direct ? (int)index : connection->descriptor,
                       connection->memory, server->window_bytes, 0);
    entry->flags |= server->is_direct ? IOSQE_FIXED_FILE : 0;
    io_uring_sqe_set_data64(entry, (uint64_t)index << 1);
}

static int serve(void *state, uint64_t byte_count)
{
    struct server *server = state;
    uint64_t echoed = 0;
    int status = 0;

    while (echoed < byte_count && server->open_count > 0) {
        status = io_uring_submit_and_wait(&server->ring, 1);
        if (status < 0)
            return status;
        collect(server, &echoed);
    }
    status = io_uring_submit(&server->ring);
    if (status >= 0 && server->open_count == 0)
        status = -ENOTCONN;
    return status < 0 ? status : 0;
}

static void collect(struct server *server, uint64_t *echoed)
{
    struct io_uring_cqe *completion;
    unsigned head, count = 0;

    io_uring_for_each_cqe(&server->ring, head, completion)
    {
        *echoed += go_on(server, completion->user_data, completion->res);
        count++;
    }
    io_uring_cq_advance(&server->ring, count);
}

/* Returns how many bytes that sent. */
static uint64_t go_on(struct server *server, uint64_t token, int result)
{
    uint32_t index = (uint32_t)(token >> 1);
    struct connection *connection = &server->connections[index];
    if (result <= 0) {
        (void)close(connection->descriptor);
        connection->descriptor = -1;
        server->open_count--;
        return 0;
    }
    if ((token & 1) == 0) {
        connection->bytes = (uint32_t)result;
        connection->gone = 0;
        send_rest(server, index);
        return 0;
    }
    connection->gone += (uint32_t)result;
    if (connection->gone < connection->bytes)
        send_rest(server, index);
    else
        receive(server, index);
    return (uint64_t)result;
}

static void send_rest(struct server *server, uint32_t index)
{
    struct connection *connection = &server->connections[index];
    struct io_uring_sqe *entry = pnd_bench_ring_entry(&server->ring);
    io_uring_prep_send(entry, server->is_direct ? (int)index : connection->descriptor,
                       connection->memory + connection->gone, connection->bytes - connection->gone,
                       MSG_NOSIGNAL);
    entry->flags |= server->is_direct ? IOSQE_FIXED_FILE : 0;
    io_uring_sqe_set_data64(entry, (uint64_t)index << 1 | 1);
}

/* The ring goes first: what is under way on it ends with it, and then the memory is free. */
static void destroy(void *state)
{
    struct server *server = state;
    for (uint32_t index = 0; index < server->count; index++)
        if (server->connections[index].descriptor >= 0)
            (void)shutdown(server->connections[index].descriptor, SHUT_RDWR);
    while (server->open_count > 0) {
        uint64_t ignored = 0;
        if (io_uring_submit_and_wait(&server->ring, 1) < 0)
            break;
        collect(server, &ignored);
    }
    io_uring_queue_exit(&server->ring);
    free(server->connections);
    free(server->memory);
    free(server);
}
