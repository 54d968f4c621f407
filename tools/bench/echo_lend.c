/*
 * echo_lend.c - the floor with lending: a bare ring, one multishot receive for each connection, in
 *               buffers that the kernel takes from a ring and that are sent from as they are.
 *
 * Happy path:  submit and wait in one call -> what came waits in its connection's line of pieces ->
 *              one send under way for each connection -> a buffer nobody needs goes back.
 * Failures:    a receive that ended is armed again, without a buffer as soon as there is one; a
 *              short send is continued; a connection that ends or fails is closed.
 */
#include "ring.h"
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint32_t none = UINT32_MAX;

/* The kernel has no more of them than that while they do: those used last, which are still warm. */
enum { WARM_COUNT = 1024 };

/* Bytes of one buffer, to be sent on one connection. */
struct piece {
    uint32_t buffer, offset, bytes;
    uint32_t next; /* of the connection, or of those free */
};

struct connection {
    int descriptor;
    uint32_t first, last; /* pieces; a send of the first one is under way */
    bool is_starved;      /* waits for a buffer before it receives again */
    bool has_ended;
};

struct buffer_use {
    uint32_t filled; /* bytes of it */
    uint32_t pieces;
    bool is_kernels;
};

struct server {
    struct io_uring ring;
    struct pnd_bench_buffers buffers;
    struct buffer_use *uses;
    uint32_t kernels_count; /* buffers the kernel has */
    uint32_t *spares;       /* those nobody has; the last one is the next to be given */
    uint32_t spare_count;
    struct piece *pieces;
    uint32_t free_piece;
    struct connection *connections;
    uint32_t count, open_count, starved_count;
    bool is_direct; /* the kernel looks no descriptor up */
};

static int create_plain(const struct pnd_bench_wiring *wiring, void **ret_server);
static int create_direct(const struct pnd_bench_wiring *wiring, void **ret_server);
static int create(const struct pnd_bench_wiring *wiring, bool is_direct, void **ret_server);
static int make_room(struct server *server, const struct pnd_bench_wiring *wiring);
static int make_buffers(struct server *server, const struct pnd_bench_wiring *wiring);
static void receive(struct server *server, uint32_t index);
static int serve(void *state, uint64_t byte_count);
static void collect(struct server *server, uint64_t *echoed);
static void take(struct server *server, uint32_t index, int result, unsigned flags);
static void take_piece(struct server *server, uint32_t index, uint32_t bytes, unsigned flags);
static bool lengthen_last(struct server *server, const struct connection *connection,
                          uint32_t buffer, uint32_t offset, uint32_t bytes);
static void send_first(struct server *server, uint32_t index);
static uint64_t go_on(struct server *server, uint32_t index, int result);
static void drop_first(struct server *server, struct connection *connection);
static void give_buffers(struct server *server);
static void feed_starved(struct server *server);
static void finish(struct server *server, uint32_t index);
static void destroy(void *state);

const struct pnd_bench_server pnd_bench_ring_lending = {
    .create = create_plain,
    .serve = serve,
    .destroy = destroy,
};

const struct pnd_bench_server pnd_bench_ring_lending_direct = {
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
    int status = pnd_bench_ring_init(&server->ring, 2 * wiring->count, 8 * wiring->count + 64);
    if (status < 0) {
        free(server);
        return status;
    }
    server->is_direct = is_direct;
    status = make_room(server, wiring);
    if (status == 0 && is_direct)
        status = io_uring_register_files(&server->ring, wiring->descriptors, wiring->count);
    if (status < 0) {
        destroy(server);
        return status;
    }
    for (; server->count < wiring->count; server->count++, server->open_count++) {
        struct connection *connection = &server->connections[server->count];
        *connection = (struct connection){.first = none, .last = none};
        connection->descriptor = wiring->descriptors[server->count];
        wiring->descriptors[server->count] = -1;
        receive(server, server->count);
    }
    status = io_uring_submit(&server->ring);
    *ret_server = server;
    return status < 0 ? status : 0;
}

/* A piece for every completion there can be at once, and every buffer as often as it can be cut. */
static int make_room(struct server *server, const struct pnd_bench_wiring *wiring)
{
    uint32_t piece_count = 64 * wiring->count + 4096;
    server->pieces = calloc(piece_count, sizeof *server->pieces);
    server->uses = calloc(wiring->buffer_count, sizeof *server->uses);
    server->connections = calloc(wiring->count, sizeof *server->connections);
    server->spares = calloc(wiring->buffer_count, sizeof *server->spares);
    if (server->pieces == NULL || server->uses == NULL || server->connections == NULL ||
        server->spares == NULL)
        return -ENOMEM;
    for (uint32_t index = 0; index < piece_count; index++)
        server->pieces[index].next = index + 1 < piece_count ? index + 1 : none;
    return make_buffers(server, wiring);
}

static int make_buffers(struct server *server, const struct pnd_bench_wiring *wiring)
{
    server->kernels_count = wiring->buffer_count < WARM_COUNT ? wiring->buffer_count : WARM_COUNT;
    for (uint32_t index = 0; index < server->kernels_count; index++)
        server->uses[index].is_kernels = true;
    for (uint32_t index = wiring->buffer_count; index-- > server->kernels_count;)
        server->spares[server->spare_count++] = index;
    return pnd_bench_buffers_init(&server->buffers, &server->ring, wiring->buffer_count,
                                  wiring->window_bytes, server->kernels_count);
}

