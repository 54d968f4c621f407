/*
 * op_packets.c - all there is to know about sending memory and files in one operation.
 *
 * Happy path:  check -> begin -> (nothing to send: end) or (wait in line -> open and look at every
 *              file -> send the parts in order -> (asked for: disconnect) -> deliver). A file goes
 *              from its cache through a pipe to the socket and never through the memory of the
 *              program.
 * Failures:    a file that is not there, or has not the range asked for, ends it before the first
 *              byte; with an error, bytes says how much had gone; a file that has become shorter
 *              meanwhile: -EIO. The connection is ended only when everything has gone.
 *
 * What was opened is closed however it ends. A socket would block a worker of the kernel: it is
 * made not to while a splice writes into it.
 */
#include "operation.h"

#include "disconnect.h"
#include "line.h"
#include "packets.h"
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

static void packets_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict packets_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags);
static void packets_release(struct pnd_context *context);

static const struct pnd_operation packets_operation = {
    .name = "send_packets",
    .code = PENDIO_OPERATION_SEND_PACKETS,
    .opcode = IORING_OP_SPLICE,
    .poll_events = POLLOUT,
    .carries = true,
    .finishes_closing = true,
    .prepare = packets_prepare,
    .finish = packets_finish,
    .drop = packets_release,
    .release = packets_release,
};

static void open_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe);
static void look_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe);
static void send_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe);
static void fill_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe);
static void drain_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe);
static enum pnd_verdict open_finish(struct pnd_context *context, int32_t result);
static enum pnd_verdict look_finish(struct pnd_context *context, int32_t result);
static enum pnd_verdict send_finish(struct pnd_context *context, int32_t result);
static enum pnd_verdict fill_finish(struct pnd_context *context, int32_t result);
static enum pnd_verdict drain_finish(struct pnd_context *context, int32_t result);
static enum pnd_verdict nothing_finish(struct pnd_context *context, int32_t result);

enum stage { STAGE_OPEN, STAGE_LOOK, STAGE_SEND, STAGE_FILL, STAGE_DRAIN, STAGE_NOTHING };

/* What is asked of the kernel for the part under way. Without `prepare`: nothing. */
static const struct {
    uint8_t opcode;
    void (*prepare)(const struct pnd_packets *packets, struct io_uring_sqe *sqe);
    enum pnd_verdict (*finish)(struct pnd_context *context, int32_t result);
} stages[] = {
    [STAGE_OPEN] = {IORING_OP_OPENAT, open_prepare, open_finish},
    [STAGE_LOOK] = {IORING_OP_STATX, look_prepare, look_finish},
    [STAGE_SEND] = {IORING_OP_SEND, send_prepare, send_finish},
    [STAGE_FILL] = {IORING_OP_SPLICE, fill_prepare, fill_finish},
    [STAGE_DRAIN] = {IORING_OP_SPLICE, drain_prepare, drain_finish},
    [STAGE_NOTHING] = {IORING_OP_NOP, NULL, nothing_finish},
};

/* ---- start ---------------------------------------------------------------------------------- */

static enum stage stage_of_file(const struct pnd_packets *packets)
{
    return packets->parts[packets->index].descriptor < 0 ? STAGE_OPEN : STAGE_LOOK;
}

/* Messages have bounds that files know nothing of; what is no socket says so itself. */
static enum stage stage_to_begin(const struct pnd_context *context)
{
    struct pnd_packets *packets = pnd_context_extra(context)->packets;

    if (packets->count == 0)
        return STAGE_NOTHING;
    if (context->handle->kind == PND_KIND_STREAM)
        return pnd_packets_next_file(packets) ? stage_of_file(packets) : STAGE_SEND;
    packets->error =
        context->handle->kind == PND_KIND_FILE || context->handle->kind == PND_KIND_FLOW
            ? -ENOTSOCK
            : -EOPNOTSUPP;
    return STAGE_NOTHING;
}

static void join_files(struct pnd_context *context)
{
    struct pnd_packets *packets = pnd_context_extra(context)->packets;

    for (uint32_t i = 0; i < packets->count; i++)
        if (packets->parts[i].file != NULL)
            pnd_guest_join(&packets->parts[i].guest, context, packets->parts[i].file, true);
}

