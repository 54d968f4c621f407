/*
 * job.h - one submitted run, from its request to its report.
 *
 * create -> start -> attend until it says that it is over -> conclude -> destroy.
 */
#ifndef PND_JOB_H
#define PND_JOB_H

#include "content_hash.h"
#include "happened.h"
#include "messages.h"
#include "process.h"
#include "scratch.h"
#include "verdict.h"

#define PND_JOB_NEVER UINT64_MAX

/* Who hears of progress, statistics and reports. The event is only valid during the call. */
struct pnd_listener {
    void (*hear)(void *state, const Pendio__Event *event);
    void *state;
};

struct pnd_submission {
    const Pendio__SubmitRequest *request; /* with a workload */
    uint64_t time_limit_ms;
    uint64_t descriptor_count; /* 0: as many as the daemon */
    uint64_t memory_bytes;     /* private memory beside what every run needs; 0: no limit */
    uint64_t file_bytes;       /* of the largest file; 0: no limit */
    const char *peer;          /* who submits it; NULL: nobody knows */
    uint64_t patience_ms;      /* of one place of several, until all are ready */
};

struct pnd_job {
    struct pnd_job *next; /* in the queue */
    uint64_t number;
    char *features;
    char *backend;
    char *peer;
    char content_hash[PND_CONTENT_HASH_BYTES]; /* of its workload; empty: not known */
    uint64_t seed;
    bool to_crash; /* as its workload expects */
    bool is_dying; /* as its process says */
    uint64_t time_limit_ms;
    uint64_t descriptor_count;
    uint64_t memory_bytes;
    uint64_t file_bytes;
    uint64_t patience_ms;
    bool placed; /* it is one place of several */
    bool begun;  /* and was told that all are ready */
    uint32_t place;
    struct pnd_happened happened; /* what the other places are to be told */
    uint8_t *input;               /* the framed request, until it is started */
    size_t input_bytes;

    struct pnd_process process;
    struct pnd_scratch scratch;
    uint64_t started_ns;
    uint64_t deadline_ns; /* when its process is killed */
    enum pnd_cause cause;
    Pendio__Progress progress; /* its workload's name is the job's own */
    Pendio__Event *stats;      /* the latest; NULL: none yet */
    Pendio__Event *report;     /* NULL: none yet */
};

/* Returns 0 or -ENOMEM. */
int pnd_job_create(const struct pnd_submission *submission, uint64_t number,
                   struct pnd_job **ret_job);

/* Returns 0, or -errno when there is no process to wait for. */
int pnd_job_start(struct pnd_job *job, const char *const *command, int watch, uint64_t now_ns);

/* Takes what the process has said and kills it when its time is up. True once it is over. */
bool pnd_job_attend(struct pnd_job *job, uint64_t now_ns, const struct pnd_listener *listener);

/*
 * Tells it what happened at other places, or to begin. Returns 0, -EINVAL when it is not one place
 * of several, or -errno of pnd_process_feed().
 */
int pnd_job_tell(struct pnd_job *job, uint64_t now_ns, const Pendio__TellRequest *told);

/* Asks the process to end, and gives it a moment; unless it has reported, and ends anyway. */
void pnd_job_stop(struct pnd_job *job, uint64_t now_ns, enum pnd_cause cause);

/* Without a moment. */
void pnd_job_kill(struct pnd_job *job);

/*
 * The report of a job that is over: its process's own, or one that says why there is none. Returns
 * 0 or -ENOMEM. The event is freed with pnd_message_free().
 */
int pnd_job_conclude(struct pnd_job *job, uint64_t now_ns, const struct pnd_listener *listener,
                     Pendio__Event **ret_report, size_t *ret_packed_byte_count);

/*
 * Of a job whose start failed with `status`, or was not to be any more: -ECANCELED by request,
 * -ESHUTDOWN because we end. As pnd_job_conclude().
 */
int pnd_job_conclude_unstarted(struct pnd_job *job, int status, const struct pnd_listener *listener,
                               Pendio__Event **ret_report, size_t *ret_packed_byte_count);

/* What is known of it now; valid until its next attend. */
void pnd_job_describe(const struct pnd_job *job, Pendio__Stats *ret_stats);

void pnd_job_destroy(struct pnd_job *job);

#endif
