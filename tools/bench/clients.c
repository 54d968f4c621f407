/*
 * clients.c - connections to a server in another process, and what goes out and comes back.
 *
 * Happy path:  connect -> send what is due -> compare what comes back with what went out there.
 * Failures:    what does not fit is sent when there is room again; other bytes end it.
 */
#include "clients.h"

#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int connect_one(struct pnd_bench_clients *clients, const struct pnd_bench_address *address);
static int push(struct pnd_bench_client *client, uint32_t index);
static int pull(struct pnd_bench_client *client, uint32_t index);

int pnd_bench_clients_init(struct pnd_bench_clients *clients,
                           const struct pnd_bench_address *address, uint32_t count,
                           uint32_t message_bytes)
{
    *clients = (struct pnd_bench_clients){
        .epoll = epoll_create1(EPOLL_CLOEXEC),
        .message_bytes = message_bytes,
        .all = calloc(count, sizeof *clients->all),
    };
    int status = clients->epoll < 0 ? -errno : clients->all == NULL ? -ENOMEM : 0;
    pnd_bench_load_prepare();
    while (status == 0 && clients->count < count)
        status = connect_one(clients, address);
    if (status < 0)
        pnd_bench_clients_fini(clients);
    return status;
}

void pnd_bench_clients_fini(struct pnd_bench_clients *clients)
{
    while (clients->count > 0)
        pnd_bench_load_dismiss(clients->all[--clients->count].descriptor);
    free(clients->all);
    if (clients->epoll >= 0)
        (void)close(clients->epoll);
    *clients = (struct pnd_bench_clients){.epoll = -1};
}

static int connect_one(struct pnd_bench_clients *clients, const struct pnd_bench_address *address)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = clients->count};
    const int yes = 1;
    int descriptor = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -errno;
    if (address->address.ss_family == AF_INET) {
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    }
    if (connect(descriptor, (const struct sockaddr *)&address->address, address->byte_count) < 0 ||
        epoll_ctl(clients->epoll, EPOLL_CTL_ADD, descriptor, &event) < 0) {
        int status = -errno;
        (void)close(descriptor);
        return status;
    }
    clients->all[clients->count++].descriptor = descriptor;
    return 0;
}

int pnd_bench_clients_send(struct pnd_bench_clients *clients, uint32_t index, uint32_t messages)
{
    struct pnd_bench_client *client = &clients->all[index];
    client->due += (uint64_t)messages * clients->message_bytes;
    return push(client, index);
}

int pnd_bench_clients_follow(struct pnd_bench_clients *clients, const struct epoll_event *event)
{
    uint32_t index = event->data.u32;
    struct pnd_bench_client *client = &clients->all[index];
    int status = push(client, index);
    return status < 0 ? status : pull(client, index);
}

static int push(struct pnd_bench_client *client, uint32_t index)
{
    while (client->sent < client->due) {
        uint64_t wanted = client->due - client->sent;
        ssize_t gone = send(client->descriptor, pnd_bench_load_payload(index, client->sent),
                            wanted < PND_BENCH_LOAD_PIECE ? wanted : PND_BENCH_LOAD_PIECE,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (gone < 0)
            return errno == EAGAIN ? 0 : -errno;
        client->sent += (uint64_t)gone;
    }
    return 0;
}

/* Less than asked for: that was all; what comes later is another edge. */
static int pull(struct pnd_bench_client *client, uint32_t index)
{
    static unsigned char scratch[PND_BENCH_LOAD_PIECE];
    for (ssize_t got = PND_BENCH_LOAD_PIECE; got == PND_BENCH_LOAD_PIECE;) {
        got = recv(client->descriptor, scratch, sizeof scratch, MSG_DONTWAIT);
        if (got < 0)
            return errno == EAGAIN ? 0 : -errno;
        if (got == 0)
            return -ECONNRESET;
        if (client->received + (uint64_t)got > client->sent ||
            memcmp(scratch, pnd_bench_load_payload(index, client->received), (size_t)got) != 0)
            return -EBADMSG;
        client->received += (uint64_t)got;
    }
    return 0;
}
