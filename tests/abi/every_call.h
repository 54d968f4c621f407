/*
 * every_call.h - every function that takes a loop, a pool or a context, callable one after another.
 *
 * Happy path:  a subject is given -> each call is made on it, its other arguments being valid.
 * Failures:    the caller says which status it expects; outputs must stay untouched with it.
 */
#ifndef EVERY_CALL_H
#define EVERY_CALL_H

#include <pendio/pendio.h>

#include <stdbool.h>

struct every_subject {
    struct pendio_loop *loop;
    struct pendio_pool *pool;
    struct pendio_group *group;
    struct pendio_context *context;
    pendio_handle handle;
};

struct every_call {
    const char *name; /* without pendio_ */
    int (*make)(const struct every_subject *subject);
    bool may_any_thread;
};

extern const struct every_call every_calls[];
extern const size_t every_call_count;

/* NULL when the call answers `status` and leaves its outputs alone, else what it did. */
const char *every_call_answers(const struct every_call *call, const struct every_subject *subject,
                               int status);

/* How many calls do not; each is named on standard error. */
int every_call_count_others(const struct every_subject *subject, bool from_any_thread, int status);

#endif
