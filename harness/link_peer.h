/* link_peer.h - who is at the other end of the link's connections, and who may be. */
#ifndef PND_LINK_PEER_H
#define PND_LINK_PEER_H

#include "credentials.h"

#include <nng/nng.h>

/* A callback for NNG_PIPE_EV_ADD_PRE on sockets of the file system: others than us and root go. */
void pnd_link_peer_admit(nng_pipe pipe, nng_pipe_ev event, void *state);

/* As an audit names it. */
void pnd_link_peer_describe(nng_pipe pipe, char *ret_text, size_t byte_count);

/*
 * Nobody comes in at this listener but with a certificate that the authority has signed. Returns an
 * error of nng's, or 0.
 */
int pnd_link_peer_secure(nng_listener listener, const struct pnd_credentials *credentials);

#endif
