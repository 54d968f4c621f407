/*
 * group_test.c - the loops of a group share many connections, which echo many messages.
 *
 *     group_test [full | tenth] [connections=N] [messages=N] [bytes=N] [loops=N]
 *
 * Happy path:  the group spreads connections over its loops, by the port and by moving; on each
 *              loop's thread every connection is one context: receive -> send -> receive, until
 *              the peer's end. The books are one loop's own; they are added up when the group is
 *              gone, so that a thread sanitizer sees any thread in another's.
 * Failures:    something lost, left over or counted twice: one line, exit 1.
 */
#include "echo_peer.h"
#include "live.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { LOOPS_MOST = 16, SLICE_BYTES = 256 };

/* Of one loop, touched on its thread only. */
struct part {
    struct pendio_loop *loop;
    struct pendio_pool *pool;
    uint64_t accepted_count;
    uint64_t closed_count;
    uint64_t received_bytes;
    uint64_t sent_bytes;
    bool ended;
};

static struct part parts[LOOPS_MOST];
static struct echo_plan plan = {
    .family = AF_INET, .connection_count = 200, .message_count = 10000, .message_bytes = 600};
static uint64_t loop_count = 4;

static void settle(struct part *part, struct pendio_context *context, int answer);

static struct part *part_of(const struct pendio_loop *loop)
{
    uint64_t index = 0;

    while (index < loop_count && parts[index].loop != loop)
        index++;
    live_check(index < loop_count, "called for a loop that has not begun");
    return &parts[index];
}

/* ---- on a loop's thread --------------------------------------------------------------------- */

static int begin_part(struct pendio_loop *loop, uint32_t index, void *state)
{
    const struct pendio_pool_options options = {.size = sizeof options,
                                                .context_count = (uint32_t)plan.connection_count,
                                                .slice_bytes = SLICE_BYTES};

    (void)state;
    parts[index] = (struct part){.loop = loop};
    return pendio_pool_create(loop, &options, &parts[index].pool);
}

static void end_part(struct pendio_loop *loop, uint32_t index, void *state)
{
    struct pendio_loop_statistics statistics = {.size = sizeof statistics};

    (void)state;
    live_check(pendio_loop_stats(loop, &statistics) == 0, "statistics");
    live_check(statistics.delivered == statistics.pending, "%" PRIu64 " were not delivered",
               statistics.pending - statistics.delivered);
    live_check(statistics.completion_overflows == 0, "completions did not fit");
    live_check(parts[index].accepted_count == parts[index].closed_count, "some were not closed");
    parts[index].ended = true;
}

static void receive_next(struct part *part, struct pendio_context *context, pendio_handle handle)
{
    live_check(pendio_context_set_slice(context) == 0, "slice");
    settle(part, context, pendio_receive(context, handle));
}

static void accepted(struct pendio_loop *loop, pendio_handle handle, void *state)
{
    struct part *part = part_of(loop);
    struct pendio_context *context = NULL;

    (void)state;
    live_check(pendio_pool_get(part->pool, &context) == 0, "pool");
    live_check(pendio_context_set_policy(context, (uint32_t)(part->accepted_count % 3)) == 0,
               "policy");
    part->accepted_count++;
    receive_next(part, context, handle);
}

static void after_receive(struct part *part, const struct pendio_completion *result)
{
    part->received_bytes += result->bytes;
    if ((result->flags & PENDIO_END_OF_STREAM) != 0) {
        settle(part, result->context,
               pendio_close(result->context, result->handle, PENDIO_GRACEFUL));
        return;
    }
    live_check(pendio_context_set_window(result->context, 0, result->bytes) == 0, "window");
    settle(part, result->context, pendio_send(result->context, result->handle));
}

static void follow(struct part *part, const struct pendio_completion *result)
{
    live_check(result->error == 0, "operation %u: %d", result->operation, result->error);
    switch (result->operation) {
    case PENDIO_OPERATION_RECEIVE:
        after_receive(part, result);
        break;
    case PENDIO_OPERATION_SEND:
        part->sent_bytes += result->bytes;
        receive_next(part, result->context, result->handle);
        break;
    default:
        live_check(result->operation == PENDIO_OPERATION_CLOSE, "an unknown operation");
        live_check(pendio_pool_put(result->context) == 0, "put");
        part->closed_count++;
    }
}

