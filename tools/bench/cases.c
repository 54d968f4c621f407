/*
 * cases.c - all there is to be measured.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { CASE_MAXIMUM = 128 + PND_BENCH_WHOLE_MAXIMUM };

static struct pnd_bench_case cases[CASE_MAXIMUM];
static size_t case_count;

static void list_echo(void);
static void list_idle(void);
static void list_nop(void);
static void list_read(void);
static void list_gather(void);
static void list_churn(void);
static void list_others(void);
static struct pnd_bench_case *add(const char *unit, const struct pnd_bench_subject *subjects,
                                  size_t subject_count);
static const char *family_name(int family);

static const int families[] = {AF_INET, AF_UNIX};

#define FOR_EACH(index, array)                                                                     \
    for (size_t index = 0; index < sizeof(array) / sizeof *(array); index++)

const struct pnd_bench_case *pnd_bench_cases(size_t *ret_count)
{
    if (case_count == 0) {
        list_idle(); /* first: memory that others left would be taken again */
        list_nop();
        list_read();
        list_gather();
        list_churn();
        list_others();
        list_echo();
        case_count += pnd_bench_cases_whole(&cases[case_count]);
    }
    *ret_count = case_count;
    return cases;
}

static void list_echo(void)
{
    static const uint32_t connections[] = {1, 50, 500, 5000}, bytes[] = {64, 1024, 16384},
                          depths[] = {1, 8};

    FOR_EACH(family, families)
    FOR_EACH(many, connections)
    FOR_EACH(size, bytes)
    FOR_EACH(depth, depths)
    {
        struct pnd_bench_case *one = add("ns/message", pnd_bench_echo, pnd_bench_echo_count);
        one->family = families[family];
        one->connection_count = connections[many];
        one->message_bytes = bytes[size];
        one->depth = depths[depth];
        (void)snprintf(one->name, sizeof one->name, "echo/%s/%ux%ux%u", family_name(one->family),
                       one->connection_count, one->message_bytes, one->depth);
    }
}

static void list_idle(void)
{
    enum { IDLE_COUNT = 4096 };
    struct pnd_bench_case *one = add("bytes/connection", pnd_bench_memory, pnd_bench_memory_count);
    one->family = AF_INET;
    one->connection_count = IDLE_COUNT;
    (void)snprintf(one->name, sizeof one->name, "memory/idle");
}

static void list_nop(void)
{
    static const uint32_t batches[] = {1, 32};

    FOR_EACH(batch, batches)
    {
        struct pnd_bench_case *one = add("ns/operation", pnd_bench_nop, pnd_bench_nop_count);
        one->depth = batches[batch];
        (void)snprintf(one->name, sizeof one->name, "nop/%u", one->depth);
    }
}

static void list_read(void)
{
    static const uint32_t depths[] = {1, 32, 128};

    for (int is_direct = 0; is_direct < 2; is_direct++)
        FOR_EACH(depth, depths)
        {
            struct pnd_bench_case *one = add("ns/read", pnd_bench_read, pnd_bench_read_count);
            one->is_direct = is_direct != 0;
            one->message_bytes = 4096;
            one->depth = depths[depth];
            (void)snprintf(one->name, sizeof one->name, "read/%s/4096x%u",
                           one->is_direct ? "direct" : "cached", one->depth);
        }
}

static void list_gather(void)
{
    FOR_EACH(family, families)
    {
        struct pnd_bench_case *one = add("ns/message", pnd_bench_gather, pnd_bench_gather_count);
        one->family = families[family];
        one->connection_count = 1;
        one->message_bytes = 64;
        one->depth = 8;
        (void)snprintf(one->name, sizeof one->name, "gather/%s/64x8", family_name(one->family));
    }
}

static void list_churn(void)
{
    FOR_EACH(family, families)
    for (int resets = 0; resets < 2; resets++) {
        struct pnd_bench_case *one = add("ns/connection", pnd_bench_churn, pnd_bench_churn_count);
        one->family = families[family];
        one->connection_count = 32;
        one->resets = resets != 0;
        (void)snprintf(one->name, sizeof one->name, "churn/%s/%u/%s", family_name(one->family),
                       one->connection_count, one->resets ? "reset" : "graceful");
    }
}

static void list_others(void)
{
    struct pnd_bench_case *copy = add("ns/KiB", pnd_bench_copy, pnd_bench_copy_count);
    (void)snprintf(copy->name, sizeof copy->name, "copy/sequential");

    struct pnd_bench_case *wake = add("ns/round trip", pnd_bench_wake, pnd_bench_wake_count);
    wake->by_wall = true;
    (void)snprintf(wake->name, sizeof wake->name, "wake/loops");
}

static struct pnd_bench_case *add(const char *unit, const struct pnd_bench_subject *subjects,
                                  size_t subject_count)
{
    struct pnd_bench_case *one = &cases[case_count++];
    one->unit = unit;
    one->subjects = subjects;
    one->subject_count = subject_count;
    return one;
}

static const char *family_name(int family)
{
    return family == AF_INET ? "tcp" : "unix";
}
