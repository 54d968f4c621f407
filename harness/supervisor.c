/*
 * supervisor.c - the runs, a bounded number at once, the others in line.
 *
 * Happy path:  submit -> line -> start when a place is free -> attend every turn -> conclude ->
 *              store.
 * Failures:    a line that is full refuses; a run whose process cannot be started is concluded at
 *              once, as one that could not be run, and so is one that is cancelled in the line.
 *
 * One epoll descriptor stands for all pipes and processes, and for a timer set to the earliest
 * deadline. A turn simply looks at every run under way: they are few.
 */
#include "supervisor.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

struct pnd_supervisor {
    struct pnd_supervisor_options options;
    int watch; /* epoll */
    int timer;
    uint64_t last_number;
    struct pnd_job *running[PND_SUPERVISOR_RUNNING_MAXIMUM]; /* oldest first */
    uint32_t running_count;
    struct pnd_job *first; /* of those that wait */
    struct pnd_job **end;
    uint32_t waiting_count;
    size_t waiting_bytes;
};

static int open_descriptors(struct pnd_supervisor *supervisor);
static void start_waiting(struct pnd_supervisor *supervisor, uint64_t now_ns);
static uint32_t count_ahead(const struct pnd_supervisor *supervisor);
static struct pnd_job *take(struct pnd_supervisor *supervisor, struct pnd_job **at);
static void finish_unstarted(struct pnd_supervisor *supervisor, struct pnd_job *job, int status);
static void keep(struct pnd_supervisor *supervisor, const struct pnd_job *job,
                 Pendio__Event *report, size_t byte_count);
static void attend_running(struct pnd_supervisor *supervisor, uint64_t now_ns);
static void finish(struct pnd_supervisor *supervisor, struct pnd_job *job, uint64_t now_ns);
static void set_timer(const struct pnd_supervisor *supervisor);
static uint64_t now(void);

int pnd_supervisor_create(const struct pnd_supervisor_options *options,
                          struct pnd_supervisor **ret_supervisor)
{
    assert(options->running_count >= 1);
    assert(options->running_count <= PND_SUPERVISOR_RUNNING_MAXIMUM);

    struct pnd_supervisor *supervisor = calloc(1, sizeof *supervisor);
    if (supervisor == NULL)
        return -ENOMEM;
    supervisor->options = *options;
    supervisor->end = &supervisor->first;
    supervisor->last_number = options->last_run;
    int status = open_descriptors(supervisor);
    if (status < 0) {
        pnd_supervisor_destroy(supervisor);
        return status;
    }
    *ret_supervisor = supervisor;
    return 0;
}

static int open_descriptors(struct pnd_supervisor *supervisor)
{
    supervisor->watch = epoll_create1(EPOLL_CLOEXEC);
    supervisor->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (supervisor->watch < 0 || supervisor->timer < 0)
        return -errno;
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(supervisor->watch, EPOLL_CTL_ADD, supervisor->timer, &event) < 0 ? -errno : 0;
}

int pnd_supervisor_descriptor(const struct pnd_supervisor *supervisor)
{
    return supervisor->watch;
}

/* ------------------------------------------------------------------------------------------------
 * In line
 * --------------------------------------------------------------------------------------------- */

int pnd_supervisor_submit(struct pnd_supervisor *supervisor,
                          const struct pnd_submission *submission, uint64_t *ret_run,
                          uint32_t *ret_ahead_count)
{
    if (supervisor->waiting_count == PND_SUPERVISOR_QUEUE_COUNT ||
        supervisor->waiting_bytes >= PND_SUPERVISOR_QUEUE_BYTES)
        return -EBUSY;
    struct pnd_job *job = NULL;
    int status = pnd_job_create(submission, supervisor->last_number + 1, &job);
    if (status < 0)
        return status;

    *ret_run = ++supervisor->last_number;
    *ret_ahead_count = count_ahead(supervisor);
    *supervisor->end = job;
    supervisor->end = &job->next;
    supervisor->waiting_count++;
    supervisor->waiting_bytes += job->input_bytes;
    start_waiting(supervisor, now());
    set_timer(supervisor);
    return 0;
}

