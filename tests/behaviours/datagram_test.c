/*
 * datagram_test.c - behaviours 141 and 166 to 178: messages, one operation each, and who sent them.
 *
 * - .NET wants an endpoint before a receive; here the request half is never written (contract 2)
 *   and the sender is a result, so a receive needs none and heeds none.
 */
#include "behaviour_stream.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 256, SOME_COUNT = 16, MANY_COUNT = 256 };

static unsigned char message[MESSAGE_BYTES];
static unsigned char heard[MESSAGE_BYTES + 64];

/* A bound UDP socket; v6 takes v4 as well, mapped. */
static pendio_handle bound(enum fixture_family family, struct pendio_endpoint *ret_name)
{
    const struct pendio_endpoint any = behaviour_loopback(family, 0);
    pendio_handle handle = behaviour_socket(&any, SOCK_DGRAM);

    expect_ok(pendio_handle_bind(fixture.loop, handle, any.address, any.byte_count));
    *ret_name = behaviour_local(handle);
    return handle;
}

static void expect_sender(const struct pendio_context *context, const struct pendio_endpoint *name)
{
    struct pendio_endpoint sender;

    expect_ok(pendio_context_sender(context, &sender));
    ck_assert_uint_eq(sender.byte_count, name->byte_count);
    ck_assert_mem_eq(sender.address, name->address, name->byte_count);
}

/* A small message goes at once. */
static void send_to_now(pendio_handle from, const struct pendio_endpoint *to, const void *bytes,
                        size_t byte_count)
{
    struct pendio_context *context = behaviour_get(PENDIO_TRY);

    behaviour_show(context, bytes, byte_count);
    behaviour_aim(context, to);
    expect_done_with(context, pendio_send_to(context, from), 0, byte_count, 0);
    expect_ok(pendio_pool_put(context));
}

static void turn_once(void)
{
    ck_assert_int_ge(fixture_turn(&fixture, 0), 0); /* budgets renew */
}

/* An IPv4 address as an IPv6 socket writes it. */
static struct pendio_endpoint mapped(const struct pendio_endpoint *v4)
{
    struct sockaddr_in from;
    struct sockaddr_in6 to = {.sin6_family = AF_INET6};
    struct pendio_endpoint endpoint = {.byte_count = sizeof to};

    memcpy(&from, v4->address, sizeof from);
    to.sin6_port = from.sin_port;
    to.sin6_addr.s6_addr[10] = 0xff;
    to.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&to.sin6_addr.s6_addr[12], &from.sin_addr, 4);
    memcpy(endpoint.address, &to, sizeof to);
    return endpoint;
}

START_TEST(b141_close_ends_a_pending_receive_of_a_udp_socket)
{
    struct pendio_endpoint name;
    struct pendio_context *context;
    struct pendio_context *closer;
    pendio_handle handle;

    behaviour_begin();
    handle = bound(_i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6, &name);
    if (_i == 2) {
        const struct pendio_endpoint v4 = behaviour_loopback(FIXTURE_UDP4, 0);
        const struct pendio_endpoint any = mapped(&v4);

        behaviour_close(handle);
        handle = behaviour_socket(&any, SOCK_DGRAM);
        expect_ok(pendio_handle_bind(fixture.loop, handle, any.address, any.byte_count));
        name = behaviour_local(handle);
    }
    send_to_now(handle, &name, "me", 2); /* to itself */
    behaviour_receive_now(handle, "me", 2);
    context = behaviour_over(PENDIO_AUTO, heard, sizeof heard);
    closer = behaviour_get(PENDIO_AUTO);
    expect_pends(context, pendio_receive(context, handle));
    expect_pends(closer, pendio_close(closer, handle, PENDIO_GRACEFUL));
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_ends(closer, 0, 0, 0);
    behaviour_end();
}
END_TEST

START_TEST(b166_window_out_of_range_is_refused_before_anything_happens)
{
    static const size_t windows[][2] = {{SIZE_MAX, 1},
                                        {MESSAGE_BYTES + 1, 0},
                                        {0, SIZE_MAX},
                                        {0, MESSAGE_BYTES + 1},
                                        {1, MESSAGE_BYTES}};
    struct pendio_endpoint name;
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound(FIXTURE_UDP4, &name);
    context = behaviour_over(PENDIO_TRY, message, MESSAGE_BYTES);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
        expect_refused(context, pendio_context_set_window(context, windows[i][0], windows[i][1]),
                       -EINVAL);
    behaviour_aim(context, &name);
    expect_done_with(context, pendio_send_to(context, handle), 0, MESSAGE_BYTES, 0);
    expect_done_with(context, pendio_receive_from(context, handle), 0, MESSAGE_BYTES, 0);
    behaviour_expect_nothing(handle);
    behaviour_end();
}
END_TEST

