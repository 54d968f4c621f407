/*
 * elsewhere.c - the other places of a run on several daemons: what they are told, and what they
 *               tell.
 *
 * Happy path:  ready -> begin -> binds and signals go out as they happen, and come in whenever the
 *              loop has turned; addresses are entered, and those who waited wake.
 * Failures:    names nobody knows, and addresses of another kind, are passed over; once nobody
 *              tells any more, whoever waits for another place is told by the clock.
 */
#include "elsewhere.h"

#include "allocations.h"
#include "frame.h"
#include "instance.h"
#include "messages.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TOLD_BYTES = 4 << 20 };

bool pnd_elsewhere_is_reachable(const struct pnd_plan_placement *placement, char *reason,
                                size_t reason_bytes)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct sockaddr_in ip4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6};
    if (placement->family == 0)
        return true;
    memcpy(&ip4.sin_addr, placement->address, sizeof ip4.sin_addr);
    memcpy(&ip6.sin6_addr, placement->address, sizeof ip6.sin6_addr);
    bool is_ip6 = placement->family == AF_INET6;
    int tried = socket(placement->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status = tried < 0 ? -errno : 0;
    if (status == 0 && bind(tried, is_ip6 ? (struct sockaddr *)&ip6 : (struct sockaddr *)&ip4,
                            is_ip6 ? sizeof ip6 : sizeof ip4) < 0)
        status = -errno;
    if (tried >= 0)
        (void)close(tried);
    if (status < 0)
        snprintf(reason, reason_bytes,
                 "placement.address %s: no socket can be bound there: %s; name an address of the "
                 "machine that pendiod is on",
                 inet_ntop(placement->family, placement->address, text, sizeof text) != NULL ? text
                                                                                             : "",
                 strerror(-status));
    return status == 0;
}

/* ------------------------------------------------------------------------------------------------
 * Told by others
 * --------------------------------------------------------------------------------------------- */

/* Who tells may be anybody who may submit a run: it leads to no Unix socket of this machine. */
static bool is_address_of(Pendio__Family family, const ProtobufCBinaryData *address)
{
    bool is_ip6 = family == PENDIO__FAMILY__TCP6 || family == PENDIO__FAMILY__UDP6;
    bool is_ip4 = family == PENDIO__FAMILY__TCP4 || family == PENDIO__FAMILY__UDP4;
    sa_family_t seen;
    if (!(is_ip4 && address->len == sizeof(struct sockaddr_in)) &&
        !(is_ip6 && address->len == sizeof(struct sockaddr_in6)))
        return false;
    memcpy(&seen, address->data, sizeof seen);
    return seen == (is_ip6 ? AF_INET6 : AF_INET);
}

static void take_bound(struct pnd_engine *engine, const Pendio__BoundEndpoint *bound)
{
    const struct pnd_plan *plan = engine->plan;
    for (uint32_t i = 0; i < plan->endpoint_count; i++) {
        struct pendio_endpoint *address = &engine->endpoints[i].address;
        if (strcmp(plan->endpoints[i].name, bound->name) != 0 || plan->endpoints[i].told ||
            !is_address_of(plan->endpoints[i].family, &bound->address))
            continue;
        memcpy(address->address, bound->address.data, bound->address.len);
        address->byte_count = (uint32_t)bound->address.len;
    }
}

static void take_signal(struct pnd_engine *engine, const char *name)
{
    const struct pnd_plan *plan = engine->plan;
    for (uint32_t i = 0; i < plan->event_count; i++) {
        if (strcmp(plan->events[i], name) != 0 || !plan->event_ways[i].heard)
            continue;
        engine->events[i].count++;
        pnd_instance_wake_all(engine, &engine->events[i].waiting);
    }
}

static void take(struct pnd_engine *engine, const Pendio__TellRequest *told)
{
    for (size_t i = 0; i < told->n_bound; i++)
        take_bound(engine, told->bound[i]);
    for (size_t i = 0; i < told->n_signals; i++)
        take_signal(engine, told->signals[i]);
}

