/*
 * contract_datagram_test.c - one operation, one message, with its bounds and its sender.
 *
 * - Longer than the window: the prefix, PENDIO_TRUNCATED, and the rest is gone.
 * - On seqpacket an empty message and the end look alike and count as the end.
 */
#include "fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

typedef int receive_fn(struct pendio_context *context, pendio_handle handle);

static receive_fn *const receives[2] = {pendio_receive, pendio_receive_from};

/* For test _i: the family of messages, and one of the two ways to receive. */
static struct fixture_pair message_pair(int i, receive_fn **ret_receive)
{
    *ret_receive = receives[i % 2];
    return fixture_pair(&fixture, (enum fixture_family)(FIXTURE_STREAM_COUNT + i / 2));
}

enum { VARIANT_COUNT = 2 * (FIXTURE_FAMILY_COUNT - FIXTURE_STREAM_COUNT) };
enum { DATAGRAM_VARIANT_COUNT = 2 * (FIXTURE_MESSAGE_COUNT - FIXTURE_STREAM_COUNT) };

START_TEST(message_longer_than_the_window_is_truncated_and_the_rest_gone)
{
    char memory[8] = "-------";
    struct pendio_context *context;
    struct fixture_pair pair;
    receive_fn *receive;

    fixture_init(&fixture);
    pair = message_pair(_i, &receive);
    context = fixture_over(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_set_window(context, 2, 3), 0);
    fixture_put(pair.far, "abcdef", 6);
    fixture_put(pair.far, "xyz", 3);
    expect_pending(receive(context, pair.near));
    expect_next(&fixture, context, 0, 3, PENDIO_TRUNCATED);
    ck_assert_mem_eq(memory, "--abc--", 8);
    expect_pending(receive(context, pair.near));
    expect_next(&fixture, context, 0, 3, 0);
    ck_assert_mem_eq(memory, "--xyz--", 8);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_window_takes_one_message_truncated)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    receive_fn *receive;
    char memory[4];

    fixture_init(&fixture);
    pair = message_pair(_i, &receive);
    context = fixture_over(&fixture, memory, sizeof memory);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pendio_context_set_memory(context, i == 0 ? memory : NULL, 0), 0);
        fixture_put(pair.far, "abcdef", 6);
        fixture_put(pair.far, "xyz", 3);
        expect_pending(receive(context, pair.near));
        expect_next(&fixture, context, 0, 0, PENDIO_TRUNCATED);
        ck_assert_int_eq(pendio_context_set_memory(context, memory, sizeof memory), 0);
        expect_pending(receive(context, pair.near));
        expect_next(&fixture, context, 0, 3, 0);
        ck_assert_mem_eq(memory, "xyz", 3);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_datagram_is_a_message_and_no_end)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    receive_fn *receive;
    char memory[4] = "---";

    fixture_init(&fixture);
    pair = message_pair(_i, &receive);
    contexts[0] = fixture_over(&fixture, memory, sizeof memory);
    contexts[1] = fixture_over(&fixture, NULL, 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(send(pair.far, "", 0, 0), 0);
        expect_pending(receive(contexts[i], pair.near));
        expect_next(&fixture, contexts[i], 0, 0, 0);
    }
    ck_assert_mem_eq(memory, "---", 4);
    fixture_put(pair.far, "abc", 3);
    expect_pending(receive(contexts[0], pair.near));
    expect_next(&fixture, contexts[0], 0, 3, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_send_is_a_message)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(FIXTURE_STREAM_COUNT + _i));
    context = fixture_over(&fixture, NULL, 0);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(recv(pair.far, memory, sizeof memory, 0), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(every_message_arrives_alone_and_whole)
{
    unsigned char out[300];
    unsigned char in[300];
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    receive_fn *receive;

    fixture_init(&fixture);
    pair = message_pair(_i, &receive);
    contexts[0] = fixture_over(&fixture, in, sizeof in);
    contexts[1] = fixture_over(&fixture, out, sizeof out);
    for (size_t bytes = 1; bytes <= 256; bytes++) {
        fixture_fill(out, bytes, bytes);
        fixture_put(pair.far, out, bytes);
        fixture_put(pair.far, out, 1);
        expect_pending(receive(contexts[0], pair.near));
        expect_next(&fixture, contexts[0], 0, bytes, 0);
        ck_assert(fixture_is_filled(in, bytes, bytes));
        expect_pending(receive(contexts[0], pair.near));
        expect_next(&fixture, contexts[0], 0, 1, 0);
        ck_assert_int_eq(pendio_context_set_window(contexts[1], 0, bytes), 0);
        expect_pending(pendio_send(contexts[1], pair.near));
        expect_next(&fixture, contexts[1], 0, bytes, 0);
        ck_assert_int_eq(recv(pair.far, in, sizeof in, 0), (int)bytes);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(sender_is_exact)
{
    struct pendio_endpoint sender;
    struct pendio_endpoint name = {.byte_count = 0};
    socklen_t byte_count = sizeof name.address;
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(FIXTURE_STREAM_COUNT + _i));
    context = fixture_over(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_sender(context, &sender), 0);
    ck_assert_uint_eq(sender.byte_count, 0);
    ck_assert_int_eq(getsockname(pair.far, (struct sockaddr *)name.address, &byte_count), 0);
    for (int i = 0; i < 16; i++) {
        fixture_put(pair.far, "abc", 3);
        expect_pending(pendio_receive_from(context, pair.near));
        expect_next(&fixture, context, 0, 3, 0);
        ck_assert_int_eq(pendio_context_sender(context, &sender), 0);
        ck_assert_uint_eq(sender.byte_count, byte_count);
        ck_assert_mem_eq(sender.address, name.address, byte_count);
    }
    fixture_put(pair.far, "abc", 3);
    expect_pending(pendio_receive(context, pair.near)); /* says nothing of the sender */
    expect_next(&fixture, context, 0, 3, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(send_to_reaches_its_endpoint_and_binds_at_once)
{
    const int domain = _i == 0 ? AF_INET : AF_INET6;
    struct fixture_pair pair;
    struct pendio_endpoint name;
    struct pendio_context *contexts[2];
    pendio_handle client = 0;
    pendio_handle server = 0;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    ck_assert_int_eq(pendio_handle_local(fixture.loop, pair.near, &name), 0);
    ((struct sockaddr_in *)name.address)->sin_port = 0;
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, domain, SOCK_DGRAM, 0, &server), 0);
    ck_assert_int_eq(pendio_handle_bind(fixture.loop, server, name.address, name.byte_count), 0);
    ck_assert_int_eq(pendio_handle_local(fixture.loop, server, &name), 0);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, domain, SOCK_DGRAM, 0, &client), 0);
    contexts[0] = fixture_over(&fixture, (void *)(uintptr_t) "hello", 5);
    contexts[1] = fixture_over(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_set_policy(contexts[0], PENDIO_TRY), 0);
    ck_assert_int_eq(pendio_context_set_endpoint(contexts[0], name.address, name.byte_count), 0);
    expect_done(pendio_send_to(contexts[0], client));
    ck_assert_int_eq(pendio_handle_local(fixture.loop, client, &name), 0);
    ck_assert_uint_ne(((const struct sockaddr_in *)name.address)->sin_port, 0);
    expect_pending(pendio_receive_from(contexts[1], server));
    expect_next(&fixture, contexts[1], 0, 5, 0);
    ck_assert_mem_eq(memory, "hello", 5);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(message_too_long_is_an_error_that_does_not_stick)
{
    static unsigned char memory[1 << 20];
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(FIXTURE_STREAM_COUNT + _i));
    context = fixture_over(&fixture, memory, sizeof memory);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, -EMSGSIZE, 0, 0);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 9), 0);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, 0, 9, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(refused_datagram_is_told_once_and_does_not_stick)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[4] = "abc";

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    context = fixture_over(&fixture, memory, sizeof memory);
    close(pair.far);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, 0, 4, 0);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, -ECONNREFUSED, 0, 0);
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(end_of_seqpacket_is_an_end_and_sticks)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    receive_fn *receive = receives[_i];
    char memory[2][4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_SEQPACKET);
    for (int i = 0; i < 2; i++) {
        contexts[i] = fixture_over(&fixture, memory[i], 4);
        expect_pending(receive(contexts[i], pair.near));
    }
    fixture_put(pair.far, "abc", 3);
    close(pair.far);
    expect_next(&fixture, contexts[0], 0, 3, 0);
    expect_next(&fixture, contexts[1], 0, 0, PENDIO_END_OF_STREAM);
    expect_done(receive(contexts[0], pair.near));
    expect_result(contexts[0], 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(non_blocking_sockets_wait_all_the_same)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    int ends[2];
    char memory[4];

    fixture_init(&fixture);
    fixture_connect((enum fixture_family)(_i / 2), ends);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    pair = (struct fixture_pair){fixture_adopt(&fixture, ends[0]), ends[1]};
    context = fixture_over(&fixture, memory, sizeof memory);
    expect_pending(receives[_i % 2](context, pair.near));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "ab", 2);
    expect_next(&fixture, context, 0, 2, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {message_longer_than_the_window_is_truncated_and_the_rest_gone, VARIANT_COUNT},
        {empty_window_takes_one_message_truncated, VARIANT_COUNT},
        {empty_datagram_is_a_message_and_no_end, DATAGRAM_VARIANT_COUNT},
        {empty_send_is_a_message, FIXTURE_FAMILY_COUNT - FIXTURE_STREAM_COUNT},
        {every_message_arrives_alone_and_whole, VARIANT_COUNT},
        {sender_is_exact, FIXTURE_FAMILY_COUNT - FIXTURE_STREAM_COUNT},
        {send_to_reaches_its_endpoint_and_binds_at_once, 2},
        {message_too_long_is_an_error_that_does_not_stick,
         FIXTURE_FAMILY_COUNT - FIXTURE_STREAM_COUNT},
        {refused_datagram_is_told_once_and_does_not_stick, 2},
        {end_of_seqpacket_is_an_end_and_sticks, 2},
        {non_blocking_sockets_wait_all_the_same, 2 * FIXTURE_FAMILY_COUNT},
    };
    return fixture_run("contract: datagram", cases, sizeof cases / sizeof cases[0]);
}