int pnd_send_packets_start(struct pnd_context *context, struct pnd_handle *handle,
                           const struct pendio_packet *packets, uint32_t packet_count,
                           uint32_t flags)
{
    struct pnd_loop *loop = context->loop;
    int answer = pnd_context_reserve_on(context, &packets_operation, handle);

    if (answer < 0)
        return answer;
    answer = flags != 0 && handle->kind != PND_KIND_STREAM
                 ? -EINVAL
                 : pnd_packets_set(context, packets, packet_count);
    if (answer < 0)
        return pnd_loop_refuse(loop, answer);
    pnd_context_begin(context, &packets_operation, handle);
    context->argument = flags;
    if (pnd_context_end_as_known(context, &handle->sends, &answer))
        return answer;
    if (pnd_context_extra(context)->packets->count == 0 && flags == 0 &&
        pnd_line_is_empty(&handle->sends))
        return pnd_context_end(context, &handle->sends, &loop->stats.done_empty);
    pnd_context_extra(context)->packets->stage = (uint8_t)stage_to_begin(context);
    join_files(context);
    return pnd_context_wait_in_line(context, &handle->sends);
}

static void packets_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    struct pnd_packets *packets = pnd_context_extra(context)->packets;

    if (packets->stage == STAGE_DRAIN && !packets->unblocked)
        packets->unblocked = pnd_handle_unblock(context->handle);
    sqe->opcode = stages[packets->stage].opcode;
    sqe->fd = context->handle->descriptor;
    if (stages[packets->stage].prepare != NULL)
        stages[packets->stage].prepare(packets, sqe);
}

static enum pnd_verdict packets_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags)
{
    const struct pnd_packets *packets = pnd_context_extra(context)->packets;

    (void)cqe_flags;
    return stages[packets->stage].finish(context, result);
}

static void packets_release(struct pnd_context *context)
{
    struct pnd_packets *packets = pnd_context_extra(context)->packets;

    pnd_packets_close(packets);
    if (packets->pipe.read_end >= 0)
        pnd_pipes_give_back(&context->loop->pipes, &packets->pipe, packets->piped_bytes == 0);
    packets->pipe.read_end = -1;
    if (packets->unblocked)
        pnd_handle_block(context->handle);
    packets->unblocked = false;
}

/* ---- open and look at every file ------------------------------------------------------------ */

/* Of a file, whose errors say nothing of the stream. */
static enum pnd_verdict fail_by_file(struct pnd_context *context, int32_t error)
{
    if (error == -EINTR && context->stop == PND_STOP_NONE)
        return PND_AGAIN;
    pnd_context_fail(context, error);
    return PND_DELIVER;
}

/* All has gone. Who has to hear of the end of the connection first is waited for with nothing. */
static enum pnd_verdict end(struct pnd_context *context)
{
    if (context->argument == 0)
        return PND_DELIVER;
    packets_release(context);
    pnd_context_extra(context)->packets->stage = STAGE_NOTHING;
    return pnd_disconnect_go(context, (context->argument & PENDIO_THEN_REUSE) != 0);
}

/* What the next part needs: its bytes in a pipe, if it is a file. */
static enum pnd_verdict go_on(struct pnd_context *context)
{
    struct pnd_packets *packets = pnd_context_extra(context)->packets;
    int status = 0;

    if (!pnd_packets_next_bytes(packets))
        return end(context);
    if (packets->parts[packets->index].memory != NULL) {
        packets->stage = STAGE_SEND;
        return PND_AGAIN;
    }
    packets->stage = packets->piped_bytes != 0 ? STAGE_DRAIN : STAGE_FILL;
    if (packets->pipe.read_end < 0)
        status = pnd_pipes_take(&context->loop->pipes, &packets->pipe);
    return status < 0 ? fail_by_file(context, status) : PND_AGAIN;
}

/* Nothing waits for the other end of a FIFO, or for a terminal. */
static void open_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe)
{
    sqe->fd = AT_FDCWD;
    sqe->addr = (uintptr_t)packets->parts[packets->index].path;
    sqe->open_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
}

static enum pnd_verdict open_finish(struct pnd_context *context, int32_t result)
{
    struct pnd_packets *packets = pnd_context_extra(context)->packets;

    if (result < 0)
        return fail_by_file(context, result);
    packets->parts[packets->index].descriptor = result;
    packets->stage = STAGE_LOOK;
    return PND_AGAIN;
}

static void look_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe)
{
    sqe->fd = packets->parts[packets->index].descriptor;
    sqe->addr = (uintptr_t) "";
    sqe->len = STATX_TYPE | STATX_SIZE;
    sqe->off = (uintptr_t)&packets->status;
    sqe->statx_flags = AT_EMPTY_PATH;
}

static enum pnd_verdict look_finish(struct pnd_context *context, int32_t result)
{
    struct pnd_packets *packets = pnd_context_extra(context)->packets;

