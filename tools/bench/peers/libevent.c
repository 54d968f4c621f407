/*
 * libevent.c - a peer: libevent with its buffered events, as its own book writes an echo server.
 *
 *     bench_libevent tcp|unix PORT|PATH
 *
 * Happy path:  listen, say "ready"; whatever has come is moved to what goes out.
 * Failures:    a connection that ends or fails is freed. It ends on SIGTERM by itself.
 */
#include "address.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

enum { BACKLOG = 1024 };

static void accepted(struct evconnlistener *listener, evutil_socket_t descriptor,
                     struct sockaddr *peer, int peer_bytes, void *base);
static void echo(struct bufferevent *connection, void *state);
static void finish(struct bufferevent *connection, short events, void *state);

int main(int count, char **words)
{
    struct pnd_bench_address address;
    if (count < 3 || pnd_bench_address_read(words[1], words[2], &address) < 0) {
        (void)fputs("usage: bench_libevent tcp|unix PORT|PATH\n", stderr);
        return 2;
    }
    struct event_base *base = event_base_new();
    struct evconnlistener *listener =
        base == NULL ? NULL
                     : evconnlistener_new_bind(
                           base, accepted, base, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, BACKLOG,
                           (const struct sockaddr *)&address.address, (int)address.byte_count);
    if (listener == NULL) {
        perror("libevent");
        return 1;
    }
    (void)puts("ready");
    (void)fflush(stdout);
    return event_base_dispatch(base) < 0;
}

static void accepted(struct evconnlistener *listener, evutil_socket_t descriptor,
                     struct sockaddr *peer, int peer_bytes, void *base)
{
    const int yes = 1;
    (void)listener;
    (void)peer;
    (void)peer_bytes;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct bufferevent *connection =
        bufferevent_socket_new(base, descriptor, BEV_OPT_CLOSE_ON_FREE);
    if (connection == NULL) {
        (void)evutil_closesocket(descriptor);
        return;
    }
    bufferevent_setcb(connection, echo, NULL, finish, NULL);
    (void)bufferevent_enable(connection, EV_READ | EV_WRITE);
}

static void echo(struct bufferevent *connection, void *state)
{
    (void)state;
    (void)evbuffer_add_buffer(bufferevent_get_output(connection),
                              bufferevent_get_input(connection));
}

static void finish(struct bufferevent *connection, short events, void *state)
{
    (void)state;
    if ((events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
        bufferevent_free(connection);
}
