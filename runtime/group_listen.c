/*
 * group_listen.c - how the loops of a group come by connections.
 *
 * Happy path:  sockets listen -> each station's thread adopts its own -> each station accepts;
 *              PENDIO_SPREAD_MOVE: there is one, which moves what it accepts to the loops in turn
 *              -> the application is told on the thread that has the connection.
 * Failures:    until all stations are ready nothing is told, and what was made is taken back; an
 *              accept that fails is tried again after a while.
 *
 * A station serves one listener on one loop, with contexts of its own: each accepts, moves if it
 * has to, and accepts again, so that a loop that does not keep up is not flooded.
 */
#include "group.h"
#include "immediate.h"
#include "move.h"
#include "operation.h"
#include "pool.h"
#include "request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pnd_station {
    struct pnd_errand errand;
    struct pnd_listener *listener;
    struct pnd_member *member;
    struct pnd_station *next; /* of the same thread */
    int descriptor;           /* until the loop has it; then -1 */
    int status;
    pendio_handle handle;
    struct pnd_pool *pool;
    uint32_t next_index; /* the loop whose turn it is to get a connection */
};

struct pnd_listener {
    struct pnd_listener *next;
    struct pnd_group *group;
    pendio_group_accepted_fn *accepted;
    void *state;
    uint32_t answer_count; /* of stations, to the errand under way */
    uint32_t station_count;
    struct pnd_station stations[];
};

static const uint64_t pause_ns = 10000000; /* after an accept that failed */

static void accept_again(struct pnd_station *station, struct pnd_context *context);

/* ---- a connection finds its loop ------------------------------------------------------------ */

static void tell(const struct pnd_listener *listener, struct pnd_loop *loop, pendio_handle handle)
{
    listener->accepted((struct pendio_loop *)loop, handle, listener->state);
}

/* False: there is no memory. */
static bool make_room(struct pnd_member *member)
{
    uint32_t limit = member->arrival_limit == 0 ? 64 : member->arrival_limit * 2;
    struct pnd_arrival *arrivals;

    if (member->arrival_count < member->arrival_limit)
        return true;
    arrivals = realloc(member->arrivals, limit * sizeof *arrivals);
    if (arrivals == NULL)
        return false;
    member->arrivals = arrivals;
    member->arrival_limit = limit;
    return true;
}

/* The loop collects: who is to be told is told after its turn, which this ends. */
static void arrived(struct pnd_loop *loop, pendio_handle handle, void *state)
{
    const struct pnd_station *station = (const struct pnd_station *)state;
    struct pnd_member *member = pnd_group_self();

    if (!make_room(member)) {
        pnd_close_alone(loop, pnd_handle_find(&loop->handles, handle), PENDIO_ABORTIVE);
        return;
    }
    member->arrivals[member->arrival_count++] =
        (struct pnd_arrival){.listener = station->listener, .handle = handle};
    pnd_wake_up(&loop->wake);
}

void pnd_group_deliver_arrivals(struct pnd_member *member)
{
    struct pnd_loop *loop = member->loop;

    loop->in_callback = true;
    for (uint32_t i = 0; i < member->arrival_count; i++)
        tell(member->arrivals[i].listener, loop, member->arrivals[i].handle);
    loop->in_callback = false;
    member->arrival_count = 0;
}

/* A loop that takes no more: the connection is served where it is. */
static void moved(const struct pendio_completion *completion, void *state)
{
    struct pnd_station *station = (struct pnd_station *)state;
    struct pnd_loop *loop = station->member->loop;

    if (completion->error < 0 && !loop->stopping)
        tell(station->listener, loop, completion->handle);
    accept_again(station, (struct pnd_context *)completion->context);
}

/* False: it stays here. */
static bool move_on(struct pnd_station *station, struct pnd_context *context, pendio_handle handle)
{
    struct pnd_loop *loop = station->member->loop;
    struct pnd_group *group = station->listener->group;
    struct pnd_loop *target = group->members[station->next_index].loop;

    station->next_index = (station->next_index + 1) % group->thread_count;
    if (target == loop)
        return false;
    context->completed = moved;
    return pnd_move_start(context, pnd_handle_find(&loop->handles, handle), target, arrived,
                          station) == PENDIO_PENDING;
}

/* ---- accepting ------------------------------------------------------------------------------ */

static void rested(const struct pendio_completion *completion, void *state)
{
    accept_again((struct pnd_station *)state, (struct pnd_context *)completion->context);
}

static void rest(struct pnd_context *context)
{
    context->completed = rested;
    (void)pnd_timer_start(context, pause_ns);
}

