/*
 * conduct.c - one workload on several daemons, from submit to one outcome.
 *
 * Happy path:  each place gets its part and says when it is ready, one after another, so that two
 *              of us who want the same daemons do not wait for each other -> all are told to begin
 *              -> what happens at one place is told to the others -> reports -> one of all.
 * Failures:    a daemon that refuses, has gone or is silent, and a part that does not pass, end all
 *              other parts: they are cancelled, and the reason is that of the first.
 */
#include "conduct.h"

#include "clock.h"
#include "interrupt.h"
#include "merge.h"
#include "places.h"
#include "replay.h"
#include "say.h"
#include "trip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
    struct pnd_trip trip;
    struct pnd_outcome outcome; /* once it is over */
    uint32_t place;
    uint32_t seen_count; /* of what happened there */
    bool ready;
    bool over;
    bool cancelled;
    uint64_t operations;
    uint64_t operations_expected;
};

struct show {
    const struct pnd_conduct *conduct;
    const char *name;
    struct pnd_places places;
    struct part parts[PND_PLACES_COUNT];
    size_t part_count;
};

static int check_room(const struct show *show, struct pnd_message_error *error);
static int run_parts(struct show *show, Pendio__Workload *workload);
static int prepare(struct show *show, struct part *part, Pendio__Workload *workload);
static int begin(struct show *show);
static int follow(struct show *show);
static int turn(struct show *show, const struct pnd_trip *trip, int64_t *pause_ns);
static int attend_all(struct show *show, bool *ret_moved);
static int attend(struct show *show, struct part *part, bool *ret_moved);
static int tell_others(struct show *show, const struct part *from,
                       Pendio__Happened *const *happened, size_t count);
static int lose(struct part *part, int status);
static int wait_for_news(struct show *show, int64_t pause_ns);
static bool is_bad(const struct show *show);
static void cancel_all(struct show *show);
static void show_progress(const struct show *show);
static int merge(struct show *show, const Pendio__Workload *workload,
                 struct pnd_outcome *ret_outcome);

int pnd_conduct_workload(const struct pnd_conduct *conduct, const char *name,
                         Pendio__Workload *workload, struct pnd_outcome *ret_outcome)
{
    struct pnd_message_error error;
    struct show *show = calloc(1, sizeof *show);
    if (show == NULL)
        return pnd_daemon_explain(conduct->daemons, name, -ENOMEM);
    show->conduct = conduct;
    show->name = name;
    int status = 0;
    if (pnd_places_find(workload, conduct->options, &show->places, &error) < 0 ||
        check_room(show, &error) < 0) {
        status = pnd_outcome_init_invalid(
            ret_outcome, workload->name[0] != '\0' ? workload->name : name, error.text);
    } else if (show->places.count == 1) {
        const struct pnd_replay alone = {conduct->daemons, conduct->options, conduct->progress};
        status = pnd_replay_workload(&alone, name, workload, ret_outcome);
    } else {
        status = run_parts(show, workload);
        if (status == 0)
            status = merge(show, workload, ret_outcome);
    }
    for (size_t index = 0; index < show->part_count; index++)
        if (show->parts[index].over)
            pnd_outcome_fini(&show->parts[index].outcome);
    free(show);
    return status;
}

/* Places of one daemon are under way at once, or would wait for each other. */
static int check_room(const struct show *show, struct pnd_message_error *error)
{
    const struct pnd_daemon *daemons = show->conduct->daemons;
    for (uint32_t place = 0; place < show->places.count; place++) {
        uint32_t count = 0;
        for (uint32_t other = 0; other < show->places.count; other++)
            count +=
                show->places.used[other] && strcmp(daemons[other].url, daemons[place].url) == 0;
        if (count <= daemons[place].run_limit || daemons[place].run_limit == 0)
            continue;
        (void)snprintf(error->text, sizeof error->text,
                       "%u places are on %s, which has %u runs at once; start it with --max-runs "
                       "%u, or name another with --url",
                       count, daemons[place].url, daemons[place].run_limit, count);
        return -EINVAL;
    }
    return 0;
}

