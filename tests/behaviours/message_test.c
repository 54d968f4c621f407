/*
 * message_test.c - behaviours 57, 66, 180 to 191 and 239: messages with their packet information.
 *
 * - .NET wants an endpoint before it receives; here the sender is a result, so a receive needs none
 *   and heeds none (contract 2).
 */
#include "behaviour.h"

#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 1024, SOME_COUNT = 16, REUSE_COUNT = 30, KEEP_COUNT = 5 };

static unsigned char sent[MESSAGE_BYTES];
static unsigned char heard[REUSE_COUNT][MESSAGE_BYTES];

static struct pendio_message message_of(const struct pendio_context *context)
{
    struct pendio_message message = {.size = sizeof message};

    expect_ok(pendio_context_message(context, &message));
    return message;
}

static void expect_same(const struct pendio_endpoint *found, const struct pendio_endpoint *expected)
{
    ck_assert_uint_eq(found->byte_count, expected->byte_count);
    ck_assert_mem_eq(found->address, expected->address, expected->byte_count);
}

/* An address as packet information has it: without a port. */
static struct pendio_endpoint portless(struct pendio_endpoint endpoint)
{
    memset(endpoint.address + offsetof(struct sockaddr_in, sin_port), 0, sizeof(in_port_t));
    return endpoint;
}

static void expect_told(const struct pendio_context *context, pendio_handle from, pendio_handle to)
{
    const struct pendio_message message = message_of(context);
    const struct pendio_endpoint sender = behaviour_local(from);
    const struct pendio_endpoint destination = portless(behaviour_local(to));

    expect_same(&message.sender, &sender);
    expect_same(&message.destination, &destination);
    ck_assert_uint_eq(message.interface_index, if_nametoindex("lo"));
    ck_assert_uint_eq(message.control_bytes, 0);
}

static pendio_handle bound(int family)
{
    const struct pendio_endpoint any =
        behaviour_loopback(family == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6, 0);
    pendio_handle handle = behaviour_socket(&any, SOCK_DGRAM);

    expect_ok(pendio_handle_bind(fixture.loop, handle, any.address, any.byte_count));
    return handle;
}

static void send_now(pendio_handle from, const struct pendio_endpoint *to, uint64_t seed,
                     size_t byte_count)
{
    struct pendio_context *context = behaviour_get(PENDIO_TRY);

    fixture_fill(sent, sizeof sent, seed);
    behaviour_show(context, sent, byte_count);
    behaviour_aim(context, to);
    expect_done_with(context, pendio_send_to(context, from), 0, byte_count, 0);
    expect_ok(pendio_pool_put(context));
    ck_assert_int_ge(fixture_turn(&fixture, 0), 0); /* budgets renew */
}

START_TEST(b057_receive_message_needs_a_context_and_no_endpoint)
{
    const struct pendio_endpoint other =
        behaviour_loopback(_i == 0 ? FIXTURE_UDP6 : FIXTURE_UDP4, 1);
    struct pendio_context *context;
    struct fixture_pair pair;

    behaviour_begin();
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    ck_assert_int_eq(pendio_receive_message(NULL, pair.near), -EINVAL);
    context = behaviour_over(PENDIO_TRY, heard, MESSAGE_BYTES);
    for (int round = 0; round < 2; round++) {
        const struct pendio_endpoint peer = behaviour_peer(pair.near);
        struct pendio_message message;

        fixture_put(pair.far, "abc", 3);
        expect_done_with(context, pendio_receive_message(context, pair.near), 0, 3, 0);
        message = message_of(context);
        expect_same(&message.sender, &peer);
        behaviour_aim(context, &other);
    }
    close(pair.far);
    behaviour_end();
}
END_TEST

START_TEST(b066_receive_message_on_a_closed_handle_is_refused)
{
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound(_i);
    context = behaviour_over(PENDIO_AUTO, heard, MESSAGE_BYTES);
    behaviour_close(handle);
    expect_refused(context, pendio_receive_message(context, handle), -EBADF);
    expect_refused(context, pendio_receive_message(context, 0), -EBADF);
    behaviour_end();
}
END_TEST

