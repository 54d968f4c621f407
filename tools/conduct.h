/* conduct.h - one workload on several daemons, from submit to one outcome. */
#ifndef PND_CONDUCT_H
#define PND_CONDUCT_H

#include "daemon.h"
#include "outcome.h"
#include "progress.h"

struct pnd_conduct {
    struct pnd_daemon *daemons; /* as many as the options name, in that order */
    const struct pnd_options *options;
    struct pnd_progress *progress;
};

/*
 * `name` is what error lines call the workload. Returns 0 and the outcome of all places together,
 * also when a daemon refused it or has gone; or -errno after a line on stderr (none for -EINTR).
 * Whatever it returns, no part of the run goes on.
 */
int pnd_conduct_workload(const struct pnd_conduct *conduct, const char *name,
                         Pendio__Workload *workload, struct pnd_outcome *ret_outcome);

#endif
