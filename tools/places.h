/* places.h - on which daemons the actors of a workload are, and how they reach each other. */
#ifndef PND_PLACES_H
#define PND_PLACES_H

#include "messages.h"
#include "options.h"

#include <stdbool.h>

enum { PND_PLACES_COUNT = PND_OPTION_URL_COUNT, PND_PLACES_ADDRESS_BYTES = 64 };

struct pnd_places {
    uint32_t count;                                             /* the highest, and one */
    bool used[PND_PLACES_COUNT];                                /* somebody begins there */
    char addresses[PND_PLACES_COUNT][PND_PLACES_ADDRESS_BYTES]; /* in numbers; empty: loopback */
};

/*
 * For the daemons that the options name. Returns 0, or -EINVAL with `error` filled when there are
 * too few of them, or they cannot reach each other.
 */
int pnd_places_find(const Pendio__Workload *workload, const struct pnd_options *options,
                    struct pnd_places *ret_places, struct pnd_message_error *error);

#endif
