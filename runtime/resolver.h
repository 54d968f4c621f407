/*
 * resolver.h - names to addresses, by c-ares inside of the loop: no thread, nothing that blocks.
 *
 * Made when a name is looked up first; from then on the loop polls its sockets and keeps its time.
 */
#ifndef PND_RESOLVER_H
#define PND_RESOLVER_H

#include <pendio/pendio.h>

#include <stdint.h>

struct pnd_loop;
struct pnd_lookup;

enum { PND_RESOLVER_ADDRESSES = 32 }; /* of a name, at most; the rest is left */

/*
 * Error 0 and the addresses, best first, without a port; or -ENOENT, -ENODATA, -EREMOTEIO,
 * -ETIMEDOUT, -ENOMEM. May be called before pnd_resolver_look_up() returns.
 */
typedef void pnd_resolved_fn(void *state, int32_t error, const struct pendio_endpoint *addresses,
                             uint32_t count);

/* `family` AF_UNSPEC: both. 0 and the lookup, or -ENOMEM, -EINVAL (bad name_servers), -EMFILE. */
int pnd_resolver_look_up(struct pnd_loop *loop, const char *host, int family, pnd_resolved_fn *told,
                         void *state, struct pnd_lookup **ret_lookup);

/* Nobody is told any more. */
void pnd_resolver_forget(struct pnd_loop *loop, struct pnd_lookup *lookup);

void pnd_resolver_destroy(struct pnd_loop *loop);

#endif
