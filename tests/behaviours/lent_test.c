/*
 * lent_test.c - behaviours 258 and 260: memory that is lent by the loop.
 */
#include "behaviour_stream.h"

#include <string.h>
#include <unistd.h>

static struct pendio_context *lending(uint32_t policy)
{
    struct pendio_context *context = behaviour_get(policy);

    expect_ok(pendio_context_set_lending(context));
    return context;
}

static void expect_in_use(uint64_t count)
{
    const struct pendio_loop_statistics stats = fixture_stats(&fixture);

    ck_assert_uint_eq(stats.buffers, 8);
    ck_assert_uint_eq(stats.buffers_in_use, count);
}

static void begin(void)
{
    const struct pendio_loop_options options = {.size = sizeof options, .buffer_count = 8};

    behaviour_begin_with(&options, 16, 0);
}

/* Receives what is there, and gives it back in one of the ways there are. */
static void take_and_give_back(struct pendio_context *context, pendio_handle handle, int way)
{
    expect_either(context, pendio_receive(context, handle), 0, 3, PENDIO_LENT);
    ck_assert_mem_eq((const void *)(uintptr_t)behaviour_result(context).memory, "abc", 3);
    expect_in_use(1);
    if (way == 0)
        expect_ok(pendio_context_set_lending(context));
    else
        expect_either(context, pendio_send(context, handle), 0, 3, 0);
    expect_in_use(0);
}

START_TEST(b258_buffers_are_free_again_after_completion_and_after_cancel)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char echo[3];

    begin();
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 3));
    context = lending((uint32_t)(_i % 3));
    for (int way = 0; way < 2; way++) {
        fixture_put(pair.far, "abc", 3);
        take_and_give_back(context, pair.near, way);
    }
    fixture_take(pair.far, echo, 3);
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    expect_in_use(0);
    expect_ok(pendio_cancel(fixture.loop, pendio_context_run(context)));
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_in_use(0);
    close(pair.far);
    behaviour_end();
}
END_TEST

/* All buffers are held by others; who has memory of his own needs none. */
START_TEST(b260_receive_completes_without_buffers_and_with_them_again)
{
    struct pendio_context *holders[8], *waiting, *own;
    struct fixture_pair pairs[8], pair;
    char memory[3];

    begin();
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < 8; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_UDP4);
        fixture_put(pairs[i].far, "abc", 3);
        holders[i] = lending(PENDIO_AUTO);
        expect_either(holders[i], pendio_receive(holders[i], pairs[i].near), 0, 3, PENDIO_LENT);
    }
    expect_in_use(8);
    own = behaviour_over(PENDIO_AUTO, memory, 3);
    fixture_put(pair.far, "abc", 3);
    expect_either(own, pendio_receive(own, pair.near), 0, 3, 0);
    ck_assert_mem_eq(memory, "abc", 3);
    waiting = lending(PENDIO_AUTO);
    fixture_put(pair.far, "def", 3);
    expect_pends(waiting, pendio_receive(waiting, pair.near));
    fixture_quiet(&fixture);
    ck_assert_uint_ge(fixture_stats(&fixture).buffers_exhausted, 1);
    for (int i = 0; i < 2; i++) /* one is kept for messages */
        expect_ok(pendio_pool_put(holders[i]));
    expect_ends(waiting, 0, 3, PENDIO_LENT);
    ck_assert_mem_eq((const void *)(uintptr_t)behaviour_result(waiting).memory, "def", 3);
    for (int i = 0; i < 8; i++)
        close(pairs[i].far);
    close(pair.far);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b258_buffers_are_free_again_after_completion_and_after_cancel, FIXTURE_FAMILY_COUNT * 3},
        {b260_receive_completes_without_buffers_and_with_them_again, FIXTURE_FAMILY_COUNT},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
