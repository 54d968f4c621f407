/*
 * listening.h - a loop with a listener, and clients that come: what tests of accepting begin with.
 */
#ifndef LISTENING_H
#define LISTENING_H

#include "fixture.h"

struct listening {
    struct fixture fixture;
    struct pendio_endpoint address;
    pendio_handle listener;
};

extern struct listening listening;

/* Ends with fixture_fini(&listening.fixture). */
void listening_begin(enum fixture_family family);

/* Whether the kernel accepts ahead of those who ask. */
bool listening_collects(void);

/* A client of the listener, as an ordinary descriptor. */
int listening_dial(void);

/* Accepts once, so that the listener may collect from now on; returns the connection. */
pendio_handle listening_accept_first(struct pendio_context *context, int *ret_client);

/* Turns until that many connections are collected, where they are. */
void listening_collect(uint32_t count);

/* The connection the context accepted. */
pendio_handle listening_value_of(const struct pendio_context *context);

/* A byte from the client is found on the handle: they are connected to each other. */
void listening_check_pair(int client, pendio_handle handle);

#endif
