/*
 * job_end.c - what is told and kept of a run that is over.
 *
 * Happy path:  the process is reaped -> its report stands, completed with what the daemon knows ->
 *              statistics and report are told -> one copy of one piece to be kept.
 * Failures:    a run without a report, or without a process, gets one that says why.
 */
#include "job.h"

#include "complain.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one check of a run that was to be killed, and was. */
static char killed_name[] = "killed";
static char killed_expected[] = "by its own DIE";

static void take_counts(const Pendio__Stats *stats, Pendio__Report *report,
                        Pendio__Answers *answers);
static void complete_report(struct pnd_job *job, Pendio__Report *report, Pendio__Stats *stats);
static int copy_event(const Pendio__Event *event, Pendio__Event **ret_copy,
                      size_t *ret_packed_byte_count);
static int publish_report(struct pnd_job *job, Pendio__Report *report,
                          const struct pnd_listener *listener, Pendio__Event **ret_report,
                          size_t *ret_packed_byte_count);

int pnd_job_conclude(struct pnd_job *job, uint64_t now_ns, const struct pnd_listener *listener,
                     Pendio__Event **ret_report, size_t *ret_packed_byte_count)
{
    struct pnd_ending ending = {
        .workload = job->progress.workload,
        .process = job->process.id,
        .cause = job->cause,
        .to_crash = job->to_crash,
        .is_dying = job->is_dying,
        .time_limit_ms = job->time_limit_ms,
        .operation_count = job->progress.operations,
        .report = job->report != NULL ? job->report->report : NULL,
    };
    pnd_process_signal(&job->process, SIGKILL); /* whatever it left behind in its group */
    pnd_process_reap(&job->process, &ending.end);
    ending.last_words = pnd_last_words_quote(&job->process.words);

    Pendio__Report report = PENDIO__REPORT__INIT;
    Pendio__Answers answers = PENDIO__ANSWERS__INIT;
    report.elapsed_ns = now_ns - job->started_ns;
    if (ending.report != NULL)
        report = *ending.report;
    else if (job->stats != NULL)
        take_counts(job->stats->stats, &report, &answers);

    char seen[64] = "";
    Pendio__Check killed = PENDIO__CHECK__INIT;
    Pendio__Check *checks = &killed;
    killed.name = killed_name;
    killed.verdict = PENDIO__VERDICT__PASSED;
    killed.expected = killed_expected;
    killed.seen = seen;

    struct pnd_message_error reason;
    if (pnd_verdict_decide(&ending, &report.verdict, &reason) > 0)
        report.reason = reason.text;
    if (ending.report == NULL && report.verdict == PENDIO__VERDICT__PASSED) {
        (void)snprintf(seen, sizeof seen, "after %" PRIu64 " operations", ending.operation_count);
        report.checks = &checks;
        report.n_checks = 1;
    }
    return publish_report(job, &report, listener, ret_report, ret_packed_byte_count);
}

/* How far a run had come that cannot say so itself any more. */
static void take_counts(const Pendio__Stats *stats, Pendio__Report *report,
                        Pendio__Answers *answers)
{
    answers->done = stats->done;
    answers->pending = stats->pending;
    answers->refused = stats->refused;
    report->answers = answers;
    report->deliveries = stats->delivered;
}

int pnd_job_conclude_unstarted(struct pnd_job *job, int status, const struct pnd_listener *listener,
                               Pendio__Event **ret_report, size_t *ret_packed_byte_count)
{
    struct pnd_message_error reason;
    if (status == -ECANCELED)
        (void)pnd_complain(&reason, status,
                           "workload \"%s\": cancelled by request while it waited for its turn; "
                           "submit it again to see it run",
                           job->progress.workload);
    else if (status == -ESHUTDOWN)
        (void)pnd_complain(&reason, status,
                           "workload \"%s\": never run, because pendiod was told to stop; start "
                           "pendiod again and submit it again",
                           job->progress.workload);
    else if (job->scratch.path[0] == '\0')
        (void)pnd_complain(&reason, status,
                           "workload \"%s\": no private directory could be made for it below %s: "
                           "%s; make room there, or start pendiod with another TMPDIR",
                           job->progress.workload, pnd_scratch_base(), strerror(-status));
    else
        (void)pnd_complain(&reason, status,
                           "workload \"%s\": no process could be started for it: %s; look at the "
                           "limits pendiod runs under, and run it again",
                           job->progress.workload, strerror(-status));
    Pendio__Report report = PENDIO__REPORT__INIT;
    report.verdict = status == -ECANCELED || status == -ESHUTDOWN ? PENDIO__VERDICT__FAILED
                                                                  : PENDIO__VERDICT__INVALID;
    report.reason = reason.text;
    return publish_report(job, &report, listener, ret_report, ret_packed_byte_count);
}

static int publish_report(struct pnd_job *job, Pendio__Report *report,
                          const struct pnd_listener *listener, Pendio__Event **ret_report,
                          size_t *ret_packed_byte_count)
{
    Pendio__Stats stats = PENDIO__STATS__INIT;
    complete_report(job, report, &stats);

    Pendio__Event event = PENDIO__EVENT__INIT;
    event.run = job->number;
    event.body_case = PENDIO__EVENT__BODY_STATS;
    event.stats = &stats;
    listener->hear(listener->state, &event);
    event.body_case = PENDIO__EVENT__BODY_REPORT;
    event.report = report;
    listener->hear(listener->state, &event);
    return copy_event(&event, ret_report, ret_packed_byte_count);
}

static void complete_report(struct pnd_job *job, Pendio__Report *report, Pendio__Stats *stats)
{
    if (report->stats != NULL)
        *stats = *report->stats;
    else if (job->stats != NULL)
        *stats = *job->stats->stats;
    stats->workload = job->progress.workload;
    stats->run = job->number;
    stats->running = false;

    report->stats = stats;
    report->workload = job->progress.workload;
    report->operations = job->progress.operations;
    report->content_hash = job->content_hash;
    report->seed = job->seed;
    report->place = job->place;
    report->happened = job->happened.items;
    report->n_happened = job->happened.count;
}

/* Its parts belong to the process's messages and to us; the copy is of one piece. */
static int copy_event(const Pendio__Event *event, Pendio__Event **ret_copy,
                      size_t *ret_packed_byte_count)
{
    uint8_t *packed = NULL;
    size_t packed_bytes = 0;
    int status = pnd_message_pack(&event->base, &packed, &packed_bytes);
    if (status < 0)
        return status;

    struct pnd_message_error error;
    ProtobufCMessage *copy = NULL;
    status = pnd_message_unpack(event->base.descriptor, packed, packed_bytes, NULL, &copy, &error);
    free(packed);
    if (status < 0)
        return -ENOMEM;
    *ret_copy = (Pendio__Event *)copy;
    *ret_packed_byte_count = packed_bytes;
    return 0;
}
