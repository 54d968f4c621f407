/*
 * fixture.h - a loop with a pool, connected pairs of every family, and waiting that ends.
 *
 * Happy path:  fixture_init -> start -> expect_next() for each delivery -> fixture_fini, which
 *              checks that nothing is left: deliveries nobody expected, operations, descriptors,
 *              counters.
 * Failures:    whatever is not as expected fails the test at once; nothing waits for ever.
 *
 * A test needs rings of its own, made inside of it: Check forks before each.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <pendio/pendio.h>

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fixture {
    struct pendio_loop *loop;
    struct pendio_pool *pool;
    struct pendio_completion *seen; /* everything delivered, in order */
    uint32_t seen_count;
    uint32_t read_count;    /* of them looked at by fixture_next() */
    uint32_t harvest_count; /* records taken by one turn */
    int descriptor_count;   /* open in the process before the fixture */
    bool destroyed;         /* the test ended the loop itself */
};

enum fixture_family {
    FIXTURE_TCP4,
    FIXTURE_TCP6,
    FIXTURE_UNIX_STREAM,
    FIXTURE_STREAM_COUNT,
    FIXTURE_UDP4 = FIXTURE_STREAM_COUNT,
    FIXTURE_UDP6,
    FIXTURE_UNIX_DATAGRAM,
    FIXTURE_MESSAGE_COUNT,
    FIXTURE_SEQPACKET = FIXTURE_MESSAGE_COUNT,
    FIXTURE_FAMILY_COUNT,
};

/* One end is the loop's, the other an ordinary blocking descriptor. */
struct fixture_pair {
    pendio_handle near;
    int far;
};

struct fixture_case {
    const TTest *test;
    int repeat_count; /* 0: once; else once for every _i below it */
};

/* Runs the tests as a Check suite; exit code of the program, 77 where io_uring is not to be had. */
int fixture_run(const char *name, const struct fixture_case *cases, size_t case_count);

/* Default loop, but for spin_ns if FIXTURE_SPIN_NS is set; pool of 64 contexts of 4096 bytes. */
void fixture_init(struct fixture *fixture);
void fixture_init_with(struct fixture *fixture, const struct pendio_loop_options *options,
                       uint32_t context_count, uint64_t slice_bytes);
void fixture_fini(struct fixture *fixture);

/* Without the checks that everything was delivered and looked at. */
void fixture_discard(struct fixture *fixture);

/* A connected pair, blocking. */
void fixture_connect(enum fixture_family family, int ret_descriptors[2]);
struct fixture_pair fixture_pair(struct fixture *fixture, enum fixture_family family);
pendio_handle fixture_adopt(struct fixture *fixture, int descriptor);
pendio_handle fixture_listener(struct fixture *fixture, enum fixture_family family,
                               struct pendio_endpoint *ret_address);

/* A TCP address nobody answers: connecting to it takes as long as one likes. */
void fixture_black_hole(struct pendio_endpoint *ret_address, int ret_descriptors[2]);

/* A context with its slice; with the caller's memory; delivered by callback into `seen`. */
struct pendio_context *fixture_get(struct fixture *fixture);
struct pendio_context *fixture_over(struct fixture *fixture, void *memory, size_t byte_count);
struct pendio_context *fixture_called(struct fixture *fixture, void *memory, size_t byte_count);
void fixture_collect(const struct pendio_completion *completion, void *state);

/* One turn of at most timeout_ns; what it delivers is added to `seen`. */
int fixture_turn(struct fixture *fixture, int64_t timeout_ns);

/* Turns until `count` more were delivered than were looked at. */
void fixture_wait(struct fixture *fixture, uint32_t count);

/* The next delivery, turning until there is one. */
const struct pendio_completion *fixture_next(struct fixture *fixture);

/* Turns a few times and fails if anything is delivered. */
void fixture_quiet(struct fixture *fixture);

struct pendio_loop_statistics fixture_stats(struct fixture *fixture);

/* Open descriptors of the process. */
int fixture_count_descriptors(void);

/* Memory filled with a pattern of its own, and whether it still is. */
void fixture_fill(void *memory, size_t byte_count, uint64_t seed);
bool fixture_is_filled(const void *memory, size_t byte_count, uint64_t seed);

/* How a stream is received from, and why. */
void fixture_expect_receive(struct fixture *fixture, pendio_handle handle, uint32_t strategy,
                            uint32_t reason);

/* Everything or failure, on blocking descriptors. */
void fixture_put(int descriptor, const void *bytes, size_t byte_count);
void fixture_take(int descriptor, void *ret_bytes, size_t byte_count);

/* Takes and drops byte_count bytes, turning the loop meanwhile so that it goes on sending. */
void fixture_drain(struct fixture *fixture, int descriptor, size_t byte_count);

/* Closes a TCP descriptor so that the other end sees a RST. */
void fixture_reset(int descriptor);

/* A new empty file below a new directory; both go with fixture_remove(). */
struct fixture_file {
    char directory[64];
    char path[96];
};
void fixture_file(struct fixture_file *ret_file);
void fixture_remove(const struct fixture_file *file);

#define expect_completion(completion, error_, bytes_, flags_)                                      \
    do {                                                                                           \
        const struct pendio_completion *expected_ = (completion);                                  \
                                                                                                   \
        ck_assert_int_eq(expected_->error, (error_));                                              \
        ck_assert_uint_eq(expected_->bytes, (bytes_));                                             \
        ck_assert_uint_eq(expected_->flags, (flags_));                                             \
    } while (0)

/* The next delivery is of `context`, and ended so. */
#define expect_next(fixture, context_, error_, bytes_, flags_)                                     \
    do {                                                                                           \
        const struct pendio_completion *next_ = fixture_next(fixture);                             \
                                                                                                   \
        ck_assert_ptr_eq(next_->context, (context_));                                              \
        expect_completion(next_, error_, bytes_, flags_);                                          \
    } while (0)

/* The context's last run ended so. */
#define expect_result(context_, error_, bytes_, flags_)                                            \
    do {                                                                                           \
        struct pendio_completion result_;                                                          \
                                                                                                   \
        ck_assert_int_eq(pendio_context_result((context_), &result_), 0);                          \
        expect_completion(&result_, error_, bytes_, flags_);                                       \
    } while (0)

#define expect_done(call)    ck_assert_int_eq((call), PENDIO_DONE)
#define expect_pending(call) ck_assert_int_eq((call), PENDIO_PENDING)

#endif
