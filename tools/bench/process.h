/* process.h - programs as children of the bench: on cores of their own, and never left behind. */
#ifndef PND_BENCH_PROCESS_H
#define PND_BENCH_PROCESS_H

#include <sched.h>
#include <stdint.h>

struct pnd_bench_process {
    int pid;
    int output; /* of its stdout, to be read from; -1: it goes to the log */
};

/*
 * The first word is the program's path. Log: a file for what it says; NULL: its stdout is read by
 * the bench, its stderr is the bench's. Returns 0 or -errno.
 */
int pnd_bench_process_start(const char *const *words, const cpu_set_t *cores, const char *log,
                            struct pnd_bench_process *ret_process);

/* Until it says "ready". Returns 0, -ETIMEDOUT, -EINTR, or -ECONNREFUSED: it did not say so. */
int pnd_bench_process_listen(const struct pnd_bench_process *process);

/* CPU time so far of all its threads, those included that have ended. Returns 0 or -errno. */
int pnd_bench_process_spent(const struct pnd_bench_process *process, int64_t *ret_ns);

/*
 * What it has counted so far: SIGUSR1 has it say "CALLS COMPLETIONS". Returns 0, -errno, or
 * -ECONNREFUSED: it did not say so.
 */
int pnd_bench_process_counted(const struct pnd_bench_process *process, uint64_t *ret_calls,
                              uint64_t *ret_completions);

/* Until it ends by itself. Returns its exit code, or -EINTR: a signal came, and it was ended. */
int pnd_bench_process_join(const struct pnd_bench_process *process);

/* Asks it to end, and ends it if it does not. */
void pnd_bench_process_stop(const struct pnd_bench_process *process);

#endif
