/*
 * echo_pendio.c - the library under test as an echo server, by its public header alone: contexts
 *                 with memory of their own, or with none and lent what has come.
 *
 * Happy path:  a context for each connection receives, sends that back, receives again.
 * Failures:    a connection that ends or fails is closed.
 */
#include "server.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

enum { RECORD_COUNT = 256 };

struct strategy {
    bool lends; /* contexts work on no memory of their own */
    uint32_t receive;
};

struct server {
    struct pendio_loop *loop;
    uint32_t open_count;
    const struct strategy *strategy;
};

static int create_window(const struct pnd_bench_wiring *wiring, void **ret_server);
static int create_lending(const struct pnd_bench_wiring *wiring, void **ret_server);
static int create_chosen(const struct pnd_bench_wiring *wiring, void **ret_server);
static int create(const struct pnd_bench_wiring *wiring, const struct strategy *strategy,
                  void **ret_server);
static int connect_all(struct server *server, const struct pnd_bench_wiring *wiring);
static int receive(struct server *server, struct pendio_context *context, pendio_handle handle);
static int serve(void *state, uint64_t byte_count);
static uint64_t follow(struct server *server, const struct pendio_completion *record);
static int start_next(struct server *server, const struct pendio_completion *last);
static void destroy(void *state);

const struct pnd_bench_server pnd_bench_pendio_window = {
    .create = create_window,
    .serve = serve,
    .destroy = destroy,
};

const struct pnd_bench_server pnd_bench_pendio_lending = {
    .create = create_lending,
    .serve = serve,
    .destroy = destroy,
};

const struct pnd_bench_server pnd_bench_pendio = {
    .create = create_chosen,
    .serve = serve,
    .destroy = destroy,
};

static int create_window(const struct pnd_bench_wiring *wiring, void **ret_server)
{
    static const struct strategy window = {false, PENDIO_RECEIVE_SINGLE};
    return create(wiring, &window, ret_server);
}

static int create_lending(const struct pnd_bench_wiring *wiring, void **ret_server)
{
    static const struct strategy lending = {true, PENDIO_RECEIVE_MULTISHOT};
    return create(wiring, &lending, ret_server);
}

/* With memory of their own, and nothing pinned: the runtime is free to receive as it likes. */
static int create_chosen(const struct pnd_bench_wiring *wiring, void **ret_server)
{
    static const struct strategy chosen = {false, PENDIO_RECEIVE_ADAPTIVE};
    return create(wiring, &chosen, ret_server);
}

static int create(const struct pnd_bench_wiring *wiring, const struct strategy *strategy,
                  void **ret_server)
{
    struct pendio_loop_options options = {
        .size = sizeof options,
        .operation_count = wiring->count,
        .handle_count = wiring->count,
        .buffer_bytes = wiring->window_bytes,
        .buffer_count = wiring->buffer_count,
        .collect_bytes = 16 * wiring->window_bytes, /* the bare ring has no bound */
        .spin_ns = wiring->spin_ns,
    };
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    server->strategy = strategy;
    int status = pendio_loop_create(&options, &server->loop);
    if (status < 0) {
        free(server);
        return status;
    }
    status = connect_all(server, wiring);
    if (status < 0)
        destroy(server);
    else
        *ret_server = server;
    return status;
}

static int connect_all(struct server *server, const struct pnd_bench_wiring *wiring)
{
    struct pendio_pool_options options = {
        .size = sizeof options,
        .context_count = wiring->count,
        .slice_bytes = server->strategy->lends ? 0 : wiring->window_bytes,
    };
    struct pendio_pool *pool;
    int status = pendio_pool_create(server->loop, &options, &pool);
    for (uint32_t index = 0; status == 0 && index < wiring->count; index++) {
        struct pendio_context *context;
        pendio_handle handle = 0;
        status = pendio_pool_get(pool, &context);
        if (status == 0)
            status = pendio_handle_adopt(server->loop, wiring->descriptors[index], &handle);
        if (status < 0)
            return status;
        wiring->descriptors[index] = -1;
        status = pendio_handle_set_receive(server->loop, handle, server->strategy->receive);
        if (status < 0)
            return status;
        if (server->strategy->lends)
            (void)pendio_context_set_lending(context);
        int answer = receive(server, context, handle);
        if (answer != PENDIO_PENDING)
            return answer < 0 ? answer : -EPROTO; /* nothing has been sent yet */
        server->open_count++;
    }
    return status < 0 ? status : pendio_loop_flush(server->loop);
}

static int receive(struct server *server, struct pendio_context *context, pendio_handle handle)
{
    if (!server->strategy->lends)
        (void)pendio_context_set_slice(context);
    return pendio_receive(context, handle);
}

static int serve(void *state, uint64_t byte_count)
{
    struct pendio_completion records[RECORD_COUNT];
    struct server *server = state;
    uint64_t echoed = 0;

    while (echoed < byte_count && server->open_count > 0) {
        int count = pendio_loop_turn(server->loop, -1, records, RECORD_COUNT);
        if (count <= 0)
            return count < 0 ? count : -EINTR;
        for (int index = 0; index < count; index++)
            echoed += follow(server, &records[index]);
    }
    int status = pendio_loop_flush(server->loop);
    return status == 0 && server->open_count == 0 ? -ENOTCONN : status;
}

/* Goes on with a context until its next operation is pending. Returns how many bytes it sent. */
static uint64_t follow(struct server *server, const struct pendio_completion *record)
{
    struct pendio_completion last = *record;
    uint64_t sent = 0;
    int answer = PENDIO_DONE;

    while (answer == PENDIO_DONE) {
        if (last.operation == PENDIO_OPERATION_SEND)
            sent += last.bytes;
        answer = start_next(server, &last);
        if (answer == PENDIO_DONE)
            (void)pendio_context_result(last.context, &last);
    }
    if (answer < 0) {
        (void)pendio_handle_close(server->loop, last.handle, PENDIO_GRACEFUL);
        server->open_count--;
    }
    return sent;
}

static int start_next(struct server *server, const struct pendio_completion *last)
{
    if (last->error < 0 || (last->flags & PENDIO_END_OF_STREAM) != 0)
        return -ENOTCONN;
    if (last->operation == PENDIO_OPERATION_SEND)
        return receive(server, last->context, last->handle);
    if (!server->strategy->lends)
        (void)pendio_context_set_window(last->context, 0, last->bytes);
    return pendio_send(last->context, last->handle);
}

static void destroy(void *state)
{
    struct server *server = state;
    (void)pendio_loop_destroy(server->loop, -1, NULL);
    free(server);
}
