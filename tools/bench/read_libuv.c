/*
 * read_libuv.c - a peer: libuv's reads, which its threads do.
 *
 * Happy path:  a request for each read under way; its callback compares, and starts the next.
 * Failures:    what a read answers, and wrong bytes, end it all.
 */
#include "read.h"

#include <errno.h>
#include <stdlib.h>
#include <uv.h>

struct reader;

struct request {
    uv_fs_t read;
    struct reader *reader;
    uint64_t index;
};

struct reader {
    struct pnd_bench_reading *reading;
    uv_loop_t loop;
    int status;
    struct request requests[PND_BENCH_BATCH_MAXIMUM];
};

static int create(struct pnd_bench_reading *reading, void **ret_reader);
static void start(struct request *request);
static void go_on(uv_fs_t *read);
static int read_all(void *state);
static void destroy(void *state);

const struct pnd_bench_reader pnd_bench_reader_libuv = {create, read_all, destroy};

static int create(struct pnd_bench_reading *reading, void **ret_reader)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return -ENOMEM;
    reader->reading = reading;
    for (uint64_t index = 0; index < PND_BENCH_BATCH_MAXIMUM; index++) {
        reader->requests[index].reader = reader;
        reader->requests[index].index = index;
    }
    int status = uv_loop_init(&reader->loop);
    if (status < 0)
        free(reader);
    else
        *ret_reader = reader;
    return status;
}

static void start(struct request *request)
{
    struct reader *reader = request->reader;
    uint64_t offset = pnd_bench_reading_next(reader->reading, request->index);
    unsigned char *memory = pnd_bench_reading_memory(reader->reading, request->index);
    uv_buf_t block = uv_buf_init((char *)memory, PND_BENCH_FILE_BLOCK);

    request->read.data = request;
    int status = uv_fs_read(&reader->loop, &request->read, reader->reading->descriptor, &block, 1,
                            (int64_t)offset, go_on);
    if (status < 0)
        reader->status = status;
}

static void go_on(uv_fs_t *read)
{
    struct request *request = read->data;
    struct reader *reader = request->reader;
    int status = pnd_bench_reading_check(reader->reading, request->index, read->result,
                                         pnd_bench_reading_memory(reader->reading, request->index));

    uv_fs_req_cleanup(read);
    if (reader->status == 0)
        reader->status = status;
    if (reader->status == 0 && reader->reading->left > 0)
        start(request);
}

static int read_all(void *state)
{
    struct reader *reader = state;
    for (uint32_t index = 0; index < reader->reading->depth && reader->reading->left > 0; index++)
        start(&reader->requests[index]);
    (void)uv_run(&reader->loop, UV_RUN_DEFAULT);
    return reader->status;
}

static void destroy(void *state)
{
    struct reader *reader = state;
    (void)uv_loop_close(&reader->loop);
    free(reader);
}
