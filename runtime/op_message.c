/*
 * op_message.c - all there is to know about messages with what comes and goes beside their bytes.
 *
 * Happy path:  as receive and send; what came beside is told when the bytes are.
 * Failures:    as receive and send. Descriptors of a result that nobody is told of are closed.
 *
 * Where the runtime has the kernel tell a datagram's destination, that takes an entry of the
 * control data which the caller did not ask for: they are received into room of our own, and what
 * is the caller's goes from there into his memory. Everybody else's memory the kernel fills itself.
 */
#include "operation.h"

#include "ahead.h"
#include "lend.h"
#include "socket.h"
#include "transfer.h"
#include "zero_copy.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { CONTROL_PIDFD = 4 }; /* Linux 6.5: SCM_PIDFD, which Debian's headers lack */

static void receive_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict receive_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags);
static void lent_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict lent_finish(struct pnd_context *context, int32_t result,
                                    uint32_t cqe_flags);
static void discard(struct pnd_context *context);
static void send_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);

static const struct pnd_operation receive_operation = {
    .name = "receive_message",
    .code = PENDIO_OPERATION_RECEIVE_MESSAGE,
    .opcode = IORING_OP_RECVMSG,
    .poll_events = POLLIN,
    .moves = true,
    .may_try = true,
    .take = pnd_ahead_take,
    .prepare = receive_prepare,
    .finish = receive_finish,
    .discard = discard,
};

/* Without memory of one's own. */
static const struct pnd_operation lent_operation = {
    .name = "receive_message",
    .code = PENDIO_OPERATION_RECEIVE_MESSAGE,
    .opcode = IORING_OP_RECVMSG,
    .poll_events = POLLIN,
    .moves = true,
    .may_try = true,
    .take = pnd_lend_take,
    .prepare = lent_prepare,
    .finish = lent_finish,
    .drop = pnd_lend_return,
    .discard = discard,
};

/* With an empty window on a stream. */
static const struct pnd_operation readable_operation = {
    .name = "receive_message",
    .code = PENDIO_OPERATION_RECEIVE_MESSAGE,
    .opcode = IORING_OP_RECV,
    .poll_events = POLLIN,
    .moves = true,
    .may_try = true,
    .take = pnd_ahead_look,
    .prepare = pnd_readable_prepare,
    .finish = pnd_readable_finish,
};

static const struct pnd_operation send_operation = {
    .name = "send_message",
    .code = PENDIO_OPERATION_SEND_MESSAGE,
    .opcode = IORING_OP_SENDMSG,
    .poll_events = POLLOUT,
    .moves = true,
    .may_try = true,
    .finishes_closing = true,
    .prepare = send_prepare,
    .finish = pnd_send_finish,
    .over = pnd_lend_return,
};

/* ---- receive -------------------------------------------------------------------------------- */

/* Returns whether the option is on now. */
static bool switch_on(struct pnd_handle *handle, int level, int name)
{
    int value = 0;
    socklen_t byte_count = sizeof value;

    (void)getsockopt(handle->descriptor, level, name, &value, &byte_count);
    handle->gives_packet_info = value != 0;
    value = 1;
    return setsockopt(handle->descriptor, level, name, &value, sizeof value) == 0;
}

/* Once per handle. Over IPv6 the one entry tells of mapped addresses, too. */
static void ask_for_destination(struct pnd_handle *handle)
{
    int domain = AF_UNSPEC;
    socklen_t byte_count = sizeof domain;

    handle->packet_info = PND_INFO_NONE;
    if (handle->kind != PND_KIND_DATAGRAM)
        return;
    (void)getsockopt(handle->descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &byte_count);
    if (domain == AF_INET && switch_on(handle, IPPROTO_IP, IP_PKTINFO))
        handle->packet_info = PND_INFO_V4;
    if (domain == AF_INET6 && switch_on(handle, IPPROTO_IPV6, IPV6_RECVPKTINFO))
        handle->packet_info = PND_INFO_V6;
}

static const struct pnd_operation *choose(const struct pnd_context *context,
                                          const struct pnd_handle *handle)
{
    if (context->lending)
        return &lent_operation;
    return context->window.byte_count == 0 && handle->kind == PND_KIND_STREAM ? &readable_operation
                                                                              : &receive_operation;
}

