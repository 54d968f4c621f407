/*
 * errand.c - what other threads want done on the loop's own.
 *
 * Happy path:  all that were sent, the oldest first.
 * Failures:    none: each errand knows what to do at a loop's end.
 */
#include "loop.h"

static void run_errands(struct pnd_loop *loop, struct pnd_errand *errand)
{
    while (PND_RARE(errand != NULL)) {
        struct pnd_errand *next = errand->next;

        errand->run(errand, loop);
        errand = next;
    }
}

void pnd_loop_run_errands(struct pnd_loop *loop)
{
    run_errands(loop, pnd_wake_take_errands(&loop->wake));
}

void pnd_loop_refuse_errands(struct pnd_loop *loop)
{
    run_errands(loop, pnd_wake_take_last_errands(&loop->wake));
}
