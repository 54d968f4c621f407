/*
 * read.c - reads of 4 KiB at places by chance in a file that the system has in its cache.
 *
 * Happy path:  start as many as the depth says -> submit and wait in one call -> compare each block
 *              with its place -> as often as it takes.
 * Failures:    a block of another place, and a short read, are wrong bytes.
 */
#include "batch.h"
#include "cases.h"
#include "file.h"
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BLOCK_READS = 2048, BRIEF_READS = 64 };

struct reader {
    int descriptor;
    uint32_t depth;
    uint64_t seed;
    unsigned char *memory; /* of calls and ring */
    uint64_t offsets[PND_BENCH_BATCH_MAXIMUM];
    struct io_uring ring;
    struct pnd_bench_batch batch;
    pendio_handle handle;
};

typedef int read_fn(struct reader *reader);

static int begin_calls(const struct pnd_bench_case *bench_case,
                       const struct pnd_bench_subject *subject, void **ret_state);
static int begin_bare(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_subject *subject, void **ret_state);
static int begin_pendio(const struct pnd_bench_case *bench_case,
                        const struct pnd_bench_subject *subject, void **ret_state);
static int begin(const struct pnd_bench_case *bench_case, struct reader **ret_reader);
static int register_all(struct reader *reader);
static int run(struct reader *reader, struct pnd_bench_block *block, read_fn *read_batch);
static int run_calls(void *state, struct pnd_bench_block *block);
static int run_bare(void *state, struct pnd_bench_block *block);
static int run_pendio(void *state, struct pnd_bench_block *block);
static int read_calls(struct reader *reader);
static int read_bare(struct reader *reader);
static int read_pendio(struct reader *reader);
static int check_record(struct reader *reader, const struct pendio_completion *record);
static void end_calls(void *state);
static void end_bare(void *state);
static void end_pendio(void *state);

const struct pnd_bench_subject pnd_bench_read[] = {
    {"ring", "ring", PND_BENCH_FLOOR, NULL, NULL, begin_bare, run_bare, end_bare},
    {"pendio", "ring", PND_BENCH_OURS, NULL, NULL, begin_pendio, run_pendio, end_pendio},
    {"pread", "ring", PND_BENCH_FLOOR, NULL, NULL, begin_calls, run_calls, end_calls},
};
const size_t pnd_bench_read_count = sizeof pnd_bench_read / sizeof pnd_bench_read[0];

static int begin(const struct pnd_bench_case *bench_case, struct reader **ret_reader)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return -ENOMEM;
    reader->depth = bench_case->depth;
    reader->seed = 1;
    reader->memory =
        aligned_alloc(PND_BENCH_FILE_BLOCK, (size_t)bench_case->depth * PND_BENCH_FILE_BLOCK);
    int status = reader->memory == NULL ? -ENOMEM : pnd_bench_file_open(&reader->descriptor);
    if (status == 0) {
        *ret_reader = reader;
        return 0;
    }
    free(reader->memory);
    free(reader);
    return status;
}

static int begin_calls(const struct pnd_bench_case *bench_case,
                       const struct pnd_bench_subject *subject, void **ret_state)
{
    (void)subject;
    struct reader *reader = NULL;
    int status = begin(bench_case, &reader);
    if (status == 0)
        *ret_state = reader;
    return status;
}

/* Memory and file are registered, as pendio's arena is: no read has to look them up. */
static int begin_bare(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_subject *subject, void **ret_state)
{
    (void)subject;
    struct reader *reader = NULL;
    int status = begin(bench_case, &reader);
    if (status < 0)
        return status;
    status =
        pnd_bench_ring_init(&reader->ring, PND_BENCH_BATCH_MAXIMUM, 2 * PND_BENCH_BATCH_MAXIMUM);
    if (status < 0) {
        end_calls(reader);
        return status;
    }
    status = register_all(reader);
    if (status < 0)
        end_bare(reader);
    else
        *ret_state = reader;
    return status;
}

static int register_all(struct reader *reader)
{
    struct iovec memory = {reader->memory, (size_t)reader->depth * PND_BENCH_FILE_BLOCK};
    int status = io_uring_register_files(&reader->ring, &reader->descriptor, 1);
    return status < 0 ? status : io_uring_register_buffers(&reader->ring, &memory, 1);
}

static int begin_pendio(const struct pnd_bench_case *bench_case,
                        const struct pnd_bench_subject *subject, void **ret_state)
{
    (void)subject;
    struct reader *reader = NULL;
    int status = begin(bench_case, &reader);
    if (status < 0)
        return status;
    status = pnd_bench_batch_init(&reader->batch, bench_case->depth, PND_BENCH_FILE_BLOCK);
    if (status < 0) {
        end_calls(reader);
        return status;
    }
    status = pendio_handle_adopt(reader->batch.loop, reader->descriptor, &reader->handle);
    if (status < 0) {
        pnd_bench_batch_fini(&reader->batch);
        end_calls(reader);
        return status;
    }
    *ret_state = reader;
    return 0;
}

