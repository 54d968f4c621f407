/*
 * url.h - where a daemon listens, and where the tools look for it, when nobody says; and the host
 * of a URL.
 *
 * One rule for both sides: below $XDG_RUNTIME_DIR if that is an absolute path, else below
 * /run/pendio for root, else in a directory of this user's own below $TMPDIR (or /tmp). Nothing is
 * created here.
 */
#ifndef PND_URL_H
#define PND_URL_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PND_URL_BYTES = 160, /* room for every URL a daemon accepts, with its final NUL */
    /*
     * Of the path of a socket: sockaddr_un has 108, of which ".events" of the second socket, "~" of
     * one that takes another's place, and the final NUL need 9.
     */
    PND_URL_PATH_BYTES = 99,
};

/* Returns 0, or -ENAMETOOLONG when the environment leads to more than `byte_count` holds. */
int pnd_url_default(char *ret_url, size_t byte_count);

/*
 * The host of tcp:// or tls+tcp://, without the brackets of an address of IPv6. False when there is
 * none, or more than `byte_count` holds with its final NUL.
 */
bool pnd_url_host(const char *url, char *ret_host, size_t byte_count);

#endif