/* A token is the connection, with its lowest bit set for a send. */
static void receive(struct server *server, uint32_t index)
{
    struct io_uring_sqe *entry = pnd_bench_ring_entry(&server->ring);
    io_uring_prep_recv_multishot(
        entry, server->is_direct ? (int)index : server->connections[index].descriptor, NULL, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT | (server->is_direct ? IOSQE_FIXED_FILE : 0);
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
        uint32_t index = (uint32_t)(completion->user_data >> 1);
        if ((completion->user_data & 1) == 0)
            take(server, index, completion->res, completion->flags);
        else
            *echoed += go_on(server, index, completion->res);
        count++;
    }
    io_uring_cq_advance(&server->ring, count);
    give_buffers(server);
    if (server->starved_count > 0 && server->kernels_count > 0)
        feed_starved(server);
}

static void take(struct server *server, uint32_t index, int result, unsigned flags)
{
    struct connection *connection = &server->connections[index];

    if (result > 0)
        take_piece(server, index, (uint32_t)result, flags);
    if ((flags & IORING_CQE_F_MORE) != 0)
        return;
    if (result > 0) {
        receive(server, index);
    } else if (result == -ENOBUFS) {
        connection->is_starved = true;
        server->starved_count++;
    } else {
        connection->has_ended = true;
        if (connection->first == none)
            finish(server, index);
    }
}

static void take_piece(struct server *server, uint32_t index, uint32_t bytes, unsigned flags)
{
    struct connection *connection = &server->connections[index];
    uint32_t buffer = flags >> IORING_CQE_BUFFER_SHIFT;
    struct buffer_use *use = &server->uses[buffer];
    uint32_t offset = use->filled;

    use->filled += bytes;
    if (!server->buffers.is_incremental || (flags & PND_BENCH_BUFFER_MORE) == 0) {
        use->is_kernels = false;
        server->kernels_count--;
    }
    if (lengthen_last(server, connection, buffer, offset, bytes))
        return;

    uint32_t piece = server->free_piece;
    server->free_piece = server->pieces[piece].next;
    server->pieces[piece] = (struct piece){buffer, offset, bytes, none};
    use->pieces++;
    if (connection->first == none) {
        connection->first = connection->last = piece;
        send_first(server, index);
        return;
    }
    server->pieces[connection->last].next = piece;
    connection->last = piece;
}

/* What follows on what already waits is sent together with it; not so what is under way. */
static bool lengthen_last(struct server *server, const struct connection *connection,
                          uint32_t buffer, uint32_t offset, uint32_t bytes)
{
    if (connection->last == none || connection->last == connection->first)
        return false;
    struct piece *last = &server->pieces[connection->last];
    if (last->buffer != buffer || last->offset + last->bytes != offset)
        return false;
    last->bytes += bytes;
    return true;
}

static void send_first(struct server *server, uint32_t index)
{
    const struct connection *connection = &server->connections[index];
    const struct piece *piece = &server->pieces[connection->first];
    const unsigned char *memory =
        server->buffers.memory + (size_t)piece->buffer * server->buffers.bytes + piece->offset;
    struct io_uring_sqe *entry = pnd_bench_ring_entry(&server->ring);
    io_uring_prep_send(entry, server->is_direct ? (int)index : connection->descriptor, memory,
                       piece->bytes, MSG_NOSIGNAL);
    entry->flags |= server->is_direct ? IOSQE_FIXED_FILE : 0;
    io_uring_sqe_set_data64(entry, (uint64_t)index << 1 | 1);
}

/* Returns how many bytes that sent. */
static uint64_t go_on(struct server *server, uint32_t index, int result)
{
    struct connection *connection = &server->connections[index];
    struct piece *piece = &server->pieces[connection->first];

    if (result > 0 && (uint32_t)result < piece->bytes) {
        piece->offset += (uint32_t)result;
        piece->bytes -= (uint32_t)result;
        send_first(server, index);
        return (uint64_t)result;
    }
    drop_first(server, connection);
    while (result < 0 && connection->first != none)
        drop_first(server, connection);
    if (connection->first != none)
        send_first(server, index);
    else if (connection->has_ended)
        finish(server, index);
    return result > 0 ? (uint64_t)result : 0;
}

static void drop_first(struct server *server, struct connection *connection)
{
    uint32_t index = connection->first;
    struct piece *piece = &server->pieces[index];
    struct buffer_use *use = &server->uses[piece->buffer];

    connection->first = piece->next;
    if (connection->first == none)
        connection->last = none;
    if (--use->pieces == 0 && !use->is_kernels) {
        *use = (struct buffer_use){0};
        server->spares[server->spare_count++] = piece->buffer;
    }
    piece->next = server->free_piece;
    server->free_piece = index;
}

/* More than are kept warm only where there are receives that found none. */
static void give_buffers(struct server *server)
{
    uint32_t wanted = WARM_COUNT + server->starved_count;
    while (server->kernels_count < wanted && server->spare_count > 0) {
        uint32_t buffer = server->spares[--server->spare_count];
        server->uses[buffer].is_kernels = true;
        server->kernels_count++;
        pnd_bench_buffers_add(&server->buffers, buffer);
    }
    if (server->buffers.added > 0)
        pnd_bench_buffers_publish(&server->buffers);
}

static void feed_starved(struct server *server)
{
    for (uint32_t index = 0; server->starved_count > 0 && index < server->count; index++) {
        struct connection *connection = &server->connections[index];
        if (!connection->is_starved)
            continue;
        connection->is_starved = false;
        server->starved_count--;
        receive(server, index);
    }
}

static void finish(struct server *server, uint32_t index)
{
    (void)close(server->connections[index].descriptor);
    server->connections[index].descriptor = -1;
    server->open_count--;
}

/* The ring goes before the memory: what is under way ends first, so that nothing writes there. */
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
    pnd_bench_buffers_fini(&server->buffers);
    free(server->uses);
    free(server->spares);
    free(server->pieces);
    free(server->connections);
    free(server);
}
