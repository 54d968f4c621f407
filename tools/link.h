/*
 * link.h - the wire to a daemon: requests and replies, and the events it publishes.
 *
 * A process has a few links, and a link one connection, for life: once that breaks, the link is
 * broken, so no request is ever sent twice. Waiting ends early with -EINTR when the user interrupts
 * the program.
 */
#ifndef PND_LINK_H
#define PND_LINK_H

#include "credentials.h"
#include "messages.h"

#include <stdbool.h>
#include <stdint.h>

enum { PND_LINK_COUNT = 16 };

struct pnd_link;

/*
 * Tries until somebody accepts or `patience_ns` have passed. Returns 0, -ECONNREFUSED (nobody
 * listens), -EACCES (not ours to use), -EINVAL (no URL), -EPROTO (credentials of no use), -EINTR or
 * -ENOMEM. May be called PND_LINK_COUNT times; links end with the process. `credentials`, which may
 * have none, must outlive them.
 */
int pnd_link_open(const char *url, const struct pnd_credentials *credentials, int64_t patience_ns,
                  struct pnd_link **ret_link);

/* From now on an interruption does not end a wait at once, but within a second. Or not any more. */
void pnd_link_finish(struct pnd_link *link, bool finishing);

/*
 * Returns 0, -ECONNRESET (the daemon has gone), -ETIMEDOUT, -EBADMSG (no reply of a daemon),
 * -EINTR or -ENOMEM. The reply is freed with pnd_link_free_reply().
 */
int pnd_link_call(struct pnd_link *link, const Pendio__Request *request, int64_t timeout_ns,
                  Pendio__Reply **ret_reply);
void pnd_link_free_reply(Pendio__Reply *reply);

/* Listens to what the daemon publishes at `url`. Returns 0 or -EINVAL. */
int pnd_link_subscribe(struct pnd_link *link, const char *url);

/*
 * The next event, or NULL when none came within `timeout_ns`. Returns 0, -ECONNRESET or -EINTR.
 * Without a subscription it only waits. The event is freed with pnd_message_free().
 */
int pnd_link_wait(struct pnd_link *link, int64_t timeout_ns, Pendio__Event **ret_event);

/*
 * The same of several links, with the index of the one that has an event, or is lost. Of those that
 * are known to be lost NULL stands in the list.
 */
int pnd_link_wait_any(struct pnd_link *const *links, size_t link_count, int64_t timeout_ns,
                      size_t *ret_index, Pendio__Event **ret_event);

#endif
