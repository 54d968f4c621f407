/*
 * wake_posts.c - ways to send a message to a thread that sleeps.
 *
 * Happy path:  ring: MSG_RING, submitted with the wait for the answer; pendio: a post, and a turn;
 *              eventfd: a write, and a read that sleeps.
 */
#include "ring.h"
#include "wake.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { ENTRY_COUNT = 8 };

static int open_ring(struct pnd_bench_side *side);
static int send_ring(struct pnd_bench_side *from, struct pnd_bench_side *to, uint64_t message);
static int flush_ring(struct pnd_bench_side *side);
static int wait_ring(struct pnd_bench_side *side, uint64_t *ret_message);
static void close_ring(struct pnd_bench_side *side);
static int open_pendio(struct pnd_bench_side *side);
static int send_pendio(struct pnd_bench_side *from, struct pnd_bench_side *to, uint64_t message);
static int flush_pendio(struct pnd_bench_side *side);
static int wait_pendio(struct pnd_bench_side *side, uint64_t *ret_message);
static void close_pendio(struct pnd_bench_side *side);
static int open_eventfd(struct pnd_bench_side *side);
static int send_eventfd(struct pnd_bench_side *from, struct pnd_bench_side *to, uint64_t message);
static int flush_eventfd(struct pnd_bench_side *side);
static int wait_eventfd(struct pnd_bench_side *side, uint64_t *ret_message);
static void close_eventfd(struct pnd_bench_side *side);

const struct pnd_bench_post pnd_bench_post_ring = {open_ring, send_ring, flush_ring, wait_ring,
                                                   close_ring};
const struct pnd_bench_post pnd_bench_post_pendio = {open_pendio, send_pendio, flush_pendio,
                                                     wait_pendio, close_pendio};
const struct pnd_bench_post pnd_bench_post_eventfd = {open_eventfd, send_eventfd, flush_eventfd,
                                                      wait_eventfd, close_eventfd};

/* ---- a bare ring ---------------------------------------------------------------------------- */

static int open_ring(struct pnd_bench_side *side)
{
    return pnd_bench_ring_init(&side->ring, ENTRY_COUNT, 2 * ENTRY_COUNT);
}

static int send_ring(struct pnd_bench_side *from, struct pnd_bench_side *to, uint64_t message)
{
    struct io_uring_sqe *entry = pnd_bench_ring_entry(&from->ring);
    io_uring_prep_msg_ring(entry, to->ring.ring_fd, 0, message, 0);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    return 0;
}

static int flush_ring(struct pnd_bench_side *side)
{
    int status = io_uring_submit(&side->ring);
    return status < 0 ? status : 0;
}

static int wait_ring(struct pnd_bench_side *side, uint64_t *ret_message)
{
    struct io_uring_cqe *completion;
    int status = io_uring_submit_and_wait(&side->ring, 1);
    if (status < 0 || io_uring_peek_cqe(&side->ring, &completion) < 0)
        return status < 0 ? status : -EINTR;
    *ret_message = completion->user_data;
    status = completion->res;
    io_uring_cqe_seen(&side->ring, completion);
    return status;
}

static void close_ring(struct pnd_bench_side *side)
{
    io_uring_queue_exit(&side->ring);
}

/* ---- pendio --------------------------------------------------------------------------------- */

static int open_pendio(struct pnd_bench_side *side)
{
    return pendio_loop_create(NULL, &side->loop);
}

static int send_pendio(struct pnd_bench_side *from, struct pnd_bench_side *to, uint64_t message)
{
    (void)from;
    return pendio_loop_post(to->loop, message, 0);
}

static int flush_pendio(struct pnd_bench_side *side)
{
    (void)side;
    return 0;
}

static int wait_pendio(struct pnd_bench_side *side, uint64_t *ret_message)
{
    struct pendio_completion record;
    int count = pendio_loop_turn(side->loop, -1, &record, 1);
    if (count <= 0)
        return count < 0 ? count : -EINTR;
    *ret_message = record.user_data;
    return 0;
}

static void close_pendio(struct pnd_bench_side *side)
{
    (void)pendio_loop_destroy(side->loop, -1, NULL);
}

/* ---- an eventfd ----------------------------------------------------------------------------- */

static int open_eventfd(struct pnd_bench_side *side)
{
    side->descriptor = eventfd(0, EFD_CLOEXEC);
    return side->descriptor < 0 ? -errno : 0;
}

static int send_eventfd(struct pnd_bench_side *from, struct pnd_bench_side *to, uint64_t message)
{
    (void)from;
    return write(to->descriptor, &message, sizeof message) < 0 ? -errno : 0;
}

static int flush_eventfd(struct pnd_bench_side *side)
{
    (void)side;
    return 0;
}

static int wait_eventfd(struct pnd_bench_side *side, uint64_t *ret_message)
{
    return read(side->descriptor, ret_message, sizeof *ret_message) < 0 ? -errno : 0;
}

static void close_eventfd(struct pnd_bench_side *side)
{
    (void)close(side->descriptor);
}
