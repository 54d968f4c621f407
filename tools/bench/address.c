/*
 * address.c - where a server of the bench listens, as its words on a command line say.
 *
 * Failures:    another family, a port beyond 65535 or a path too long for a socket is refused.
 */
#include "address.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { PORT_MAXIMUM = 65535 };

static int read_port(const char *text, struct pnd_bench_address *ret_address);
static int read_path(const char *text, struct pnd_bench_address *ret_address);

int pnd_bench_address_read(const char *family, const char *text,
                           struct pnd_bench_address *ret_address)
{
    if (strcmp(family, "tcp") == 0)
        return read_port(text, ret_address);
    return strcmp(family, "unix") == 0 ? read_path(text, ret_address) : -EINVAL;
}

static int read_port(const char *text, struct pnd_bench_address *ret_address)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || port > PORT_MAXIMUM)
        return -EINVAL;
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    *ret_address = (struct pnd_bench_address){.byte_count = sizeof address};
    memcpy(&ret_address->address, &address, sizeof address);
    return 0;
}

static int read_path(const char *text, struct pnd_bench_address *ret_address)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(text);
    if (length == 0 || length >= sizeof address.sun_path)
        return -EINVAL;
    memcpy(address.sun_path, text, length);
    *ret_address = (struct pnd_bench_address){.byte_count = sizeof address};
    memcpy(&ret_address->address, &address, sizeof address);
    return 0;
}
