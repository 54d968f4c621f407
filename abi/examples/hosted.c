/*
 * hosted.c - a loop inside another one: poll(2) waits for standard input and for pendio at once.
 *
 *     hosted MILLISECONDS...
 *
 * Happy path:  says when each of the times is over, and meanwhile repeats what it reads. All that
 *              has ended comes in one array, without a callback: the way for other languages, too.
 * Failures:    end of input only ends the reading; the times go on.
 */
#include "example.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { TIMES_MOST = 1000 };

static struct pendio_loop *loop;
static uint32_t times_ms[TIMES_MOST];
static uint32_t time_count;
static uint32_t waiting_count; /* timers under way */

static bool read_times(int argument_count, char **arguments)
{
    for (int i = 1; i < argument_count && i <= TIMES_MOST; i++)
        if (!example_number(arguments[i], 0, 3600000, &times_ms[time_count++]))
            return false;
    return time_count > 0 && argument_count <= TIMES_MOST + 1;
}

static int start(void)
{
    struct pendio_context *context;
    struct pendio_pool *pool;
    int status = example_pool(loop, time_count, 0, &pool);

    while (status >= 0 && waiting_count < time_count) {
        status = pendio_pool_get(pool, &context);
        if (status < 0)
            break;
        pendio_context_set_user_data(context, times_ms[waiting_count]);
        pendio_context_set_policy(context, PENDIO_QUEUE); /* so that all of it comes as records */
        status = pendio_timer(context, UINT64_C(1000000) * times_ms[waiting_count]);
        waiting_count++;
    }
    return status;
}

/* Takes what has ended and submits what was started, until nothing comes: then we may sleep. */
static int harvest(void)
{
    struct pendio_completion records[64];
    int count;

    while ((count = pendio_loop_turn(loop, 0, records, 64)) > 0)
        for (int i = 0; i < count; i++, waiting_count--) {
            printf("%" PRIu64 " ms are over\n", records[i].user_data);
            pendio_pool_put(records[i].context);
        }
    fflush(stdout);
    return count;
}

/* What the program would do without pendio, too. False: there is no more input. */
static bool repeat_input(void)
{
    char bytes[4096];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);

    if (count > 0)
        fwrite(bytes, 1, (size_t)count, stdout);
    return count > 0;
}

static int serve(void)
{
    struct pollfd sources[] = {
        {.fd = pendio_loop_descriptor(loop), .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN},
    };
    int status = sources[0].fd < 0 ? sources[0].fd : harvest();

    while (status == 0 && (waiting_count > 0 || sources[1].fd >= 0)) {
        if (poll(sources, 2, -1) > 0 && sources[1].revents != 0 && !repeat_input())
            sources[1].fd = -1; /* poll(2) looks at it no more */
        status = harvest();
    }
    return status;
}

int main(int argument_count, char **arguments)
{
    int status;

    if (!read_times(argument_count, arguments))
        return example_usage("MILLISECONDS...");
    status = pendio_loop_create(NULL, &loop);
    if (status < 0)
        return example_cannot_run(status);
    status = start();
    if (status >= 0)
        status = serve();
    if (status < 0)
        example_complain("cannot go on", status);
    pendio_loop_destroy(loop, 0, NULL);
    return status < 0 ? EXAMPLE_FAILED : 0;
}
