/* merge.h - what became of one workload at several places, as one outcome. */
#ifndef PND_MERGE_H
#define PND_MERGE_H

#include "options.h"
#include "outcome.h"

struct pnd_merge_part {
    uint32_t place;
    const struct pnd_outcome *outcome;
    bool was_cancelled; /* by us, because another place did not pass */
};

/*
 * The verdict and reason are those of the worst part; what the workload expects of the run as a
 * whole is held against all of it. The options name the daemon of each place. Returns 0, or -ENOMEM
 * with no outcome.
 */
int pnd_merge_outcomes(const struct pnd_merge_part *parts, size_t part_count,
                       const Pendio__Workload *workload, const char *name,
                       const struct pnd_options *options, struct pnd_outcome *ret_outcome);

#endif
