/*
 * wake.c - all that other threads may do to a loop: wake it, post messages and send errands to it.
 *
 * Happy path:  take a place -> fill it -> publish it -> (the loop sleeps: write the descriptor).
 * Failures:    a full queue answers -EAGAIN at once; nobody ever waits for anybody.
 *
 * The queue is Vyukov's bounded one: each place carries the number of the round it is free or
 * filled for, so that writers agree by one compare-and-swap and the reader needs none.
 */
#include "wake.h"

#include "usual.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Stands for a list that is closed. */
static struct pnd_errand no_errands;

struct pnd_post_cell {
    _Atomic uint32_t sequence;
    struct pnd_post post;
};

int pnd_wake_init(struct pnd_wake *wake, uint32_t post_count)
{
    struct pnd_post_cell *cells = calloc(post_count, sizeof *cells);
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    assert(post_count >= 2 && (post_count & (post_count - 1)) == 0); /* one place is never full */
    if (cells == NULL || descriptor < 0) {
        int status = cells == NULL ? -ENOMEM : -errno;

        if (descriptor >= 0)
            close(descriptor);
        free(cells);
        return status;
    }
    for (uint32_t i = 0; i < post_count; i++)
        atomic_init(&cells[i].sequence, i);
    *wake = (struct pnd_wake){
        .descriptor = descriptor, .mask = post_count - 1, .cells = cells, .sleeper = -1};
    return 0;
}

void pnd_wake_fini(struct pnd_wake *wake)
{
    close(wake->descriptor);
    free(wake->cells);
}

/* Whoever takes `sleeper` has to write to it: one system call however many wake. */
static void rouse(struct pnd_wake *wake)
{
    int sleeper;

    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&wake->sleeper, memory_order_relaxed) < 0)
        return;
    sleeper = atomic_exchange_explicit(&wake->sleeper, -1, memory_order_acq_rel);
    if (sleeper >= 0)
        (void)!eventfd_write(sleeper, 1);
}

void pnd_wake_up(struct pnd_wake *wake)
{
    atomic_store_explicit(&wake->woken, true, memory_order_release);
    rouse(wake);
}

int pnd_wake_post(struct pnd_wake *wake, struct pnd_post post)
{
    uint32_t place = atomic_load_explicit(&wake->head, memory_order_relaxed);
    struct pnd_post_cell *cell;

    if (atomic_load_explicit(&wake->closed, memory_order_relaxed))
        return -ESHUTDOWN;
    for (;;) {
        int32_t lead;

        cell = &wake->cells[place & wake->mask];
        lead = (int32_t)(atomic_load_explicit(&cell->sequence, memory_order_acquire) - place);
        if (lead < 0)
            return -EAGAIN;
        if (lead > 0)
            place = atomic_load_explicit(&wake->head, memory_order_relaxed);
        else if (atomic_compare_exchange_weak_explicit(&wake->head, &place, place + 1,
                                                       memory_order_relaxed, memory_order_relaxed))
            break;
    }
    cell->post = post;
    atomic_store_explicit(&cell->sequence, place + 1, memory_order_release);
    rouse(wake);
    return 0;
}

void pnd_wake_close(struct pnd_wake *wake)
{
    atomic_store_explicit(&wake->closed, true, memory_order_relaxed);
}

bool pnd_wake_is_closed(const struct pnd_wake *wake)
{
    return atomic_load_explicit(&wake->closed, memory_order_relaxed);
}

/* ---- errands -------------------------------------------------------------------------------- */

bool pnd_wake_send(struct pnd_wake *wake, struct pnd_errand *errand)
{
    struct pnd_errand *newest = atomic_load_explicit(&wake->errands, memory_order_relaxed);

    do {
        if (newest == &no_errands)
            return false;
        errand->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(&wake->errands, &newest, errand,
                                                    memory_order_release, memory_order_relaxed));
    rouse(wake);
    return true;
}

static struct pnd_errand *reverse(struct pnd_errand *newest)
{
    struct pnd_errand *oldest = NULL;

    while (newest != NULL) {
        struct pnd_errand *older = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

static bool has_errands(const struct pnd_wake *wake)
{
    struct pnd_errand *newest = atomic_load_explicit(&wake->errands, memory_order_relaxed);

    return newest != NULL && newest != &no_errands;
}

/* Out of line: it is rare, and the way to it has no atomic instruction. */
__attribute__((noinline)) static struct pnd_errand *exchange_errands(struct pnd_wake *wake,
                                                                     struct pnd_errand *left)
{
    struct pnd_errand *newest =
        atomic_exchange_explicit(&wake->errands, left, memory_order_acquire);

    return newest != &no_errands ? reverse(newest) : NULL;
}

struct pnd_errand *pnd_wake_take_errands(struct pnd_wake *wake)
{
    return PND_RARE(has_errands(wake)) ? exchange_errands(wake, NULL) : NULL;
}

struct pnd_errand *pnd_wake_take_last_errands(struct pnd_wake *wake)
{
    return exchange_errands(wake, &no_errands);
}

/* ---- the loop's own ------------------------------------------------------------------------- */

/* Mostly nobody has even begun to fill the place. */
static bool is_filled(const struct pnd_wake *wake, uint32_t place)
{
    const struct pnd_post_cell *cell;

    if (PND_USUAL(atomic_load_explicit(&wake->head, memory_order_relaxed) == place))
        return false;
    cell = &wake->cells[place & wake->mask];
    return atomic_load_explicit(&cell->sequence, memory_order_acquire) == place + 1;
}

bool pnd_wake_announce(struct pnd_wake *wake)
{
    if (!is_filled(wake, wake->tail + wake->announced_count))
        return false;
    wake->announced_count++;
    return true;
}

bool pnd_wake_take(struct pnd_wake *wake, struct pnd_post *ret_post)
{
    struct pnd_post_cell *cell = &wake->cells[wake->tail & wake->mask];

    if (wake->announced_count == 0)
        return false;
    *ret_post = cell->post;
    atomic_store_explicit(&cell->sequence, wake->tail + wake->mask + 1, memory_order_release);
    wake->tail++;
    wake->announced_count--;
    return true;
}

static inline bool has_news(const struct pnd_wake *wake)
{
    return atomic_load_explicit(&wake->woken, memory_order_relaxed) ||
           is_filled(wake, wake->tail + wake->announced_count) || has_errands(wake);
}

bool pnd_wake_has_news(const struct pnd_wake *wake)
{
    return has_news(wake);
}

static inline bool may_sleep_on(struct pnd_wake *wake, int descriptor)
{
    atomic_store_explicit(&wake->sleeper, descriptor, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (PND_USUAL(!has_news(wake)))
        return true;
    atomic_store_explicit(&wake->sleeper, -1, memory_order_relaxed);
    return false;
}

PND_HOT bool pnd_wake_may_sleep(struct pnd_wake *wake)
{
    return may_sleep_on(wake, wake->descriptor);
}

bool pnd_wake_may_sleep_on(struct pnd_wake *wake, int descriptor)
{
    return may_sleep_on(wake, descriptor);
}

bool pnd_wake_rise(struct pnd_wake *wake)
{
    bool woken = atomic_load_explicit(&wake->woken, memory_order_acquire);

    atomic_store_explicit(&wake->sleeper, -1, memory_order_relaxed);
    if (PND_RARE(woken))
        atomic_store_explicit(&wake->woken, false, memory_order_relaxed);
    return woken;
}

void pnd_wake_clear(struct pnd_wake *wake)
{
    eventfd_t count;

    (void)!eventfd_read(wake->descriptor, &count);
}
