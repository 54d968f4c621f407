/* batch.h - pools of contexts, as the cases share them. */
#ifndef PND_BENCH_BATCH_H
#define PND_BENCH_BATCH_H

#include <pendio/pendio.h>

enum { PND_BENCH_BATCH_MAXIMUM = 128 };

/* A loop, and contexts of it whose user data are their places. */
struct pnd_bench_batch {
    struct pendio_loop *loop;
    struct pendio_context *contexts[PND_BENCH_BATCH_MAXIMUM];
    uint32_t count;
};

/* Returns 0 or -errno. */
int pnd_bench_batch_init(struct pnd_bench_batch *batch, uint32_t count, uint32_t slice_bytes);
void pnd_bench_batch_fini(struct pnd_bench_batch *batch);

/* Turns once, for at least one record: their number, or -errno. */
int pnd_bench_batch_turn(struct pnd_bench_batch *batch, struct pendio_completion *ret_records);

#endif
