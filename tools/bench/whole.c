/*
 * whole.c - servers in processes of their own: what they cost, how long an answer takes.
 *
 * Happy path:  the server is started once for a case -> in each round clients keep it busy for a
 *              while, and compare every byte -> its CPU time as the kernel counted it, or the time
 *              that went by, for each message.
 * Failures:    a server that ends, stalls or sends other bytes has failed.
 */
#include "cases.h"
#include "peer.h"
#include "series.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* As long as servers take to fall asleep when everything was answered. */
static const struct timespec settling = {.tv_nsec = 1000000};

static const int64_t slice_ns = 20 * INT64_C(1000000), brief_ns = 0;
static const int64_t paced_ns = 200 * INT64_C(1000000), brief_paced_ns = 2 * INT64_C(1000000);

struct whole {
    const struct pnd_bench_case *bench_case;
    struct pnd_bench_site site;
    double *latencies_ns;
};

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state);
static uint32_t paced_count(const struct pnd_bench_case *bench_case, bool is_brief);
static int run_closed(void *state, struct pnd_bench_block *block);
static int run_paced(void *state, struct pnd_bench_block *block);
static int run_counted(void *state, struct pnd_bench_block *block);
static int ask(const struct whole *whole, uint64_t *ret_calls, uint64_t *ret_completions);
static void end(void *state);

static const struct pnd_bench_peer pendio = {.program = "bench_server", .word = "pendio"};
static const struct pnd_bench_peer pendio_spin = {.program = "bench_server", .word = "pendio-spin"};
static const struct pnd_bench_peer ring_window = {.program = "bench_server", .word = "ring-window"};
static const struct pnd_bench_peer ring_lending = {.program = "bench_server",
                                                   .word = "ring-lending"};
static const struct pnd_bench_peer epoll = {.program = "bench_server", .word = "epoll"};
#ifdef PENDIO_BENCH_LIBUV
static const struct pnd_bench_peer libuv = {.program = "bench_server", .word = "libuv"};
#else
static const struct pnd_bench_peer libuv = {.program = "bench_libuv"}; /* nowhere */
#endif
static const struct pnd_bench_peer asio = {.program = "bench_asio"};
static const struct pnd_bench_peer libevent = {.program = "bench_libevent"};
static const struct pnd_bench_peer go = {.program = "bench_go", .language = "go"};
static const struct pnd_bench_peer tokio = {.program = "bench_tokio", .language = "tokio"};
static const struct pnd_bench_peer dotnet = {.program = "bench_dotnet", .language = "dotnet"};
static const struct pnd_bench_peer rust = {.program = "bench_rust", .language = "rust"};
static const struct pnd_bench_peer python = {
    .program = "bench_python", .word = "pendio", .language = "python"};
static const struct pnd_bench_peer python_asyncio = {
    .program = "bench_python", .word = "asyncio", .language = "python"};
static const struct pnd_bench_peer dotnet_pendio = {.program = "bench_dotnet_pendio",
                                                    .language = "dotnet_pendio"};
static const struct pnd_bench_peer counted = {.program = "bench_counted", .word = "pendio"};
static const struct pnd_bench_peer counted_lending = {.program = "bench_counted",
                                                      .word = "pendio-lending"};
static const struct pnd_bench_peer counted_dotnet = {.program = "bench_dotnet_pendio_counted",
                                                     .language = "dotnet_pendio"};
static const struct pnd_bench_peer counted_rust = {.program = "bench_rust_counted",
                                                   .language = "rust"};
static const struct pnd_bench_peer counted_python = {
    .program = "bench_python_counted", .word = "pendio", .language = "python"};
static const struct pnd_bench_peer pendio_1 = {
    .program = "bench_group", .word = "1", .is_wide = true};
static const struct pnd_bench_peer pendio_2 = {
    .program = "bench_group", .word = "2", .is_wide = true};

static const char not_built[] = "its program was not built, or is not installed";
static const char no_libuv[] = "libuv (libuv1-dev) was not found by cmake";
static const char no_asio[] = "asio (libasio-dev) or a C++ compiler was not found by cmake";
static const char no_libevent[] = "libevent (libevent-dev) was not found by cmake";

