/*
 * contract_close_test.c - close: everything under way ends first, exactly once, then the handle.
 *
 * - Graceful: sends finish, FIN goes first, unread data never turn it into a RST.
 * - Abortive: everything is cancelled, then RST.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MEGABYTE ((size_t)1 << 20)

enum { LINE_COUNT = 16 };

static struct fixture fixture;

static void start_receives(struct pendio_context *contexts[LINE_COUNT], pendio_handle handle)
{
    static char memory[LINE_COUNT];

    for (int i = 0; i < LINE_COUNT; i++) {
        contexts[i] = i % 3 == 0 ? fixture_called(&fixture, &memory[i], 1)
                                 : fixture_over(&fixture, &memory[i], i % 5 == 0 ? 0 : 1);
        expect_pending(pendio_receive(contexts[i], handle));
    }
}

START_TEST(everything_under_way_is_delivered_before_the_close)
{
    struct pendio_context *contexts[LINE_COUNT];
    struct pendio_context *close_context;
    struct fixture_pair pair;
    const uint32_t mode = (uint32_t)_i % 2;

    fixture_init(&fixture);
    fixture.harvest_count = _i / 2 % 2 == 0 ? 1 : 4096;
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 4));
    start_receives(contexts, pair.near);
    close_context = _i / 2 % 2 == 0 ? fixture_called(&fixture, NULL, 0) : fixture_get(&fixture);
    expect_pending(pendio_close(close_context, pair.near, mode));
    ck_assert_int_eq(pendio_receive(fixture_get(&fixture), pair.near), -EBADF);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, mode), -EBADF);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(close_context)), 0);
    for (int i = 0; i < LINE_COUNT; i++)
        expect_completion(fixture_next(&fixture), -ECANCELED, 0, PENDIO_BY_CLOSE);
    for (int i = 0; i < LINE_COUNT; i++)
        expect_result(contexts[i], -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_next(&fixture, close_context, 0, 0, 0);
    ck_assert_uint_eq(fixture.seen[LINE_COUNT].handle, pair.near);
    ck_assert_uint_eq(fixture.seen[LINE_COUNT].operation, PENDIO_OPERATION_CLOSE);
    fixture_quiet(&fixture);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(close_with_both_ends_busy_never_hangs)
{
    struct pendio_context *contexts[2][LINE_COUNT];
    struct fixture_pair pair;
    pendio_handle far;

    fixture_init(&fixture);
    for (int round = 0; round < 64; round++) {
        pair = fixture_pair(&fixture, (enum fixture_family)_i);
        far = fixture_adopt(&fixture, pair.far);
        start_receives(contexts[0], pair.near);
        start_receives(contexts[1], far);
        if (round % 2 == 0)
            ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
        ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, (uint32_t)round / 2 % 2), 0);
        ck_assert_int_eq(pendio_handle_close(fixture.loop, far, (uint32_t)round / 4 % 2), 0);
        fixture_wait(&fixture, 2 * LINE_COUNT);
        for (int i = 0; i < 2 * LINE_COUNT; i++)
            ck_assert_int_eq(pendio_pool_put(fixture.seen[fixture.read_count++].context), 0);
        fixture_quiet(&fixture);
    }
    fixture_fini(&fixture);
}
END_TEST

/* What the other end sees after `sent_bytes` of it were left unread: 0 an end, else -errno. */
static ssize_t farewell(const struct fixture_pair *pair)
{
    char byte;
    ssize_t count = read(pair->far, &byte, 1);

    return count < 0 ? -errno : count;
}

