/*
 * plan_place.c - which part of a run is here, and what goes from place to place.
 *
 * Happy path:  each actor is at its place, and one that an accepted connection begins where that
 *              is; endpoints that are bound at one place and used at others, and events that are
 *              counted at one and waited for at others, go over.
 * Failures:    what cannot be used from elsewhere (a file, a Unix socket, a name of this machine)
 *              and what cannot be judged in parts are refused with the remedy.
 */
#include "plan_compile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Places as bits; of the endpoint or event at the same index. */
struct reach {
    uint32_t made; /* bound, counted */
    uint32_t used; /* called, waited for */
};

struct places {
    uint32_t *actors;
    struct reach *endpoints;
    struct reach *events;
};

bool pnd_plan_is_here(const struct pnd_plan *plan, const Pendio__Actor *actor)
{
    return !plan->placement.given || actor->place == plan->placement.place;
}

/* ------------------------------------------------------------------------------------------------
 * What was asked for
 * --------------------------------------------------------------------------------------------- */

static int read_address(struct pnd_compiler *compiler, const char *text)
{
    static const uint8_t any[sizeof compiler->plan->placement.address];
    struct pnd_plan_placement *placement = &compiler->plan->placement;
    if (text[0] == '\0')
        return 0;
    if (inet_pton(AF_INET, text, placement->address) == 1)
        placement->family = AF_INET;
    else if (inet_pton(AF_INET6, text, placement->address) == 1)
        placement->family = AF_INET6;
    else
        return pnd_plan_refuse(compiler, -EINVAL, "placement.address",
                               "\"%.60s\" is no address; write it in numbers, as in 10.0.0.1 or "
                               "fd00::1",
                               text);
    if (memcmp(placement->address, any, sizeof any) == 0)
        return pnd_plan_refuse(compiler, -EINVAL, "placement.address",
                               "\"%.60s\" is every address, and nobody calls there; name one of "
                               "the machine",
                               text);
    return 0;
}

static int check_place(struct pnd_compiler *compiler, size_t index)
{
    const Pendio__Actor *actor = compiler->workload->actors[index];
    const struct pnd_plan_placement *placement = &compiler->plan->placement;
    char path[48];
    snprintf(path, sizeof path, "actors[%zu].place", index);
    if (actor->place >= PND_PLAN_PLACE_COUNT)
        return pnd_plan_refuse(compiler, -EINVAL, path, "is %u; use 0 to %d", actor->place,
                               PND_PLAN_PLACE_COUNT - 1);
    if (actor->place > 0 && actor->instance_count == 0)
        return pnd_plan_refuse(compiler, -EINVAL, path,
                               "is of no use: an actor that others begin is where they are; leave "
                               "it out, or set instance_count");
    if (placement->given && actor->place >= placement->place_count)
        return pnd_plan_refuse(compiler, -EINVAL, path,
                               "is %u, but there are %u places, from 0; run it on more daemons, or "
                               "on one",
                               actor->place, placement->place_count);
    return 0;
}

int pnd_plan_compile_placement(struct pnd_compiler *compiler, const Pendio__Placement *asked)
{
    struct pnd_plan_placement *placement = &compiler->plan->placement;
    int status = 0;
    if (asked != NULL) {
        *placement = (struct pnd_plan_placement){
            .given = true, .place = asked->place, .place_count = asked->place_count};
        if (asked->place_count == 0 || asked->place_count > PND_PLAN_PLACE_COUNT ||
            asked->place >= asked->place_count)
            return pnd_plan_refuse(compiler, -EINVAL, "placement",
                                   "place %u of %u; use at most %d, counted from 0", asked->place,
                                   asked->place_count, PND_PLAN_PLACE_COUNT);
        status = read_address(compiler, asked->address);
    }
    for (size_t i = 0; status == 0 && i < compiler->workload->n_actors; i++)
        status = check_place(compiler, i);
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * What goes from place to place
 * --------------------------------------------------------------------------------------------- */

typedef void step_fn(struct places *places, uint32_t here, const struct pnd_plan_step *step);

static void each_step(const struct pnd_plan *plan, struct places *places, step_fn *look)
{
    struct pnd_plan_walk walk = {0};
    const struct pnd_plan_step *step = NULL;
    while ((step = pnd_plan_next_step(plan, &walk)) != NULL)
        look(places, places->actors[walk.actor_index], step);
}

static void look_for_actor(struct places *places, uint32_t here, const struct pnd_plan_step *step)
{
    if (step->actor_index != PND_PLAN_NONE)
        places->actors[step->actor_index] |= here;
}

static void use_endpoint(struct places *places, uint32_t here, int32_t index, bool makes)
{
    if (index == PND_PLAN_NONE)
        return;
    if (makes)
        places->endpoints[index].made |= here;
    else
        places->endpoints[index].used |= here;
}

/* A socket is made of the family alone. */
static void look_for_names(struct places *places, uint32_t here, const struct pnd_plan_step *step)
{
    if (step->operation != PENDIO__OPERATION__SOCKET)
        use_endpoint(places, here, step->endpoint_index,
                     step->operation == PENDIO__OPERATION__BIND);
    use_endpoint(places, here, step->target_index, false);
    use_endpoint(places, here, step->expect.sender_index, false);
    use_endpoint(places, here, step->expect.destination_index, false);
    for (uint32_t i = 0; i < step->packet_count; i++)
        use_endpoint(places, here, step->packets[i].endpoint_index, false);
    if (step->operation == PENDIO__OPERATION__SIGNAL)
        places->events[step->event_index].made |= here;
    else if (step->operation == PENDIO__OPERATION__WAIT)
        places->events[step->event_index].used |= here;
}

/* Grows as long as one of them is found at one more place. */
static uint64_t sum_of(const struct pnd_plan *plan, const struct places *places)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < plan->actor_count; i++)
        sum += places->actors[i];
    return sum;
}

