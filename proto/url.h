/*
 * url.h - where a daemon listens, and where the tools look for it, when nobody says.
 *
 * One rule for both sides: below $XDG_RUNTIME_DIR if that is an absolute path, else below
 * /run/pendio for root, else in a directory of this user's own below $TMPDIR (or /tmp). Nothing is
 * created here.
 */
#ifndef PND_URL_H
#define PND_URL_H

#include <stddef.h>

enum { PND_URL_BYTES = 160 }; /* room for every URL a daemon accepts, with its final NUL */

/* Returns 0, or -ENAMETOOLONG when the environment leads to more than `byte_count` holds. */
int pnd_url_default(char *ret_url, size_t byte_count);

#endif
