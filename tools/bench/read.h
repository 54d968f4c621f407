/* read.h - readers of a file: one and the same job, by the means of each. */
#ifndef PND_BENCH_READ_H
#define PND_BENCH_READ_H

#include "batch.h"
#include "file.h"

/* What all readers share: the file, memory for each read under way, and where they read. */
struct pnd_bench_reading {
    int descriptor;
    uint32_t depth;
    uint64_t seed;
    uint64_t left;         /* reads not yet started */
    unsigned char *memory; /* a block for each read under way */
    uint64_t offsets[PND_BENCH_BATCH_MAXIMUM];
};

/* Each returns 0 or -errno. */
struct pnd_bench_reader {
    int (*create)(struct pnd_bench_reading *reading, void **ret_reader);

    /* Does `left` reads, `depth` of them under way until there are no more to start. */
    int (*read)(void *reader);
    void (*destroy)(void *reader);
};

extern const struct pnd_bench_reader pnd_bench_reader_ring;
extern const struct pnd_bench_reader pnd_bench_reader_pendio;
extern const struct pnd_bench_reader pnd_bench_reader_calls;
extern const struct pnd_bench_reader pnd_bench_reader_libuv;

/* Where the read of that index goes next; there is one left. */
uint64_t pnd_bench_reading_next(struct pnd_bench_reading *reading, uint64_t index);
unsigned char *pnd_bench_reading_memory(const struct pnd_bench_reading *reading, uint64_t index);

/* The read of that index has brought these bytes: 0, -errno, or -EBADMSG for others than expected.
 */
int pnd_bench_reading_check(const struct pnd_bench_reading *reading, uint64_t index, int64_t result,
                            const void *memory);

#endif
