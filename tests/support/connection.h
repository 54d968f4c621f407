/*
 * connection.h - connections of a handle that are made, filled and ended.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "fixture.h"

/* What the context connects to. */
void connection_aim(struct pendio_context *context, const struct pendio_endpoint *address);

/* Connects the handle to a new listener; returns the other end. */
int connection_anew(struct fixture *fixture, pendio_handle handle, enum fixture_family family);

/* Disconnects the handle, and checks what is told of it. */
void connection_disconnect(struct fixture *fixture, struct pendio_context *context,
                           pendio_handle handle, uint32_t flags);

/* Sends until nothing more goes; the context is left with a send under way. */
void connection_fill_up(struct fixture *fixture, pendio_handle handle,
                        struct pendio_context *context, void *memory, size_t byte_count);

/* The next the descriptor hears is the end. */
void connection_expect_end(int descriptor);

#endif
