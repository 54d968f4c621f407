/*
 * plan_step.c - compiles one step: every name it refers to, every number it gives.
 *
 * Happy path:  the operation's row in the table says what the step needs; names become indices.
 * Failures:    a name nobody makes, a number out of range or a combination without a meaning is
 *              refused with the step's path and the remedy.
 */
#include "plan_compile.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <poll.h>
#include <string.h>

static const struct pnd_operation_rule rules[] = {
    [PENDIO__OPERATION__NOP] = {.name = "NOP", .start = true},
    [PENDIO__OPERATION__TIMER] = {.name = "TIMER", .start = true},
    [PENDIO__OPERATION__ACCEPT] = {.name = "ACCEPT", .start = true, .handle = true, .into = true},
    [PENDIO__OPERATION__CONNECT] = {.name = "CONNECT",
                                    .start = true,
                                    .handle = true,
                                    .endpoint = true},
    [PENDIO__OPERATION__RECEIVE] = {.name = "RECEIVE",
                                    .start = true,
                                    .handle = true,
                                    .window = true},
    [PENDIO__OPERATION__SEND] = {.name = "SEND", .start = true, .handle = true, .window = true},
    [PENDIO__OPERATION__RECEIVE_FROM] = {.name = "RECEIVE_FROM",
                                         .start = true,
                                         .handle = true,
                                         .window = true},
    [PENDIO__OPERATION__SEND_TO] = {.name = "SEND_TO",
                                    .start = true,
                                    .handle = true,
                                    .window = true},
    [PENDIO__OPERATION__OPEN] =
        {.name = "OPEN", .start = true, .into = true, .endpoint = true, .file = true},
    [PENDIO__OPERATION__READ] = {.name = "READ", .start = true, .handle = true, .window = true},
    [PENDIO__OPERATION__WRITE] = {.name = "WRITE", .start = true, .handle = true, .window = true},
    [PENDIO__OPERATION__CLOSE] = {.name = "CLOSE", .start = true, .handle = true},
    [PENDIO__OPERATION__FSYNC] = {.name = "FSYNC", .start = true, .handle = true},
    [PENDIO__OPERATION__TRUNCATE] = {.name = "TRUNCATE", .start = true, .handle = true},
    [PENDIO__OPERATION__STAT] = {.name = "STAT", .start = true, .window = true, .file = true},
    [PENDIO__OPERATION__RENAME] =
        {.name = "RENAME", .start = true, .endpoint = true, .file = true, .target = true},
    [PENDIO__OPERATION__UNLINK] = {.name = "UNLINK", .start = true, .endpoint = true, .file = true},
    [PENDIO__OPERATION__MKDIR] = {.name = "MKDIR", .start = true, .endpoint = true, .file = true},
    [PENDIO__OPERATION__POLL] = {.name = "POLL", .start = true, .handle = true},
    [PENDIO__OPERATION__SOCKET] = {.name = "SOCKET", .into = true, .endpoint = true},
    [PENDIO__OPERATION__BIND] = {.name = "BIND", .handle = true, .endpoint = true},
    [PENDIO__OPERATION__LISTEN] = {.name = "LISTEN", .handle = true},
    [PENDIO__OPERATION__HALF_CLOSE] = {.name = "HALF_CLOSE", .handle = true},
    [PENDIO__OPERATION__CANCEL] = {.name = "CANCEL", .context = true},
    [PENDIO__OPERATION__POST] = {.name = "POST"},
    [PENDIO__OPERATION__GET] = {.name = "GET", .context = true},
    [PENDIO__OPERATION__PUT] = {.name = "PUT", .context = true},
    [PENDIO__OPERATION__CLOSE_NOW] = {.name = "CLOSE_NOW", .handle = true},
    [PENDIO__OPERATION__AWAIT] = {.name = "AWAIT"},
    [PENDIO__OPERATION__SIGNAL] = {.name = "SIGNAL", .event = true},
    [PENDIO__OPERATION__WAIT] = {.name = "WAIT", .event = true},
    [PENDIO__OPERATION__PAUSE] = {.name = "PAUSE"},
};

const struct pnd_operation_rule *pnd_plan_rule(Pendio__Operation operation)
{
    unsigned int index = (unsigned int)operation;
    if (index >= sizeof rules / sizeof *rules || rules[index].name == NULL)
        return NULL;
    return &rules[index];
}

bool pnd_plan_is_start(Pendio__Operation operation)
{
    const struct pnd_operation_rule *rule = pnd_plan_rule(operation);
    return rule != NULL && rule->start;
}

