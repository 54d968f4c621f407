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

void ringing_receive_together(struct fixture *fixture, struct pendio_context *const *contexts,
                              const struct fixture_pair *pairs, int count, int first,
                              size_t byte_count)
{
    static const char bytes[RINGING_LARGE_BYTES];

    for (int i = 0; i < count; i++)
        expect_pending(pendio_receive(contexts[i], pairs[i].near));
    fixture_quiet(fixture);
    for (int i = 0; i < count; i++)
        fixture_put(pairs[(first + i) % count].far, bytes, byte_count);
    for (int i = 0; i < count; i++)
        expect_completion(fixture_next(fixture), 0, byte_count, 0);
}

void ringing_send(struct fixture *fixture, const struct fixture_pair *pair)
{
    char taken, byte = 's';
    struct pendio_context *context = fixture_over(fixture, &byte, 1);

    expect_pending(pendio_send(context, pair->near));
    expect_next(fixture, context, 0, 1, 0);
    fixture_take(pair->far, &taken, 1);
    ck_assert_int_eq(pendio_pool_put(context), 0);
}

static struct fixture_pair lone_pair(struct fixture *fixture, struct pendio_context **ret_context)
{
    struct fixture_pair pair = fixture_pair(fixture, FIXTURE_UNIX_STREAM);

    *ret_context = fixture_get(fixture);
    for (int i = 0; i < 2 * RINGING_MANY; i++) {
        ringing_send(fixture, &pair);
        ringing_receive(fixture, *ret_context, &pair);
    }
    return pair;
}

static struct fixture_pair crowded_pair(struct fixture *fixture,
                                        struct pendio_context **ret_context)
{
    const struct fixture_pair pairs[] = {fixture_pair(fixture, FIXTURE_UNIX_STREAM),
                                         fixture_pair(fixture, FIXTURE_UNIX_STREAM)};
    struct pendio_context *const contexts[] = {fixture_get(fixture), fixture_get(fixture)};

    for (int i = 0; i < RINGING_MANY; i++)
        ringing_receive_together(fixture, contexts, pairs, 2, (i + 1) % 2, 5);
    ck_assert_int_eq(pendio_handle_close(fixture->loop, pairs[1].near, PENDIO_ABORTIVE), 0);
    close(pairs[1].far);
    ck_assert_int_eq(pendio_pool_put(contexts[1]), 0);
    fixture_quiet(fixture);
    *ret_context = contexts[0];
    return pairs[0];
}

bool ringing_is_possible(struct fixture *fixture, int kind)
{
    struct pendio_loop_statistics stats = fixture_stats(fixture);

    return stats.multishot_armed != 0 &&
           (kind == RINGING_CROWDED || (stats.features & PENDIO_FEATURE_TASKRUN_FLAG) != 0);
}

struct fixture_pair ringing_pair(struct fixture *fixture, int kind,
                                 struct pendio_context **ret_context)
{
    struct fixture_pair pair =
        kind == RINGING_LONE ? lone_pair(fixture, ret_context) : crowded_pair(fixture, ret_context);
    uint32_t reason = kind == RINGING_LONE ? PENDIO_RECEIVE_LONE : PENDIO_RECEIVE_CROWDED;
    bool is_possible = ringing_is_possible(fixture, kind);

    fixture_expect_receive(fixture, pair.near, PENDIO_RECEIVE_SINGLE,
                           is_possible ? reason : PENDIO_RECEIVE_UNDECIDED);
    ck_assert_uint_ge(fixture_stats(fixture).streams_polled, is_possible);
    return pair;
}

struct fixture_pair ringing_begin(struct fixture *fixture, int kind,
                                  struct pendio_context **ret_context)
{
    fixture_init_with(fixture, NULL, 16, 2 * RINGING_LARGE_BYTES);
    return ringing_pair(fixture, kind, ret_context);
}

void ringing_end(struct fixture *fixture, const struct fixture_pair *pair)
{
    close(pair->far);
    fixture_fini(fixture);
}
