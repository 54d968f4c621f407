/*
 * dual_test.c - behaviours 186 to 193: IPv6 sockets, IPv4 senders, names that are no address.
 *
 * - .NET checks families before the start; here the system's error is the operation's (contract 2).
 * - The request's endpoint is where to send; who sent is a result, so a receive heeds none.
 */
#include "behaviour_stream.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char heard[64];

/* With and without what comes beside the message. */
static int (*const receives[2])(struct pendio_context *, pendio_handle) = {pendio_receive_from,
                                                                           pendio_receive_message};

static pendio_handle bound_to(const struct pendio_endpoint *address, bool v6_only)
{
    const int only = v6_only;
    pendio_handle handle = behaviour_socket(address, SOCK_DGRAM);

    if (address->byte_count == sizeof(struct sockaddr_in6))
        expect_ok(pendio_handle_set_option(fixture.loop, handle, IPPROTO_IPV6, IPV6_V6ONLY, &only,
                                           sizeof only));
    expect_ok(pendio_handle_bind(fixture.loop, handle, address->address, address->byte_count));
    return handle;
}

/* The IPv6 address of no interface in particular. */
static struct pendio_endpoint any_v6(void)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    struct pendio_endpoint endpoint = {.byte_count = sizeof any};

    memcpy(endpoint.address, &any, sizeof any);
    return endpoint;
}

static uint16_t port_of(pendio_handle handle)
{
    const struct pendio_endpoint name = behaviour_local(handle);
    in_port_t port; /* at the same place in both families */

    memcpy(&port, name.address + offsetof(struct sockaddr_in, sin_port), sizeof port);
    return ntohs(port);
}

/* Sends one byte from a new IPv4 socket; its own name, as an IPv6 socket writes it. */
static struct pendio_endpoint send_from_v4(uint16_t port)
{
    const struct pendio_endpoint to = behaviour_loopback(FIXTURE_UDP4, port);
    const struct pendio_endpoint any = behaviour_loopback(FIXTURE_UDP4, 0);
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6};
    struct pendio_endpoint endpoint = {.byte_count = sizeof mapped};
    struct pendio_context *context = behaviour_get(PENDIO_TRY);
    pendio_handle handle = bound_to(&any, false);

    behaviour_show(context, "4", 1);
    behaviour_aim(context, &to);
    expect_done_with(context, pendio_send_to(context, handle), 0, 1, 0);
    mapped.sin6_port = htons(port_of(handle));
    mapped.sin6_addr.s6_addr[10] = 0xff;
    mapped.sin6_addr.s6_addr[11] = 0xff;
    mapped.sin6_addr.s6_addr[12] = 127;
    mapped.sin6_addr.s6_addr[15] = 1;
    memcpy(endpoint.address, &mapped, sizeof mapped);
    return endpoint;
}

static void send_from_v6(uint16_t port)
{
    const struct pendio_endpoint to = behaviour_loopback(FIXTURE_UDP6, port);
    struct pendio_context *context = behaviour_get(PENDIO_TRY);

    behaviour_show(context, "6", 1);
    behaviour_aim(context, &to);
    expect_done_with(context, pendio_send_to(context, behaviour_socket(&to, SOCK_DGRAM)), 0, 1, 0);
}

START_TEST(b186_send_to_v4_from_a_socket_of_v6_alone_fails)
{
    const struct pendio_endpoint any = any_v6();
    const struct pendio_endpoint to = behaviour_loopback(FIXTURE_UDP4, 9);
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound_to(&any, true);
    context = behaviour_get((uint32_t)_i);
    behaviour_show(context, "x", 1);
    behaviour_aim(context, &to);
    if (_i == PENDIO_TRY)
        expect_done_with(context, pendio_send_to(context, handle), -ENETUNREACH, 0, 0);
    else
        expect_either(context, pendio_send_to(context, handle), -ENETUNREACH, 0, 0);
    send_from_v6(port_of(handle)); /* it works all the same */
    behaviour_receive_now(handle, "6", 1);
    behaviour_end();
}
END_TEST

/* An endpoint is an address as the system has it (contract 7): a name is one of no family. */
START_TEST(b187_host_name_is_no_endpoint)
{
    const struct pendio_endpoint any = behaviour_loopback(FIXTURE_UDP4, 0);
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound_to(&any, false);
    context = behaviour_over(PENDIO_TRY, heard, 1);
    expect_ok(pendio_context_set_endpoint(context, "localhost.localdomain", 21));
    expect_done_with(context, pendio_send_to(context, handle), -EAFNOSUPPORT, 0, 0);
    expect_pends(context, receives[_i](context, handle)); /* and heeds it not */
    (void)send_from_v4(port_of(handle));
    expect_ends(context, 0, 1, 0);
    behaviour_end();
}
END_TEST