/* Also of actors that others begin, which others begin. */
static void find_places(const struct pnd_compiler *compiler, struct places *places)
{
    const struct pnd_plan *plan = compiler->plan;
    for (uint32_t i = 0; i < plan->actor_count; i++)
        if (compiler->workload->actors[i]->instance_count > 0)
            places->actors[i] = UINT32_C(1) << compiler->workload->actors[i]->place;
    uint64_t sum;
    do {
        sum = sum_of(plan, places);
        each_step(plan, places, look_for_actor);
    } while (sum_of(plan, places) != sum);
    each_step(plan, places, look_for_names);
}

static bool is_one_place(uint32_t places)
{
    return (places & (places - 1)) == 0;
}

static bool has_several(const struct pnd_compiler *compiler)
{
    for (size_t i = 0; i < compiler->workload->n_actors; i++)
        if (compiler->workload->actors[i]->place > 0)
            return true;
    return false;
}

static bool is_ip(Pendio__Family family)
{
    return family >= PENDIO__FAMILY__TCP4 && family <= PENDIO__FAMILY__UDP6;
}

static int check_family(const struct pnd_compiler *compiler, uint32_t index)
{
    const struct pnd_plan_endpoint *endpoint = &compiler->plan->endpoints[index];
    bool is_ip6 =
        endpoint->family == PENDIO__FAMILY__TCP6 || endpoint->family == PENDIO__FAMILY__UDP6;
    int family = compiler->plan->placement.family;
    char path[48];
    snprintf(path, sizeof path, "endpoints[%u]", index);
    if (!endpoint->told || family == 0 || (family == AF_INET6) == is_ip6)
        return 0;
    return pnd_plan_refuse(compiler, -EINVAL, path,
                           "\"%.60s\" is of IPv%c, and its place has an address of IPv%c; give it "
                           "one of the other kind",
                           endpoint->name, is_ip6 ? '6' : '4', is_ip6 ? '4' : '6');
}

static int place_endpoint(struct pnd_compiler *compiler, const struct reach *reach, uint32_t index)
{
    struct pnd_plan_endpoint *endpoint = &compiler->plan->endpoints[index];
    const struct pnd_plan_placement *placement = &compiler->plan->placement;
    char path[48];
    snprintf(path, sizeof path, "endpoints[%u]", index);
    if (is_one_place(reach->made | reach->used))
        return 0;
    if (!is_ip(endpoint->family))
        return pnd_plan_refuse(compiler, -EINVAL, path,
                               "\"%.60s\" is used at several places, and a %s is of one; use TCP "
                               "or UDP",
                               endpoint->name,
                               endpoint->family == PENDIO__FAMILY__FILE ? "file" : "Unix socket");
    if (!is_one_place(reach->made))
        return pnd_plan_refuse(compiler, -EINVAL, path,
                               "\"%.60s\" is bound at several places; name one for each",
                               endpoint->name);
    endpoint->told = placement->given && (reach->made >> placement->place & 1) != 0;
    return check_family(compiler, index);
}

static void place_events(struct pnd_plan *plan, const struct reach *events)
{
    const struct pnd_plan_placement *placement = &plan->placement;
    uint32_t here = UINT32_C(1) << placement->place;
    for (uint32_t i = 0; i < plan->event_count && placement->given; i++)
        plan->event_ways[i] = (struct pnd_plan_event){
            .told = (events[i].made & here) != 0 && (events[i].used & ~here) != 0,
            .heard = (events[i].used & here) != 0 && (events[i].made & ~here) != 0,
        };
}

