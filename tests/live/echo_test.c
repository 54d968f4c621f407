/*
 * echo_test.c - many connections on one loop echo many messages, and every byte is looked at.
 *
 *     echo_test [full | tenth] [connections=N] [messages=N] [bytes=N] [tcp=0|1] [unix=0|1]
 *               [policy=0-3] [lend=0-2]
 *
 * Happy path:  every connection is one context: receive -> send what came -> receive, until the
 *              peer's end, then a graceful close. Policies AUTO, TRY and QUEUE go round (3). None
 *              (0), all (1) or half (2) of the contexts are lent what they receive.
 * Failures:    something lost, left over or counted twice: one line, exit 1.
 */
#include "echo_peer.h"
#include "live.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { ACCEPT_COUNT = 16, SLICE_BYTES = 256, HARVEST_COUNT = 1024, ALL_POLICIES = 3 };

static struct {
    struct live_bench bench;
    struct echo_plan plan;
    pendio_handle listener;
    uint64_t policy;
    uint64_t lend;
    uint64_t asked_count; /* accepts started */
    uint64_t accepted_count;
    uint64_t open_count;
    uint64_t received_bytes;
    uint64_t sent_bytes;
} echo;

static void settle(struct pendio_context *context, int answer);

/* ---- connections ---------------------------------------------------------------------------- */

/* A context's user data: itself, and whether it is lent what it receives. */
enum { LENDS = 1 };

static void receive_next(struct pendio_context *context, pendio_handle handle, bool lends)
{
    if (!lends)
        live_check(pendio_context_set_slice(context) == 0, "slice");
    settle(context, pendio_receive(context, handle));
}

static void begin_connection(pendio_handle handle)
{
    struct pendio_context *context = NULL;
    bool lends = echo.lend == 1 || (echo.lend == 2 && echo.accepted_count / ALL_POLICIES % 2 == 0);
    uint64_t policy = echo.policy < ALL_POLICIES ? echo.policy : echo.accepted_count % ALL_POLICIES;

    live_check(pendio_pool_get(echo.bench.pool, &context) == 0, "pool");
    live_check(pendio_context_set_policy(context, (uint32_t)policy) == 0, "policy");
    live_check(pendio_context_set_user_data(context, (uintptr_t)context | (lends ? LENDS : 0)) == 0,
               "user data");
    live_check(!lends || pendio_context_set_lending(context) == 0, "lending");
    echo.accepted_count++;
    echo.open_count++;
    receive_next(context, handle, lends);
}

/* As many accepts as connections are awaited: then the context is not needed any more. */
static void accept_next(struct pendio_context *context)
{
    if (echo.asked_count == echo.plan.connection_count) {
        live_check(pendio_pool_put(context) == 0, "put");
        return;
    }
    echo.asked_count++;
    settle(context, pendio_accept(context, echo.listener, 0));
}

/* ---- what follows a result ------------------------------------------------------------------ */

static void after_receive(const struct pendio_completion *result)
{
    int answer;

    echo.received_bytes += result->bytes;
    live_check((result->flags & PENDIO_LENT) != 0 || result->bytes <= SLICE_BYTES,
               "more came than fits");
    if ((result->flags & PENDIO_END_OF_STREAM) != 0) {
        answer = pendio_close(result->context, result->handle, PENDIO_GRACEFUL);
    } else {
        live_check(result->bytes > 0, "a receive brought nothing, and not the end");
        live_check((result->flags & PENDIO_LENT) != 0 ||
                       pendio_context_set_window(result->context, 0, result->bytes) == 0,
                   "window");
        answer = pendio_send(result->context, result->handle);
    }
    settle(result->context, answer);
}

static void follow(const struct pendio_completion *result)
{
    live_check(result->error == 0, "operation %u: %d", result->operation, result->error);
    switch (result->operation) {
    case PENDIO_OPERATION_ACCEPT:
        begin_connection(result->value);
        accept_next(result->context);
        break;
    case PENDIO_OPERATION_RECEIVE:
        after_receive(result);
        break;
    case PENDIO_OPERATION_SEND:
        echo.sent_bytes += result->bytes;
        receive_next(result->context, result->handle, (result->user_data & LENDS) != 0);
        break;
    default:
        live_check(result->operation == PENDIO_OPERATION_CLOSE, "an unknown operation");
        live_check((result->user_data & ~(uint64_t)LENDS) == (uintptr_t)result->context,
                   "of another context");
        live_check(pendio_pool_put(result->context) == 0, "put");
        echo.open_count--;
    }
}

