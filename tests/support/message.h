/*
 * message.h - control data of tests: descriptors that are sent and received.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "fixture.h"

#include <sys/socket.h>

enum { MESSAGE_RIGHTS_BYTES = CMSG_SPACE(sizeof(int)) };

/* Control memory, aligned as one may have it. */
union message_control {
    struct cmsghdr header;
    unsigned char bytes[256];
};

/* A context with the caller's memory, all of the control memory too. */
struct pendio_context *message_over(struct fixture *fixture, void *memory, size_t byte_count,
                                    union message_control *control);

/* What pendio_context_message() says. */
struct pendio_message message_of(const struct pendio_context *context);

/* Control data with one descriptor; MESSAGE_RIGHTS_BYTES of it. */
void message_fill_rights(union message_control *ret_control, int descriptor);

/* The far end sends bytes, that begin with "abc", and a descriptor; or takes both. */
void message_put_rights(int far, int descriptor, size_t byte_count);
int message_take_rights(int far, void *ret_bytes, size_t byte_count);

/* The one descriptor in control data. */
int message_descriptor(const union message_control *control, uint64_t byte_count);

/* A descriptor to send. */
int message_open_null(void);

#endif
