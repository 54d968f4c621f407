/* wake.h - ways to send a message to a thread that sleeps. */
#ifndef PND_BENCH_WAKE_H
#define PND_BENCH_WAKE_H

#include <liburing.h>
#include <stdint.h>

/* What a thread sleeps on; of each way one of them. */
struct pnd_bench_side {
    struct io_uring ring;
    struct pendio_loop *loop;
    int descriptor;
};

/* Each returns 0 or -errno. All but the target of a send belongs to the calling thread. */
struct pnd_bench_post {
    int (*open)(struct pnd_bench_side *side);

    /* It has gone when the sender waits, or flushes. */
    int (*send)(struct pnd_bench_side *from, struct pnd_bench_side *to, uint64_t message);
    int (*flush)(struct pnd_bench_side *side);

    /* -EINTR: a signal came instead. */
    int (*wait)(struct pnd_bench_side *side, uint64_t *ret_message);
    void (*close)(struct pnd_bench_side *side);
};

extern const struct pnd_bench_post pnd_bench_post_ring, pnd_bench_post_pendio,
    pnd_bench_post_eventfd;

#endif
