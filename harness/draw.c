/*
 * draw.c - numbers drawn from a seed: the same seed draws the same.
 *
 * Happy path:  a counter goes on by a constant; each of its values, mixed, is a draw (splitmix64).
 * Failures:    none; rules that cannot be drawn from are refused by the plan.
 */
#include "draw.h"

#include <math.h>

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

void pnd_draw_init(struct pnd_draw *draw, uint64_t seed, uint32_t actor_index,
                   uint32_t instance_index)
{
    draw->state = mix(mix(seed) + (((uint64_t)actor_index + 1) << 32 | instance_index));
}

uint64_t pnd_draw_next(struct pnd_draw *draw)
{
    draw->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(draw->state);
}

/* The remainder favours low numbers by less than anyone could see. */
uint64_t pnd_draw_below(struct pnd_draw *draw, uint64_t bound)
{
    return pnd_draw_next(draw) % bound;
}

/* From 0, and without 1. */
static double unit(struct pnd_draw *draw)
{
    return (double)(pnd_draw_next(draw) >> 11) / (double)(UINT64_C(1) << 53);
}

double pnd_draw_exponential(struct pnd_draw *draw, double mean)
{
    return -mean * log1p(-unit(draw));
}

static uint64_t exponentially(struct pnd_draw *draw, const struct pnd_draw_rule *rule)
{
    double number = pnd_draw_exponential(draw, rule->mean);
    if (number >= (double)pnd_draw_most(rule))
        return pnd_draw_most(rule);
    return number < (double)rule->minimum ? rule->minimum : (uint64_t)number;
}

static uint64_t among(struct pnd_draw *draw, const struct pnd_draw_rule *rule)
{
    if (rule->weights == NULL)
        return rule->values[pnd_draw_below(draw, rule->value_count)];
    uint64_t drawn = pnd_draw_below(draw, rule->weight_sum);
    uint32_t i = 0;
    for (; drawn >= rule->weights[i]; i++)
        drawn -= rule->weights[i];
    return rule->values[i];
}

uint64_t pnd_draw_number(struct pnd_draw *draw, const struct pnd_draw_rule *rule)
{
    switch (rule->shape) {
    case PENDIO__SHAPE__EVENLY:
        if (rule->maximum - rule->minimum == UINT64_MAX)
            return pnd_draw_next(draw);
        return rule->minimum + pnd_draw_below(draw, rule->maximum - rule->minimum + 1);
    case PENDIO__SHAPE__EXPONENTIALLY:
        return exponentially(draw, rule);
    case PENDIO__SHAPE__AMONG:
        return among(draw, rule);
    default:
        return rule->minimum;
    }
}

uint64_t pnd_draw_most(const struct pnd_draw_rule *rule)
{
    uint64_t most = rule->minimum;
    if (rule->shape == PENDIO__SHAPE__EVENLY)
        return rule->maximum;
    if (rule->shape == PENDIO__SHAPE__EXPONENTIALLY && rule->maximum == 0)
        return (uint64_t)(100 * rule->mean);
    if (rule->shape == PENDIO__SHAPE__EXPONENTIALLY)
        return rule->maximum;
    if (rule->shape != PENDIO__SHAPE__AMONG)
        return most;
    most = 0;
    for (uint32_t i = 0; i < rule->value_count; i++)
        if (rule->values[i] > most && (rule->weights == NULL || rule->weights[i] > 0))
            most = rule->values[i];
    return most;
}
