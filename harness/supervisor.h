/* supervisor.h - which runs wait, which are under way, and what became of the others. */
#ifndef PND_SUPERVISOR_H
#define PND_SUPERVISOR_H

#include "audit.h"
#include "job.h"
#include "store.h"

enum {
    PND_SUPERVISOR_RUNNING_MAXIMUM = 64,   /* at once, whatever is asked for */
    PND_SUPERVISOR_QUEUE_COUNT = 256,      /* runs that may wait */
    PND_SUPERVISOR_QUEUE_BYTES = 64 << 20, /* of their requests */
};

struct pnd_supervisor;

struct pnd_supervisor_options {
    const char *const *command;    /* of a run's process: program and arguments, NULL at the end */
    uint32_t running_count;        /* runs at once */
    struct pnd_store *store;       /* takes the finished ones; outlives the supervisor */
    const struct pnd_audit *audit; /* has a line of each; outlives it, too; NULL: none */
    uint64_t last_run;             /* the number after it is that of the first */
    struct pnd_listener listener;  /* hears of everything, in order */
};

int pnd_supervisor_create(const struct pnd_supervisor_options *options,
                          struct pnd_supervisor **ret_supervisor);

/* Readable when a turn has something to do. */
int pnd_supervisor_descriptor(const struct pnd_supervisor *supervisor);

/* Looks after all runs once. Never waits. */
void pnd_supervisor_turn(struct pnd_supervisor *supervisor);

/*
 * Queues a run, and starts it if there is room. Returns 0, -EBUSY when too many wait, or -ENOMEM.
 */
int pnd_supervisor_submit(struct pnd_supervisor *supervisor,
                          const struct pnd_submission *submission, uint64_t *ret_run,
                          uint32_t *ret_ahead_count);

/*
 * Ends a run that waits, at once, or one that is under way, soon. Returns 0, or -ENOENT for every
 * other.
 */
int pnd_supervisor_cancel(struct pnd_supervisor *supervisor, uint64_t run);

/*
 * Tells a run that is one place of several. Returns 0, -ENOENT when it is not under way, or -errno
 * of pnd_job_tell().
 */
int pnd_supervisor_tell(struct pnd_supervisor *supervisor, const Pendio__TellRequest *told);

/* What other places are to be told by a run under way; NULL for every other. Valid until a turn. */
const struct pnd_happened *pnd_supervisor_happened(const struct pnd_supervisor *supervisor,
                                                   uint64_t run);

/* How far a run has come that waits or is under way; NULL for every other. Valid until a turn. */
const Pendio__Progress *pnd_supervisor_find(const struct pnd_supervisor *supervisor, uint64_t run);

/* The statistics of the runs under way, youngest first; returns their count. Valid until a turn. */
size_t pnd_supervisor_stats(const struct pnd_supervisor *supervisor, Pendio__Stats *ret_stats,
                            size_t stats_count);

/* Concludes the runs that wait and asks the others to end: turn until it is idle. */
void pnd_supervisor_stop(struct pnd_supervisor *supervisor);

/* After that: kills them. */
void pnd_supervisor_kill(struct pnd_supervisor *supervisor);

bool pnd_supervisor_is_idle(const struct pnd_supervisor *supervisor);

/* Only when idle. */
void pnd_supervisor_destroy(struct pnd_supervisor *supervisor);

#endif
