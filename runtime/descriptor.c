/*
 * descriptor.c - what can be done to a socket's descriptor as such.
 *
 * Happy path:  make one alike, or have one accepted -> replace: the number stays, the socket behind
 *              it is another.
 * Failures:    only making a socket can fail; an option that cannot be carried over is left.
 */
#include "descriptor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { OPTION_BYTES = 16 };

/* In this order: the type of service sets the priority. */
static const struct {
    int level;
    int name;
} options[] = {
    {IPPROTO_IPV6, IPV6_V6ONLY},
    {SOL_SOCKET, SO_REUSEADDR},
    {SOL_SOCKET, SO_REUSEPORT},
    {SOL_SOCKET, SO_KEEPALIVE},
    {SOL_SOCKET, SO_LINGER},
    {SOL_SOCKET, SO_OOBINLINE},
    {SOL_SOCKET, SO_DONTROUTE},
    {SOL_SOCKET, SO_RCVLOWAT},
    {SOL_SOCKET, SO_RCVTIMEO},
    {SOL_SOCKET, SO_SNDTIMEO},
    {SOL_SOCKET, SO_BINDTODEVICE},
    {SOL_SOCKET, SO_MARK},
    {SOL_SOCKET, SO_PASSCRED},
    {SOL_SOCKET, SO_BUSY_POLL},
    {SOL_SOCKET, SO_ZEROCOPY},
    {SOL_SOCKET, SO_MAX_PACING_RATE},
    {IPPROTO_IP, IP_TOS},
    {IPPROTO_IP, IP_TTL},
    {IPPROTO_IP, IP_MTU_DISCOVER},
    {IPPROTO_IP, IP_FREEBIND},
    {IPPROTO_IP, IP_TRANSPARENT},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT},
    {IPPROTO_IPV6, IPV6_TCLASS},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER},
    {SOL_SOCKET, SO_PRIORITY},
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_CORK},
    {IPPROTO_TCP, TCP_KEEPIDLE},
    {IPPROTO_TCP, TCP_KEEPINTVL},
    {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_SYNCNT},
    {IPPROTO_TCP, TCP_LINGER2},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT},
    {IPPROTO_TCP, TCP_CONGESTION},
    {IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT},
    {IPPROTO_TCP, TCP_FASTOPEN_CONNECT},
};

/* Where the application chose a size; where it did not, the kernel goes on choosing. */
static const struct {
    int name;
    int locked;
} sizes[] = {
    {SO_SNDBUF, 1}, /* SOCK_SNDBUF_LOCK */
    {SO_RCVBUF, 2}, /* SOCK_RCVBUF_LOCK */
};

/* ---- what it is ----------------------------------------------------------------------------- */

static int number_of(int descriptor, int name)
{
    int number = 0;
    socklen_t byte_count = sizeof number;

    (void)getsockopt(descriptor, SOL_SOCKET, name, &number, &byte_count);
    return number;
}

bool pnd_descriptor_has_peer(int descriptor)
{
    struct sockaddr_storage address;
    socklen_t byte_count = sizeof address;

    return getpeername(descriptor, (struct sockaddr *)&address, &byte_count) == 0;
}

bool pnd_descriptor_is_bound(int descriptor)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } name = {.any.sa_family = AF_UNSPEC};
    socklen_t byte_count = sizeof name;

    if (getsockname(descriptor, &name.any, &byte_count) < 0)
        return false;
    if (name.any.sa_family == AF_INET)
        return name.in.sin_port != 0 || name.in.sin_addr.s_addr != htonl(INADDR_ANY);
    if (name.any.sa_family == AF_INET6)
        return name.in6.sin6_port != 0 || !IN6_IS_ADDR_UNSPECIFIED(&name.in6.sin6_addr);
    return byte_count > offsetof(struct sockaddr_un, sun_path);
}

bool pnd_descriptor_is_internet(int descriptor)
{
    int domain = number_of(descriptor, SO_DOMAIN);

    return domain == AF_INET || domain == AF_INET6;
}

bool pnd_descriptor_is_unix(int descriptor)
{
    return number_of(descriptor, SO_DOMAIN) == AF_UNIX;
}

bool pnd_descriptor_is_pipe(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
}

void pnd_descriptor_set_blocking(int descriptor, bool blocking)
{
    int flags = fcntl(descriptor, F_GETFL);

    (void)fcntl(descriptor, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

bool pnd_descriptor_are_alike(int descriptor, int other)
{
    return number_of(descriptor, SO_DOMAIN) == number_of(other, SO_DOMAIN) &&
           number_of(descriptor, SO_TYPE) == number_of(other, SO_TYPE);
}

void pnd_descriptor_abort(int descriptor)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    (void)connect(descriptor, &nobody, sizeof nobody);
}

/* ---- what it holds -------------------------------------------------------------------------- */

void pnd_descriptor_discard_unread(int descriptor)
{
    char scratch[16 * 1024];
    bool has_messages = number_of(descriptor, SO_TYPE) != SOCK_STREAM;

    for (int left = 64 + number_of(descriptor, SO_RCVBUF) / 1024; left > 0; left--) {
        ssize_t taken_bytes = recv(descriptor, scratch, sizeof scratch, MSG_DONTWAIT);

        if (taken_bytes < 0 || (taken_bytes == 0 && !has_messages))
            break;
    }
}

/* ---- another instead ------------------------------------------------------------------------ */

/* Only what differs: what nobody touched stays the kernel's to choose. */
static void carry_over(int from, int to, int level, int name)
{
    unsigned char values[2][OPTION_BYTES] = {{0}, {0}};
    socklen_t byte_counts[2] = {OPTION_BYTES, OPTION_BYTES};

    if (getsockopt(from, level, name, values[0], &byte_counts[0]) < 0 ||
        getsockopt(to, level, name, values[1], &byte_counts[1]) < 0)
        return;
    if (memcmp(values[0], values[1], OPTION_BYTES) != 0)
        (void)setsockopt(to, level, name, values[0], byte_counts[0]);
}

/* The kernel answers twice what it was told. */
static void carry_sizes_over(int from, int to)
{
    int locked = number_of(from, SO_BUF_LOCK);

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int byte_count = number_of(from, sizes[i].name) / 2;

        if (locked & sizes[i].locked)
            (void)setsockopt(to, SOL_SOCKET, sizes[i].name, &byte_count, sizeof byte_count);
    }
}

int pnd_descriptor_make_alike(int descriptor)
{
    int fresh =
        socket(number_of(descriptor, SO_DOMAIN), number_of(descriptor, SO_TYPE) | SOCK_CLOEXEC,
               number_of(descriptor, SO_PROTOCOL));

    if (fresh < 0)
        return -errno;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        carry_over(descriptor, fresh, options[i].level, options[i].name);
    carry_sizes_over(descriptor, fresh);
    return fresh;
}

/* A linger time would make whoever closes wait, or answer with a RST. */
void pnd_descriptor_replace(int descriptor, int fresh)
{
    const struct linger none = {.l_onoff = 0};
    int descriptor_flags = fcntl(descriptor, F_GETFD);
    int file_flags = fcntl(descriptor, F_GETFL);
    int replaced;

    (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    (void)fcntl(fresh, F_SETFL, file_flags);
    replaced = dup3(fresh, descriptor, descriptor_flags & FD_CLOEXEC ? O_CLOEXEC : 0);
    assert(replaced == descriptor);
    (void)replaced;
    close(fresh);
}
