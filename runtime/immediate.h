/*
 * immediate.h - what can be done to a handle without a context: an ordinary system call each.
 *
 * Every function returns 0, or as it says, or the -errno of its system call.
 */
#ifndef PND_IMMEDIATE_H
#define PND_IMMEDIATE_H

#include "handle.h"

/* -EAGAIN: no free handle. */
int pnd_immediate_socket(struct pnd_handle_table *table, int family, int type, int protocol,
                         pendio_handle *ret_handle);
int pnd_immediate_adopt(struct pnd_handle_table *table, int descriptor, pendio_handle *ret_handle);

/* -EBUSY: something is under way on it, or collected and not taken. */
int pnd_immediate_detach(struct pnd_loop *loop, struct pnd_handle *handle, int *ret_descriptor);

int pnd_immediate_bind(const struct pnd_handle *handle, const void *address, uint32_t byte_count);
int pnd_immediate_listen(const struct pnd_handle *handle, uint32_t backlog);
int pnd_immediate_shutdown(const struct pnd_handle *handle, int how);
int pnd_immediate_set_option(const struct pnd_handle *handle, int level, int name,
                             const void *value, uint32_t byte_count);

/* Returns the number of bytes written. */
int pnd_immediate_get_option(const struct pnd_handle *handle, int level, int name,
                             uint32_t byte_count, void *ret_value);

int pnd_immediate_local(const struct pnd_handle *handle, struct pendio_endpoint *ret_endpoint);
int pnd_immediate_peer(const struct pnd_handle *handle, struct pendio_endpoint *ret_endpoint);

#endif