START_TEST(b180_messages_are_told_with_sender_and_destination)
{
    struct pendio_context *context;
    struct pendio_endpoint name;
    pendio_handle handles[2];

    behaviour_begin();
    handles[0] = bound(_i);
    handles[1] = bound(_i);
    name = behaviour_local(handles[1]);
    context = behaviour_over(PENDIO_AUTO, heard, MESSAGE_BYTES);
    for (uint64_t i = 0; i < SOME_COUNT; i++) {
        expect_pends(context, pendio_receive_message(context, handles[1]));
        send_now(handles[0], &name, i, 256);
        expect_ends(context, 0, 256, 0);
        ck_assert(fixture_is_filled(heard, 256, i));
        expect_told(context, handles[0], handles[1]);
    }
    behaviour_end();
}
END_TEST

/* One context for all; its memory set anew each time, as one stretch or as a list of one. */
static void reuse(int family, bool as_list)
{
    struct pendio_context *context;
    struct pendio_endpoint name;
    pendio_handle handles[2];

    behaviour_begin();
    handles[0] = bound(family);
    handles[1] = bound(family);
    name = behaviour_local(handles[1]);
    context = behaviour_get(PENDIO_AUTO);
    for (uint64_t i = 0; i < REUSE_COUNT; i++) {
        const struct pendio_bytes piece = {heard[i], MESSAGE_BYTES};

        if (as_list)
            expect_ok(pendio_context_set_pieces(context, &piece, 1));
        else
            expect_ok(pendio_context_set_memory(context, heard[i], MESSAGE_BYTES));
        expect_pends(context, pendio_receive_message(context, handles[1]));
        send_now(handles[0], &name, i, MESSAGE_BYTES);
        expect_ends(context, 0, MESSAGE_BYTES, 0);
        ck_assert(fixture_is_filled(heard[i], MESSAGE_BYTES, i));
        expect_told(context, handles[0], handles[1]);
    }
    behaviour_end();
}

START_TEST(b181_context_is_used_again_with_new_memory)
{
    reuse(_i, false);
}
END_TEST

START_TEST(b182_context_is_used_again_with_new_lists_of_one)
{
    reuse(_i, true);
}
END_TEST

START_TEST(b184_data_that_are_queued_are_told_in_the_same_way)
{
    struct pendio_context *context;
    struct pendio_endpoint name;
    pendio_handle handles[2];
    bool changes = _i % 2 == 1;

    behaviour_begin();
    handles[0] = bound(_i / 2);
    handles[1] = bound(_i / 2);
    name = behaviour_local(handles[1]);
    context = behaviour_over(PENDIO_TRY, heard, MESSAGE_BYTES);
    for (uint64_t i = 0; i < KEEP_COUNT; i++) {
        if (changes)
            expect_ok(pendio_context_set_memory(context, heard[i], MESSAGE_BYTES));
        if (i == 0) { /* from now on datagrams know their interface */
            expect_pends(context, pendio_receive_message(context, handles[1]));
            send_now(handles[0], &name, i, MESSAGE_BYTES);
            expect_ends(context, 0, MESSAGE_BYTES, 0);
        } else {
            send_now(handles[0], &name, i, MESSAGE_BYTES);
            expect_done_with(context, pendio_receive_message(context, handles[1]), 0, MESSAGE_BYTES,
                             0);
        }
        ck_assert(fixture_is_filled(heard[changes ? i : 0], MESSAGE_BYTES, i));
        expect_told(context, handles[0], handles[1]);
    }
    behaviour_end();
}
END_TEST

START_TEST(b185_packet_information_is_there_and_stays)
{
    char name_of_interface[IF_NAMESIZE];
    struct pendio_message messages[2];
    struct pendio_context *context;
    struct pendio_endpoint name;
    pendio_handle handles[2];

    behaviour_begin();
    handles[0] = bound(_i);
    handles[1] = bound(_i);
    name = behaviour_local(handles[1]);
    context = behaviour_over(PENDIO_AUTO, heard, MESSAGE_BYTES);
    messages[0] = message_of(context);
    ck_assert_uint_eq(messages[0].destination.byte_count, 0);
    ck_assert_uint_eq(messages[0].interface_index, 0);
    expect_pends(context, pendio_receive_message(context, handles[1]));
    send_now(handles[0], &name, 1, 1);
    expect_ends(context, 0, 1, 0);
    for (int i = 0; i < 2; i++)
        messages[i] = message_of(context);
    ck_assert_uint_ne(messages[0].destination.byte_count, 0);
    ck_assert_mem_eq(&messages[0], &messages[1], sizeof messages[0]);
    ck_assert_ptr_nonnull(if_indextoname(messages[0].interface_index, name_of_interface));
    behaviour_end();
}
END_TEST

