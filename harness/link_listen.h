/* link_listen.h - one of the link's listeners, which nobody can make deaf for long. */
#ifndef PND_LINK_LISTEN_H
#define PND_LINK_LISTEN_H

#include "credentials.h"

#include <nng/nng.h>
#include <stdbool.h>
#include <stdint.h>

enum { PND_LINK_FORMER_COUNT = 8 };

/* Zeroed at first. */
struct pnd_link_listen {
    nng_socket socket;
    const char *url;
    const struct pnd_credentials *credentials;
    nng_listener listener;                       /* zero: none */
    nng_listener formers[PND_LINK_FORMER_COUNT]; /* deaf, but with connections; zero: none */
    enum { PND_LINK_TRUSTED, PND_LINK_PROBED, PND_LINK_SETTLING } state;
    int probe;               /* while it is probed: our own connection to it */
    unsigned look_count;     /* since it began */
    uint64_t accepted_count; /* before that */
    uint64_t other_count;    /* of errors, before that too */
};

/* Returns an error of nng's, or 0. The URL and the credentials outlive it. */
int pnd_link_listen_start(struct pnd_link_listen *listen, nng_socket socket, const char *url,
                          const struct pnd_credentials *credentials);

/* True where it has to be mended every now and then. */
bool pnd_link_listen_is_frail(const struct pnd_link_listen *listen);

/* Those who are connected stay so. Never waits. */
void pnd_link_listen_mend(struct pnd_link_listen *listen);

void pnd_link_listen_stop(struct pnd_link_listen *listen);

#endif
