/*
 * replay.c - one workload through the daemon, from submit to report.
 *
 * Happy path:  submit -> follow the events until the report is announced -> fetch it. Without
 *              events it is fetched every now and then until it is there.
 * Failures:    an invalid workload is an outcome; a busy daemon is asked again; a daemon that is
 *              gone, silent or confused, and a run over --timeout, end it with one line. A run that
 *              nobody waits for any more is cancelled.
 */
#include "replay.h"

#include "clock.h"
#include "interrupt.h"
#include "trip.h"

#include <errno.h>

static int follow(const struct pnd_trip *trip, Pendio__Reply **ret_reply);

int pnd_replay_workload(const struct pnd_replay *replay, const char *name,
                        Pendio__Workload *workload, struct pnd_outcome *ret_outcome)
{
    struct pnd_trip trip = {
        .daemon = replay->daemon,
        .options = replay->options,
        .progress = replay->progress,
        .name = name,
    };
    int status = pnd_trip_reseed(&trip, workload);
    if (status < 0)
        return status;
    if (replay->options->timeout_ns > 0)
        trip.deadline_ns = pnd_clock_now_ns() + replay->options->timeout_ns;

    status = pnd_trip_submit(&trip, workload, NULL, ret_outcome);
    if (status < 0 || trip.run == 0)
        return status;

    Pendio__Reply *reply = NULL;
    status = pnd_interrupt_signal() != 0 ? -EINTR : follow(&trip, &reply);
    if (status == -EINTR || status == -ETIMEDOUT)
        pnd_trip_cancel(&trip);
    if (status < 0)
        return status;
    status = pnd_outcome_init(ret_outcome, name, reply);
    if (status < 0) {
        pnd_link_free_reply(reply);
        return pnd_daemon_explain(replay->daemon, name, status);
    }
    return 0;
}

/* Asks at once, then less and less often, but as soon as an event says that it pays. */
static int follow(const struct pnd_trip *trip, Pendio__Reply **ret_reply)
{
    for (int64_t pause_ns = pnd_trip_next_pause(0);; pause_ns = pnd_trip_next_pause(pause_ns)) {
        int status = pnd_trip_fetch(trip, 0, ret_reply);
        if (status < 0 || (*ret_reply)->fetch->finished)
            return status;
        pnd_link_free_reply(*ret_reply);

        status = pnd_trip_check_time(trip);
        if (status == 0)
            status = pnd_trip_wait(trip, pause_ns);
        if (status < 0)
            return status;
    }
}
