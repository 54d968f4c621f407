/*
 * plan_names.c - holds the names a workload has to their rules, and collects those it makes.
 *
 * Happy path:  workload and actors have names, actors each their own -> handles from `into` ("self"
 *              is always the first), contexts from starts and GET, events from SIGNAL; each once.
 * Failures:    -EINVAL in the words of `pendio check` (tools/validate.c), which needs no daemon for
 *              it; a reference to a missing name is found by plan_step.c.
 */
#include "plan_compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_LIMIT_BYTES = 255,
    LIST_LIMIT = 4096, /* names are compared each with each */
};

struct name_list {
    const char **names;
    size_t count;
};

int32_t pnd_plan_find(const char *const *names, size_t name_count, const char *name)
{
    for (size_t i = 0; i < name_count; i++)
        if (strcmp(names[i], name) == 0)
            return (int32_t)i;
    return PND_PLAN_NONE;
}

static int check_length(const struct pnd_compiler *compiler, const char *path, const char *name)
{
    size_t byte_count = strlen(name);
    if (byte_count <= NAME_LIMIT_BYTES)
        return 0;
    return pnd_plan_refuse(compiler, -EINVAL, path, "has %zu bytes; use at most %d", byte_count,
                           NAME_LIMIT_BYTES);
}

static int check_lengths(const struct pnd_compiler *compiler)
{
    const Pendio__Workload *workload = compiler->workload;
    char path[64];
    int status = check_length(compiler, "name", workload->name);
    for (size_t i = 0; i < workload->n_pools && status == 0; i++) {
        snprintf(path, sizeof path, "pools[%zu].name", i);
        status = check_length(compiler, path, workload->pools[i]->name);
    }
    for (size_t i = 0; i < workload->n_endpoints && status == 0; i++) {
        snprintf(path, sizeof path, "endpoints[%zu].name", i);
        status = check_length(compiler, path, workload->endpoints[i]->name);
    }
    for (size_t i = 0; i < workload->n_actors && status == 0; i++) {
        snprintf(path, sizeof path, "actors[%zu].name", i);
        status = check_length(compiler, path, workload->actors[i]->name);
    }
    return status;
}

static int check_list(const struct pnd_compiler *compiler, const char *path, size_t count)
{
    if (count <= LIST_LIMIT)
        return 0;
    return pnd_plan_refuse(compiler, -E2BIG, path, "are %zu; at most %d", count, LIST_LIMIT);
}

static int check_actor(const struct pnd_compiler *compiler, size_t index)
{
    Pendio__Actor *const *actors = compiler->workload->actors;
    const char *name = actors[index]->name;
    char path[64];
    snprintf(path, sizeof path, "actors[%zu].name", index);
    if (name[0] == '\0')
        return pnd_plan_refuse(compiler, -EINVAL, path, "missing; give it one");
    for (size_t i = 0; i < index; i++)
        if (strcmp(actors[i]->name, name) == 0)
            return pnd_plan_refuse(compiler, -EINVAL, path,
                                   "\"%.60s\" is also actors[%zu]; rename one", name, i);
    snprintf(path, sizeof path, "actors[%zu].blocks", index);
    if (actors[index]->n_blocks == 0)
        return pnd_plan_refuse(compiler, -EINVAL, path, "missing; add one with the steps to take");
    return 0;
}

int pnd_plan_check_names(struct pnd_compiler *compiler)
{
    const Pendio__Workload *workload = compiler->workload;
    int status = 0;
    if (workload->name[0] == '\0')
        return pnd_plan_refuse(compiler, -EINVAL, "name",
                               "missing; name it area/what, as in \"stream/tcp_echo\"");
    status = check_lengths(compiler);
    if (status == 0)
        status = check_list(compiler, "pools", workload->n_pools);
    if (status == 0)
        status = check_list(compiler, "endpoints", workload->n_endpoints);
    if (status == 0)
        status = check_list(compiler, "actors", workload->n_actors);
    if (status == 0 && workload->n_actors == 0)
        return pnd_plan_refuse(compiler, -EINVAL, "actors",
                               "there are none; add one with the steps to take");
    for (size_t i = 0; i < workload->n_actors && status == 0; i++)
        status = check_actor(compiler, i);
    return status;
}

/* The lists are as long as there are steps, so that adding cannot fail. */
static void name_add(struct name_list *list, const char *name)
{
    if (name[0] != '\0' && pnd_plan_find(list->names, list->count, name) == PND_PLAN_NONE)
        list->names[list->count++] = name;
}

static bool makes_context(const Pendio__Step *step)
{
    return pnd_plan_is_start(step->operation) || step->operation == PENDIO__OPERATION__GET;
}

static void collect_step(const Pendio__Step *step, struct name_list *handles,
                         struct name_list *contexts, struct name_list *events)
{
    const struct pnd_operation_rule *rule = pnd_plan_rule(step->operation);
    if (rule == NULL)
        return;
    if ((rule->needs & (PND_INTO | PND_OR_INTO)) != 0)
        name_add(handles, step->into);
    if ((rule->needs & PND_WRITE_END) != 0)
        name_add(handles, step->write_end);
    if (makes_context(step))
        name_add(contexts, step->context);
    if (step->operation == PENDIO__OPERATION__SIGNAL)
        name_add(events, step->event);
}

static size_t count_steps(const Pendio__Actor *actor)
{
    size_t count = 0;
    for (size_t i = 0; i < actor->n_blocks; i++)
        count += actor->blocks[i]->n_steps;
    return count;
}

static int collect_actor(const Pendio__Actor *source, struct pnd_plan_actor *actor,
                         struct name_list *events)
{
    size_t step_count = count_steps(source);
    struct name_list handles = {calloc(2 * step_count + 1, sizeof(char *)), 0};
    struct name_list contexts = {calloc(step_count + 1, sizeof(char *)), 0};
    actor->name = source->name;
    actor->handle_names = handles.names;
    actor->context_names = contexts.names;
    if (handles.names == NULL || contexts.names == NULL)
        return -ENOMEM;
    name_add(&handles, "self");
    for (size_t i = 0; i < source->n_blocks; i++)
        for (size_t j = 0; j < source->blocks[i]->n_steps; j++)
            collect_step(source->blocks[i]->steps[j], &handles, &contexts, events);
    actor->handle_count = (uint32_t)handles.count;
    actor->context_count = (uint32_t)contexts.count;
    return 0;
}

int pnd_plan_collect_names(struct pnd_compiler *compiler)
{
    const Pendio__Workload *workload = compiler->workload;
    size_t step_count = 0;
    for (size_t i = 0; i < workload->n_actors; i++)
        step_count += count_steps(workload->actors[i]);
    struct name_list events = {calloc(step_count + 1, sizeof(char *)), 0};
    compiler->plan->events = events.names;
    if (events.names == NULL)
        return -ENOMEM;
    int status = 0;
    for (size_t i = 0; i < workload->n_actors && status == 0; i++)
        status = collect_actor(workload->actors[i], &compiler->plan->actors[i], &events);
    compiler->plan->event_count = (uint32_t)events.count;
    return status;
}
