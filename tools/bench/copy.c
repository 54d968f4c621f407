/*
 * copy.c - a file copied from its beginning to its end, cached on both sides.
 *
 * Happy path:  so many chunks under way: each is read, then written to the same place -> off the
 *              clock every block is compared.
 * Failures:    a short read or write of a regular file, with room on the disk, is wrong bytes.
 */
#include "batch.h"
#include "cases.h"
#include "file.h"
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CHUNK_BYTES = 128 * 1024, DEPTH = 8, CHUNK_KIB = CHUNK_BYTES / 1024 };

static const uint64_t file_bytes = (uint64_t)PND_BENCH_FILE_BLOCKS * PND_BENCH_FILE_BLOCK;

struct copier {
    int source, target;
    uint64_t next; /* the first byte nobody copies yet */
    uint64_t offsets[DEPTH];
    bool is_write[DEPTH]; /* what is under way for a chunk */
    uint32_t under_way;
    unsigned char *memory; /* of calls and the bare ring */
    struct io_uring ring;
    struct pnd_bench_batch batch;
    pendio_handle from, to;
};

typedef int copy_fn(struct copier *copier);

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state);
static int run(void *state, struct pnd_bench_block *block, copy_fn *copy);
static int run_calls(void *state, struct pnd_bench_block *block);
static int copy_by_calls(struct copier *copier);
static int run_range(void *state, struct pnd_bench_block *block);
static int copy_by_range(struct copier *copier);
static void end(void *state);
static int begin_bare(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_subject *subject, void **ret_state);
static int run_bare(void *state, struct pnd_bench_block *block);
static int copy_by_ring(struct copier *copier);
static void begin_chunks(struct copier *copier);
static bool choose_next(struct copier *copier, uint64_t place);
static void start_bare(struct copier *copier, uint64_t place);
static void end_bare(void *state);
static int begin_pendio(const struct pnd_bench_case *bench_case,
                        const struct pnd_bench_subject *subject, void **ret_state);
static int run_pendio(void *state, struct pnd_bench_block *block);
static int copy_by_pendio(struct copier *copier);
static int start_pendio(struct copier *copier, uint64_t place);
static void end_pendio(void *state);

const struct pnd_bench_subject pnd_bench_copy[] = {
    {"ring", "ring", PND_BENCH_FLOOR, NULL, NULL, begin_bare, run_bare, end_bare},
    {"pendio", "ring", PND_BENCH_OURS, NULL, NULL, begin_pendio, run_pendio, end_pendio},
    {"read-write", "ring", PND_BENCH_FLOOR, NULL, NULL, begin, run_calls, end},
    {"copy_file_range", "ring", PND_BENCH_INFORMATION, NULL,
     "its file system has no copy_file_range", begin, run_range, end},
};
const size_t pnd_bench_copy_count = sizeof pnd_bench_copy / sizeof pnd_bench_copy[0];

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state)
{
    (void)bench_case;
    (void)subject;
    struct copier *copier = calloc(1, sizeof *copier);
    if (copier == NULL)
        return -ENOMEM;
    copier->source = copier->target = -1;
    copier->memory = aligned_alloc(PND_BENCH_FILE_BLOCK, (size_t)DEPTH * CHUNK_BYTES);
    int status = copier->memory == NULL ? -ENOMEM : pnd_bench_file_open(&copier->source);
    if (status == 0)
        status = pnd_bench_file_open_empty(&copier->target);
    if (status < 0)
        end(copier);
    else
        *ret_state = copier;
    return status;
}

static int run(void *state, struct pnd_bench_block *block, copy_fn *copy)
{
    struct copier *copier = state;

    copier->next = 0;
    block->operation_count = file_bytes / CHUNK_BYTES * CHUNK_KIB;
    pnd_bench_block_start(block);
    int status = copy(copier);
    pnd_bench_block_stop(block);
    return status < 0 ? status : pnd_bench_file_verify(copier->target);
}

static void end(void *state)
{
    struct copier *copier = state;
    if (copier->source >= 0)
        (void)close(copier->source);
    if (copier->target >= 0)
        (void)close(copier->target);
    free(copier->memory);
    free(copier);
}

/* ---- by ordinary calls ---------------------------------------------------------------------- */

static int run_calls(void *state, struct pnd_bench_block *block)
{
    return run(state, block, copy_by_calls);
}

static int copy_by_calls(struct copier *copier)
{
    for (uint64_t offset = 0; offset < file_bytes; offset += CHUNK_BYTES) {
        ssize_t got = pread(copier->source, copier->memory, CHUNK_BYTES, (off_t)offset);
        if (got != CHUNK_BYTES)
            return got < 0 ? -errno : -EBADMSG;
        got = pwrite(copier->target, copier->memory, CHUNK_BYTES, (off_t)offset);
        if (got != CHUNK_BYTES)
            return got < 0 ? -errno : -EBADMSG;
    }
    return 0;
}

static int run_range(void *state, struct pnd_bench_block *block)
{
    return run(state, block, copy_by_range);
}

static int copy_by_range(struct copier *copier)
{
    off_t from = 0, to = 0;
    while ((uint64_t)from < file_bytes) {
        ssize_t gone = copy_file_range(copier->source, &from, copier->target, &to,
                                       (size_t)(file_bytes - (uint64_t)from), 0);
        if (gone <= 0)
            return gone == 0 ? -EBADMSG : errno == EINVAL || errno == EXDEV ? -ENOTSUP : -errno;
    }
    return 0;
}

/* ---- by a bare ring ------------------------------------------------------------------------- */

