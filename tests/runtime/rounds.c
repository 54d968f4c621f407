/* rounds.c - rounds of work of every hot kind, to be repeated while something is counted. */
#include "rounds.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILE_BYTES = ROUNDS_CONTEXTS * ROUNDS_SLICE_BYTES, SENT_BYTES = 64 };

/* ---- steps ---------------------------------------------------------------------------------- */

static int start(struct work *work, int answer)
{
    work->failed = work->failed || answer < 0;
    return answer;
}

/* Turns until so many have ended, with that error. */
static void await(struct work *work, int pending_count, int error)
{
    struct pendio_completion completions[ROUNDS_CONTEXTS];

    while (pending_count > 0 && !work->failed) {
        int count = pendio_loop_turn(work->loop, WORKBENCH_LIMIT_NS, completions, ROUNDS_CONTEXTS);

        work->failed = count < 0;
        for (int i = 0; i < count; i++)
            work->failed = work->failed || completions[i].error != error;
        pending_count -= count;
    }
}

/* What lies in the far end, all of it. */
static void take_far(struct work *work, size_t byte_count)
{
    char bytes[ROUNDS_SLICE_BYTES];

    work->failed = work->failed || read(work->far, bytes, sizeof bytes) != (ssize_t)byte_count;
}

/* ---- beginnings ----------------------------------------------------------------------------- */

static void begin_work(struct work *work, uint32_t policy)
{
    struct pendio_pool *pool;

    *work = (struct work){.loop = workbench_loop(64, 0), .far = -1};
    pool = workbench_pool(work->loop, ROUNDS_CONTEXTS, ROUNDS_SLICE_BYTES);
    for (int i = 0; i < ROUNDS_CONTEXTS; i++) {
        work->contexts[i] = workbench_context(pool);
        ck_assert_int_eq(pendio_context_set_policy(work->contexts[i], policy), 0);
        ck_assert_int_eq(pendio_context_set_deadline(work->contexts[i], WORKBENCH_LIMIT_NS), 0);
    }
}

static void adopt(struct work *work, int index, int descriptor)
{
    ck_assert_int_eq(pendio_handle_adopt(work->loop, descriptor, &work->handles[index]), 0);
}

static void begin_unix(struct work *work, uint32_t policy)
{
    int ends[2];

    begin_work(work, policy);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    adopt(work, 0, ends[0]);
    adopt(work, 1, ends[1]);
}

static int listen_anywhere(struct sockaddr_in *ret_address)
{
    socklen_t byte_count = sizeof *ret_address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *ret_address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert_int_eq(bind(listener, (struct sockaddr *)ret_address, byte_count), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)ret_address, &byte_count), 0);
    ck_assert_int_eq(listen(listener, 16), 0);
    return listener;
}

static void begin_tcp(struct work *work, uint32_t policy)
{
    const int on = 1;
    struct sockaddr_in address;
    int listener = listen_anywhere(&address);
    int ends[2];

    begin_work(work, policy);
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(ends[0], (struct sockaddr *)&address, sizeof address), 0);
    ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(ends[1], 0);
    close(listener);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
        adopt(work, i, ends[i]);
    }
}

static void lend(struct work *work)
{
    ck_assert_int_eq(pendio_context_set_lending(work->contexts[1]), 0);
}

static void begin_unix_lending(struct work *work, uint32_t policy)
{
    begin_unix(work, policy);
    lend(work);
}

static void begin_tcp_lending(struct work *work, uint32_t policy)
{
    begin_tcp(work, policy);
    lend(work);
}

static void begin_datagrams(struct work *work, uint32_t policy)
{
    int ends[2];

    begin_work(work, policy);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
    adopt(work, 0, ends[0]);
    adopt(work, 1, ends[1]);
}

static void begin_file(struct work *work, uint32_t policy)
{
    begin_work(work, policy);
    adopt(work, 0, workbench_file(FILE_BYTES));
}