/* When it returns, all parts are over; or, after a failure, cancelled. */
static int run_parts(struct show *show, Pendio__Workload *workload)
{
    const struct pnd_conduct *conduct = show->conduct;
    int64_t deadline_ns =
        conduct->options->timeout_ns > 0 ? pnd_clock_now_ns() + conduct->options->timeout_ns : 0;
    int status = 0;
    for (uint32_t place = 0; place < show->places.count; place++) {
        if (!show->places.used[place])
            continue;
        show->parts[show->part_count++] = (struct part){
            .trip = {.daemon = &conduct->daemons[place],
                     .options = conduct->options,
                     .progress = conduct->progress,
                     .name = show->name,
                     .deadline_ns = deadline_ns},
            .place = place,
        };
    }
    status = pnd_trip_reseed(&show->parts[0].trip, workload);
    for (size_t index = 0; status == 0 && !is_bad(show) && index < show->part_count; index++)
        status = prepare(show, &show->parts[index], workload);
    if (status == 0 && !is_bad(show))
        status = begin(show);
    if (status == 0)
        status = follow(show);
    if (status < 0)
        cancel_all(show);
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * All ready, then all at once
 * --------------------------------------------------------------------------------------------- */

/* Until it is ready, or has ended, or another has. */
static int prepare(struct show *show, struct part *part, Pendio__Workload *workload)
{
    Pendio__Placement placement = PENDIO__PLACEMENT__INIT;
    placement.place = part->place;
    placement.place_count = show->places.count;
    placement.address = show->places.addresses[part->place];
    int status = pnd_trip_submit(&part->trip, workload, &placement, &part->outcome);
    if (status < 0)
        return lose(part, status);
    part->over = part->trip.run == 0;
    int64_t pause_ns = 0;
    while (status == 0 && !part->ready && !part->over && !is_bad(show))
        status = turn(show, &part->trip, &pause_ns);
    return status;
}

static int begin(struct show *show)
{
    int status = 0;
    for (size_t index = 0; status == 0 && index < show->part_count; index++) {
        Pendio__TellRequest told = PENDIO__TELL_REQUEST__INIT;
        struct part *part = &show->parts[index];
        if (part->over)
            continue;
        told.begin = true;
        status = pnd_trip_tell(&part->trip, &told);
        if (status < 0)
            status = lose(part, status);
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * Under way
 * --------------------------------------------------------------------------------------------- */

static bool are_all_over(const struct show *show)
{
    for (size_t index = 0; index < show->part_count; index++)
        if (show->parts[index].trip.run != 0 && !show->parts[index].over)
            return false;
    return true;
}

/* Until every part that was begun is over. */
static int follow(struct show *show)
{
    int64_t pause_ns = 0;
    int status = 0;
    while (status == 0 && !are_all_over(show)) {
        if (is_bad(show))
            cancel_all(show);
        show_progress(show);
        status = turn(show, &show->parts[0].trip, &pause_ns);
    }
    return status;
}

/* Asks all once. While nothing moves, that is done less and less often. */
static int turn(struct show *show, const struct pnd_trip *trip, int64_t *pause_ns)
{
    bool moved = false;
    int status = pnd_trip_check_time(trip);
    if (status == 0)
        status = attend_all(show, &moved);
    *pause_ns = moved ? 0 : pnd_trip_next_pause(*pause_ns);
    if (status == 0 && !moved)
        status = wait_for_news(show, *pause_ns);
    return status;
}

/* Those that are under way. */
static int attend_all(struct show *show, bool *ret_moved)
{
    int status = 0;
    for (size_t index = 0; status == 0 && index < show->part_count; index++) {
        struct part *part = &show->parts[index];
        if (part->trip.run != 0 && !part->over)
            status = attend(show, part, ret_moved);
    }
    return status;
}

/* Asks it once, and passes on what is new. */
static int attend(struct show *show, struct part *part, bool *ret_moved)
{
    Pendio__Reply *reply = NULL;
    int status = pnd_interrupt_signal() != 0
                     ? -EINTR
                     : pnd_trip_fetch(&part->trip, part->seen_count, &reply);
    if (status < 0) {
        *ret_moved = true;
        return lose(part, status);
    }

    const Pendio__FetchReply *fetch = reply->fetch;
    Pendio__Happened *const *happened = fetch->happened;
    size_t count = fetch->n_happened;
    if (fetch->finished && fetch->report != NULL) { /* which has all that ever happened */
        size_t known = part->seen_count < fetch->report->n_happened ? part->seen_count
                                                                    : fetch->report->n_happened;
        happened = fetch->report->happened + known;
        count = fetch->report->n_happened - known;
    }
    for (size_t index = 0; index < count; index++)
        part->ready = part->ready || happened[index]->ready;
    part->seen_count += (uint32_t)count;
    *ret_moved = *ret_moved || count > 0 || fetch->finished;
    if (fetch->progress != NULL) {
        part->operations = fetch->progress->operations;
        part->operations_expected = fetch->progress->operations_expected;
    }
    if (count > 0)
        status = tell_others(show, part, happened, count);
    if (status < 0 || !fetch->finished) {
        pnd_link_free_reply(reply);
        return status;
    }
    status = pnd_outcome_init(&part->outcome, show->name, reply);
    part->over = status == 0;
    if (status == 0)
        return 0;
    pnd_link_free_reply(reply);
    (void)pnd_daemon_explain(part->trip.daemon, show->name, status);
    return lose(part, status);
}

/* All of it in one request to each. */
static int tell_others(struct show *show, const struct part *from,
                       Pendio__Happened *const *happened, size_t count)
{
    Pendio__TellRequest told = PENDIO__TELL_REQUEST__INIT;
    size_t bound_count = 0, signal_count = 0;
    for (size_t index = 0; index < count; index++) {
        bound_count += happened[index]->n_bound;
        signal_count += happened[index]->n_signals;
    }
    if (bound_count + signal_count == 0)
        return 0;
    told.bound = calloc(bound_count + 1, sizeof(Pendio__BoundEndpoint *));
    told.signals = calloc(signal_count + 1, sizeof(char *));
    int status = told.bound != NULL && told.signals != NULL
                     ? 0
                     : pnd_daemon_explain(from->trip.daemon, show->name, -ENOMEM);
    for (size_t index = 0; status == 0 && index < count; index++) {
        for (size_t each = 0; each < happened[index]->n_bound; each++)
            told.bound[told.n_bound++] = happened[index]->bound[each];
        for (size_t each = 0; each < happened[index]->n_signals; each++)
            told.signals[told.n_signals++] = happened[index]->signals[each];
    }
    for (size_t index = 0; status == 0 && index < show->part_count; index++) {
        struct part *part = &show->parts[index];
        if (part != from && part->trip.run != 0 && !part->over)
            status = pnd_trip_tell(&part->trip, &told);
        if (status < 0)
            status = lose(part, status);
    }
    free(told.bound);
    free(told.signals);
    return status;
}

/*
 * Its daemon cannot be asked any more: the part has ended, as far as anybody knows. Not so when we
 * ourselves are to end.
 */
static int lose(struct part *part, int status)
{
    const char *what = status == -ECONNRESET  ? "the daemon has gone, and its part with it"
                       : status == -ETIMEDOUT ? "the daemon does not answer any more"
                                              : "the daemon did not take its part of the run";
    if (status == -EINTR || status == -ENOMEM)
        return status;
    if (status != -ECONNRESET && part->trip.run != 0)
        pnd_trip_cancel(&part->trip);
    bool was_there = status == -ECONNRESET || status == -ETIMEDOUT;
    status = pnd_outcome_init_invalid(&part->outcome, part->trip.name, what);
    if (status < 0)
        return status;
    if (was_there)
        part->outcome.verdict = PENDIO__VERDICT__CRASHED;
    part->over = true;
    return 0;
}

/* Until something happened, or one has ended, anywhere; or the time is over. */
static int wait_for_news(struct show *show, int64_t pause_ns)
{
    struct pnd_link *links[PND_LINK_COUNT];
    int64_t deadline_ns = pnd_clock_now_ns() + pause_ns;
    for (size_t index = 0; index < show->part_count; index++) {
        const struct part *part = &show->parts[index];
        links[index] = part->trip.run != 0 && !part->over ? part->trip.daemon->link : NULL;
    }
    while (pnd_clock_left_ms(deadline_ns) > 0) {
        size_t index = 0;
        Pendio__Event *event = NULL;
        pnd_progress_tick(show->conduct->progress);
        int status = pnd_link_wait_any(links, show->part_count, deadline_ns - pnd_clock_now_ns(),
                                       &index, &event);
        if (status == -ECONNRESET)
            return 0; /* whoever asks next is told so */
        if (status < 0)
            return status;
        bool news = event != NULL && event->run == show->parts[index].trip.run &&
                    (event->body_case == PENDIO__EVENT__BODY_HAPPENED ||
                     event->body_case == PENDIO__EVENT__BODY_REPORT);
        pnd_message_free((ProtobufCMessage *)event);
        if (news)
            return 0;
    }
    return 0;
}

static void show_progress(const struct show *show)
{
    uint64_t operations = 0, expected = 0;
    for (size_t index = 0; index < show->part_count; index++) {
        operations += show->parts[index].operations;
        expected += show->parts[index].operations_expected;
    }
    pnd_progress_update(show->conduct->progress, operations, expected);
}

/* ------------------------------------------------------------------------------------------------
 * Over
 * --------------------------------------------------------------------------------------------- */

static bool is_bad(const struct show *show)
{
    for (size_t index = 0; index < show->part_count; index++)
        if (show->parts[index].over &&
            show->parts[index].outcome.verdict != PENDIO__VERDICT__PASSED)
            return true;
    return false;
}

/* Each once. */
static void cancel_all(struct show *show)
{
    for (size_t index = 0; index < show->part_count; index++) {
        struct part *part = &show->parts[index];
        if (part->trip.run == 0 || part->over || part->cancelled)
            continue;
        pnd_trip_cancel(&part->trip);
        part->cancelled = true;
    }
}

static int merge(struct show *show, const Pendio__Workload *workload,
                 struct pnd_outcome *ret_outcome)
{
    struct pnd_merge_part parts[PND_PLACES_COUNT];
    size_t count = 0;
    for (size_t index = 0; index < show->part_count; index++) {
        const struct part *part = &show->parts[index];
        if (!part->over)
            continue; /* never submitted, because another was refused */
        parts[count++] = (struct pnd_merge_part){
            .place = part->place,
            .outcome = &part->outcome,
            .was_cancelled = part->cancelled,
        };
    }
    int status =
        pnd_merge_outcomes(parts, count, workload, show->name, show->conduct->options, ret_outcome);
    return status < 0 ? pnd_daemon_explain(show->conduct->daemons, show->name, status) : 0;
}