static int begin_bare(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_subject *subject, void **ret_state)
{
    void *begun = NULL;
    int status = begin(bench_case, subject, &begun);
    if (status < 0)
        return status;
    struct copier *copier = begun;
    status = pnd_bench_ring_init(&copier->ring, 2 * DEPTH, 4 * DEPTH);
    if (status < 0) {
        end(copier);
        return status;
    }
    const int files[] = {copier->source, copier->target};
    const struct iovec memory = {copier->memory, (size_t)DEPTH * CHUNK_BYTES};
    status = io_uring_register_files(&copier->ring, files, 2);
    if (status == 0)
        status = io_uring_register_buffers(&copier->ring, &memory, 1);
    if (status < 0)
        end_bare(copier);
    else
        *ret_state = copier;
    return status;
}

static int run_bare(void *state, struct pnd_bench_block *block)
{
    return run(state, block, copy_by_ring);
}

static int copy_by_ring(struct copier *copier)
{
    begin_chunks(copier);
    for (uint64_t place = 0; place < DEPTH; place++)
        start_bare(copier, place);
    while (copier->under_way > 0) {
        struct io_uring_cqe *completion;
        unsigned head, count = 0;
        int status = io_uring_submit_and_wait(&copier->ring, 1);
        if (status < 0)
            return status;
        io_uring_for_each_cqe(&copier->ring, head, completion)
        {
            if (completion->res != CHUNK_BYTES)
                return completion->res < 0 ? completion->res : -EBADMSG;
            copier->under_way--;
            start_bare(copier, completion->user_data);
            count++;
        }
        io_uring_cq_advance(&copier->ring, count);
    }
    return 0;
}

/* As if a chunk before the first had been written in each place. */
static void begin_chunks(struct copier *copier)
{
    for (uint64_t place = 0; place < DEPTH; place++)
        copier->is_write[place] = true;
}

/* What was read is written; what was written makes room for the next chunk. False: there is none.
 */
static bool choose_next(struct copier *copier, uint64_t place)
{
    copier->is_write[place] = !copier->is_write[place];
    if (copier->is_write[place])
        return true;
    copier->offsets[place] = copier->next;
    copier->next += CHUNK_BYTES;
    return copier->offsets[place] < file_bytes;
}

static void start_bare(struct copier *copier, uint64_t place)
{
    if (!choose_next(copier, place))
        return;
    struct io_uring_sqe *entry = pnd_bench_ring_entry(&copier->ring);
    unsigned char *memory = copier->memory + place * CHUNK_BYTES;
    if (copier->is_write[place])
        io_uring_prep_write_fixed(entry, 1, memory, CHUNK_BYTES, copier->offsets[place], 0);
    else
        io_uring_prep_read_fixed(entry, 0, memory, CHUNK_BYTES, copier->offsets[place], 0);
    entry->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(entry, place);
    copier->under_way++;
}

static void end_bare(void *state)
{
    struct copier *copier = state;
    io_uring_queue_exit(&copier->ring);
    end(copier);
}

/* ---- by pendio ------------------------------------------------------------------------------ */

static int begin_pendio(const struct pnd_bench_case *bench_case,
                        const struct pnd_bench_subject *subject, void **ret_state)
{
    void *begun = NULL;
    int status = begin(bench_case, subject, &begun);
    if (status < 0)
        return status;
    struct copier *copier = begun;
    status = pnd_bench_batch_init(&copier->batch, DEPTH, CHUNK_BYTES);
    if (status < 0) {
        end(copier);
        return status;
    }
    status = pendio_handle_adopt(copier->batch.loop, copier->source, &copier->from);
    if (status == 0) {
        copier->source = -1;
        status = pendio_handle_adopt(copier->batch.loop, dup(copier->target), &copier->to);
    }
    if (status < 0)
        end_pendio(copier);
    else
        *ret_state = copier;
    return status;
}

static int run_pendio(void *state, struct pnd_bench_block *block)
{
    return run(state, block, copy_by_pendio);
}

static int copy_by_pendio(struct copier *copier)
{
    struct pendio_completion records[PND_BENCH_BATCH_MAXIMUM];
    int status = 0;

    begin_chunks(copier);
    for (uint64_t place = 0; status == 0 && place < DEPTH; place++)
        status = start_pendio(copier, place);
    while (copier->under_way > 0) {
        int count = pnd_bench_batch_turn(&copier->batch, records);
        if (count < 0)
            return count;
        copier->under_way -= (uint32_t)count;
        for (int index = 0; status == 0 && index < count; index++)
            status = records[index].error < 0 ? records[index].error
                     : records[index].bytes != CHUNK_BYTES
                         ? -EBADMSG
                         : start_pendio(copier, records[index].user_data);
    }
    return status;
}

/* Until something is under way in that place, or there are no more chunks. */
static int start_pendio(struct copier *copier, uint64_t place)
{
    struct pendio_context *context = copier->batch.contexts[place];
    int answer = PENDIO_DONE;

    while (answer == PENDIO_DONE && choose_next(copier, place)) {
        struct pendio_completion record;
        answer = copier->is_write[place]
                     ? pendio_write(context, copier->to, copier->offsets[place])
                     : pendio_read(context, copier->from, copier->offsets[place]);
        if (answer == PENDIO_DONE && pendio_context_result(context, &record) == 0 &&
            record.bytes != CHUNK_BYTES)
            answer = record.error < 0 ? record.error : -EBADMSG;
    }
    copier->under_way += answer == PENDIO_PENDING;
    return answer < 0 ? answer : 0;
}

static void end_pendio(void *state)
{
    struct copier *copier = state;
    pnd_bench_batch_fini(&copier->batch);
    end(copier);
}
