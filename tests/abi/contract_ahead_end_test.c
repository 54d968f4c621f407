/*
 * contract_ahead_end_test.c - ends of a handle of which something was received ahead.
 *
 * - Those who wait are told first, what nobody took goes back, and what is lent stays lent.
 */
#include "lending.h"

#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static struct pendio_completion receive(struct pendio_context *context, pendio_handle handle)
{
    return lending_receive(&fixture, context, handle);
}

START_TEST(disconnect_ends_what_waits_and_drops_what_is_collected)
{
    struct pendio_context *contexts[3];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = _i / 2 == 0 ? lending_collected(&fixture, &contexts[0], "abc")
                       : lending_pair(&fixture, &contexts[0]);
    contexts[1] = fixture_get(&fixture);
    contexts[2] = lending_get(&fixture);
    if (_i / 2 == 1)
        expect_pending(pendio_receive(contexts[2], pair.near));
    expect_pending(pendio_disconnect(contexts[1], pair.near, _i % 2 == 1 ? PENDIO_REUSE : 0));
    for (int i = 0; i < 1 + _i / 2; i++)
        ck_assert_int_eq(fixture_next(&fixture)->error, 0);
    expect_result(contexts[1], 0, 0, 0);
    if (_i / 2 == 1)
        expect_result(contexts[2], 0, 0, PENDIO_END_OF_STREAM);
    ck_assert_uint_eq(lending_in_use(&fixture), 1); /* what contexts[0] was lent */
    if (_i % 2 == 0) {
        expect_done(pendio_receive(contexts[2], pair.near));
        expect_result(contexts[2], 0, 0, PENDIO_END_OF_STREAM);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(handle_used_again_receives_anew)
{
    struct pendio_endpoint address;
    struct pendio_context *contexts[3];
    struct pendio_completion completion;
    struct fixture_pair pair;
    pendio_handle listener, accepted;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    pair = lending_collected(&fixture, &contexts[0], "old");
    contexts[1] = fixture_get(&fixture);
    contexts[2] = fixture_get(&fixture);
    expect_pending(pendio_disconnect(contexts[1], pair.near, PENDIO_REUSE));
    expect_next(&fixture, contexts[1], 0, 0, 0);
    pendio_context_set_endpoint(contexts[1], address.address, address.byte_count);
    expect_pending(pendio_connect(contexts[1], pair.near));
    expect_next(&fixture, contexts[1], 0, 0, 0);
    completion = lending_finish(&fixture, contexts[2], pendio_accept(contexts[2], listener, 0));
    accepted = completion.value;
    pendio_context_set_memory(contexts[1], (void *)(uintptr_t) "new", 3);
    completion = lending_finish(&fixture, contexts[1], pendio_send(contexts[1], accepted));
    expect_completion(&completion, 0, 3, 0);
    completion = receive(contexts[0], pair.near);
    lending_expect(&completion, "new");
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(detach_waits_until_everything_was_taken)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    int descriptor;
    char memory[3];

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &context, "abc");
    if (lending_collects(&fixture))
        ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), -EBUSY);
    completion = receive(context, pair.near);
    lending_expect(&completion, "abc");
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), 0);
    fixture_put(pair.far, "def", 3);
    fixture_take(descriptor, memory, 3);
    ck_assert_mem_eq(memory, "def", 3);
    close(descriptor);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(close_gives_back_what_nobody_took)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char byte;

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abc");
    contexts[1] = fixture_get(&fixture);
    expect_pending(
        pendio_close(contexts[1], pair.near, _i == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    expect_next(&fixture, contexts[1], 0, 0, 0);
    ck_assert_int_eq(recv(pair.far, &byte, 1, 0), _i == 0 ? 0 : -1);
    ck_assert_uint_eq(lending_in_use(&fixture), 1);
    ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(close_ends_those_who_wait_and_comes_last)
{
    struct pendio_context *contexts[3];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = lending_pair(&fixture, &contexts[0]);
    contexts[1] = fixture_get(&fixture);
    contexts[2] = lending_get(&fixture);
    expect_pending(pendio_receive(contexts[0], pair.near));
    expect_pending(pendio_receive(contexts[2], pair.near));
    fixture_quiet(&fixture);
    expect_pending(
        pendio_close(contexts[1], pair.near, _i == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    expect_next(&fixture, contexts[2], -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_next(&fixture, contexts[1], 0, 0, 0);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(destroy_with_everything_under_way_leaks_nothing)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair, other;
    uint64_t leaked_count = 1;

    fixture_init(&fixture);
    pair = lending_collected(&fixture, &contexts[0], "abc");
    other = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    contexts[1] = lending_get(&fixture);
    expect_pending(pendio_receive(contexts[1], other.near));
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, -1, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    fixture.destroyed = true;
    close(other.far);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {disconnect_ends_what_waits_and_drops_what_is_collected, 4},
        {handle_used_again_receives_anew, 0},
        {detach_waits_until_everything_was_taken, 0},
        {close_gives_back_what_nobody_took, 2},
        {close_ends_those_who_wait_and_comes_last, 2},
        {destroy_with_everything_under_way_leaks_nothing, 0},
    };

    return fixture_run("contract: ends of what is ahead", cases, sizeof cases / sizeof cases[0]);
}