START_TEST(b167_receive_from_needs_no_endpoint)
{
    struct pendio_endpoint name;
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound((enum fixture_family)(FIXTURE_UDP4 + _i), &name);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    expect_pends(context, pendio_receive_from(context, handle));
    send_to_now(handle, &name, "one", 3);
    expect_ends(context, 0, 3, 0);
    expect_sender(context, &name);
    send_to_now(handle, &name, "two", 3);
    expect_done_with(context, pendio_receive_from(context, handle), 0, 3, 0);
    expect_sender(context, &name);
    behaviour_end();
}
END_TEST

START_TEST(b168_receive_from_heeds_no_endpoint_of_another_family)
{
    const struct pendio_endpoint other = behaviour_loopback(FIXTURE_UDP6, 9);
    struct pendio_request request = {.size = sizeof request};
    struct pendio_endpoint name;
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound(FIXTURE_UDP4, &name);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    behaviour_aim(context, &other);
    send_to_now(handle, &name, "one", 3);
    expect_done_with(context, pendio_receive_from(context, handle), 0, 3, 0);
    expect_sender(context, &name);
    expect_ok(pendio_context_request(context, &request));
    ck_assert_mem_eq(request.endpoint.address, other.address, other.byte_count);
    behaviour_end();
}
END_TEST

/* .NET refuses. Contract 2: what the system makes of it is the result; the system waits. */
START_TEST(b169_receive_from_on_an_unbound_socket_waits)
{
    const struct pendio_endpoint any = behaviour_loopback(FIXTURE_UDP4, 0);
    struct pendio_endpoint name;
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = behaviour_socket(&any, SOCK_DGRAM);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    expect_pends(context, pendio_receive_from(context, handle));
    fixture_quiet(&fixture);
    expect_ok(pendio_handle_bind(fixture.loop, handle, any.address, any.byte_count));
    name = behaviour_local(handle);
    send_to_now(handle, &name, "late", 4);
    expect_ends(context, 0, 4, 0);
    expect_sender(context, &name);
    behaviour_end();
}
END_TEST

/* TCP's system call names nobody: the connection's peer is pendio_handle_peer()'s to tell. */
START_TEST(b170_receive_from_on_a_stream_receives)
{
    struct pendio_endpoint sender;
    struct pendio_context *context;
    struct behaviour_ends ends;

    behaviour_begin();
    ends = behaviour_ends(FIXTURE_TCP4);
    context = behaviour_over(PENDIO_TRY, heard, 4);
    expect_pends(context, pendio_receive_from(context, ends.right));
    behaviour_send_now(ends.left, "stream", 6);
    expect_ends(context, 0, 4, 0);
    ck_assert_mem_eq(heard, "stre", 4);
    expect_ok(pendio_context_sender(context, &sender));
    ck_assert_uint_eq(sender.byte_count, 0);
    expect_done_with(context, pendio_receive_from(context, ends.right), 0, 2, 0);
    behaviour_end();
}
END_TEST

START_TEST(b171_window_is_filled_and_nothing_beside_it)
{
    struct pendio_endpoint names[2];
    struct pendio_context *context;
    pendio_handle handles[2];

    behaviour_begin();
    for (int i = 0; i < 2; i++)
        handles[i] = bound((enum fixture_family)(FIXTURE_UDP4 + _i), &names[i]);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    expect_ok(pendio_context_set_window(context, 10, MESSAGE_BYTES));
    for (uint64_t i = 0; i < SOME_COUNT; i++) {
        memset(heard, 0x5a, sizeof heard);
        fixture_fill(message, MESSAGE_BYTES, i);
        send_to_now(handles[0], &names[1], message, MESSAGE_BYTES);
        expect_done_with(context, pendio_receive_from(context, handles[1]), 0, MESSAGE_BYTES, 0);
        ck_assert(fixture_is_filled(heard + 10, MESSAGE_BYTES, i));
        for (size_t k = 0; k < sizeof heard; k++)
            ck_assert((k >= 10 && k < 10 + MESSAGE_BYTES) || heard[k] == 0x5a);
        expect_sender(context, &names[0]);
    }
    behaviour_end();
}
END_TEST

START_TEST(b172_close_ends_a_pending_receive_from)
{
    struct pendio_endpoint name;
    struct pendio_context *context;
    struct pendio_context *closer;
    pendio_handle handle;

    behaviour_begin();
    handle = bound(_i % 2 == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6, &name);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    closer = behaviour_get(PENDIO_AUTO);
    send_to_now(handle, &name, "x", 1);
    expect_done_with(context, pendio_receive_from(context, handle), 0, 1, 0);
    expect_pends(context, pendio_receive_from(context, handle));
    expect_pends(closer, pendio_close(closer, handle, _i < 2 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE));
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_ends(closer, 0, 0, 0);
    expect_refused(context, pendio_receive_from(context, handle), -EBADF);
    behaviour_end();
}
END_TEST

