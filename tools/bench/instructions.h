/*
 * instructions.h - what the two sides of the instruction bench share: the stage, and their rounds.
 *
 * A round does each operation of a case a fixed number of times, a batch at a time, through the
 * runtime or through a ring driven by hand. Only the rounds are counted.
 */
#ifndef PND_BENCH_INSTRUCTIONS_H
#define PND_BENCH_INSTRUCTIONS_H

#include <stdint.h>

enum {
    PND_BENCH_BATCH = 32, /* operations under way at a time */
    PND_BENCH_MESSAGE_BYTES = 64,
    PND_BENCH_BLOCK_BYTES = 4096,
    PND_BENCH_FILE_BLOCKS = 256,
    PND_BENCH_GATHERED = 8, /* sends that are started together on one stream */
};

/* Sockets with their other ends, and a file that is in the cache; -1: the case needs none. */
struct pnd_bench_stage {
    int near[PND_BENCH_BATCH];
    int far[PND_BENCH_BATCH];
    int file;
};

enum {
    PND_BENCH_NOP,
    PND_BENCH_ECHO, /* a message lies in every socket: receives and sends it back */
    PND_BENCH_READ,
    PND_BENCH_GATHER, /* several sends of the message on the first socket leave as one */
    PND_BENCH_CASE_COUNT,
};

typedef int pnd_bench_round_fn(void);

/* A way to do the operations. All return 0 or -errno. */
struct pnd_bench_side {
    const char *name;
    int (*open)(const struct pnd_bench_stage *stage);
    int (*echo_begin)(void); /* once, before the first round */
    pnd_bench_round_fn *rounds[PND_BENCH_CASE_COUNT];
    void (*close)(void);
};

extern const struct pnd_bench_side pnd_bench_runtime;
extern const struct pnd_bench_side pnd_bench_raw;

/* What is sent where nothing was received. */
extern const unsigned char pnd_bench_message[PND_BENCH_MESSAGE_BYTES];

/* Where the block is that a read of the batch reads: no two neighbours. */
static inline uint64_t pnd_bench_offset(uint32_t index)
{
    return (uint64_t)(index * 7 % PND_BENCH_FILE_BLOCKS) * PND_BENCH_BLOCK_BYTES;
}

#endif
