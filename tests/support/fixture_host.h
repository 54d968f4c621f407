/*
 * fixture_host.h - a plain epoll loop that hosts a fixture's loop.
 */
#ifndef FIXTURE_HOST_H
#define FIXTURE_HOST_H

#include "fixture.h"

enum { HOST_PATIENCE_MS = 20000 };

struct host {
    struct fixture *fixture;
    int epoll;
};

/* Makes the fixture, too; watching one made before is the second half of it. */
void host_init(struct host *host, struct fixture *fixture);
void host_watch(struct host *host, struct fixture *fixture);
void host_fini(struct host *host);

bool host_is_readable(const struct host *host, int timeout_ms);

/* What a host does before it sleeps: turns until there is nothing. */
void host_turn(const struct host *host);

/* Turns and sleeps until `count` deliveries came that were not looked at. */
void host_run(const struct host *host, uint32_t count);

/* Nothing is to be delivered: after a few turns the host sleeps. */
void host_expect_sleep(const struct host *host);

#endif
