/*
 * echo_libuv.c - a peer: libuv, used as its manual shows, with the write tried first.
 *
 * Happy path:  one read callback for each connection tries to write what came at once.
 * Failures:    what cannot be written yet is queued, and reading waits for it; a connection that
 *              ends or fails is closed.
 */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct server;

struct connection {
    union {
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle;
    uv_write_t write;
    struct server *server;
    unsigned char *kept; /* what the write has to send, in memory of its own */
    uint32_t kept_bytes;
};

struct server {
    uv_loop_t loop;
    struct connection *connections;
    unsigned char *window; /* one for all: what came is written or kept before the next read */
    uint32_t count, open_count, window_bytes;
    uint64_t echoed, wanted;
};

static int create(const struct pnd_bench_wiring *wiring, void **ret_server);
static int open_connection(struct connection *connection, int *descriptor);
static void lend_window(uv_handle_t *handle, size_t suggested_bytes, uv_buf_t *ret_memory);
static void echo(uv_stream_t *stream, ssize_t byte_count, const uv_buf_t *memory);
static void write_later(struct connection *connection, const char *rest, size_t byte_count);
static void go_on(uv_write_t *write, int status);
static void finish(struct connection *connection);
static int serve(void *state, uint64_t byte_count);
static void destroy(void *state);

const struct pnd_bench_server pnd_bench_libuv = {
    .create = create,
    .serve = serve,
    .destroy = destroy,
};

static int create(const struct pnd_bench_wiring *wiring, void **ret_server)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    int status = uv_loop_init(&server->loop);
    if (status < 0) {
        free(server);
        return status;
    }
    server->window_bytes = wiring->window_bytes;
    server->window = malloc(wiring->window_bytes);
    server->connections = calloc(wiring->count, sizeof *server->connections);
    if (server->window == NULL || server->connections == NULL)
        status = -ENOMEM;
    while (status == 0 && server->count < wiring->count) {
        struct connection *connection = &server->connections[server->count];
        connection->server = server;
        status = open_connection(connection, &wiring->descriptors[server->count]);
        server->count += status == 0;
    }
    server->open_count = server->count;
    if (status < 0)
        destroy(server);
    else
        *ret_server = server;
    return status;
}

static int open_connection(struct connection *connection, int *descriptor)
{
    uv_loop_t *loop = &connection->server->loop;
    bool is_pipe = uv_guess_handle(*descriptor) == UV_NAMED_PIPE;
    int status = is_pipe ? uv_pipe_init(loop, &connection->handle.pipe, 0)
                         : uv_tcp_init(loop, &connection->handle.tcp);
    if (status < 0)
        return status;
    connection->handle.stream.data = connection;
    status = is_pipe ? uv_pipe_open(&connection->handle.pipe, *descriptor)
                     : uv_tcp_open(&connection->handle.tcp, *descriptor);
    if (status == 0) {
        *descriptor = -1;
        status = uv_read_start(&connection->handle.stream, lend_window, echo);
    }
    if (status < 0)
        uv_close((uv_handle_t *)&connection->handle.stream, NULL);
    return status;
}

static void lend_window(uv_handle_t *handle, size_t suggested_bytes, uv_buf_t *ret_memory)
{
    (void)suggested_bytes;
    struct connection *connection = handle->data;
    *ret_memory = uv_buf_init((char *)connection->server->window, connection->server->window_bytes);
}

static void echo(uv_stream_t *stream, ssize_t byte_count, const uv_buf_t *memory)
{
    struct connection *connection = stream->data;
    if (byte_count == 0)
        return;
    if (byte_count < 0) {
        finish(connection);
        return;
    }
    uv_buf_t piece = uv_buf_init(memory->base, (unsigned)byte_count);
    int written = uv_try_write(stream, &piece, 1);
    if (written < 0 && written != UV_EAGAIN) {
        finish(connection);
        return;
    }
    written = written < 0 ? 0 : written;
    connection->server->echoed += (uint64_t)written;
    if (written < byte_count)
        write_later(connection, memory->base + written, (size_t)(byte_count - written));
    if (connection->server->echoed >= connection->server->wanted)
        uv_stop(&connection->server->loop);
}

static void write_later(struct connection *connection, const char *rest, size_t byte_count)
{
    uv_stream_t *stream = &connection->handle.stream;
    if (connection->kept == NULL)
        connection->kept = malloc(connection->server->window_bytes);
    if (connection->kept == NULL) {
        finish(connection);
        return;
    }
    memcpy(connection->kept, rest, byte_count);
    connection->kept_bytes = (uint32_t)byte_count;
    uv_buf_t piece = uv_buf_init((char *)connection->kept, (unsigned)byte_count);
    connection->write.data = connection;
    (void)uv_read_stop(stream);
    if (uv_write(&connection->write, stream, &piece, 1, go_on) < 0)
        finish(connection);
}

static void go_on(uv_write_t *write, int status)
{
    struct connection *connection = write->data;
    if (status < 0) {
        if (status != UV_ECANCELED)
            finish(connection);
        return;
    }
    connection->server->echoed += connection->kept_bytes;
    (void)uv_read_start(&connection->handle.stream, lend_window, echo);
    if (connection->server->echoed >= connection->server->wanted)
        uv_stop(&connection->server->loop);
}

static void finish(struct connection *connection)
{
    if (uv_is_closing((uv_handle_t *)&connection->handle.stream))
        return;
    uv_close((uv_handle_t *)&connection->handle.stream, NULL);
    if (--connection->server->open_count == 0)
        uv_stop(&connection->server->loop);
}

static int serve(void *state, uint64_t byte_count)
{
    struct server *server = state;
    server->echoed = 0;
    server->wanted = byte_count;
    (void)uv_run(&server->loop, UV_RUN_DEFAULT);
    return server->open_count == 0 ? -ENOTCONN : 0;
}

static void destroy(void *state)
{
    struct server *server = state;
    for (uint32_t index = 0; index < server->count; index++)
        finish(&server->connections[index]);
    while (uv_run(&server->loop, UV_RUN_DEFAULT) != 0) /* it was told to stop, too */
        ;
    (void)uv_loop_close(&server->loop);
    for (uint32_t index = 0; index < server->count; index++)
        free(server->connections[index].kept);
    free(server->connections);
    free(server->window);
    free(server);
}
