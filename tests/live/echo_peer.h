/*
 * echo_peer.h - the other side of an echo: a plain epoll client in a process of its own.
 *
 * All connections are made first and stay; then each sends its messages, one after the other, and
 * looks at every byte that comes back; then it says that it is done and waits for the end.
 */
#ifndef ECHO_PEER_H
#define ECHO_PEER_H

#include <stdint.h>
#include <sys/types.h>

struct echo_plan {
    uint64_t family; /* AF_INET or AF_UNIX */
    uint64_t port;   /* of the address 127.0.0.1, or of the abstract name: echo_address() */
    uint64_t connection_count;
    uint64_t message_count; /* of all connections */
    uint64_t message_bytes; /* the longest */
};

/* Length of one message, 1 to message_bytes: connections differ, and so do their messages. */
uint64_t echo_message_bytes(const struct echo_plan *plan, uint64_t connection, uint64_t message);

/* How many messages a connection sends. */
uint64_t echo_message_count(const struct echo_plan *plan, uint64_t connection);

/* Bytes of all messages. */
uint64_t echo_total_bytes(const struct echo_plan *plan);

/* A listening descriptor, not blocking; its port or name goes into the plan. */
int echo_listen(struct echo_plan *plan);

/* Runs this program again as the peer; it dies with its parent. */
pid_t echo_peer_start(const struct echo_plan *plan);

/* What such a program does: true if the arguments are echo_peer_start()'s. */
int echo_peer_main(int argc, char **argv, int *ret_status);

#endif