const char *pnd_plan_operation_name(Pendio__Operation operation)
{
    const struct pnd_operation_rule *rule = pnd_plan_rule(operation);
    return rule != NULL ? rule->name : "unknown";
}

static struct pnd_plan_actor *this_actor(const struct pnd_compiler *compiler)
{
    return &compiler->plan->actors[compiler->actor_index];
}

/* A STAT is of its endpoint, of its handle, or of what the endpoint is below the handle. */
static bool wants_handle(const struct pnd_operation_rule *rule, const Pendio__Step *source)
{
    if (source->operation != PENDIO__OPERATION__STAT)
        return rule->handle;
    return source->handle[0] != '\0' || source->endpoint[0] == '\0';
}

static int resolve_handle(const struct pnd_compiler *compiler,
                          const struct pnd_operation_rule *rule, const Pendio__Step *source,
                          struct pnd_plan_step *step)
{
    const struct pnd_plan_actor *actor = this_actor(compiler);
    bool wanted = wants_handle(rule, source);
    if (wanted && source->handle[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s needs a handle; name one in `handle`",
                                    rule->name);
    if (wanted) {
        step->handle_index =
            pnd_plan_find(actor->handle_names, actor->handle_count, source->handle);
        if (step->handle_index == PND_PLAN_NONE)
            return pnd_plan_refuse_step(
                compiler,
                "no step of actor \"%.60s\" makes the handle \"%.60s\"; name it in `into`",
                actor->name, source->handle);
    }
    if (rule->into && source->into[0] != '\0')
        step->into_index = pnd_plan_find(actor->handle_names, actor->handle_count, source->into);
    if (rule->into && source->into[0] == '\0' && source->start_actor[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s makes a handle nobody takes; name it in `into`",
                                    rule->name);
    return 0;
}

static int find_endpoint(const struct pnd_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->endpoint_count; i++)
        if (strcmp(plan->endpoints[i].name, name) == 0)
            return (int32_t)i;
    return PND_PLAN_NONE;
}

/* The endpoint of a name that is not empty, and of the kind the operation can use. */
static int use_endpoint(const struct pnd_compiler *compiler, const struct pnd_operation_rule *rule,
                        const char *name, int32_t *ret_index)
{
    int32_t index = find_endpoint(compiler->plan, name);
    if (index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(compiler,
                                    "there is no endpoint \"%.60s\"; add it to `endpoints`", name);
    bool is_file = compiler->plan->endpoints[index].family == PENDIO__FAMILY__FILE;
    if (is_file != rule->file)
        return pnd_plan_refuse_step(compiler, "%s cannot use endpoint \"%.60s\", which %s a FILE",
                                    rule->name, name, is_file ? "is" : "is not");
    *ret_index = index;
    return 0;
}

static int resolve_endpoint(const struct pnd_compiler *compiler,
                            const struct pnd_operation_rule *rule, const Pendio__Step *source,
                            struct pnd_plan_step *step)
{
    int status = 0;
    if (rule->endpoint && source->endpoint[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s needs an endpoint; name one in `endpoint`",
                                    rule->name);
    if (rule->target && source->target[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s needs a second endpoint; name one in `target`",
                                    rule->name);
    if (source->endpoint[0] != '\0')
        status = use_endpoint(compiler, rule, source->endpoint, &step->endpoint_index);
    if (status == 0 && rule->target)
        status = use_endpoint(compiler, rule, source->target, &step->target_index);
    return status;
}

static int resolve_actor(const struct pnd_compiler *compiler, const Pendio__Step *source,
                         struct pnd_plan_step *step)
{
    const struct pnd_plan *plan = compiler->plan;
    if (source->start_actor[0] == '\0')
        return 0;
    if (step->operation != PENDIO__OPERATION__ACCEPT)
        return pnd_plan_refuse_step(compiler, "only ACCEPT has `start_actor`; remove it");
    for (uint32_t i = 0; i < plan->actor_count; i++)
        if (strcmp(plan->actors[i].name, source->start_actor) == 0)
            step->actor_index = (int32_t)i;
    if (step->actor_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(compiler, "there is no actor \"%.60s\"; add it to `actors`",
                                    source->start_actor);
    return 0;
}

static int resolve_event(const struct pnd_compiler *compiler, const struct pnd_operation_rule *rule,
                         const Pendio__Step *source, struct pnd_plan_step *step)
{
    if (!rule->event)
        return 0;
    if (source->event[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s needs an event; name one in `event`", rule->name);
    step->event_index =
        pnd_plan_find(compiler->plan->events, compiler->plan->event_count, source->event);
    if (step->event_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(compiler, "no step SIGNALs the event \"%.60s\"; add one",
                                    source->event);
    return 0;
}

static int find_pool(const struct pnd_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->pool_count; i++)
        if (strcmp(plan->pools[i].name, name) == 0)
            return (int32_t)i;
    return PND_PLAN_NONE;
}

/* A named context stays in the pool of the first step that names it. */
static int resolve_context(const struct pnd_compiler *compiler,
                           const struct pnd_operation_rule *rule, const Pendio__Step *source,
                           struct pnd_plan_step *step)
{
    const struct pnd_plan_actor *actor = this_actor(compiler);
    if (source->context[0] == '\0')
        return rule->context
                   ? pnd_plan_refuse_step(compiler, "%s needs a context; name one in `context`",
                                          rule->name)
                   : 0;
    step->context_index =
        pnd_plan_find(actor->context_names, actor->context_count, source->context);
    if (step->context_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(
            compiler, "no step of actor \"%.60s\" takes the context \"%.60s\"; start or GET it",
            actor->name, source->context);
    return 0;
}

static int resolve_pool(const struct pnd_compiler *compiler, const struct pnd_operation_rule *rule,
                        const Pendio__Step *source, struct pnd_plan_step *step)
{
    if (!rule->start && !rule->context)
        return 0;
    int32_t known = step->context_index == PND_PLAN_NONE
                        ? PND_PLAN_NONE
                        : compiler->context_pools[step->context_index];
    int32_t pool = source->pool[0] != '\0'  ? find_pool(compiler->plan, source->pool)
                   : known != PND_PLAN_NONE ? known
                                            : 0;
    if (pool == PND_PLAN_NONE || compiler->plan->pool_count == 0)
        return pnd_plan_refuse_step(compiler, "there is no pool \"%.60s\"; add it to `pools`",
                                    source->pool);
    if (known != PND_PLAN_NONE && known != pool)
        return pnd_plan_refuse_step(compiler,
                                    "context \"%.60s\" is of pool \"%.60s\"; name that, or none",
                                    source->context, compiler->plan->pools[known].name);
    step->pool_index = (uint32_t)pool;
    if (step->context_index != PND_PLAN_NONE)
        compiler->context_pools[step->context_index] = pool;
    return 0;
}

static int check_numbers(const struct pnd_compiler *compiler, const Pendio__Step *source)
{
    if ((unsigned int)source->policy > PENDIO_QUEUE)
        return pnd_plan_refuse_step(compiler, "policy %d is unknown; use AUTO, TRY or QUEUE",
                                    (int)source->policy);
    if ((unsigned int)source->close_mode > PENDIO_ABORTIVE)
        return pnd_plan_refuse_step(compiler, "close_mode %d is unknown; use GRACEFUL or ABORTIVE",
                                    (int)source->close_mode);
    if ((unsigned int)source->memory > PENDIO__MEMORY__CALLER)
        return pnd_plan_refuse_step(compiler, "memory %d is unknown; use SLICE or CALLER",
                                    (int)source->memory);
    if ((unsigned int)source->content > PENDIO__CONTENT__NONE)
        return pnd_plan_refuse_step(compiler, "content %d is unknown; use PATTERN, ECHO or NONE",
                                    (int)source->content);
    if (source->poll_events > UINT16_MAX)
        return pnd_plan_refuse_step(compiler, "poll_events %u is beyond 65535; lower it",
                                    (unsigned int)source->poll_events);
    return 0;
}

static void copy_numbers(const Pendio__Step *source, struct pnd_plan_step *step)
{
    step->policy = (uint32_t)source->policy;
    step->close_mode = (uint32_t)source->close_mode;
    step->times = source->times > 0 ? source->times : 1;
    step->backlog = source->backlog > 0 ? source->backlog : 1024;
    step->memory = source->memory;
    step->content = source->content;
    step->offset_by_instance = source->offset_by_instance;
    step->advance = source->advance;
    step->whole = source->whole;
    step->background = source->background;
    step->create = source->create;
    step->callback = source->callback;
    step->directory = source->directory;
    step->data_only = source->data_only;
    step->bytes = source->bytes;
    step->offset = source->offset;
    step->deadline_ns = source->deadline_ns;
    step->after_ns = source->after_ns;
    step->poll_events = source->poll_events > 0 ? source->poll_events : POLLIN;
}

static int check_window(const struct pnd_compiler *compiler, const struct pnd_operation_rule *rule,
                        const struct pnd_plan_step *step)
{
    struct pnd_plan_pool *pool = &compiler->plan->pools[step->pool_index];
    if (!rule->window)
        return 0;
    if (step->memory == PENDIO__MEMORY__SLICE && step->bytes > pool->slice_bytes)
        return pnd_plan_refuse_step(
            compiler, "%s of %llu bytes in a slice of %llu; enlarge slice_bytes of pool \"%.60s\"",
            rule->name, (unsigned long long)step->bytes, (unsigned long long)pool->slice_bytes,
            pool->name);
    if (step->memory == PENDIO__MEMORY__CALLER && step->bytes > pool->caller_bytes)
        pool->caller_bytes = step->bytes;
    return 0;
}

/* Steps in the actor that bring something for an echo in the same context. */
static bool something_to_echo(const struct pnd_compiler *compiler, const Pendio__Step *echo)
{
    const Pendio__Actor *actor = compiler->workload->actors[compiler->actor_index];
    for (size_t i = 0; i < actor->n_blocks; i++) {
        for (size_t j = 0; j < actor->blocks[i]->n_steps; j++) {
            const Pendio__Step *step = actor->blocks[i]->steps[j];
            if ((step->operation == PENDIO__OPERATION__RECEIVE ||
                 step->operation == PENDIO__OPERATION__RECEIVE_FROM) &&
                strcmp(step->context, echo->context) == 0 && step->memory == echo->memory)
                return true;
        }
    }
    return false;
}

static bool is_send(Pendio__Operation operation)
{
    return operation == PENDIO__OPERATION__SEND || operation == PENDIO__OPERATION__SEND_TO;
}

static int check_meaning(const struct pnd_compiler *compiler, const Pendio__Step *source,
                         const struct pnd_plan_step *step)
{
    bool echo = step->content == PENDIO__CONTENT__ECHO;
    if (echo && !is_send(step->operation))
        return pnd_plan_refuse_step(compiler, "content ECHO is for SEND and SEND_TO; remove it");
    if (echo && (source->context[0] == '\0' || !something_to_echo(compiler, source)))
        return pnd_plan_refuse_step(
            compiler,
            "nothing to ECHO; give this step and a RECEIVE the same `context` and `memory`");
    if (step->operation == PENDIO__OPERATION__SEND_TO && !echo &&
        step->endpoint_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(compiler, "SEND_TO needs an endpoint, or content ECHO");
    if (source->expect != NULL && source->expect->check_size &&
        step->operation != PENDIO__OPERATION__STAT)
        return pnd_plan_refuse_step(compiler, "`check_size` is for STAT; remove it");
    if (step->whole && step->operation != PENDIO__OPERATION__RECEIVE &&
        step->operation != PENDIO__OPERATION__READ)
        return pnd_plan_refuse_step(compiler, "`whole` is for RECEIVE and READ; remove it");
    if (step->whole && step->times > 1 && step->context_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(compiler,
                                    "`whole` with `times` needs a named context: one at a time");
    if (step->background && step->times > 1 && step->context_index != PND_PLAN_NONE)
        return pnd_plan_refuse_step(
            compiler, "one context cannot be started %u times in the background; name none",
            step->times);
    return 0;
}

int pnd_plan_compile_step(struct pnd_compiler *compiler, const Pendio__Step *source,
                          struct pnd_plan_step *step)
{
    const struct pnd_operation_rule *rule = pnd_plan_rule(source->operation);
    if (rule == NULL)
        return pnd_plan_refuse_step(compiler, "operation %d is unknown; use NOP, ACCEPT, SEND, ...",
                                    (int)source->operation);
    step->operation = source->operation;
    step->handle_index = step->into_index = step->context_index = PND_PLAN_NONE;
    step->endpoint_index = step->target_index = PND_PLAN_NONE;
    step->event_index = step->actor_index = PND_PLAN_NONE;
    copy_numbers(source, step);
    int status = check_numbers(compiler, source);
    if (status == 0)
        status = resolve_actor(compiler, source, step);
    if (status == 0)
        status = resolve_handle(compiler, rule, source, step);
    if (status == 0)
        status = resolve_endpoint(compiler, rule, source, step);
    if (status == 0)
        status = resolve_event(compiler, rule, source, step);
    if (status == 0)
        status = resolve_context(compiler, rule, source, step);
    if (status == 0)
        status = resolve_pool(compiler, rule, source, step);
    if (status == 0)
        status = check_window(compiler, rule, step);
    if (status == 0)
        status = check_meaning(compiler, source, step);
    if (status == 0 && source->expect != NULL)
        status = pnd_plan_compile_expectation(compiler, source->expect, &step->expect);
    return status;
}
