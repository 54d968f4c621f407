/*
 * job.c - one submitted run.
 *
 * Happy path:  frame the request -> private directory, environment, process -> progress and
 *              statistics as they come -> report -> process ended -> conclude.
 * Failures:    an event that is none, an end without a report, or no end in time: the process is
 *              killed and the verdict is ours (verdict.c). A job is always concluded, unless memory
 *              fails.
 */
#include "job.h"

#include "complain.h"
#include "environment.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENT_BYTES = 3 << 20,      /* of one event; a reply with it must still be a message */
    EVENT_COUNT = 64,           /* taken at a time, so that one run does not hold up the others */
    PIPE_EVENT_COUNT = 1 << 16, /* more than a pipe holds: taken of a process that has ended */
};

#define MILLISECOND_NS UINT64_C(1000000)

/* Beyond the time limit, beyond a report, and beyond a request to end. */
#define GRACE_NS (2000 * MILLISECOND_NS)

/* The one check of a run that was to be killed, and was. */
static char killed_name[] = "killed";
static char killed_expected[] = "by its own DIE";

static int frame_request(const Pendio__SubmitRequest *request, struct pnd_job *job);
static int start_process(struct pnd_job *job, const char *const *command, int watch,
                         char **environment);
static void read_events(struct pnd_job *job, unsigned event_count, uint64_t now_ns,
                        const struct pnd_listener *listener);
static int read_event(struct pnd_job *job, uint64_t now_ns, const struct pnd_listener *listener);
static int take_event(struct pnd_job *job, uint64_t now_ns, Pendio__Event *event,
                      const struct pnd_listener *listener);
static void publish_progress(const struct pnd_job *job, const struct pnd_listener *listener);
static void end_for(struct pnd_job *job, enum pnd_cause cause);
static void take_counts(const Pendio__Stats *stats, Pendio__Report *report,
                        Pendio__Answers *answers);
static void complete_report(struct pnd_job *job, Pendio__Report *report, Pendio__Stats *stats);
static int copy_event(const Pendio__Event *event, Pendio__Event **ret_copy,
                      size_t *ret_packed_byte_count);
static int publish_report(struct pnd_job *job, Pendio__Report *report,
                          const struct pnd_listener *listener, Pendio__Event **ret_report,
                          size_t *ret_packed_byte_count);

/* ------------------------------------------------------------------------------------------------
 * Submitted
 * --------------------------------------------------------------------------------------------- */

int pnd_job_create(const struct pnd_submission *submission, uint64_t number,
                   struct pnd_job **ret_job)
{
    struct pnd_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return -ENOMEM;

    const Pendio__SubmitRequest *request = submission->request;
    job->number = number;
    job->time_limit_ms = submission->time_limit_ms;
    job->descriptor_count = submission->descriptor_count;
    job->memory_bytes = submission->memory_bytes;
    job->file_bytes = submission->file_bytes;
    job->seed = request->workload->seed > 0 ? request->workload->seed : 1;
    (void)pnd_content_hash(request->workload, job->content_hash);
    job->to_crash = request->workload->expect != NULL &&
                    request->workload->expect->verdict == PENDIO__VERDICT__CRASHED;
    job->features = strdup(request->features);
    job->backend = strdup(request->backend);
    job->peer = strdup(submission->peer != NULL ? submission->peer : "unknown");
    job->progress = (Pendio__Progress)PENDIO__PROGRESS__INIT;
    job->progress.run = number;
    job->progress.workload = strdup(request->workload->name);
    if (job->features == NULL || job->backend == NULL || job->peer == NULL ||
        job->progress.workload == NULL || frame_request(request, job) < 0) {
        pnd_job_destroy(job);
        return -ENOMEM;
    }
    *ret_job = job;
    return 0;
}

static int frame_request(const Pendio__SubmitRequest *request, struct pnd_job *job)
{
    uint8_t *packed = NULL;
    size_t packed_bytes = 0;
    int status = pnd_message_pack(&request->base, &packed, &packed_bytes);
    if (status < 0)
        return status;

    uint8_t *framed = malloc(PND_INFLOW_HEADER_BYTES + packed_bytes);
    if (framed != NULL) {
        pnd_inflow_format_header((uint32_t)packed_bytes, framed);
        memcpy(framed + PND_INFLOW_HEADER_BYTES, packed, packed_bytes);
        job->input = framed;
        job->input_bytes = PND_INFLOW_HEADER_BYTES + packed_bytes;
    }
    free(packed);
    return framed != NULL ? 0 : -ENOMEM;
}

/* ------------------------------------------------------------------------------------------------
 * Running
 * --------------------------------------------------------------------------------------------- */

int pnd_job_start(struct pnd_job *job, const char *const *command, int watch, uint64_t now_ns)
{
    int status = pnd_scratch_create(&job->scratch);
    if (status < 0)
        return status;

    const struct pnd_setting settings[] = {
        {"PENDIO_FEATURES", job->features},
        {"PENDIO_BACKEND", job->backend},
        {"PENDIO_RUN_DIRECTORY", job->scratch.path},
    };
    char **environment = pnd_environment_create(settings, sizeof settings / sizeof settings[0]);
    status = environment != NULL ? start_process(job, command, watch, environment) : -ENOMEM;
    pnd_environment_destroy(environment);
    if (status < 0)
        return status;

    job->started_ns = now_ns;
    job->deadline_ns = now_ns + job->time_limit_ms * MILLISECOND_NS + GRACE_NS;
    return 0;
}

