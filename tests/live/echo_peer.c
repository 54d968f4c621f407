/*
 * echo_peer.c - the other side of an echo: a plain epoll client in a process of its own.
 *
 * Happy path:  connect all -> (send a message -> its echo comes back) for each connection -> say
 *              that no more comes -> the other side closes.
 * Failures:    a byte that is not as sent, an end before its time, or silence: one line, exit 1.
 */
#include "echo_peer.h"

#include "live.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BATCH = 512, PATIENCE_MS = 20000, BUFFER_BYTES = 64 * 1024, NUMBER_BYTES = 24 };

struct connection {
    int descriptor;
    uint64_t message;       /* its number */
    uint64_t message_begin; /* its place in the stream */
    uint64_t message_bytes;
    uint64_t sent_bytes;  /* of the message */
    uint64_t heard_bytes; /* of the message */
};

struct peer {
    struct echo_plan plan;
    struct connection *connections;
    int poller;
    uint64_t message_count; /* echoed so far */
    uint64_t open_count;
};

/* ---- plan ----------------------------------------------------------------------------------- */

uint64_t echo_message_bytes(const struct echo_plan *plan, uint64_t connection, uint64_t message)
{
    return 1 + (connection * 7919 + message * 104729) % plan->message_bytes;
}

uint64_t echo_message_count(const struct echo_plan *plan, uint64_t connection)
{
    uint64_t each = plan->message_count / plan->connection_count;

    return each + (connection < plan->message_count % plan->connection_count);
}

uint64_t echo_total_bytes(const struct echo_plan *plan)
{
    uint64_t total_bytes = 0;

    for (uint64_t i = 0; i < plan->connection_count; i++)
        for (uint64_t k = 0; k < echo_message_count(plan, i); k++)
            total_bytes += echo_message_bytes(plan, i, k);
    return total_bytes;
}

/* The loopback has many addresses: from one alone ports would run out. */
static socklen_t make_address(const struct echo_plan *plan, uint32_t host,
                              struct sockaddr_storage *ret_address)
{
    struct sockaddr_in *internet = (struct sockaddr_in *)ret_address;
    struct sockaddr_un *local = (struct sockaddr_un *)ret_address;
    int length;

    memset(ret_address, 0, sizeof *ret_address);
    if (plan->family == AF_INET) {
        internet->sin_family = AF_INET;
        internet->sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
        internet->sin_port = htons((uint16_t)plan->port);
        return sizeof *internet;
    }
    local->sun_family = AF_UNIX;
    length = snprintf(local->sun_path + 1, sizeof local->sun_path - 1, "pendio-echo-%" PRIu64,
                      plan->port);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

int echo_listen(struct echo_plan *plan)
{
    struct sockaddr_storage address;
    socklen_t byte_count;
    int descriptor = socket((int)plan->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    plan->port = plan->family == AF_INET ? 0 : (uint64_t)getpid();
    byte_count = make_address(plan, 0, &address);
    live_check(descriptor >= 0, "socket: %s", strerror(errno));
    live_check(bind(descriptor, (struct sockaddr *)&address, byte_count) == 0, "bind: %s",
               strerror(errno));
    live_check(listen(descriptor, 4096) == 0, "listen: %s", strerror(errno));
    byte_count = sizeof address;
    live_check(getsockname(descriptor, (struct sockaddr *)&address, &byte_count) == 0,
               "getsockname: %s", strerror(errno));
    if (plan->family == AF_INET)
        plan->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
    return descriptor;
}

/* ---- process -------------------------------------------------------------------------------- */

pid_t echo_peer_start(const struct echo_plan *plan)
{
    const uint64_t numbers[] = {plan->family, plan->port, plan->connection_count,
                                plan->message_count, plan->message_bytes};
    char texts[5][NUMBER_BYTES];
    char name[] = "peer";
    char *arguments[8] = {name, name};
    pid_t child;

    for (int i = 0; i < 5; i++) {
        snprintf(texts[i], sizeof texts[i], "%" PRIu64, numbers[i]);
        arguments[2 + i] = texts[i];
    }
    child = fork();
    live_check(child >= 0, "fork: %s", strerror(errno));
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv("/proc/self/exe", arguments);
        _exit(127);
    }
    return child;
}

/* ---- connect -------------------------------------------------------------------------------- */

static void watch(struct peer *peer, struct connection *connection, int what, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};

    live_check(epoll_ctl(peer->poller, what, connection->descriptor, &event) == 0, "epoll: %s",
               strerror(errno));
}