/* A done answer is followed at once: how deep that goes is bounded by the budget. */
static void settle(struct pendio_context *context, int answer)
{
    struct pendio_completion result;

    live_check(answer >= 0, "refused: %d", answer);
    if (answer == PENDIO_PENDING)
        return;
    live_check(pendio_context_result(context, &result) == 0, "result");
    follow(&result);
}

/* ---- a run ---------------------------------------------------------------------------------- */

static void serve_all(void)
{
    static struct pendio_completion results[HARVEST_COUNT];

    while (echo.open_count != 0 || echo.accepted_count < echo.plan.connection_count) {
        int count = live_turn(&echo.bench, results, HARVEST_COUNT);

        for (int i = 0; i < count; i++)
            follow(&results[i]);
    }
}

static void check_peer(pid_t peer)
{
    int status = 0;

    live_check(waitpid(peer, &status, 0) == peer, "the peer is gone");
    live_check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the peer failed: status %d", status);
}

static void check_amounts(const char *what, uint64_t bytes)
{
    live_check(bytes == echo_total_bytes(&echo.plan), "%s bytes, not %" PRIu64, what,
               echo_total_bytes(&echo.plan));
}

/* The peer begins before there is a ring. */
static void run_family(int family, const struct echo_plan *plan, uint64_t policy, uint64_t lend)
{
    const struct pendio_loop_options options = {
        .size = sizeof options,
        .operation_count = (uint32_t)plan->connection_count + ACCEPT_COUNT,
        .handle_count = (uint32_t)plan->connection_count + ACCEPT_COUNT + 1};
    uint64_t begin_ns = live_now_ns();
    int listener;
    pid_t peer;

    memset(&echo, 0, sizeof echo);
    echo.plan = *plan;
    echo.plan.family = (uint64_t)family;
    echo.policy = policy;
    echo.lend = lend;
    listener = echo_listen(&echo.plan);
    peer = echo_peer_start(&echo.plan);
    live_bench_init(&echo.bench, &options, SLICE_BYTES);
    echo.bench.descriptor_count--; /* the listener goes with the loop */
    live_check(pendio_handle_adopt(echo.bench.loop, listener, &echo.listener) == 0, "adopt");
    for (int i = 0; i < ACCEPT_COUNT; i++) {
        struct pendio_context *context = NULL;

        live_check(pendio_pool_get(echo.bench.pool, &context) == 0, "pool");
        accept_next(context);
    }
    serve_all();
    check_peer(peer);
    check_amounts("received", echo.received_bytes);
    check_amounts("sent", echo.sent_bytes);
    live_check(pendio_handle_close(echo.bench.loop, echo.listener, PENDIO_GRACEFUL) == 0, "close");
    live_bench_fini(&echo.bench);
    live_report(family == AF_INET ? "messages over TCP" : "messages over Unix", plan->message_count,
                begin_ns);
}

int main(int argc, char **argv)
{
    struct echo_plan plan = {.connection_count = 500, .message_count = 20000, .message_bytes = 600};
    uint64_t unix_too = 1;
    uint64_t tcp_too = 1;
    uint64_t policy = ALL_POLICIES;
    uint64_t lend = 2;
    const struct live_option options[] = {
        {"connections", &plan.connection_count, 15000},
        {"messages", &plan.message_count, 1000000},
        {"bytes", &plan.message_bytes, 0},
        {"tcp", &tcp_too, 0},
        {"unix", &unix_too, 0},
        {"policy", &policy, 0},
        {"lend", &lend, 0},
    };
    int status;

    if (echo_peer_main(argc, argv, &status))
        return status;
    live_options(argc, argv, options, sizeof options / sizeof options[0]);
    live_need_descriptors(plan.connection_count + 64);
    if (tcp_too != 0)
        run_family(AF_INET, &plan, policy, lend);
    if (unix_too != 0)
        run_family(AF_UNIX, &plan, policy, lend);
    return EXIT_SUCCESS;
}
