/*
 * address.c - addresses and sockets of a workload's endpoints, private to the run.
 *
 * Happy path:  sockets of IP live on the loopback interface, or at the address of their place when
 *              others use them; those of Unix below the directory of the run, each bind with a name
 *              of its own.
 * Failures:    none; the system's refusals come from the calls that use an address.
 */
#include "address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void set_ip4(struct pendio_endpoint *address)
{
    struct sockaddr_in ip = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    memcpy(address->address, &ip, sizeof ip);
    address->byte_count = sizeof ip;
}

static void set_ip6(struct pendio_endpoint *address)
{
    struct sockaddr_in6 ip = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    memcpy(address->address, &ip, sizeof ip);
    address->byte_count = sizeof ip;
}

static void set_unix(struct pendio_endpoint *address, uint32_t index, uint32_t bind_count)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path, sizeof name.sun_path, "endpoint-%u.%u", index, bind_count);
    memcpy(address->address, &name, sizeof name);
    address->byte_count = (uint32_t)offsetof(struct sockaddr_un, sun_path) + (uint32_t)length + 1;
}

static void set_address(struct pnd_engine_endpoint *endpoint, Pendio__Family family, uint32_t index)
{
    switch (family) {
    case PENDIO__FAMILY__TCP4:
    case PENDIO__FAMILY__UDP4:
        set_ip4(&endpoint->address);
        break;
    case PENDIO__FAMILY__TCP6:
    case PENDIO__FAMILY__UDP6:
        set_ip6(&endpoint->address);
        break;
    case PENDIO__FAMILY__FILE:
        snprintf(endpoint->path, sizeof endpoint->path, "endpoint-%u.file", index);
        break;
    default:
        set_unix(&endpoint->address, index, endpoint->bind_count);
        break;
    }
}

void pnd_address_init(struct pnd_engine_endpoint *endpoint, Pendio__Family family, uint32_t index)
{
    set_address(endpoint, family, index);
}

/* Where others, elsewhere, can reach it. */
static void set_host(struct pendio_endpoint *address, const struct pnd_plan_placement *placement)
{
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
    if (placement->family == AF_INET) {
        memcpy(&ip4, address->address, sizeof ip4);
        memcpy(&ip4.sin_addr, placement->address, sizeof ip4.sin_addr);
        memcpy(address->address, &ip4, sizeof ip4);
    } else if (placement->family == AF_INET6) {
        memcpy(&ip6, address->address, sizeof ip6);
        memcpy(&ip6.sin6_addr, placement->address, sizeof ip6.sin6_addr);
        memcpy(address->address, &ip6, sizeof ip6);
    }
}

void pnd_address_prepare_bind(struct pnd_engine_endpoint *endpoint, const struct pnd_plan *plan,
                              uint32_t index)
{
    endpoint->bind_count++;
    set_address(endpoint, plan->endpoints[index].family, index);
    if (plan->endpoints[index].told)
        set_host(&endpoint->address, &plan->placement);
}

void pnd_address_socket(Pendio__Family family, int *ret_domain, int *ret_type)
{
    static const struct {
        int domain;
        int type;
    } sockets[] = {
        [PENDIO__FAMILY__TCP4] = {AF_INET, SOCK_STREAM},
        [PENDIO__FAMILY__TCP6] = {AF_INET6, SOCK_STREAM},
        [PENDIO__FAMILY__UDP4] = {AF_INET, SOCK_DGRAM},
        [PENDIO__FAMILY__UDP6] = {AF_INET6, SOCK_DGRAM},
        [PENDIO__FAMILY__UNIX_STREAM] = {AF_UNIX, SOCK_STREAM},
        [PENDIO__FAMILY__UNIX_DATAGRAM] = {AF_UNIX, SOCK_DGRAM},
        [PENDIO__FAMILY__UNIX_SEQPACKET] = {AF_UNIX, SOCK_SEQPACKET},
    };
    *ret_domain = sockets[family].domain;
    *ret_type = sockets[family].type;
}
