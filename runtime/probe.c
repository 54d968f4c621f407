/*
 * probe.c - what the kernel at hand can do, asked once per ring; features by name.
 *
 * Features are found by asking and trying, never by version numbers.
 */
#include <liburing.h>

#include "ring.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

struct feature {
    const char *name;
    uint64_t bit;
};

static const struct feature features[] = {
    {"single_issuer", PENDIO_FEATURE_SINGLE_ISSUER},
    {"defer_taskrun", PENDIO_FEATURE_DEFER_TASKRUN},
    {"coop_taskrun", PENDIO_FEATURE_COOP_TASKRUN},
    {"registered_ring", PENDIO_FEATURE_REGISTERED_RING},
    {"fixed_buffers", PENDIO_FEATURE_FIXED_BUFFERS},
    {"no_signal", PENDIO_FEATURE_NO_SIGNAL},
    {"ftruncate", PENDIO_FEATURE_FTRUNCATE},
    {"multishot_accept", PENDIO_FEATURE_MULTISHOT_ACCEPT},
    {"multishot_receive", PENDIO_FEATURE_MULTISHOT_RECEIVE},
    {"buffer_ring", PENDIO_FEATURE_BUFFER_RING},
    {"incremental_buffers", PENDIO_FEATURE_INCREMENTAL_BUFFERS},
    {"zero_copy", PENDIO_FEATURE_ZERO_COPY},
    {"taskrun_flag", PENDIO_FEATURE_TASKRUN_FLAG},
    {"minimum_wait", PENDIO_FEATURE_MINIMUM_WAIT},
};

uint64_t pnd_probe_feature_by_name(const char *name, size_t byte_count)
{
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (strlen(features[i].name) == byte_count &&
            memcmp(features[i].name, name, byte_count) == 0)
            return features[i].bit;
    return 0;
}

const char *pnd_probe_feature_name(uint64_t feature)
{
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (features[i].bit == feature)
            return features[i].name;
    return NULL;
}

int pnd_probe_opcodes(struct io_uring *uring, struct pnd_opcodes *ret_opcodes)
{
    struct pnd_opcodes found = {{0, 0}};
    struct io_uring_probe *probe = io_uring_get_probe_ring(uring);

    if (probe == NULL)
        return -ENOSYS;
    for (int opcode = 0; opcode < 128 && opcode <= probe->last_op; opcode++)
        if (io_uring_opcode_supported(probe, opcode))
            found.bits[opcode / 64] |= UINT64_C(1) << (opcode % 64);
    io_uring_free_probe(probe);
    *ret_opcodes = found;
    return 0;
}

/* ---- by trying ------------------------------------------------------------------------------ */

/* The answer to the one request under way; further completions that belong to it are dropped. */
static int32_t answer(struct io_uring *uring, uint32_t *ret_flags)
{
    struct io_uring_cqe *cqe;
    bool is_first = true;
    bool has_more = true;
    int32_t result = 0;

    while (has_more) {
        if (io_uring_submit_and_wait(uring, 1) < 0 || io_uring_peek_cqe(uring, &cqe) < 0)
            return -EIO;
        if (is_first) {
            result = cqe->res;
            *ret_flags = cqe->flags;
        }
        is_first = false;
        has_more = (cqe->flags & IORING_CQE_F_MORE) != 0;
        io_uring_cqe_seen(uring, cqe);
    }
    return result;
}

/* Of no descriptor: a kernel that knows the request says so, any other that it is invalid. */
static bool knows(struct io_uring *uring, const struct io_uring_sqe *request)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
    uint32_t flags;

    if (sqe == NULL)
        return false;
    *sqe = *request;
    sqe->fd = -1;
    return answer(uring, &flags) == -EBADF;
}

