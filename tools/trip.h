/* trip.h - one run through one daemon: submitted, asked after, told, cancelled. */
#ifndef PND_TRIP_H
#define PND_TRIP_H

#include "daemon.h"
#include "outcome.h"
#include "progress.h"

struct pnd_trip {
    struct pnd_daemon *daemon;
    const struct pnd_options *options;
    struct pnd_progress *progress;
    const char *name;    /* what error lines call the workload */
    uint64_t run;        /* 0: not accepted */
    int64_t deadline_ns; /* 0: none */
};

/* Gives the workload the seed that the options name, if any. Returns 0 or -errno after a line. */
int pnd_trip_reseed(const struct pnd_trip *trip, Pendio__Workload *workload);

/*
 * Asks again while the daemon is busy. Leaves `run` 0, with an outcome, when it does not want the
 * workload. `placement` is NULL when all of it is there. Returns 0, or -errno after a line (none
 * for -EINTR), as those that follow do.
 */
int pnd_trip_submit(struct pnd_trip *trip, Pendio__Workload *workload, Pendio__Placement *placement,
                    struct pnd_outcome *ret_outcome);

/* What is known of the run; of what happened in it, only that after the first `seen_count`. */
int pnd_trip_fetch(const struct pnd_trip *trip, uint32_t seen_count, Pendio__Reply **ret_reply);

/* Of one place of several. That it has ended meanwhile is no failure. */
int pnd_trip_tell(const struct pnd_trip *trip, Pendio__TellRequest *told);

/* Until the report is announced, or `pause_ns` have passed. */
int pnd_trip_wait(const struct pnd_trip *trip, int64_t pause_ns);

/* How long to wait before asking again, after a wait of `pause_ns`; 0: it is the first. */
int64_t pnd_trip_next_pause(int64_t pause_ns);

/* -ETIMEDOUT, after a line, when --timeout has passed; else 0. */
int pnd_trip_check_time(const struct pnd_trip *trip);

/* Whether it was heard is told to nobody: the reason why it is done was, or is a signal. */
void pnd_trip_cancel(const struct pnd_trip *trip);

#endif
