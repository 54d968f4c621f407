/*
 * op_child.c - all there is to know about waiting for the end of a child process.
 *
 * Happy path:  check -> begin -> a descriptor of the process -> parallel: poll it -> finish: it has
 *              ended, take its status.
 * Failures:    a process that is no child, or whose status somebody took, is the result -ECHILD; an
 *              early end takes nothing, so that the child can still be waited for.
 *
 * The descriptor lives as long as the run. Its process is asked about before the poll, because the
 * poll of a stranger's would end with the stranger.
 */
#include "operation.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void child_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict child_finish(struct pnd_context *context, int32_t result,
                                     uint32_t cqe_flags);
static void child_drop(struct pnd_context *context);

static const struct pnd_operation child_operation = {
    .name = "child",
    .code = PENDIO_OPERATION_CHILD,
    .opcode = IORING_OP_POLL_ADD,
    .prepare = child_prepare,
    .finish = child_finish,
    .drop = child_drop,
};

/* ---- start ---------------------------------------------------------------------------------- */

/* 0 and a descriptor of a child that can be waited for; or -errno. */
static int open_child(int pid, int *ret_descriptor)
{
    siginfo_t info;
    int descriptor = pidfd_open(pid, 0);
    int status = 0;

    if (descriptor < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : -ECHILD;
    if (waitid(P_PIDFD, (id_t)descriptor, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
        status = -errno;
        close(descriptor);
    } else {
        *ret_descriptor = descriptor;
    }
    return status;
}

int pnd_child_start(struct pnd_context *context, int pid)
{
    int status = pnd_context_reserve(context, &child_operation);
    int descriptor = -1;

    if (status < 0)
        return status;
    status = open_child(pid, &descriptor);
    pnd_context_begin(context, &child_operation, NULL);
    if (status < 0) {
        pnd_context_fail(context, status);
        return pnd_context_end(context, NULL, &context->loop->stats.done_direct);
    }
    context->argument = (uint64_t)descriptor;
    return pnd_context_go_parallel(context);
}

/* ---- in the ring ---------------------------------------------------------------------------- */

static void child_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = (int)context->argument;
    sqe->poll32_events = pnd_ring_poll_events(POLLIN);
}

/* As waitpid(2) puts it. */
static uint32_t status_of(const siginfo_t *info)
{
    uint32_t number = (uint32_t)info->si_status;

    switch (info->si_code) {
    case CLD_EXITED:
        return (number & 0xff) << 8;
    case CLD_DUMPED:
        return number | 0x80;
    default:
        return number;
    }
}

/* False: it has not ended, for those who wait for it. */
static bool take_status(struct pnd_context *context)
{
    siginfo_t info = {.si_pid = 0};

    if (waitid(P_PIDFD, (id_t)context->argument, &info, WEXITED | WNOHANG) < 0) {
        pnd_context_fail(context, -errno);
        return true;
    }
    context->value = info.si_pid != 0 ? status_of(&info) : 0;
    return info.si_pid != 0;
}

/* A loop that ends tells nobody any more: the child stays for others to wait for. */
static enum pnd_verdict child_finish(struct pnd_context *context, int32_t result,
                                     uint32_t cqe_flags)
{
    (void)cqe_flags;
    if (result < 0 || context->loop->ending)
        pnd_context_fail(context, result < 0 ? result : -ECANCELED);
    else if (!take_status(context))
        return PND_AGAIN;
    child_drop(context);
    return PND_DELIVER;
}

static void child_drop(struct pnd_context *context)
{
    close((int)context->argument);
}
