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
#include "content_hash.h"
#include "interrupt.h"
#include "say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const int64_t busy_patience_ns = 60 * (int64_t)PND_CLOCK_SECOND;
static const int64_t pause_first_ns = 5 * (int64_t)PND_CLOCK_MS;
static const int64_t pause_longest_ns = 200 * (int64_t)PND_CLOCK_MS;

/* One workload under way. */
struct trip {
    const struct pnd_replay *replay;
    const char *name;
    uint64_t run;
    int64_t deadline_ns;
};

static int reseed(const struct trip *trip, Pendio__Workload *workload);
static int submit(struct trip *trip, Pendio__Workload *workload, struct pnd_outcome *ret_outcome);
static int submit_until_accepted(struct trip *trip, const Pendio__Request *request,
                                 Pendio__Reply **ret_reply);
static int follow(struct trip *trip, Pendio__Reply **ret_reply);
static int wait_for_report(struct trip *trip, int64_t pause_ns);
static bool take_event(struct trip *trip, const Pendio__Event *event);
static void take_progress(struct trip *trip, const Pendio__Progress *progress);
static int fetch(struct trip *trip, Pendio__Reply **ret_reply);
static void cancel(const struct trip *trip);

int pnd_replay_workload(const struct pnd_replay *replay, const char *name,
                        Pendio__Workload *workload, struct pnd_outcome *ret_outcome)
{
    struct trip trip = {.replay = replay, .name = name};
    int status = reseed(&trip, workload);
    if (status < 0)
        return status;
    if (replay->options->timeout_ns > 0)
        trip.deadline_ns = pnd_clock_now_ns() + replay->options->timeout_ns;

    status = submit(&trip, workload, ret_outcome);
    if (status < 0 || trip.run == 0)
        return status;

    Pendio__Reply *reply = NULL;
    status = pnd_interrupt_signal() != 0 ? -EINTR : follow(&trip, &reply);
    if (status == -EINTR || status == -ETIMEDOUT)
        cancel(&trip);
    if (status < 0)
        return status;
    status = pnd_outcome_init(ret_outcome, name, reply);
    if (status < 0) {
        pnd_link_free_reply(reply);
        return pnd_daemon_explain(replay->daemon, name, status);
    }
    return 0;
}

/* A workload that names its hash, and rightly so, goes on to name its own with another seed. */
static int reseed(const struct trip *trip, Pendio__Workload *workload)
{
    struct pnd_message_error error = {""};
    char digits[PND_CONTENT_HASH_BYTES];
    if (trip->replay->options->seed == 0)
        return 0;
    bool named = workload->content_hash[0] != '\0';
    bool right = pnd_content_hash_check(workload, &error) == 0;
    workload->seed = trip->replay->options->seed;
    if (!named || !right || pnd_content_hash(workload, digits) < 0)
        return 0;
    char *copy = strdup(digits);
    if (copy == NULL)
        return pnd_daemon_explain(trip->replay->daemon, trip->name, -ENOMEM);
    free(workload->content_hash);
    workload->content_hash = copy;
    return 0;
}

/* Leaves `run` 0, with an outcome, when the daemon does not want the workload. */
static int submit(struct trip *trip, Pendio__Workload *workload, struct pnd_outcome *ret_outcome)
{
    const struct pnd_options *options = trip->replay->options;
    Pendio__SubmitRequest submission = PENDIO__SUBMIT_REQUEST__INIT;
    submission.workload = workload;
    if (options->features != NULL)
        submission.features = (char *)options->features;
    if (options->backend != NULL)
        submission.backend = (char *)options->backend;
    if (options->subject != NULL)
        submission.subject = (char *)options->subject;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.version = 1;
    request.body_case = PENDIO__REQUEST__BODY_SUBMIT;
    request.submit = &submission;

    Pendio__Reply *reply = NULL;
    int status = submit_until_accepted(trip, &request, &reply);
    if (status < 0)
        return status;

    switch (reply->status) {
    case PENDIO__STATUS__OK:
        trip->run = reply->submit->run;
        if (trip->run == 0)
            status = pnd_daemon_explain(trip->replay->daemon, trip->name, -EBADMSG);
        break;
    case PENDIO__STATUS__BAD_WORKLOAD:
    case PENDIO__STATUS__OVER_LIMIT:
        status = pnd_outcome_init_invalid(
            ret_outcome, workload->name[0] != '\0' ? workload->name : trip->name, reply->message);
        break;
    default:
        pnd_daemon_complain(trip->name, reply);
        status = reply->status == PENDIO__STATUS__BAD_REQUEST ? -EINVAL : -EPROTO;
        break;
    }
    pnd_link_free_reply(reply);
    return status;
}

