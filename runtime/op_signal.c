/*
 * op_signal.c - all there is to know about waiting for a signal.
 *
 * Happy path:  check -> begin -> parallel: poll the loop's descriptor for that signal -> finish:
 *              take one signal, or wait again where another took it first.
 * Failures:    a signal that the loop's thread has not blocked would go its usual way, and is
 *              refused; an early end takes nothing, so that the signal stays pending.
 *
 * The descriptor is made when a signal is first waited for and stays with the loop. It is read by
 * the loop's own thread, which so takes signals sent to it alone as well.
 */
#include "operation.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void signal_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe);
static enum pnd_verdict signal_finish(struct pnd_context *context, int32_t result,
                                      uint32_t cqe_flags);

static const struct pnd_operation signal_operation = {
    .name = "signal",
    .code = PENDIO_OPERATION_SIGNAL,
    .opcode = IORING_OP_POLL_ADD,
    .moves = true,
    .prepare = signal_prepare,
    .finish = signal_finish,
};

_Static_assert(sizeof(struct signalfd_siginfo) == 128, "pendio.h says so");
_Static_assert(PND_SIGNAL_COUNT == _NSIG, "a place for every number");

/* ---- the loop's descriptors ----------------------------------------------------------------- */

void pnd_signals_init(struct pnd_signals *signals)
{
    for (int i = 0; i < PND_SIGNAL_COUNT; i++)
        signals->descriptors[i] = -1;
}

void pnd_signals_fini(struct pnd_signals *signals)
{
    for (int i = 0; i < PND_SIGNAL_COUNT; i++)
        if (signals->descriptors[i] >= 0)
            close(signals->descriptors[i]);
}

static int make_descriptor(struct pnd_signals *signals, int number)
{
    sigset_t only;
    int descriptor;

    if (signals->descriptors[number] >= 0)
        return 0;
    sigemptyset(&only);
    sigaddset(&only, number);
    descriptor = signalfd(-1, &only, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor < 0)
        return -errno;
    signals->descriptors[number] = descriptor;
    return 0;
}

/* ---- start ---------------------------------------------------------------------------------- */

/* Also false for the two that cannot be blocked, and for what the C library keeps to itself. */
static bool is_blocked(int number)
{
    sigset_t blocked;

    sigemptyset(&blocked);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    return number > 0 && number < PND_SIGNAL_COUNT && sigismember(&blocked, number) == 1;
}

int pnd_signal_start(struct pnd_context *context, int number)
{
    int status = pnd_context_reserve(context, &signal_operation);

    if (status < 0)
        return status;
    if (!is_blocked(number))
        return pnd_loop_refuse(context->loop, -EINVAL);
    status = make_descriptor(&context->loop->signals, number);
    pnd_context_begin(context, &signal_operation, NULL);
    if (status < 0) {
        pnd_context_fail(context, status);
        return pnd_context_end(context, NULL, &context->loop->stats.done_direct);
    }
    context->argument = (uint64_t)number;
    return pnd_context_go_parallel(context);
}

/* ---- in the ring ---------------------------------------------------------------------------- */

static int descriptor_of(const struct pnd_context *context)
{
    return context->loop->signals.descriptors[context->argument];
}

static void signal_prepare(const struct pnd_context *context, struct io_uring_sqe *sqe)
{
    sqe->fd = descriptor_of(context);
    sqe->poll32_events = pnd_ring_poll_events(POLLIN);
}

static void tell(struct pnd_context *context, const struct signalfd_siginfo *info)
{
    context->value = info->ssi_signo;
    if (context->window.byte_count < sizeof *info || pnd_context_is_vectored(context))
        return;
    memcpy(context->window.memory, info, sizeof *info);
    context->moved_bytes = sizeof *info;
}

/* A loop that ends tells nobody any more: the signal stays for others to take. */
static enum pnd_verdict signal_finish(struct pnd_context *context, int32_t result,
                                      uint32_t cqe_flags)
{
    struct signalfd_siginfo info;

    (void)cqe_flags;
    if (result < 0 || context->loop->ending)
        pnd_context_fail(context, result < 0 ? result : -ECANCELED);
    else if (read(descriptor_of(context), &info, sizeof info) == (ssize_t)sizeof info)
        tell(context, &info);
    else if (errno == EAGAIN || errno == EINTR)
        return PND_AGAIN;
    else
        pnd_context_fail(context, -errno);
    return PND_DELIVER;
}
