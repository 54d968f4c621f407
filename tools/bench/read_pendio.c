/*
 * read_pendio.c - reads through pendio: each context into its slice of the pool's memory.
 *
 * Happy path:  every context reads, and reads again. Under PENDIO_AUTO a lone read of what is
 *              cached may be done at once.
 * Failures:    what a read answers, and wrong bytes, end it all.
 */
#include "read.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct reader {
    struct pnd_bench_reading *reading;
    struct pnd_bench_batch batch;
    pendio_handle handle;
    uint64_t under_way;
};

static int create(struct pnd_bench_reading *reading, void **ret_reader);
static int start(struct reader *reader, uint64_t index);
static int check(const struct reader *reader, const struct pendio_completion *record);
static int read_all(void *state);
static int follow(struct reader *reader, const struct pendio_completion *records, int count);
static void destroy(void *state);

const struct pnd_bench_reader pnd_bench_reader_pendio = {create, read_all, destroy};

static int create(struct pnd_bench_reading *reading, void **ret_reader)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return -ENOMEM;
    reader->reading = reading;
    int status = pnd_bench_batch_init(&reader->batch, reading->depth, PND_BENCH_FILE_BLOCK);
    if (status < 0) {
        free(reader);
        return status;
    }
    status = pendio_handle_adopt(reader->batch.loop, reading->descriptor, &reader->handle);
    if (status < 0) {
        destroy(reader);
        return status;
    }
    reading->descriptor = -1;
    *ret_reader = reader;
    return 0;
}

/* Until a read of this context is under way, or there are none left. */
static int start(struct reader *reader, uint64_t index)
{
    struct pendio_context *context = reader->batch.contexts[index];
    int status = 0;
    while (status == 0 && reader->reading->left > 0) {
        uint64_t offset = pnd_bench_reading_next(reader->reading, index);
        int answer = pendio_read(context, reader->handle, offset);
        if (answer == PENDIO_PENDING) {
            reader->under_way++;
            return 0;
        }
        struct pendio_completion record;
        status = answer < 0 ? answer : pendio_context_result(context, &record);
        if (status == 0)
            status = check(reader, &record);
    }
    return status;
}

static int check(const struct reader *reader, const struct pendio_completion *record)
{
    return pnd_bench_reading_check(reader->reading, record->user_data,
                                   record->error < 0 ? record->error : (int64_t)record->bytes,
                                   (const void *)(uintptr_t)record->memory);
}

static int read_all(void *state)
{
    struct pendio_completion records[PND_BENCH_BATCH_MAXIMUM];
    struct reader *reader = state;
    int status = 0;

    for (uint32_t index = 0; status == 0 && index < reader->reading->depth; index++)
        status = start(reader, index);
    while (reader->under_way > 0) {
        int count = pnd_bench_batch_turn(&reader->batch, records);
        if (count < 0)
            return count;
        reader->under_way -= (uint64_t)count;
        if (status == 0)
            status = follow(reader, records, count);
    }
    return status;
}

static int follow(struct reader *reader, const struct pendio_completion *records, int count)
{
    int status = 0;
    for (int index = 0; status == 0 && index < count; index++) {
        status = check(reader, &records[index]);
        if (status == 0)
            status = start(reader, records[index].user_data);
    }
    return status;
}

static void destroy(void *state)
{
    struct reader *reader = state;
    pnd_bench_batch_fini(&reader->batch);
    free(reader);
}