/* One of two bytes that are there: Linux 6.17 says that there is another. */
static bool tells_rest(struct io_uring *uring, const int *ends)
{
    char bytes[2] = "";
    struct io_uring_sqe *sqe;
    uint32_t flags = 0;

    if (send(ends[1], bytes, sizeof bytes, MSG_NOSIGNAL) != sizeof bytes)
        return false;
    sqe = io_uring_get_sqe(uring);
    if (sqe == NULL)
        return false;
    io_uring_prep_recv(sqe, ends[0], bytes, 1, 0);
    return answer(uring, &flags) == 1 && (flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
}

static bool unix_tells_rest(struct io_uring *uring)
{
    bool tells;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return false;
    tells = tells_rest(uring, ends);
    close(ends[0]);
    close(ends[1]);
    return tells;
}

static const struct io_uring_sqe zero_copy_send = {.opcode = IORING_OP_SEND_ZC};
static const struct io_uring_sqe reporting_send = {
    .opcode = IORING_OP_SEND_ZC,
    .ioprio = IORING_SEND_ZC_REPORT_USAGE,
};

/* Whether it tells of a copy is another question than whether it does without. */
static bool knows_zero_copy(struct io_uring *uring, struct pnd_ring *ring)
{
    if (!pnd_opcodes_have(&ring->opcodes, IORING_OP_SEND_ZC) ||
        !pnd_opcodes_have(&ring->opcodes, IORING_OP_SENDMSG_ZC))
        return false;
    if (knows(uring, &reporting_send)) {
        ring->zero_copy_flags = IORING_SEND_ZC_REPORT_USAGE;
        return true;
    }
    return knows(uring, &zero_copy_send);
}

int pnd_probe_add_buffers(struct io_uring *uring, void *entries, uint32_t entry_count,
                          bool is_incremental)
{
    struct pnd_uring_buffers buffers = {
        .address = (uintptr_t)entries,
        .entry_count = entry_count,
        .flags = is_incremental ? PND_BUFFERS_INCREMENTAL : 0,
    };

    return io_uring_register((unsigned)uring->ring_fd, IORING_REGISTER_PBUF_RING, &buffers, 1);
}

/* Whether the kernel takes a ring of buffers of that kind: a small one, and it is gone again. */
static bool takes_buffers(struct io_uring *uring, bool is_incremental)
{
    struct pnd_uring_buffers none = {.address = 0};
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status = -ENOMEM;

    if (page == MAP_FAILED)
        return false;
    status = pnd_probe_add_buffers(uring, page, 1, is_incremental);
    if (status == 0)
        (void)io_uring_register((unsigned)uring->ring_fd, IORING_UNREGISTER_PBUF_RING, &none, 1);
    munmap(page, PAGE_BYTES);
    return status == 0;
}

static const struct io_uring_sqe multishot_accept = {
    .opcode = IORING_OP_ACCEPT,
    .ioprio = IORING_ACCEPT_MULTISHOT,
};
static const struct io_uring_sqe multishot_receive = {
    .opcode = IORING_OP_RECV,
    .ioprio = IORING_RECV_MULTISHOT,
    .flags = IOSQE_BUFFER_SELECT,
};
static const struct io_uring_sqe limited_receive = {
    .opcode = IORING_OP_RECV,
    .ioprio = IORING_RECV_MULTISHOT,
    .flags = IOSQE_BUFFER_SELECT,
    .PND_RECEIVE_LIMIT = 1,
};

static const struct io_uring_sqe vector_send = {
    .opcode = IORING_OP_SEND,
    .ioprio = PND_SEND_VECTOR,
};

void pnd_probe_try(struct io_uring *uring, struct pnd_ring *ring)
{
    const uint64_t hoped = ring->features;
    uint64_t missing = 0;

    if ((hoped & PENDIO_FEATURE_MULTISHOT_ACCEPT) && !knows(uring, &multishot_accept))
        missing |= PENDIO_FEATURE_MULTISHOT_ACCEPT;
    if ((hoped & PENDIO_FEATURE_ZERO_COPY) && !knows_zero_copy(uring, ring))
        missing |= PENDIO_FEATURE_ZERO_COPY;
    if (!(hoped & PENDIO_FEATURE_BUFFER_RING) || !takes_buffers(uring, false))
        missing |= PENDIO_FEATURE_BUFFER_RING | PENDIO_FEATURE_INCREMENTAL_BUFFERS |
                   PENDIO_FEATURE_MULTISHOT_RECEIVE;
    else if ((hoped & PENDIO_FEATURE_INCREMENTAL_BUFFERS) && !takes_buffers(uring, true))
        missing |= PENDIO_FEATURE_INCREMENTAL_BUFFERS;
    if ((hoped & ~missing & PENDIO_FEATURE_MULTISHOT_RECEIVE) && !knows(uring, &multishot_receive))
        missing |= PENDIO_FEATURE_MULTISHOT_RECEIVE;
    ring->features = hoped & ~missing;
    ring->limits_receives =
        (ring->features & PENDIO_FEATURE_MULTISHOT_RECEIVE) && knows(uring, &limited_receive);
    ring->tells_rest =
        (ring->features & PENDIO_FEATURE_MULTISHOT_RECEIVE) && unix_tells_rest(uring);
    ring->sends_vectors =
        pnd_opcodes_have(&ring->opcodes, IORING_OP_SEND) && knows(uring, &vector_send);
}
