/*
 * clients_run.c - how clients ask: each as soon as it has its answer, or all by the clock.
 *
 * Happy path:  closed loop: fill -> for every whole message back another goes out -> drain.
 *              Open loop: the clock says what is to go; what has come is looked for in between.
 * Failures:    a signal ends the closed loop, too much delay the open one.
 */
#include "clients.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/time.h>
#include <time.h>

static const int64_t patience_ns = INT64_C(5000000000);

static void begin(struct pnd_bench_clients *clients);
static int64_t now_ns(void);
static bool is_alarmed(void);
static int follow(struct pnd_bench_clients *clients, const struct epoll_event *event,
                  uint32_t *ret_first, uint32_t *ret_whole);

int pnd_bench_clients_run(struct pnd_bench_clients *clients, uint32_t depth, int64_t duration_ns,
                          uint64_t *ret_messages)
{
    struct epoll_event events[PND_BENCH_CLIENTS_EVENTS];
    int64_t until_ns = now_ns() + duration_ns;
    uint64_t under_way = (uint64_t)clients->count * depth;
    int status = 0;

    begin(clients);
    *ret_messages = 0;
    for (uint32_t index = 0; status == 0 && index < clients->count; index++)
        status = pnd_bench_clients_send(clients, index, depth);
    while (status == 0 && under_way > 0) {
        int count = epoll_wait(clients->epoll, events, PND_BENCH_CLIENTS_EVENTS, -1);
        if (count < 0 && errno == EINTR && !is_alarmed())
            continue; /* else what is under way would be in the next run's way */
        if (count < 0)
            return -errno;
        bool goes_on = now_ns() < until_ns;
        for (int index = 0; status == 0 && index < count; index++) {
            uint32_t first, whole = 0;
            status = follow(clients, &events[index], &first, &whole);
            *ret_messages += whole;
            if (!goes_on)
                under_way -= whole;
            else if (status == 0 && whole > 0)
                status = pnd_bench_clients_send(clients, events[index].data.u32, whole);
        }
    }
    return status;
}

/* EINTR comes without a signal, too: of a stop, or of a ring of this process that just ended. */
static bool is_alarmed(void)
{
    struct itimerval left;
    return getitimer(ITIMER_REAL, &left) < 0 ||
           (left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0);
}

/* Message k goes out on connection k % count, as the (k / count)-th one there. */
int pnd_bench_clients_pace(struct pnd_bench_clients *clients, uint32_t messages, double interval_ns,
                           double *ret_latencies_ns)
{
    struct epoll_event events[PND_BENCH_CLIENTS_EVENTS];
    int64_t begun_ns = now_ns();
    uint32_t gone = 0, answered = 0;
    int status = 0;

    begin(clients);
    while (status == 0 && answered < messages) {
        double spent_ns = (double)(now_ns() - begun_ns);
        if (spent_ns > messages * interval_ns + (double)patience_ns)
            return -ETIMEDOUT;
        for (; status == 0 && gone < messages && gone * interval_ns <= spent_ns; gone++)
            status = pnd_bench_clients_send(clients, gone % clients->count, 1);
        int count = epoll_wait(clients->epoll, events, PND_BENCH_CLIENTS_EVENTS, 0);
        if (count < 0)
            return -errno;
        for (int index = 0; status == 0 && index < count; index++) {
            uint32_t first, whole = 0;
            status = follow(clients, &events[index], &first, &whole);
            spent_ns = (double)(now_ns() - begun_ns);
            for (uint32_t message = first; message < first + whole; message++) {
                uint32_t place = message * clients->count + events[index].data.u32;
                ret_latencies_ns[place] = spent_ns - place * interval_ns;
            }
            answered += whole;
        }
    }
    return status;
}

static void begin(struct pnd_bench_clients *clients)
{
    for (uint32_t index = 0; index < clients->count; index++)
        clients->all[index].origin = clients->all[index].received;
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Which messages of that connection, since the beginning, are back as a whole by this event. */
static int follow(struct pnd_bench_clients *clients, const struct epoll_event *event,
                  uint32_t *ret_first, uint32_t *ret_whole)
{
    const struct pnd_bench_client *client = &clients->all[event->data.u32];
    *ret_first = (uint32_t)((client->received - client->origin) / clients->message_bytes);
    int status = pnd_bench_clients_follow(clients, event);
    *ret_whole =
        (uint32_t)((client->received - client->origin) / clients->message_bytes) - *ret_first;
    return status;
}
