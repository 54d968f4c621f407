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
static int run_spent(void *state, struct pnd_bench_block *block);
static int run_passed(void *state, struct pnd_bench_block *block);
static int run_paced(void *state, struct pnd_bench_block *block);
static void end(void *state);

/* Strategies of its own choice: contexts without memory leave it to the runtime. */
static const struct pnd_bench_peer pendio = {.program = "bench_server", .word = "pendio-lending"};
static const struct pnd_bench_peer ring_window = {.program = "bench_server", .word = "ring-window"};
static const struct pnd_bench_peer ring_lending = {.program = "bench_server",
                                                   .word = "ring-lending"};
static const struct pnd_bench_peer epoll = {.program = "bench_server", .word = "epoll"};
static const struct pnd_bench_peer libuv = {.program = "bench_server", .word = "libuv"};
static const struct pnd_bench_peer asio = {.program = "bench_asio"};
static const struct pnd_bench_peer libevent = {.program = "bench_libevent"};
static const struct pnd_bench_peer go = {.program = "bench_go", .language = "go"};
static const struct pnd_bench_peer tokio = {.program = "bench_tokio", .language = "tokio"};
static const struct pnd_bench_peer dotnet = {.program = "bench_dotnet", .language = "dotnet"};
static const struct pnd_bench_peer pendio_1 = {
    .program = "bench_group", .word = "1", .is_wide = true};
static const struct pnd_bench_peer pendio_2 = {
    .program = "bench_group", .word = "2", .is_wide = true};

static const char not_built[] = "its program was not built, or is not installed";
static const char no_libuv[] = "libuv (libuv1-dev) was not found by cmake";
static const char no_asio[] = "asio (libasio-dev) or a C++ compiler was not found by cmake";
static const char no_libevent[] = "libevent (libevent-dev) was not found by cmake";
static const char no_spin[] = "loops of this version do not spin before they sleep";

#define SUBJECT(subject_name, reference_name, peer, run_function, reason)                          \
    {                                                                                              \
        .name = (subject_name), .reference = (reference_name), .kind = (peer),                     \
        .lacking = (reason), .begin = begin, .run = (run_function), .end = end                     \
    }

const struct pnd_bench_subject pnd_bench_peers[] = {
    SUBJECT("pendio", "pendio", &pendio, run_spent, not_built),
    SUBJECT("ring-window", "pendio", &ring_window, run_spent, not_built),
    SUBJECT("ring-lending", "pendio", &ring_lending, run_spent, not_built),
    SUBJECT("epoll", "pendio", &epoll, run_spent, not_built),
    SUBJECT("libuv", "pendio", &libuv, run_spent, no_libuv),
    SUBJECT("asio", "pendio", &asio, run_spent, no_asio),
    SUBJECT("libevent", "pendio", &libevent, run_spent, no_libevent),
    SUBJECT("go", "pendio", &go, run_spent, pnd_bench_peer_lacks_go),
    SUBJECT("tokio", "pendio", &tokio, run_spent, pnd_bench_peer_lacks_tokio),
    SUBJECT("dotnet", "pendio", &dotnet, run_spent, pnd_bench_peer_lacks_dotnet),
};
const size_t pnd_bench_peers_count = sizeof pnd_bench_peers / sizeof pnd_bench_peers[0];

const struct pnd_bench_subject pnd_bench_rtt[] = {
    SUBJECT("pendio", "pendio", &pendio, run_passed, not_built),
    SUBJECT("pendio-spin", "pendio", NULL, run_passed, no_spin),
    SUBJECT("ring-window", "pendio", &ring_window, run_passed, not_built),
    SUBJECT("epoll", "pendio", &epoll, run_passed, not_built),
};
const size_t pnd_bench_rtt_count = sizeof pnd_bench_rtt / sizeof pnd_bench_rtt[0];

const struct pnd_bench_subject pnd_bench_latency[] = {
    SUBJECT("pendio", "pendio", &pendio, run_paced, not_built),
    SUBJECT("ring-window", "pendio", &ring_window, run_paced, not_built),
    SUBJECT("epoll", "pendio", &epoll, run_paced, not_built),
    SUBJECT("libuv", "pendio", &libuv, run_paced, no_libuv),
};
const size_t pnd_bench_latency_count = sizeof pnd_bench_latency / sizeof pnd_bench_latency[0];

const struct pnd_bench_subject pnd_bench_scale_spent[] = {
    SUBJECT("pendio-1", "pendio-1", &pendio_1, run_spent, not_built),
    SUBJECT("pendio-2", "pendio-1", &pendio_2, run_spent, not_built),
};
const struct pnd_bench_subject pnd_bench_scale_passed[] = {
    SUBJECT("pendio-1", "pendio-1", &pendio_1, run_passed, not_built),
    SUBJECT("pendio-2", "pendio-1", &pendio_2, run_passed, not_built),
};
const size_t pnd_bench_scale_count = sizeof pnd_bench_scale_spent / sizeof *pnd_bench_scale_spent;

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state)
{
    if (subject->kind == NULL)
        return -ENOTSUP;
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

/* The server's CPU time. The kernel brings it up to date when its threads leave their core. */
static int run_spent(void *state, struct pnd_bench_block *block)
{
    struct whole *whole = state;
    int64_t before_ns = 0, after_ns = 0;
    int status = pnd_bench_process_spent(&whole->site.server, &before_ns);
    if (status == 0)
        status =
            pnd_bench_clients_run(&whole->site.clients, block->brief ? 1 : whole->bench_case->depth,
                                  block->brief ? brief_ns : slice_ns, &block->operation_count);
    if (status == 0) {
        (void)nanosleep(&settling, NULL);
        status = pnd_bench_process_spent(&whole->site.server, &after_ns);
    }
    block->spent_ns = after_ns - before_ns;
    return status;
}

/* The time from the first message out to the last one back. */
static int run_passed(void *state, struct pnd_bench_block *block)
{
    struct whole *whole = state;
    struct timespec begun, ended;
    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    int status =
        pnd_bench_clients_run(&whole->site.clients, block->brief ? 1 : whole->bench_case->depth,
                              block->brief ? brief_ns : slice_ns, &block->operation_count);
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    block->spent_ns =
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

static void end(void *state)
{
    struct whole *whole = state;
    pnd_bench_peer_close(&whole->site);
    free(whole->latencies_ns);
    free(whole);
}
