/* daemon.h - a daemon that has said hello, and what can be asked of it. */
#ifndef PND_DAEMON_H
#define PND_DAEMON_H

#include "command.h"
#include "link.h"
#include "options.h"

struct pnd_daemon {
    struct pnd_link *link; /* NULL: there is none */
    char url[256];
    char version[64];
    uint32_t process;
    uint32_t run_limit; /* runs at once; 0: it does not say */
    int64_t timeout_ns; /* of one request */
};

/*
 * Connects to where the options say, or to the first such place, and exchanges hello; may be called
 * once. Returns 0, or -errno
 * after a line on stderr (none for -EINTR).
 */
int pnd_daemon_open(const struct pnd_options *options, struct pnd_daemon *ret_daemon);

/* The same of the URL at `index` of several, once for each. */
int pnd_daemon_open_each(const struct pnd_options *options, int index,
                         struct pnd_daemon *ret_daemon);

/*
 * The same, but without --url no daemon is as good as one: then `link` is NULL, and nothing is
 * said.
 */
int pnd_daemon_open_if_there(const struct pnd_options *options, struct pnd_daemon *ret_daemon);

/*
 * One request about `subject` and its reply, whose strings are printable. With status OK the
 * reply has the body `expected`. Returns 0, or -errno after a line on stderr (none for -EINTR).
 */
int pnd_daemon_ask(struct pnd_daemon *daemon, const char *subject, const Pendio__Request *request,
                   Pendio__Reply__BodyCase expected, Pendio__Reply **ret_reply);

/* One line about a reply whose status is not OK. */
void pnd_daemon_complain(const char *subject, const Pendio__Reply *reply);

/* One line about a link that failed; none for -EINTR. Returns `status`. */
int pnd_daemon_explain(const struct pnd_daemon *daemon, const char *subject, int status);

/* How a command ends whose daemon could not be opened, or not be asked. */
enum pnd_exit pnd_daemon_exit(int status);

#endif