static void accepted(const struct pendio_completion *completion, void *state)
{
    struct pnd_station *station = (struct pnd_station *)state;
    struct pnd_context *context = (struct pnd_context *)completion->context;

    if (completion->error < 0) {
        rest(context);
        return;
    }
    if (station->listener->group->options.spread == PENDIO_SPREAD_MOVE &&
        move_on(station, context, completion->value))
        return;
    tell(station->listener, station->member->loop, completion->value);
    accept_again(station, context);
}

/* A listener that is closed, or a loop that ends, refuses: that was the last time. */
static void accept_again(struct pnd_station *station, struct pnd_context *context)
{
    struct pnd_loop *loop = station->member->loop;

    context->completed = accepted;
    if (pnd_accept_start(context, pnd_handle_find(&loop->handles, station->handle), 0) == -EAGAIN)
        rest(context);
}

/* ---- errands to the stations ---------------------------------------------------------------- */

static void answer(struct pnd_station *station)
{
    struct pnd_group *group = station->listener->group;

    pthread_mutex_lock(&group->mutex);
    station->listener->answer_count++;
    pthread_cond_broadcast(&group->changed);
    pthread_mutex_unlock(&group->mutex);
}

/* All stations do it, each on its thread. Returns 0, or why one of them could not. */
static int ask(struct pnd_listener *listener,
               void (*run)(struct pnd_errand *errand, struct pnd_loop *loop))
{
    struct pnd_group *group = listener->group;
    int status = 0;

    listener->answer_count = 0;
    for (uint32_t i = 0; i < listener->station_count; i++) {
        struct pnd_station *station = &listener->stations[i];

        station->status = 0;
        station->errand.run = run;
        if (!pnd_wake_send(&station->member->loop->wake, &station->errand)) {
            station->status = -ESHUTDOWN;
            answer(station);
        }
    }
    pthread_mutex_lock(&group->mutex);
    while (listener->answer_count < listener->station_count)
        pthread_cond_wait(&group->changed, &group->mutex);
    pthread_mutex_unlock(&group->mutex);
    for (uint32_t i = 0; i < listener->station_count && status == 0; i++)
        status = listener->stations[i].status;
    return status;
}

static int open_station(struct pnd_station *station, struct pnd_loop *loop)
{
    uint32_t context_count = station->listener->group->options.context_count;
    int status = loop->stopping
                     ? -ESHUTDOWN
                     : pnd_immediate_adopt(&loop->handles, station->descriptor, &station->handle);

    if (status < 0)
        return status;
    station->descriptor = -1;
    return pnd_pool_create(loop, context_count, 0, 0, &station->pool);
}

static void open_errand(struct pnd_errand *errand, struct pnd_loop *loop)
{
    struct pnd_station *station = (struct pnd_station *)errand;

    station->status = open_station(station, loop);
    answer(station);
}

static void begin_errand(struct pnd_errand *errand, struct pnd_loop *loop)
{
    struct pnd_station *station = (struct pnd_station *)errand;
    struct pnd_context *context;

    station->next = station->member->first_station;
    station->member->first_station = station;
    while (!loop->stopping && pnd_pool_get(station->pool, &context) == 0) {
        context->policy = PENDIO_QUEUE; /* nothing is told from here */
        pnd_request_set_callback(context, accepted, station);
        accept_again(station, context);
    }
    answer(station);
}

static void close_listener(const struct pnd_station *station, struct pnd_loop *loop)
{
    struct pnd_handle *handle = pnd_handle_find(&loop->handles, station->handle);

    if (handle != NULL)
        pnd_close_alone(loop, handle, PENDIO_ABORTIVE);
}

static void undo_errand(struct pnd_errand *errand, struct pnd_loop *loop)
{
    struct pnd_station *station = (struct pnd_station *)errand;

    close_listener(station, loop);
    if (station->pool != NULL)
        pnd_pool_destroy(station->pool);
    answer(station);
}

void pnd_group_leave_stations(struct pnd_member *member)
{
    for (const struct pnd_station *station = member->first_station; station != NULL;
         station = station->next)
        close_listener(station, member->loop);
}

/* ---- listening ------------------------------------------------------------------------------ */

static bool has_reuse_port(const struct pendio_endpoint *endpoint)
{
    sa_family_t family;

    memcpy(&family, endpoint->address, sizeof family);
    return family == AF_INET || family == AF_INET6;
}

static int bind_and_listen(int descriptor, struct pendio_endpoint *endpoint, uint32_t backlog)
{
    const struct sockaddr *address = (const struct sockaddr *)endpoint->address;
    struct pendio_endpoint bound = {.byte_count = sizeof bound.address};

    if (bind(descriptor, address, endpoint->byte_count) < 0 ||
        listen(descriptor, (int)backlog) < 0 ||
        getsockname(descriptor, (struct sockaddr *)bound.address, &bound.byte_count) < 0)
        return -errno;
    *endpoint = bound;
    return 0;
}