/* Under TRY the start has sent, so the socket has a name; otherwise once it was handed over. */
START_TEST(b175_send_to_names_an_unbound_socket)
{
    struct pendio_endpoint name;
    struct pendio_endpoint own;
    struct pendio_context *context;
    struct sockaddr_in address;
    pendio_handle handle;
    pendio_handle other;
    int answer;

    behaviour_begin();
    handle = bound(FIXTURE_UDP4, &name);
    other = behaviour_socket(&name, SOCK_DGRAM);
    context = behaviour_get((uint32_t)_i);
    behaviour_show(context, "hello", 5);
    behaviour_aim(context, &name);
    answer = behaviour_note(context, pendio_send_to(context, other));
    ck_assert_int_eq(answer, _i == PENDIO_TRY ? PENDIO_DONE : PENDIO_PENDING);
    expect_ok(pendio_loop_flush(fixture.loop));
    own = behaviour_local(other);
    memcpy(&address, own.address, sizeof address);
    ck_assert_uint_ne(address.sin_port, 0);
    expect_end_of(context, answer, 0, 5, 0);
    behaviour_receive_now(handle, "hello", 5);
    behaviour_end();
}
END_TEST

START_TEST(b177_datagrams_go_to_and_fro_and_none_is_lost)
{
    struct pendio_endpoint names[2];
    struct pendio_context *receivers[2];
    pendio_handle handles[2];
    int descriptor = -1;

    behaviour_begin();
    for (int i = 0; i < 2; i++) {
        handles[i] = bound((enum fixture_family)(FIXTURE_UDP4 + _i % 2), &names[i]);
        receivers[i] = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    }
    if (_i >= 2) { /* through a second handle of the same socket */
        expect_ok(pendio_handle_detach(fixture.loop, handles[1], &descriptor));
        handles[1] = fixture_adopt(&fixture, dup(descriptor));
    }
    for (uint64_t i = 0; i < MANY_COUNT; i++) {
        uint32_t number = (uint32_t)i;

        turn_once();
        fixture_fill(message, MESSAGE_BYTES, i);
        expect_pends(receivers[1], pendio_receive_from(receivers[1], handles[1]));
        send_to_now(handles[0], &names[1], message, MESSAGE_BYTES);
        expect_ends(receivers[1], 0, MESSAGE_BYTES, 0);
        ck_assert(fixture_is_filled(heard, MESSAGE_BYTES, i));
        expect_sender(receivers[1], &names[0]);
        send_to_now(handles[1], &names[0], &number, sizeof number);
        expect_done_with(receivers[0], pendio_receive_from(receivers[0], handles[0]), 0,
                         sizeof number, 0);
        ck_assert_mem_eq(heard, &number, sizeof number);
        expect_sender(receivers[0], &names[1]);
    }
    if (descriptor >= 0)
        close(descriptor);
    behaviour_end();
}
END_TEST

START_TEST(b178_datagrams_of_system_calls_and_of_operations_mix)
{
    struct pendio_endpoint name;
    struct pendio_context *context;
    struct sockaddr_in far_name = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pendio_endpoint far_endpoint = {.byte_count = sizeof far_name};
    socklen_t byte_count = sizeof far_name;
    pendio_handle handle;
    int far = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    behaviour_begin();
    handle = bound(FIXTURE_UDP4, &name);
    ck_assert_int_eq(bind(far, (struct sockaddr *)&far_name, byte_count), 0);
    ck_assert_int_eq(getsockname(far, (struct sockaddr *)&far_name, &byte_count), 0);
    memcpy(far_endpoint.address, &far_name, sizeof far_name);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    for (size_t i = 1; i <= SOME_COUNT; i++) {
        turn_once();
        if (i % 2 == 0)
            expect_pends(context, pendio_receive_from(context, handle));
        ck_assert_int_eq(
            sendto(far, message, i * 10, 0, (const struct sockaddr *)name.address, name.byte_count),
            (int)i * 10);
        if (i % 2 == 0)
            expect_ends(context, 0, i * 10, 0);
        else
            expect_done_with(context, pendio_receive_from(context, handle), 0, i * 10, 0);
        expect_sender(context, &far_endpoint);
        send_to_now(handle, &far_endpoint, message, i);
        ck_assert_int_eq(recv(far, heard, sizeof heard, 0), (int)i);
    }
    behaviour_end();
    close(far);
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b141_close_ends_a_pending_receive_of_a_udp_socket, 3},
        {b166_window_out_of_range_is_refused_before_anything_happens, 0},
        {b167_receive_from_needs_no_endpoint, 2},
        {b168_receive_from_heeds_no_endpoint_of_another_family, 0},
        {b169_receive_from_on_an_unbound_socket_waits, 0},
        {b170_receive_from_on_a_stream_receives, 0},
        {b171_window_is_filled_and_nothing_beside_it, 2},
        {b172_close_ends_a_pending_receive_from, 4},
        {b175_send_to_names_an_unbound_socket, 3},
        {b177_datagrams_go_to_and_fro_and_none_is_lost, 4},
        {b178_datagrams_of_system_calls_and_of_operations_mix, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
