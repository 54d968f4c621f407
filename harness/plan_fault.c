/*
 * plan_fault.c - compiles faults that a workload brings about.
 *
 * Happy path:  each says what it needs, and the run expects what comes of it.
 * Failures:    a fault without it, or its fields on another step, is refused.
 */
#include "kind.h"
#include "names.h"
#include "plan_compile.h"

#include <string.h>

/* A step of the actor by which this context is lent a buffer. */
static bool is_lent(const struct pnd_compiler *compiler, const char *context)
{
    const Pendio__Actor *actor = compiler->workload->actors[compiler->actor_index];
    for (size_t i = 0; i < actor->n_blocks; i++)
        for (size_t j = 0; j < actor->blocks[i]->n_steps; j++) {
            const Pendio__Step *step = actor->blocks[i]->steps[j];
            if (pnd_kind_is_receive(pnd_plan_start(step->operation)) &&
                step->memory == PENDIO__MEMORY__LENT && strcmp(step->context, context) == 0)
                return true;
        }
    return false;
}

static int compile_fail(const struct pnd_compiler *compiler, const Pendio__Step *source,
                        struct pnd_plan_step *step)
{
    if (!pnd_plan_is_start(source->failing))
        return pnd_plan_refuse_step(
            compiler, "FAIL needs the operation that is to fail; name one in `failing`");
    step->failing = source->failing;
    step->error = pnd_names_find_error(source->errno_name);
    if (step->error <= 0)
        return pnd_plan_refuse_step(compiler,
                                    "errno_name is \"%.40s\"; use one of errno's, as \"EIO\"",
                                    source->errno_name);
    if (compiler->plan->failing == NULL)
        compiler->plan->failing = step;
    return 0;
}

static int check_death(struct pnd_compiler *compiler)
{
    const Pendio__RunExpectation *expect = compiler->workload->expect;
    compiler->plan->dies = true;
    if (expect == NULL || expect->verdict != PENDIO__VERDICT__CRASHED)
        return pnd_plan_refuse_step(
            compiler, "DIE ends the run's process; set `verdict` of the workload's `expect` to "
                      "CRASHED");
    return 0;
}

int pnd_plan_compile_fault(struct pnd_compiler *compiler, const Pendio__Step *source,
                           struct pnd_plan_step *step)
{
    bool fail = source->operation == PENDIO__OPERATION__FAIL;
    if (!fail && (source->failing != PENDIO__OPERATION__OPERATION_UNSPECIFIED ||
                  source->errno_name[0] != '\0'))
        return pnd_plan_refuse_step(compiler,
                                    "`failing` and `errno_name` are for FAIL; remove them");
    if (fail)
        return compile_fail(compiler, source, step);
    if (source->operation == PENDIO__OPERATION__DIE)
        return check_death(compiler);
    if (source->operation == PENDIO__OPERATION__LIMIT_DESCRIPTORS)
        step->times = source->times; /* 0 means something */
    if (source->operation == PENDIO__OPERATION__HOLD_BUFFERS && !is_lent(compiler, source->context))
        return pnd_plan_refuse_step(
            compiler, "nothing to HOLD; give this step and a RECEIVE in memory LENT the same "
                      "`context`");
    return 0;
}
