/*
 * churn_test.c - connections come and go: connect, accept, an echo of one byte or none, close.
 *
 *     churn_test [full | tenth] [cycles=N] [lanes=N]
 *
 * Happy path:  both ends are of one loop. A lane connects, maybe sends a byte and hears it back,
 *              and closes, gracefully or not, with a context or without; whoever was accepted
 *              answers until the end and closes, gracefully or not. TCP and Unix in turn.
 * Failures:    a cycle that does not end, a descriptor or a context that is not back: one line,
 *              exit 1.
 *
 * A TCP port whose connection ended in order rests for a while: only one cycle in eight ends so,
 * and the loopback has many addresses.
 */
#include "live.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { ACCEPT_COUNT = 8, HARVEST_COUNT = 512, ADDRESS_COUNT = 16, LISTENER_COUNT = 2 };

enum { /* user data says whose completion it is: the lane, or one of these */
       OF_ACCEPT = 1 << 30,
       OF_GUEST = 1 << 29,
};

struct lane {
    struct pendio_context *context;
    uint64_t cycle;
    char byte;
};

static struct {
    struct live_bench bench;
    uint64_t cycle_count;
    uint64_t lane_count;
    uint64_t begun_count;
    uint64_t ended_count;
    uint64_t accepted_count;
    uint64_t guest_count; /* accepted and not yet closed */
    uint64_t echo_count;
    uint64_t reset_count; /* guests that saw a RST */
    struct lane *lanes;
    pendio_handle listeners[LISTENER_COUNT];
    struct pendio_endpoint addresses[LISTENER_COUNT];
} churn;

static void settle(struct pendio_context *context, int answer);

/* What kind a cycle is of. */
static int listener_of(uint64_t cycle)
{
    return cycle % 2 == 0 ? AF_INET : AF_UNIX;
}

static bool echoes(uint64_t cycle)
{
    return cycle / 2 % 2 == 0;
}

static uint32_t close_mode(uint64_t cycle)
{
    return cycle % 8 == 6 || (cycle % 2 == 1 && cycle % 3 == 0) ? PENDIO_GRACEFUL : PENDIO_ABORTIVE;
}

static bool closes_alone(uint64_t cycle)
{
    return cycle % 5 == 0;
}

static struct pendio_context *take_context(uint64_t user_data)
{
    struct pendio_context *context = NULL;

    live_check(pendio_pool_get(churn.bench.pool, &context) == 0, "pool");
    live_check(pendio_context_set_user_data(context, user_data) == 0, "user data");
    return context;
}

static struct lane *lane_of(const struct pendio_completion *result)
{
    live_check(result->user_data < churn.lane_count, "a completion of nobody's");
    return &churn.lanes[result->user_data];
}

/* ---- who connects --------------------------------------------------------------------------- */

static struct sockaddr_in source_of(uint64_t cycle)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl((uint32_t)(INADDR_LOOPBACK + 1 + cycle / 2 % ADDRESS_COUNT))};
}

static pendio_handle make_socket(uint64_t cycle)
{
    const struct sockaddr_in source = source_of(cycle);
    const int yes = 1;
    pendio_handle handle = 0;

    live_check(
        pendio_handle_socket(churn.bench.loop, listener_of(cycle), SOCK_STREAM, 0, &handle) == 0,
        "socket");
    if (listener_of(cycle) != AF_INET)
        return handle;
    live_check(pendio_handle_set_option(churn.bench.loop, handle, IPPROTO_IP,
                                        IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes) == 0,
               "option");
    live_check(pendio_handle_bind(churn.bench.loop, handle, &source, sizeof source) == 0, "bind");
    return handle;
}

static void begin_cycle(struct lane *lane)
{
    const struct pendio_endpoint *address;

    if (churn.begun_count == churn.cycle_count) {
        live_check(pendio_pool_put(lane->context) == 0, "put");
        return;
    }
    lane->cycle = churn.begun_count++;
    address = &churn.addresses[lane->cycle % LISTENER_COUNT];
    live_check(pendio_context_set_endpoint(lane->context, address->address, address->byte_count) ==
                   0,
               "endpoint");
    live_check(pendio_context_set_policy(lane->context, (uint32_t)(lane->cycle % 3)) == 0,
               "policy");
    settle(lane->context, pendio_connect(lane->context, make_socket(lane->cycle)));
}

