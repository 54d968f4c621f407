/*
 * environment.c - what results were measured on.
 *
 * Happy path:  the system tells of itself, the daemon of its version, a run of its backend.
 * Failures:    what nobody tells stays empty.
 */
#include "environment.h"

#include "say.h"

#include <stdio.h>

void pnd_environment_init(struct pnd_environment *environment, const struct pnd_daemon *daemon,
                          const struct pnd_outcome *outcomes, size_t outcome_count)
{
    *environment = (struct pnd_environment){
        .version = PENDIO_VERSION_TEXT,
        .daemon_version = daemon->version,
        .backend = "",
    };
    (void)uname(&environment->system);
    (void)snprintf(environment->url, sizeof environment->url, "%s", daemon->url);
    pnd_say_clean(environment->url);

    for (size_t index = 0; index < outcome_count; index++) {
        const Pendio__Stats *stats = outcomes[index].stats;
        if (stats->backend[0] == '\0')
            continue;
        environment->backend = stats->backend;
        environment->features = stats->features;
        environment->feature_count = stats->n_features;
        return;
    }
}