START_TEST(b189_receive_on_v6_alone_heeds_no_v4_endpoint)
{
    const struct pendio_endpoint any = any_v6();
    const struct pendio_endpoint v4 = behaviour_loopback(FIXTURE_UDP4, 9);
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound_to(&any, true);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    behaviour_aim(context, &v4);
    expect_pends(context, receives[_i](context, handle));
    (void)send_from_v4(port_of(handle)); /* nobody is there for it */
    fixture_quiet(&fixture);
    send_from_v6(port_of(handle));
    expect_ends(context, 0, 1, 0);
    ck_assert_int_eq(heard[0], '6');
    behaviour_end();
}
END_TEST

/* To where each kind is bound: v4, v6, mapped v4, both; whom it hears. */
static const struct {
    bool is_any;
    bool is_mapped;
    bool v6_only;
    bool hears_v4;
    bool hears_v6;
} binds[] = {{true, false, false, true, true},
             {true, false, true, false, true},
             {false, false, false, false, true},
             {false, true, false, true, false}};

static struct pendio_endpoint mapped_loopback(void)
{
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6};
    struct pendio_endpoint endpoint = {.byte_count = sizeof mapped};

    mapped.sin6_addr.s6_addr[10] = 0xff;
    mapped.sin6_addr.s6_addr[11] = 0xff;
    mapped.sin6_addr.s6_addr[12] = 127;
    mapped.sin6_addr.s6_addr[15] = 1;
    memcpy(endpoint.address, &mapped, sizeof mapped);
    return endpoint;
}

static pendio_handle bound_as(int kind)
{
    struct pendio_endpoint address = behaviour_loopback(FIXTURE_UDP6, 0);

    if (binds[kind].is_any)
        address = any_v6();
    else if (binds[kind].is_mapped)
        address = mapped_loopback();
    return bound_to(&address, binds[kind].v6_only);
}

START_TEST(b190_dual_socket_names_v4_senders_as_mapped)
{
    struct pendio_endpoint sender;
    struct pendio_endpoint name;
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound_as(_i);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    name = send_from_v4(port_of(handle));
    if (binds[_i].hears_v4) {
        expect_done_with(context, pendio_receive_from(context, handle), 0, 1, 0);
        expect_ok(pendio_context_sender(context, &sender));
        ck_assert_uint_eq(sender.byte_count, name.byte_count);
        ck_assert_mem_eq(sender.address, name.address, name.byte_count);
    } else {
        behaviour_expect_nothing(handle);
    }
    if (binds[_i].hears_v6) {
        send_from_v6(port_of(handle));
        expect_done_with(context, pendio_receive_from(context, handle), 0, 1, 0);
        ck_assert_int_eq(heard[0], '6');
    }
    behaviour_end();
}
END_TEST

/* .NET rejects the endpoint; here none is asked for, and what is sent to v4 simply is not heard. */
START_TEST(b192_dual_socket_bound_to_one_v6_address_hears_no_v4)
{
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound_as(2);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    expect_pends(context, receives[_i](context, handle));
    (void)send_from_v4(port_of(handle));
    fixture_quiet(&fixture);
    send_from_v6(port_of(handle));
    expect_ends(context, 0, 1, 0);
    ck_assert_int_eq(heard[0], '6');
    behaviour_end();
}
END_TEST

static struct pendio_endpoint path_name(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct pendio_endpoint endpoint = {.byte_count = 0};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    endpoint.byte_count = (uint32_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    memcpy(endpoint.address, &address, endpoint.byte_count);
    return endpoint;
}

START_TEST(b193_unix_datagram_names_the_path_of_its_sender)
{
    struct pendio_endpoint sender;
    struct pendio_endpoint names[2];
    struct fixture_file files[2];
    struct pendio_context *contexts[2];
    pendio_handle handles[2];

    behaviour_begin();
    for (int i = 0; i < 2; i++) {
        fixture_file(&files[i]);
        ck_assert_int_eq(unlink(files[i].path), 0);
        names[i] = path_name(files[i].path);
        handles[i] = bound_to(&names[i], false);
        contexts[i] = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    }
    behaviour_show(contexts[0], "path", 4);
    behaviour_aim(contexts[0], &names[1]);
    expect_pends(contexts[1], pendio_receive_from(contexts[1], handles[1]));
    expect_done_with(contexts[0], pendio_send_to(contexts[0], handles[0]), 0, 4, 0);
    expect_ends(contexts[1], 0, 4, 0);
    expect_ok(pendio_context_sender(contexts[1], &sender));
    ck_assert_uint_eq(sender.byte_count, names[0].byte_count);
    ck_assert_mem_eq(sender.address, names[0].address, names[0].byte_count);
    for (int i = 0; i < 2; i++)
        fixture_remove(&files[i]);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b186_send_to_v4_from_a_socket_of_v6_alone_fails, 3},
        {b187_host_name_is_no_endpoint, 2},
        {b189_receive_on_v6_alone_heeds_no_v4_endpoint, 2},
        {b190_dual_socket_names_v4_senders_as_mapped, sizeof binds / sizeof binds[0]},
        {b192_dual_socket_bound_to_one_v6_address_hears_no_v4, 2},
        {b193_unix_datagram_names_the_path_of_its_sender, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