/* What a step has of the machine it is on, or of the run as one process. */
static int check_steps(struct pnd_compiler *compiler, const struct places *places)
{
    struct pnd_plan_walk walk = {0};
    const struct pnd_plan_step *step = NULL;
    while ((step = pnd_plan_next_step(compiler->plan, &walk)) != NULL) {
        compiler->actor_index = walk.actor_index;
        compiler->block_index = walk.block_index;
        compiler->step_index = walk.step_index;
        if (step->operation == PENDIO__OPERATION__DIE)
            return pnd_plan_refuse_step(compiler,
                                        "DIE ends one place of several; leave out every `place`");
        if (step->operation == PENDIO__OPERATION__CONNECT_NAME &&
            (places->endpoints[step->endpoint_index].made & ~places->actors[walk.actor_index]) != 0)
            return pnd_plan_refuse_step(
                compiler, "`host` is looked up here, and the endpoint is bound at another place; "
                          "use CONNECT");
    }
    return 0;
}

static int check_places(struct pnd_compiler *compiler, const struct places *places)
{
    int status = check_steps(compiler, places);
    for (uint32_t i = 0; status == 0 && i < compiler->plan->endpoint_count; i++)
        status = place_endpoint(compiler, &places->endpoints[i], i);
    for (uint32_t i = 0; status == 0 && i < compiler->plan->actor_count; i++) {
        char path[48];
        snprintf(path, sizeof path, "actors[%u]", i);
        if (places->actors[i] == 0)
            status = pnd_plan_refuse(
                compiler, -EINVAL, path,
                "\"%.60s\" never begins; set instance_count, or name it in a `start_actor`",
                compiler->plan->actors[i].name);
    }
    return status;
}

int pnd_plan_compile_places(struct pnd_compiler *compiler)
{
    struct pnd_plan *plan = compiler->plan;
    struct places places = {
        .actors = calloc(plan->actor_count + 1, sizeof *places.actors),
        .endpoints = calloc(plan->endpoint_count + 1, sizeof *places.endpoints),
        .events = calloc(plan->event_count + 1, sizeof *places.events),
    };
    plan->event_ways = calloc(plan->event_count + 1, sizeof *plan->event_ways);
    int status = -ENOMEM;
    if (places.actors != NULL && places.endpoints != NULL && places.events != NULL &&
        plan->event_ways != NULL) {
        find_places(compiler, &places);
        status = has_several(compiler) ? check_places(compiler, &places) : 0;
        place_events(plan, places.events);
    }
    free(places.actors);
    free(places.endpoints);
    free(places.events);
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * Once it is known what is here
 * --------------------------------------------------------------------------------------------- */

static bool uses_pool(const struct pnd_plan *plan, uint32_t index)
{
    struct pnd_plan_walk walk = {0};
    const struct pnd_plan_step *step = NULL;
    while ((step = pnd_plan_next_step(plan, &walk)) != NULL) {
        bool takes =
            pnd_plan_is_start(step->operation) || step->operation == PENDIO__OPERATION__GET;
        if (plan->actors[walk.actor_index].instance_total > 0 && takes && step->pool_index == index)
            return true;
    }
    return false;
}

static bool tells_too_much(const struct pnd_plan *plan)
{
    uint64_t left = PND_PLAN_TOLD_COUNT;
    struct pnd_plan_walk walk = {0};
    const struct pnd_plan_step *step = NULL;
    while ((step = pnd_plan_next_step(plan, &walk)) != NULL) {
        bool tells = (step->operation == PENDIO__OPERATION__BIND &&
                      plan->endpoints[step->endpoint_index].told) ||
                     (step->operation == PENDIO__OPERATION__SIGNAL &&
                      plan->event_ways[step->event_index].told);
        uint64_t times = tells ? pnd_plan_count_times(plan, &walk) : 0;
        if (times > left)
            return true;
        left -= times;
    }
    return false;
}

int pnd_plan_settle_places(struct pnd_compiler *compiler)
{
    struct pnd_plan *plan = compiler->plan;
    for (uint32_t i = 0; i < plan->pool_count; i++)
        if (!uses_pool(plan, i))
            plan->pools[i].context_count = 0;
    if (!tells_too_much(plan))
        return 0;
    return pnd_plan_refuse(compiler, -E2BIG, "actors",
                           "would tell other places of more than %d binds and signals; have one "
                           "SIGNAL say what many do",
                           PND_PLAN_TOLD_COUNT);
}