    if (result == 0)
        result = pnd_packets_measure(packets);
    if (result < 0)
        return fail_by_file(context, result);
    packets->index++;
    if (!pnd_packets_next_file(packets))
        return go_on(context);
    packets->stage = (uint8_t)stage_of_file(packets);
    return PND_AGAIN;
}

/* ---- send the parts ------------------------------------------------------------------------- */

static uint32_t chunk_of(uint64_t left_bytes)
{
    return left_bytes < PND_CHUNK_BYTES ? (uint32_t)left_bytes : PND_CHUNK_BYTES;
}

/* So that a head and the file behind it share a segment. */
static bool has_more(const struct pnd_packets *packets, uint64_t chunk_bytes)
{
    return packets->index != packets->last_index || chunk_bytes != pnd_packets_left_bytes(packets);
}

static void send_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe)
{
    const struct pnd_part *part = &packets->parts[packets->index];

    sqe->addr = (uintptr_t)(part->memory + packets->gone_bytes);
    sqe->len = chunk_of(pnd_packets_left_bytes(packets));
    sqe->msg_flags = MSG_NOSIGNAL | (has_more(packets, sqe->len) ? MSG_MORE : 0);
}

/* The kernel calls a TCP socket that never was connected a broken pipe. */
static bool is_unconnected(const struct pnd_handle *handle)
{
    struct pollfd found = {.fd = handle->descriptor, .events = POLLRDHUP};
    struct sockaddr_storage peer;
    socklen_t byte_count = sizeof peer;

    return getpeername(handle->descriptor, (struct sockaddr *)&peer, &byte_count) < 0 &&
           errno == ENOTCONN && poll(&found, 1, 0) >= 0 && (found.revents & POLLRDHUP) == 0;
}

static enum pnd_verdict fail_by_stream(struct pnd_context *context, int32_t error)
{
    if (error != -EPIPE || context->moved_bytes != 0 || !is_unconnected(context->handle))
        return pnd_transfer_fail(context, error);
    pnd_context_fail(context, -ENOTCONN); /* does not stick: it may be connected yet */
    return PND_DELIVER;
}

static enum pnd_verdict send_finish(struct pnd_context *context, int32_t result)
{
    if (result < 0)
        return fail_by_stream(context, result);
    pnd_context_extra(context)->packets->gone_bytes += (uint32_t)result;
    context->moved_bytes += (uint32_t)result;
    return go_on(context);
}

static void fill_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe)
{
    const struct pnd_part *part = &packets->parts[packets->index];
    uint64_t left_bytes = pnd_packets_left_bytes(packets);

    sqe->fd = packets->pipe.write_end;
    sqe->off = PENDIO_STREAMING;
    sqe->splice_fd_in = part->descriptor;
    sqe->splice_off_in = part->offset + packets->gone_bytes;
    sqe->len =
        left_bytes < packets->pipe.byte_count ? (uint32_t)left_bytes : packets->pipe.byte_count;
}

static enum pnd_verdict fill_finish(struct pnd_context *context, int32_t result)
{
    struct pnd_packets *packets = pnd_context_extra(context)->packets;

    if (result <= 0)
        return fail_by_file(context, result < 0 ? result : -EIO);
    packets->piped_bytes = (uint32_t)result;
    packets->stage = STAGE_DRAIN;
    return PND_AGAIN;
}

static void drain_prepare(const struct pnd_packets *packets, struct io_uring_sqe *sqe)
{
    sqe->off = PENDIO_STREAMING;
    sqe->splice_fd_in = packets->pipe.read_end;
    sqe->splice_off_in = PENDIO_STREAMING;
    sqe->len = packets->piped_bytes;
    sqe->splice_flags = SPLICE_F_NONBLOCK;
    if (packets->index != packets->last_index || pnd_packets_left_bytes(packets) != 0)
        sqe->splice_flags |= SPLICE_F_MORE;
}

static enum pnd_verdict drain_finish(struct pnd_context *context, int32_t result)
{
    struct pnd_packets *packets = pnd_context_extra(context)->packets;

    if (result <= 0)
        return fail_by_stream(context, result < 0 ? result : -EIO);
    packets->piped_bytes -= (uint32_t)result;
    packets->gone_bytes += (uint32_t)result;
    context->moved_bytes += (uint32_t)result;
    return go_on(context);
}

/* ---- nothing is to be sent ------------------------------------------------------------------ */

static enum pnd_verdict nothing_finish(struct pnd_context *context, int32_t result)
{
    const struct pnd_packets *packets = pnd_context_extra(context)->packets;

    if (packets->error == 0 && result >= 0)
        return end(context);
    pnd_context_fail(context, packets->error < 0 ? packets->error : result);
    return PND_DELIVER;
}
