/*
 * race.c - one connection to a name, by whichever of its addresses answers first (RFC 8305).
 *
 * Happy path:  a literal, or what the resolver found -> one family after the other by turns -> an
 *              attempt, and another whenever one fails or 250 ms have passed -> the first success
 *              ends the others.
 * Failures:    all attempts failed: the last error. The resolver's error is the race's.
 */
#include "race.h"

#include "descriptor.h"
#include "loop.h"
#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ATTEMPT_COUNT = 4 }; /* in the kernel at a time */

static const uint64_t patience_ns = UINT64_C(250) * 1000000;

struct attempt {
    struct pnd_race *race;
    struct pnd_watch *watch; /* NULL: none */
    int descriptor;
};

struct pnd_race {
    struct pnd_loop *loop;
    struct pnd_race_settings settings;
    struct pnd_lookup *lookup; /* NULL: it is over */
    struct pnd_deadline timer;
    bool has_reserved; /* a watch */
    int32_t error;     /* the last */
    uint32_t count;
    uint32_t next_index;
    uint32_t under_way_count;
    struct attempt attempts[ATTEMPT_COUNT];
    struct pendio_endpoint addresses[PND_RESOLVER_ADDRESSES];
};

/* ---- addresses ------------------------------------------------------------------------------ */

static sa_family_t family_of(const struct pendio_endpoint *address)
{
    sa_family_t family;

    memcpy(&family, address->address, sizeof family);
    return family;
}

static int number_of(int descriptor, int level, int name)
{
    int number = 0;
    socklen_t byte_count = sizeof number;

    (void)getsockopt(descriptor, level, name, &number, &byte_count);
    return number;
}

/* AF_UNSPEC: both will do. */
static int family_wanted(const struct pnd_race *race)
{
    int template = race->settings.template;
    int family = template <0 ? AF_UNSPEC : number_of(template, SOL_SOCKET, SO_DOMAIN);

    if (family == AF_INET6 && number_of(template, IPPROTO_IPV6, IPV6_V6ONLY) == 0)
        return AF_UNSPEC;
    return family;
}

/* A socket of the template's that takes both families takes IPv4 as IPv6. */
static struct pendio_endpoint aim(const struct pnd_race *race,
                                  const struct pendio_endpoint *address)
{
    struct pendio_endpoint target = *address;
    struct sockaddr_in in;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (family_of(address) == AF_INET) {
        memcpy(&in, address->address, sizeof in);
        in.sin_port = htons(race->settings.port);
        memcpy(target.address, &in, sizeof in);
        if (race->settings.template <0 || number_of(race->settings.template, SOL_SOCKET,
                                                    SO_DOMAIN) == AF_INET)
            return target;
        in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
        memcpy(&in6.sin6_addr.s6_addr[12], &in.sin_addr, sizeof in.sin_addr);
        target.byte_count = sizeof in6;
    } else {
        memcpy(&in6, address->address, sizeof in6);
    }
    in6.sin6_port = htons(race->settings.port);
    memcpy(target.address, &in6, sizeof in6);
    return target;
}

/* By turns of family, each in the order it came in, beginning with the first. */
static void interleave(struct pnd_race *race, const struct pendio_endpoint *addresses,
                       uint32_t count)
{
    sa_family_t first = count != 0 ? family_of(&addresses[0]) : AF_UNSPEC;
    uint32_t next[2] = {0, 0}; /* of the first family, of the other */
    bool other = false;

    while (race->count < count) {
        uint32_t *index = &next[other];

        while (*index < count && (family_of(&addresses[*index]) != first) != other)
            ++*index;
        if (*index < count)
            race->addresses[race->count++] = aim(race, &addresses[(*index)++]);
        other = !other;
    }
}

/* ---- attempts ------------------------------------------------------------------------------- */

static void set_timer(struct pnd_race *race, uint64_t after_ns)
{
    pnd_wheel_remove(&race->loop->wheel, &race->timer);
    pnd_wheel_add(&race->loop->wheel, &race->timer, pnd_clock_ns() + after_ns);
}

/* The kernel lets go of a socket it polls when the poll is taken back. */
static void give_up(struct attempt *attempt)
{
    if (attempt->watch != NULL)
        pnd_watch_end(attempt->race->loop, attempt->watch, attempt->descriptor);
    attempt->watch = NULL;
}

void pnd_race_end(struct pnd_race *race)
{
    struct pnd_loop *loop = race->loop;

    if (race->lookup != NULL)
        pnd_resolver_forget(loop, race->lookup);
    for (int i = 0; i < ATTEMPT_COUNT; i++)
        give_up(&race->attempts[i]);
    pnd_wheel_remove(&loop->wheel, &race->timer);
    if (race->has_reserved)
        pnd_watch_give_back(&loop->watches);
    free(race);
}

static void tell(struct pnd_race *race, int descriptor)
{
    struct pnd_race_settings settings = race->settings;

    pnd_race_end(race);
    settings.told(settings.state, descriptor);
}

