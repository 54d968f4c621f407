/*
 * plan_label.c - compiles which steps of a block must be over before others.
 *
 * Happy path:  a label names one step of an actor; `after` names labels of the same block.
 * Failures:    a label twice, or one that cannot be over by then, is refused.
 */
#include "plan_compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int check_label(const struct pnd_compiler *compiler, const char *label)
{
    const Pendio__Actor *actor = compiler->workload->actors[compiler->actor_index];
    for (size_t i = 0; i <= compiler->block_index; i++)
        for (size_t j = 0; j < actor->blocks[i]->n_steps; j++) {
            if (i == compiler->block_index && j == compiler->step_index)
                return 0;
            if (strcmp(actor->blocks[i]->steps[j]->label, label) == 0)
                return pnd_plan_refuse_step(
                    compiler, "label \"%.60s\" is also blocks[%zu].steps[%zu]; rename one", label,
                    i, j);
        }
    return 0;
}

static int find_label(const Pendio__Block *source, const char *label)
{
    for (size_t i = 0; i < source->n_steps; i++)
        if (label[0] != '\0' && strcmp(source->steps[i]->label, label) == 0)
            return (int)i;
    return PND_PLAN_NONE;
}

static int compile_one(const struct pnd_compiler *compiler, const Pendio__Block *source,
                       const char *label, uint32_t *ret_index)
{
    int index = find_label(source, label);
    if (index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(
            compiler, "expect.after: no step of this block has the label \"%.60s\"; add it", label);
    if ((size_t)index == compiler->step_index)
        return pnd_plan_refuse_step(compiler, "expect.after: \"%.60s\" is this step itself", label);
    if (source->order == PENDIO__ORDER__IN_SEQUENCE && (size_t)index > compiler->step_index)
        return pnd_plan_refuse_step(
            compiler, "expect.after: \"%.60s\" comes later, in steps[%d]; expect it there", label,
            index);
    *ret_index = (uint32_t)index;
    return 0;
}

static int compile_after(const struct pnd_compiler *compiler, const Pendio__Block *source,
                         struct pnd_plan_step *step)
{
    const Pendio__Expectation *expect = source->steps[compiler->step_index]->expect;
    if (expect == NULL || expect->n_after == 0)
        return 0;
    if (source->order == PENDIO__ORDER__ONE_OF_THEM || step->background)
        return pnd_plan_refuse_step(
            compiler, "expect.after is not for steps in the background or in a block ONE_OF_THEM, "
                      "which may be over in another round; remove it");
    step->after = calloc(expect->n_after, sizeof *step->after);
    if (step->after == NULL)
        return -ENOMEM;
    step->after_count = (uint32_t)expect->n_after;
    for (size_t i = 0; i < expect->n_after; i++) {
        int status = compile_one(compiler, source, expect->after[i], &step->after[i]);
        if (status < 0)
            return status;
    }
    return 0;
}

int pnd_plan_compile_labels(struct pnd_compiler *compiler, const Pendio__Block *source,
                            struct pnd_plan_block *block)
{
    struct pnd_plan_actor *actor = &compiler->plan->actors[compiler->actor_index];
    for (uint32_t i = 0; i < block->step_count; i++) {
        compiler->step_index = i;
        int status = 0;
        if (source->steps[i]->label[0] != '\0') {
            block->steps[i].label_index = (int32_t)actor->label_count++;
            status = check_label(compiler, source->steps[i]->label);
        }
        if (status == 0)
            status = compile_after(compiler, source, &block->steps[i]);
        if (status < 0)
            return status;
    }
    return 0;
}
