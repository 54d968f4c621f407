/*
 * stream_stop_test.c - behaviours 138 to 150 and 163: what is under way on a stream ends early.
 *
 * - .NET's OperationAborted is -ECANCELED, and flags say whether by cancel or by close (contract
 *   5); its tolerance for other errors is gone. A start on a closed handle is refused, -EBADF.
 * - Whether a close resets the peer is the caller's choice, never timing (contract 5, a mend).
 */
#include "behaviour_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUND_COUNT = 20, FLOOD_COUNT = 100, FLOOD_BYTES = 64 * 1024 };

static char memory[64];

static void expect_closed(pendio_handle handle, uint32_t mode)
{
    struct pendio_context *closer = behaviour_get(PENDIO_AUTO);

    expect_pends(closer, pendio_close(closer, handle, mode));
    expect_ends(closer, 0, 0, 0);
    expect_ok(pendio_pool_put(closer));
}

/* A receive pends on `handle`, and the close of it ends that before it ends itself. */
static void close_under_a_receive(pendio_handle handle, uint32_t mode)
{
    struct pendio_context *context = behaviour_over(PENDIO_TRY, memory, sizeof memory);
    struct pendio_context *closer = behaviour_get(PENDIO_AUTO);

    expect_pends(context, pendio_receive(context, handle));
    fixture_quiet(&fixture);
    expect_pends(closer, pendio_close(closer, handle, mode));
    fixture_wait(&fixture, 2);
    ck_assert_ptr_eq(fixture.seen[fixture.seen_count - 1].context, closer);
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_ends(closer, 0, 0, 0);
    expect_refused(context, pendio_receive(context, handle), -EBADF);
}

START_TEST(b138_close_ends_a_pending_receive)
{
    struct fixture_pair pair;

    behaviour_begin();
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 2));
    behaviour_talk(pair.near, pair.far);
    close_under_a_receive(pair.near, _i % 2 == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE);
    close(pair.far);
    behaviour_end();
}
END_TEST

/* Done, pending, refused: which one depends on what came first, and on nothing else. */
START_TEST(b139_send_beside_a_close_ends_in_one_way)
{
    struct pendio_context *context;
    char bytes[5];

    behaviour_begin();
    context = behaviour_get((uint32_t)_i);
    behaviour_show(context, "bytes", 5);
    for (int round = 0; round < ROUND_COUNT; round++) {
        struct fixture_pair pair = fixture_pair(&fixture, FIXTURE_TCP4);
        int answer = PENDIO_DONE;

        if (round % 2 == 0)
            answer = behaviour_note(context, pendio_send(context, pair.near));
        behaviour_close(pair.near);
        if (round % 2 == 0) {
            ck_assert(_i != PENDIO_TRY || answer == PENDIO_DONE);
            expect_end_of(context, answer, 0, 5, 0); /* graceful: a started send finishes */
            fixture_take(pair.far, bytes, sizeof bytes);
        }
        expect_refused(context, pendio_send(context, pair.near), -EBADF);
        ck_assert_int_eq(read(pair.far, bytes, 1), 0);
        close(pair.far);
    }
    behaviour_end();
}
END_TEST

START_TEST(b140_receive_beside_a_close_ends_in_one_way)
{
    struct pendio_context *context;

    behaviour_begin();
    context = behaviour_over((uint32_t)_i, memory, sizeof memory);
    for (int round = 0; round < ROUND_COUNT; round++) {
        struct fixture_pair pair = fixture_pair(&fixture, FIXTURE_TCP4);

        behaviour_talk(pair.near, pair.far);
        if (round % 2 == 0)
            expect_pends(context, pendio_receive(context, pair.near));
        behaviour_close(pair.near);
        if (round % 2 == 0)
            expect_ends(context, -ECANCELED, 0, PENDIO_BY_CLOSE);
        expect_refused(context, pendio_receive(context, pair.near), -EBADF);
        close(pair.far);
    }
    behaviour_end();
}
END_TEST

START_TEST(b142_peer_of_a_closed_connection_hears_what_the_closer_chose)
{
    struct fixture_pair pair;
    char byte;

    behaviour_begin();
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 2));
    behaviour_talk(pair.near, pair.far);
    if (_i % 2 == 0) {
        close_under_a_receive(pair.near, PENDIO_ABORTIVE);
        ck_assert_int_eq(recv(pair.far, &byte, 1, 0), -1);
        ck_assert_int_eq(errno, ECONNRESET);
    } else {
        close_under_a_receive(pair.near, PENDIO_GRACEFUL);
        ck_assert_int_eq(recv(pair.far, &byte, 1, 0), 0);
    }
    close(pair.far);
    behaviour_end();
}
END_TEST

