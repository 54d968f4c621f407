/*
 * link.h - requests in, replies and events out. Nobody else in this folder knows nng.
 */
#ifndef PND_LINK_H
#define PND_LINK_H

#include "credentials.h"
#include "messages.h"
#include "place.h"

#include <stdbool.h>

enum { PND_LINK_MESSAGE_BYTES = 4 << 20 }; /* no request, reply or event is longer */

struct pnd_link;

/*
 * Listens at the place: sockets of the file system are 0600 from their first moment, and serve
 * nobody but this user and root; a secure one serves who has a certificate. Returns 0, or
 * -EADDRINUSE or another -errno with `error` filled. Starts threads that never run our code.
 */
int pnd_link_create(const struct pnd_place *place, const struct pnd_credentials *credentials,
                    struct pnd_link **ret_link, struct pnd_message_error *error);

/* -EKEYREJECTED: the key is not that of the certificate; 0: it is, or nothing of that is known. */
int pnd_link_prove(const struct pnd_credentials *credentials);

/* Readable when a request waits. */
int pnd_link_descriptor(const struct pnd_link *link);

/*
 * The next request, which stays valid until it is answered; each must be, before the next is taken.
 * May be up to twice as long as a message may be, so that a sender of too much is told so. Returns
 * 0, -EAGAIN when none waits, or another -errno when the link is broken. Never waits.
 */
int pnd_link_take(struct pnd_link *link, const void **ret_bytes, size_t *ret_byte_count);

/* Who sent the request that was taken. */
void pnd_link_describe_peer(const struct pnd_link *link, char *ret_text, size_t byte_count);

/*
 * With NULL the client hears nothing. Never waits: a client that does not read its replies loses
 * its connection, once a few of them wait or one has waited too long.
 */
void pnd_link_answer(struct pnd_link *link, const void *bytes, size_t byte_count);

/* How long one may sleep until it is to be mended; -1: for ever. Mending never waits. */
int pnd_link_patience_ms(const struct pnd_link *link);
void pnd_link_mend(struct pnd_link *link);

/* To everyone who listens now; a subscriber that is too slow misses some. Never waits. */
void pnd_link_publish(struct pnd_link *link, const void *bytes, size_t byte_count);

void pnd_link_destroy(struct pnd_link *link);

#endif
