/*
 * contract_packets_then_stop_test.c - packets with the end of the connection behind, ended early.
 *
 * - Before everything has gone the connection goes on; afterwards it has ended.
 * - A graceful close lets it finish.
 */
#include "parting.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* How far it has come: behind a send, amid its bytes, or waiting for who has to hear of the end. */
enum stage { IN_LINE, SENDING, ENDING, STAGE_COUNT };

enum { BEFORE_BYTES = 4 << 20 };

/* A pipe that is full keeps a splice, and with it the receives of the handle, from ending. */
static struct pendio_context *hold_receives(int *ret_far)
{
    struct pendio_context *splice = fixture_get(&parting.fixture);
    pendio_handle pipe_handle;
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pipe_handle = fixture_adopt(&parting.fixture, ends[1]);
    *ret_far = ends[0];
    ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    fixture_put(ends[1], parting.content, 4096);
    fixture_put(parting.pair.far, "spliced", 7);
    expect_pending(pendio_splice(splice, parting.pair.near, PENDIO_STREAMING, pipe_handle,
                                 PENDIO_STREAMING, 7));
    return splice;
}

/* Or until it has ended: a deadline may come any time. */
static void bring_to(enum stage stage, struct pendio_context *before)
{
    static unsigned char memory[BEFORE_BYTES];
    struct pollfd far = {.fd = parting.pair.far, .events = stage == ENDING ? POLLRDHUP : POLLIN};

    if (stage == IN_LINE)
        connection_fill_up(&parting.fixture, parting.pair.near, before, memory, sizeof memory);
    parting_start(stage == ENDING ? 1 : 2, PENDIO_THEN_REUSE);
    while (poll(&far, 1, 0) == 0 && parting.fixture.seen_count == 0)
        ck_assert_int_ge(fixture_turn(&parting.fixture, 1000000), 0);
}

START_TEST(reuse_waits_for_whoever_still_takes_from_the_handle)
{
    struct pendio_context *splice;
    unsigned char bytes[4096 + 7];
    int far;

    parting_begin((enum fixture_family)_i);
    splice = hold_receives(&far);
    bring_to(ENDING, NULL);
    fixture_quiet(&parting.fixture);
    fixture_take(parting.pair.far, parting.seen, PARTING_HEAD_BYTES);
    connection_expect_end(parting.pair.far);
    fixture_take(far, bytes, 4096);
    expect_next(&parting.fixture, splice, 0, 7, 0);
    parting_expect_told(0, PARTING_HEAD_BYTES, 0);
    close(far);
    close(connection_anew(&parting.fixture, parting.pair.near, (enum fixture_family)_i));
    parting_end();
}
END_TEST

START_TEST(cancelled_before_everything_has_gone_it_ends_no_connection)
{
    struct pendio_context *before;
    const struct pendio_completion *told;
    uint64_t before_bytes = _i == IN_LINE ? BEFORE_BYTES : 0;

    parting_begin(FIXTURE_TCP4);
    before = fixture_get(&parting.fixture);
    bring_to((enum stage)_i, before);
    ck_assert_int_eq(pendio_cancel(parting.fixture.loop, pendio_context_run(parting.context)), 0);
    told = fixture_next(&parting.fixture);
    ck_assert_ptr_eq(told->context, parting.context);
    ck_assert_int_eq(told->error, -ECANCELED);
    ck_assert_uint_eq(told->flags, PENDIO_BY_CANCEL);
    ck_assert_uint_lt(told->bytes, PARTING_ALL_BYTES);
    ck_assert((told->bytes == 0) == (_i == IN_LINE));
    fixture_drain(&parting.fixture, parting.pair.far, before_bytes + told->bytes);
    if (_i == IN_LINE)
        expect_next(&parting.fixture, before, 0, before_bytes, 0);
    parting_expect_connected();
    parting_end();
}
END_TEST

START_TEST(cancelled_at_once_it_ends_no_connection)
{
    parting_begin(FIXTURE_TCP4);
    parting_start(0, PENDIO_THEN_DISCONNECT);
    if (_i == 1)
        ck_assert_int_eq(pendio_loop_flush(parting.fixture.loop), 0);
    ck_assert_int_eq(pendio_cancel(parting.fixture.loop, pendio_context_run(parting.context)), 0);
    parting_expect_told(-ECANCELED, 0, PENDIO_BY_CANCEL);
    parting_expect_connected();
    parting_end();
}
END_TEST

