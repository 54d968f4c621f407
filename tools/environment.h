/* environment.h - what results were measured on. */
#ifndef PND_ENVIRONMENT_H
#define PND_ENVIRONMENT_H

#include "daemon.h"
#include "outcome.h"

#include <sys/utsname.h>

struct pnd_environment {
    struct utsname system; /* of this machine; the daemon may listen on another */
    char url[1024];        /* printable; of several daemons, apart by spaces */
    const char *version;   /* of who measured */
    const char *daemon_version;
    const char *backend; /* empty: no run told */
    char *const *features;
    size_t feature_count;
};

/* Points into the daemons and outcomes. Of version and backend it has the first that is told. */
void pnd_environment_init(struct pnd_environment *environment, const struct pnd_daemon *daemons,
                          size_t daemon_count, const struct pnd_outcome *outcomes,
                          size_t outcome_count);

#endif
