/*
 * places.c - on which daemons the actors of a workload are, and how they reach each other.
 *
 * Happy path:  actors say their place; the address of a place is what --address says, or the host
 *              of its URL as we reach it; a local one is at the loopback interface.
 * Failures:    more places than daemons, a host without an address, and an endpoint at one place's
 *              loopback interface that others call, each with the remedy.
 */
#include "places.h"

#include "url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { HOST_BYTES = 256 };

static int refuse(struct pnd_message_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int find_addresses(const struct pnd_options *options, struct pnd_places *places,
                          struct pnd_message_error *error);
static int resolve(const char *host, char *ret_address);
static bool is_loopback(const char *address);
static int check_reach(const Pendio__Workload *workload, const struct pnd_options *options,
                       const struct pnd_places *places, struct pnd_message_error *error);
static const char *find_caller(const Pendio__Workload *workload, const struct pnd_places *places,
                               const Pendio__Actor *binder, const char *endpoint);

int pnd_places_find(const Pendio__Workload *workload, const struct pnd_options *options,
                    struct pnd_places *ret_places, struct pnd_message_error *error)
{
    struct pnd_places places = {.count = 1};
    error->text[0] = '\0';
    for (size_t index = 0; index < workload->n_actors; index++) {
        const Pendio__Actor *actor = workload->actors[index];
        if (actor->instance_count == 0)
            continue;
        if (actor->place >= (uint32_t)options->url_count)
            return refuse(error,
                          "actors[%zu].place: is %u, and %d daemons are named, from 0; name "
                          "another with --url, or one alone for all places",
                          index, actor->place, options->url_count);
        places.used[actor->place] = true;
        if (actor->place >= places.count)
            places.count = actor->place + 1;
    }
    int status = find_addresses(options, &places, error);
    if (status == 0)
        status = check_reach(workload, options, &places, error);
    if (status == 0)
        *ret_places = places;
    return status;
}

static int refuse(struct pnd_message_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static int find_addresses(const struct pnd_options *options, struct pnd_places *places,
                          struct pnd_message_error *error)
{
    for (uint32_t place = 0; place < places->count; place++) {
        char host[HOST_BYTES];
        const char *given = options->addresses[place];
        if (given == NULL && !pnd_url_host(options->urls[place], host, sizeof host))
            continue;
        if (resolve(given != NULL ? given : host, places->addresses[place]) < 0)
            return refuse(error, "%s: no address is known of it; name one with --address",
                          given != NULL ? given : host);
        if (given == NULL && is_loopback(places->addresses[place]))
            places->addresses[place][0] = '\0';
    }
    return 0;
}

/* Of a name that has addresses of both families, that of IPv4. */
static int resolve(const char *host, char *ret_address)
{
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t index = 0; index < sizeof families / sizeof families[0]; index++) {
        const struct addrinfo wish = {.ai_family = families[index], .ai_socktype = SOCK_STREAM};
        struct addrinfo *found = NULL;
        if (getaddrinfo(host, NULL, &wish, &found) != 0)
            continue;
        int status = getnameinfo(found->ai_addr, found->ai_addrlen, ret_address,
                                 PND_PLACES_ADDRESS_BYTES, NULL, 0, NI_NUMERICHOST);
        freeaddrinfo(found);
        if (status == 0)
            return 0;
    }
    return -ENOENT;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool is_elsewhere(const char *address)
{
    return address[0] != '\0' && !is_loopback(address);
}

/* A place that others, on other machines, call needs an address of its own. */
static int check_reach(const Pendio__Workload *workload, const struct pnd_options *options,
                       const struct pnd_places *places, struct pnd_message_error *error)
{
    for (size_t index = 0; index < workload->n_actors; index++) {
        const Pendio__Actor *actor = workload->actors[index];
        if (actor->instance_count == 0 || is_elsewhere(places->addresses[actor->place]))
            continue;
        for (size_t block = 0; block < actor->n_blocks; block++)
            for (size_t step = 0; step < actor->blocks[block]->n_steps; step++) {
                const Pendio__Step *bind = actor->blocks[block]->steps[step];
                const char *caller = bind->operation == PENDIO__OPERATION__BIND
                                         ? find_caller(workload, places, actor, bind->endpoint)
                                         : NULL;
                if (caller != NULL)
                    return refuse(error,
                                  "endpoint \"%.60s\" is bound at place %u, on the loopback "
                                  "interface, where \"%.60s\" on another machine cannot reach it; "
                                  "name an address with --address, after --url %.100s",
                                  bind->endpoint, actor->place, caller,
                                  options->urls[actor->place]);
            }
    }
    return 0;
}

/* Somebody at another place that has an address, by name; NULL: there is none. */
static const char *find_caller(const Pendio__Workload *workload, const struct pnd_places *places,
                               const Pendio__Actor *binder, const char *endpoint)
{
    for (size_t index = 0; index < workload->n_actors; index++) {
        const Pendio__Actor *actor = workload->actors[index];
        if (actor->instance_count == 0 || actor->place == binder->place ||
            !is_elsewhere(places->addresses[actor->place]))
            continue;
        for (size_t block = 0; block < actor->n_blocks; block++)
            for (size_t step = 0; step < actor->blocks[block]->n_steps; step++)
                if (strcmp(actor->blocks[block]->steps[step]->endpoint, endpoint) == 0 &&
                    actor->blocks[block]->steps[step]->operation != PENDIO__OPERATION__SOCKET)
                    return actor->name;
    }
    return NULL;
}
