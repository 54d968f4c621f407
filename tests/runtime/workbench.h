/*
 * workbench.h - a loop, a pool and a stream to test with; whatever goes wrong fails the test.
 *
 * Rings belong to the process that made them and Check forks for every test, so all of this is
 * called inside tests.
 */
#ifndef WORKBENCH_H
#define WORKBENCH_H

#include "context.h"

#include <check.h>
#include <pendio/pendio.h>
#include <stdint.h>

/* Longer than anything takes: only met by a test that would hang. */
#define WORKBENCH_LIMIT_NS (INT64_C(20) * 1000 * 1000 * 1000)

/* One end is a handle of the loop, the other an ordinary descriptor. */
struct workbench_stream {
    pendio_handle near;
    int far;
};

/* 0 operations and posts: the default. */
struct pendio_loop *workbench_loop(uint32_t operation_count, uint32_t post_count);

/* Destroys the loop: nothing may be left in the kernel, and no completion was ever lost. */
void workbench_end(struct pendio_loop *loop);

struct pendio_pool *workbench_pool(struct pendio_loop *loop, uint32_t context_count,
                                   uint64_t slice_bytes);
struct pendio_context *workbench_context(struct pendio_pool *pool);

/* `type` as of socketpair(2), of the Unix family. */
struct workbench_stream workbench_stream(struct pendio_loop *loop, int type);

/* A file of that many zero bytes below $TMPDIR, without a name any more. */
int workbench_file(uint64_t byte_count);

/* The next record, whenever it comes. */
struct pendio_completion workbench_next(struct pendio_loop *loop);

/* Turns until the answer of a turn is not a count; returns how many records came meanwhile. */
uint32_t workbench_turn_until_shut_down(struct pendio_loop *loop);

struct pendio_loop_statistics workbench_statistics(struct pendio_loop *loop);

/* Sends a byte each way and reads a file: true to say that the loop works. */
void workbench_exercise(struct pendio_loop *loop);

static inline struct pnd_loop *workbench_inside(struct pendio_loop *loop)
{
    return (struct pnd_loop *)loop;
}

static inline struct pnd_context *workbench_inside_context(struct pendio_context *context)
{
    return (struct pnd_context *)context;
}

#endif