static int submit_until_accepted(struct trip *trip, const Pendio__Request *request,
                                 Pendio__Reply **ret_reply)
{
    struct pnd_replay replay = *trip->replay;
    int64_t deadline_ns =
        trip->deadline_ns != 0 ? trip->deadline_ns : pnd_clock_now_ns() + busy_patience_ns;
    for (;;) {
        /* Until the number of the run is known, so that it can be cancelled. */
        pnd_link_finish(replay.daemon->link, true);
        int status = pnd_daemon_ask(replay.daemon, trip->name, request, PENDIO__REPLY__BODY_SUBMIT,
                                    ret_reply);
        pnd_link_finish(replay.daemon->link, false);
        if (status < 0)
            return status;
        if ((*ret_reply)->status != PENDIO__STATUS__BUSY || pnd_clock_left_ms(deadline_ns) == 0)
            return 0;
        pnd_link_free_reply(*ret_reply);
        status = wait_for_report(trip, pause_longest_ns);
        if (status < 0)
            return status;
    }
}

/* Asks at once, then less and less often, but as soon as an event says that it pays. */
static int follow(struct trip *trip, Pendio__Reply **ret_reply)
{
    const struct pnd_replay *replay = trip->replay;
    for (int64_t pause_ns = pause_first_ns;; pause_ns *= 2) {
        int status = fetch(trip, ret_reply);
        if (status < 0 || (*ret_reply)->fetch->finished)
            return status;
        if ((*ret_reply)->fetch->progress != NULL)
            take_progress(trip, (*ret_reply)->fetch->progress);
        pnd_link_free_reply(*ret_reply);

        if (trip->deadline_ns != 0 && pnd_clock_left_ms(trip->deadline_ns) == 0) {
            pnd_say_error("%s: run %llu has not finished within %.3g s; allow more with --timeout",
                          trip->name, (unsigned long long)trip->run,
                          (double)replay->options->timeout_ns / 1e9);
            return -ETIMEDOUT;
        }
        if (pause_ns > pause_longest_ns)
            pause_ns = pause_longest_ns;
        status = wait_for_report(trip, pause_ns);
        if (status < 0)
            return status;
    }
}

/* Until the report is announced, or `pause_ns` have passed. */
static int wait_for_report(struct trip *trip, int64_t pause_ns)
{
    const struct pnd_replay *replay = trip->replay;
    int64_t deadline_ns = pnd_clock_now_ns() + pause_ns;
    bool announced = false;
    while (!announced && pnd_clock_left_ms(deadline_ns) > 0) {
        pnd_progress_tick(replay->progress);
        Pendio__Event *event = NULL;
        int status = pnd_link_wait(replay->daemon->link, deadline_ns - pnd_clock_now_ns(), &event);
        if (status < 0) {
            return pnd_daemon_explain(replay->daemon, trip->name, status);
        }
        if (event != NULL)
            announced = take_event(trip, event);
        pnd_message_free((ProtobufCMessage *)event);
    }
    return 0;
}

/* True when it says that the run is over. */
static bool take_event(struct trip *trip, const Pendio__Event *event)
{
    if (event->run != trip->run)
        return false;
    if (event->body_case == PENDIO__EVENT__BODY_PROGRESS)
        take_progress(trip, event->progress);
    return event->body_case == PENDIO__EVENT__BODY_REPORT;
}

static void take_progress(struct trip *trip, const Pendio__Progress *progress)
{
    pnd_progress_update(trip->replay->progress, progress->operations,
                        progress->operations_expected);
    pnd_progress_wait(trip->replay->progress, progress->ahead_count);
}

static int fetch(struct trip *trip, Pendio__Reply **ret_reply)
{
    Pendio__FetchRequest wish = PENDIO__FETCH_REQUEST__INIT;
    wish.run = trip->run;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.version = 1;
    request.body_case = PENDIO__REQUEST__BODY_FETCH;
    request.fetch = &wish;

    const struct pnd_replay *replay = trip->replay;
    Pendio__Reply *reply = NULL;
    int status =
        pnd_daemon_ask(replay->daemon, trip->name, &request, PENDIO__REPLY__BODY_FETCH, &reply);
    if (status < 0)
        return status;
    if (reply->status != PENDIO__STATUS__OK) {
        pnd_daemon_complain(trip->name, reply);
        pnd_link_free_reply(reply);
        return -EPROTO;
    }
    *ret_reply = reply;
    return 0;
}

/* Whether it was heard is told to nobody: the reason why it is done was, or is a signal. */
static void cancel(const struct trip *trip)
{
    Pendio__CancelRequest wish = PENDIO__CANCEL_REQUEST__INIT;
    wish.run = trip->run;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.version = 1;
    request.body_case = PENDIO__REQUEST__BODY_CANCEL;
    request.cancel = &wish;

    struct pnd_link *link = trip->replay->daemon->link;
    Pendio__Reply *reply = NULL;
    pnd_link_finish(link, true);
    if (pnd_link_call(link, &request, PND_CLOCK_SECOND, &reply) == 0)
        pnd_link_free_reply(reply);
    pnd_link_finish(link, false);
}
