/*
 * load.h - when the rounds of a block are to begin, whatever the answers take.
 *
 * All times are on one clock. An instance asks for the next time, waits for it, does the round, and
 * tells how long it took from there.
 */
#ifndef PND_LOAD_H
#define PND_LOAD_H

#include "draw.h"

#include <stdbool.h>
#include <stdint.h>

enum { PND_LOAD_SLICE_COUNT = 10 }; /* in a row that must be alike for a load to be steady */

/* As the schema has it; checked by the plan. */
struct pnd_load_rule {
    Pendio__Arrival arrival;
    double rate;
    double end_rate;
    uint64_t ramp_ns;
    uint32_t burst_count;
    uint32_t at_count;
    const uint64_t *at_ns;
    uint64_t time_ns;
    double steady_percent;
    uint64_t slice_ns;
};

/* Of one instance. */
struct pnd_load {
    uint64_t begun_ns;
    uint64_t round_count; /* whose times were told */
    double arrival_ns;    /* POISSON: of the last one, since the block began */
    uint64_t slice_index; /* of the time at hand */
    uint64_t slice_round_count;
    double slice_sum_ns;
    double
        means_ns[PND_LOAD_SLICE_COUNT]; /* of slices in a row, the last one at `mean_count` - 1 */
    uint32_t mean_count;
    bool steady;
};

/* A block begins. */
void pnd_load_begin(struct pnd_load *load, uint64_t now_ns);

/*
 * When the next round is to begin, which may be long ago; false when the load has ended by its
 * time, its list or in steadiness.
 */
bool pnd_load_next(struct pnd_load *load, const struct pnd_load_rule *rule, struct pnd_draw *draw,
                   uint64_t now_ns, uint64_t *ret_at_ns);

/* A round was over at `now_ns`. */
void pnd_load_told(struct pnd_load *load, const struct pnd_load_rule *rule, uint64_t now_ns,
                   uint64_t latency_ns);

/* Rounds it may have within its time, of one instance; UINT64_MAX: nobody can say. */
uint64_t pnd_load_estimate(const struct pnd_load_rule *rule);

#endif
