/*
 * fairness_test.c - a stream that always has data delays nobody by more than one budget.
 *
 *     fairness_test [full | tenth] [rounds=N] [budget=N]
 *
 * Happy path:  the busy stream's far end keeps it full; its context receives, and receives again
 *              from inside every result. In each round data come for the quiet handle, whose
 *              receive is pending; from then on until that is delivered, the busy one is heard of
 *              at most `budget` times as done, and once by delivery. Counted, not timed.
 * Failures:    one line, exit 1.
 *
 * Under TRY every receive finds data; under AUTO what the loop has collected answers.
 */
#include "live.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WINDOW_BYTES = 64, HARVEST_COUNT = 16 };

struct end {
    struct pendio_context *context;
    pendio_handle near;
    int near_descriptor; /* to look at, never to touch */
    int far;
    char memory[WINDOW_BYTES];
};

static struct {
    struct live_bench bench;
    struct end busy;
    struct end quiet;
    uint64_t budget;
    uint64_t round_count;
    uint64_t done_count;      /* of the busy one, since the quiet one had data */
    uint64_t delivered_count; /* likewise */
    uint64_t total_count;
    uint64_t most_done_count;
    bool quiet_waits;
    bool ending;
} fair;

/* ---- streams -------------------------------------------------------------------------------- */

static void connect_tcp(int ret_ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t byte_count = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    live_check(bind(listener, (struct sockaddr *)&address, byte_count) == 0, "bind");
    live_check(listen(listener, 1) == 0, "listen");
    live_check(getsockname(listener, (struct sockaddr *)&address, &byte_count) == 0, "name");
    ret_ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    live_check(connect(ret_ends[1], (struct sockaddr *)&address, byte_count) == 0, "connect");
    ret_ends[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    live_check(ret_ends[0] >= 0, "accept");
    close(listener);
}

static void open_end(struct end *end, int family, uint32_t policy)
{
    int ends[2];

    if (family == AF_INET)
        connect_tcp(ends);
    else
        live_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    end->near_descriptor = ends[0];
    end->far = ends[1];
    live_check(pendio_handle_adopt(fair.bench.loop, ends[0], &end->near) == 0, "adopt");
    live_check(pendio_pool_get(fair.bench.pool, &end->context) == 0, "pool");
    live_check(pendio_context_set_memory(end->context, end->memory, WINDOW_BYTES) == 0, "memory");
    live_check(pendio_context_set_policy(end->context, policy) == 0, "policy");
}

static void close_end(struct end *end)
{
    live_check(pendio_handle_close(fair.bench.loop, end->near, PENDIO_ABORTIVE) == 0, "close");
    close(end->far);
}

/* As much as there is room for. */
static void keep_full(struct end *end)
{
    static const char bytes[4096];

    while (send(end->far, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        continue;
    live_check(errno == EAGAIN, "the far end cannot send");
}

static void wait_until_readable(const struct end *end)
{
    struct pollfd one = {.fd = end->near_descriptor, .events = POLLIN};

    live_check(poll(&one, 1, 20000) == 1, "data did not arrive");
}

/* ---- the busy one --------------------------------------------------------------------------- */

/* Answers are followed at once, as long as they are done. */
static void receive_on(struct end *busy)
{
    int answer = pendio_receive(busy->context, busy->near);

    while (answer == PENDIO_DONE) {
        struct pendio_completion result;

        live_check(pendio_context_result(busy->context, &result) == 0, "result");
        live_check(result.error == 0 && result.bytes > 0, "the busy stream failed");
        fair.done_count++;
        fair.total_count++;
        answer = pendio_receive(busy->context, busy->near);
    }
    live_check(answer == PENDIO_PENDING, "refused: %d", answer);
}

static void busy_completed(const struct pendio_completion *completion, void *state)
{
    if (fair.ending) /* by the close of its handle, or with the last data before that */
        return;
    live_check(completion->error == 0 && completion->bytes > 0, "the busy stream failed");
    fair.delivered_count++;
    fair.total_count++;
    receive_on(state);
}

/* ---- rounds --------------------------------------------------------------------------------- */

static void take(const struct pendio_completion *result)
{
    if (result->context == fair.busy.context) {
        busy_completed(result, &fair.busy);
        return;
    }
    live_check(result->context == fair.quiet.context, "a completion of nobody's");
    live_check(result->error == 0 && result->bytes == 1, "the quiet stream failed");
    fair.quiet_waits = false;
}

static void turn(void)
{
    struct pendio_completion results[HARVEST_COUNT];
    int count = live_turn(&fair.bench, results, HARVEST_COUNT);

    for (int i = 0; i < count; i++)
        take(&results[i]);
}

static void run_round(void)
{
    live_check(pendio_receive(fair.quiet.context, fair.quiet.near) == PENDIO_PENDING, "not idle");
    fair.quiet_waits = true;
    keep_full(&fair.busy);
    turn();
    keep_full(&fair.busy);
    live_check(send(fair.quiet.far, "q", 1, MSG_NOSIGNAL) == 1, "the far end cannot send");
    wait_until_readable(&fair.quiet);
    fair.done_count = 0;
    fair.delivered_count = 0;
    while (fair.quiet_waits) {
        turn();
        keep_full(&fair.busy);
    }
    live_check(fair.done_count <= fair.budget && fair.delivered_count <= 1,
               "%" PRIu64 " done and %" PRIu64 " delivered before the quiet one", fair.done_count,
               fair.delivered_count);
    if (fair.done_count > fair.most_done_count)
        fair.most_done_count = fair.done_count;
}

static void run(int family, uint32_t policy, bool by_callback)
{
    const struct pendio_loop_options options = {
        .size = sizeof options, .operation_count = 2, .done_budget = (uint32_t)fair.budget};

    live_bench_init(&fair.bench, &options, 0);
    fair.most_done_count = 0;
    fair.ending = false;
    open_end(&fair.busy, family, policy);
    open_end(&fair.quiet, family, PENDIO_QUEUE);
    if (by_callback)
        live_check(pendio_context_set_callback(fair.busy.context, busy_completed, &fair.busy) == 0,
                   "callback");
    keep_full(&fair.busy);
    receive_on(&fair.busy);
    for (uint64_t round = 0; round < fair.round_count; round++) {
        run_round();
        live_progress("rounds", round + 1, fair.round_count);
    }
    live_check(policy != PENDIO_TRY || fair.most_done_count == fair.budget,
               "under TRY the budget was never used up: %" PRIu64, fair.most_done_count);
    fair.ending = true;
    close_end(&fair.busy);
    close_end(&fair.quiet);
    while (live_statistics(&fair.bench).handles_open != 0)
        turn();
    live_check(pendio_pool_put(fair.busy.context) == 0, "put");
    live_check(pendio_pool_put(fair.quiet.context) == 0, "put");
    live_bench_fini(&fair.bench);
}

int main(int argc, char **argv)
{
    const struct live_option options[] = {
        {"rounds", &fair.round_count, 100000},
        {"budget", &fair.budget, 0},
    };
    uint64_t begin_ns = live_now_ns();

    fair.round_count = 500;
    fair.budget = 16;
    live_options(argc, argv, options, sizeof options / sizeof options[0]);
    for (int kind = 0; kind < 8; kind++)
        run(kind % 2 == 0 ? AF_INET : AF_UNIX, kind / 2 % 2 == 0 ? PENDIO_AUTO : PENDIO_TRY,
            kind / 4 == 0);
    live_report("receives of the busy stream", fair.total_count, begin_ns);
    return EXIT_SUCCESS;
}
