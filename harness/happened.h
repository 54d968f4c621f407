/* happened.h - what happened in one place of a run on several daemons, for whoever tells others. */
#ifndef PND_HAPPENED_H
#define PND_HAPPENED_H

#include "messages.h"

#include <stddef.h>

/* Zeroed at first. */
struct pnd_happened {
    Pendio__Happened **items; /* in the order of time */
    size_t count;
    Pendio__Event **events; /* that have them */
    size_t capacity;
    size_t byte_count;
};

/*
 * Takes over an event with something that happened, from pnd_message_unpack(), in any case. Returns
 * 0, -E2BIG when there were more, or longer ones, than any plan allows, or -ENOMEM.
 */
int pnd_happened_add(struct pnd_happened *happened, Pendio__Event *event);
void pnd_happened_fini(struct pnd_happened *happened);

#endif
