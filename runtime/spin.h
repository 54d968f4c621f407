/*
 * spin.h - looking for a while, before a sleep, for what would end it.
 */
#ifndef PND_SPIN_H
#define PND_SPIN_H

#include <stdbool.h>
#include <stdint.h>

struct pnd_loop;

struct pnd_spin {
    uint64_t most_ns;    /* 0: the loop sleeps at once */
    uint32_t miss_count; /* looks in a row that saw nothing */
    uint32_t rest_count; /* sleeps left that are not put off */
};

/* Whether to look before the sleep that is about to come, if ever; to be asked once for each. */
bool pnd_spin_may(struct pnd_spin *spin);

/* Looks until `until_ns` at the latest. True: something is there, or somebody wants something. */
bool pnd_spin_look(struct pnd_loop *loop, uint64_t until_ns);

#endif
