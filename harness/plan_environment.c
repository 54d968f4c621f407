/*
 * plan_environment.c - what a workload is, and what it is to run in.
 *
 * Happy path:  its hash is its own, features have names the runtime knows.
 * Failures:    a workload that was changed since, a name nobody knows and a processor no system
 *              can have are refused; what this machine lacks is found by the run, and skips it.
 */
#include "content_hash.h"
#include "names.h"
#include "plan_compile.h"
#include "setting.h"
#include "trace.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static int compile_needs(struct pnd_compiler *compiler)
{
    const Pendio__Workload *workload = compiler->workload;
    struct pnd_message_error list = {""};
    char *known[PND_NAMES_FEATURE_COUNT];
    size_t known_count = pnd_names_features(known);
    for (size_t i = 0; i < workload->n_needs; i++) {
        char path[32];
        snprintf(path, sizeof path, "needs[%zu]", i);
        uint64_t bit = pnd_names_find_feature(workload->needs[i]);
        compiler->plan->needs |= bit;
        if (bit != 0)
            continue;
        for (size_t j = 0; j < known_count; j++) {
            size_t used = strlen(list.text);
            snprintf(list.text + used, sizeof list.text - used, "%s%s", j > 0 ? ", " : "",
                     known[j]);
        }
        return pnd_plan_refuse(compiler, -EINVAL, path,
                               "\"%.60s\" is no feature; use one of %.600s", workload->needs[i],
                               list.text);
    }
    return 0;
}

static int check_hash(struct pnd_compiler *compiler)
{
    struct pnd_message_error wrong = {""};
    int status = pnd_content_hash_check(compiler->workload, &wrong);
    if (status != -EINVAL)
        return status;
    return pnd_plan_refuse(compiler, -EINVAL, "content_hash", "%s",
                           wrong.text + strlen("content_hash: "));
}

static int check_environment(struct pnd_compiler *compiler)
{
    const Pendio__Environment *environment = compiler->workload->environment;
    struct pnd_message_error wrong = {""};
    char *known[PND_NAMES_FEATURE_COUNT];
    size_t known_count = pnd_names_features(known);
    if (environment == NULL)
        return 0;
    if (pnd_setting_check_backend(environment->backend, &wrong) < 0)
        return pnd_plan_refuse(compiler, -EINVAL, "environment.backend", "%s", wrong.text);
    if (pnd_setting_check_features(environment->features, known, known_count, &wrong) < 0)
        return pnd_plan_refuse(compiler, -EINVAL, "environment.features", "%.700s", wrong.text);
    for (size_t i = 0; i < environment->n_processors; i++)
        if (environment->processors[i] >= CPU_SETSIZE)
            return pnd_plan_refuse(compiler, -EINVAL, "environment.processors",
                                   "%u is no processor; use 0 to %d", environment->processors[i],
                                   CPU_SETSIZE - 1);
    return 0;
}

static int check_record(struct pnd_compiler *compiler)
{
    const Pendio__Record *record = compiler->workload->record;
    if (record == NULL || record->event_count == 0)
        return 0;
    if (!record->answers)
        return pnd_plan_refuse(compiler, -EINVAL, "record.event_count",
                               "is of the trace, which nobody asks for; set record.answers");
    if (record->event_count > PND_TRACE_LIMIT_COUNT)
        return pnd_plan_refuse(compiler, -EINVAL, "record.event_count",
                               "is %u, over the limit of %d; lower it", record->event_count,
                               PND_TRACE_LIMIT_COUNT);
    return 0;
}

int pnd_plan_compile_environment(struct pnd_compiler *compiler)
{
    int status = check_hash(compiler);
    if (status == 0)
        status = compile_needs(compiler);
    if (status == 0)
        status = check_record(compiler);
    return status < 0 ? status : check_environment(compiler);
}