static void end_cycle(struct lane *lane)
{
    churn.ended_count++;
    live_progress("cycles", churn.ended_count, churn.cycle_count);
    begin_cycle(lane);
}

static void close_lane(struct lane *lane, pendio_handle handle)
{
    uint32_t mode = close_mode(lane->cycle);

    if (!closes_alone(lane->cycle)) {
        settle(lane->context, pendio_close(lane->context, handle, mode));
        return;
    }
    live_check(pendio_handle_close(churn.bench.loop, handle, mode) == 0, "close");
    end_cycle(lane);
}

static void follow_lane(struct lane *lane, const struct pendio_completion *result)
{
    live_check(result->error == 0, "cycle %" PRIu64 ", operation %u: %d", lane->cycle,
               result->operation, result->error);
    switch (result->operation) {
    case PENDIO_OPERATION_CONNECT:
        if (!echoes(lane->cycle)) {
            close_lane(lane, result->handle);
            break;
        }
        lane->byte = (char)lane->cycle;
        live_check(pendio_context_set_memory(lane->context, &lane->byte, 1) == 0, "memory");
        settle(lane->context, pendio_send(lane->context, result->handle));
        break;
    case PENDIO_OPERATION_SEND:
        lane->byte = 0;
        settle(lane->context, pendio_receive(lane->context, result->handle));
        break;
    case PENDIO_OPERATION_RECEIVE:
        live_check(result->bytes == 1 && lane->byte == (char)lane->cycle, "not what was sent");
        churn.echo_count++;
        close_lane(lane, result->handle);
        break;
    default:
        end_cycle(lane);
    }
}

/* ---- who is connected to -------------------------------------------------------------------- */

static void accept_next(struct pendio_context *context, uint64_t index)
{
    settle(context, pendio_accept(context, churn.listeners[index], 0));
}

static void welcome(pendio_handle handle)
{
    struct pendio_context *context = take_context(OF_GUEST);

    churn.accepted_count++;
    churn.guest_count++;
    settle(context, pendio_receive(context, handle));
}

static void end_guest(struct pendio_context *context)
{
    live_check(pendio_pool_put(context) == 0, "put");
    churn.guest_count--;
}

static void close_guest(struct pendio_context *context, pendio_handle handle)
{
    uint32_t mode = churn.accepted_count % 3 == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE;

    if (churn.accepted_count % 7 != 0) {
        settle(context, pendio_close(context, handle, mode));
        return;
    }
    live_check(pendio_handle_close(churn.bench.loop, handle, mode) == 0, "close");
    end_guest(context);
}

/* A guest whose peer closed abortively sees that, whatever it was about to do. */
static void follow_guest(const struct pendio_completion *result)
{
    bool is_gone = result->error == -ECONNRESET || result->error == -EPIPE;

    live_check(result->error == 0 || is_gone, "guest, operation %u: %d", result->operation,
               result->error);
    churn.reset_count += is_gone;
    if (result->operation == PENDIO_OPERATION_CLOSE) {
        end_guest(result->context);
    } else if (is_gone || (result->flags & PENDIO_END_OF_STREAM) != 0) {
        close_guest(result->context, result->handle);
    } else if (result->operation == PENDIO_OPERATION_RECEIVE) {
        live_check(result->bytes == 1, "a guest received %" PRIu64 " bytes", result->bytes);
        live_check(pendio_context_set_window(result->context, 0, 1) == 0, "window");
        settle(result->context, pendio_send(result->context, result->handle));
    } else {
        live_check(pendio_context_set_slice(result->context) == 0, "slice");
        settle(result->context, pendio_receive(result->context, result->handle));
    }
}

/* ---- what follows a result ------------------------------------------------------------------ */

