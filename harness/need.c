/*
 * need.c - whether this runtime, as it is set up, has what a workload needs.
 *
 * Happy path:  it has.
 * Failures:    the first thing that is missing is the reason why the run is skipped.
 */
#include "need.h"

#include "names.h"

#include <stdio.h>

/* Who it is that lacks something. */
static const char *name_of(const struct pnd_engine *engine,
                           const struct pendio_loop_statistics *statistics)
{
    return statistics->backend == PENDIO_BACKEND_URING ? "backend uring" : engine->subject->name;
}

static void skip_without_features(struct pnd_engine *engine,
                                  const struct pendio_loop_statistics *statistics)
{
    uint64_t missing = engine->plan->needs & ~statistics->features;
    if (missing == 0)
        return;
    snprintf(engine->skip_reason, sizeof engine->skip_reason,
             "the workload needs %s, which %.60s does not have here, or was told to leave "
             "unused",
             pendio_feature_name(missing & -missing), name_of(engine, statistics));
    engine->stopping = true;
}

static void skip_without_failures(struct pnd_engine *engine,
                                  const struct pendio_loop_statistics *statistics)
{
    const struct pnd_plan_step *step = engine->plan->failing;
    if (step == NULL || engine->stopping)
        return;
    snprintf(engine->skip_reason, sizeof engine->skip_reason,
             "%.60s cannot let a %s fail with %s, which the workload asks for",
             name_of(engine, statistics), pnd_plan_operation_name(step->failing),
             pnd_names_error(step->error));
    engine->stopping = true;
}

void pnd_need_check(struct pnd_engine *engine)
{
    struct pendio_loop_statistics statistics = {.size = sizeof statistics};
    (void)engine->subject->loop_stats(engine->loop, &statistics);
    skip_without_features(engine, &statistics);
    skip_without_failures(engine, &statistics);
}