/* What sends say has gone is what the peer gets: whole ones first, then a part, then nothing. */
START_TEST(b145_cancel_of_a_flood_ends_every_send)
{
    static unsigned char bytes[FLOOD_BYTES];
    struct pendio_context *contexts[FLOOD_COUNT];
    struct fixture_pair pair;
    uint64_t sum_bytes = 0;
    int cancelled_count = 0;

    behaviour_begin_with(NULL, FLOOD_COUNT + 8, 0);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < FLOOD_COUNT; i++) {
        contexts[i] = behaviour_over(i == 0 ? PENDIO_TRY : PENDIO_AUTO, bytes, sizeof bytes);
        if (i == 0) /* there is room for the first, and nobody before it */
            expect_done_with(contexts[i], pendio_send(contexts[i], pair.near), 0, FLOOD_BYTES, 0);
        else
            expect_pends(contexts[i], pendio_send(contexts[i], pair.near));
    }
    ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
    for (int i = FLOOD_COUNT - 1; i > 0; i--)
        (void)pendio_cancel(fixture.loop, pendio_context_run(contexts[i]));
    sum_bytes = FLOOD_BYTES;
    for (int i = 1; i < FLOOD_COUNT; i++) {
        const struct pendio_completion *result = behaviour_delivery_of(contexts[i]);

        if (result->error != 0) {
            ck_assert_int_eq(result->error, -ECANCELED);
            ck_assert_uint_eq(result->flags, PENDIO_BY_CANCEL);
            ck_assert(cancelled_count == 0 || result->bytes == 0);
            cancelled_count++;
        } else {
            ck_assert_int_eq(cancelled_count, 0); /* order: nothing overtakes */
            ck_assert_uint_eq(result->bytes, FLOOD_BYTES);
        }
        sum_bytes += result->bytes;
    }
    ck_assert_int_gt(cancelled_count, 0);
    fixture_drain(&fixture, pair.far, sum_bytes);
    ck_assert_int_eq(recv(pair.far, bytes, 1, MSG_DONTWAIT), -1);
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    behaviour_end();
}
END_TEST

START_TEST(b146_cancel_ends_a_receive_and_leaves_the_stream_whole)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    behaviour_begin();
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 2));
    context = behaviour_over(PENDIO_AUTO, memory, (size_t)(_i % 2));
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    behaviour_cancel(context);
    behaviour_talk(pair.near, pair.far);
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_put(pair.far, "a", 1);
    expect_ends(context, 0, (uint64_t)(_i % 2), 0);
    close(pair.far);
    behaviour_end();
}
END_TEST

/*
 * A cancelled token has no counterpart: contract 5, a cancel names one run and can never hit a
 * later one. What has not begun when it is cancelled does no I/O.
 */
START_TEST(b148_cancel_before_the_start_hits_nothing_and_before_the_kernel_sends_nothing)
{
    static unsigned char much[4 << 20];
    struct pendio_context *first;
    struct pendio_context *second;
    struct fixture_pair pair;
    pendio_run before;

    behaviour_begin();
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    first = behaviour_over(PENDIO_TRY, memory, 1);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(first)), -ENOENT);
    expect_done_with(first, pendio_send(first, pair.near), 0, 1, 0);
    expect_pends(first, pendio_receive(first, pair.near));
    before = pendio_context_run(first);
    behaviour_cancel(first);
    ck_assert_int_eq(pendio_cancel(fixture.loop, before), -ENOENT);
    expect_ok(pendio_context_set_memory(first, much, sizeof much));
    expect_pends(first, pendio_send(first, pair.near)); /* fills the stream */
    ck_assert_int_eq(pendio_cancel(fixture.loop, before), -ENOENT);
    second = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    expect_pends(second, pendio_send(second, pair.near));
    behaviour_cancel(second); /* in line: it has sent nothing */
    fixture_drain(&fixture, pair.far, 1 + sizeof much);
    expect_ends(first, 0, sizeof much, 0);
    ck_assert_int_eq(recv(pair.far, memory, 1, MSG_DONTWAIT), -1);
    close(pair.far);
    behaviour_end();
}
END_TEST

/* ---- delivery by callback ------------------------------------------------------------------- */

static struct {
    struct pendio_context *other;
    pendio_handle handle;
    int turn_answer;
    int send_answer;
} inside;

