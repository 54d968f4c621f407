/*
 * plan_block.c - compiles a block: its steps, their order, and when its rounds begin.
 *
 * Happy path:  steps -> order -> load or time to think -> how many rounds are to be expected.
 * Failures:    a load that never begins or never ends, and an order that a step cannot keep, are
 *              refused with the block's path and the remedy.
 */
#include "plan_compile.h"

#include <errno.h>
#include <stdlib.h>

static const double rate_limit = 1e6;

static int compile_steps(struct pnd_compiler *compiler, const Pendio__Block *source,
                         struct pnd_plan_block *block)
{
    if (source->n_steps == 0)
        return pnd_plan_refuse_block(compiler, "steps", "missing; add one, or remove the block");
    block->steps = calloc(source->n_steps, sizeof *block->steps);
    if (block->steps == NULL)
        return -ENOMEM;
    block->step_count = (uint32_t)source->n_steps;
    for (size_t i = 0; i < source->n_steps; i++) {
        compiler->step_index = i;
        int status = pnd_plan_compile_step(compiler, source->steps[i], &block->steps[i]);
        if (status < 0)
            return status;
    }
    return pnd_plan_compile_labels(compiler, source, block);
}

static int check_parallel(const struct pnd_compiler *compiler, const struct pnd_plan_step *step)
{
    if (step->operation == PENDIO__OPERATION__AWAIT || step->operation == PENDIO__OPERATION__WAIT ||
        step->operation == PENDIO__OPERATION__PAUSE)
        return pnd_plan_refuse_step(
            compiler,
            "%s would hold up those after it, which are IN_PARALLEL; move it to a block "
            "of its own",
            pnd_plan_operation_name(step->operation));
    if (step->times > 1 && step->context_index != PND_PLAN_NONE)
        return pnd_plan_refuse_step(
            compiler, "one context cannot be started %u times IN_PARALLEL; name none", step->times);
    return 0;
}

static int compile_order(struct pnd_compiler *compiler, const Pendio__Block *source,
                         struct pnd_plan_block *block)
{
    block->order = source->order;
    if ((unsigned int)source->order > PENDIO__ORDER__ONE_OF_THEM)
        return pnd_plan_refuse_block(compiler, "order",
                                     "%d is unknown; use IN_SEQUENCE, IN_PARALLEL or ONE_OF_THEM",
                                     (int)source->order);
    for (uint32_t i = 0; i < block->step_count; i++) {
        compiler->step_index = i;
        block->weight_sum += block->steps[i].weight;
        if (source->steps[i]->weight > 0 && source->order != PENDIO__ORDER__ONE_OF_THEM)
            return pnd_plan_refuse_step(
                compiler, "`weight` is for blocks ONE_OF_THEM; remove it, or set `order`");
        if (source->order != PENDIO__ORDER__IN_PARALLEL)
            continue;
        int status = check_parallel(compiler, &block->steps[i]);
        if (status < 0)
            return status;
    }
    return 0;
}

static bool is_rate(double rate)
{
    return rate > 0 && rate <= rate_limit;
}

static int check_trace(const struct pnd_compiler *compiler, const Pendio__Load *source)
{
    if (source->n_at_ns == 0)
        return pnd_plan_refuse_block(compiler, "load.at_ns",
                                     "missing; TRACE needs a time for each "
                                     "round");
    for (size_t i = 1; i < source->n_at_ns; i++)
        if (source->at_ns[i] < source->at_ns[i - 1])
            return pnd_plan_refuse_block(compiler, "load.at_ns",
                                         "[%zu] is before the one before; sort them", i);
    return 0;
}

/* What an arrival needs. */
static int check_arrival(const struct pnd_compiler *compiler, const Pendio__Load *source)
{
    switch (source->arrival) {
    case PENDIO__ARRIVAL__CLOSED:
        return 0;
    case PENDIO__ARRIVAL__TRACE:
        return check_trace(compiler, source);
    case PENDIO__ARRIVAL__RAMP:
        if (!(source->rate >= 0 && source->rate <= rate_limit) || !is_rate(source->end_rate) ||
            source->ramp_ns == 0)
            return pnd_plan_refuse_block(compiler, "load",
                                         "RAMP needs `rate`, `end_rate` above 0, both of at most "
                                         "1000000, and `ramp_ns`");
        return 0;
    case PENDIO__ARRIVAL__BURST:
        if (source->burst_count == 0)
            return pnd_plan_refuse_block(compiler, "load.burst_count",
                                         "missing; BURST needs how many come at once");
        break;
    default:
        break;
    }
    if (!is_rate(source->rate))
        return pnd_plan_refuse_block(compiler, "load.rate",
                                     "is %g; use rounds a second, above 0 and at most 1000000",
                                     source->rate);
    return 0;
}

