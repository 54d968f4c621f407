/*
 * load.c - when the rounds of a block are to begin, whatever the answers take.
 *
 * Happy path:  the number of a round gives its time (POISSON: the time of the one before and a
 *              draw); rounds whose time is within `time_ns` are all made up, however late.
 * Failures:    none; a slice of time without a round begins the row of steady ones anew.
 */
#include "load.h"

#include <math.h>
#include <string.h>

#define SECOND_NS 1e9

static const double furthest_ns = 1e18; /* beyond every run, and sums of it fit */

void pnd_load_begin(struct pnd_load *load, uint64_t now_ns)
{
    *load = (struct pnd_load){.begun_ns = now_ns};
}

/* The time by which so many rounds were to begin at a rate that goes evenly from one to another. */
static double ramp_ns(const struct pnd_load_rule *rule, double round_count)
{
    double ramp_s = (double)rule->ramp_ns / SECOND_NS;
    double in_ramp_count = (rule->rate + rule->end_rate) / 2 * ramp_s;
    if (round_count >= in_ramp_count)
        return (ramp_s + (round_count - in_ramp_count) / rule->end_rate) * SECOND_NS;
    if (round_count == 0)
        return 0;
    double growth = (rule->end_rate - rule->rate) / (2 * ramp_s);
    double root = sqrt(rule->rate * rule->rate + 4 * growth * round_count);
    return 2 * round_count / (rule->rate + root) * SECOND_NS;
}

/* Since the block began; negative when it has ended. */
static double arrival_ns(struct pnd_load *load, const struct pnd_load_rule *rule,
                         struct pnd_draw *draw, uint64_t now_ns)
{
    double number = (double)load->round_count;
    switch (rule->arrival) {
    case PENDIO__ARRIVAL__CONSTANT:
        return number / rule->rate * SECOND_NS;
    case PENDIO__ARRIVAL__POISSON:
        load->arrival_ns += pnd_draw_exponential(draw, SECOND_NS / rule->rate);
        return load->arrival_ns;
    case PENDIO__ARRIVAL__RAMP:
        return ramp_ns(rule, number);
    case PENDIO__ARRIVAL__BURST:
        return floor(number / rule->burst_count) * rule->burst_count / rule->rate * SECOND_NS;
    case PENDIO__ARRIVAL__TRACE:
        return load->round_count < rule->at_count ? (double)rule->at_ns[load->round_count] : -1;
    default:
        return (double)(now_ns - load->begun_ns);
    }
}

bool pnd_load_next(struct pnd_load *load, const struct pnd_load_rule *rule, struct pnd_draw *draw,
                   uint64_t now_ns, uint64_t *ret_at_ns)
{
    if (load->steady)
        return false;
    double after_ns = arrival_ns(load, rule, draw, now_ns);
    if (after_ns < 0 || (rule->time_ns > 0 && after_ns >= (double)rule->time_ns))
        return false;
    load->round_count++;
    *ret_at_ns = load->begun_ns + (uint64_t)(after_ns < furthest_ns ? after_ns : furthest_ns);
    return true;
}

static bool is_steady(const struct pnd_load *load, const struct pnd_load_rule *rule)
{
    double sum_ns = 0;
    if (load->mean_count < PND_LOAD_SLICE_COUNT)
        return false;
    for (uint32_t i = 0; i < PND_LOAD_SLICE_COUNT; i++)
        sum_ns += load->means_ns[i];
    double mean_ns = sum_ns / PND_LOAD_SLICE_COUNT;
    for (uint32_t i = 0; i < PND_LOAD_SLICE_COUNT; i++)
        if (fabs(load->means_ns[i] - mean_ns) > mean_ns * rule->steady_percent / 100)
            return false;
    return true;
}

static void end_slice(struct pnd_load *load, const struct pnd_load_rule *rule)
{
    if (load->mean_count == PND_LOAD_SLICE_COUNT)
        memmove(load->means_ns, load->means_ns + 1, --load->mean_count * sizeof load->means_ns[0]);
    load->means_ns[load->mean_count++] = load->slice_sum_ns / (double)load->slice_round_count;
    load->slice_sum_ns = 0;
    load->slice_round_count = 0;
    load->steady = load->steady || is_steady(load, rule);
}

void pnd_load_told(struct pnd_load *load, const struct pnd_load_rule *rule, uint64_t now_ns,
                   uint64_t latency_ns)
{
    if (rule->slice_ns == 0)
        return;
    uint64_t slice_index = (now_ns - load->begun_ns) / rule->slice_ns;
    if (slice_index > load->slice_index && load->slice_round_count > 0)
        end_slice(load, rule);
    if (slice_index > load->slice_index + 1)
        load->mean_count = 0;
    load->slice_index = slice_index;
    load->slice_sum_ns += (double)latency_ns;
    load->slice_round_count++;
}

uint64_t pnd_load_estimate(const struct pnd_load_rule *rule)
{
    double time_s = (double)rule->time_ns / SECOND_NS;
    double ramp_s = (double)rule->ramp_ns / SECOND_NS;
    if (rule->arrival == PENDIO__ARRIVAL__TRACE)
        return rule->at_count;
    if (rule->time_ns == 0 || rule->arrival == PENDIO__ARRIVAL__CLOSED)
        return UINT64_MAX;
    double count = rule->rate * time_s;
    if (rule->arrival == PENDIO__ARRIVAL__RAMP && time_s < ramp_s)
        count += (rule->end_rate - rule->rate) * time_s / ramp_s * time_s / 2;
    else if (rule->arrival == PENDIO__ARRIVAL__RAMP)
        count = (rule->rate + rule->end_rate) / 2 * ramp_s + rule->end_rate * (time_s - ramp_s);
    return count < furthest_ns ? (uint64_t)ceil(count) : UINT64_MAX;
}