int pnd_receive_message_start(struct pnd_context *context, struct pnd_handle *handle)
{
    int status = pnd_context_reserve_on(context, &receive_operation, handle);
    int answer;

    if (status < 0)
        return status;
    if (handle->packet_info == PND_INFO_UNKNOWN)
        ask_for_destination(handle);
    pnd_context_begin(context, choose(context, handle), handle);
    pnd_lend_return(context);
    pnd_context_use_extra(context)->sender.byte_count = 0;
    pnd_context_extra(context)->told = (struct pnd_told){.control_bytes = 0};
    if (pnd_context_end_as_known(context, &handle->receives, &answer))
        return answer;
    return pnd_context_wait_in_line(context, &handle->receives);
}

static bool has_packet_info(const struct pnd_context *context)
{
    return context->handle->packet_info >= PND_INFO_V4;
}

/* Where the kernel puts control data. */
static struct pnd_window find_room(const struct pnd_context *context)
{
    struct pnd_context_extra *extra = pnd_context_extra(context);

    if (!has_packet_info(context))
        return extra->control;
    if (extra->control.byte_count == 0)
        return (struct pnd_window){(unsigned char *)extra->control_rest, PND_CONTROL_MORE};
    return (struct pnd_window){extra->control_room.memory,
                               extra->control.byte_count + PND_CONTROL_MORE};
}

static void receive_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    struct pendio_endpoint *sender = &pnd_context_extra(context)->sender;
    struct msghdr *message = pnd_transfer_message(context, sender, sizeof sender->address);
    const struct pnd_window room = find_room(context);

    message->msg_control = room.memory;
    message->msg_controllen = room.byte_count;
    sqe->fd = context->handle->descriptor;
    sqe->addr = (uintptr_t)message;
    sqe->len = 1;
    sqe->msg_flags = pnd_receive_flags(context) | MSG_CMSG_CLOEXEC;
}

/* Of control data; `bytes` are header and data. The memory may be aligned to nothing. */
struct entry {
    const unsigned char *bytes;
    uint64_t byte_count;
    int level;
    int type;
};

/* How far it is to the next entry, or to the end. */
static uint64_t step_over(uint64_t entry_bytes, uint64_t left_bytes)
{
    uint64_t step = CMSG_ALIGN(entry_bytes);

    return step < left_bytes ? step : left_bytes;
}

/* The entry at *at, which goes on to the next; false: there is none. */
static bool next_entry(const struct pnd_window *control, uint64_t *at, struct entry *ret_entry)
{
    uint64_t left = control->byte_count - *at;
    struct cmsghdr header;

    if (left < sizeof header)
        return false;
    memcpy(&header, control->memory + *at, sizeof header);
    if (header.cmsg_len < sizeof header || header.cmsg_len > left)
        return false;
    *ret_entry = (struct entry){.bytes = control->memory + *at,
                                .byte_count = header.cmsg_len,
                                .level = header.cmsg_level,
                                .type = header.cmsg_type};
    *at += step_over(header.cmsg_len, left);
    return true;
}

static bool is_entry(const struct entry *entry, int level, int type, uint64_t byte_count)
{
    return entry->level == level && entry->type == type &&
           entry->byte_count >= CMSG_LEN(byte_count);
}

static void tell_v4(struct pnd_told *told, const struct entry *entry)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct in_pktinfo info;

    memcpy(&info, entry->bytes + CMSG_LEN(0), sizeof info);
    address.sin_addr = info.ipi_addr;
    memcpy(told->destination.address, &address, sizeof address);
    told->destination.byte_count = sizeof address;
    told->interface_index = (uint32_t)info.ipi_ifindex;
}

static void tell_v6(struct pnd_told *told, const struct entry *entry)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    struct in6_pktinfo info;

    memcpy(&info, entry->bytes + CMSG_LEN(0), sizeof info);
    address.sin6_addr = info.ipi6_addr;
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&info.ipi6_addr))
        address.sin6_scope_id = info.ipi6_ifindex;
    memcpy(told->destination.address, &address, sizeof address);
    told->destination.byte_count = sizeof address;
    told->interface_index = info.ipi6_ifindex;
}

/* Returns whether it is the entry that tells the destination. */
static bool tell(struct pnd_context *context, const struct entry *entry)
{
    struct pnd_told *told = &pnd_context_extra(context)->told;

    if (context->handle->packet_info == PND_INFO_V4 &&
        is_entry(entry, IPPROTO_IP, IP_PKTINFO, sizeof(struct in_pktinfo))) {
        tell_v4(told, entry);
        return true;
    }
    if (context->handle->packet_info == PND_INFO_V6 &&
        is_entry(entry, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(struct in6_pktinfo))) {
        tell_v6(told, entry);
        return true;
    }
    return false;
}

