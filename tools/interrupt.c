/*
 * interrupt.c - SIGINT and SIGTERM as something to wait for.
 *
 * Happy path:  the handler remembers the signal and makes a descriptor readable, so that whoever
 *              polls it wakes, whichever thread the signal went to.
 * Failures:    without a descriptor nothing is watched.
 */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t signal_seen;
static int descriptor = -1;

static void watch(int signal_number);
static void remember(int signal_number);

int pnd_interrupt_watch(void)
{
    descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0)
        return -errno;

    watch(SIGINT);
    watch(SIGTERM);
    return 0;
}

/* Whoever started us with the signal ignored wants it so. */
static void watch(int signal_number)
{
    struct sigaction before;
    if (sigaction(signal_number, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
        return;

    struct sigaction action = {.sa_handler = remember, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(signal_number, &action, NULL);
}

static void remember(int signal_number)
{
    int saved = errno;
    const uint64_t one = 1;
    signal_seen = signal_number;
    ssize_t written = write(descriptor, &one, sizeof one);
    (void)written; /* full means readable already */
    errno = saved;
}

int pnd_interrupt_signal(void)
{
    return signal_seen;
}

int pnd_interrupt_descriptor(void)
{
    return descriptor;
}