static int make_socket(const struct pnd_race *race, const struct pendio_endpoint *address)
{
    int descriptor;

    if (race->settings.template >= 0)
        return pnd_descriptor_make_alike(race->settings.template);
    descriptor = socket(family_of(address), SOCK_STREAM | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -errno : descriptor;
}

static void is_decided(void *state, uint32_t events);

static struct attempt *free_attempt(struct pnd_race *race)
{
    for (int i = 0; i < ATTEMPT_COUNT; i++)
        if (race->attempts[i].watch == NULL)
            return &race->attempts[i];
    return NULL;
}

/* 0 under way; 1 connected at once, `attempt` has the descriptor; or -errno. */
static int try_address(struct pnd_race *race, struct attempt *attempt,
                       const struct pendio_endpoint *address)
{
    int descriptor = make_socket(race, address);
    int status;

    if (descriptor < 0)
        return descriptor;
    pnd_descriptor_set_blocking(descriptor, false);
    status = connect(descriptor, (const struct sockaddr *)address->address, address->byte_count);
    *attempt = (struct attempt){.race = race, .descriptor = descriptor};
    if (status == 0)
        return 1;
    status = errno == EINPROGRESS ? 0 : -errno;
    if (status == 0)
        attempt->watch =
            pnd_watch_begin(race->loop, descriptor, POLLOUT, true, is_decided, attempt);
    if (status == 0 && attempt->watch == NULL)
        status = -EAGAIN;
    if (status < 0)
        close(descriptor);
    return status;
}

static bool may_attempt(const struct pnd_race *race)
{
    return race->next_index < race->count && race->under_way_count < ATTEMPT_COUNT &&
           (race->under_way_count == 0 || race->loop->watches.shared_count != 0);
}

/* The next address; those that fail at once are passed over. */
static void attempt_next(struct pnd_race *race)
{
    if (race->has_reserved) {
        race->has_reserved = false;
        pnd_watch_give_back(&race->loop->watches);
    }
    while (may_attempt(race)) {
        struct attempt *attempt = free_attempt(race);
        int status = try_address(race, attempt, &race->addresses[race->next_index++]);

        if (status == 1) {
            tell(race, attempt->descriptor);
            return;
        }
        if (status == 0) {
            race->under_way_count++;
            break;
        }
        race->error = status;
    }
    if (race->under_way_count == 0)
        tell(race, race->error);
    else if (race->next_index < race->count)
        set_timer(race, patience_ns);
}

/* The kernel says so: connected, or failed. */
static void is_decided(void *state, uint32_t events)
{
    struct attempt *attempt = state;
    struct pnd_race *race = attempt->race;
    int error = number_of(attempt->descriptor, SOL_SOCKET, SO_ERROR);

    (void)events;
    attempt->watch = NULL;
    race->under_way_count--;
    if (error == 0 && pnd_descriptor_has_peer(attempt->descriptor)) {
        tell(race, attempt->descriptor);
        return;
    }
    close(attempt->descriptor);
    race->error = error != 0 ? -error : -ECONNABORTED;
    attempt_next(race);
}

static void is_due(struct pnd_deadline *timer)
{
    struct pnd_race *race = (struct pnd_race *)((char *)timer - offsetof(struct pnd_race, timer));

    attempt_next(race);
}

/* ---- begin ---------------------------------------------------------------------------------- */

/* The attempts begin at the next tick: who asked is never told from inside of asking. */
static void resolved(void *state, int32_t error, const struct pendio_endpoint *addresses,
                     uint32_t count)
{
    struct pnd_race *race = state;

    race->lookup = NULL;
    race->error = error;
    interleave(race, addresses, count);
    set_timer(race, 0);
}

static bool read_in(const char *host, struct pendio_endpoint *ret_address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};

    if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
        return false;
    *ret_address = (struct pendio_endpoint){.byte_count = sizeof in};
    memcpy(ret_address->address, &in, sizeof in);
    return true;
}

/* Also with a scope: fe80::1%eth0. */
static bool read_in6(const char *host, struct pendio_endpoint *ret_address)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char text[INET6_ADDRSTRLEN];
    size_t byte_count = strcspn(host, "%");

    if (byte_count >= sizeof text)
        return false;
    memcpy(text, host, byte_count);
    text[byte_count] = '\0';
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
        return false;
    if (host[byte_count] == '%')
        in6.sin6_scope_id = if_nametoindex(host + byte_count + 1);
    *ret_address = (struct pendio_endpoint){.byte_count = sizeof in6};
    memcpy(ret_address->address, &in6, sizeof in6);
    return true;
}

static bool is_of(const struct pendio_endpoint *address, int family)
{
    return family == AF_UNSPEC || family_of(address) == family;
}

int pnd_race_begin(struct pnd_loop *loop, const struct pnd_race_settings *settings,
                   struct pnd_race **ret_race)
{
    struct pnd_race *race = calloc(1, sizeof *race);
    struct pendio_endpoint literal;
    int family;
    int status = 0;

    if (race == NULL)
        return -ENOMEM;
    race->loop = loop;
    race->settings = *settings;
    race->timer.told = is_due;
    family = family_wanted(race);
    if (read_in(settings->host, &literal) || read_in6(settings->host, &literal)) {
        bool fits = is_of(&literal, family);

        resolved(race, fits ? 0 : -ENODATA, &literal, fits ? 1 : 0);
    } else {
        status = pnd_resolver_look_up(loop, settings->host, family, resolved, race, &race->lookup);
    }
    if (status < 0) {
        free(race);
        return status;
    }
    race->has_reserved = true;
    *ret_race = race;
    return 0;
}
