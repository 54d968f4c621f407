/*
 * load.c - the generator: connections, what goes out on them, and whether it comes back.
 *
 * Happy path:  connect pairs -> send messages on all of them -> the subject echoes -> read and
 *              compare every byte with what went out there.
 * Failures:    what does not fit, does not come back, or comes back otherwise is told.
 */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A prime, so that no two connections or messages look alike; beyond it once more its beginning. */
enum { PERIOD = 65521, PIECE_BYTES = PND_BENCH_LOAD_PIECE, WAIT_MS = 5000, ROOM_BYTES = 1 << 20 };

/* Under way at once, of all connections together: some times that in the kernel's own memory. */
enum { WAVE_BYTES = 96 << 20 };

static unsigned char table[PERIOD + PIECE_BYTES];

static uint32_t count_of_wave(const struct pnd_bench_case *bench_case);
static int make_pair(int family, int listener, int *ret_client, int *ret_server);
static void make_room(int descriptor);

int pnd_bench_load_init(struct pnd_bench_load *load, const struct pnd_bench_case *bench_case)
{
    int listener = -1, status = 0;
    *load = (struct pnd_bench_load){
        .message_bytes = bench_case->message_bytes,
        .depth = bench_case->depth,
        .wave_count = count_of_wave(bench_case),
        .clients = calloc(bench_case->connection_count, sizeof(int)),
        .servers = calloc(bench_case->connection_count, sizeof(int)),
    };
    pnd_bench_load_prepare();
    if (load->clients == NULL || load->servers == NULL)
        status = -ENOMEM;
    if (status == 0)
        status = pnd_bench_load_listen(bench_case->family, 16, &listener);
    while (status == 0 && load->connection_count < bench_case->connection_count) {
        uint32_t index = load->connection_count;
        status =
            make_pair(bench_case->family, listener, &load->clients[index], &load->servers[index]);
        load->connection_count += status == 0;
    }
    if (listener >= 0)
        (void)close(listener);
    if (status < 0)
        pnd_bench_load_fini(load);
    return status;
}

/* As few waves of one size as will do. */
static uint32_t count_of_wave(const struct pnd_bench_case *bench_case)
{
    uint64_t bytes = (uint64_t)bench_case->message_bytes * bench_case->depth;
    uint32_t count = bench_case->connection_count, waves = 1;
    while (count / waves * bytes > WAVE_BYTES || count % waves != 0)
        waves++;
    return count / waves;
}

void pnd_bench_load_fini(struct pnd_bench_load *load)
{
    for (uint32_t index = 0; index < load->connection_count; index++) {
        pnd_bench_load_dismiss(load->clients[index]);
        if (load->servers[index] >= 0)
            (void)close(load->servers[index]);
    }
    free(load->clients);
    free(load->servers);
    *load = (struct pnd_bench_load){0};
}

void pnd_bench_load_dismiss(int descriptor)
{
    const struct linger at_once = {.l_onoff = 1};
    (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(descriptor);
}

static int make_pair(int family, int listener, int *ret_client, int *ret_server)
{
    int status = pnd_bench_load_connect(listener, ret_client);
    if (status < 0)
        return status;
    *ret_server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (*ret_server < 0) {
        status = -errno;
        (void)close(*ret_client);
        return status;
    }
    int yes = 1;
    if (family == AF_INET)
        (void)setsockopt(*ret_server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    make_room(*ret_server);
    return 0;
}

int pnd_bench_load_listen(int family, int backlog, int *ret_descriptor)
{
    struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
    socklen_t address_bytes = sizeof(sa_family_t); /* Unix: the system finds an abstract name */
    if (family == AF_INET) {
        ((struct sockaddr_in *)(void *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address_bytes = sizeof(struct sockaddr_in);
    }
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -errno;
    make_room(descriptor);
    if (family ==
        AF_INET) /* refused where it is not allowed: told as it is by the machine's part */
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    if (bind(descriptor, (const struct sockaddr *)&address, address_bytes) < 0 ||
        listen(descriptor, backlog) < 0) {
        int status = -errno;
        (void)close(descriptor);
        return status;
    }
    *ret_descriptor = descriptor;
    return 0;
}

int pnd_bench_load_connect(int listener, int *ret_descriptor)
{
    struct sockaddr_storage address;
    socklen_t address_bytes = sizeof address;
    if (getsockname(listener, (struct sockaddr *)&address, &address_bytes) < 0)
        return -errno;
    int descriptor = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -errno;
    int yes = 1;
    if (address.ss_family == AF_INET) {
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    }
    make_room(descriptor);
    if (connect(descriptor, (const struct sockaddr *)&address, address_bytes) < 0) {
        int status = -errno;
        (void)close(descriptor);
        return status;
    }
    *ret_descriptor = descriptor;
    return 0;
}

/* A phase of the generator ends before the subject's begins: everything has to fit meanwhile. */
static void make_room(int descriptor)
{
    int room = ROOM_BYTES;
    (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
}

void pnd_bench_load_prepare(void)
{
    uint32_t random = 2463534242;
    for (size_t index = 0; index < PERIOD; index++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        table[index] = (unsigned char)(random >> 8);
    }
    for (size_t index = PERIOD; index < sizeof table; index++)
        table[index] = table[index - PERIOD];
}

const unsigned char *pnd_bench_load_payload(uint32_t connection, uint64_t position)
{
    return &table[(position + connection * UINT64_C(8191)) % PERIOD];
}

int pnd_bench_load_send(struct pnd_bench_load *load)
{
    for (uint32_t index = load->first; index < load->first + load->wave_count; index++)
        for (uint32_t turn = 0; turn < load->depth; turn++) {
            uint64_t position = load->position + (uint64_t)turn * load->message_bytes;
            ssize_t sent = send(load->clients[index], pnd_bench_load_payload(index, position),
                                load->message_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent < 0)
                return -errno;
            if ((size_t)sent != load->message_bytes)
                return -EAGAIN;
        }
    return 0;
}

int pnd_bench_load_verify(struct pnd_bench_load *load)
{
    uint64_t byte_count = (uint64_t)load->depth * load->message_bytes;
    for (uint32_t index = load->first; index < load->first + load->wave_count; index++) {
        int status = pnd_bench_load_expect(load->clients[index], index, load->position, byte_count);
        if (status < 0)
            return status;
    }
    load->first += load->wave_count;
    if (load->first < load->connection_count)
        return 0;
    load->first = 0;
    load->position += byte_count;
    return 0;
}

int pnd_bench_load_expect(int descriptor, uint32_t connection, uint64_t position,
                          uint64_t byte_count)
{
    static unsigned char scratch[PIECE_BYTES];
    while (byte_count > 0) {
        size_t wanted = byte_count < PIECE_BYTES ? byte_count : PIECE_BYTES;
        ssize_t got = recv(descriptor, scratch, wanted, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) {
            struct pollfd one = {.fd = descriptor, .events = POLLIN};
            if (poll(&one, 1, WAIT_MS) <= 0)
                return -ETIMEDOUT;
            continue;
        }
        if (got <= 0)
            return got < 0 ? -errno : -ECONNRESET;
        if (memcmp(scratch, pnd_bench_load_payload(connection, position), (size_t)got) != 0)
            return -EBADMSG;
        position += (uint64_t)got;
        byte_count -= (uint64_t)got;
    }
    return 0;
}
