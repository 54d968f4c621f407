/* ring.h - a bare ring, as the reference programs share it. */
#ifndef PND_BENCH_RING_H
#define PND_BENCH_RING_H

#include <liburing.h>
#include <stdbool.h>

/* With all that makes a ring cheap and this kernel has. Returns 0 or -errno. */
int pnd_bench_ring_init(struct io_uring *ring, unsigned entry_count, unsigned completion_count);

/* A free entry; what fills the queue is submitted first. */
struct io_uring_sqe *pnd_bench_ring_entry(struct io_uring *ring);

/* Buffers the kernel chooses from, in one group numbered 0. */
struct pnd_bench_buffers {
    struct io_uring_buf_ring *entries;
    unsigned char *memory;
    unsigned count; /* a power of two */
    unsigned bytes; /* of each */
    unsigned short added;
    bool is_incremental; /* a buffer is filled bit by bit */
};

/*
 * The first given_count are the kernel's afterwards. Returns 0, -ENOTSUP the kernel has no such
 * thing.
 */
int pnd_bench_buffers_init(struct pnd_bench_buffers *buffers, struct io_uring *ring, unsigned count,
                           unsigned bytes, unsigned given_count);
void pnd_bench_buffers_fini(struct pnd_bench_buffers *buffers);

/* Gives one back; it is seen by the kernel after pnd_bench_buffers_publish(). */
void pnd_bench_buffers_add(struct pnd_bench_buffers *buffers, unsigned buffer);
void pnd_bench_buffers_publish(struct pnd_bench_buffers *buffers);

enum { PND_BENCH_BUFFER_MORE = 1u << 4 }; /* of a completion: the buffer is not used up; 6.12 */

#endif
