/*
 * fixture_socket.c - connected pairs of every family, listeners, and an address nobody answers.
 *
 * Happy path:  everything on the loopback or in memory; ports are the system's choice.
 * Failures:    asserted: a machine without them cannot run these tests.
 */
#include "fixture.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    int domain;
    int type;
} families[FIXTURE_FAMILY_COUNT] = {
    [FIXTURE_TCP4] = {AF_INET, SOCK_STREAM},
    [FIXTURE_TCP6] = {AF_INET6, SOCK_STREAM},
    [FIXTURE_UNIX_STREAM] = {AF_UNIX, SOCK_STREAM},
    [FIXTURE_UDP4] = {AF_INET, SOCK_DGRAM},
    [FIXTURE_UDP6] = {AF_INET6, SOCK_DGRAM},
    [FIXTURE_UNIX_DATAGRAM] = {AF_UNIX, SOCK_DGRAM},
    [FIXTURE_SEQPACKET] = {AF_UNIX, SOCK_SEQPACKET},
};

static struct pendio_endpoint loopback(int domain)
{
    struct pendio_endpoint endpoint = {.byte_count = 0};

    if (domain == AF_INET) {
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

        endpoint.byte_count = sizeof address;
        memcpy(endpoint.address, &address, sizeof address);
    } else if (domain == AF_INET6) {
        const struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                             .sin6_addr = IN6ADDR_LOOPBACK_INIT};

        endpoint.byte_count = sizeof address;
        memcpy(endpoint.address, &address, sizeof address);
    } else {
        const sa_family_t any_name = AF_UNIX; /* autobind: the system picks an abstract name */

        endpoint.byte_count = sizeof any_name;
        memcpy(endpoint.address, &any_name, sizeof any_name);
    }
    return endpoint;
}

static void name_of(int descriptor, struct pendio_endpoint *ret_name)
{
    socklen_t byte_count = sizeof ret_name->address;

    *ret_name = (struct pendio_endpoint){.byte_count = 0};
    ck_assert_int_eq(getsockname(descriptor, (struct sockaddr *)ret_name->address, &byte_count), 0);
    ret_name->byte_count = byte_count;
}

static int bound_socket(enum fixture_family family, struct pendio_endpoint *ret_name)
{
    const struct pendio_endpoint any = loopback(families[family].domain);
    int descriptor = socket(families[family].domain, families[family].type | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(bind(descriptor, (const struct sockaddr *)any.address, any.byte_count), 0);
    name_of(descriptor, ret_name);
    return descriptor;
}

static void connect_to(int descriptor, const struct pendio_endpoint *name)
{
    ck_assert_int_eq(connect(descriptor, (const struct sockaddr *)name->address, name->byte_count),
                     0);
}

void fixture_connect(enum fixture_family family, int ret_descriptors[2])
{
    struct pendio_endpoint names[2];

    ret_descriptors[0] = bound_socket(family, &names[0]);
    ret_descriptors[1] = bound_socket(family, &names[1]);
    if (families[family].type == SOCK_DGRAM) {
        connect_to(ret_descriptors[0], &names[1]);
        connect_to(ret_descriptors[1], &names[0]);
    } else {
        int listener = ret_descriptors[0];

        ck_assert_int_eq(listen(listener, 1), 0);
        connect_to(ret_descriptors[1], &names[0]);
        ret_descriptors[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(ret_descriptors[0], 0);
        close(listener);
    }
}

pendio_handle fixture_adopt(struct fixture *fixture, int descriptor)
{
    pendio_handle handle = 0;

    ck_assert_int_eq(pendio_handle_adopt(fixture->loop, descriptor, &handle), 0);
    return handle;
}

struct fixture_pair fixture_pair(struct fixture *fixture, enum fixture_family family)
{
    int descriptors[2];

    fixture_connect(family, descriptors);
    return (struct fixture_pair){.near = fixture_adopt(fixture, descriptors[0]),
                                 .far = descriptors[1]};
}

pendio_handle fixture_listener(struct fixture *fixture, enum fixture_family family,
                               struct pendio_endpoint *ret_address)
{
    int descriptor = bound_socket(family, ret_address);

    ck_assert_int_eq(listen(descriptor, 256), 0);
    return fixture_adopt(fixture, descriptor);
}

/* A full queue of connections nobody accepts: the kernel drops whoever knocks. */
void fixture_black_hole(struct pendio_endpoint *ret_address, int ret_descriptors[2])
{
    ret_descriptors[0] = bound_socket(FIXTURE_TCP4, ret_address);
    ck_assert_int_eq(listen(ret_descriptors[0], 0), 0);
    ret_descriptors[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(ret_descriptors[1], 0);
    connect_to(ret_descriptors[1], ret_address);
}
