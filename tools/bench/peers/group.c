/*
 * group.c - pendio on several cores: an echo server whose loops are a group of the library's.
 *
 *     bench_group LOOPS tcp|unix PORT|PATH CONNECTIONS
 *
 * Happy path:  listen, say "ready"; a context of a connection's loop receives and sends until the
 *              connection is over.
 * Failures:    what the group answers is told, exit 1. It ends on SIGTERM by itself.
 */
#include "address.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOP_MAXIMUM = 64, WINDOW_BYTES = 16384, BACKLOG = 1024 };

static struct seat {
    const struct pendio_loop *loop;
    struct pendio_pool *pool;
} seats[LOOP_MAXIMUM];

static uint32_t connection_count;

static int begin(struct pendio_loop *loop, uint32_t index, void *state);
static void accepted(struct pendio_loop *loop, pendio_handle connection, void *state);
static void completed(struct pendio_loop *loop, const struct pendio_completion *record,
                      void *state);
static void follow(struct pendio_loop *loop, struct pendio_context *context,
                   pendio_handle connection, int answer);
static int start_next(const struct pendio_completion *last);

int main(int count, char **words)
{
    struct pnd_bench_address address;
    uint32_t loop_count = count == 5 ? (uint32_t)strtoul(words[1], NULL, 10) : 0;
    if (loop_count == 0 || loop_count > LOOP_MAXIMUM ||
        pnd_bench_address_read(words[2], words[3], &address) < 0) {
        (void)fputs("usage: bench_group LOOPS tcp|unix PORT|PATH CONNECTIONS\n", stderr);
        return 2;
    }
    connection_count = (uint32_t)strtoul(words[4], NULL, 10);
    const struct pendio_loop_options loop = {.size = sizeof loop, .buffer_bytes = WINDOW_BYTES};
    const struct pendio_group_options options = {.size = sizeof options,
                                                 .loop_count = loop_count,
                                                 .loop = &loop,
                                                 .begin = begin,
                                                 .completed = completed};
    struct pendio_group *group;
    int status = pendio_group_create(&options, &group);
    if (status == 0)
        status = pendio_group_listen(group, &address.address, (uint32_t)address.byte_count, BACKLOG,
                                     accepted, NULL, NULL);
    if (status < 0) {
        (void)fprintf(stderr, "group: %s\n", pendio_loop_explain(status));
        return 1;
    }
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;)
        (void)pause();
}

/* All connections may come to one loop. */
static int begin(struct pendio_loop *loop, uint32_t index, void *state)
{
    const struct pendio_pool_options options = {.size = sizeof options,
                                                .context_count = connection_count};
    (void)state;
    seats[index].loop = loop;
    return pendio_pool_create(loop, &options, &seats[index].pool);
}

static void accepted(struct pendio_loop *loop, pendio_handle connection, void *state)
{
    const int yes = 1;
    struct pendio_context *context;
    struct seat *seat = seats;
    (void)state;
    while (seat->loop != loop)
        seat++;
    (void)pendio_handle_set_option(loop, connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (pendio_pool_get(seat->pool, &context) < 0) {
        (void)pendio_handle_close(loop, connection, PENDIO_ABORTIVE);
        return;
    }
    (void)pendio_context_set_lending(context);
    follow(loop, context, connection, pendio_receive(context, connection));
}

static void completed(struct pendio_loop *loop, const struct pendio_completion *record, void *state)
{
    (void)state;
    follow(loop, record->context, record->handle, PENDIO_DONE);
}

/* Goes on with a context until its next operation is pending, or its connection over. */
static void follow(struct pendio_loop *loop, struct pendio_context *context,
                   pendio_handle connection, int answer)
{
    struct pendio_completion last;
    while (answer == PENDIO_DONE) {
        (void)pendio_context_result(context, &last);
        answer = start_next(&last);
    }
    if (answer < 0) {
        (void)pendio_handle_close(loop, connection, PENDIO_GRACEFUL);
        (void)pendio_pool_put(context);
    }
}

static int start_next(const struct pendio_completion *last)
{
    if (last->error < 0 || (last->flags & PENDIO_END_OF_STREAM) != 0)
        return -ENOTCONN;
    return last->operation == PENDIO_OPERATION_SEND ? pendio_receive(last->context, last->handle)
                                                    : pendio_send(last->context, last->handle);
}
