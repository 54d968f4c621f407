/*
 * ringing.c - streams over Unix sockets whose receives are rung for.
 */
#include "ringing.h"

#include <unistd.h>

void ringing_receive(struct fixture *fixture, struct pendio_context *context,
                     const struct fixture_pair *pair)
{
    expect_pending(pendio_receive(context, pair->near));
    fixture_put(pair->far, "small", 5);
    expect_next(fixture, context, 0, 5, 0);
}

struct fixture_pair ringing_pair(struct fixture *fixture, struct pendio_context **ret_context)
{
    struct fixture_pair pair = fixture_pair(fixture, FIXTURE_UNIX_STREAM);
    uint32_t strategy, reason;

    *ret_context = fixture_get(fixture);
    for (int i = 0; i < RINGING_MANY; i++)
        ringing_receive(fixture, *ret_context, &pair);
    ck_assert_int_eq(pendio_handle_get_receive(fixture->loop, pair.near, &strategy, &reason), 0);
    ck_assert_uint_eq(strategy, PENDIO_RECEIVE_SINGLE);
    ck_assert_uint_eq(reason, PENDIO_RECEIVE_UNDECIDED);
    return pair;
}

struct fixture_pair ringing_begin(struct fixture *fixture, struct pendio_context **ret_context)
{
    fixture_init_with(fixture, NULL, 16, 2 * RINGING_LARGE_BYTES);
    return ringing_pair(fixture, ret_context);
}

void ringing_end(struct fixture *fixture, const struct fixture_pair *pair)
{
    close(pair->far);
    fixture_fini(fixture);
}
