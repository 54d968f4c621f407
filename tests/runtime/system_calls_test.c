/*
 * system_calls_test.c - what a loop asks the kernel once it is warm: one system call a turn.
 *
 * - They are counted from outside, by tracing a child; each has to be an entry into the ring.
 * - An echo server under the load of another process: 50 connections with 8 messages under way on
 *   each. A traced server is slower and does more in a turn, so its own count is looked at when
 *   nobody traces it, too.
 * - Sanitizers make system calls of their own.
 */
#include "rounds.h"
#include "suite.h"
#include "tracing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WARM_UP_COUNT = 100, ROUND_COUNT = 200, SLACK_COUNT = 5 };

static void take_difference(const struct pendio_loop_statistics *before,
                            const struct pendio_loop_statistics *after, struct tally *ret_tally)
{
    ret_tally->turns = after->turns - before->turns;
    ret_tally->system_calls = after->system_calls - before->system_calls;
    ret_tally->starts = after->started - before->started;
}

/* ---- rounds --------------------------------------------------------------------------------- */

struct repeated {
    const struct round *round;
    uint32_t policy;
};

static void repeat_between_marks(struct tally *tally, void *state)
{
    const struct repeated *repeated = state;
    struct pendio_loop_statistics before;
    struct pendio_loop_statistics after;
    struct work work;

    round_begin(repeated->round, &work, repeated->policy);
    round_repeat(repeated->round, &work, WARM_UP_COUNT);
    before = workbench_statistics(work.loop);
    tracing_mark();
    round_repeat(repeated->round, &work, ROUND_COUNT);
    tracing_mark();
    after = workbench_statistics(work.loop);
    ck_assert(!work.failed);
    take_difference(&before, &after, tally);
}

/*
 * A late receive is two: the sleep until then, and that until the kernel has let go of it. A sleep
 * that a clock ends too early goes on.
 */
