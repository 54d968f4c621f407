/* address.h - where a server of the bench listens, as its words on a command line say. */
#ifndef PND_BENCH_ADDRESS_H
#define PND_BENCH_ADDRESS_H

#include <sys/socket.h>

struct pnd_bench_address {
    struct sockaddr_storage address;
    socklen_t byte_count;
};

/* "tcp" and a port of the loopback, or "unix" and a path. Returns 0 or -EINVAL. */
int pnd_bench_address_read(const char *family, const char *text,
                           struct pnd_bench_address *ret_address);

#endif
