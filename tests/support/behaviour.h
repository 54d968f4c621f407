/*
 * behaviour.h - tests of numbered behaviours: answer, error, bytes, flags and number of deliveries.
 *
 * Happy path:  behaviour_begin -> expect_...(start call) -> behaviour_end, which counts for every
 *              start that was told of: one delivery when it was pending, none when it was done.
 * Failures:    as in fixture.h; a refusal is checked to have changed nothing.
 *
 * A test's name begins with its number: b071_accept_pends_until_a_client_comes, l04_.... A program
 * runs the numbers it is given, or all; --list prints them with the names of their tests. Where
 * PENDIO_VERDICTS names a folder, a file per number says there what became of it.
 */
#ifndef BEHAVIOUR_H
#define BEHAVIOUR_H

#include "fixture.h"

extern struct fixture fixture;

/* Exit code of the program; 2: usage, 77: no io_uring here. */
int behaviour_run(int argc, char **argv, const struct fixture_case *cases, size_t case_count);

/* fixture_init() and fixture_fini() with the ledger of starts. */
void behaviour_begin(void);
void behaviour_begin_with(const struct pendio_loop_options *options, uint32_t context_count,
                          uint64_t slice_bytes);
void behaviour_end(void);

/* Notes an answer that is not a refusal, and hands it on. */
int behaviour_note(const struct pendio_context *context, int answer);

/* The next delivery of this context, in whatever order others are delivered. */
const struct pendio_completion *behaviour_delivery_of(const struct pendio_context *context);

/* What the last start brought: delivered when it answered pending, else at once. */
const struct pendio_completion *behaviour_outcome(const struct pendio_context *context, int answer);

/* What pendio_context_result() says. */
struct pendio_completion behaviour_result(const struct pendio_context *context);

/* All that can be asked of a context from outside. */
struct behaviour_state {
    struct pendio_completion result;
    struct pendio_endpoint sender;
    struct pendio_request request;
    pendio_run run;
};
struct behaviour_state behaviour_state_of(const struct pendio_context *context);
bool behaviour_is_unchanged(const struct pendio_context *context,
                            const struct behaviour_state *before);

/* Contexts with a policy; show: memory that is only sent. */
struct pendio_context *behaviour_get(uint32_t policy);
struct pendio_context *behaviour_over(uint32_t policy, void *memory, size_t byte_count);
void behaviour_aim(struct pendio_context *context, const struct pendio_endpoint *endpoint);
void behaviour_show(struct pendio_context *context, const void *memory, size_t byte_count);

/* An unbound socket for an address, and one's ends. */
pendio_handle behaviour_socket(const struct pendio_endpoint *address, int type);
struct pendio_endpoint behaviour_local(pendio_handle handle);
struct pendio_endpoint behaviour_peer(pendio_handle handle);
struct pendio_endpoint behaviour_loopback(enum fixture_family family, uint16_t port);

/* Gracefully, without a context. */
void behaviour_close(pendio_handle handle);

/* Waits in the loop until a stream handle has data or its end, taking nothing. */
void behaviour_await_data(pendio_handle handle);

/* The contract fixes these as done: a small send with nothing before it, data that is there. */
void behaviour_send_now(pendio_handle handle, const void *bytes, size_t byte_count);
void behaviour_receive_now(pendio_handle handle, const void *expected, size_t byte_count);

/* The connection works both ways. */
void behaviour_talk(pendio_handle near, int far);

/* The answer is done: the result is there, and nothing will be delivered. */
#define expect_done_with(context, call, error_, bytes_, flags_)                                    \
    do {                                                                                           \
        ck_assert_int_eq(behaviour_note((context), (call)), PENDIO_DONE);                          \
        ck_assert_uint_eq(pendio_context_run(context), 0);                                         \
        expect_result((context), error_, bytes_, flags_);                                          \
    } while (0)

/* The answer is pending: one delivery will follow. */
#define expect_pends(context, call)                                                                \
    do {                                                                                           \
        ck_assert_int_eq(behaviour_note((context), (call)), PENDIO_PENDING);                       \
        ck_assert_uint_ne(pendio_context_run(context), 0);                                         \
    } while (0)

/* The one delivery of a pending start; the context is free by then. */
#define expect_ends(context, error_, bytes_, flags_)                                               \
    expect_completion(behaviour_delivery_of(context), error_, bytes_, flags_)

/* Either answer is right, and in either case this is what came of it. */
#define expect_either(context, call, error_, bytes_, flags_)                                       \
    expect_end_of((context), behaviour_note((context), (call)), error_, bytes_, flags_)

/* The same in two steps, with something in between. */
#define expect_end_of(context, answer_, error_, bytes_, flags_)                                    \
    do {                                                                                           \
        const struct pendio_completion *end_ = behaviour_outcome((context), (answer_));            \
                                                                                                   \
        expect_completion(end_, error_, bytes_, flags_);                                           \
    } while (0)

/* Misuse or no capacity: nothing started and nothing changed. */
#define expect_refused(context, call, status_)                                                     \
    do {                                                                                           \
        const struct behaviour_state before_ = behaviour_state_of(context);                        \
                                                                                                   \
        ck_assert_int_eq((call), (status_));                                                       \
        ck_assert(behaviour_is_unchanged((context), &before_));                                    \
    } while (0)

/* A setter or an immediate call that succeeds. */
#define expect_ok(call) ck_assert_int_eq((call), 0)

#endif