static int run_calls(void *state, struct pnd_bench_block *block)
{
    return run(state, block, read_calls);
}

static int run_bare(void *state, struct pnd_bench_block *block)
{
    return run(state, block, read_bare);
}

static int run_pendio(void *state, struct pnd_bench_block *block)
{
    return run(state, block, read_pendio);
}

static int run(struct reader *reader, struct pnd_bench_block *block, read_fn *read_batch)
{
    uint64_t wanted = block->brief ? BRIEF_READS : BLOCK_READS;
    int status = 0;

    pnd_bench_block_start(block);
    while (status == 0 && block->operation_count < wanted) {
        status = read_batch(reader);
        block->operation_count += reader->depth;
    }
    pnd_bench_block_stop(block);
    return status;
}

static int read_calls(struct reader *reader)
{
    for (uint32_t index = 0; index < reader->depth; index++) {
        unsigned char *memory = reader->memory + (size_t)index * PND_BENCH_FILE_BLOCK;
        uint64_t offset = pnd_bench_file_offset(&reader->seed);
        ssize_t got = pread(reader->descriptor, memory, PND_BENCH_FILE_BLOCK, (off_t)offset);
        if (got != PND_BENCH_FILE_BLOCK || !pnd_bench_file_is(memory, offset))
            return got < 0 ? -errno : -EBADMSG;
    }
    return 0;
}

static int read_bare(struct reader *reader)
{
    for (uint32_t index = 0; index < reader->depth; index++) {
        unsigned char *memory = reader->memory + (size_t)index * PND_BENCH_FILE_BLOCK;
        struct io_uring_sqe *entry = pnd_bench_ring_entry(&reader->ring);
        reader->offsets[index] = pnd_bench_file_offset(&reader->seed);
        io_uring_prep_read_fixed(entry, 0, memory, PND_BENCH_FILE_BLOCK, reader->offsets[index], 0);
        entry->flags |= IOSQE_FIXED_FILE;
        io_uring_sqe_set_data64(entry, index);
    }
    for (uint32_t got = 0; got < reader->depth;) {
        struct io_uring_cqe *completion;
        unsigned head, count = 0;
        int status = io_uring_submit_and_wait(&reader->ring, reader->depth - got);
        if (status < 0)
            return status;
        io_uring_for_each_cqe(&reader->ring, head, completion)
        {
            uint64_t index = completion->user_data;
            if (completion->res != PND_BENCH_FILE_BLOCK ||
                !pnd_bench_file_is(reader->memory + index * PND_BENCH_FILE_BLOCK,
                                   reader->offsets[index]))
                return completion->res < 0 ? completion->res : -EBADMSG;
            count++;
        }
        io_uring_cq_advance(&reader->ring, count);
        got += count;
    }
    return 0;
}

/* Under PENDIO_AUTO a lone read of what is cached may be done at once. */
static int read_pendio(struct reader *reader)
{
    struct pendio_completion records[PND_BENCH_BATCH_MAXIMUM];
    struct pnd_bench_batch *batch = &reader->batch;
    uint32_t got = 0;

    for (uint32_t index = 0; index < reader->depth; index++) {
        reader->offsets[index] = pnd_bench_file_offset(&reader->seed);
        int answer = pendio_read(batch->contexts[index], reader->handle, reader->offsets[index]);
        if (answer < 0)
            return answer;
        if (answer == PENDIO_DONE) {
            (void)pendio_context_result(batch->contexts[index], &records[0]);
            if (check_record(reader, &records[0]) < 0)
                return -EBADMSG;
            got++;
        }
    }
    while (got < reader->depth) {
        int count = pnd_bench_batch_turn(batch, records);
        if (count < 0)
            return count;
        for (int index = 0; index < count; index++)
            if (check_record(reader, &records[index]) < 0)
                return -EBADMSG;
        got += (uint32_t)count;
    }
    return 0;
}

static int check_record(struct reader *reader, const struct pendio_completion *record)
{
    const void *memory = (const void *)(uintptr_t)record->memory;
    return record->bytes == PND_BENCH_FILE_BLOCK &&
                   pnd_bench_file_is(memory, reader->offsets[record->user_data])
               ? 0
               : -EBADMSG;
}

static void end_calls(void *state)
{
    struct reader *reader = state;
    if (reader->handle == 0)
        (void)close(reader->descriptor);
    free(reader->memory);
    free(reader);
}

static void end_bare(void *state)
{
    struct reader *reader = state;
    io_uring_queue_exit(&reader->ring);
    end_calls(reader);
}

static void end_pendio(void *state)
{
    struct reader *reader = state;
    pnd_bench_batch_fini(&reader->batch);
    end_calls(reader);
}
