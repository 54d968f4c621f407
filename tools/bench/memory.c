/*
 * memory.c - the memory of this process that a connection takes while nothing comes on it.
 *
 * Happy path:  a loop with some idle TCP connections, then one with many: a receive is pending on
 *              each, and no buffer holds data. What the many have more is divided by their number:
 *              memory that was touched, and all that is set aside.
 * Failures:    a receive that is not pending, and a buffer in use, end it.
 */
#include "cases.h"
#include "load.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum { FEW = 4 }; /* a share of the many */

typedef int64_t memory_fn(void);

struct idle {
    struct pnd_bench_case bench_case;
    bool is_reserved;
};

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state);
static int run(void *state, struct pnd_bench_block *block);
static int weigh(struct idle *idle, uint32_t count, int64_t *ret_bytes);
static int weigh_loop(struct pnd_bench_load *load, memory_fn *memory, int64_t *ret_bytes);
static int receive_all(struct pendio_loop *loop, struct pnd_bench_load *load);
static int check_buffers(struct pendio_loop *loop);
static int64_t memory_touched(void);
static int64_t memory_reserved(void);
static int64_t read_kib(const char *path, const char *name);
static void end(void *state);

static const bool with_reserved = true;

const struct pnd_bench_subject pnd_bench_memory[] = {
    {"pendio", "pendio", PND_BENCH_OURS, NULL, NULL, begin, run, end},
    {"reserved", "pendio", PND_BENCH_INFORMATION, &with_reserved, NULL, begin, run, end},
};
const size_t pnd_bench_memory_count = sizeof pnd_bench_memory / sizeof pnd_bench_memory[0];

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state)
{
    struct idle *idle = malloc(sizeof *idle);
    if (idle == NULL)
        return -ENOMEM;
    *idle = (struct idle){*bench_case, subject->kind != NULL};
    (void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    *ret_state = idle;
    return 0;
}

/* Bytes take the place of nanoseconds, connections that of operations. */
static int run(void *state, struct pnd_bench_block *block)
{
    struct idle *idle = state;
    uint32_t many = idle->bench_case.connection_count, few = many / FEW;
    int64_t bytes_of_few = 0, bytes_of_many = 0;

    int status = weigh(idle, few, &bytes_of_few);
    if (status == 0)
        status = weigh(idle, many, &bytes_of_many);
    block->spent_ns = bytes_of_many - bytes_of_few;
    block->operation_count = many - few;
    return status;
}

static int weigh(struct idle *idle, uint32_t count, int64_t *ret_bytes)
{
    struct pnd_bench_case bench_case = idle->bench_case;
    struct pnd_bench_load load;

    bench_case.connection_count = count;
    int status = pnd_bench_load_init(&load, &bench_case);
    if (status < 0)
        return status;
    status = weigh_loop(&load, idle->is_reserved ? memory_reserved : memory_touched, ret_bytes);
    pnd_bench_load_fini(&load);
    return status;
}

static int weigh_loop(struct pnd_bench_load *load, memory_fn *memory, int64_t *ret_bytes)
{
    const struct pendio_loop_options options = {
        .size = sizeof options,
        .operation_count = load->connection_count,
        .handle_count = load->connection_count,
    };
    struct pendio_loop *loop;
    (void)malloc_trim(0);
    int64_t before = memory();

    int status = pendio_loop_create(&options, &loop);
    if (status < 0)
        return status;
    status = receive_all(loop, load);
    if (status == 0)
        status = pendio_loop_flush(loop);
    if (status == 0)
        status = check_buffers(loop);
    *ret_bytes = memory() - before;
    (void)pendio_loop_destroy(loop, -1, NULL);
    return status;
}

static int receive_all(struct pendio_loop *loop, struct pnd_bench_load *load)
{
    const struct pendio_pool_options options = {.size = sizeof options,
                                                .context_count = load->connection_count};
    struct pendio_pool *pool;
    int status = pendio_pool_create(loop, &options, &pool);

    for (uint32_t index = 0; status == 0 && index < load->connection_count; index++) {
        struct pendio_context *context;
        pendio_handle handle;
        status = pendio_pool_get(pool, &context);
        if (status == 0)
            status = pendio_handle_adopt(loop, load->servers[index], &handle);
        if (status < 0)
            return status;
        load->servers[index] = -1;
        (void)pendio_context_set_lending(context);
        int answer = pendio_receive(context, handle);
        status = answer == PENDIO_PENDING ? 0 : answer < 0 ? answer : -EPROTO;
    }
    return status;
}

static int check_buffers(struct pendio_loop *loop)
{
    struct pendio_loop_statistics statistics = {.size = sizeof statistics};
    int status = pendio_loop_stats(loop, &statistics);
    return status == 0 && statistics.buffers_in_use > 0 ? -ENOBUFS : status;
}

/* Pages of its own that this process has written to. */
static int64_t memory_touched(void)
{
    return read_kib("/proc/self/smaps_rollup", "Anonymous:") * 1024;
}

/* What malloc() gave away, and all that was mapped without it. */
static int64_t memory_reserved(void)
{
    struct mallinfo2 heap = mallinfo2();
    return (int64_t)heap.uordblks - (int64_t)heap.arena +
           read_kib("/proc/self/status", "VmData:") * 1024;
}

static int64_t read_kib(const char *path, const char *name)
{
    char line[128];
    int64_t kib = 0;
    FILE *file = fopen(path, "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoll(line + strlen(name), NULL, 10);
    if (file != NULL)
        (void)fclose(file);
    return kib;
}

static void end(void *state)
{
    free(state);
}