static void begin_listener(struct work *work, uint32_t policy)
{
    struct sockaddr_in address;

    begin_work(work, policy);
    adopt(work, 0, listen_anywhere(&address));
    ck_assert_int_eq(pendio_context_set_endpoint(work->contexts[1], &address, sizeof address), 0);
}

static void set_deadlines(struct work *work, uint64_t deadline_ns)
{
    for (int i = 0; i < ROUNDS_CONTEXTS; i++)
        ck_assert_int_eq(pendio_context_set_deadline(work->contexts[i], deadline_ns), 0);
}

static void begin_late(struct work *work, uint32_t policy)
{
    begin_tcp(work, policy);
    set_deadlines(work, 1);
}

static void begin_timers(struct work *work, uint32_t policy)
{
    begin_work(work, policy);
    set_deadlines(work, 0);
}

/* A file to go to a connection whose far end is no handle, or to a pipe. */
static void begin_packets(struct work *work, uint32_t policy)
{
    struct workbench_stream stream;

    begin_file(work, policy);
    stream = workbench_stream(work->loop, SOCK_STREAM);
    work->handles[1] = stream.near;
    work->far = stream.far;
}

static void begin_splices(struct work *work, uint32_t policy)
{
    int ends[2];

    begin_file(work, policy);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    work->far = ends[0];
    adopt(work, 1, ends[1]);
}

/* ---- rounds --------------------------------------------------------------------------------- */

/* One end sends and the other receives, there and back. */
static void echo(struct work *work)
{
    for (int from = 0; from < 2; from++) {
        pendio_handle sender = work->handles[from];
        pendio_handle receiver = work->handles[1 - from];
        int pending_count = start(work, pendio_send(work->contexts[0], sender));

        pending_count += start(work, pendio_receive(work->contexts[1], receiver));
        await(work, pending_count, 0);
    }
}

/* One end sends a little; the other sends the memory back that it was lent. */
static void echo_lent(struct work *work)
{
    (void)pendio_context_set_window(work->contexts[0], 0, SENT_BYTES);
    await(work,
          start(work, pendio_receive(work->contexts[1], work->handles[1])) +
              start(work, pendio_send(work->contexts[0], work->handles[0])),
          0);
    await(work,
          start(work, pendio_receive(work->contexts[2], work->handles[0])) +
              start(work, pendio_send(work->contexts[1], work->handles[1])),
          0);
}

/* All but one send on one stream in one turn; that one receives it all. */
static void gather(struct work *work)
{
    uint64_t left_bytes = (uint64_t)(ROUNDS_CONTEXTS - 1) * SENT_BYTES;
    int pending_count = 0;

    for (int i = 1; i < ROUNDS_CONTEXTS; i++) {
        (void)pendio_context_set_window(work->contexts[i], 0, SENT_BYTES);
        pending_count += start(work, pendio_send(work->contexts[i], work->handles[0]));
    }
    await(work, pending_count, 0);
    while (left_bytes != 0 && !work->failed) {
        struct pendio_completion result = {.error = 0};

        await(work, start(work, pendio_receive(work->contexts[0], work->handles[1])), 0);
        (void)pendio_context_result(work->contexts[0], &result);
        work->failed = work->failed || result.bytes == 0 || result.bytes > left_bytes;
        left_bytes -= work->failed ? 0 : result.bytes;
    }
}

static void read_file(struct work *work)
{
    int pending_count = 0;

    for (uint64_t i = 0; i < ROUNDS_CONTEXTS; i++)
        pending_count +=
            start(work, pendio_read(work->contexts[i], work->handles[0], i * ROUNDS_SLICE_BYTES));
    await(work, pending_count, 0);
}

static void write_file(struct work *work)
{
    await(work, start(work, pendio_write(work->contexts[0], work->handles[0], 0)), 0);
}

