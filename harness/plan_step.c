/*
 * plan_step.c - compiles one step: every name it refers to, every number it gives.
 *
 * Happy path:  the operation's row in the table says what the step needs; names become indices.
 * Failures:    a name nobody makes, a number out of range or a combination without a meaning is
 *              refused with the step's path and the remedy.
 */
#include "plan_compile.h"

#include <pendio/pendio.h>

#include <poll.h>
#include <string.h>

static struct pnd_plan_actor *this_actor(const struct pnd_compiler *compiler)
{
    return &compiler->plan->actors[compiler->actor_index];
}

/* A STAT is of its endpoint, of its handle, or of what the endpoint is below the handle. */
static bool wants_handle(const struct pnd_operation_rule *rule, const Pendio__Step *source)
{
    if ((rule->needs & PND_OR_INTO) != 0)
        return source->into[0] == '\0';
    if (source->operation != PENDIO__OPERATION__STAT)
        return (rule->needs & PND_HANDLE) != 0;
    return source->handle[0] != '\0' || source->endpoint[0] == '\0';
}

int pnd_plan_use_handle(const struct pnd_compiler *compiler, const char *name, int32_t *ret_index)
{
    const struct pnd_plan_actor *actor = this_actor(compiler);
    *ret_index = pnd_plan_find(actor->handle_names, actor->handle_count, name);
    if (*ret_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(
            compiler, "no step of actor \"%.60s\" makes the handle \"%.60s\"; name it in `into`",
            actor->name, name);
    return 0;
}

static int resolve_second(const struct pnd_compiler *compiler,
                          const struct pnd_operation_rule *rule, const Pendio__Step *source,
                          struct pnd_plan_step *step)
{
    if ((rule->needs & PND_FROM) != 0 && source->from[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s needs a second handle; name one in `from`",
                                    rule->name);
    if ((rule->needs & PND_FROM) != 0)
        return pnd_plan_use_handle(compiler, source->from, &step->from_index);
    if ((rule->needs & PND_WRITE_END) != 0 && source->write_end[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s makes two handles; name one in `write_end`",
                                    rule->name);
    if ((rule->needs & PND_WRITE_END) != 0)
        return pnd_plan_use_handle(compiler, source->write_end, &step->write_end_index);
    return 0;
}

/* What comes into it has its name already. */
static int resolve_prepared(const struct pnd_compiler *compiler, const Pendio__Step *source,
                            struct pnd_plan_step *step)
{
    if (source->operation != PENDIO__OPERATION__ACCEPT || source->into[0] != '\0')
        return pnd_plan_refuse_step(compiler,
                                    "only ACCEPT has `prepared`, in place of `into`; remove one");
    return pnd_plan_use_handle(compiler, source->prepared, &step->prepared_index);
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
    int status = 0;
    if (wanted)
        status = pnd_plan_use_handle(compiler, source->handle, &step->handle_index);
    if (status == 0)
        status = resolve_second(compiler, rule, source, step);
    if (status < 0)
        return status;
    if ((rule->needs & (PND_INTO | PND_OR_INTO)) != 0 && source->into[0] != '\0')
        step->into_index = pnd_plan_find(actor->handle_names, actor->handle_count, source->into);
    if (source->prepared[0] != '\0')
        return resolve_prepared(compiler, source, step);
    if ((rule->needs & PND_INTO) != 0 && source->into[0] == '\0' && source->start_actor[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s makes a handle nobody takes; name it in `into`",
                                    rule->name);
    return 0;
}

int32_t pnd_plan_find_endpoint(const struct pnd_plan *plan, const char *name)
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
    int32_t index = pnd_plan_find_endpoint(compiler->plan, name);
    if (index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(compiler,
                                    "there is no endpoint \"%.60s\"; add it to `endpoints`", name);
    bool is_file = compiler->plan->endpoints[index].family == PENDIO__FAMILY__FILE;
    if (is_file != ((rule->needs & PND_FILE) != 0))
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
    if ((rule->needs & PND_ENDPOINT) != 0 && source->endpoint[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s needs an endpoint; name one in `endpoint`",
                                    rule->name);
    if ((rule->needs & PND_TARGET) != 0 && source->target[0] == '\0')
        return pnd_plan_refuse_step(compiler, "%s needs a second endpoint; name one in `target`",
                                    rule->name);
    if (source->endpoint[0] != '\0')
        status = use_endpoint(compiler, rule, source->endpoint, &step->endpoint_index);
    if (status == 0 && (rule->needs & PND_TARGET) != 0)
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
    if ((rule->needs & PND_EVENT) == 0)
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
        return (rule->needs & PND_CONTEXT) != 0
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
    if (rule->start == 0 && (rule->needs & PND_CONTEXT) == 0)
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
    step->reuse = source->reuse;
    step->flags = (source->auto_put ? PENDIO_AUTO_PUT : 0u) | (source->peek ? PENDIO_PEEK : 0u) |
                  (source->zero_copy ? PENDIO_ZERO_COPY : 0u) |
                  (source->first_data ? PENDIO_FIRST_DATA : 0u);
    step->host = source->host;
    step->pieces = source->pieces;
    step->piece_size_count = (uint32_t)source->n_pieces;
    step->bytes = source->bytes;
    step->offset = source->offset;
    step->deadline_ns = source->deadline_ns;
    step->after_ns = source->after_ns;
    step->pass_count = source->pass_count;
    step->control_bytes = source->control_bytes;
    step->to_offset = source->to_offset;
    step->exit_code = source->exit_code;
    step->number = source->number;
    step->weight = source->weight > 0 ? source->weight : 1;
    step->poll_events = source->poll_events > 0 ? source->poll_events : POLLIN;
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
    step->endpoint_index = step->target_index = step->prepared_index = PND_PLAN_NONE;
    step->event_index = step->actor_index = PND_PLAN_NONE;
    step->from_index = step->write_end_index = step->label_index = PND_PLAN_NONE;
    copy_numbers(source, step);
    int status = pnd_plan_check_numbers(compiler, source);
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
        status = pnd_plan_compile_packets(compiler, source, step);
    if (status == 0)
        status = pnd_plan_compile_fault(compiler, source, step);
    if (status == 0)
        status = pnd_plan_compile_bytes(compiler, source, step);
    if (status == 0)
        status = pnd_plan_check_meaning(compiler, source, step);
    step->expect.sender_index = step->expect.destination_index = PND_PLAN_NONE;
    if (status == 0 && source->expect != NULL)
        status = pnd_plan_compile_expectation(compiler, source->expect, &step->expect);
    return status;
}
