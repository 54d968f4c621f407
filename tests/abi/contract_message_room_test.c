/*
 * contract_message_room_test.c - messages of Unix sockets that wait until their peer takes some.
 *
 * - They arrive whole, in whatever way they are sent; ended early, nothing of them does.
 */
#include "fixture.h"

#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

typedef int start_fn(struct pendio_context *context, pendio_handle handle);

/* The ways to send a message, and whether the peer is aimed at or connected. */
static const struct way {
    start_fn *start;
    int type;
    bool aims;
} ways[] = {
    {pendio_send, SOCK_DGRAM, false},         {pendio_send, SOCK_SEQPACKET, false},
    {pendio_send_to, SOCK_DGRAM, true},       {pendio_send_message, SOCK_DGRAM, true},
    {pendio_send_message, SOCK_DGRAM, false}, {pendio_send_message, SOCK_SEQPACKET, false},
};
enum { WAY_COUNT = sizeof ways / sizeof ways[0] };

/* An own end, and the ordinary one it sends to, whose name the context has where it aims. */
static struct fixture_pair pair_for(const struct way *way, struct pendio_context *context)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    struct pendio_endpoint name;
    struct fixture_pair pair =
        fixture_pair(&fixture, way->type == SOCK_DGRAM ? FIXTURE_UNIX_DATAGRAM : FIXTURE_SEQPACKET);

    if (!way->aims)
        return pair;
    ck_assert_int_eq(pendio_handle_peer(fixture.loop, pair.near, &name), 0);
    ck_assert_int_eq(pendio_context_set_endpoint(context, name.address, name.byte_count), 0);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_GRACEFUL), 0);
    ck_assert_int_eq(connect(pair.far, &nobody, sizeof nobody), 0);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_UNIX, way->type, 0, &pair.near), 0);
    return pair;
}

static void expect_whole(int far)
{
    char memory[8];

    ck_assert_int_eq(recv(far, memory, sizeof memory, 0), 6);
    ck_assert_mem_eq(memory, "abcdef", 6);
}

START_TEST(message_that_waits_for_room_arrives_whole)
{
    struct pendio_bytes pieces[] = {{(void *)(uintptr_t) "abc", 3}, {(void *)(uintptr_t) "def", 3}};
    const struct way *way = &ways[_i % WAY_COUNT];
    struct pendio_context *context;
    struct fixture_pair pair;
    int sent_count = 0;

    fixture_init(&fixture);
    context = fixture_over(&fixture, (void *)(uintptr_t) "abcdef", 6);
    if (_i / WAY_COUNT == 1)
        ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 2), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    pair = pair_for(way, context);
    for (; way->start(context, pair.near) == PENDIO_DONE; sent_count++)
        fixture_turn(&fixture, 0);
    fixture_quiet(&fixture);
    for (int i = 0; i < sent_count; i++)
        expect_whole(pair.far);
    expect_next(&fixture, context, 0, 6, 0);
    expect_whole(pair.far);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(message_that_waits_for_room_can_be_ended_early)
{
    const struct way *way = &ways[_i % WAY_COUNT];
    struct pendio_context *context;
    struct fixture_pair pair;
    int sent_count = 0;
    char byte;

    fixture_init(&fixture);
    context = fixture_over(&fixture, (void *)(uintptr_t) "abcdef", 6);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    pair = pair_for(way, context);
    for (; way->start(context, pair.near) == PENDIO_DONE; sent_count++)
        fixture_turn(&fixture, 0);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(pendio_context_set_deadline(context, 1000000), 0);
    expect_pending(way->start(context, pair.near));
    expect_next(&fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    for (int i = 0; i < sent_count; i++)
        expect_whole(pair.far);
    ck_assert_int_eq(recv(pair.far, &byte, 1, MSG_DONTWAIT), -1);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* A moment is never shorter than it is long: so there cannot be more of them than fit. */
START_TEST(waiting_for_room_is_no_busy_waiting)
{
    const struct way *way = &ways[_i % WAY_COUNT];
    struct pendio_context *context;
    struct fixture_pair pair;
    uint64_t calls;

    fixture_init(&fixture);
    context = fixture_over(&fixture, (void *)(uintptr_t) "abcdef", 6);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    pair = pair_for(way, context);
    while (way->start(context, pair.near) == PENDIO_DONE)
        fixture_turn(&fixture, 0);
    calls = fixture_stats(&fixture).system_calls;
    ck_assert_int_eq(fixture_turn(&fixture, 20000000), 0);
    ck_assert_uint_le(fixture_stats(&fixture).system_calls - calls, 2 * 20 + 10);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {message_that_waits_for_room_arrives_whole, 2 * WAY_COUNT},
        {message_that_waits_for_room_can_be_ended_early, WAY_COUNT},
        {waiting_for_room_is_no_busy_waiting, WAY_COUNT},
    };
    return fixture_run("contract: message room", cases, sizeof cases / sizeof cases[0]);
}
