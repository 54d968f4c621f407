/*
 * trip.c - one run through one daemon: submitted, asked after, told, cancelled.
 *
 * Happy path:  each is one request and its reply; events only tell sooner what a request would.
 * Failures:    a busy daemon is asked again for a while; everything else is one line.
 */
#include "trip.h"

#include "clock.h"
#include "content_hash.h"
#include "say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const int64_t busy_patience_ns = 60 * (int64_t)PND_CLOCK_SECOND;
static const int64_t pause_first_ns = 5 * (int64_t)PND_CLOCK_MS;
static const int64_t pause_longest_ns = 200 * (int64_t)PND_CLOCK_MS;

static int submit_until_accepted(const struct pnd_trip *trip, const Pendio__Request *request,
                                 Pendio__Reply **ret_reply);
static bool take_event(const struct pnd_trip *trip, const Pendio__Event *event);
static void take_progress(const struct pnd_trip *trip, const Pendio__Progress *progress);

/* A workload that names its hash, and rightly so, goes on to name its own with another seed. */
int pnd_trip_reseed(const struct pnd_trip *trip, Pendio__Workload *workload)
{
    struct pnd_message_error error = {""};
    char digits[PND_CONTENT_HASH_BYTES];
    if (trip->options->seed == 0)
        return 0;
    bool named = workload->content_hash[0] != '\0';
    bool right = pnd_content_hash_check(workload, &error) == 0;
    workload->seed = trip->options->seed;
    if (!named || !right || pnd_content_hash(workload, digits) < 0)
        return 0;
    char *copy = strdup(digits);
    if (copy == NULL)
        return pnd_daemon_explain(trip->daemon, trip->name, -ENOMEM);
    free(workload->content_hash);
    workload->content_hash = copy;
    return 0;
}

int pnd_trip_submit(struct pnd_trip *trip, Pendio__Workload *workload, Pendio__Placement *placement,
                    struct pnd_outcome *ret_outcome)
{
    const struct pnd_options *options = trip->options;
    Pendio__SubmitRequest submission = PENDIO__SUBMIT_REQUEST__INIT;
    submission.workload = workload;
    submission.placement = placement;
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
            status = pnd_daemon_explain(trip->daemon, trip->name, -EBADMSG);
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

static int submit_until_accepted(const struct pnd_trip *trip, const Pendio__Request *request,
                                 Pendio__Reply **ret_reply)
{
    int64_t deadline_ns =
        trip->deadline_ns != 0 ? trip->deadline_ns : pnd_clock_now_ns() + busy_patience_ns;
    for (;;) {
        /* Until the number of the run is known, so that it can be cancelled. */
        pnd_link_finish(trip->daemon->link, true);
        int status = pnd_daemon_ask(trip->daemon, trip->name, request, PENDIO__REPLY__BODY_SUBMIT,
                                    ret_reply);
        pnd_link_finish(trip->daemon->link, false);
        if (status < 0)
            return status;
        if ((*ret_reply)->status != PENDIO__STATUS__BUSY || pnd_clock_left_ms(deadline_ns) == 0)
            return 0;
        pnd_link_free_reply(*ret_reply);
        status = pnd_trip_wait(trip, pause_longest_ns);
        if (status < 0)
            return status;
    }
}

int pnd_trip_wait(const struct pnd_trip *trip, int64_t pause_ns)
{
    int64_t deadline_ns = pnd_clock_now_ns() + pause_ns;
    bool announced = false;
    while (!announced && pnd_clock_left_ms(deadline_ns) > 0) {
        pnd_progress_tick(trip->progress);
        Pendio__Event *event = NULL;
        int status = pnd_link_wait(trip->daemon->link, deadline_ns - pnd_clock_now_ns(), &event);
        if (status < 0)
            return pnd_daemon_explain(trip->daemon, trip->name, status);
        if (event != NULL)
            announced = take_event(trip, event);
        pnd_message_free((ProtobufCMessage *)event);
    }
    return 0;
}

/* True when it says that the run is over. */
static bool take_event(const struct pnd_trip *trip, const Pendio__Event *event)
{
    if (event->run != trip->run)
        return false;
    if (event->body_case == PENDIO__EVENT__BODY_PROGRESS)
        take_progress(trip, event->progress);
    return event->body_case == PENDIO__EVENT__BODY_REPORT;
}

static void take_progress(const struct pnd_trip *trip, const Pendio__Progress *progress)
{
    pnd_progress_update(trip->progress, progress->operations, progress->operations_expected);
    pnd_progress_wait(trip->progress, progress->ahead_count);
}

int pnd_trip_fetch(const struct pnd_trip *trip, uint32_t seen_count, Pendio__Reply **ret_reply)
{
    Pendio__FetchRequest wish = PENDIO__FETCH_REQUEST__INIT;
    wish.run = trip->run;
    wish.seen = seen_count;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.version = 1;
    request.body_case = PENDIO__REQUEST__BODY_FETCH;
    request.fetch = &wish;

    Pendio__Reply *reply = NULL;
    int status =
        pnd_daemon_ask(trip->daemon, trip->name, &request, PENDIO__REPLY__BODY_FETCH, &reply);
    if (status < 0)
        return status;
    if (reply->status != PENDIO__STATUS__OK) {
        pnd_daemon_complain(trip->name, reply);
        pnd_link_free_reply(reply);
        return -EPROTO;
    }
    if (reply->fetch->progress != NULL)
        take_progress(trip, reply->fetch->progress);
    *ret_reply = reply;
    return 0;
}

int pnd_trip_tell(const struct pnd_trip *trip, Pendio__TellRequest *told)
{
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.version = 1;
    request.body_case = PENDIO__REQUEST__BODY_TELL;
    request.tell = told;
    told->run = trip->run;

    Pendio__Reply *reply = NULL;
    int status =
        pnd_daemon_ask(trip->daemon, trip->name, &request, PENDIO__REPLY__BODY__NOT_SET, &reply);
    if (status < 0)
        return status;
    if (reply->status != PENDIO__STATUS__OK && reply->status != PENDIO__STATUS__NO_SUCH_RUN) {
        pnd_daemon_complain(trip->name, reply);
        status = -EPROTO;
    }
    pnd_link_free_reply(reply);
    return status;
}

int64_t pnd_trip_next_pause(int64_t pause_ns)
{
    if (pause_ns == 0)
        return pause_first_ns;
    return 2 * pause_ns < pause_longest_ns ? 2 * pause_ns : pause_longest_ns;
}

int pnd_trip_check_time(const struct pnd_trip *trip)
{
    if (trip->deadline_ns == 0 || pnd_clock_left_ms(trip->deadline_ns) > 0)
        return 0;
    pnd_say_error("%s: run %llu has not finished within %.3g s; allow more with --timeout",
                  trip->name, (unsigned long long)trip->run,
                  (double)trip->options->timeout_ns / 1e9);
    return -ETIMEDOUT;
}

void pnd_trip_cancel(const struct pnd_trip *trip)
{
    Pendio__CancelRequest wish = PENDIO__CANCEL_REQUEST__INIT;
    wish.run = trip->run;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.version = 1;
    request.body_case = PENDIO__REQUEST__BODY_CANCEL;
    request.cancel = &wish;

    struct pnd_link *link = trip->daemon->link;
    Pendio__Reply *reply = NULL;
    pnd_link_finish(link, true);
    if (pnd_link_call(link, &request, PND_CLOCK_SECOND, &reply) == 0)
        pnd_link_free_reply(reply);
    pnd_link_finish(link, false);
}
