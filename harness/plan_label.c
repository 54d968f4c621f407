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

/* Enters the label of the step the compiler stands at. */
static int add_label(struct pnd_compiler *compiler, const char *name)
{
    for (uint32_t i = 0; i < compiler->label_count; i++)
        if (strcmp(compiler->labels[i].name, name) == 0)
            return pnd_plan_refuse_step(
                compiler, "label \"%.60s\" is also blocks[%zu].steps[%zu]; rename one", name,
                compiler->labels[i].block_index, compiler->labels[i].step_index);
    if (compiler->label_count == PND_LABEL_LIMIT)
        return pnd_plan_refuse_step(compiler, "an actor has at most %d labels; remove some",
                                    PND_LABEL_LIMIT);
    compiler->labels[compiler->label_count++] =
        (struct pnd_label){name, compiler->block_index, compiler->step_index};
    return 0;
}

static const struct pnd_label *find_label(const struct pnd_compiler *compiler, const char *name)
{
    for (uint32_t i = 0; i < compiler->label_count; i++)
        if (compiler->labels[i].block_index == compiler->block_index &&
            strcmp(compiler->labels[i].name, name) == 0)
            return &compiler->labels[i];
    return NULL;
}

static int compile_one(const struct pnd_compiler *compiler, const Pendio__Block *source,
                       const char *name, uint32_t *ret_index)
{
    const struct pnd_label *label = find_label(compiler, name);
    if (label == NULL)
        return pnd_plan_refuse_step(
            compiler, "expect.after: no step of this block has the label \"%.60s\"; add it", name);
    if (label->step_index == compiler->step_index)
        return pnd_plan_refuse_step(compiler, "expect.after: \"%.60s\" is this step itself", name);
    if (source->order == PENDIO__ORDER__IN_SEQUENCE && label->step_index > compiler->step_index)
        return pnd_plan_refuse_step(
            compiler, "expect.after: \"%.60s\" comes later, in steps[%zu]; expect it there", name,
            label->step_index);
    *ret_index = (uint32_t)label->step_index;
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
    int status = 0;
    for (uint32_t i = 0; i < block->step_count && status == 0; i++) {
        compiler->step_index = i;
        if (source->steps[i]->label[0] == '\0')
            continue;
        block->steps[i].label_index = (int32_t)compiler->label_count;
        status = add_label(compiler, source->steps[i]->label);
    }
    for (uint32_t i = 0; i < block->step_count && status == 0; i++) {
        compiler->step_index = i;
        status = compile_after(compiler, source, &block->steps[i]);
    }
    compiler->plan->actors[compiler->actor_index].label_count = compiler->label_count;
    return status;
}
