/*
 * lending.h - contexts that are lent memory, and what they were lent.
 */
#ifndef LENDING_H
#define LENDING_H

#include "fixture.h"

/* A context without memory of its own. */
struct pendio_context *lending_get(struct fixture *fixture);

/*
 * A TCP pair of which the context was lent "first": what comes now is received ahead, if that can
 * be. The second: and so was the text.
 */
struct fixture_pair lending_pair(struct fixture *fixture, struct pendio_context **ret_context);
struct fixture_pair lending_collected(struct fixture *fixture, struct pendio_context **ret_context,
                                      const char *text);

/* The result, whatever the answer was; of a receive. */
struct pendio_completion lending_finish(struct fixture *fixture, struct pendio_context *context,
                                        int answer);
struct pendio_completion lending_receive(struct fixture *fixture, struct pendio_context *context,
                                         pendio_handle handle);

/* It was lent memory with just that text; it has no memory. */
void lending_expect(const struct pendio_completion *completion, const char *text);
void lending_expect_nothing(const struct pendio_context *context);

/* Buffers that are collected or lent. */
uint64_t lending_in_use(struct fixture *fixture);

/* Whether the loop receives ahead of those who ask, where that can be. */
bool lending_collects(struct fixture *fixture);

#endif