static int start_process(struct pnd_job *job, const char *const *command, int watch,
                         char **environment)
{
    const struct pnd_process_options options = {
        .command = command,
        .environment = environment,
        .directory = job->scratch.path,
        .descriptor_count = job->descriptor_count,
        .memory_bytes = job->memory_bytes,
        .file_bytes = job->file_bytes,
        .time_ms = job->time_limit_ms,
        .watch = watch,
    };
    uint8_t *input = job->input;
    job->input = NULL;
    return pnd_process_start(&options, input, job->input_bytes, &job->process);
}

bool pnd_job_attend(struct pnd_job *job, uint64_t now_ns, const struct pnd_listener *listener)
{
    /* Asked first: what an ended process wrote is complete, so that it can be read to the end. */
    bool ended = pnd_process_has_ended(&job->process);
    pnd_process_move(&job->process);
    read_events(job, ended ? PIPE_EVENT_COUNT : EVENT_COUNT, now_ns, listener);
    if (!ended && now_ns >= job->deadline_ns) {
        job->deadline_ns = PND_JOB_NEVER;
        end_for(job, job->report != NULL ? PND_CAUSE_LATE : PND_CAUSE_TIME);
    }
    return ended;
}

static void read_events(struct pnd_job *job, unsigned event_count, uint64_t now_ns,
                        const struct pnd_listener *listener)
{
    int status = 1;
    for (unsigned i = 0; i < event_count && status > 0; i++)
        status = read_event(job, now_ns, listener);
    if (status < 0 && status != -EAGAIN)
        end_for(job, PND_CAUSE_NOISE);
}

/* 1 after one event, 0 at the end of what the process writes. */
static int read_event(struct pnd_job *job, uint64_t now_ns, const struct pnd_listener *listener)
{
    const uint8_t *bytes = NULL;
    size_t byte_count = 0;
    int status = pnd_process_read(&job->process, EVENT_BYTES, &bytes, &byte_count);
    if (status <= 0)
        return status;

    struct pnd_message_error error;
    ProtobufCMessage *event = NULL;
    status =
        pnd_message_unpack(&pendio__event__descriptor, bytes, byte_count, NULL, &event, &error);
    if (status == 0)
        status = take_event(job, now_ns, (Pendio__Event *)event, listener);
    return status < 0 ? status : 1;
}

/* Takes over the event. -EBADMSG when a run may not say such a thing. */
static int take_event(struct pnd_job *job, uint64_t now_ns, Pendio__Event *event,
                      const struct pnd_listener *listener)
{
    Pendio__Event *spent = event;
    int status = 0;
    if (event->body_case == PENDIO__EVENT__BODY_PROGRESS) {
        job->progress.operations = event->progress->operations;
        job->progress.operations_expected = event->progress->operations_expected;
        job->progress.elapsed_ns = event->progress->elapsed_ns;
        job->is_dying = event->progress->dying;
        publish_progress(job, listener);
    } else if (event->body_case == PENDIO__EVENT__BODY_STATS) {
        event->run = event->stats->run = job->number;
        event->stats->running = true;
        listener->hear(listener->state, event);
        spent = job->stats;
        job->stats = event;
    } else if (event->body_case == PENDIO__EVENT__BODY_REPORT && job->report == NULL) {
        job->progress.operations = event->report->operations;
        job->deadline_ns = now_ns + GRACE_NS;
        spent = NULL;
        job->report = event;
    } else {
        status = -EBADMSG;
    }
    if (spent != NULL)
        pnd_message_free(&spent->base);
    return status;
}

static void publish_progress(const struct pnd_job *job, const struct pnd_listener *listener)
{
    Pendio__Progress progress = job->progress;
    Pendio__Event event = PENDIO__EVENT__INIT;
    event.run = job->number;
    event.body_case = PENDIO__EVENT__BODY_PROGRESS;
    event.progress = &progress;
    listener->hear(listener->state, &event);
}

/* The first cause is the one that counts. */
static void end_for(struct pnd_job *job, enum pnd_cause cause)
{
    if (job->cause == PND_CAUSE_NONE)
        job->cause = cause;
    pnd_process_signal(&job->process, SIGKILL);
}

void pnd_job_stop(struct pnd_job *job, uint64_t now_ns, enum pnd_cause cause)
{
    if (job->cause != PND_CAUSE_NONE || job->report != NULL)
        return;
    job->cause = cause;
    job->deadline_ns = now_ns + GRACE_NS;
    pnd_process_signal(&job->process, SIGTERM);
}

void pnd_job_kill(struct pnd_job *job)
{
    end_for(job, PND_CAUSE_STOP);
}

void pnd_job_describe(const struct pnd_job *job, Pendio__Stats *ret_stats)
{
    Pendio__Stats stats = PENDIO__STATS__INIT;
    if (job->stats != NULL)
        stats = *job->stats->stats;
    stats.workload = job->progress.workload;
    stats.run = job->number;
    stats.running = true;
    *ret_stats = stats;
}

/* ------------------------------------------------------------------------------------------------
 * Over
 * --------------------------------------------------------------------------------------------- */

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

void pnd_job_destroy(struct pnd_job *job)
{
    if (job == NULL)
        return;
    pnd_scratch_destroy(&job->scratch);
    if (job->stats != NULL)
        pnd_message_free(&job->stats->base);
    if (job->report != NULL)
        pnd_message_free(&job->report->base);
    free(job->input);
    free(job->progress.workload);
    free(job->features);
    free(job->backend);
    free(job->peer);
    free(job);
}