/* A socket that listens there; a port that was open is filled in. */
static int open_socket(struct pendio_endpoint *endpoint, uint32_t backlog, bool shares_port)
{
    const int yes = 1;
    sa_family_t family;
    int descriptor;
    int status = 0;

    memcpy(&family, endpoint->address, sizeof family);
    descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -errno;
    if (has_reuse_port(endpoint))
        (void)setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (shares_port && setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) < 0)
        status = -errno;
    if (status == 0)
        status = bind_and_listen(descriptor, endpoint, backlog);
    if (status == 0)
        return descriptor;
    close(descriptor);
    return status;
}

/* One for each station: of its own at the same port, or the same one again. */
static int open_sockets(struct pnd_listener *listener, struct pendio_endpoint *endpoint,
                        uint32_t backlog)
{
    bool shares_port = listener->station_count > 1 && has_reuse_port(endpoint);

    for (uint32_t i = 0; i < listener->station_count; i++) {
        int descriptor = i == 0 || shares_port
                             ? open_socket(endpoint, backlog, shares_port)
                             : fcntl(listener->stations[0].descriptor, F_DUPFD_CLOEXEC, 0);

        if (descriptor < 0)
            return i == 0 || shares_port ? descriptor : -errno;
        listener->stations[i].descriptor = descriptor;
    }
    return 0;
}

static void free_listener(struct pnd_listener *listener)
{
    for (uint32_t i = 0; i < listener->station_count; i++)
        if (listener->stations[i].descriptor >= 0)
            close(listener->stations[i].descriptor);
    free(listener);
}

void pnd_group_free_listeners(struct pnd_group *group)
{
    while (group->listeners != NULL) {
        struct pnd_listener *listener = group->listeners;

        group->listeners = listener->next;
        free_listener(listener);
    }
}

/* NULL: there is no memory. A single station is on another loop for each listener. */
static struct pnd_listener *create_listener(struct pnd_group *group)
{
    bool is_single = group->options.spread == PENDIO_SPREAD_MOVE;
    uint32_t count = is_single ? 1 : group->thread_count;
    struct pnd_listener *listener =
        calloc(1, sizeof *listener + count * sizeof listener->stations[0]);
    uint32_t first = 0;

    if (listener == NULL)
        return NULL;
    pthread_mutex_lock(&group->mutex);
    if (is_single)
        first = group->listener_count % group->thread_count;
    group->listener_count++;
    pthread_mutex_unlock(&group->mutex);
    listener->group = group;
    listener->station_count = count;
    for (uint32_t i = 0; i < count; i++)
        listener->stations[i] = (struct pnd_station){.listener = listener,
                                                     .member = &group->members[first + i],
                                                     .next_index = first,
                                                     .descriptor = -1};
    return listener;
}

/* From now on it lives as long as the group. */
static void keep(struct pnd_listener *listener)
{
    struct pnd_group *group = listener->group;

    pthread_mutex_lock(&group->mutex);
    listener->next = group->listeners;
    group->listeners = listener;
    pthread_mutex_unlock(&group->mutex);
    (void)ask(listener, begin_errand);
}

/* Of a group's loops everything is allowed that listening takes. */
static bool may_listen(const struct pnd_group *group)
{
    uint64_t allowed = group->loop_options.allowed_operations;
    uint64_t needed = 1u << PENDIO_OPERATION_ACCEPT | 1u << PENDIO_OPERATION_TIMER;

    if (group->options.spread == PENDIO_SPREAD_MOVE)
        needed |= 1u << PENDIO_OPERATION_MOVE;
    return allowed == 0 || (allowed & needed) == needed;
}

int pnd_group_listen(struct pnd_group *group, const struct pendio_endpoint *address,
                     uint32_t backlog, pendio_group_accepted_fn *accepted_fn, void *state,
                     struct pendio_endpoint *ret_endpoint)
{
    struct pendio_endpoint endpoint = *address;
    struct pnd_listener *listener;
    int status;

    if (atomic_load(&group->is_stopping))
        return -ESHUTDOWN;
    if (!may_listen(group))
        return -ENOTSUP;
    listener = create_listener(group);
    if (listener == NULL)
        return -ENOMEM;
    listener->accepted = accepted_fn;
    listener->state = state;
    status = open_sockets(listener, &endpoint, backlog);
    if (status == 0) {
        status = ask(listener, open_errand);
        if (status < 0)
            (void)ask(listener, undo_errand);
    }
    if (status < 0) {
        free_listener(listener);
        return status;
    }
    if (ret_endpoint != NULL)
        *ret_endpoint = endpoint;
    keep(listener);
    return 0;
}
