/*
 * file_copy.c - copies a file with several slices of it in flight: file_copy SRC DST
 *
 * Happy path:  each context reads a slice, writes it where it was read, and takes the next one. Its
 *              memory is registered with the ring, so the kernel need not look it up every time.
 * Failures:    the first one is named with its file; what of DST was written stays.
 */
#include "example.h"

#include <fcntl.h>

enum { FROM = 0, TO = 1, SLICE_COUNT = 16, SLICE_BYTES = 128 * 1024 };

struct slice {
    uint64_t offset, end_offset;
};

static struct pendio_loop *loop;
static pendio_handle files[2];
static char **paths;
static struct slice slices[SLICE_COUNT];
static uint64_t next_offset;
static uint32_t busy_count;

static int take_slice(struct pendio_context *context, struct slice *slice)
{
    slice->offset = next_offset;
    next_offset += SLICE_BYTES;
    slice->end_offset = next_offset;
    pendio_context_set_slice(context);
    return pendio_read(context, files[FROM], slice->offset);
}

/* What follows the operation that has ended: what was read is written, what was written read on. */
static int start_next(struct slice *slice, const struct pendio_completion *last)
{
    if (last->error < 0)
        return example_complain(paths[last->handle == files[TO]], last->error);
    if ((last->flags & PENDIO_END_OF_STREAM) != 0) {
        busy_count--;
        return PENDIO_PENDING; /* nothing follows */
    }
    if (last->operation == PENDIO_OPERATION_READ) {
        pendio_context_set_window(last->context, 0, last->bytes);
        return pendio_write(last->context, files[TO], slice->offset);
    }
    slice->offset += last->bytes;
    if (slice->offset == slice->end_offset)
        return take_slice(last->context, slice);
    pendio_context_set_window(last->context, 0, slice->end_offset - slice->offset);
    return pendio_read(last->context, files[FROM], slice->offset); /* the read had been short */
}

static int follow(struct pendio_context *context, int answer)
{
    struct pendio_completion last;

    while (answer == PENDIO_DONE) {
        pendio_context_result(context, &last);
        answer = start_next(&slices[last.user_data], &last);
    }
    return answer;
}

/* Every context of the pool works until it meets the end of the source. */
static int copy(struct pendio_pool *pool)
{
    struct pendio_completion records[SLICE_COUNT];
    struct pendio_context *context;
    int status = 0;

    for (uint32_t i = 0; status >= 0 && pendio_pool_get(pool, &context) == 0; i++) {
        busy_count++;
        pendio_context_set_user_data(context, i);
        status = follow(context, take_slice(context, &slices[i]));
    }
    while (status >= 0 && busy_count > 0) {
        int count = status = pendio_loop_turn(loop, -1, records, SLICE_COUNT);

        for (int i = 0; i < count && status >= 0; i++)
            status = follow(records[i].context, PENDIO_DONE);
    }
    return status;
}

static int open_and_copy(void)
{
    struct pendio_context *context = NULL;
    struct pendio_pool *pool;
    int status = example_pool(loop, SLICE_COUNT + 1, SLICE_BYTES, &pool);

    if (status == 0)
        status = pendio_pool_get(pool, &context); /* opens and closes; the others copy */
    if (status < 0)
        return example_complain("cannot make room for the slices", status);
    status = example_open(loop, context, paths[FROM], O_RDONLY, &files[FROM]);
    if (status == 0)
        status = example_open(loop, context, paths[TO], O_WRONLY | O_CREAT | O_TRUNC, &files[TO]);
    if (status == 0)
        status = copy(pool);
    return status < 0 ? status : example_close(loop, context, paths[TO], files[TO]);
}

int main(int argument_count, char **arguments)
{
    int status;

    if (argument_count != 3)
        return example_usage("SRC DST");
    paths = arguments + 1;
    if (!example_are_files(paths[FROM], paths[TO]))
        return EXAMPLE_USAGE;
    status = pendio_loop_create(NULL, &loop);
    if (status < 0)
        return example_cannot_run(status);
    status = open_and_copy();
    pendio_loop_destroy(loop, -1, NULL);
    return status < 0 ? EXAMPLE_FAILED : 0;
}
