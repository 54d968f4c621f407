/*
 * ring.c - a bare ring, as the reference programs share it.
 *
 * Happy path:  set up with every flag that makes it cheaper -> entries -> completions.
 * Failures:    a kernel that knows a flag not gets a ring without all of them.
 */
#include "ring.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { INCREMENTAL = 2, ENTRY_LIMIT = 4096 }; /* flag of a buffer ring, since 6.12 */

static int register_buffers(struct io_uring *ring, const struct pnd_bench_buffers *buffers,
                            unsigned flags);

int pnd_bench_ring_init(struct io_uring *ring, unsigned entry_count, unsigned completion_count)
{
    static const unsigned flags[] = {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                         IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL,
                                     0};
    int status = -EINVAL;
    if (entry_count > ENTRY_LIMIT)
        entry_count = ENTRY_LIMIT;
    for (size_t index = 0; status == -EINVAL && index < sizeof flags / sizeof flags[0]; index++) {
        struct io_uring_params params = {
            .flags = flags[index] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
            .cq_entries = completion_count,
        };
        status = io_uring_queue_init_params(entry_count, ring, &params);
    }
    if (status == 0)
        (void)io_uring_register_ring_fd(ring); /* only makes it cheaper */
    return status;
}

struct io_uring_sqe *pnd_bench_ring_entry(struct io_uring *ring)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);
    if (entry != NULL)
        return entry;
    (void)io_uring_submit(ring);
    return io_uring_get_sqe(ring);
}

int pnd_bench_buffers_init(struct pnd_bench_buffers *buffers, struct io_uring *ring, unsigned count,
                           unsigned bytes, unsigned given_count)
{
    size_t entry_bytes = count * sizeof(struct io_uring_buf);
    void *entries = mmap(NULL, entry_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    void *memory = mmap(NULL, (size_t)count * bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    *buffers = (struct pnd_bench_buffers){.count = count, .bytes = bytes, .is_incremental = true};
    buffers->entries = entries == MAP_FAILED ? NULL : entries;
    buffers->memory = memory == MAP_FAILED ? NULL : memory;

    int status = entries == MAP_FAILED || memory == MAP_FAILED ? -ENOMEM : 0;
    if (status == 0)
        status = register_buffers(ring, buffers, INCREMENTAL);
    if (status == -EINVAL) {
        buffers->is_incremental = false;
        status = register_buffers(ring, buffers, 0);
    }
    for (unsigned buffer = 0; status == 0 && buffer < given_count; buffer++)
        pnd_bench_buffers_add(buffers, buffer);
    if (status == 0)
        pnd_bench_buffers_publish(buffers);
    else
        pnd_bench_buffers_fini(buffers);
    return status == -EINVAL ? -ENOTSUP : status;
}

static int register_buffers(struct io_uring *ring, const struct pnd_bench_buffers *buffers,
                            unsigned flags)
{
    /* struct io_uring_buf_reg, whose flags Debian's headers lack. */
    struct {
        uint64_t address;
        uint32_t entry_count;
        uint16_t group;
        uint16_t flags;
        uint64_t reserved[3];
    } wanted = {.address = (uintptr_t)buffers->entries,
                .entry_count = buffers->count,
                .flags = (uint16_t)flags};
    _Static_assert(sizeof wanted == sizeof(struct io_uring_buf_reg), "the kernel takes it for its");
    return io_uring_register_buf_ring(ring, (struct io_uring_buf_reg *)(void *)&wanted, 0);
}

void pnd_bench_buffers_fini(struct pnd_bench_buffers *buffers)
{
    if (buffers->entries != NULL)
        (void)munmap(buffers->entries, buffers->count * sizeof(struct io_uring_buf));
    if (buffers->memory != NULL)
        (void)munmap(buffers->memory, (size_t)buffers->count * buffers->bytes);
    *buffers = (struct pnd_bench_buffers){0};
}

void pnd_bench_buffers_add(struct pnd_bench_buffers *buffers, unsigned buffer)
{
    io_uring_buf_ring_add(buffers->entries, buffers->memory + (size_t)buffer * buffers->bytes,
                          buffers->bytes, (unsigned short)buffer, (int)buffers->count - 1,
                          buffers->added++);
}

void pnd_bench_buffers_publish(struct pnd_bench_buffers *buffers)
{
    io_uring_buf_ring_advance(buffers->entries, buffers->added);
    buffers->added = 0;
}