static void give(struct pnd_context *context, const struct entry *entry)
{
    const struct pnd_window *control = &pnd_context_extra(context)->control;
    struct pnd_told *told = &pnd_context_extra(context)->told;
    uint64_t left = control->byte_count - told->control_bytes;

    if (entry->byte_count > left) {
        context->flags |= PENDIO_CONTROL_TRUNCATED;
        return;
    }
    memcpy(control->memory + told->control_bytes, entry->bytes, entry->byte_count);
    told->control_bytes += step_over(entry->byte_count, left);
}

static void sort_out(struct pnd_context *context)
{
    const struct pnd_window received = {find_room(context).memory,
                                        pnd_context_extra(context)->message.msg_controllen};
    struct entry entry;
    uint64_t at = 0;

    while (next_entry(&received, &at, &entry))
        if (!tell(context, &entry) || context->handle->gives_packet_info)
            give(context, &entry);
}

static enum pnd_verdict receive_finish(struct pnd_context *context, int32_t result,
                                       uint32_t cqe_flags)
{
    struct pnd_context_extra *extra = pnd_context_extra(context);

    if (result >= 0) {
        extra->sender.byte_count = extra->message.msg_namelen;
        if (extra->message.msg_flags & MSG_CTRUNC)
            context->flags |= PENDIO_CONTROL_TRUNCATED;
        if (has_packet_info(context))
            sort_out(context);
        else
            extra->told.control_bytes = extra->message.msg_controllen;
    }
    return pnd_receive_finish(context, result, cqe_flags);
}

/* The buffer that was taken is given back when there is nothing for it. */
static void lent_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    receive_prepare(context, sqe);
    sqe->msg_flags |= MSG_DONTWAIT;
}

static enum pnd_verdict lent_finish(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    enum pnd_verdict verdict = receive_finish(context, result, cqe_flags);

    pnd_lend_finish(context);
    return verdict;
}

static void close_descriptors(const struct entry *entry)
{
    int descriptor;

    for (uint64_t at = CMSG_LEN(0); at + sizeof descriptor <= entry->byte_count;
         at += sizeof descriptor) {
        memcpy(&descriptor, entry->bytes + at, sizeof descriptor);
        close(descriptor);
    }
}

static void discard(struct pnd_context *context)
{
    const struct pnd_window received = {pnd_context_extra(context)->control.memory,
                                        pnd_context_extra(context)->told.control_bytes};
    struct entry entry;
    uint64_t at = 0;

    while (next_entry(&received, &at, &entry))
        if (is_entry(&entry, SOL_SOCKET, SCM_RIGHTS, 0) ||
            is_entry(&entry, SOL_SOCKET, CONTROL_PIDFD, 0))
            close_descriptors(&entry);
}

/* ---- send ----------------------------------------------------------------------------------- */

int pnd_send_message_start(struct pnd_context *context, struct pnd_handle *handle)
{
    int status = pnd_context_reserve_on(context, &send_operation, handle);
    bool is_empty;
    int answer;

    if (status < 0)
        return status;
    is_empty = context->window.byte_count == 0 && handle->kind == PND_KIND_STREAM;
    if (is_empty && pnd_context_extra(context)->control.byte_count != 0)
        return pnd_loop_refuse(context->loop, -EINVAL);
    pnd_context_begin(context, &send_operation, handle);
    pnd_context_extra(context)->pausing = false;
    if (pnd_context_end_as_known(context, &handle->sends, &answer))
        return answer;
    if (is_empty && pnd_line_is_empty(&handle->sends))
        return pnd_context_end(context, &handle->sends, &context->loop->stats.done_empty);
    return pnd_context_wait_in_line(context, &handle->sends);
}

/* What goes beside the bytes goes once, with the first of them. */
static void send_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    struct pnd_context_extra *extra = pnd_context_extra(context);
    bool first = context->moved_bytes == 0;
    bool aimed = first && extra->endpoint.byte_count != 0;
    struct msghdr *message;

    if (pnd_transfer_pause(context, sqe))
        return;
    message = pnd_transfer_message(context, aimed ? &extra->endpoint : NULL,
                                   aimed ? extra->endpoint.byte_count : 0);
    if (first) {
        message->msg_control = extra->control.memory;
        message->msg_controllen = extra->control.byte_count;
    }
    sqe->fd = context->handle->descriptor;
    sqe->addr = (uintptr_t)message;
    sqe->len = 1;
    sqe->msg_flags = pnd_transfer_send_flags(context->handle);
    pnd_zero_copy_aim(context, sqe);
}
