/*
 * read.c - reads of 4 KiB at places by chance in a file, from the system's cache or past it.
 *
 * Happy path:  as many under way as the depth says: each that ends is compared with its place and
 *              followed by the next, until a block's reads are done.
 * Failures:    a block of another place, and a short read, are wrong bytes.
 */
#include "read.h"

#include "cases.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK_READS = 2048, DIRECT_READS = 256, DIRECT_TIMES = 16, BRIEF_TIMES = 2 };

struct contender {
    const struct pnd_bench_reader *reader;
    void *state;
    bool is_direct;
    struct pnd_bench_reading reading;
};

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state);
static int run(void *state, struct pnd_bench_block *block);
static uint64_t reads_of(const struct contender *contender, bool is_brief);
static void end(void *state);
static int create_calls(struct pnd_bench_reading *reading, void **ret_reader);
static int read_calls(void *reader);
static void destroy_calls(void *reader);

static const char no_direct[] = "its file system takes no O_DIRECT; --directory names another";

const struct pnd_bench_reader pnd_bench_reader_calls = {create_calls, read_calls, destroy_calls};

const struct pnd_bench_subject pnd_bench_read[] = {
    {"ring", "ring", PND_BENCH_FLOOR, &pnd_bench_reader_ring, no_direct, begin, run, end},
    {"pendio", "ring", PND_BENCH_OURS, &pnd_bench_reader_pendio, no_direct, begin, run, end},
    {"pread", "ring", PND_BENCH_FLOOR, &pnd_bench_reader_calls, no_direct, begin, run, end},
#ifdef PENDIO_BENCH_LIBUV
    {"libuv", "ring", PND_BENCH_PEER, &pnd_bench_reader_libuv, no_direct, begin, run, end},
#else
    {"libuv", "ring", PND_BENCH_PEER, NULL, "libuv (libuv1-dev) was not found by cmake", begin, run,
     end},
#endif
};
const size_t pnd_bench_read_count = sizeof pnd_bench_read / sizeof pnd_bench_read[0];

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state)
{
    if (subject->kind == NULL)
        return -ENOTSUP;
    struct contender *contender = calloc(1, sizeof *contender);
    if (contender == NULL)
        return -ENOMEM;
    struct pnd_bench_reading *reading = &contender->reading;
    *reading = (struct pnd_bench_reading){.descriptor = -1, .depth = bench_case->depth, .seed = 1};
    contender->reader = subject->kind;
    contender->is_direct = bench_case->is_direct;
    reading->memory =
        aligned_alloc(PND_BENCH_FILE_BLOCK, (size_t)reading->depth * PND_BENCH_FILE_BLOCK);
    int status = reading->memory == NULL ? -ENOMEM
                 : bench_case->is_direct ? pnd_bench_file_open_direct(&reading->descriptor)
                                         : pnd_bench_file_open(&reading->descriptor);
    if (status == 0)
        status = contender->reader->create(reading, &contender->state);
    if (status < 0)
        end(contender);
    else
        *ret_state = contender;
    return status;
}

static int run(void *state, struct pnd_bench_block *block)
{
    struct contender *contender = state;

    contender->reading.left = reads_of(contender, block->brief);
    block->operation_count = contender->reading.left;
    pnd_bench_block_start(block);
    int status = contender->reader->read(contender->state);
    pnd_bench_block_stop(block);
    return status;
}

/* A device takes its time: fewer reads, and yet so many that the few at the end do not count. */
static uint64_t reads_of(const struct contender *contender, bool is_brief)
{
    uint64_t depth = contender->reading.depth;
    if (is_brief)
        return BRIEF_TIMES * depth;
    if (!contender->is_direct)
        return BLOCK_READS;
    return DIRECT_TIMES * depth < DIRECT_READS ? DIRECT_READS : DIRECT_TIMES * depth;
}

uint64_t pnd_bench_reading_next(struct pnd_bench_reading *reading, uint64_t index)
{
    reading->left--;
    reading->offsets[index] = pnd_bench_file_offset(&reading->seed);
    return reading->offsets[index];
}

unsigned char *pnd_bench_reading_memory(const struct pnd_bench_reading *reading, uint64_t index)
{
    return reading->memory + index * PND_BENCH_FILE_BLOCK;
}

int pnd_bench_reading_check(const struct pnd_bench_reading *reading, uint64_t index, int64_t result,
                            const void *memory)
{
    if (result < 0)
        return (int)result;
    return result == PND_BENCH_FILE_BLOCK && pnd_bench_file_is(memory, reading->offsets[index])
               ? 0
               : -EBADMSG;
}

static void end(void *state)
{
    struct contender *contender = state;
    if (contender->state != NULL)
        contender->reader->destroy(contender->state);
    if (contender->reading.descriptor >= 0)
        (void)close(contender->reading.descriptor);
    free(contender->reading.memory);
    free(contender);
}

/* ---- one after another, by pread ------------------------------------------------------------ */

static int create_calls(struct pnd_bench_reading *reading, void **ret_reader)
{
    *ret_reader = reading;
    return 0;
}

static int read_calls(void *reader)
{
    struct pnd_bench_reading *reading = reader;
    int status = 0;
    while (status == 0 && reading->left > 0) {
        off_t offset = (off_t)pnd_bench_reading_next(reading, 0);
        ssize_t got = pread(reading->descriptor, reading->memory, PND_BENCH_FILE_BLOCK, offset);
        status = pnd_bench_reading_check(reading, 0, got < 0 ? -errno : got, reading->memory);
    }
    return status;
}

static void destroy_calls(void *reader)
{
    (void)reader;
}