#define SUBJECT(subject_role, subject_name, reference_name, peer, run_function, reason)            \
    {                                                                                              \
        .name = (subject_name), .reference = (reference_name), .role = (subject_role),             \
        .kind = &(peer), .lacking = (reason), .begin = begin, .run = (run_function), .end = end    \
    }
#define FLOOR(name, ...) SUBJECT(PND_BENCH_FLOOR, name, "pendio", __VA_ARGS__)
#define OURS(name, ...)  SUBJECT(PND_BENCH_OURS, name, "pendio", __VA_ARGS__)
#define PEER(name, ...)  SUBJECT(PND_BENCH_PEER, name, "pendio", __VA_ARGS__)
#define OTHER(name, ...) SUBJECT(PND_BENCH_INFORMATION, name, "pendio", __VA_ARGS__)

const struct pnd_bench_subject pnd_bench_peers[] = {
    OURS("pendio", pendio, run_closed, not_built),
    FLOOR("ring-window", ring_window, run_closed, not_built),
    FLOOR("ring-lending", ring_lending, run_closed, not_built),
    FLOOR("epoll", epoll, run_closed, not_built),
    PEER("libuv", libuv, run_closed, no_libuv),
    PEER("asio", asio, run_closed, no_asio),
    PEER("libevent", libevent, run_closed, no_libevent),
    PEER("go", go, run_closed, pnd_bench_peer_lacks_go),
    PEER("tokio", tokio, run_closed, pnd_bench_peer_lacks_tokio),
    PEER("dotnet", dotnet, run_closed, pnd_bench_peer_lacks_dotnet),
};
const size_t pnd_bench_peers_count = sizeof pnd_bench_peers / sizeof pnd_bench_peers[0];

const struct pnd_bench_subject pnd_bench_rtt[] = {
    OURS("pendio", pendio, run_closed, not_built),
    OURS("pendio-spin", pendio_spin, run_closed, not_built),
    FLOOR("ring-window", ring_window, run_closed, not_built),
    FLOOR("epoll", epoll, run_closed, not_built),
};
const size_t pnd_bench_rtt_count = sizeof pnd_bench_rtt / sizeof pnd_bench_rtt[0];

const struct pnd_bench_subject pnd_bench_latency[] = {
    OURS("pendio", pendio, run_paced, not_built),
    FLOOR("ring-window", ring_window, run_paced, not_built),
    FLOOR("epoll", epoll, run_paced, not_built),
    PEER("libuv", libuv, run_paced, no_libuv),
};
const size_t pnd_bench_latency_count = sizeof pnd_bench_latency / sizeof pnd_bench_latency[0];

const struct pnd_bench_subject pnd_bench_scale[] = {
    SUBJECT(PND_BENCH_OURS, "pendio-1", "pendio-1", pendio_1, run_closed, not_built),
    SUBJECT(PND_BENCH_OURS, "pendio-2", "pendio-1", pendio_2, run_closed, not_built),
};
const size_t pnd_bench_scale_count = sizeof pnd_bench_scale / sizeof pnd_bench_scale[0];

/* What a language and its calls into C add: each binding, and its language without it. */
const struct pnd_bench_subject pnd_bench_bindings[] = {
    OURS("pendio", pendio, run_closed, not_built),
    OTHER("dotnet", dotnet_pendio, run_closed, pnd_bench_peer_lacks_dotnet_pendio),
    OTHER("dotnet-sockets", dotnet, run_closed, pnd_bench_peer_lacks_dotnet),
    OTHER("rust", rust, run_closed, pnd_bench_peer_lacks_rust),
    OTHER("python", python, run_closed, pnd_bench_peer_lacks_python),
    OTHER("python-asyncio", python_asyncio, run_closed, pnd_bench_peer_lacks_python),
};
const size_t pnd_bench_bindings_count = sizeof pnd_bench_bindings / sizeof pnd_bench_bindings[0];

