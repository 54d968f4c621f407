/*
 * contract_zero_copy_end_test.c - sends that copy nothing and end early, or whose handle ends.
 *
 * - Cancel and deadline end the sending, not the wait for memory; neither reaches a known result.
 * - A graceful close waits for the memory; one that is abortive, or late, has the system drop it.
 * - A disconnect that keeps the handle waits, too; the end of the loop counts what is still held.
 */
#include "connection.h"
#include "holding.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static char memory[8 << 20];
static char got[8 << 20];

enum { SOON_NS = 20 * 1000 * 1000 };

/* A send of more than there is room for: part of it is gone and held, the rest waits. */
static struct pendio_context *start_large(pendio_handle handle, uint64_t deadline_ns)
{
    struct pendio_context *context = holding_get(&fixture, memory, sizeof memory, 1);

    ck_assert_int_eq(pendio_context_set_deadline(context, deadline_ns), 0);
    expect_pending(pendio_send(context, handle));
    return context;
}

/* The far end reads what had gone, while the loop turns; then the context is told so. */
static void take_and_expect(int far, struct pendio_context *context, int error, unsigned flags)
{
    size_t taken_bytes = 0;
    struct pendio_completion result;

    while (pendio_context_run(context) != 0) {
        ssize_t count = recv(far, got + taken_bytes, sizeof got - taken_bytes, MSG_DONTWAIT);

        taken_bytes += count > 0 ? (size_t)count : 0;
        ck_assert_int_ge(fixture_turn(&fixture, 1000000), 0);
    }
    result = *fixture_next(&fixture);
    ck_assert_ptr_eq(result.context, context);
    ck_assert_int_eq(result.error, error);
    ck_assert_uint_eq(result.flags & ~(unsigned)PENDIO_COPIED, flags);
    ck_assert_uint_gt(result.bytes, 0);
    ck_assert_uint_lt(result.bytes, sizeof memory);
    fixture_take(far, got + taken_bytes, result.bytes - taken_bytes);
    ck_assert(fixture_is_filled(got, result.bytes, 1));
    ck_assert_int_eq(recv(far, got, 1, MSG_DONTWAIT), -1);
    ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(cancelled_send_waits_for_the_memory_of_what_had_gone)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = start_large(pair.near, 0);
    struct pendio_context *next = holding_get(&fixture, NULL, 5, 2);

    fixture_quiet(&fixture);
    expect_pending(pendio_send(next, pair.near));
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(next)), 0);
    expect_sent(&fixture, next, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    if (holding_is_possible(&fixture)) {
        fixture_quiet(&fixture);
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), -ENOENT);
    }
    take_and_expect(pair.far, context, -ECANCELED, PENDIO_BY_CANCEL);
    expect_pending(pendio_send(next, pair.near));
    holding_take(&fixture, pair.far, 5, 2);
    expect_sent(&fixture, next, 0, 5, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(deadline_ends_the_sending_but_not_the_wait_for_memory)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = start_large(pair.near, SOON_NS);
    struct pendio_context *timer = fixture_get(&fixture);

    if (holding_is_possible(&fixture)) {
        expect_pending(pendio_timer(timer, 3 * (uint64_t)SOON_NS));
        expect_next(&fixture, timer, 0, 0, 0);
        fixture_quiet(&fixture);
    } else {
        fixture_wait(&fixture, 1); /* read from before, it could go whole */
    }
    take_and_expect(pair.far, context, -ETIMEDOUT, PENDIO_BY_DEADLINE);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(deadline_does_not_reach_what_waits_for_memory_alone)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    struct pendio_context *timer = fixture_get(&fixture);
    bool held;

    ck_assert_int_eq(pendio_context_set_deadline(context, 10 * (uint64_t)SOON_NS), 0);
    held = holding_start(&fixture, context, pair.near);
    expect_pending(pendio_timer(timer, 11 * (uint64_t)SOON_NS));
    expect_next(&fixture, timer, 0, 0, 0);
    holding_take(&fixture, pair.far, HOLDING_BYTES, 1);
    if (held)
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(graceful_close_waits_until_the_memory_is_free)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    struct pendio_context *reader = fixture_get(&fixture);
    struct pendio_context *closer = fixture_get(&fixture);
    bool held = holding_start(&fixture, context, pair.near);

    expect_pending(pendio_receive(reader, pair.near));
    expect_pending(pendio_close(closer, pair.near, PENDIO_GRACEFUL));
    expect_next(&fixture, reader, -ECANCELED, 0, PENDIO_BY_CLOSE);
    if (held)
        fixture_quiet(&fixture);
    holding_take(&fixture, pair.far, HOLDING_BYTES, 1);
    if (held)
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    expect_next(&fixture, closer, 0, 0, 0);
    connection_expect_end(pair.far);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(late_close_drops_what_is_held)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    struct pendio_context *closer = fixture_get(&fixture);
    bool held = holding_start(&fixture, context, pair.near);

    ck_assert_int_eq(pendio_context_set_deadline(closer, SOON_NS), 0);
    expect_pending(pendio_close(closer, pair.near, PENDIO_GRACEFUL));
    if (held)
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    expect_next(&fixture, closer, 0, 0, 0);
    if (held)
        ck_assert_uint_lt(holding_take_until(pair.far, 1, ECONNRESET), HOLDING_BYTES);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(abortive_close_drops_what_is_held)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context =
        holding_get(&fixture, _i % 2 == 0 ? NULL : memory, HOLDING_BYTES, 1);
    struct pendio_context *reader = fixture_get(&fixture);
    struct pendio_context *closer = fixture_get(&fixture);
    bool held = holding_start(&fixture, context, pair.near);

    expect_pending(pendio_receive(reader, pair.near));
    if (_i < 2)
        expect_pending(pendio_close(closer, pair.near, PENDIO_ABORTIVE));
    else
        ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_ABORTIVE), 0);
    expect_next(&fixture, reader, -ECANCELED, 0, PENDIO_BY_CLOSE);
    if (held)
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    if (_i < 2)
        expect_next(&fixture, closer, 0, 0, 0);
    fixture_quiet(&fixture);
    ck_assert_uint_lt(holding_take_until(pair.far, 1, ECONNRESET), HOLDING_BYTES);
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(what_never_left_was_not_copied)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *first = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    struct pendio_context *second = holding_get(&fixture, NULL, HOLDING_BYTES, 2);

    if (holding_start(&fixture, first, pair.near) && holding_start(&fixture, second, pair.near)) {
        ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_ABORTIVE), 0);
        expect_sent(&fixture, first, 0, HOLDING_BYTES, 0);
        expect_next(&fixture, second, 0, HOLDING_BYTES, 0);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(abortive_close_ends_the_sending_too)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = start_large(pair.near, 0);
    struct pendio_context *next = holding_get(&fixture, NULL, 5, 2);
    struct pendio_context *closer = fixture_get(&fixture);
    const struct pendio_completion *told;

    expect_pending(pendio_send(next, pair.near));
    fixture_quiet(&fixture);
    expect_pending(pendio_close(closer, pair.near, PENDIO_ABORTIVE));
    expect_sent(&fixture, next, -ECANCELED, 0, PENDIO_BY_CLOSE);
    told = fixture_next(&fixture);
    ck_assert_ptr_eq(told->context, context);
    ck_assert_int_eq(told->error, -ECANCELED);
    ck_assert_uint_eq(told->flags & ~(unsigned)PENDIO_COPIED, PENDIO_BY_CLOSE);
    ck_assert_uint_gt(told->bytes, 0);
    ck_assert_uint_lt(told->bytes, sizeof memory);
    expect_next(&fixture, closer, 0, 0, 0);
    ck_assert_uint_lt(holding_take_until(pair.far, 1, ECONNRESET), sizeof memory);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(disconnect_that_keeps_the_handle_waits_for_the_memory)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    struct pendio_context *other = fixture_get(&fixture);
    bool held = holding_start(&fixture, context, pair.near);
    int far;

    expect_pending(pendio_disconnect(other, pair.near, PENDIO_REUSE));
    if (held)
        fixture_quiet(&fixture);
    holding_take(&fixture, pair.far, HOLDING_BYTES, 1);
    if (held)
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    expect_next(&fixture, other, 0, 0, 0);
    connection_expect_end(pair.far);
    close(pair.far);
    far = connection_anew(&fixture, pair.near, FIXTURE_TCP4);
    expect_pending(pendio_send(context, pair.near));
    holding_take(&fixture, far, HOLDING_BYTES, 1);
    expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    close(far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(disconnect_that_waits_for_the_memory_ends_early)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    struct pendio_context *other = fixture_get(&fixture);
    struct pendio_context *closer = fixture_get(&fixture);

    if (!holding_start(&fixture, context, pair.near))
        goto end;
    expect_pending(pendio_disconnect(other, pair.near, PENDIO_REUSE));
    fixture_quiet(&fixture);
    if (_i == 0) {
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(other)), 0);
        expect_next(&fixture, other, -ECANCELED, 0, PENDIO_BY_CANCEL);
        fixture_quiet(&fixture);
    }
    expect_pending(pendio_close(closer, pair.near, PENDIO_ABORTIVE));
    if (_i == 1)
        expect_next(&fixture, other, -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    expect_next(&fixture, closer, 0, 0, 0);
end:
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(disconnect_for_good_leaves_the_send_to_its_memory)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    struct pendio_context *other = fixture_get(&fixture);
    bool held = holding_start(&fixture, context, pair.near);

    connection_disconnect(&fixture, other, pair.near, 0);
    if (held)
        fixture_quiet(&fixture);
    if (_i == 0)
        holding_take(&fixture, pair.far, HOLDING_BYTES, 1);
    else
        ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_ABORTIVE), 0);
    if (held)
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(handle_is_not_let_go_while_memory_is_held)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    int descriptor = -1;

    if (holding_start(&fixture, context, pair.near)) {
        ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), -EBUSY);
        holding_take(&fixture, pair.far, HOLDING_BYTES, 1);
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    }
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), 0);
    close(descriptor);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(peer_that_resets_frees_the_memory)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    bool held = holding_start(&fixture, context, pair.near);

    fixture_reset(pair.far);
    if (held)
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    fixture_quiet(&fixture);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(loop_that_shuts_down_goes_on_until_the_memory_is_free)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    bool held = holding_start(&fixture, context, pair.near);

    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    if (held) {
        fixture_quiet(&fixture);
        if (_i == 0)
            fixture_take(pair.far, got, HOLDING_BYTES);
        else
            ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_ABORTIVE), 0);
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    }
    ck_assert_int_eq(fixture_turn(&fixture, -1), -ESHUTDOWN);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* Memory that is held is not freed: the pool of that loop is left. */
