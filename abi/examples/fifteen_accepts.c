/*
 * fifteen_accepts.c - a few contexts, allocated in advance, accept any number of connections:
 *                     fifteen_accepts [CONNECTIONS [PORT]]
 *
 * Happy path:  as the documentation of .NET's SocketAsyncEventArgs has it, fifteen accept contexts
 *              are made beforehand, each is started again as soon as it has brought a connection.
 *              Without PORT the program connects to itself, in the same loop.
 * Failures:    the first one is named and ends the program with 1.
 */
#include "example.h"

#include <stdio.h>

enum { ACCEPT_COUNT = 15, CONNECT_COUNT = 32 };

static struct pendio_loop *loop;
static pendio_handle listener;
static struct pendio_endpoint server;
static uint32_t wanted_count = 500, port, accepted_count, connect_count;
static uint32_t accepted_by[ACCEPT_COUNT]; /* context by context */
static int failure;                        /* the first one; 0: none yet */

static void check(const char *what, int status)
{
    if (status < 0 && failure == 0)
        failure = example_complain(what, status);
}

/* The callback: takes the connection and starts the context again, which may bring one at once. */
static void accepted(const struct pendio_completion *completion, void *state)
{
    struct pendio_completion last = *completion;
    uint32_t *brought_count = state;
    int answer = PENDIO_DONE;

    while (answer == PENDIO_DONE && last.error == 0) {
        accepted_count++;
        ++*brought_count;
        check("close", pendio_handle_close(loop, last.value, PENDIO_GRACEFUL));
        answer = pendio_accept(last.context, listener, 0);
        if (answer == PENDIO_DONE)
            pendio_context_result(last.context, &last);
    }
    check("accept", answer < 0 ? answer : last.error);
}

static void start_accepting(struct pendio_context *context, uint32_t *brought_count)
{
    struct pendio_completion first;
    int answer;

    pendio_context_set_callback(context, accepted, brought_count);
    answer = pendio_accept(context, listener, 0);
    if (answer == PENDIO_DONE && pendio_context_result(context, &first) == 0)
        accepted(&first, brought_count); /* done: nothing will be delivered */
    check("accept", answer);
}

static void connect_next(struct pendio_context *context)
{
    pendio_handle handle;

    if (connect_count++ >= wanted_count)
        return;
    check("socket", example_socket(loop, &server, &handle));
    pendio_context_set_endpoint(context, server.address, server.byte_count);
    pendio_context_set_policy(context, PENDIO_QUEUE); /* every answer by record */
    if (failure == 0)
        check("connect", pendio_connect(context, handle));
}

static void run(bool connects_itself)
{
    struct pendio_completion records[CONNECT_COUNT];
    struct pendio_context *context;
    struct pendio_pool *accepts, *connects;

    check("contexts", example_pool(loop, ACCEPT_COUNT, 0, &accepts));
    check("contexts", example_pool(loop, CONNECT_COUNT, 0, &connects));
    for (uint32_t i = 0; failure == 0 && i < ACCEPT_COUNT; i++) {
        pendio_pool_get(accepts, &context);
        start_accepting(context, &accepted_by[i]);
    }
    example_say_port(&server);
    while (failure == 0 && connects_itself && pendio_pool_get(connects, &context) == 0)
        connect_next(context);
    while (failure == 0 && accepted_count < wanted_count) {
        int count = pendio_loop_turn(loop, -1, records, CONNECT_COUNT);

        check("the loop", count);
        for (int i = 0; i < count; i++) {
            check("connect", records[i].error);
            check("close", pendio_handle_close(loop, records[i].handle, PENDIO_GRACEFUL));
            connect_next(records[i].context);
        }
    }
}

int main(int argument_count, char **arguments)
{
    int status;

    if (argument_count > 3 ||
        (argument_count > 1 && !example_number(arguments[1], 1, UINT32_MAX, &wanted_count)) ||
        (argument_count > 2 && !example_number(arguments[2], 0, 65535, &port)))
        return example_usage("[CONNECTIONS [PORT]]");
    status = pendio_loop_create(NULL, &loop);
    if (status < 0)
        return example_cannot_run(status);
    server = example_tcp(port);
    check("cannot listen", example_listen(loop, &server, &listener));
    if (failure == 0)
        run(argument_count < 3);
    pendio_loop_destroy(loop, -1, NULL);
    printf("%u connections accepted by %d contexts:", accepted_count, ACCEPT_COUNT);
    for (uint32_t i = 0; i < ACCEPT_COUNT; i++)
        printf(" %u%s", accepted_by[i], i + 1 < ACCEPT_COUNT ? "" : "\n");
    return failure < 0 ? EXAMPLE_FAILED : 0;
}
