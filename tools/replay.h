/* replay.h - one workload through the daemon, from submit to report. */
#ifndef PND_REPLAY_H
#define PND_REPLAY_H

#include "daemon.h"
#include "outcome.h"
#include "progress.h"

struct pnd_replay {
    struct pnd_daemon *daemon;
    const struct pnd_options *options;
    struct pnd_progress *progress;
};

/*
 * `name` is what error lines call the workload. Returns 0 and the outcome, also when the daemon
 * found the workload invalid; or -errno after a line on stderr (none for -EINTR).
 */
int pnd_replay_workload(const struct pnd_replay *replay, const char *name,
                        Pendio__Workload *workload, struct pnd_outcome *ret_outcome);

#endif
