/*
 * holding.h - sends that copy nothing, and a peer that does not take them: what they hold on to.
 *
 * Over the loopback the kernel copies what arrives, but what the peer has no room for stays where
 * it was sent from.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include "fixture.h"

enum { HOLDING_BYTES = 256 * 1024 };

/* Whether the loop sends without copying. */
bool holding_is_possible(struct fixture *fixture);

/* A loop with slices of HOLDING_BYTES; a TCP pair that keeps as much in the kernel, unread. */
struct fixture_pair holding_begin(struct fixture *fixture);
struct fixture_pair holding_pair(struct fixture *fixture);

/* A context that sends `memory` without copying, filled with a pattern; NULL: its slice. */
struct pendio_context *holding_get(struct fixture *fixture, void *memory, size_t byte_count,
                                   uint64_t seed);

/* Its send is accepted, and not told as long as nobody reads. False: not possible, and told. */
bool holding_start(struct fixture *fixture, struct pendio_context *context, pendio_handle handle);

/* The descriptor gets that pattern, while the loop turns. */
void holding_take(struct fixture *fixture, int descriptor, size_t byte_count, uint64_t seed);

/* The descriptor gets the beginning of that pattern and then `error`; how much that was. */
size_t holding_take_until(int descriptor, uint64_t seed, int error);

/* The next delivery is of `context`, and ended so; that it was copied may be told beside. */
#define expect_sent(fixture, context_, error_, bytes_, flags_)                                     \
    do {                                                                                           \
        const struct pendio_completion *sent_ = fixture_next(fixture);                             \
                                                                                                   \
        ck_assert_ptr_eq(sent_->context, (context_));                                              \
        ck_assert_int_eq(sent_->error, (error_));                                                  \
        ck_assert_uint_eq(sent_->bytes, (bytes_));                                                 \
        ck_assert_uint_eq(sent_->flags & ~(unsigned)PENDIO_COPIED, (flags_));                      \
    } while (0)

#endif
