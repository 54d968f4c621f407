/* workbench.c - a loop, a pool and a stream to test with. */
#include "workbench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct pendio_loop *workbench_loop(uint32_t operation_count, uint32_t post_count)
{
    const struct pendio_loop_options options = {
        .size = sizeof options, .operation_count = operation_count, .post_count = post_count};
    struct pendio_loop *loop = NULL;
    int status = pendio_loop_create(&options, &loop);

    ck_assert_msg(status == 0, "%d: %s", status, pendio_loop_explain(status));
    return loop;
}

void workbench_end(struct pendio_loop *loop)
{
    uint64_t leaked_count = UINT64_MAX;

    ck_assert_uint_eq(workbench_statistics(loop).completion_overflows, 0);
    ck_assert_int_eq(pendio_loop_destroy(loop, WORKBENCH_LIMIT_NS, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
}

struct pendio_pool *workbench_pool(struct pendio_loop *loop, uint32_t context_count,
                                   uint64_t slice_bytes)
{
    const struct pendio_pool_options options = {
        .size = sizeof options, .context_count = context_count, .slice_bytes = slice_bytes};
    struct pendio_pool *pool = NULL;

    ck_assert_int_eq(pendio_pool_create(loop, &options, &pool), 0);
    return pool;
}

struct pendio_context *workbench_context(struct pendio_pool *pool)
{
    struct pendio_context *context = NULL;

    ck_assert_int_eq(pendio_pool_get(pool, &context), 0);
    return context;
}

struct workbench_stream workbench_stream(struct pendio_loop *loop, int type)
{
    struct workbench_stream stream;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_int_eq(pendio_handle_adopt(loop, ends[0], &stream.near), 0);
    stream.far = ends[1];
    return stream;
}

int workbench_file(uint64_t byte_count)
{
    const char *directory = getenv("TMPDIR");
    char path[256];
    int descriptor;

    (void)snprintf(path, sizeof path, "%s/pendio-file-XXXXXX",
                   directory != NULL ? directory : "/tmp");
    descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(ftruncate(descriptor, (off_t)byte_count), 0);
    return descriptor;
}

struct pendio_completion workbench_next(struct pendio_loop *loop)
{
    struct pendio_completion completion;
    int count;

    do
        count = pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, &completion, 1);
    while (count == 0);
    ck_assert_int_eq(count, 1);
    return completion;
}

uint32_t workbench_turn_until_shut_down(struct pendio_loop *loop)
{
    struct pendio_completion completions[64];
    uint32_t total_count = 0;
    int count;

    while ((count = pendio_loop_turn(loop, WORKBENCH_LIMIT_NS, completions, 64)) >= 0)
        total_count += (uint32_t)count;
    ck_assert_int_eq(count, -ESHUTDOWN);
    return total_count;
}

struct pendio_loop_statistics workbench_statistics(struct pendio_loop *loop)
{
    struct pendio_loop_statistics statistics = {.size = sizeof statistics};

    ck_assert_int_eq(pendio_loop_stats(loop, &statistics), 0);
    return statistics;
}

static struct pendio_completion finish(struct pendio_loop *loop, struct pendio_context *context,
                                       int answer)
{
    struct pendio_completion completion;

    ck_assert_int_ge(answer, 0);
    if (answer == PENDIO_PENDING)
        return workbench_next(loop);
    ck_assert_int_eq(pendio_context_result(context, &completion), 0);
    return completion;
}

void workbench_exercise(struct pendio_loop *loop)
{
    struct pendio_pool *pool = workbench_pool(loop, 1, 64);
    struct pendio_context *context = workbench_context(pool);
    struct workbench_stream stream = workbench_stream(loop, SOCK_STREAM);
    pendio_handle file;
    char byte;

    ck_assert_int_eq(send(stream.far, "a", 1, 0), 1);
    ck_assert_uint_eq(finish(loop, context, pendio_receive(context, stream.near)).bytes, 1);
    ck_assert_uint_eq(finish(loop, context, pendio_send(context, stream.near)).bytes, 64);
    ck_assert_int_eq(recv(stream.far, &byte, 1, 0), 1);
    ck_assert_int_eq(byte, 'a');

    ck_assert_int_eq(pendio_handle_adopt(loop, workbench_file(100), &file), 0);
    ck_assert_uint_eq(finish(loop, context, pendio_write(context, file, 0)).bytes, 64);
    ck_assert_uint_eq(finish(loop, context, pendio_read(context, file, 60)).bytes, 40);

    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_int_eq(pendio_pool_destroy(pool), 0);
    ck_assert_int_eq(pendio_handle_close(loop, stream.near, PENDIO_ABORTIVE), 0);
    ck_assert_int_eq(pendio_handle_close(loop, file, PENDIO_ABORTIVE), 0);
    ck_assert_int_eq(close(stream.far), 0);
}