/* The same again, but their calls into C are counted: by a library before the real one. */
const struct pnd_bench_subject pnd_bench_calls[] = {
    OURS("pendio", counted, run_counted, not_built),
    OTHER("pendio-lending", counted_lending, run_counted, not_built),
    OTHER("dotnet", counted_dotnet, run_counted, pnd_bench_peer_lacks_dotnet_pendio),
    OTHER("rust", counted_rust, run_counted, pnd_bench_peer_lacks_rust),
    OTHER("python", counted_python, run_counted, pnd_bench_peer_lacks_python),
};
const size_t pnd_bench_calls_count = sizeof pnd_bench_calls / sizeof pnd_bench_calls[0];

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state)
{
    struct whole *whole = calloc(1, sizeof *whole);
    if (whole == NULL)
        return -ENOMEM;
    whole->bench_case = bench_case;
    whole->latencies_ns = calloc(paced_count(bench_case, false) + 1, sizeof *whole->latencies_ns);
    int status = whole->latencies_ns == NULL ? -ENOMEM : 0;
    if (status == 0)
        status = pnd_bench_peer_open(subject->kind, bench_case, &whole->site);
    if (status < 0) {
        free(whole->latencies_ns);
        free(whole);
        return status;
    }
    *ret_state = whole;
    return 0;
}

/* What goes out in a block of a case that has a rate. */
static uint32_t paced_count(const struct pnd_bench_case *bench_case, bool is_brief)
{
    return (uint32_t)(bench_case->rate * (is_brief ? brief_paced_ns : paced_ns) / 1000000000);
}

/*
 * The server's CPU time, which the kernel brings up to date when its threads leave their core; and
 * the time from the first message out to the last one back.
 */
static int run_closed(void *state, struct pnd_bench_block *block)
{
    struct whole *whole = state;
    int64_t before_ns = 0, after_ns = 0;
    struct timespec begun, ended;
    int status = pnd_bench_process_spent(&whole->site.server, &before_ns);
    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    if (status == 0)
        status =
            pnd_bench_clients_run(&whole->site.clients, block->brief ? 1 : whole->bench_case->depth,
                                  block->brief ? brief_ns : slice_ns, &block->operation_count);
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    if (status < 0)
        return status;
    (void)nanosleep(&settling, NULL);
    status = pnd_bench_process_spent(&whole->site.server, &after_ns);
    block->spent_ns = after_ns - before_ns;
    block->passed_ns =
        (ended.tv_sec - begun.tv_sec) * INT64_C(1000000000) + ended.tv_nsec - begun.tv_nsec;
    return status;
}

/* The latency that the case's share of the block's messages did not exceed. */
static int run_paced(void *state, struct pnd_bench_block *block)
{
    struct whole *whole = state;
    const struct pnd_bench_case *bench_case = whole->bench_case;
    uint32_t count = paced_count(bench_case, block->brief);
    int status = pnd_bench_clients_pace(&whole->site.clients, count, 1e9 / bench_case->rate,
                                        whole->latencies_ns);
    block->operation_count = 1;
    block->spent_ns =
        (int64_t)pnd_bench_series_quantile(whole->latencies_ns, count, bench_case->share);
    return status;
}

/*
 * How often the server called the library for each completion. Whoever has answered on every
 * connection has loaded the library, and what counts, and can be asked.
 */
static int run_counted(void *state, struct pnd_bench_block *block)
{
    struct whole *whole = state;
    uint64_t calls_before, completions_before, calls, completions, message_count = 0;
    int status = pnd_bench_clients_run(&whole->site.clients, 1, brief_ns, &message_count);
    if (status == 0)
        status = ask(whole, &calls_before, &completions_before);
    if (status == 0)
        status = pnd_bench_clients_run(&whole->site.clients, 1, block->brief ? brief_ns : slice_ns,
                                       &message_count);
    if (status == 0)
        status = ask(whole, &calls, &completions);
    if (status < 0)
        return status;
    block->operation_count = completions - completions_before;
    block->spent_ns = (int64_t)(calls - calls_before);
    return 0;
}

/* Once it sleeps: what it has answered may not have ended for itself yet. */
static int ask(const struct whole *whole, uint64_t *ret_calls, uint64_t *ret_completions)
{
    (void)nanosleep(&settling, NULL);
    return pnd_bench_process_counted(&whole->site.server, ret_calls, ret_completions);
}

static void end(void *state)
{
    struct whole *whole = state;
    pnd_bench_peer_close(&whole->site);
    free(whole->latencies_ns);
    free(whole);
}
