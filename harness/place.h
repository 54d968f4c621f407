/*
 * place.h - the place a daemon listens at: a URL it may use, a private directory, and the lock that
 * keeps a second daemon out.
 */
#ifndef PND_PLACE_H
#define PND_PLACE_H

#include "messages.h"
#include "url.h"

#include <stdbool.h>

struct pnd_place {
    char url[PND_URL_BYTES];
    char events_url[PND_URL_BYTES + 8];
    char lock_path[PND_URL_BYTES + 8]; /* empty: the port is its own lock */
    int lock;                          /* descriptor, -1 when there is none */
    bool is_secure;                    /* who comes there must prove who it is */
};

/*
 * Takes the place named by `url`, or the default one when it is NULL. Returns 0, -EINVAL (not a URL
 * to listen at), -EADDRINUSE (another daemon has it), or what kept it from being used, with `error`
 * filled.
 */
int pnd_place_take(const char *url, struct pnd_place *ret_place, struct pnd_message_error *error);

/* Fills `error` with what a second daemon is told. */
void pnd_place_explain_taken(const char *url, struct pnd_message_error *error);

void pnd_place_leave(struct pnd_place *place);

#endif
