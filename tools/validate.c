/*
 * validate.c - what is wrong with a workload, as far as the schema alone can tell.
 *
 * Happy path:  every name is there and there once, every reference leads to a name, and every actor
 *              has something to do. The daemon refuses all of it too, and more.
 * Failures:    the first thing wrong, with its path and what would be right.
 */
#include "validate.h"

#include "content_hash.h"
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_MAXIMUM = 64, /* names that are looked through for the one that was meant */
    NAME_LIMIT_BYTES = 255,
};

/* Where in the workload we are. */
struct place {
    const Pendio__Workload *workload;
    struct pnd_message_error *error;
    size_t actor_index, block_index, step_index;
};

/* The named elements of one repeated field. */
struct list {
    const char *field;
    size_t count;
    const char *(*name_at)(const Pendio__Workload *workload, size_t index);
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct place *place,
                                                        const char *format, ...);
__attribute__((format(printf, 2, 3))) static int refuse_step(const struct place *place,
                                                             const char *format, ...);
static struct list list_of_pools(const Pendio__Workload *workload);
static struct list list_of_endpoints(const Pendio__Workload *workload);
static struct list list_of_actors(const Pendio__Workload *workload);
static int check_whole(const struct place *place);
static int check_hash(const struct place *place);
static int check_names(const struct place *place, const struct list *list);
static int check_steps(struct place *place);
static int check_step(const struct place *place, const Pendio__Step *step);
static int check_endpoints(const struct place *place, const Pendio__Step *step);
static int check_reference(const struct place *place, const char *field, const char *name,
                           struct list list);
static int check_after(const struct place *place, const Pendio__Expectation *expect);
static int refuse_missing(const struct place *place, const char *field, const char *name,
                          const char *where, const char *const *names, size_t name_count);
static int check_event(const struct place *place, const Pendio__Step *step);
static bool is_signalled(const Pendio__Workload *workload, const char *event);
static bool block_signals(const Pendio__Block *block, const char *event);

int pnd_validate_workload(const Pendio__Workload *workload, struct pnd_message_error *error)
{
    struct place place = {.workload = workload, .error = error};
    const struct list lists[] = {list_of_pools(workload), list_of_endpoints(workload),
                                 list_of_actors(workload)};

    int status = check_whole(&place);
    if (status == 0)
        status = check_hash(&place);
    for (size_t index = 0; status == 0 && index < sizeof lists / sizeof lists[0]; index++)
        status = check_names(&place, &lists[index]);
    return status == 0 ? check_steps(&place) : status;
}

static int check_whole(const struct place *place)
{
    const Pendio__Workload *workload = place->workload;
    if (workload->version > 1)
        return refuse(place, "version: %u is not known here; use 1", workload->version);
    if (workload->name[0] == '\0')
        return refuse(place, "name: missing; name it area/what, as in \"stream/tcp_echo\"");
    if (strlen(workload->name) > NAME_LIMIT_BYTES)
        return refuse(place, "name: has %zu bytes; use at most %d", strlen(workload->name),
                      NAME_LIMIT_BYTES);
    if (workload->n_actors == 0)
        return refuse(place, "actors: there are none; add one with the steps to take");
    for (size_t index = 0; index < workload->n_pools; index++)
        if (workload->pools[index]->context_count == 0)
            return refuse(place, "pools[%zu].context_count: missing; use 1 or more", index);
    for (size_t index = 0; index < workload->n_endpoints; index++)
        if (workload->endpoints[index]->family == PENDIO__FAMILY__FAMILY_UNSPECIFIED)
            return refuse(place, "endpoints[%zu].family: missing; use TCP4, UDP4, FILE, ...",
                          index);
    return 0;
}

static int check_hash(const struct place *place)
{
    struct pnd_message_error wrong = {""};
    int status = pnd_content_hash_check(place->workload, &wrong);
    if (status == 0)
        return 0;
    return refuse(place, "%s", status == -EINVAL ? wrong.text : "no memory left to look at it");
}

static const char *pool_at(const Pendio__Workload *workload, size_t index)
{
    return workload->pools[index]->name;
}

static struct list list_of_pools(const Pendio__Workload *workload)
{
    return (struct list){"pools", workload->n_pools, pool_at};
}

static const char *endpoint_at(const Pendio__Workload *workload, size_t index)
{
    return workload->endpoints[index]->name;
}

static struct list list_of_endpoints(const Pendio__Workload *workload)
{
    return (struct list){"endpoints", workload->n_endpoints, endpoint_at};
}

static const char *actor_at(const Pendio__Workload *workload, size_t index)
{
    return workload->actors[index]->name;
}

static struct list list_of_actors(const Pendio__Workload *workload)
{
    return (struct list){"actors", workload->n_actors, actor_at};
}

static int check_names(const struct place *place, const struct list *list)
{
    for (size_t index = 0; index < list->count; index++) {
        const char *name = list->name_at(place->workload, index);
        if (name[0] == '\0')
            return refuse(place, "%s[%zu].name: missing; give it one", list->field, index);
        if (strlen(name) > NAME_LIMIT_BYTES)
            return refuse(place, "%s[%zu].name: has %zu bytes; use at most %d", list->field, index,
                          strlen(name), NAME_LIMIT_BYTES);
        for (size_t before = 0; before < index; before++)
            if (strcmp(name, list->name_at(place->workload, before)) == 0)
                return refuse(place, "%s[%zu].name: \"%.60s\" is also %s[%zu]; rename one",
                              list->field, index, name, list->field, before);
    }
    return 0;
}

