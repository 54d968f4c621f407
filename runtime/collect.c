/*
 * collect.c - deadlines that are due.
 *
 * Happy path:  the wheel goes on to now -> whoever's time is up is told.
 * Failures:    none.
 */
#include "collect.h"

#include "context.h"

void pnd_collect_deadlines(struct pnd_loop *loop)
{
    struct pnd_deadline *due;

    pnd_wheel_advance(&loop->wheel, pnd_clock_ns());
    while ((due = pnd_wheel_take_due(&loop->wheel)) != NULL) {
        if (due->told != NULL)
            due->told(due);
        else
            pnd_context_is_due(due);
    }
}