START_TEST(graceful_close_says_goodbye_although_data_are_unread)
{
    static const size_t sizes[] = {0, 1, 100000, 4 * MEGABYTE};
    const size_t byte_count = sizes[_i / FIXTURE_STREAM_COUNT];
    const int room = 16 << 20;
    unsigned char *memory = calloc(1, byte_count + 1);
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i % FIXTURE_STREAM_COUNT));
    (void)pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_RCVBUFFORCE, &room,
                                   sizeof room);
    (void)setsockopt(pair.far, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    for (size_t sent = 0; sent < byte_count;) {
        ssize_t count = send(pair.far, memory, byte_count - sent, MSG_DONTWAIT);

        if (count <= 0)
            break;
        sent += (size_t)count;
    }
    usleep(50000); /* what is on its way arrives; too short only makes the test weaker */
    context = fixture_get(&fixture);
    expect_pending(pendio_close(context, pair.near, PENDIO_GRACEFUL));
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(farewell(&pair), 0);
    close(pair.far);
    fixture_fini(&fixture);
    free(memory);
}
END_TEST

START_TEST(graceful_close_of_seqpacket_with_unread_messages_is_an_end)
{
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_SEQPACKET);
    fixture_put(pair.far, "abc", 3);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_GRACEFUL), 0);
    ck_assert_int_eq(farewell(&pair), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(graceful_close_finishes_the_sends_that_were_started)
{
    unsigned char *out = malloc(8 * MEGABYTE);
    unsigned char *in = malloc(8 * MEGABYTE);
    struct pendio_context *contexts[4];
    struct fixture_pair pair;
    size_t got_bytes = 0;

    fixture_init(&fixture);
    fixture_fill(out, 8 * MEGABYTE, 2);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (size_t i = 0; i < 4; i++) {
        contexts[i] = fixture_over(&fixture, out + i * 2 * MEGABYTE, 2 * MEGABYTE);
        expect_pending(pendio_send(contexts[i], pair.near));
    }
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_GRACEFUL), 0);
    for (;;) {
        ssize_t count = recv(pair.far, in + got_bytes, 8 * MEGABYTE - got_bytes, MSG_DONTWAIT);

        if (count == 0)
            break;
        ck_assert(count > 0 || errno == EAGAIN);
        got_bytes += count > 0 ? (size_t)count : 0;
        ck_assert_int_ge(fixture_turn(&fixture, count > 0 ? 0 : 1000000), 0);
        if (got_bytes == 8 * MEGABYTE) {
            fixture_wait(&fixture, 4);
            ck_assert_int_eq(farewell(&pair), 0);
            break;
        }
    }
    ck_assert(fixture_is_filled(in, 8 * MEGABYTE, 2));
    for (int i = 0; i < 4; i++)
        expect_next(&fixture, contexts[i], 0, 2 * MEGABYTE, 0);
    close(pair.far);
    fixture_fini(&fixture);
    free(in);
    free(out);
}
END_TEST

START_TEST(deadline_of_a_graceful_close_ends_the_sends_that_do_not_get_through)
{
    unsigned char *memory = calloc(32, MEGABYTE);
    struct pendio_context *contexts[3];
    const struct pendio_completion *first;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < 2; i++) {
        contexts[i] = fixture_over(&fixture, memory, 32 * MEGABYTE);
        expect_pending(pendio_send(contexts[i], pair.near));
    }
    contexts[2] = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_deadline(contexts[2], 20000000), 0);
    expect_pending(pendio_close(contexts[2], pair.near, PENDIO_GRACEFUL));
    expect_next(&fixture, contexts[1], -ECANCELED, 0, PENDIO_BY_CLOSE);
    first = fixture_next(&fixture);
    ck_assert_ptr_eq(first->context, contexts[0]);
    ck_assert_int_eq(first->error, -ECANCELED);
    ck_assert_uint_eq(first->flags, PENDIO_BY_CLOSE);
    ck_assert_uint_gt(first->bytes, 0);
    expect_next(&fixture, contexts[2], 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
    free(memory);
}
END_TEST