static void completed(const struct pendio_completion *completion, void *state)
{
    struct pendio_completion record;

    (void)state;
    fixture_collect(completion, &fixture);
    inside.turn_answer = pendio_loop_turn(fixture.loop, 0, &record, 1);
    inside.send_answer =
        behaviour_note(inside.other, pendio_send(inside.other, completion->handle));
}

/*
 * .NET lets a hook block, for another thread goes on. Contract 3: callbacks run on the loop's
 * thread and everything is allowed there but turning (-EBUSY); so what a callback waits for it
 * tries (done at once), or starts and hears of later.
 */
START_TEST(b149_callback_cannot_wait_but_may_try)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char bytes[3];

    behaviour_begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    inside.other = behaviour_get(PENDIO_TRY);
    behaviour_show(inside.other, "now", 3);
    context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    expect_ok(pendio_context_set_callback(context, completed, NULL));
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_put(pair.far, "a", 1);
    expect_ends(context, 0, 1, 0);
    ck_assert_int_eq(inside.turn_answer, -EBUSY);
    ck_assert_int_eq(inside.send_answer, PENDIO_DONE);
    expect_result(inside.other, 0, 3, 0);
    fixture_take(pair.far, bytes, 3);
    ck_assert_mem_eq(bytes, "now", 3);
    close(pair.far);
    behaviour_end();
}
END_TEST

static struct pendio_context *called(void *bytes, size_t byte_count)
{
    struct pendio_context *context = fixture_called(&fixture, bytes, byte_count);

    return context;
}

static int knock(const struct pendio_endpoint *address)
{
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(
        connect(client, (const struct sockaddr *)address->address, address->byte_count), 0);
    return client;
}

/* Five accepts, three receives, a stream each way and a close under a receive, all by callback. */
START_TEST(b150_all_of_it_holds_by_callback)
{
    struct pendio_context *accepts[5];
    struct pendio_context *receives[3];
    struct pendio_endpoint address;
    pendio_handle listener;
    pendio_handle server = 0;
    int clients[5];

    behaviour_begin();
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    for (int i = 0; i < 5; i++) {
        accepts[i] = called(NULL, 0);
        expect_pends(accepts[i], pendio_accept(accepts[i], listener, 0));
        clients[i] = _i == 0 ? knock(&address) : -1;
    }
    for (int i = 0; i < 5 && _i != 0; i++)
        clients[i] = knock(&address);
    for (int i = 0; i < 5; i++) {
        const struct pendio_completion *accepted = behaviour_delivery_of(accepts[i]);

        expect_completion(accepted, 0, 0, 0);
        server = accepted->value;
        behaviour_talk(server, clients[i]);
    }
    for (int i = 0; i < 3; i++) {
        receives[i] = called(&memory[i], 1);
        expect_pends(receives[i], pendio_receive(receives[i], server));
    }
    fixture_put(clients[4], "xy", 2);
    expect_ends(receives[0], 0, 1, 0);
    expect_ends(receives[1], 0, 1, 0);
    ck_assert_mem_eq(memory, "xy", 2);
    expect_closed(server, PENDIO_ABORTIVE);
    expect_ends(receives[2], -ECANCELED, 0, PENDIO_BY_CLOSE);
    for (int i = 0; i < 5; i++)
        close(clients[i]);
    ck_assert_uint_ge(fixture_stats(&fixture).delivered_callback, 8);
    behaviour_end();
}
END_TEST

START_TEST(b163_close_ends_a_pending_receive_of_a_unix_stream)
{
    struct behaviour_ends ends;

    behaviour_begin();
    ends = behaviour_ends(FIXTURE_UNIX_STREAM);
    behaviour_send_now(ends.right, "a", 1);
    behaviour_receive_now(ends.left, "a", 1);
    close_under_a_receive(ends.left, _i == 0 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE);
    behaviour_expect_end(ends.right);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b138_close_ends_a_pending_receive, 2 * FIXTURE_STREAM_COUNT},
        {b139_send_beside_a_close_ends_in_one_way, 3},
        {b140_receive_beside_a_close_ends_in_one_way, 3},
        {b142_peer_of_a_closed_connection_hears_what_the_closer_chose, 4},
        {b145_cancel_of_a_flood_ends_every_send, 0},
        {b146_cancel_ends_a_receive_and_leaves_the_stream_whole, 2 * FIXTURE_STREAM_COUNT},
        {b148_cancel_before_the_start_hits_nothing_and_before_the_kernel_sends_nothing, 0},
        {b149_callback_cannot_wait_but_may_try, 0},
        {b150_all_of_it_holds_by_callback, 2},
        {b163_close_ends_a_pending_receive_of_a_unix_stream, 2},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
