/*
 * read_ring.c - the floor of reads: a bare ring, file and memory registered.
 *
 * Happy path:  submit and wait in one call -> each read that ended is followed by the next.
 * Failures:    what a read answers, and wrong bytes, end it all.
 */
#include "read.h"
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>

struct reader {
    struct pnd_bench_reading *reading;
    struct io_uring ring;
    uint64_t under_way;
};

static int create(struct pnd_bench_reading *reading, void **ret_reader);
static void start(struct reader *reader, uint64_t index);
static int read_all(void *state);
static int collect(struct reader *reader);
static void destroy(void *state);

const struct pnd_bench_reader pnd_bench_reader_ring = {create, read_all, destroy};

static int create(struct pnd_bench_reading *reading, void **ret_reader)
{
    struct iovec memory = {reading->memory, (size_t)reading->depth * PND_BENCH_FILE_BLOCK};
    struct reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return -ENOMEM;
    reader->reading = reading;
    int status =
        pnd_bench_ring_init(&reader->ring, PND_BENCH_BATCH_MAXIMUM, 2 * PND_BENCH_BATCH_MAXIMUM);
    if (status < 0) {
        free(reader);
        return status;
    }
    status = io_uring_register_files(&reader->ring, &reading->descriptor, 1);
    if (status == 0)
        status = io_uring_register_buffers(&reader->ring, &memory, 1);
    if (status < 0)
        destroy(reader);
    else
        *ret_reader = reader;
    return status;
}

static void start(struct reader *reader, uint64_t index)
{
    struct io_uring_sqe *entry = pnd_bench_ring_entry(&reader->ring);
    uint64_t offset = pnd_bench_reading_next(reader->reading, index);
    io_uring_prep_read_fixed(entry, 0, pnd_bench_reading_memory(reader->reading, index),
                             PND_BENCH_FILE_BLOCK, offset, 0);
    entry->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(entry, index);
    reader->under_way++;
}

static int read_all(void *state)
{
    struct reader *reader = state;
    int status = 0;

    for (uint32_t index = 0; index < reader->reading->depth && reader->reading->left > 0; index++)
        start(reader, index);
    while (reader->under_way > 0) {
        int submitted = io_uring_submit_and_wait(&reader->ring, 1);
        if (submitted < 0)
            return submitted;
        int collected = collect(reader);
        status = status < 0 ? status : collected;
        if (status < 0)
            reader->reading->left = 0;
    }
    return status;
}

static int collect(struct reader *reader)
{
    struct io_uring_cqe *completion;
    unsigned head, count = 0;
    int status = 0;

    io_uring_for_each_cqe(&reader->ring, head, completion)
    {
        uint64_t index = completion->user_data;
        int checked = pnd_bench_reading_check(reader->reading, index, completion->res,
                                              pnd_bench_reading_memory(reader->reading, index));
        status = status < 0 ? status : checked;
        reader->under_way--;
        count++;
        if (status == 0 && reader->reading->left > 0)
            start(reader, index);
    }
    io_uring_cq_advance(&reader->ring, count);
    return status;
}

static void destroy(void *state)
{
    struct reader *reader = state;
    io_uring_queue_exit(&reader->ring);
    free(reader);
}