static void follow(const struct pendio_completion *result)
{
    bool is_cancelled = result->error == -ECANCELED && (result->flags & PENDIO_BY_CLOSE) != 0;

    if ((result->user_data & OF_ACCEPT) != 0) {
        live_check(result->error == 0 || is_cancelled, "accept: %d", result->error);
        if (is_cancelled) {
            live_check(pendio_pool_put(result->context) == 0, "put");
            return;
        }
        welcome(result->value);
        accept_next(result->context, result->user_data & 1);
    } else if ((result->user_data & OF_GUEST) != 0) {
        follow_guest(result);
    } else {
        follow_lane(lane_of(result), result);
    }
}

static void settle(struct pendio_context *context, int answer)
{
    struct pendio_completion result;

    live_check(answer >= 0, "refused: %d", answer);
    if (answer == PENDIO_PENDING)
        return;
    live_check(pendio_context_result(context, &result) == 0, "result");
    follow(&result);
}

static void turn(void)
{
    static struct pendio_completion results[HARVEST_COUNT];
    int count = live_turn(&churn.bench, results, HARVEST_COUNT);

    for (int i = 0; i < count; i++)
        follow(&results[i]);
}

/* ---- a run ---------------------------------------------------------------------------------- */

static void open_listener(int index, int family)
{
    struct pendio_loop *loop = churn.bench.loop;
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const sa_family_t unnamed = AF_UNIX; /* the system picks an abstract name */
    pendio_handle handle = 0;

    live_check(pendio_handle_socket(loop, family, SOCK_STREAM, 0, &handle) == 0, "socket");
    if (family == AF_INET)
        live_check(pendio_handle_bind(loop, handle, &any, sizeof any) == 0, "bind");
    else
        live_check(pendio_handle_bind(loop, handle, &unnamed, sizeof unnamed) == 0, "bind");
    live_check(pendio_handle_listen(loop, handle, 1024) == 0, "listen");
    live_check(pendio_handle_local(loop, handle, &churn.addresses[index]) == 0, "local");
    churn.listeners[index] = handle;
    for (int i = 0; i < ACCEPT_COUNT; i++)
        accept_next(take_context(OF_ACCEPT | (uint64_t)index), (uint64_t)index);
}

static void begin(void)
{
    open_listener(0, AF_INET);
    open_listener(1, AF_UNIX);
    churn.lanes = calloc(churn.lane_count, sizeof *churn.lanes);
    live_check(churn.lanes != NULL, "memory");
    for (uint64_t i = 0; i < churn.lane_count; i++) {
        churn.lanes[i].context = take_context(i);
        begin_cycle(&churn.lanes[i]);
    }
}

/* The listeners' closing ends the accepts that wait. */
static void end(void)
{
    for (int i = 0; i < LISTENER_COUNT; i++)
        live_check(pendio_handle_close(churn.bench.loop, churn.listeners[i], PENDIO_GRACEFUL) == 0,
                   "close");
    while (live_statistics(&churn.bench).pool_in_use != 0)
        turn();
    free(churn.lanes);
}

int main(int argc, char **argv)
{
    const struct live_option options[] = {
        {"cycles", &churn.cycle_count, 1000000},
        {"lanes", &churn.lane_count, 0},
    };
    uint64_t begin_ns = live_now_ns();
    struct pendio_loop_options room = {.size = sizeof room};

    churn.cycle_count = 20000;
    churn.lane_count = 64;
    live_options(argc, argv, options, sizeof options / sizeof options[0]);
    room.operation_count = (uint32_t)churn.lane_count * 8 + 1024;
    room.handle_count = 2 * room.operation_count;
    live_need_descriptors(room.handle_count);
    live_bench_init(&churn.bench, &room, 64);
    begin();
    while (churn.ended_count < churn.cycle_count || churn.accepted_count < churn.cycle_count ||
           churn.guest_count != 0)
        turn();
    live_check(churn.echo_count != 0 && churn.reset_count != 0, "some kinds never happened");
    end();
    live_bench_fini(&churn.bench);
    live_report("connections made and closed", churn.cycle_count, begin_ns);
    return EXIT_SUCCESS;
}
