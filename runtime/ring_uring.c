/*
 * ring_uring.c - the kernel's io_uring as a ring.
 *
 * Happy path:  init asks for every useful set-up flag -> submit once a turn -> collect.
 * Failures:    a flag the kernel does not know is dropped and the rest tried again; what is missing
 *              in the end shows in `features`.
 */
#include <liburing.h>

#include "quirks.h"
#include "ring.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>

/* What to do without, one after another, when the kernel refuses the set-up with -EINVAL. */
static const struct {
    uint32_t flags;
    uint64_t features;
} setup_flags[] = {
    {IORING_SETUP_TASKRUN_FLAG, PENDIO_FEATURE_TASKRUN_FLAG},
    {IORING_SETUP_DEFER_TASKRUN, PENDIO_FEATURE_DEFER_TASKRUN},
    {IORING_SETUP_SINGLE_ISSUER, PENDIO_FEATURE_SINGLE_ISSUER},
    {IORING_SETUP_COOP_TASKRUN, PENDIO_FEATURE_COOP_TASKRUN},
    {IORING_SETUP_SUBMIT_ALL, 0},
};

enum { SETUP_FLAG_COUNT = sizeof setup_flags / sizeof setup_flags[0] };

/*
 * DEFER_TASKRUN needs SINGLE_ISSUER, so whoever masks the latter does without both. Where nothing
 * is deferred there is nothing to be flagged.
 */
static uint32_t wanted_flags(uint64_t *features)
{
    uint32_t flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;

    if (!(*features & PENDIO_FEATURE_SINGLE_ISSUER))
        *features &= ~(uint64_t)PENDIO_FEATURE_DEFER_TASKRUN;
    if (!(*features & (PENDIO_FEATURE_DEFER_TASKRUN | PENDIO_FEATURE_COOP_TASKRUN)))
        *features &= ~(uint64_t)PENDIO_FEATURE_TASKRUN_FLAG;
    for (size_t i = 0; i < SETUP_FLAG_COUNT; i++)
        if ((setup_flags[i].features & ~*features) == 0)
            flags |= setup_flags[i].flags;
    return flags;
}

static int set_up(struct io_uring *uring, const struct pnd_ring_settings *settings,
                  uint64_t *features)
{
    uint32_t flags = wanted_flags(features);

    if (settings->allowed != NULL)
        flags |= IORING_SETUP_R_DISABLED;
    for (size_t next = 0;; next++) {
        struct io_uring_params params = {.flags = flags, .cq_entries = settings->completion_count};
        int status = io_uring_queue_init_params(settings->entry_count, uring, &params);

        if (status != -EINVAL || next == SETUP_FLAG_COUNT)
            return status;
        flags &= ~setup_flags[next].flags;
        *features &= ~setup_flags[next].features;
    }
}

/* What is registered when the ring is at work already, and its beginning to work. */
static const uint8_t late_registers[] = {
    IORING_REGISTER_ENABLE_RINGS, IORING_REGISTER_BUFFERS_UPDATE, IORING_REGISTER_EVENTFD,
    IORING_REGISTER_PBUF_RING,    IORING_UNREGISTER_PBUF_RING,    IORING_UNREGISTER_RING_FDS,
};

enum { LATE_COUNT = sizeof late_registers, OPCODE_COUNT = 128 };

