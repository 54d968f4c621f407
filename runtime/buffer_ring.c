/*
 * buffer_ring.c - a loop's buffers for lending, and the ring by which the kernel gets at them.
 *
 * Happy path:  make -> provide -> the kernel fills -> held -> released -> provided again.
 * Failures:    where the kernel takes no ring the buffers are there for single receives; where
 *              there is no memory nothing is made.
 */
#include "buffer_ring.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <sys/mman.h>

enum {
    WANTED_FIRST = 128,
    WARM_BYTES = 1 << 17, /* of those filled bit by bit: the less, the sooner it is used again */
    WARM_LEAST = 8,
    WARM_MOST_BYTES = 1 << 24, /* beyond what a cache may hold more are no use until all are used */
    KEPT_PART = 8,             /* of all the buffers one part is not for the ring */
    PATIENCE = 256,            /* times in a row with a quarter used before fewer are wanted */
};

static void *map(uint64_t byte_count)
{
    void *memory =
        mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static void unmap(void *memory, uint64_t byte_count)
{
    if (memory != NULL)
        munmap(memory, byte_count);
}

static uint64_t ring_bytes(const struct pnd_buffers *buffers)
{
    return (uint64_t)buffers->buffer_count * sizeof *buffers->entries;
}

static uint64_t memory_bytes(const struct pnd_buffers *buffers)
{
    return (uint64_t)buffers->buffer_count * buffers->buffer_bytes;
}

static void make_ring(struct pnd_buffers *buffers, struct pnd_ring *ring)
{
    bool is_incremental = (ring->features & PENDIO_FEATURE_INCREMENTAL_BUFFERS) != 0;
    void *entries = NULL;

    if (ring->features & PENDIO_FEATURE_BUFFER_RING)
        entries = map(ring_bytes(buffers));
    if (entries != NULL &&
        ring->backend->register_buffers(ring, entries, buffers->buffer_count, is_incremental) < 0) {
        unmap(entries, ring_bytes(buffers));
        entries = NULL;
    }
    if (entries == NULL) {
        ring->features &= ~(uint64_t)PENDIO_FEATURE_MULTISHOT_RECEIVE;
        is_incremental = false;
    }
    buffers->entries = entries;
    buffers->is_incremental = is_incremental;
}

int pnd_buffers_make(struct pnd_buffers *buffers, struct pnd_ring *ring)
{
    uint32_t count = buffers->buffer_count;

    if (buffers->memory != NULL)
        return 0;
    buffers->buffers = map(count * sizeof *buffers->buffers);
    buffers->free_buffers = map(count * sizeof *buffers->free_buffers);
    buffers->memory = map(memory_bytes(buffers));
    if (buffers->buffers == NULL || buffers->free_buffers == NULL || buffers->memory == NULL) {
        pnd_buffers_fini(buffers);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++)
        buffers->free_buffers[i] = count - 1 - i;
    buffers->free_count = count;
    buffers->kept_count = count < KEPT_PART ? 1 : count / KEPT_PART;
    make_ring(buffers, ring);
    return 0;
}

void pnd_buffers_fini(struct pnd_buffers *buffers)
{
    unmap(buffers->entries, ring_bytes(buffers));
    unmap(buffers->memory, memory_bytes(buffers));
    unmap(buffers->buffers, buffers->buffer_count * sizeof *buffers->buffers);
    unmap(buffers->free_buffers, buffers->buffer_count * sizeof *buffers->free_buffers);
    *buffers = (struct pnd_buffers){.buffer_bytes = buffers->buffer_bytes,
                                    .buffer_count = buffers->buffer_count};
}

/* ---- to the kernel -------------------------------------------------------------------------- */

static void provide_one(struct pnd_buffers *buffers)
{
    uint32_t index = buffers->free_buffers[--buffers->free_count];
    struct io_uring_buf *entry = &buffers->entries[buffers->tail & (buffers->buffer_count - 1)];

    buffers->buffers[index] = (struct pnd_buffer){.is_provided = true};
    entry->addr = (uintptr_t)pnd_buffers_memory(buffers, index);
    entry->len = buffers->buffer_bytes;
    entry->bid = (uint16_t)index;
    buffers->tail++;
    buffers->provided_count++;
}

static uint32_t least_wanted(const struct pnd_buffers *buffers)
{
    uint32_t count = WANTED_FIRST;

    if (buffers->is_incremental && WARM_BYTES / buffers->buffer_bytes < count)
        count = WARM_BYTES / buffers->buffer_bytes;
    if (count < WARM_LEAST)
        count = WARM_LEAST;
    return buffers->buffer_count < count ? buffers->buffer_count : count;
}

void pnd_buffers_want_some(struct pnd_buffers *buffers)
{
    if (buffers->wanted_count == 0)
        buffers->wanted_count = least_wanted(buffers);
}

static void want_more(struct pnd_buffers *buffers)
{
    if (buffers->wanted_count < buffers->buffer_count)
        buffers->wanted_count *= 2;
}

static bool are_warm(const struct pnd_buffers *buffers)
{
    return (uint64_t)buffers->wanted_count * buffers->buffer_bytes < WARM_MOST_BYTES;
}

/* Half of them used at a time: twice as many are wanted, if warm. A quarter for long: half. */
static void adapt(struct pnd_buffers *buffers)
{
    uint32_t used_count = buffers->wanted_count - buffers->provided_count;

    if (used_count >= buffers->wanted_count / 2 && are_warm(buffers))
        want_more(buffers);
    if (used_count > buffers->wanted_count / 4)
        buffers->idle_count = 0;
    else if (buffers->wanted_count > least_wanted(buffers) && ++buffers->idle_count >= PATIENCE) {
        buffers->wanted_count /= 2;
        buffers->idle_count = 0;
    }
}

/* Some stay, for whoever takes one. The tail lies where the first entry has room to spare. */
void pnd_buffers_provide(struct pnd_buffers *buffers)
{
    if (buffers->is_dry && buffers->provided_count != 0)
        buffers->is_dry = false;
    if (buffers->entries == NULL || buffers->provided_count >= buffers->wanted_count ||
        buffers->free_count <= buffers->kept_count)
        return;
    if (buffers->has_provided)
        adapt(buffers);
    buffers->has_provided = true;
    while (buffers->provided_count < buffers->wanted_count &&
           buffers->free_count > buffers->kept_count)
        provide_one(buffers);
    buffers->is_dry = false;
    __atomic_store_n(&buffers->entries[0].resv, buffers->tail, __ATOMIC_RELEASE);
}

void pnd_buffers_found_none(struct pnd_buffers *buffers)
{
    if (!buffers->is_dry)
        want_more(buffers);
    buffers->is_dry = true;
}

/* ---- from the kernel ------------------------------------------------------------------------ */

/*
 * Whether the kernel is done with a buffer is counted here: at the end of a stream some kernels say
 * so of an incremental one without meaning it.
 */
uint32_t pnd_buffers_fill(struct pnd_buffers *buffers, uint32_t index, uint32_t byte_count)
{
    struct pnd_buffer *buffer = &buffers->buffers[index];
    uint32_t offset_bytes = buffer->filled_bytes;

    assert(buffer->is_provided && byte_count <= buffers->buffer_bytes - offset_bytes);
    buffer->filled_bytes += byte_count;
    buffer->holder_count++;
    if (!buffers->is_incremental || buffer->filled_bytes == buffers->buffer_bytes) {
        buffer->is_provided = false;
        buffers->provided_count--;
    }
    return offset_bytes;
}

bool pnd_buffers_take(struct pnd_buffers *buffers, uint32_t *ret_index)
{
    if (buffers->free_count == 0)
        return false;
    *ret_index = buffers->free_buffers[--buffers->free_count];
    buffers->buffers[*ret_index] = (struct pnd_buffer){.holder_count = 1};
    return true;
}

void pnd_buffers_hold(struct pnd_buffers *buffers, uint32_t index)
{
    assert(buffers->buffers[index].holder_count != 0);
    buffers->buffers[index].holder_count++;
}

void pnd_buffers_release(struct pnd_buffers *buffers, uint32_t index)
{
    struct pnd_buffer *buffer = &buffers->buffers[index];

    assert(buffer->holder_count != 0);
    if (--buffer->holder_count == 0 && !buffer->is_provided)
        buffers->free_buffers[buffers->free_count++] = index;
}

uint32_t pnd_buffers_in_use(const struct pnd_buffers *buffers)
{
    uint32_t count = 0;

    for (uint32_t i = 0; buffers->memory != NULL && i < buffers->buffer_count; i++)
        count += buffers->buffers[i].holder_count != 0;
    return count;
}
