/*
 * resolver.c - names to addresses, by c-ares inside of the loop.
 *
 * Happy path:  look up -> c-ares opens sockets and says what to wait for -> the loop's watches and
 *              its wheel tell when -> c-ares calls back -> whoever asked is told.
 * Failures:    c-ares has no way to end one lookup alone: a forgotten one goes on unheard, and when
 *              nobody waits for any they are ended together.
 */
#include "resolver.h"

#include "loop.h"

#include <ares.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct pnd_lookup {
    struct pnd_resolver *resolver;
    pnd_resolved_fn *told; /* NULL: nobody any more */
    void *state;
};

/* A socket of c-ares, and what it waits for; 0 events: none. */
struct line {
    struct pnd_resolver *resolver;
    struct pnd_watch *watch;
    ares_socket_t descriptor;
    uint32_t events;
};

struct pnd_resolver {
    struct pnd_loop *loop;
    ares_channel channel;
    struct pnd_deadline timer;
    uint32_t waiting_count; /* lookups somebody waits for */
    struct line lines[PND_WATCH_RESOLVER_LIMIT];
};

static const struct {
    int status;
    int32_t error;
} errors[] = {
    {ARES_SUCCESS, 0},        {ARES_ENODATA, -ENODATA},      {ARES_ENOTFOUND, -ENOENT},
    {ARES_EBADNAME, -ENOENT}, {ARES_ENONAME, -ENOENT},       {ARES_ETIMEOUT, -ETIMEDOUT},
    {ARES_ENOMEM, -ENOMEM},   {ARES_ECANCELLED, -ECANCELED}, {ARES_EDESTRUCTION, -ECANCELED},
};

static int32_t error_of(int status)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].status == status)
            return errors[i].error;
    return -EREMOTEIO;
}

/* ---- what c-ares waits for ------------------------------------------------------------------ */

static void process(struct pnd_resolver *resolver, ares_socket_t readable, ares_socket_t writable);

static void is_ready(void *state, uint32_t events)
{
    struct line *line = state;
    uint32_t wanted = events & (POLLERR | POLLHUP) ? line->events : events;

    line->watch = NULL;
    process(line->resolver, wanted & POLLIN ? line->descriptor : ARES_SOCKET_BAD,
            wanted & POLLOUT ? line->descriptor : ARES_SOCKET_BAD);
}

static void watch_lines(struct pnd_resolver *resolver)
{
    for (int i = 0; i < PND_WATCH_RESOLVER_LIMIT; i++) {
        struct line *line = &resolver->lines[i];

        if (line->events != 0 && line->watch == NULL)
            line->watch = pnd_watch_begin(resolver->loop, line->descriptor, line->events, false,
                                          is_ready, line);
    }
}

static struct line *find_line(struct pnd_resolver *resolver, ares_socket_t descriptor)
{
    struct line *free_line = NULL;

    for (int i = 0; i < PND_WATCH_RESOLVER_LIMIT; i++) {
        struct line *line = &resolver->lines[i];

        if (line->events != 0 && line->descriptor == descriptor)
            return line;
        if (line->events == 0)
            free_line = line;
    }
    return free_line;
}

/* One more than there are watches is not heard: its queries time out. */
static void socket_state(void *state, ares_socket_t descriptor, int readable, int writable)
{
    struct pnd_resolver *resolver = state;
    struct line *line = find_line(resolver, descriptor);
    uint32_t events = (readable ? POLLIN : 0u) | (writable ? POLLOUT : 0u);

    if (line == NULL || line->events == events)
        return;
    if (line->watch != NULL)
        pnd_watch_end(resolver->loop, line->watch, -1);
    *line = (struct line){.resolver = resolver, .descriptor = descriptor, .events = events};
}

