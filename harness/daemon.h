/* daemon.h - the daemon from its first listening to its last goodbye. */
#ifndef PND_DAEMON_H
#define PND_DAEMON_H

#include "credentials.h"
#include "plan.h"

#include <stdbool.h>
#include <stdint.h>

struct pnd_daemon_options {
    const char *url;             /* NULL: the default one */
    const char *stats_directory; /* NULL: none */
    const char *keep_directory;  /* of the reports of finished runs; NULL: none outlives us */
    const char *audit_path;      /* NULL: standard error */
    struct pnd_credential_files credentials;
    uint32_t run_limit;            /* runs at once */
    struct pnd_plan_limits limits; /* of a run, below what is built in; each 0: that */
    uint64_t file_bytes;           /* of the largest file of a run; 0: no limit */
    bool quiet;                    /* no line when it is ready */
    const char *const *command;    /* of a run's process: program and arguments, NULL at the end */
};

/*
 * Serves until SIGTERM, SIGINT or SIGHUP; then ends the runs, and answers who asks for their end; a
 * second signal does not wait for either. Returns the exit status: 0, 2 for a URL it does not
 * accept, 3 when it could not start; the reason goes to standard error. Changes signals and file
 * mode mask of the process: it is meant to be all that the process does.
 */
int pnd_daemon_serve(const struct pnd_daemon_options *options);

#endif
