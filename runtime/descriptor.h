/*
 * descriptor.h - what can be done to a socket's descriptor as such: ask what it is, make another
 * like it, put another socket behind it.
 */
#ifndef PND_DESCRIPTOR_H
#define PND_DESCRIPTOR_H

#include <stdbool.h>

bool pnd_descriptor_has_peer(int descriptor);

/* It has a name of its own: bound, listening, or connected. */
bool pnd_descriptor_is_bound(int descriptor);

/* A socket of TCP, UDP and the like over IPv4 or IPv6. */
bool pnd_descriptor_is_internet(int descriptor);

bool pnd_descriptor_is_unix(int descriptor);

bool pnd_descriptor_is_pipe(int descriptor);

void pnd_descriptor_set_blocking(int descriptor, bool blocking);

/* Both are sockets of the same family and type. */
bool pnd_descriptor_are_alike(int descriptor, int other);

/*
 * Unread data would make the kernel send a RST after the FIN. What the socket can hold is
 * discarded; a peer that floods it meanwhile is not waited for.
 */
void pnd_descriptor_discard_unread(int descriptor);

/*
 * The connection ends at once, with a RST where one is due, and what was sent and is still in the
 * kernel is dropped. The socket stays.
 */
void pnd_descriptor_abort(int descriptor);

/*
 * A new socket of the same family, type and protocol with the same options, close-on-exec. Returns
 * it, or the -errno of socket().
 */
int pnd_descriptor_make_alike(int descriptor);

/*
 * From now on `descriptor` stands for the socket of `fresh`, which is gone; its flags (blocking,
 * close-on-exec) stay. Its old socket is closed without waiting and without a RST.
 */
void pnd_descriptor_replace(int descriptor, int fresh);

#endif