/* From eight addresses; on the loopback each connection is made when connect() returns. */
static void connect_one(struct peer *peer, uint64_t index)
{
    struct connection *connection = &peer->connections[index];
    struct sockaddr_storage address;
    const struct echo_plan from = {.family = peer->plan.family, .port = 0};
    socklen_t byte_count;
    const int yes = 1;

    connection->descriptor = socket((int)peer->plan.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    live_check(connection->descriptor >= 0, "socket: %s", strerror(errno));
    if (peer->plan.family == AF_INET) {
        live_check(setsockopt(connection->descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes,
                              sizeof yes) == 0,
                   "option: %s", strerror(errno));
        byte_count = make_address(&from, 1 + (uint32_t)(index % 8), &address);
        live_check(bind(connection->descriptor, (struct sockaddr *)&address, byte_count) == 0,
                   "bind: %s", strerror(errno));
    }
    byte_count = make_address(&peer->plan, 0, &address);
    live_check(connect(connection->descriptor, (struct sockaddr *)&address, byte_count) == 0,
               "connect of connection %" PRIu64 ": %s", index, strerror(errno));
    watch(peer, connection, EPOLL_CTL_ADD, 0);
    peer->open_count++;
}

/* ---- messages ------------------------------------------------------------------------------- */

static uint64_t index_of(const struct peer *peer, const struct connection *connection)
{
    return (uint64_t)(connection - peer->connections);
}

static void send_rest(struct peer *peer, struct connection *connection)
{
    unsigned char bytes[BUFFER_BYTES];
    uint64_t index = index_of(peer, connection);
    uint64_t left_bytes = connection->message_bytes - connection->sent_bytes;
    uint64_t most = left_bytes < sizeof bytes ? left_bytes : sizeof bytes;
    ssize_t count;

    for (uint64_t i = 0; i < most; i++)
        bytes[i] = live_byte(index, connection->message_begin + connection->sent_bytes + i);
    count = send(connection->descriptor, bytes, most, MSG_DONTWAIT | MSG_NOSIGNAL);
    live_check(count > 0 || errno == EAGAIN, "send on connection %" PRIu64 ": %s", index,
               strerror(errno));
    connection->sent_bytes += count > 0 ? (uint64_t)count : 0;
    watch(peer, connection, EPOLL_CTL_MOD,
          connection->sent_bytes < connection->message_bytes ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* Begins the next message, or says that there is none. */
static void go_on(struct peer *peer, struct connection *connection)
{
    uint64_t index = index_of(peer, connection);

    connection->message_begin += connection->message_bytes;
    connection->sent_bytes = 0;
    connection->heard_bytes = 0;
    connection->message_bytes = 0;
    if (connection->message < echo_message_count(&peer->plan, index)) {
        connection->message_bytes = echo_message_bytes(&peer->plan, index, connection->message++);
        send_rest(peer, connection);
    } else {
        live_check(shutdown(connection->descriptor, SHUT_WR) == 0, "shutdown: %s", strerror(errno));
        watch(peer, connection, EPOLL_CTL_MOD, EPOLLIN);
    }
}

static void hear(struct peer *peer, struct connection *connection)
{
    unsigned char bytes[BUFFER_BYTES];
    uint64_t index = index_of(peer, connection);
    ssize_t count = recv(connection->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);

    if (count < 0 && errno == EAGAIN)
        return;
    live_check(count >= 0, "receive on connection %" PRIu64 ": %s", index, strerror(errno));
    if (count == 0) {
        live_check(connection->message_bytes == 0, "connection %" PRIu64 " ended early", index);
        close(connection->descriptor);
        peer->open_count--;
        return;
    }
    for (ssize_t i = 0; i < count; i++)
        live_check(bytes[i] == live_byte(index, connection->message_begin +
                                                    connection->heard_bytes + (uint64_t)i),
                   "connection %" PRIu64 ", message %" PRIu64 ": a byte is not as sent", index,
                   connection->message);
    connection->heard_bytes += (uint64_t)count;
    live_check(connection->heard_bytes <= connection->sent_bytes, "more came than was sent");
    if (connection->heard_bytes == connection->message_bytes) {
        peer->message_count++;
        go_on(peer, connection);
    }
}

static void serve(struct peer *peer)
{
    struct epoll_event events[BATCH];
    int count = epoll_wait(peer->poller, events, BATCH, PATIENCE_MS);

    live_check(count > 0 || (count < 0 && errno == EINTR),
               "no echo for twenty seconds; %" PRIu64 " connections are open", peer->open_count);
    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;

        if ((events[i].events & EPOLLOUT) != 0)
            send_rest(peer, connection);
        if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
            hear(peer, connection);
    }
}

/* ---- life ----------------------------------------------------------------------------------- */

static void run(struct peer *peer)
{
    live_need_descriptors(peer->plan.connection_count + 16);
    peer->connections = calloc(peer->plan.connection_count, sizeof *peer->connections);
    peer->poller = epoll_create1(EPOLL_CLOEXEC);
    live_check(peer->connections != NULL && peer->poller >= 0, "epoll: %s", strerror(errno));
    for (uint64_t i = 0; i < peer->plan.connection_count; i++) {
        connect_one(peer, i);
        live_progress("connected", i + 1, peer->plan.connection_count);
    }
    for (uint64_t i = 0; i < peer->plan.connection_count; i++)
        go_on(peer, &peer->connections[i]);
    while (peer->open_count != 0) {
        serve(peer);
        live_progress("echoed", peer->message_count, peer->plan.message_count);
    }
    live_check(peer->message_count == peer->plan.message_count, "messages were lost");
    close(peer->poller);
    free(peer->connections);
}

int echo_peer_main(int argc, char **argv, int *ret_status)
{
    struct peer peer = {.poller = -1};

    if (argc != 7 || strcmp(argv[1], "peer") != 0)
        return 0;
    peer.plan = (struct echo_plan){.family = strtoull(argv[2], NULL, 10),
                                   .port = strtoull(argv[3], NULL, 10),
                                   .connection_count = strtoull(argv[4], NULL, 10),
                                   .message_count = strtoull(argv[5], NULL, 10),
                                   .message_bytes = strtoull(argv[6], NULL, 10)};
    run(&peer);
    *ret_status = EXIT_SUCCESS;
    return 1;
}