/* Of the next one that comes into the line. */
static uint32_t count_ahead(const struct pnd_supervisor *supervisor)
{
    bool has_room = supervisor->running_count < supervisor->options.running_count;
    return has_room ? 0 : supervisor->running_count + supervisor->waiting_count;
}

static void start_waiting(struct pnd_supervisor *supervisor, uint64_t now_ns)
{
    while (supervisor->waiting_count > 0 &&
           supervisor->running_count < supervisor->options.running_count) {
        struct pnd_job *job = take(supervisor, &supervisor->first);
        int status = pnd_job_start(job, supervisor->options.command, supervisor->watch, now_ns);
        if (status == 0)
            supervisor->running[supervisor->running_count++] = job;
        else
            finish_unstarted(supervisor, job, status);
    }
}

/* Out of the line; its progress is that of a run that nothing comes before. */
static struct pnd_job *take(struct pnd_supervisor *supervisor, struct pnd_job **at)
{
    struct pnd_job *job = *at;
    *at = job->next;
    if (*at == NULL)
        supervisor->end = at;
    job->next = NULL;
    job->progress.ahead_count = 0;
    supervisor->waiting_count--;
    supervisor->waiting_bytes -= job->input_bytes;
    return job;
}

static void finish_unstarted(struct pnd_supervisor *supervisor, struct pnd_job *job, int status)
{
    Pendio__Event *report = NULL;
    size_t byte_count = 0;
    if (pnd_job_conclude_unstarted(job, status, &supervisor->options.listener, &report,
                                   &byte_count) == 0)
        keep(supervisor, job, report, byte_count);
    pnd_job_destroy(job);
}

/* ------------------------------------------------------------------------------------------------
 * Under way
 * --------------------------------------------------------------------------------------------- */

void pnd_supervisor_turn(struct pnd_supervisor *supervisor)
{
    uint64_t expirations;
    (void)!read(supervisor->timer, &expirations, sizeof expirations);

    uint64_t now_ns = now();
    attend_running(supervisor, now_ns);
    start_waiting(supervisor, now_ns);
    set_timer(supervisor);
}

static void attend_running(struct pnd_supervisor *supervisor, uint64_t now_ns)
{
    uint32_t kept_count = 0;
    for (uint32_t i = 0; i < supervisor->running_count; i++) {
        struct pnd_job *job = supervisor->running[i];
        if (pnd_job_attend(job, now_ns, &supervisor->options.listener))
            finish(supervisor, job, now_ns);
        else
            supervisor->running[kept_count++] = job;
    }
    supervisor->running_count = kept_count;
}

static void finish(struct pnd_supervisor *supervisor, struct pnd_job *job, uint64_t now_ns)
{
    Pendio__Event *report = NULL;
    size_t byte_count = 0;
    if (pnd_job_conclude(job, now_ns, &supervisor->options.listener, &report, &byte_count) == 0)
        keep(supervisor, job, report, byte_count);
    pnd_job_destroy(job);
}

static void keep(struct pnd_supervisor *supervisor, const struct pnd_job *job,
                 Pendio__Event *report, size_t byte_count)
{
    if (supervisor->options.audit != NULL)
        pnd_audit_write(supervisor->options.audit, report, job->peer);
    pnd_store_add(supervisor->options.store, report, byte_count, (uint64_t)time(NULL));
}