/* What only others have. */
static int check_foreign(const struct pnd_compiler *compiler, const Pendio__Load *source)
{
    Pendio__Arrival arrival = source->arrival;
    bool timed = arrival == PENDIO__ARRIVAL__CLOSED || arrival == PENDIO__ARRIVAL__TRACE;
    const char *field = NULL;
    if (timed && source->rate != 0)
        field = "load.rate";
    if (arrival != PENDIO__ARRIVAL__RAMP && source->end_rate != 0)
        field = "load.end_rate";
    if (arrival != PENDIO__ARRIVAL__RAMP && source->ramp_ns != 0)
        field = "load.ramp_ns";
    if (arrival != PENDIO__ARRIVAL__BURST && source->burst_count != 0)
        field = "load.burst_count";
    if (arrival != PENDIO__ARRIVAL__TRACE && source->n_at_ns != 0)
        field = "load.at_ns";
    if (field != NULL)
        return pnd_plan_refuse_block(compiler, field, "is for another `arrival`; remove it");
    return 0;
}

static int check_steady(const struct pnd_compiler *compiler, const Pendio__Load *source)
{
    if (!(source->steady_percent >= 0 && source->steady_percent <= 100))
        return pnd_plan_refuse_block(compiler, "load.steady_percent", "is %g; use 0 to 100",
                                     source->steady_percent);
    if ((source->steady_percent > 0) != (source->slice_ns > 0))
        return pnd_plan_refuse_block(compiler, "load",
                                     "`steady_percent` and `slice_ns` go together; set both");
    return 0;
}

static bool ends_by_itself(const Pendio__Load *load)
{
    return load->time_ns > 0 || load->steady_percent > 0 || load->arrival == PENDIO__ARRIVAL__TRACE;
}

static void copy_load(const Pendio__Load *source, struct pnd_load_rule *rule)
{
    *rule = (struct pnd_load_rule){
        .arrival = source->arrival,
        .rate = source->rate,
        .end_rate = source->end_rate,
        .ramp_ns = source->ramp_ns,
        .burst_count = source->burst_count,
        .at_count = (uint32_t)source->n_at_ns,
        .at_ns = source->at_ns,
        .time_ns = source->time_ns,
        .steady_percent = source->steady_percent,
        .slice_ns = source->slice_ns,
    };
}

/* Nobody knows how many rounds there will be: what is counted beforehand cannot be in them. */
static int check_open(struct pnd_compiler *compiler, const struct pnd_plan_block *block)
{
    for (uint32_t i = 0; i < block->step_count; i++) {
        compiler->step_index = i;
        if (block->steps[i].actor_index != PND_PLAN_NONE || block->steps[i].offset_by_instance)
            return pnd_plan_refuse_step(
                compiler, "`start_actor` and `offset_by_instance` need to know how many rounds "
                          "there will be; set the block's repeat_count, beside its load");
    }
    return 0;
}

static int compile_load(struct pnd_compiler *compiler, const Pendio__Block *source,
                        struct pnd_plan_block *block)
{
    const Pendio__Load *load = source->load;
    if ((unsigned int)load->arrival > PENDIO__ARRIVAL__TRACE)
        return pnd_plan_refuse_block(
            compiler, "load.arrival",
            "%d is unknown; use CLOSED, CONSTANT, POISSON, RAMP, BURST or TRACE",
            (int)load->arrival);
    if (source->think != NULL)
        return pnd_plan_refuse_block(compiler, "think",
                                     "is not for blocks with a `load`, whose "
                                     "rounds begin by it; remove one");
    int status = check_arrival(compiler, load);
    if (status == 0)
        status = check_foreign(compiler, load);
    if (status == 0)
        status = check_steady(compiler, load);
    if (status < 0)
        return status;
    copy_load(load, &block->load);
    block->loaded = true;
    compiler->plan->loaded = true;
    compiler->plan->actors[compiler->actor_index].loaded = true;
    if (source->repeat_count == 0 && ends_by_itself(load))
        block->repeat_count =
            load->arrival == PENDIO__ARRIVAL__TRACE ? block->load.at_count : PND_PLAN_OPEN;
    block->round_count = pnd_load_estimate(&block->load);
    if (block->repeat_count != PND_PLAN_OPEN && block->round_count > block->repeat_count)
        block->round_count = block->repeat_count;
    return block->repeat_count == PND_PLAN_OPEN ? check_open(compiler, block) : 0;
}

static int compile_think(const struct pnd_compiler *compiler, const Pendio__Block *source,
                         struct pnd_plan_block *block)
{
    const char *wrong = pnd_plan_compile_draw(source->think, &block->think);
    if (wrong != NULL)
        return pnd_plan_refuse_block(compiler, "think", "%s", wrong);
    block->thinks = true;
    return 0;
}

int pnd_plan_compile_block(struct pnd_compiler *compiler, const Pendio__Block *source,
                           struct pnd_plan_block *block)
{
    block->repeat_count = source->repeat_count > 0 ? source->repeat_count : 1;
    block->round_count = block->repeat_count;
    int status = compile_steps(compiler, source, block);
    if (status == 0)
        status = compile_order(compiler, source, block);
    if (status == 0 && source->load != NULL)
        status = compile_load(compiler, source, block);
    else if (status == 0 && source->think != NULL)
        status = compile_think(compiler, source, block);
    return status;
}
