/*
 * draw.h - numbers drawn from a seed: the same seed draws the same.
 *
 * Every instance draws from a row of its own, so that it does not matter who comes first.
 */
#ifndef PND_DRAW_H
#define PND_DRAW_H

#include "messages.h"

#include <stdint.h>

struct pnd_draw {
    uint64_t state;
};

/* How numbers are drawn; checked by the plan. */
struct pnd_draw_rule {
    Pendio__Shape shape;
    uint64_t minimum;
    uint64_t maximum;
    double mean;
    const uint64_t *values;
    const uint32_t *weights; /* NULL: all alike */
    uint32_t value_count;
    uint64_t weight_sum;
};

/* The row of one instance of one actor. */
void pnd_draw_init(struct pnd_draw *draw, uint64_t seed, uint32_t actor_index,
                   uint32_t instance_index);

/* Any 64 bits. */
uint64_t pnd_draw_next(struct pnd_draw *draw);

/* 0 up to, and without, `bound`, which is not 0. */
uint64_t pnd_draw_below(struct pnd_draw *draw, uint64_t bound);

/* Of an exponential distribution; never negative. */
double pnd_draw_exponential(struct pnd_draw *draw, double mean);

/*
 * A number of the distribution. What an exponential one draws outside of minimum and maximum is
 * the nearer of them.
 */
uint64_t pnd_draw_number(struct pnd_draw *draw, const struct pnd_draw_rule *rule);

/* The highest number it can draw. */
uint64_t pnd_draw_most(const struct pnd_draw_rule *rule);

#endif