static void settle(struct part *part, struct pendio_context *context, int answer)
{
    struct pendio_completion result;

    live_check(answer >= 0, "refused: %d", answer);
    if (answer == PENDIO_PENDING)
        return;
    live_check(pendio_context_result(context, &result) == 0, "result");
    follow(part, &result);
}

static void completed(struct pendio_loop *loop, const struct pendio_completion *completion,
                      void *state)
{
    (void)state;
    follow(part_of(loop), completion);
}

/* ---- a run ---------------------------------------------------------------------------------- */

static struct pendio_group *make_group(uint32_t spread)
{
    const struct pendio_loop_options loop = {
        .size = sizeof loop,
        .operation_count = (uint32_t)plan.connection_count * 2 + 64,
        .handle_count = (uint32_t)plan.connection_count * 2 + 64};
    const struct pendio_group_options options = {.size = sizeof options,
                                                 .loop_count = (uint32_t)loop_count,
                                                 .spread = spread,
                                                 .loop = &loop,
                                                 .begin = begin_part,
                                                 .end = end_part,
                                                 .completed = completed};
    struct pendio_group *group = NULL;
    int status = pendio_group_create(&options, &group);

    live_check(status == 0, "group: %s", pendio_loop_explain(status));
    return group;
}

static void listen_at(struct pendio_group *group)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pendio_endpoint endpoint;
    int status =
        pendio_group_listen(group, &address, sizeof address, 4096, accepted, NULL, &endpoint);

    live_check(status == 0, "listen: %d", status);
    memcpy(&address, endpoint.address, sizeof address);
    plan.port = ntohs(address.sin_port);
}

/* With many connections every loop gets some: moving goes round, and ports are spread wide. */
static void check_parts(void)
{
    struct part sum = {.ended = true};

    for (uint64_t i = 0; i < loop_count; i++) {
        live_check(parts[i].ended, "loop %" PRIu64 " did not end", i);
        live_check(parts[i].accepted_count != 0 || plan.connection_count < 100,
                   "loop %" PRIu64 " had no connection", i);
        sum.accepted_count += parts[i].accepted_count;
        sum.received_bytes += parts[i].received_bytes;
        sum.sent_bytes += parts[i].sent_bytes;
    }
    live_check(sum.accepted_count == plan.connection_count, "connections were lost");
    live_check(sum.received_bytes == echo_total_bytes(&plan), "received bytes were lost");
    live_check(sum.sent_bytes == echo_total_bytes(&plan), "sent bytes were lost");
}

static void run(uint32_t spread)
{
    uint64_t begin_ns = live_now_ns();
    uint64_t descriptor_count = live_descriptor_count();
    uint64_t leaked_count = 0;
    struct pendio_group *group = make_group(spread);
    pid_t peer;
    int status = 0;

    listen_at(group);
    peer = echo_peer_start(&plan);
    live_check(waitpid(peer, &status, 0) == peer, "the peer is gone");
    live_check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the peer failed: status %d", status);
    live_check(pendio_group_destroy(group, -1, &leaked_count) == 0, "destroy");
    live_check(leaked_count == 0, "operations are left in the kernel");
    live_check(live_descriptor_count() == descriptor_count, "descriptors are left");
    check_parts();
    live_report(spread == PENDIO_SPREAD_MOVE ? "messages, connections moved"
                                             : "messages, connections by port",
                plan.message_count, begin_ns);
}

static void need_io_uring(void)
{
    const struct pendio_loop_options options = {.size = sizeof options, .operation_count = 8};
    struct live_bench bench;

    live_bench_init(&bench, &options, 0);
    live_bench_fini(&bench);
}

int main(int argc, char **argv)
{
    const struct live_option options[] = {
        {"connections", &plan.connection_count, 5000},
        {"messages", &plan.message_count, 500000},
        {"bytes", &plan.message_bytes, 0},
        {"loops", &loop_count, 0},
    };
    int status;

    if (echo_peer_main(argc, argv, &status))
        return status;
    live_options(argc, argv, options, sizeof options / sizeof options[0]);
    live_check(loop_count >= 1 && loop_count <= LOOPS_MOST, "loops: 1 to 16");
    live_need_descriptors(plan.connection_count * 2 + 256);
    need_io_uring();
    run(PENDIO_SPREAD_REUSE_PORT);
    run(PENDIO_SPREAD_MOVE);
    return EXIT_SUCCESS;
}
