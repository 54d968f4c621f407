/*
 * cases_whole.c - the cases of servers in processes of their own.
 */
#include "cases.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct list {
    struct pnd_bench_case *cases;
    size_t count;
};

static void list_peers(struct list *list, int family);
static void list_rtt(struct list *list, int family);
static void list_latency(struct list *list);
static void list_scale(struct list *list);
static void list_bindings(struct list *list, int family);
static struct pnd_bench_case *add(struct list *list, const struct pnd_bench_case *one);
static const char *family_name(int family);

#define FOR_EACH(index, array)                                                                     \
    for (size_t index = 0; index < sizeof(array) / sizeof *(array); index++)

size_t pnd_bench_cases_whole(struct pnd_bench_case *ret_cases)
{
    static const int families[] = {AF_INET, AF_UNIX};
    struct list list = {.cases = ret_cases};
    FOR_EACH(family, families)
    list_peers(&list, families[family]);
    FOR_EACH(family, families)
    list_rtt(&list, families[family]);
    list_latency(&list);
    list_scale(&list);
    FOR_EACH(family, families)
    list_bindings(&list, families[family]);
    return list.count;
}

/* Whole processes need more rounds than blocks in one do. */
static void list_peers(struct list *list, int family)
{
    static const uint32_t connections[] = {1, 50, 500}, bytes[] = {64, 16384}, depths[] = {1, 8};

    FOR_EACH(many, connections)
    FOR_EACH(size, bytes)
    FOR_EACH(depth, depths)
    {
        struct pnd_bench_case *one = add(list, &(struct pnd_bench_case){
                                                   .unit = "ns/message",
                                                   .subjects = pnd_bench_peers,
                                                   .subject_count = pnd_bench_peers_count,
                                                   .family = family,
                                                   .connection_count = connections[many],
                                                   .message_bytes = bytes[size],
                                                   .depth = depths[depth],
                                                   .patience = 2,
                                               });
        (void)snprintf(one->name, sizeof one->name, "peer/%s/%ux%ux%u", family_name(family),
                       one->connection_count, one->message_bytes, one->depth);
    }
}

static void list_rtt(struct list *list, int family)
{
    struct pnd_bench_case *one = add(list, &(struct pnd_bench_case){
                                               .unit = "ns/round trip",
                                               .subjects = pnd_bench_rtt,
                                               .subject_count = pnd_bench_rtt_count,
                                               .family = family,
                                               .connection_count = 1,
                                               .message_bytes = 64,
                                               .depth = 1,
                                               .by_wall = true,
                                           });
    (void)snprintf(one->name, sizeof one->name, "rtt/%s/64", family_name(family));
}

static void list_latency(struct list *list)
{
    static const uint32_t rates[] = {10000, 25000, 50000};
    static const struct {
        const char *name;
        double share;
    } quantiles[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}};

    FOR_EACH(rate, rates)
    FOR_EACH(quantile, quantiles)
    {
        struct pnd_bench_case *one = add(list, &(struct pnd_bench_case){
                                                   .unit = "ns",
                                                   .subjects = pnd_bench_latency,
                                                   .subject_count = pnd_bench_latency_count,
                                                   .family = AF_INET,
                                                   .connection_count = 16,
                                                   .message_bytes = 64,
                                                   .rate = rates[rate],
                                                   .share = quantiles[quantile].share,
                                                   .patience = 2,
                                               });
        (void)snprintf(one->name, sizeof one->name, "latency/tcp/64@%u/%s", one->rate,
                       quantiles[quantile].name);
    }
}

/* What a message costs, and how many go through: with two cores these are two questions. */
static void list_scale(struct list *list)
{
    static const char *const names[] = {"cpu", "wall"};
    FOR_EACH(name, names)
    {
        struct pnd_bench_case *one = add(list, &(struct pnd_bench_case){
                                                   .unit = "ns/message",
                                                   .subjects = pnd_bench_scale,
                                                   .subject_count = pnd_bench_scale_count,
                                                   .family = AF_INET,
                                                   .connection_count = 50,
                                                   .message_bytes = 64,
                                                   .depth = 8,
                                                   .by_wall = name == 1,
                                               });
        (void)snprintf(one->name, sizeof one->name, "scale/tcp/50x64x8/%s", names[name]);
    }
}

static void list_bindings(struct list *list, int family)
{
    static const uint32_t connections[] = {1, 50};
    static const char *const names[] = {"cpu", "calls"};
    FOR_EACH(many, connections)
    FOR_EACH(name, names)
    {
        bool cpu = name == 0;
        struct pnd_bench_case *one =
            add(list, &(struct pnd_bench_case){
                          .unit = cpu ? "ns/message" : "calls/completion",
                          .subjects = cpu ? pnd_bench_bindings : pnd_bench_calls,
                          .subject_count = cpu ? pnd_bench_bindings_count : pnd_bench_calls_count,
                          .family = family,
                          .connection_count = connections[many],
                          .message_bytes = 64,
                          .depth = 1,
                      });
        (void)snprintf(one->name, sizeof one->name, "binding/%s/%ux64x1/%s", family_name(family),
                       one->connection_count, names[name]);
    }
}

static struct pnd_bench_case *add(struct list *list, const struct pnd_bench_case *one)
{
    assert(list->count < PND_BENCH_WHOLE_MAXIMUM);
    list->cases[list->count] = *one;
    list->cases[list->count].is_whole = true;
    return &list->cases[list->count++];
}

static const char *family_name(int family)
{
    return family == AF_INET ? "tcp" : "unix";
}
