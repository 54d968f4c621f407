/*
 * host.c - the one descriptor by which another event loop hosts this one.
 *
 * Happy path:  a turn ends -> rest: clear, let others signal, hand over, look once more -> (a
 *              signal) -> the host turns again.
 * Failures:    whatever keeps the loop from resting makes the descriptor readable: the next turn
 *              meets it again.
 */
#include "host.h"

#include "loop.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* How often a rest is tried again because completions nobody waits for came meanwhile. */
enum { ATTEMPT_COUNT = 8 };

static void rest(struct pnd_loop *loop);

int pnd_host_descriptor(struct pnd_loop *loop)
{
    struct pnd_host *host = &loop->host;
    int descriptor;
    int status;

    if (host->is_asked)
        return host->descriptor;
    descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0)
        return -errno;
    status = loop->ring.backend->register_signal(&loop->ring, descriptor);
    if (status < 0) {
        close(descriptor);
        return status;
    }
    host->descriptor = descriptor;
    host->is_asked = true;
    if (!loop->in_callback)
        rest(loop);
    return descriptor;
}

void pnd_host_fini(struct pnd_host *host)
{
    if (host->is_asked)
        close(host->descriptor);
}

/* ---- between turns -------------------------------------------------------------------------- */

void pnd_host_tell(struct pnd_host *host)
{
    host->is_resting = false;
    (void)!eventfd_write(host->descriptor, 1);
}

static void clear(const struct pnd_host *host)
{
    eventfd_t count;

    (void)!eventfd_read(host->descriptor, &count);
}

/* One that comes before the next deadline is left as it is. False: the ring has no room. */
static bool set_alarm(struct pnd_loop *loop)
{
    struct pnd_host *host = &loop->host;
    uint64_t next_ns = pnd_wheel_next_ns(&loop->wheel);
    struct io_uring_sqe *sqe;

    if (next_ns == UINT64_MAX || (host->has_alarm && host->alarm_ns <= next_ns))
        return true;
    sqe = pnd_loop_fetch(loop);
    if (sqe == NULL)
        return false;
    host->alarm = (struct __kernel_timespec){.tv_sec = (int64_t)(next_ns / 1000000000),
                                             .tv_nsec = (int64_t)(next_ns % 1000000000)};
    sqe->fd = -1;
    sqe->timeout_flags = IORING_TIMEOUT_ABS;
    if (host->has_alarm) {
        sqe->opcode = IORING_OP_TIMEOUT_REMOVE;
        sqe->timeout_flags |= IORING_TIMEOUT_UPDATE;
        sqe->addr = PND_TOKEN_ALARM;
        sqe->addr2 = (uintptr_t)&host->alarm;
        sqe->user_data = PND_TOKEN_ALARM_MOVED;
    } else {
        sqe->opcode = IORING_OP_TIMEOUT;
        sqe->addr = (uintptr_t)&host->alarm;
        sqe->len = 1;
        sqe->user_data = PND_TOKEN_ALARM;
    }
    host->has_alarm = true;
    host->alarm_ns = next_ns;
    return true;
}

/*
 * Whatever happens after the clearing leaves its mark: on the descriptor, or by keeping the loop
 * from settling. The fence before sleeping is in pnd_wake_may_sleep_on().
 */
static bool try_to_rest(struct pnd_loop *loop)
{
    clear(&loop->host);
    return pnd_wake_may_sleep_on(&loop->wake, loop->host.descriptor) && set_alarm(loop) &&
           pnd_loop_settle(loop);
}

/* What the next turn puts back may be what somebody waits for. */
static bool may_rest(const struct pnd_loop *loop)
{
    return !pnd_loop_is_deliverable(loop) && pnd_loop_first(loop, PND_RETURNS) == NULL;
}

static void rest(struct pnd_loop *loop)
{
    struct pnd_host *host = &loop->host;

    loop->ring.backend->switch_signal(&loop->ring, true);
    for (int i = 0; i < ATTEMPT_COUNT && may_rest(loop); i++) {
        if (try_to_rest(loop)) {
            host->is_resting = true;
            return;
        }
    }
    (void)pnd_wake_rise(&loop->wake); /* whoever asked for a wake-up gets it */
    pnd_host_tell(host);
}

/* ---- around a turn -------------------------------------------------------------------------- */

/* A wake-up during the rest made the descriptor readable; a turn that may sleep heeds it again. */
void pnd_host_begin_turn(struct pnd_loop *loop, bool may_sleep)
{
    loop->ring.backend->switch_signal(&loop->ring, false);
    if (loop->host.is_resting && !may_sleep)
        (void)pnd_wake_rise(&loop->wake);
    loop->host.is_resting = false;
}

/* A turn that delivered records is followed by another before its host sleeps. */
void pnd_host_end_turn(struct pnd_loop *loop, bool has_delivered)
{
    if (has_delivered)
        pnd_host_tell(&loop->host);
    else
        rest(loop);
}
