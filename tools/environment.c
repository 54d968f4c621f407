/*
 * environment.c - what results were measured on.
 *
 * Happy path:  the system tells of itself, the daemon of its version, a run of its backend.
 * Failures:    what nobody tells stays empty.
 */
#include "environment.h"

#include "say.h"

#include <stdio.h>

void pnd_environment_init(struct pnd_environment *environment, const struct pnd_daemon *daemons,
                          size_t daemon_count, const struct pnd_outcome *outcomes,
                          size_t outcome_count)
{
    size_t used = 0;
    *environment = (struct pnd_environment){
        .version = PENDIO_VERSION_TEXT,
        .daemon_version = daemons[0].version,
        .backend = "",
    };
    (void)uname(&environment->system);
    for (size_t index = 0; index < daemon_count && used < sizeof environment->url; index++)
        used += (size_t)snprintf(environment->url + used, sizeof environment->url - used, "%s%s",
                                 index > 0 ? " " : "", daemons[index].url);
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