START_TEST(destroy_counts_the_sends_whose_memory_is_held)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    bool held = holding_start(&fixture, context, pair.near);
    uint64_t held_count = held ? 1 : 0;
    uint64_t leaked_count = 77;
    int status;

    if (_i == 1) { /* and one that is still sending, beside one that waits behind it */
        (void)start_large(pair.near, 0);
        (void)start_large(pair.near, 0);
        ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
        held_count = held ? 2 : 0;
    }
    status = pendio_loop_destroy(fixture.loop, 20 * 1000 * 1000, &leaked_count);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(leaked_count, held_count);
    fixture.destroyed = true;
    fixture_take(pair.far, got, HOLDING_BYTES);
    ck_assert(fixture_is_filled(got, HOLDING_BYTES, 1));
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {cancelled_send_waits_for_the_memory_of_what_had_gone, 0},
        {deadline_ends_the_sending_but_not_the_wait_for_memory, 0},
        {deadline_does_not_reach_what_waits_for_memory_alone, 0},
        {graceful_close_waits_until_the_memory_is_free, 0},
        {late_close_drops_what_is_held, 0},
        {abortive_close_drops_what_is_held, 4},
        {what_never_left_was_not_copied, 0},
        {abortive_close_ends_the_sending_too, 0},
        {disconnect_that_keeps_the_handle_waits_for_the_memory, 0},
        {disconnect_that_waits_for_the_memory_ends_early, 2},
        {disconnect_for_good_leaves_the_send_to_its_memory, 2},
        {handle_is_not_let_go_while_memory_is_held, 0},
        {peer_that_resets_frees_the_memory, 0},
        {loop_that_shuts_down_goes_on_until_the_memory_is_free, 2},
        {destroy_counts_the_sends_whose_memory_is_held, 2},
    };
    return fixture_run("contract: zero copy, end", cases, sizeof cases / sizeof cases[0]);
}