/* 1 after one request, with whether it says to begin; 0 or -errno when none came. */
static int take_next(struct pnd_engine *engine, bool *ret_begin)
{
    struct pnd_elsewhere *elsewhere = engine->elsewhere;
    struct pnd_message_error error;
    const uint8_t *bytes = NULL;
    size_t byte_count = 0;
    ProtobufCMessage *message = NULL;
    int status =
        pnd_inflow_read(&elsewhere->inflow, elsewhere->input, TOLD_BYTES, &bytes, &byte_count);
    if (status <= 0)
        return status;
    status = pnd_message_unpack(&pendio__tell_request__descriptor, bytes, byte_count, NULL,
                                &message, &error);
    if (status < 0)
        return status;
    const Pendio__TellRequest *told = (const Pendio__TellRequest *)message;
    *ret_begin = *ret_begin || told->begin;
    take(engine, told);
    pnd_message_free(message);
    return 1;
}

void pnd_elsewhere_attend(struct pnd_engine *engine)
{
    struct pnd_elsewhere *elsewhere = engine->elsewhere;
    bool begin = false;
    int status = 1;
    if (elsewhere == NULL || elsewhere->deaf)
        return;
    pnd_allocations_end(); /* to hear is not the run's work */
    while (status > 0)
        status = take_next(engine, &begin);
    elsewhere->deaf = status != -EAGAIN;
    if (engine->warm)
        pnd_allocations_begin();
}

bool pnd_elsewhere_awaits(const struct pnd_engine *engine)
{
    if (engine->elsewhere == NULL || engine->elsewhere->deaf)
        return false;
    for (uint32_t i = 0; i < engine->plan->event_count; i++)
        if (engine->plan->event_ways[i].heard && engine->events[i].waiting.first != NULL)
            return true;
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * Telling others
 * --------------------------------------------------------------------------------------------- */

static int tell(struct pnd_engine *engine, Pendio__Happened *happened)
{
    Pendio__Event event = PENDIO__EVENT__INIT;
    event.body_case = PENDIO__EVENT__BODY_HAPPENED;
    event.happened = happened;
    pnd_allocations_end();
    int status = pnd_frame_write(engine->elsewhere->output, &event.base);
    if (engine->warm)
        pnd_allocations_begin();
    return status;
}

void pnd_elsewhere_bound(struct pnd_engine *engine, uint32_t endpoint_index)
{
    const struct pnd_plan_endpoint *endpoint = &engine->plan->endpoints[endpoint_index];
    struct pendio_endpoint *address = &engine->endpoints[endpoint_index].address;
    if (engine->elsewhere == NULL || !endpoint->told)
        return;
    Pendio__BoundEndpoint bound = PENDIO__BOUND_ENDPOINT__INIT;
    Pendio__BoundEndpoint *bounds = &bound;
    Pendio__Happened happened = PENDIO__HAPPENED__INIT;
    bound.name = (char *)endpoint->name;
    bound.address.data = address->address;
    bound.address.len = address->byte_count;
    happened.n_bound = 1;
    happened.bound = &bounds;
    (void)tell(engine, &happened);
}

void pnd_elsewhere_signalled(struct pnd_engine *engine, uint32_t event_index, uint32_t times)
{
    char *names[PND_PLAN_TOLD_COUNT]; /* a plan has no more of them */
    if (engine->elsewhere == NULL || !engine->plan->event_ways[event_index].told)
        return;
    Pendio__Happened happened = PENDIO__HAPPENED__INIT;
    happened.signals = names;
    for (; happened.n_signals < times && happened.n_signals < PND_PLAN_TOLD_COUNT;
         happened.n_signals++)
        names[happened.n_signals] = (char *)engine->plan->events[event_index];
    (void)tell(engine, &happened);
}

int pnd_elsewhere_begin(struct pnd_engine *engine, struct pnd_elsewhere *elsewhere)
{
    Pendio__Happened happened = PENDIO__HAPPENED__INIT;
    bool begin = false;
    engine->elsewhere = elsewhere;
    happened.ready = true;
    int status = tell(engine, &happened);
    while (status >= 0 && !begin) {
        status = take_next(engine, &begin);
        if (status == 0)
            status = -EPIPE;
        if (status == -EINTR)
            status = 0;
    }
    if (status >= 0 && fcntl(elsewhere->input, F_SETFL, O_NONBLOCK) < 0)
        status = -errno;
    return status < 0 ? status : 0;
}

void pnd_elsewhere_end(struct pnd_elsewhere *elsewhere)
{
    pnd_inflow_fini(&elsewhere->inflow);
}
