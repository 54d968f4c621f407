/*
 * behaviour_stream.h - streams both of whose ends are the loop's, for tests of behaviours.
 *
 * Happy path:  behaviour_ends -> sends and receives -> behaviour_expect_end, told once and known
 *              from then on.
 * Failures:    as in behaviour.h.
 */
#ifndef BEHAVIOUR_STREAM_H
#define BEHAVIOUR_STREAM_H

#include "behaviour.h"

struct behaviour_ends {
    pendio_handle left;
    pendio_handle right;
};

struct behaviour_ends behaviour_ends(enum fixture_family family);

/* Sends all of it as one operation; whichever answer, it succeeds. */
void behaviour_send_all(pendio_handle handle, const void *bytes, size_t byte_count);

/* Receives that much, in receives of at most that many bytes, each 1 to what is left. */
void behaviour_receive_all(pendio_handle handle, void *ret_bytes, size_t byte_count,
                           size_t most_bytes);

/* The end of the stream: told now, and known at once ever after. */
void behaviour_expect_end(pendio_handle handle);

/* Nothing is there: a receive pends, and is taken back. */
void behaviour_expect_nothing(pendio_handle handle);

/* Asks for the end of what is pending, which then ends by that. */
void behaviour_cancel(struct pendio_context *context);

#endif