START_TEST(a_turn_is_one_system_call)
{
    static const struct {
        const char *name;
        uint64_t most;
    } cases[] = {
        {"echo, Unix", 1},
        {"echo, TCP", 1},
        {"lent echo, Unix", 1},
        {"lent echo, TCP", 1},
        {"gathered sends, TCP", 1},
        {"datagrams", 1},
        {"reads", 1},
        {"writes", 1},
        {"late receives", 2},
        {"cancelled receives", 1},
        {"timers", 1},
        {"nops and messages", 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct repeated repeated = {.round = round_named(cases[i].name), .policy = PENDIO_QUEUE};
        struct tally tally;
        uint64_t count = tracing_count(repeat_between_marks, &repeated, &tally);

        ck_assert_msg(count <= cases[i].most * tally.turns + SLACK_COUNT,
                      "%s: %lu calls in %lu turns", cases[i].name, (unsigned long)count,
                      (unsigned long)tally.turns);
        ck_assert_uint_le(count, tally.system_calls);
    }
}
END_TEST

START_TEST(reads_of_a_turn_are_one_system_call)
{
    struct repeated repeated = {.round = round_named("reads"), .policy = PENDIO_QUEUE};
    struct tally tally;
    uint64_t count = tracing_count(repeat_between_marks, &repeated, &tally);

    ck_assert_uint_le(count, UINT64_C(2) * ROUND_COUNT);
}
END_TEST

START_TEST(trying_spends_at_most_one_system_call_a_start)
{
    struct repeated repeated = {.round = round_named("echo, TCP"), .policy = PENDIO_TRY};
    struct tally tally;
    uint64_t count = tracing_count(repeat_between_marks, &repeated, &tally);

    ck_assert_uint_le(count, tally.turns + tally.starts);
}
END_TEST

/* ---- a server under load -------------------------------------------------------------------- */

enum {
    CONNECTION_COUNT = 50,
    DEPTH = 8,
    MESSAGE_BYTES = 64,
    BURST_BYTES = DEPTH * MESSAGE_BYTES,
    WARM_UP_BURSTS = 20, /* on each connection */
    BURST_COUNT = 100,
};

/* One context for each connection: it receives, and sends what it received. */
struct server {
    int listener;
    bool lends;
    struct pendio_loop *loop;
    struct pendio_context *contexts[CONNECTION_COUNT];
    pendio_handle connections[CONNECTION_COUNT];
    uint64_t received_bytes;
};

static void accept_all(struct server *server)
{
    struct pendio_pool *pool = workbench_pool(server->loop, CONNECTION_COUNT, 4096);
    pendio_handle listener;

    ck_assert_int_eq(pendio_handle_adopt(server->loop, server->listener, &listener), 0);
    for (uint64_t i = 0; i < CONNECTION_COUNT; i++) {
        struct pendio_context *context = workbench_context(pool);
        struct pendio_completion accepted = {.error = 0};

        ck_assert_int_ge(pendio_accept(context, listener, 0), 0);
        if (pendio_context_run(context) != 0)
            accepted = workbench_next(server->loop);
        else
            ck_assert_int_eq(pendio_context_result(context, &accepted), 0);
        ck_assert_int_eq(accepted.error, 0);
        server->connections[i] = accepted.value;
        server->contexts[i] = context;
        if (server->lends)
            ck_assert_int_eq(pendio_context_set_lending(context), 0);
        else /* the choice is made once, and costs what it costs */
            ck_assert_int_eq(pendio_handle_set_receive(server->loop, server->connections[i],
                                                       PENDIO_RECEIVE_SINGLE),
                             0);
        ck_assert_int_eq(pendio_context_set_user_data(context, i), 0);
        ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    }
}

static int receive(struct server *server, uint64_t index)
{
    if (!server->lends)
        (void)pendio_context_set_window(server->contexts[index], 0, 4096);
    return pendio_receive(server->contexts[index], server->connections[index]);
}

static int answer(struct server *server, const struct pendio_completion *completion)
{
    uint64_t index = completion->user_data;

    if (completion->error < 0)
        return completion->error;
    if (completion->operation != PENDIO_OPERATION_RECEIVE)
        return receive(server, index);
    server->received_bytes += completion->bytes;
    if (!server->lends)
        (void)pendio_context_set_window(server->contexts[index], 0, completion->bytes);
    return pendio_send(server->contexts[index], server->connections[index]);
}

/* Turns until so many bytes came. 0, or what went wrong: assertions would be counted. */
static int serve(struct server *server, uint64_t byte_count)
{
    struct pendio_completion completions[CONNECTION_COUNT];
    int status = 0;

    while (status >= 0 && server->received_bytes < byte_count) {
        int count =
            pendio_loop_turn(server->loop, WORKBENCH_LIMIT_NS, completions, CONNECTION_COUNT);

        status = count > 0 ? 0 : -ETIME;
        for (int i = 0; i < count && status >= 0; i++)
            status = answer(server, &completions[i]);
    }
    return status < 0 ? status : 0;
}

static void serve_between_marks(struct tally *tally, void *state)
{
    const uint64_t warm_up_bytes = (uint64_t)WARM_UP_BURSTS * CONNECTION_COUNT * BURST_BYTES;
    const uint64_t all_bytes = (uint64_t)BURST_COUNT * CONNECTION_COUNT * BURST_BYTES;
    struct server *server = state;
    struct pendio_loop_statistics before;
    struct pendio_loop_statistics after;
    int status;

    server->loop = workbench_loop(0, 0);
    accept_all(server);
    for (uint64_t i = 0; i < CONNECTION_COUNT; i++)
        ck_assert_int_eq(receive(server, i), PENDIO_PENDING);
    ck_assert_int_eq(serve(server, warm_up_bytes), 0);
    before = workbench_statistics(server->loop);
    tracing_mark();
    status = serve(server, all_bytes);
    tracing_mark();
    ck_assert_int_eq(status, 0);
    after = workbench_statistics(server->loop);
    take_difference(&before, &after, tally);
    tally->messages = (all_bytes - warm_up_bytes) / MESSAGE_BYTES;
    workbench_end(server->loop);
}

/* ---- who loads it --------------------------------------------------------------------------- */

static bool go_through(int descriptor, unsigned char *bytes, bool out)
{
    size_t done_bytes = 0;

    while (done_bytes < BURST_BYTES) {
        ssize_t count =
            out ? send(descriptor, bytes + done_bytes, BURST_BYTES - done_bytes, MSG_NOSIGNAL)
                : read(descriptor, bytes + done_bytes, BURST_BYTES - done_bytes);

        if (count <= 0)
            return false;
        done_bytes += (size_t)count;
    }
    return true;
}

/* Bursts on all connections, and all of them back, until the server is gone. */
static bool load(const int *connections)
{
    unsigned char sent[BURST_BYTES];
    unsigned char back[BURST_BYTES];

    for (unsigned round = 0;; round++) {
        memset(sent, (int)(round % 251), sizeof sent);
        for (int i = 0; i < CONNECTION_COUNT; i++)
            if (!go_through(connections[i], sent, true))
                return true;
        for (int i = 0; i < CONNECTION_COUNT; i++) {
            if (!go_through(connections[i], back, false))
                return true;
            if (memcmp(sent, back, sizeof sent) != 0)
                return false;
        }
    }
}

static pid_t begin_load(const struct sockaddr *address, socklen_t byte_count)
{
    pid_t child = fork();
    int connections[CONNECTION_COUNT];
    const int on = 1;

    ck_assert_int_ge(child, 0);
    if (child != 0)
        return child;
    for (int i = 0; i < CONNECTION_COUNT; i++) {
        connections[i] = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connections[i] < 0 || connect(connections[i], address, byte_count) < 0)
            _exit(EXIT_FAILURE);
        (void)setsockopt(connections[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    _exit(load(connections) ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int listen_anywhere(int family, struct sockaddr_storage *ret_address, socklen_t *ret_bytes)
{
    const struct sockaddr_in internet = {.sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t byte_count = sizeof(sa_family_t); /* a Unix socket gets a name */

    memset(ret_address, 0, sizeof *ret_address);
    ret_address->ss_family = (sa_family_t)family;
    if (family == AF_INET) {
        memcpy(ret_address, &internet, sizeof internet);
        byte_count = sizeof internet;
    }
    ck_assert_int_eq(bind(listener, (struct sockaddr *)ret_address, byte_count), 0);
    *ret_bytes = sizeof *ret_address;
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)ret_address, ret_bytes), 0);
    ck_assert_int_eq(listen(listener, CONNECTION_COUNT), 0);
    return listener;
}

static const struct {
    int family;
    bool lends;
} servers[] = {{AF_INET, false}, {AF_INET, true}, {AF_UNIX, false}, {AF_UNIX, true}};

/* Runs the server and its load. Returns its system calls, as counted from outside if traced. */
static uint64_t run_server(size_t which, bool traced, struct tally *ret_tally)
{
    struct server server = {.lends = servers[which].lends};
    struct sockaddr_storage address;
    socklen_t byte_count;
    uint64_t count;
    pid_t loader;
    int status = 1;

    server.listener = listen_anywhere(servers[which].family, &address, &byte_count);
    loader = begin_load((struct sockaddr *)&address, byte_count);
    if (traced) {
        count = tracing_count(serve_between_marks, &server, ret_tally);
    } else {
        tracing_leave_alone(serve_between_marks, &server, ret_tally);
        count = ret_tally->system_calls;
    }
    close(server.listener);
    ck_assert_int_eq(waitpid(loader, &status, 0), loader);
    ck_assert_int_eq(status, 0);
    return count;
}

/* Under load: on one core, so that a server with nothing to do leaves it to who loads it. */
static void check_server(bool traced)
{
    cpu_set_t all, one;

    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        struct tally tally;
        uint64_t count = run_server(i, traced, &tally);

        ck_assert_msg(count <= tally.turns && count <= tally.messages / 10,
                      "server %lu: %lu calls in %lu turns for %lu messages", (unsigned long)i,
                      (unsigned long)count, (unsigned long)tally.turns,
                      (unsigned long)tally.messages);
    }
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
}

START_TEST(traced_server_under_load_spends_a_tenth_of_a_system_call_for_each_message)
{
    check_server(true);
}
END_TEST

START_TEST(server_under_load_spends_a_tenth_of_a_system_call_for_each_message)
{
    check_server(false);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_turn_is_one_system_call,
        reads_of_a_turn_are_one_system_call,
        trying_spends_at_most_one_system_call_a_start,
        traced_server_under_load_spends_a_tenth_of_a_system_call_for_each_message,
        server_under_load_spends_a_tenth_of_a_system_call_for_each_message,
    };

#ifdef TEST_IS_SANITIZED
    puts("skipped: a sanitizer makes system calls of its own");
    return 77;
#endif
    if (!tracing_is_permitted()) {
        puts("skipped: system calls cannot be counted, tracing is not permitted here");
        return 77;
    }
    return suite_run("system_calls", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
