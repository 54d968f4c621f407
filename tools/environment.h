/* environment.h - what results were measured on. */
#ifndef PND_ENVIRONMENT_H
#define PND_ENVIRONMENT_H

#include "daemon.h"
#include "outcome.h"

#include <sys/utsname.h>

struct pnd_environment {
    struct utsname system; /* of this machine; the daemon may listen on another */
    char url[256];         /* printable */
    const char *version;   /* of who measured */
    const char *daemon_version;
    const char *backend; /* empty: no run told */
    char *const *features;
    size_t feature_count;
};

/* Points into the daemon and the outcomes. The backend is that of the first run that tells. */
void pnd_environment_init(struct pnd_environment *environment, const struct pnd_daemon *daemon,
                          const struct pnd_outcome *outcomes, size_t outcome_count);

#endif
