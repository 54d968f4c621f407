/*
 * echo.c - the echo matrix: what a server costs for each message it sends back.
 *
 * Happy path:  the generator fills every connection -> the server, alone on the clock, echoes all
 *              of it -> the generator compares every byte.
 * Failures:    bytes that are wrong, missing or late end the subject's part.
 */
#include "cases.h"
#include "load.h"
#include "server.h"

#include <errno.h>
#include <stdlib.h>

enum { WINDOW_BYTES = 16384, BLOCK_MESSAGES = 1024, BUFFER_MINIMUM = 16, BUFFER_MAXIMUM = 16384 };

/* Pieces of each connection after which a server has found its way; pendio looks at eight. */
enum { SETTLED_PIECES = 12 };

struct echo {
    const struct pnd_bench_server *server;
    void *state;
    struct pnd_bench_load load;
    uint64_t cold_count; /* turns of connections that do not count yet */
};

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state);
static uint64_t count_cold(const struct pnd_bench_case *bench_case);
static int run(void *state, struct pnd_bench_block *block);
static int run_phase(struct echo *echo, struct pnd_bench_block *block);
static void end(void *state);

#define SUBJECT(server_role, server_name, reference_name, server)                                  \
    {                                                                                              \
        .name = (server_name), .reference = (reference_name), .role = (server_role),               \
        .kind = &(server), .begin = begin, .run = run, .end = end                                  \
    }
#define FLOOR(...) SUBJECT(PND_BENCH_FLOOR, __VA_ARGS__)
#define OURS(...)  SUBJECT(PND_BENCH_OURS, __VA_ARGS__)
#define PEER(...)  SUBJECT(PND_BENCH_PEER, __VA_ARGS__)

const struct pnd_bench_subject pnd_bench_echo[] = {
    FLOOR("ring-window", "ring-window", pnd_bench_ring_window),
    OURS("pendio-window", "ring-window", pnd_bench_pendio_window),
    FLOOR("ring-lending", "ring-lending", pnd_bench_ring_lending),
    OURS("pendio-lending", "ring-lending", pnd_bench_pendio_lending),
    FLOOR("ring-window-direct", "ring-window", pnd_bench_ring_window_direct),
    FLOOR("ring-lending-direct", "ring-lending", pnd_bench_ring_lending_direct),
    FLOOR("epoll", "ring-window", pnd_bench_epoll),
    OURS("pendio", NULL, pnd_bench_pendio),
#ifdef PENDIO_BENCH_LIBUV
    PEER("libuv", "ring-window", pnd_bench_libuv),
#else
    {
        .name = "libuv",
        .reference = "ring-window",
        .role = PND_BENCH_PEER,
        .lacking = "libuv (libuv1-dev) was not found by cmake",
        .begin = begin,
        .run = run,
        .end = end,
    },
#endif
};
const size_t pnd_bench_echo_count = sizeof pnd_bench_echo / sizeof pnd_bench_echo[0];

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state)
{
    if (subject->kind == NULL)
        return -ENOTSUP;
    struct echo *echo = calloc(1, sizeof *echo);
    if (echo == NULL)
        return -ENOMEM;
    echo->server = subject->kind;
    int status = pnd_bench_load_init(&echo->load, bench_case);
    if (status < 0) {
        free(echo);
        return status;
    }
    struct pnd_bench_wiring wiring = {
        .descriptors = echo->load.servers,
        .count = bench_case->connection_count,
        .window_bytes = WINDOW_BYTES,
        .buffer_count = BUFFER_MINIMUM,
    };
    while (wiring.buffer_count < 2 * wiring.count && wiring.buffer_count < BUFFER_MAXIMUM)
        wiring.buffer_count *= 2;
    status = echo->server->create(&wiring, &echo->state);
    if (status < 0) {
        pnd_bench_load_fini(&echo->load);
        free(echo);
        return status;
    }
    echo->cold_count = count_cold(bench_case);
    *ret_state = echo;
    return 0;
}

/* What has come for a connection is read by the window, and so in one piece, or in several. */
static uint64_t count_cold(const struct pnd_bench_case *bench_case)
{
    uint64_t pieces = (uint64_t)bench_case->message_bytes * bench_case->depth / WINDOW_BYTES;
    uint64_t turns = pieces < 2 ? SETTLED_PIECES : (SETTLED_PIECES + pieces - 1) / pieces;
    return turns * bench_case->connection_count;
}

/*
 * As many phases as it takes for figures well above the clock's own cost. Before the first one that
 * counts every connection has had so many turns that its memory was touched, and that its server
 * does as it will do from then on.
 */
static int run(void *state, struct pnd_bench_block *block)
{
    struct echo *echo = state;
    uint64_t wanted = block->brief ? 1 : BLOCK_MESSAGES;
    int status = 0;

    if (block->brief && echo->cold_count > echo->load.connection_count)
        echo->cold_count = echo->load.connection_count;
    while (status == 0 && echo->cold_count > 0) {
        struct pnd_bench_block ignored = {0};
        status = run_phase(echo, &ignored);
        echo->cold_count -= echo->load.wave_count;
    }
    while (status == 0 && block->operation_count < wanted)
        status = run_phase(echo, block);
    return status;
}

static int run_phase(struct echo *echo, struct pnd_bench_block *block)
{
    uint64_t messages = (uint64_t)echo->load.wave_count * echo->load.depth;
    int status = pnd_bench_load_send(&echo->load);
    if (status < 0)
        return status;
    pnd_bench_block_start(block);
    status = echo->server->serve(echo->state, messages * echo->load.message_bytes);
    pnd_bench_block_stop(block);
    block->operation_count += messages;
    return status < 0 ? status : pnd_bench_load_verify(&echo->load);
}

static void end(void *state)
{
    struct echo *echo = state;
    echo->server->destroy(echo->state);
    pnd_bench_load_fini(&echo->load);
    free(echo);
}
