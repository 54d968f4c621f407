/*
 * echo_server.c - sends back what arrives.
 *
 *     echo_server PORT [--policy auto|try|queue] [--unix PATH] [--lend]
 *
 * Happy path:  a context accepts, receives on the new connection, sends that back, receives again.
 *              Nothing is kept per connection: completions tell everything there is to know.
 *              --lend: contexts have no memory, and send back what they are lent.
 * Failures:    a connection that ends gives its context back; when none is left, accepting waits.
 */
#include "example.h"

#include <errno.h>
#include <unistd.h>

static struct pendio_loop *loop;
static struct pendio_pool *pool;
static struct example_arguments given;
static pendio_handle idle[2]; /* listeners on which nobody accepts: TCP, Unix */
static uint32_t idle_count;

static int start(void)
{
    struct pendio_endpoint tcp = example_tcp(given.port);
    int status = example_pool(loop, 1024, given.lend ? 0 : 16384, &pool);

    if (status == 0)
        status = example_listen(loop, &tcp, &idle[idle_count++]);
    if (status == 0 && given.unix_path != NULL) {
        struct pendio_endpoint local = example_unix(given.unix_path);

        status = example_listen(loop, &local, &idle[idle_count++]);
    }
    if (status < 0)
        return example_complain("cannot listen", status);
    example_say_port(&tcp);
    return example_stop_on_signals(loop);
}

/* Starts what follows the operation that has ended; below zero: the connection is over. */
static int start_next(const struct pendio_completion *last)
{
    struct pendio_context *context = last->context;
    bool over = last->error < 0 || (last->flags & PENDIO_END_OF_STREAM) != 0;

    switch (last->operation) {
    case PENDIO_OPERATION_ACCEPT:
        if (over) {
            example_complain("cannot accept, trying again", last->error);
            return pendio_timer(context, 100000000); /* ns */
        }
        idle[idle_count++] = last->handle; /* it is another context's turn to accept */
        return pendio_receive(context, last->value);
    case PENDIO_OPERATION_TIMER:
        return pendio_accept(context, last->user_data, 0);
    case PENDIO_OPERATION_RECEIVE:
        if (!given.lend)
            pendio_context_set_window(context, 0, last->bytes);
        return over ? -ENOTCONN : pendio_send(context, last->handle);
    default: /* the echo was sent */
        if (!given.lend)
            pendio_context_set_slice(context);
        return over ? -ENOTCONN : pendio_receive(context, last->handle);
    }
}

/* Goes on with a context until its next operation is pending, or its connection over. */
static void follow(struct pendio_context *context, int answer)
{
    struct pendio_completion last = {.error = 0};

    while (answer == PENDIO_DONE) {
        pendio_context_result(context, &last);
        answer = start_next(&last);
    }
    if (answer < 0) {
        pendio_handle_close(loop, last.value != 0 ? last.value : last.handle, PENDIO_GRACEFUL);
        pendio_pool_put(context);
    }
}

/* Turns the loop until a signal comes. */
static int serve(void)
{
    struct pendio_completion records[256];
    struct pendio_context *context;
    int count = 0;

    while (count >= 0 && !example_is_stopped()) {
        while (idle_count > 0 && pendio_pool_get(pool, &context) == 0) {
            pendio_context_set_policy(context, given.policy);
            if (given.lend)
                pendio_context_set_lending(context);
            pendio_context_set_user_data(context, idle[--idle_count]);
            follow(context, pendio_accept(context, idle[idle_count], 0));
        }
        count = pendio_loop_turn(loop, -1, records, 256);
        for (int i = 0; i < count; i++)
            follow(records[i].context, PENDIO_DONE);
    }
    if (given.unix_path != NULL)
        unlink(given.unix_path);
    return count < 0 ? EXAMPLE_FAILED : 0;
}

int main(int argument_count, char **arguments)
{
    int status;

    if (!example_read_arguments(argument_count, arguments, false, &given))
        return example_usage("PORT [--policy auto|try|queue] [--unix PATH] [--lend]");
    status = pendio_loop_create(NULL, &loop);
    if (status < 0)
        return example_cannot_run(status);
    status = start() < 0 ? EXAMPLE_CANNOT_RUN : serve();
    pendio_loop_destroy(loop, -1, NULL);
    return status;
}
