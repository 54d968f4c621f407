/*
 * wake.h - all that other threads may do to a loop: wake it, post messages and send errands to it.
 *
 * Messages lie in a bounded queue of many writers and one reader. A writer enters the kernel only
 * when the loop sleeps. Errands lie in a list of many writers, which is never full: who sends one
 * brings its memory. The loop's one fence before sleeping and the writers' atomics are the only
 * ones there are.
 */
#ifndef PND_WAKE_H
#define PND_WAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pnd_post {
    uint64_t user_data;
    uint64_t value;
};

struct pnd_post_cell; /* a place in the queue with its turn */

struct pnd_loop;

/* What a loop is to do on its own thread for another one; then the memory is its own, too. */
struct pnd_errand {
    struct pnd_errand *next;
    void (*run)(struct pnd_errand *errand, struct pnd_loop *loop);
};

struct pnd_wake {
    int descriptor;           /* eventfd, read by the loop when it slept */
    uint32_t mask;            /* places in the queue - 1 */
    uint32_t tail;            /* the loop's: next place to take */
    uint32_t announced_count; /* the loop's: messages it knows of */
    bool armed;               /* the loop's: the ring polls the descriptor */
    struct pnd_post_cell *cells;
    _Atomic uint32_t head; /* the writers': next place to fill */
    _Atomic int sleeper;   /* the descriptor that ends the loop's sleep; -1: it does not sleep */
    _Atomic bool woken;
    _Atomic bool closed;
    _Atomic(struct pnd_errand *) errands; /* the newest first */
};

/* post_count is a power of two, at least 2. Returns 0, -ENOMEM, -EMFILE or -ENFILE. */
int pnd_wake_init(struct pnd_wake *wake, uint32_t post_count);
void pnd_wake_fini(struct pnd_wake *wake);

/* Any thread. */
void pnd_wake_up(struct pnd_wake *wake);

/* Any thread. Returns 0, -EAGAIN (full) or -ESHUTDOWN (closed). */
int pnd_wake_post(struct pnd_wake *wake, struct pnd_post post);

/* Any thread. False: the loop runs no errands any more. */
bool pnd_wake_send(struct pnd_wake *wake, struct pnd_errand *errand);

/* Any thread: whether messages are refused already. */
bool pnd_wake_is_closed(const struct pnd_wake *wake);

/* The rest is the loop's own. */

/* No message is accepted from now on; those accepted are still handed out. */
void pnd_wake_close(struct pnd_wake *wake);

/* The oldest message; false: there is none. */
bool pnd_wake_take(struct pnd_wake *wake, struct pnd_post *ret_post);

/* True once for every message, before it is taken. */
bool pnd_wake_announce(struct pnd_wake *wake);

/* All errands that were sent, the oldest first; NULL: none. */
struct pnd_errand *pnd_wake_take_errands(struct pnd_wake *wake);

/* The last ones: from now on none is accepted. */
struct pnd_errand *pnd_wake_take_last_errands(struct pnd_wake *wake);

/* Whether somebody woke the loop, posted or sent since it looked last. No fence: before a sleep it
 * is asked for once more, behind one. */
bool pnd_wake_has_news(const struct pnd_wake *wake);

/* True when the loop may sleep: writers will use the descriptor from now on, its own or another. */
bool pnd_wake_may_sleep(struct pnd_wake *wake);
bool pnd_wake_may_sleep_on(struct pnd_wake *wake, int descriptor);

/* The loop is up again. Returns whether somebody asked for that since it was asked last. */
bool pnd_wake_rise(struct pnd_wake *wake);

/* Clears the descriptor after it was seen readable. */
void pnd_wake_clear(struct pnd_wake *wake);

#endif
