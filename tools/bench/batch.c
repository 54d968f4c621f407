/*
 * batch.c - pools of contexts, as the cases share them.
 */
#include "batch.h"

#include <errno.h>
#include <stddef.h>

int pnd_bench_batch_init(struct pnd_bench_batch *batch, uint32_t count, uint32_t slice_bytes)
{
    struct pendio_pool_options options = {
        .size = sizeof options, .context_count = count, .slice_bytes = slice_bytes};
    struct pendio_pool *pool;

    *batch = (struct pnd_bench_batch){.count = count};
    int status = pendio_loop_create(NULL, &batch->loop);
    if (status < 0)
        return status;
    status = pendio_pool_create(batch->loop, &options, &pool);
    for (uint32_t index = 0; status == 0 && index < count; index++) {
        status = pendio_pool_get(pool, &batch->contexts[index]);
        if (status == 0)
            status = pendio_context_set_user_data(batch->contexts[index], index);
    }
    if (status < 0)
        pnd_bench_batch_fini(batch);
    return status;
}

void pnd_bench_batch_fini(struct pnd_bench_batch *batch)
{
    (void)pendio_loop_destroy(batch->loop, -1, NULL);
}

int pnd_bench_batch_turn(struct pnd_bench_batch *batch, struct pendio_completion *ret_records)
{
    int count = pendio_loop_turn(batch->loop, -1, ret_records, PND_BENCH_BATCH_MAXIMUM);
    return count == 0 ? -EINTR : count;
}
