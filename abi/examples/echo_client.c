/*
 * echo_client.c - sends messages to an echo server and checks that they come back unchanged:
 *                 echo_client PORT [--unix PATH] [--connections C] [--messages N] [--bytes S]
 *
 * Happy path:  one context for each connection connects, sends a message, receives until all of it
 *              is back, and so on; a message fits the socket's buffers, so sending cannot stall.
 * Failures:    the first one is named and ends the program with 1.
 */
#include "example.h"

#include <errno.h>

struct conversation {
    uint32_t message_count; /* sent */
    uint32_t back_bytes;    /* of the last one */
};

static struct pendio_loop *loop;
static struct pendio_pool *pool;
static struct example_arguments given;
static struct conversation talks[EXAMPLE_CONNECTIONS_MOST];
static uint32_t open_count;

static int send_next(struct conversation *talk, const struct pendio_completion *last)
{
    if (talk->message_count == given.message_count) {
        open_count--;
        pendio_handle_close(loop, last->handle, PENDIO_GRACEFUL);
        return PENDIO_PENDING; /* nothing follows */
    }
    talk->message_count++;
    talk->back_bytes = 0;
    pendio_context_set_window(last->context, 0, given.message_bytes);
    example_fill_window(last->context, last->handle + talk->message_count);
    return pendio_send(last->context, last->handle);
}

static int take(struct conversation *talk, const struct pendio_completion *last)
{
    if ((last->flags & PENDIO_END_OF_STREAM) != 0)
        return -ECONNRESET;
    if (!example_is_intact(last, last->handle + talk->message_count, talk->back_bytes))
        return -EBADMSG;
    talk->back_bytes += (uint32_t)last->bytes;
    return talk->back_bytes < given.message_bytes ? pendio_receive(last->context, last->handle)
                                                  : send_next(talk, last);
}

/* Goes on with a context until its next operation is pending; below zero: why it cannot. */
static int follow(struct pendio_context *context, int answer)
{
    struct pendio_completion last;

    while (answer == PENDIO_DONE) {
        pendio_context_result(context, &last);
        if (last.error < 0)
            answer = last.error;
        else if (last.operation == PENDIO_OPERATION_CONNECT)
            answer = send_next(&talks[last.user_data], &last);
        else if (last.operation == PENDIO_OPERATION_SEND)
            answer = pendio_receive(context, last.handle);
        else
            answer = take(&talks[last.user_data], &last);
    }
    return answer;
}

static int open_connection(uint32_t index)
{
    struct pendio_context *context = NULL;
    pendio_handle handle = 0;
    int status = example_socket(loop, &given.server, &handle);

    if (status == 0)
        status = pendio_pool_get(pool, &context);
    if (status < 0)
        return status;
    open_count++;
    pendio_context_set_policy(context, given.policy);
    pendio_context_set_user_data(context, index);
    pendio_context_set_endpoint(context, given.server.address, given.server.byte_count);
    return follow(context, pendio_connect(context, handle));
}

static int converse(void)
{
    struct pendio_completion records[256];
    int status = example_pool(loop, given.connection_count, given.message_bytes, &pool);

    for (uint32_t i = 0; i < given.connection_count && status >= 0; i++)
        status = open_connection(i);
    while (open_count > 0 && status >= 0) {
        int count = pendio_loop_turn(loop, -1, records, 256);

        status = count < 0 ? count : status;
        for (int i = 0; i < count && status >= 0; i++)
            status = follow(records[i].context, PENDIO_DONE);
    }
    return status < 0 ? example_complain("no echo", status) : 0;
}

int main(int argument_count, char **arguments)
{
    double start_s = example_clock_s();
    int status;

    if (!example_read_arguments(argument_count, arguments, true, &given))
        return example_usage("PORT [--unix PATH] [--policy auto|try|queue] [--connections C] "
                             "[--messages N] [--bytes S]");
    status = pendio_loop_create(NULL, &loop);
    if (status < 0)
        return example_cannot_run(status);
    status = converse();
    pendio_loop_destroy(loop, -1, NULL);
    if (status == 0)
        example_print_rate(&given, example_clock_s() - start_s);
    return status < 0 ? EXAMPLE_FAILED : 0;
}