static void is_due(struct pnd_deadline *timer)
{
    struct pnd_resolver *resolver =
        (struct pnd_resolver *)((char *)timer - offsetof(struct pnd_resolver, timer));

    process(resolver, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void set_timer(struct pnd_resolver *resolver)
{
    struct pnd_wheel *wheel = &resolver->loop->wheel;
    struct timeval left;

    pnd_wheel_remove(wheel, &resolver->timer);
    if (ares_timeout(resolver->channel, NULL, &left) != NULL)
        pnd_wheel_add(wheel, &resolver->timer,
                      pnd_clock_ns() + (uint64_t)left.tv_sec * 1000000000 +
                          (uint64_t)left.tv_usec * 1000);
}

static void process(struct pnd_resolver *resolver, ares_socket_t readable, ares_socket_t writable)
{
    ares_process_fd(resolver->channel, readable, writable);
    watch_lines(resolver);
    set_timer(resolver);
}

/* ---- made once ------------------------------------------------------------------------------ */

static void init_library(void)
{
    (void)ares_library_init(ARES_LIB_INIT_ALL);
}

static int create(struct pnd_loop *loop, struct pnd_resolver **ret_resolver)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct pnd_resolver *resolver = calloc(1, sizeof *resolver);
    struct ares_options options = {.sock_state_cb = socket_state, .sock_state_cb_data = resolver};
    int status;

    if (resolver == NULL)
        return -ENOMEM;
    resolver->loop = loop;
    resolver->timer.told = is_due;
    (void)pthread_once(&once, init_library);
    status = ares_init_options(&resolver->channel, &options, ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
        free(resolver);
        return status == ARES_EFILE ? -EMFILE : -ENOMEM;
    }
    if (loop->name_servers != NULL &&
        ares_set_servers_ports_csv(resolver->channel, loop->name_servers) != ARES_SUCCESS) {
        ares_destroy(resolver->channel);
        free(resolver);
        return -EINVAL;
    }
    *ret_resolver = resolver;
    return 0;
}

void pnd_resolver_destroy(struct pnd_loop *loop)
{
    struct pnd_resolver *resolver = loop->resolver;

    if (resolver == NULL)
        return;
    ares_destroy(resolver->channel);
    pnd_wheel_remove(&loop->wheel, &resolver->timer);
    free(resolver);
    loop->resolver = NULL;
}

/* ---- lookups -------------------------------------------------------------------------------- */

static uint32_t copy_addresses(const struct ares_addrinfo *found,
                               struct pendio_endpoint addresses[PND_RESOLVER_ADDRESSES])
{
    uint32_t count = 0;

    for (const struct ares_addrinfo_node *node = found->nodes;
         node != NULL && count < PND_RESOLVER_ADDRESSES; node = node->ai_next) {
        struct pendio_endpoint *address = &addresses[count++];

        *address = (struct pendio_endpoint){.byte_count = (uint32_t)node->ai_addrlen};
        memcpy(address->address, node->ai_addr, (size_t)node->ai_addrlen);
    }
    return count;
}

static void looked_up(void *state, int status, int timeout_count, struct ares_addrinfo *found)
{
    struct pendio_endpoint addresses[PND_RESOLVER_ADDRESSES];
    struct pnd_lookup *lookup = state;
    int32_t error = error_of(status);
    uint32_t count = found != NULL ? copy_addresses(found, addresses) : 0;

    (void)timeout_count;
    if (error == 0 && count == 0)
        error = -ENODATA;
    if (found != NULL)
        ares_freeaddrinfo(found);
    if (lookup->told != NULL) {
        lookup->resolver->waiting_count--;
        lookup->told(lookup->state, error, addresses, count);
    }
    free(lookup);
}

int pnd_resolver_look_up(struct pnd_loop *loop, const char *host, int family, pnd_resolved_fn *told,
                         void *state, struct pnd_lookup **ret_lookup)
{
    const struct ares_addrinfo_hints hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct pnd_lookup *lookup;
    int status = loop->resolver != NULL ? 0 : create(loop, &loop->resolver);

    if (status < 0)
        return status;
    lookup = malloc(sizeof *lookup);
    if (lookup == NULL)
        return -ENOMEM;
    *lookup = (struct pnd_lookup){.resolver = loop->resolver, .told = told, .state = state};
    *ret_lookup = lookup;
    loop->resolver->waiting_count++;
    ares_getaddrinfo(loop->resolver->channel, host, NULL, &hints, looked_up, lookup);
    watch_lines(loop->resolver);
    set_timer(loop->resolver);
    return 0;
}

void pnd_resolver_forget(struct pnd_loop *loop, struct pnd_lookup *lookup)
{
    struct pnd_resolver *resolver = loop->resolver;

    lookup->told = NULL;
    if (--resolver->waiting_count != 0)
        return;
    ares_cancel(resolver->channel);
    watch_lines(resolver);
    set_timer(resolver);
}