static void set_timer(const struct pnd_supervisor *supervisor)
{
    uint64_t deadline_ns = PND_JOB_NEVER;
    for (uint32_t i = 0; i < supervisor->running_count; i++) {
        if (supervisor->running[i]->deadline_ns < deadline_ns)
            deadline_ns = supervisor->running[i]->deadline_ns;
    }

    struct itimerspec at = {0}; /* off */
    if (deadline_ns != PND_JOB_NEVER) {
        at.it_value.tv_sec = (time_t)(deadline_ns / SECOND_NS);
        at.it_value.tv_nsec = (long)(deadline_ns % SECOND_NS);
    }
    (void)timerfd_settime(supervisor->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static uint64_t now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

/* ------------------------------------------------------------------------------------------------
 * Asked
 * --------------------------------------------------------------------------------------------- */

static struct pnd_job *find_running(const struct pnd_supervisor *supervisor, uint64_t run)
{
    for (uint32_t i = 0; i < supervisor->running_count; i++)
        if (supervisor->running[i]->number == run)
            return supervisor->running[i];
    return NULL;
}

const Pendio__Progress *pnd_supervisor_find(const struct pnd_supervisor *supervisor, uint64_t run)
{
    const struct pnd_job *running = find_running(supervisor, run);
    if (running != NULL)
        return &running->progress;
    uint32_t ahead_count = supervisor->running_count;
    for (struct pnd_job *job = supervisor->first; job != NULL; job = job->next) {
        job->progress.ahead_count = ahead_count++;
        if (job->number == run)
            return &job->progress;
    }
    return NULL;
}

int pnd_supervisor_cancel(struct pnd_supervisor *supervisor, uint64_t run)
{
    struct pnd_job *running = find_running(supervisor, run);
    if (running != NULL) {
        pnd_job_stop(running, now(), PND_CAUSE_CANCEL);
        set_timer(supervisor);
        return 0;
    }
    for (struct pnd_job **at = &supervisor->first; *at != NULL; at = &(*at)->next) {
        if ((*at)->number == run) {
            finish_unstarted(supervisor, take(supervisor, at), -ECANCELED);
            return 0;
        }
    }
    return -ENOENT;
}

int pnd_supervisor_tell(struct pnd_supervisor *supervisor, const Pendio__TellRequest *told)
{
    struct pnd_job *job = find_running(supervisor, told->run);
    if (job == NULL)
        return -ENOENT;
    int status = pnd_job_tell(job, now(), told);
    set_timer(supervisor);
    return status;
}

const struct pnd_happened *pnd_supervisor_happened(const struct pnd_supervisor *supervisor,
                                                   uint64_t run)
{
    const struct pnd_job *job = find_running(supervisor, run);
    return job != NULL ? &job->happened : NULL;
}

size_t pnd_supervisor_stats(const struct pnd_supervisor *supervisor, Pendio__Stats *ret_stats,
                            size_t stats_count)
{
    size_t count = 0;
    for (uint32_t i = supervisor->running_count; i > 0 && count < stats_count; i--)
        pnd_job_describe(supervisor->running[i - 1], &ret_stats[count++]);
    return count;
}

/* ------------------------------------------------------------------------------------------------
 * Ended
 * --------------------------------------------------------------------------------------------- */

void pnd_supervisor_stop(struct pnd_supervisor *supervisor)
{
    while (supervisor->waiting_count > 0)
        finish_unstarted(supervisor, take(supervisor, &supervisor->first), -ESHUTDOWN);
    uint64_t now_ns = now();
    for (uint32_t i = 0; i < supervisor->running_count; i++)
        pnd_job_stop(supervisor->running[i], now_ns, PND_CAUSE_STOP);
    set_timer(supervisor);
}

void pnd_supervisor_kill(struct pnd_supervisor *supervisor)
{
    for (uint32_t i = 0; i < supervisor->running_count; i++)
        pnd_job_kill(supervisor->running[i]);
}

bool pnd_supervisor_is_idle(const struct pnd_supervisor *supervisor)
{
    return supervisor->running_count == 0 && supervisor->waiting_count == 0;
}

void pnd_supervisor_destroy(struct pnd_supervisor *supervisor)
{
    if (supervisor == NULL)
        return;
    assert(pnd_supervisor_is_idle(supervisor));
    if (supervisor->timer >= 0)
        (void)close(supervisor->timer);
    if (supervisor->watch >= 0)
        (void)close(supervisor->watch);
    free(supervisor);
}
