/*
 * group_echo.c - an echo server on all processors: group_echo PORT [LOOPS]
 *
 * Happy path:  a group has a loop for each processor, or LOOPS of them, which all listen at the
 *              port. Of a connection its loop's thread is told; a context of that loop receives,
 *              sends that back, and receives again until the connection is over.
 * Failures:    a connection is closed when no context is left for it.
 *
 * No thread touches what belongs to another loop, so nothing here takes a lock.
 */
#include "example.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOPS_MOST = 1024 };

/* What belongs to a loop. */
struct seat {
    const struct pendio_loop *loop;
    struct pendio_pool *pool;
    uint64_t accepted_count;
};

static int begin(struct pendio_loop *loop, uint32_t index, void *state)
{
    struct seat *seats = state;

    seats[index].loop = loop;
    return example_pool(loop, 1024, 16384, &seats[index].pool);
}

/* Starts what follows the operation that has ended; below zero: the connection is over. */
static int start_next(const struct pendio_completion *last)
{
    if (last->error < 0 || (last->flags & PENDIO_END_OF_STREAM) != 0)
        return -ENOTCONN;
    if (last->operation == PENDIO_OPERATION_RECEIVE) {
        pendio_context_set_window(last->context, 0, last->bytes);
        return pendio_send(last->context, last->handle);
    }
    pendio_context_set_slice(last->context);
    return pendio_receive(last->context, last->handle);
}

/* Goes on with a context until its next operation is pending, or its connection over. */
static void follow(struct pendio_loop *loop, struct pendio_context *context,
                   pendio_handle connection, int answer)
{
    struct pendio_completion last;

    while (answer == PENDIO_DONE) {
        pendio_context_result(context, &last);
        answer = start_next(&last);
    }
    if (answer < 0) {
        pendio_handle_close(loop, connection, PENDIO_GRACEFUL);
        pendio_pool_put(context);
    }
}

static void completed(struct pendio_loop *loop, const struct pendio_completion *completion,
                      void *state)
{
    (void)state;
    follow(loop, completion->context, completion->handle, PENDIO_DONE);
}

static void accepted(struct pendio_loop *loop, pendio_handle connection, void *state)
{
    struct seat *seat = state;
    struct pendio_context *context;

    while (seat->loop != loop)
        seat++;
    seat->accepted_count++;
    if (pendio_pool_get(seat->pool, &context) < 0)
        pendio_handle_close(loop, connection, PENDIO_ABORTIVE);
    else
        follow(loop, context, connection, pendio_receive(context, connection));
}

/* Listens until one of the signals comes. */
static int serve(struct pendio_group *group, struct seat *seats, uint32_t port,
                 const sigset_t *signals)
{
    struct pendio_endpoint server = example_tcp(port);
    int signal_number;
    int status = pendio_group_listen(group, server.address, server.byte_count, 1024, accepted,
                                     seats, &server);

    if (status < 0) {
        example_complain("cannot listen", status);
        return EXAMPLE_CANNOT_RUN;
    }
    example_say_port(&server);
    return sigwait(signals, &signal_number) == 0 ? 0 : EXAMPLE_FAILED;
}

static void print_counts(const struct seat *seats, uint32_t loop_count)
{
    printf("connections of %u loops:", loop_count);
    for (uint32_t i = 0; i < loop_count; i++)
        printf(" %llu", (unsigned long long)seats[i].accepted_count);
    printf("\n");
}

static int run(uint32_t port, uint32_t loop_count, const sigset_t *signals)
{
    struct seat *seats = calloc(loop_count, sizeof *seats);
    const struct pendio_group_options options = {.size = sizeof options,
                                                 .loop_count = loop_count,
                                                 .begin = begin,
                                                 .completed = completed,
                                                 .state = seats};
    struct pendio_group *group;
    int status = seats == NULL ? -ENOMEM : pendio_group_create(&options, &group);

    if (status < 0) {
        free(seats);
        return example_cannot_run(status);
    }
    status = serve(group, seats, port, signals);
    pendio_group_destroy(group, -1, NULL);
    print_counts(seats, loop_count);
    free(seats);
    return status;
}

int main(int argument_count, char **arguments)
{
    uint32_t loop_count = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t port;
    sigset_t signals;

    if (argument_count < 2 || argument_count > 3 ||
        !example_number(arguments[1], 0, 65535, &port) ||
        (argument_count > 2 && !example_number(arguments[2], 1, LOOPS_MOST, &loop_count)))
        return example_usage("PORT [LOOPS]");
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return run(port, loop_count, &signals);
}
