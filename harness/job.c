/*
 * job.c - one submitted run.
 *
 * Happy path:  frame the request -> private directory, environment, process -> progress and
 *              statistics as they come -> report -> process ended -> conclude (job_end.c).
 * Failures:    an event that is none, an end without a report, or no end in time: the process is
 *              killed and the verdict is ours (verdict.c). A job is always concluded, unless memory
 *              fails.
 */
#include "job.h"

#include "environment.h"
#include "frame.h"
#include "sanitized.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENT_BYTES = 3 << 20,      /* of one event; a reply with it must still be a message */
    EVENT_COUNT = 64,           /* taken at a time, so that one run does not hold up the others */
    PIPE_EVENT_COUNT = 1 << 16, /* more than a pipe holds: taken of a process that has ended */
};

#define MILLISECOND_NS UINT64_C(1000000)

/*
 * Beyond the time limit, beyond a report, and beyond a request to end. A sanitizer looks for leaks
 * between the report and the end, and takes its time.
 */
#define GRACE_NS ((PND_SANITIZED ? 10000 : 2000) * MILLISECOND_NS)

static uint64_t deadline_of(const struct pnd_job *job, uint64_t now_ns);
static int start_process(struct pnd_job *job, const char *const *command, int watch,
                         char **environment);
static void read_events(struct pnd_job *job, unsigned event_count, uint64_t now_ns,
                        const struct pnd_listener *listener);
static int read_event(struct pnd_job *job, uint64_t now_ns, const struct pnd_listener *listener);
static int take_event(struct pnd_job *job, uint64_t now_ns, Pendio__Event *event,
                      const struct pnd_listener *listener);
static void publish_progress(const struct pnd_job *job, const struct pnd_listener *listener);
static void end_for(struct pnd_job *job, enum pnd_cause cause);

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
    job->patience_ms = submission->patience_ms;
    job->placed = request->placement != NULL;
    job->place = job->placed ? request->placement->place : 0;
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
        job->progress.workload == NULL ||
        pnd_frame_pack(&request->base, &job->input, &job->input_bytes) < 0) {
        pnd_job_destroy(job);
        return -ENOMEM;
    }
    *ret_job = job;
    return 0;
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
    job->deadline_ns = deadline_of(job, now_ns);
    return 0;
}

/* A place of several may take its time from when all begin. */
static uint64_t deadline_of(const struct pnd_job *job, uint64_t now_ns)
{
    if (job->placed && !job->begun)
        return now_ns + job->patience_ms * MILLISECOND_NS;
    return now_ns + job->time_limit_ms * MILLISECOND_NS + GRACE_NS;
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
        .keeps_input = job->placed,
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
        end_for(job, job->report != NULL          ? PND_CAUSE_LATE
                     : job->placed && !job->begun ? PND_CAUSE_ALONE
                                                  : PND_CAUSE_TIME);
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
    } else if (event->body_case == PENDIO__EVENT__BODY_HAPPENED && job->placed) {
        event->run = job->number;
        listener->hear(listener->state, event);
        spent = NULL;
        status = pnd_happened_add(&job->happened, event);
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

int pnd_job_tell(struct pnd_job *job, uint64_t now_ns, const Pendio__TellRequest *told)
{
    uint8_t *framed = NULL;
    size_t byte_count = 0;
    if (!job->placed)
        return -EINVAL;
    int status = pnd_frame_pack(&told->base, &framed, &byte_count);
    if (status == 0)
        status = pnd_process_feed(&job->process, framed, byte_count);
    free(framed);
    if (status == 0 && told->begin && !job->begun && job->report == NULL &&
        job->cause == PND_CAUSE_NONE) {
        job->begun = true;
        job->started_ns = now_ns;
        job->deadline_ns = deadline_of(job, now_ns);
    }
    return status;
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

void pnd_job_destroy(struct pnd_job *job)
{
    if (job == NULL)
        return;
    pnd_scratch_destroy(&job->scratch);
    if (job->stats != NULL)
        pnd_message_free(&job->stats->base);
    if (job->report != NULL)
        pnd_message_free(&job->report->base);
    pnd_happened_fini(&job->happened);
    free(job->input);
    free(job->progress.workload);
    free(job->features);
    free(job->backend);
    free(job->peer);
    free(job);
}
