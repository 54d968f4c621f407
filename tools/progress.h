/* progress.h - a line on the terminal that moves while workloads run. */
#ifndef PND_PROGRESS_H
#define PND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct pnd_progress {
    bool wanted;
    int64_t started_ns;
    int64_t drawn_ns;
    int workload_count;
    int workload_index;
    const char *workload;
    const char *unit; /* what `operations` are called */
    uint64_t operations;
    uint64_t operations_expected; /* 0: unknown */
    uint32_t ahead_count;         /* runs that come first */
};

/* `wanted` also needs a terminal on stderr. */
void pnd_progress_begin(struct pnd_progress *progress, int workload_count, bool wanted);

/* `workload` must outlive it. */
void pnd_progress_next(struct pnd_progress *progress, int workload_index, const char *workload);

void pnd_progress_update(struct pnd_progress *progress, uint64_t operations,
                         uint64_t operations_expected);

/* So many runs come first; 0: it is under way. */
void pnd_progress_wait(struct pnd_progress *progress, uint32_t ahead_count);

/* Draws when it is time to. */
void pnd_progress_tick(struct pnd_progress *progress);

/* Leaves the terminal's line empty. */
void pnd_progress_end(struct pnd_progress *progress);

#endif