START_TEST(cancelled_when_everything_has_gone_the_connection_has_ended)
{
    struct pendio_context *splice;
    unsigned char bytes[4096];
    int far;

    parting_begin(FIXTURE_TCP4);
    splice = hold_receives(&far);
    bring_to(ENDING, NULL);
    ck_assert_int_eq(pendio_cancel(parting.fixture.loop, pendio_context_run(parting.context)), 0);
    parting_expect_told(-ECANCELED, PARTING_HEAD_BYTES, PENDIO_BY_CANCEL);
    fixture_take(parting.pair.far, parting.seen, PARTING_HEAD_BYTES);
    connection_expect_end(parting.pair.far);
    fixture_take(far, bytes, 4096);
    expect_next(&parting.fixture, splice, 0, 7, 0);
    close(far);
    parting_expect_disconnected();
    parting_end();
}
END_TEST

/* What of it has happened by then is a matter of time. */
START_TEST(deadline_ends_it_once_wherever_it_is)
{
    struct pendio_context *before;
    const struct pendio_completion *told;
    int far = -1;

    parting_begin(FIXTURE_TCP4);
    before = fixture_get(&parting.fixture);
    ck_assert_int_eq(pendio_context_set_deadline(parting.context, 20000000), 0);
    if (_i == ENDING)
        (void)hold_receives(&far);
    bring_to((enum stage)_i, before);
    told = fixture_next(&parting.fixture);
    ck_assert_ptr_eq(told->context, parting.context);
    ck_assert_int_eq(told->error, -ETIMEDOUT);
    ck_assert_uint_eq(told->flags, PENDIO_BY_DEADLINE);
    fixture_quiet(&parting.fixture);
    close(parting.pair.far);
    if (far >= 0)
        close(far);
    fixture_remove(&parting.file);
    fixture_discard(&parting.fixture);
}
END_TEST

START_TEST(close_lets_it_finish_or_ends_it)
{
    enum stage stage = (enum stage)(_i % STAGE_COUNT);
    bool graceful = _i < STAGE_COUNT;
    uint64_t all_bytes = stage == ENDING ? PARTING_HEAD_BYTES : PARTING_ALL_BYTES;
    struct pendio_context *before;
    struct pendio_context *closer;
    struct pendio_completion end;
    int far = -1;

    parting_begin(FIXTURE_TCP4);
    before = stage == ENDING ? hold_receives(&far) : fixture_get(&parting.fixture);
    closer = fixture_get(&parting.fixture);
    bring_to(stage, before);
    expect_pending(
        pendio_close(closer, parting.pair.near, graceful ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    if (graceful)
        fixture_drain(&parting.fixture, parting.pair.far,
                      all_bytes + (stage == IN_LINE ? BEFORE_BYTES : 0));
    fixture_wait(&parting.fixture, stage == SENDING ? 2 : 3);
    ck_assert_int_eq(pendio_context_result(parting.context, &end), 0);
    ck_assert_int_eq(end.error, graceful ? 0 : -ECANCELED);
    ck_assert_uint_eq(end.flags, graceful ? 0 : PENDIO_BY_CLOSE);
    ck_assert(graceful ? end.bytes == all_bytes : end.bytes <= all_bytes);
    expect_result(closer, 0, 0, 0);
    ck_assert_ptr_eq(parting.fixture.seen[parting.fixture.seen_count - 1].context, closer);
    parting.fixture.read_count = parting.fixture.seen_count;
    if (graceful)
        connection_expect_end(parting.pair.far);
    if (far >= 0)
        close(far);
    parting_end();
}
END_TEST

START_TEST(loop_ends_with_it_under_way)
{
    int far = -1;

    parting_begin(FIXTURE_TCP4);
    if (_i % STAGE_COUNT == ENDING)
        (void)hold_receives(&far);
    bring_to((enum stage)(_i % STAGE_COUNT), fixture_get(&parting.fixture));
    if (_i >= STAGE_COUNT)
        ck_assert_int_eq(pendio_loop_shutdown(parting.fixture.loop), 0);
    close(parting.pair.far);
    if (far >= 0)
        close(far);
    fixture_remove(&parting.file);
    fixture_discard(&parting.fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {reuse_waits_for_whoever_still_takes_from_the_handle, FIXTURE_STREAM_COUNT},
        {cancelled_before_everything_has_gone_it_ends_no_connection, ENDING},
        {cancelled_at_once_it_ends_no_connection, 2},
        {cancelled_when_everything_has_gone_the_connection_has_ended, 0},
        {deadline_ends_it_once_wherever_it_is, STAGE_COUNT},
        {close_lets_it_finish_or_ends_it, 2 * STAGE_COUNT},
        {loop_ends_with_it_under_way, 2 * STAGE_COUNT},
    };
    return fixture_run("contract: packets, then the end, ended early", cases,
                       sizeof cases / sizeof cases[0]);
}