/* 127.0.0.1 as an IPv6 socket writes it. */
static struct sockaddr_in6 mapped_loopback(in_port_t port)
{
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = port};

    mapped.sin6_addr.s6_addr[10] = 0xff;
    mapped.sin6_addr.s6_addr[11] = 0xff;
    mapped.sin6_addr.s6_addr[12] = 127;
    mapped.sin6_addr.s6_addr[15] = 1;
    return mapped;
}

/* Bound to the mapped address, or to none in particular. */
static pendio_handle bound_to_both(bool mapped, in_port_t *ret_port)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    const struct sockaddr_in6 one = mapped_loopback(0);
    const int no = 0;
    struct pendio_endpoint name;
    pendio_handle handle = 0;

    expect_ok(pendio_handle_socket(fixture.loop, AF_INET6, SOCK_DGRAM, 0, &handle));
    expect_ok(
        pendio_handle_set_option(fixture.loop, handle, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no));
    expect_ok(pendio_handle_bind(fixture.loop, handle, mapped ? &one : &any, sizeof any));
    name = behaviour_local(handle);
    memcpy(ret_port, name.address + offsetof(struct sockaddr_in6, sin6_port), sizeof *ret_port);
    return handle;
}

START_TEST(b191_dual_socket_tells_mapped_sender_and_destination)
{
    const struct sockaddr_in6 destination = mapped_loopback(0);
    struct sockaddr_in6 sender;
    struct sockaddr_in name;
    struct pendio_endpoint to;
    struct pendio_message message;
    struct pendio_context *context;
    pendio_handle handles[2];
    in_port_t port;

    behaviour_begin();
    handles[0] = bound(0);
    handles[1] = bound_to_both(_i == 1, &port);
    to = behaviour_loopback(FIXTURE_UDP4, ntohs(port));
    context = behaviour_over(PENDIO_AUTO, heard, MESSAGE_BYTES);
    expect_pends(context, pendio_receive_message(context, handles[1]));
    send_now(handles[0], &to, 1, 1);
    expect_ends(context, 0, 1, 0);
    message = message_of(context);
    to = behaviour_local(handles[0]);
    memcpy(&name, to.address, sizeof name);
    sender = mapped_loopback(name.sin_port);
    ck_assert_uint_eq(message.sender.byte_count, sizeof sender);
    ck_assert_mem_eq(message.sender.address, &sender, sizeof sender);
    ck_assert_uint_eq(message.destination.byte_count, sizeof destination);
    ck_assert_mem_eq(message.destination.address, &destination, sizeof destination);
    behaviour_end();
}
END_TEST

START_TEST(b239_packet_information_comes_with_single_memory_and_with_lists)
{
    const struct pendio_bytes pieces[] = {{heard[0], 100}, {heard[1], 200}, {heard[2], 300}};
    struct pendio_context *context;
    struct pendio_endpoint name;
    pendio_handle handles[2];

    behaviour_begin();
    handles[0] = bound(_i / 2);
    handles[1] = bound(_i / 2);
    name = behaviour_local(handles[1]);
    context = behaviour_over(PENDIO_AUTO, heard, MESSAGE_BYTES);
    if (_i % 2 == 1)
        expect_ok(pendio_context_set_pieces(context, pieces, 3));
    expect_pends(context, pendio_receive_message(context, handles[1]));
    send_now(handles[0], &name, 1, 500);
    expect_ends(context, 0, 500, 0);
    if (_i % 2 == 1) {
        ck_assert_mem_eq(heard[0], sent, 100);
        ck_assert_mem_eq(heard[1], sent + 100, 200);
        ck_assert_mem_eq(heard[2], sent + 300, 200);
    } else {
        ck_assert_mem_eq(heard[0], sent, 500);
    }
    expect_told(context, handles[0], handles[1]);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b057_receive_message_needs_a_context_and_no_endpoint, 2},
        {b066_receive_message_on_a_closed_handle_is_refused, 2},
        {b180_messages_are_told_with_sender_and_destination, 2},
        {b181_context_is_used_again_with_new_memory, 2},
        {b182_context_is_used_again_with_new_lists_of_one, 2},
        {b184_data_that_are_queued_are_told_in_the_same_way, 4},
        {b185_packet_information_is_there_and_stays, 2},
        {b191_dual_socket_tells_mapped_sender_and_destination, 2},
        {b239_packet_information_comes_with_single_memory_and_with_lists, 4},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
