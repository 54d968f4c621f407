/*
 * ringing.h - streams over Unix sockets that were received from so often, with little each time or
 * alone, that their receives are rung for, where the kernel can.
 */
#ifndef RINGING_H
#define RINGING_H

#include "fixture.h"

enum { RINGING_MANY = 20, RINGING_LARGE_BYTES = 8192 };

/* With another stream beside it; or alone and busy, each piece being there before its turn. */
enum { RINGING_CROWDED, RINGING_LONE, RINGING_KINDS };

/* Such a pair; the fixture begins with it, and *ret_context has room for two large pieces. */
struct fixture_pair ringing_pair(struct fixture *fixture, int kind,
                                 struct pendio_context **ret_context);
struct fixture_pair ringing_begin(struct fixture *fixture, int kind,
                                  struct pendio_context **ret_context);
void ringing_end(struct fixture *fixture, const struct fixture_pair *pair);

/* Where the kernel can, which shows by requests for many; of a loop that has had such a pair. */
bool ringing_is_possible(struct fixture *fixture, int kind);

/* Something is sent, so that the ring is entered. */
void ringing_send(struct fixture *fixture, const struct fixture_pair *pair);

/* A small piece, asked for before it comes. */
void ringing_receive(struct fixture *fixture, struct pendio_context *context,
                     const struct fixture_pair *pair);

/* Each has a piece in one turn, that one first: none comes alone. */
void ringing_receive_together(struct fixture *fixture, struct pendio_context *const *contexts,
                              const struct fixture_pair *pairs, int count, int first,
                              size_t byte_count);

#endif
