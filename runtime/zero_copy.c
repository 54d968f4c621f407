/*
 * zero_copy.c - sends whose memory the kernel may keep after it has told their result.
 *
 * Happy path:  aim -> the result, and the next share, and the end of the run -> drain -> noticed ->
 *              delivered. A notice may come before the result it belongs to.
 * Failures:    where the kernel, the family or the memory does not allow it, or the completion
 *              queue has no room for a notice, the send is an ordinary one and flagged as copied.
 */
#include "zero_copy.h"

#include "descriptor.h"
#include "operation.h"
#include "pool.h"

#include <errno.h>

/* ---- entries -------------------------------------------------------------------------------- */

static bool family_copies(struct pnd_handle *handle)
{
    if (handle->copying == PND_COPYING_UNKNOWN)
        handle->copying = pnd_descriptor_is_internet(handle->descriptor) ? PND_COPYING_AVOIDABLE
                                                                         : PND_COPYING_NEEDED;
    return handle->copying == PND_COPYING_NEEDED;
}

static bool may_ask(const struct pnd_context *context)
{
    const struct pnd_loop *loop = context->loop;

    return (loop->ring.features & PENDIO_FEATURE_ZERO_COPY) != 0 && loop->notice_room_count != 0 &&
           !pnd_context_extra(context)->zero_copy.refused && !family_copies(context->handle);
}

/* One stretch of memory and at most an address beside it need no message. */
static bool is_simple(const struct msghdr *message)
{
    return message->msg_iovlen == 1 && message->msg_controllen == 0;
}

static void unwrap(struct io_uring_sqe *sqe, const struct msghdr *message)
{
    sqe->addr = (uintptr_t)message->msg_iov->iov_base;
    sqe->len = (uint32_t)message->msg_iov->iov_len;
    sqe->addr2 = (uintptr_t)message->msg_name;
    sqe->addr_len = (uint16_t)message->msg_namelen;
}

/* Memory of a registered arena need not be looked up; a vector's has to be. */
static void take_fixed_path(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    const struct pnd_arena *arena = NULL;

    if (sqe->len != 0)
        arena = pnd_pool_arena_of(context->loop, sqe->addr, sqe->len);
    if (arena == NULL)
        return;
    sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
    sqe->buf_index = (uint16_t)arena->index;
}

void pnd_zero_copy_aim(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    struct pnd_zero_copy *zero_copy = &pnd_context_extra(context)->zero_copy;

    if ((context->request_flags & PENDIO_ZERO_COPY) == 0)
        return;
    if (zero_copy->run != context->token)
        *zero_copy = (struct pnd_zero_copy){.run = context->token};
    zero_copy->asked = may_ask(context);
    if (!zero_copy->asked)
        return;
    context->loop->notice_room_count--;
    sqe->ioprio = context->loop->ring.zero_copy_flags;
    if (sqe->opcode == IORING_OP_SENDMSG) {
        const struct msghdr *message = &pnd_context_extra(context)->message;

        if (!is_simple(message)) {
            sqe->opcode = IORING_OP_SENDMSG_ZC;
            return;
        }
        unwrap(sqe, message);
    }
    sqe->opcode = IORING_OP_SEND_ZC;
    take_fixed_path(context, sqe);
}

/* ---- answers -------------------------------------------------------------------------------- */

/* These may be errors of sending without a copy alone: what an ordinary send says is the truth. */
static bool may_be_copying(int32_t error)
{
    switch (error) {
    case -EOPNOTSUPP:
    case -EINVAL:
    case -ENOMEM:
    case -ENOBUFS:
    case -EMSGSIZE:
    case -EFAULT:
        return true;
    default:
        return false;
    }
}

/* A request that sent nothing is told as copied, too: that one does not count. */
static void take_answer(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    if ((cqe_flags & IORING_CQE_F_MORE) == 0) {
        context->loop->notice_room_count++;
        return;
    }
    context->notice_count++;
    context->attached = true;
    if (result <= 0)
        pnd_context_extra(context)->zero_copy.copied_count--;
}

bool pnd_zero_copy_is_refused(struct pnd_context *context, int32_t result, uint32_t cqe_flags)
{
    struct pnd_zero_copy *zero_copy = &pnd_context_extra(context)->zero_copy;

    if ((context->request_flags & PENDIO_ZERO_COPY) == 0 || zero_copy->run != context->token)
        return false;
    if (!zero_copy->asked) {
        context->flags |= result >= 0 ? PENDIO_COPIED : 0;
        return false;
    }
    take_answer(context, result, cqe_flags);
    if (!may_be_copying(result))
        return false;
    zero_copy->refused = true;
    if (result == -EOPNOTSUPP)
        context->handle->copying = PND_COPYING_NEEDED;
    return true;
}

/* ---- the memory ----------------------------------------------------------------------------- */

void pnd_zero_copy_drain(struct pnd_context *context)
{
    struct pnd_handle *handle = context->handle;

    pnd_context_move(context, PND_DRAINING);
    context->line->undelivered_count++;
    handle->draining_count++;
    if (pnd_handle_may_close(handle))
        pnd_close_proceed(context->loop, handle);
}

static struct pnd_context *find(const struct pnd_loop *loop, uint64_t token)
{
    struct pnd_context *context = pnd_loop_holder(loop, token);

    if (context->token != token || pnd_context_extra(context)->zero_copy.run != token)
        return NULL;
    return context->state == PND_PENDING || context->state == PND_DRAINING ? context : NULL;
}

/* It is told; where its start is still looking, by the start's answer. */
static void end_draining(struct pnd_context *context)
{
    struct pnd_handle *handle = context->handle;

    context->line->undelivered_count--;
    handle->draining_count--;
    if (context->loop->tried == context)
        pnd_context_move(context, PND_READY);
    pnd_context_tell(context);
    if (handle->settler != 0)
        pnd_context_settle(context->loop, handle, context);
}

void pnd_zero_copy_noticed(struct pnd_loop *loop, uint64_t token, int32_t result)
{
    struct pnd_context *context = find(loop, token);

    if (context == NULL) {
        loop->stats.stale_completions++;
        return;
    }
    loop->notice_room_count++;
    context->notice_count--;
    if (((uint32_t)result & IORING_NOTIF_USAGE_ZC_COPIED) != 0 &&
        ++pnd_context_extra(context)->zero_copy.copied_count > 0)
        context->flags |= PENDIO_COPIED;
    if (context->state == PND_DRAINING && context->notice_count == 0)
        end_draining(context);
}