/* A connection is made, accepted, and closed at both ends. */
static void come_and_go(struct work *work)
{
    struct pendio_completion result = {.value = 0};
    pendio_handle client = 0;

    (void)start(work, pendio_handle_socket(work->loop, AF_INET, SOCK_STREAM, 0, &client));
    await(work,
          start(work, pendio_accept(work->contexts[0], work->handles[0], 0)) +
              start(work, pendio_connect(work->contexts[1], client)),
          0);
    (void)pendio_context_result(work->contexts[0], &result);
    await(work,
          start(work, pendio_close(work->contexts[2], client, PENDIO_ABORTIVE)) +
              start(work, pendio_close(work->contexts[3], result.value, PENDIO_ABORTIVE)),
          0);
}

/* A receive is begun, and stopped when it is under way. */
static void cancel(struct work *work)
{
    int pending_count = start(work, pendio_receive(work->contexts[0], work->handles[0]));

    (void)pendio_loop_turn(work->loop, 0, NULL, 0);
    (void)start(work, pendio_cancel(work->loop, pendio_context_run(work->contexts[0])));
    await(work, pending_count, -ECANCELED);
}

static void be_late(struct work *work)
{
    await(work, start(work, pendio_receive(work->contexts[0], work->handles[0])), -ETIMEDOUT);
}

static void wait_for_timers(struct work *work)
{
    int pending_count = 0;

    for (uint64_t i = 0; i < ROUNDS_CONTEXTS; i++)
        pending_count += start(work, pendio_timer(work->contexts[i], i * 1000));
    await(work, pending_count, 0);
}

static void take_and_put(struct work *work)
{
    for (int i = 0; i < ROUNDS_CONTEXTS; i++) {
        await(work, start(work, pendio_nop(work->contexts[i], work->loop)), 0);
        (void)start(work, pendio_loop_post(work->loop, 1, 2));
        await(work, 1, 0);
    }
}

static void send_packets(struct work *work)
{
    static char header[] = "header";
    const struct pendio_packet packets[] = {
        {.memory = header, .byte_count = sizeof header},
        {.file = work->handles[0], .offset = ROUNDS_SLICE_BYTES, .byte_count = 1000},
        {.memory = header, .byte_count = sizeof header},
    };

    await(work,
          start(work, pendio_send_packets(work->contexts[0], work->handles[1], packets, 3, 0)), 0);
    take_far(work, 1000 + 2 * sizeof header);
}

static void splice_file(struct work *work)
{
    await(work,
          start(work, pendio_splice(work->contexts[0], work->handles[0], ROUNDS_SLICE_BYTES,
                                    work->handles[1], PENDIO_STREAMING, 1000)),
          0);
    take_far(work, 1000);
}

const struct round rounds[] = {
    {"echo, Unix", begin_unix, echo},
    {"echo, TCP", begin_tcp, echo},
    {"lent echo, Unix", begin_unix_lending, echo_lent},
    {"lent echo, TCP", begin_tcp_lending, echo_lent},
    {"gathered sends, Unix", begin_unix, gather},
    {"gathered sends, TCP", begin_tcp, gather},
    {"datagrams", begin_datagrams, echo},
    {"reads", begin_file, read_file},
    {"writes", begin_file, write_file},
    {"connections", begin_listener, come_and_go},
    {"cancelled receives", begin_tcp, cancel},
    {"late receives", begin_late, be_late},
    {"timers", begin_timers, wait_for_timers},
    {"nops and messages", begin_work, take_and_put},
    {"packets", begin_packets, send_packets},
    {"splices", begin_splices, splice_file},
};
const int round_count = sizeof rounds / sizeof rounds[0];

const struct round *round_named(const char *name)
{
    for (int i = 0; i < round_count; i++)
        if (strcmp(rounds[i].name, name) == 0)
            return &rounds[i];
    ck_abort_msg("no round %s", name);
}

void round_begin(const struct round *round, struct work *work, uint32_t policy)
{
    round->begin(work, policy);
}

void round_repeat(const struct round *round, struct work *work, int count)
{
    for (int i = 0; i < count && !work->failed; i++)
        round->go(work);
}

void round_end(struct work *work)
{
    ck_assert(!work->failed);
    workbench_end(work->loop);
    if (work->far >= 0)
        close(work->far);
}