/* From now on the ring takes these opcodes alone; it was made disabled and begins to work. */
static int restrict_to(struct io_uring *uring, const struct pnd_opcodes *opcodes)
{
    struct io_uring_restriction list[1 + LATE_COUNT + OPCODE_COUNT] = {
        {.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
         .sqe_flags = IOSQE_ASYNC | IOSQE_BUFFER_SELECT}};
    unsigned count = 1;
    int status;

    for (size_t i = 0; i < LATE_COUNT; i++)
        list[count++] = (struct io_uring_restriction){.opcode = IORING_RESTRICTION_REGISTER_OP,
                                                      .register_op = late_registers[i]};
    for (uint8_t opcode = 0; opcode < OPCODE_COUNT; opcode++)
        if (pnd_opcodes_have(opcodes, opcode))
            list[count++] = (struct io_uring_restriction){.opcode = IORING_RESTRICTION_SQE_OP,
                                                          .sqe_op = opcode};
    status = io_uring_register((unsigned)uring->ring_fd, IORING_REGISTER_RESTRICTIONS, list, count);
    if (status == 0)
        status = io_uring_register((unsigned)uring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    return status == 0 || status == -ENOMEM ? status : -ENOTSUP;
}

static int begin_restricted(struct io_uring *uring, struct pnd_opcodes *opcodes,
                            const struct pnd_opcodes *allowed)
{
    if (allowed == NULL)
        return 0;
    opcodes->bits[0] &= allowed->bits[0];
    opcodes->bits[1] &= allowed->bits[1];
    return restrict_to(uring, opcodes);
}

/* What is deferred is told by a flag, or not at all; the rest lies in the queue by itself. */
static bool shows_completions(uint64_t features)
{
    return (features & PENDIO_FEATURE_TASKRUN_FLAG) ||
           !(features & (PENDIO_FEATURE_DEFER_TASKRUN | PENDIO_FEATURE_COOP_TASKRUN));
}

static int uring_init(struct pnd_ring *ring, const struct pnd_ring_settings *settings)
{
    uint64_t features =
        ~settings->masked_features & ~pnd_quirks_here() &
        (PENDIO_FEATURE_SINGLE_ISSUER | PENDIO_FEATURE_DEFER_TASKRUN | PENDIO_FEATURE_COOP_TASKRUN |
         PENDIO_FEATURE_REGISTERED_RING | PENDIO_FEATURE_FIXED_BUFFERS | PENDIO_FEATURE_NO_SIGNAL |
         PENDIO_FEATURE_FTRUNCATE | PENDIO_FEATURE_MULTISHOT_ACCEPT | PENDIO_FEATURE_TASKRUN_FLAG |
         PENDIO_FEATURE_MULTISHOT_RECEIVE | PENDIO_FEATURE_BUFFER_RING |
         PENDIO_FEATURE_INCREMENTAL_BUFFERS | PENDIO_FEATURE_ZERO_COPY |
         (settings->batch_ns != 0 ? PENDIO_FEATURE_MINIMUM_WAIT : 0u));
    struct io_uring *uring = calloc(1, sizeof *uring);
    int status;

    if (uring == NULL)
        return -ENOMEM;
    status = set_up(uring, settings, &features);
    if (status < 0)
        goto free_state;
    status = pnd_probe_opcodes(uring, &ring->opcodes);
    if (status < 0)
        goto exit_queue;
    if (!(uring->features & PND_FEATURE_MINIMUM_WAIT))
        features &= ~(uint64_t)PENDIO_FEATURE_MINIMUM_WAIT;
    if (!pnd_opcodes_have(&ring->opcodes, PND_URING_FTRUNCATE))
        features &= ~(uint64_t)PENDIO_FEATURE_FTRUNCATE;
    if ((features & PENDIO_FEATURE_REGISTERED_RING) && io_uring_register_ring_fd(uring) != 1)
        features &= ~(uint64_t)PENDIO_FEATURE_REGISTERED_RING;
    if ((features & PENDIO_FEATURE_FIXED_BUFFERS) &&
        io_uring_register_buffers_sparse(uring, settings->memory_count) < 0)
        features &= ~(uint64_t)PENDIO_FEATURE_FIXED_BUFFERS;

    status = begin_restricted(uring, &ring->opcodes, settings->allowed);
    if (status < 0)
        goto exit_queue;
    ring->features = features;
    pnd_probe_try(uring, ring);
    ring->can_look = shows_completions(ring->features);
    ring->batch_ns = ring->features & PENDIO_FEATURE_MINIMUM_WAIT ? settings->batch_ns : 0;

    ring->state = uring;
    ring->entries = uring->sq.sqes;
    ring->entry_count = *uring->sq.kring_entries;
    pnd_ring_set_row(ring, &ring->entries[uring->sq.sqe_tail & (ring->entry_count - 1)], 0);
    ring->completion_count = *uring->cq.kring_entries;
    return 0;

exit_queue:
    io_uring_queue_exit(uring);
free_state:
    free(uring);
    return status;
}

static void uring_fini(struct pnd_ring *ring)
{
    io_uring_queue_exit(ring->state);
    free(ring->state);
    ring->state = NULL;
}

static inline uint32_t enter_flags(const struct pnd_ring *ring)
{
    return ring->features & PENDIO_FEATURE_REGISTERED_RING ? IORING_ENTER_REGISTERED_RING : 0;
}

/* What was fetched is the kernel's to see. */
static inline void show_entries(struct io_uring *uring)
{
    uring->sq.sqe_head = uring->sq.sqe_tail;
    io_uring_smp_store_release(uring->sq.ktail, uring->sq.sqe_tail);
}

/* The limit ends a shorter wait for several, but not the kernel's own, which would ignore it. */
static int wait_for_several(const struct pnd_ring *ring, struct __kernel_timespec *limit,
                            uint64_t wait_ns)
{
    struct io_uring *uring = ring->state;
    uint64_t batch_ns = ring->batch_ns < wait_ns ? ring->batch_ns : wait_ns;
    struct pnd_uring_wait wait = {.limit = (uintptr_t)limit,
                                  .least_us = (uint32_t)(batch_ns / 1000)};
    uint32_t flags = enter_flags(ring) | IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;

    show_entries(uring);
    return io_uring_enter2((unsigned)uring->enter_ring_fd, pnd_ring_queued_count(ring),
                           ring->wait_count, flags, (sigset_t *)&wait, sizeof wait);
}

__attribute__((noinline)) static int enter_for(const struct pnd_ring *ring, int64_t wait_ns)
{
    struct __kernel_timespec limit = {.tv_sec = wait_ns / 1000000000,
                                      .tv_nsec = wait_ns % 1000000000};
    struct io_uring_cqe *first;

    if (ring->batch_ns != 0 && ring->wait_count > 1)
        return wait_for_several(ring, &limit, (uint64_t)wait_ns);
    return io_uring_submit_and_wait_timeout(ring->state, &first, 1, &limit, NULL);
}

/* Task work runs only inside the kernel, so even a turn that does not wait has to enter it. */
static inline int enter(const struct pnd_ring *ring, uint32_t queued_count, int64_t wait_ns)
{
    struct io_uring *uring = ring->state;
    uint32_t flags = enter_flags(ring);

    if (PND_RARE(wait_ns > 0))
        return enter_for(ring, wait_ns);
    if (wait_ns != PND_RING_ONLY_SUBMIT)
        flags |= IORING_ENTER_GETEVENTS;
    show_entries(uring);
    return io_uring_enter((unsigned)uring->enter_ring_fd, queued_count, wait_ns == -1, flags, NULL);
}

PND_HOT static int uring_submit(struct pnd_ring *ring, int64_t wait_ns)
{
    struct io_uring *uring = ring->state;
    uint32_t queued_count = pnd_ring_queued_count(ring);
    uint32_t left_count;
    int status;

    uring->sq.sqe_tail = *uring->sq.khead + queued_count;
    ring->system_call_count++;
    status = enter(ring, queued_count, wait_ns);

    if (PND_USUAL(status == (int)queued_count)) {
        ring->request_count += queued_count;
        pnd_ring_set_row(ring, ring->next, 0);
        return 0;
    }
    left_count = io_uring_sq_ready(uring);
    ring->request_count += queued_count - left_count;
    pnd_ring_set_row(ring, ring->next, left_count);
    return status >= 0 || status == -ETIME ? 0 : status;
}

static bool uring_is_stirring(const struct pnd_ring *ring)
{
    const struct io_uring *uring = ring->state;

    return io_uring_cq_ready(uring) != 0 ||
           (IO_URING_READ_ONCE(*uring->sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW));
}

static ssize_t send_entry(const struct io_uring_sqe *entry)
{
    int flags = (int)entry->msg_flags | MSG_DONTWAIT;
    void *given = (void *)(uintptr_t)entry->addr;
    struct msghdr message = {.msg_iov = given, .msg_iovlen = entry->len};

    if (entry->opcode == IORING_OP_SENDMSG)
        return sendmsg(entry->fd, given, flags);
    if (entry->ioprio == PND_SEND_VECTOR)
        return sendmsg(entry->fd, &message, flags);
    return send(entry->fd, given, entry->len, flags);
}

/* A system call of its own is cheaper than an entry, where the ring need not be entered besides. */
static bool uring_send_now(struct pnd_ring *ring, struct pnd_ring_completion *ret_completion)
{
    struct io_uring_sqe *entry = ring->next - 1;
    ssize_t result;

    assert(pnd_ring_queued_count(ring) == 1);
    result = send_entry(entry);
    ring->system_call_count++;
    if (result < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    *ret_completion = (struct pnd_ring_completion){.user_data = entry->user_data,
                                                   .result = result < 0 ? -errno : (int32_t)result};
    ring->request_count++;
    pnd_ring_set_row(ring, entry, 0);
    return true;
}

_Static_assert(sizeof(struct pnd_ring_completion) == sizeof(struct io_uring_cqe) &&
                   offsetof(struct pnd_ring_completion, result) ==
                       offsetof(struct io_uring_cqe, res) &&
                   offsetof(struct pnd_ring_completion, flags) ==
                       offsetof(struct io_uring_cqe, flags),
               "given as they are");

/* The kernel has room again for those given before. */
PND_HOT static uint32_t uring_collect(struct pnd_ring *ring)
{
    struct io_uring *uring = ring->state;
    uint32_t head = *uring->cq.khead;
    uint32_t ready_count;
    uint32_t row_count;

    if (ring->given_count != 0) {
        head += ring->given_count;
        io_uring_smp_store_release(uring->cq.khead, head);
    }
    if (PND_RARE(io_uring_cq_has_overflow(uring)))
        ring->overflow_count++;
    ready_count = io_uring_smp_load_acquire(uring->cq.ktail) - head;
    row_count = ring->completion_count - (head & (ring->completion_count - 1));
    if (PND_RARE(ready_count > row_count))
        ready_count = row_count;
    ring->given = (struct pnd_ring_completion *)&uring->cq.cqes[ring->completion_count - row_count];
    ring->given_count = ready_count;
    return ready_count;
}

static int update_memory(struct pnd_ring *ring, uint32_t index, void *memory, uint64_t byte_count)
{
    struct iovec region = {.iov_base = memory, .iov_len = byte_count};
    __u64 tag = 0;
    int status;

    if (!(ring->features & PENDIO_FEATURE_FIXED_BUFFERS))
        return -EOPNOTSUPP;
    status = io_uring_register_buffers_update_tag(ring->state, index, &region, &tag, 1);
    return status < 0 ? status : 0;
}

static int uring_unregister_memory(struct pnd_ring *ring, uint32_t index)
{
    return update_memory(ring, index, NULL, 0);
}

static int uring_register_buffers(struct pnd_ring *ring, struct io_uring_buf *entries,
                                  uint32_t entry_count, bool is_incremental)
{
    return pnd_probe_add_buffers(ring->state, entries, entry_count, is_incremental);
}

static int uring_register_signal(struct pnd_ring *ring, int descriptor)
{
    return io_uring_register_eventfd(ring->state, descriptor);
}

static void uring_switch_signal(struct pnd_ring *ring, bool on)
{
    (void)io_uring_cq_eventfd_toggle(ring->state, on);
}

const struct pnd_ring_backend pnd_ring_uring = {
    .id = PENDIO_BACKEND_URING,
    .init = uring_init,
    .fini = uring_fini,
    .submit = uring_submit,
    .send_now = uring_send_now,
    .collect = uring_collect,
    .is_stirring = uring_is_stirring,
    .register_memory = update_memory,
    .unregister_memory = uring_unregister_memory,
    .register_buffers = uring_register_buffers,
    .register_signal = uring_register_signal,
    .switch_signal = uring_switch_signal,
};