static int check_steps(struct place *place)
{
    const Pendio__Workload *workload = place->workload;
    for (size_t actor = 0; actor < workload->n_actors; actor++) {
        if (workload->actors[actor]->n_blocks == 0)
            return refuse(place, "actors[%zu].blocks: missing; add one with the steps to take",
                          actor);
        for (size_t block = 0; block < workload->actors[actor]->n_blocks; block++) {
            const Pendio__Block *steps = workload->actors[actor]->blocks[block];
            if (steps->n_steps == 0)
                return refuse(
                    place, "actors[%zu].blocks[%zu].steps: missing; add one, or remove the block",
                    actor, block);
            for (size_t step = 0; step < steps->n_steps; step++) {
                place->actor_index = actor;
                place->block_index = block;
                place->step_index = step;
                int status = check_step(place, steps->steps[step]);
                if (status < 0)
                    return status;
            }
        }
    }
    return 0;
}

static int check_step(const struct place *place, const Pendio__Step *step)
{
    const Pendio__Workload *workload = place->workload;
    const Pendio__Expectation *expect = step->expect;
    if (step->operation == PENDIO__OPERATION__OPERATION_UNSPECIFIED)
        return refuse_step(place, "operation: missing; use NOP, ACCEPT, SEND, ...");
    if (expect != NULL && expect->check_bytes && expect->bytes_minimum > expect->bytes_maximum)
        return refuse_step(place, "expect.bytes_minimum: above bytes_maximum; exchange them");

    int status = check_endpoints(place, step);
    if (status == 0)
        status = check_reference(place, "pool", step->pool, list_of_pools(workload));
    if (status == 0)
        status = check_reference(place, "start_actor", step->start_actor, list_of_actors(workload));
    if (status == 0 && expect != NULL)
        status = check_after(place, expect);
    return status == 0 ? check_event(place, step) : status;
}

static int check_endpoints(const struct place *place, const Pendio__Step *step)
{
    const struct list list = list_of_endpoints(place->workload);
    const Pendio__Expectation *expect = step->expect;
    int status = check_reference(place, "endpoint", step->endpoint, list);
    if (status == 0)
        status = check_reference(place, "target", step->target, list);
    for (size_t index = 0; status == 0 && index < step->n_packets; index++) {
        char field[64];
        snprintf(field, sizeof field, "packets[%zu].endpoint", index);
        status = check_reference(place, field, step->packets[index]->endpoint, list);
    }
    if (status == 0 && expect != NULL)
        status = check_reference(place, "expect.sender", expect->sender, list);
    if (status == 0 && expect != NULL)
        status = check_reference(place, "expect.destination", expect->destination, list);
    return status;
}

/* Of the steps of one block; few have one. */
static int check_after(const struct place *place, const Pendio__Expectation *expect)
{
    const Pendio__Block *block =
        place->workload->actors[place->actor_index]->blocks[place->block_index];
    const char *names[NAME_MAXIMUM];
    size_t name_count = 0;
    for (size_t index = 0; index < block->n_steps && name_count < NAME_MAXIMUM; index++)
        if (expect->n_after > 0 && block->steps[index]->label[0] != '\0')
            names[name_count++] = block->steps[index]->label;
    for (size_t index = 0; index < expect->n_after; index++) {
        bool found = name_count == NAME_MAXIMUM; /* then the daemon looks */
        for (size_t known = 0; known < name_count && !found; known++)
            found = strcmp(names[known], expect->after[index]) == 0;
        if (!found)
            return refuse_missing(place, "expect.after", expect->after[index],
                                  "the labels of this block", names, name_count);
    }
    return 0;
}

static int refuse_missing(const struct place *place, const char *field, const char *name,
                          const char *where, const char *const *names, size_t name_count)
{
    const char *near = pnd_say_nearest(name, names, name_count);
    if (near != NULL)
        return refuse_step(place, "%s: no \"%.60s\" in %s; did you mean \"%.60s\"?", field, name,
                           where, near);
    return refuse_step(place, "%s: no \"%.60s\" in %s; add it there", field, name, where);
}

static int check_reference(const struct place *place, const char *field, const char *name,
                           struct list list)
{
    if (name[0] == '\0')
        return 0;

    const char *names[NAME_MAXIMUM];
    size_t name_count = 0;
    for (size_t index = 0; index < list.count; index++) {
        const char *known = list.name_at(place->workload, index);
        if (strcmp(known, name) == 0)
            return 0;
        if (name_count < NAME_MAXIMUM)
            names[name_count++] = known;
    }
    return refuse_missing(place, field, name, list.field, names, name_count);
}

static int check_event(const struct place *place, const Pendio__Step *step)
{
    if (step->operation != PENDIO__OPERATION__WAIT)
        return 0;
    if (step->event[0] == '\0')
        return refuse_step(place, "event: missing; name the one to wait for");
    if (!is_signalled(place->workload, step->event))
        return refuse_step(place, "event: no step SIGNALs \"%.60s\"; add one", step->event);
    return 0;
}

static bool is_signalled(const Pendio__Workload *workload, const char *event)
{
    for (size_t actor = 0; actor < workload->n_actors; actor++)
        for (size_t block = 0; block < workload->actors[actor]->n_blocks; block++)
            if (block_signals(workload->actors[actor]->blocks[block], event))
                return true;
    return false;
}

static bool block_signals(const Pendio__Block *block, const char *event)
{
    for (size_t step = 0; step < block->n_steps; step++)
        if (block->steps[step]->operation == PENDIO__OPERATION__SIGNAL &&
            strcmp(block->steps[step]->event, event) == 0)
            return true;
    return false;
}

static int refuse(const struct place *place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(place->error->text, sizeof place->error->text, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

/* The same, after the path of the step. */
static int refuse_step(const struct place *place, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return refuse(place, "actors[%zu].blocks[%zu].steps[%zu].%s", place->actor_index,
                  place->block_index, place->step_index, text);
}