START_TEST(abortive_close_cancels_the_sends_and_resets)
{
    unsigned char *memory = calloc(32, MEGABYTE);
    struct pendio_context *contexts[3];
    const struct pendio_completion *first;
    struct fixture_pair pair;
    char byte;
    ssize_t count;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_TCP4 : FIXTURE_TCP6);
    for (int i = 0; i < 2; i++) {
        contexts[i] = fixture_over(&fixture, memory, 32 * MEGABYTE);
        expect_pending(pendio_send(contexts[i], pair.near));
    }
    fixture_quiet(&fixture);
    contexts[2] = fixture_get(&fixture);
    expect_pending(pendio_close(contexts[2], pair.near, PENDIO_ABORTIVE));
    expect_next(&fixture, contexts[1], -ECANCELED, 0, PENDIO_BY_CLOSE);
    first = fixture_next(&fixture);
    ck_assert_ptr_eq(first->context, contexts[0]);
    ck_assert_int_eq(first->error, -ECANCELED);
    ck_assert_uint_eq(first->flags, PENDIO_BY_CLOSE);
    expect_next(&fixture, contexts[2], 0, 0, 0);
    while ((count = read(pair.far, &byte, 1)) > 0)
        continue;
    ck_assert_int_eq(count, -1);
    ck_assert_int_eq(errno, ECONNRESET);
    close(pair.far);
    fixture_fini(&fixture);
    free(memory);
}
END_TEST

START_TEST(abortive_close_of_an_idle_connection_resets)
{
    struct fixture_pair pair;
    struct pendio_context *context;
    char byte;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, &byte, 1);
    expect_pending(pendio_receive(context, pair.near));
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_ABORTIVE), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CLOSE);
    ck_assert_int_eq(farewell(&pair), -ECONNRESET);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(closed_listener_ends_its_accepts_and_accepts_no_more)
{
    struct pendio_endpoint address;
    struct pendio_context *contexts[5];
    pendio_handle listener;
    int client;

    fixture_init(&fixture);
    for (int round = 0; round < 50; round++) {
        listener = fixture_listener(&fixture, (enum fixture_family)(_i / 2), &address);
        for (int i = 0; i < 4; i++) {
            contexts[i] = fixture_get(&fixture);
            expect_pending(pendio_accept(contexts[i], listener, 0));
        }
        contexts[4] = fixture_get(&fixture);
        expect_pending(pendio_close(contexts[4], listener, (uint32_t)_i % 2));
        fixture_wait(&fixture, 5);
        for (int i = 0; i < 4; i++)
            expect_completion(fixture_next(&fixture), -ECANCELED, 0, PENDIO_BY_CLOSE);
        expect_next(&fixture, contexts[4], 0, 0, 0);
        for (int i = 0; i < 5; i++)
            ck_assert_int_eq(pendio_pool_put(contexts[i]), 0);
        client = socket(((struct sockaddr *)address.address)->sa_family, SOCK_STREAM, 0);
        ck_assert_int_eq(connect(client, (struct sockaddr *)address.address, address.byte_count),
                         -1);
        ck_assert_int_eq(errno, ECONNREFUSED);
        close(client);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, 0);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {everything_under_way_is_delivered_before_the_close, 4 * FIXTURE_FAMILY_COUNT},
        {close_with_both_ends_busy_never_hangs, FIXTURE_FAMILY_COUNT},
        {graceful_close_says_goodbye_although_data_are_unread, 4 * FIXTURE_STREAM_COUNT},
        {graceful_close_of_seqpacket_with_unread_messages_is_an_end, 0},
        {graceful_close_finishes_the_sends_that_were_started, FIXTURE_STREAM_COUNT},
        {deadline_of_a_graceful_close_ends_the_sends_that_do_not_get_through, FIXTURE_STREAM_COUNT},
        {abortive_close_cancels_the_sends_and_resets, 2},
        {abortive_close_of_an_idle_connection_resets, 0},
        {closed_listener_ends_its_accepts_and_accepts_no_more, 2 * FIXTURE_STREAM_COUNT},
    };
    return fixture_run("contract: close", cases, sizeof cases / sizeof cases[0]);
}
