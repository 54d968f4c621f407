/*
 * contract_message_test.c - what is told beside the bytes of a datagram: sender, destination,
 * interface, control data.
 *
 * - What the runtime asks of a socket does not show in the caller's control memory.
 */
#include "message.h"

#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static struct fixture fixture;

static struct pendio_endpoint name_of(int descriptor)
{
    struct pendio_endpoint name = {.byte_count = sizeof name.address};

    ck_assert_int_eq(getsockname(descriptor, (struct sockaddr *)name.address, &name.byte_count), 0);
    return name;
}

static void expect_address(const struct pendio_endpoint *found,
                           const struct pendio_endpoint *expected)
{
    ck_assert_uint_eq(found->byte_count, expected->byte_count);
    ck_assert_mem_eq(found->address, expected->address, expected->byte_count);
}

START_TEST(datagram_tells_sender_destination_and_interface_without_control_memory)
{
    struct pendio_context *context;
    struct pendio_message message;
    struct pendio_endpoint expected;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    context = fixture_over(&fixture, memory, sizeof memory);
    for (int i = 0; i < 3; i++) {
        expect_pending(pendio_receive_message(context, pair.near));
        fixture_put(pair.far, "abc", 3);
        expect_next(&fixture, context, 0, 3, 0);
        ck_assert_mem_eq(memory, "abc", 3);
        message = message_of(context);
        expected = name_of(pair.far);
        expect_address(&message.sender, &expected);
        ck_assert_int_eq(pendio_handle_local(fixture.loop, pair.near, &expected), 0);
        memset(expected.address + offsetof(struct sockaddr_in, sin_port), 0, 2);
        expect_address(&message.destination, &expected);
        ck_assert_uint_eq(message.interface_index, if_nametoindex("lo"));
        ck_assert_uint_eq(message.control_bytes, 0);
    }
    expect_pending(pendio_receive(context, pair.near));
    fixture_put(pair.far, "abc", 3);
    expect_next(&fixture, context, 0, 3, 0);
    message = message_of(context); /* of a receive_message only */
    ck_assert_uint_eq(message.destination.byte_count, 0);
    ck_assert_uint_eq(message.interface_index, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(destination_is_the_one_the_sender_named_not_the_one_bound)
{
    const struct sockaddr_in any = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct sockaddr_in seen;
    struct pendio_endpoint name;
    struct pendio_context *context;
    struct pendio_message message;
    pendio_handle handle = 0;
    char memory[8];
    int far;

    fixture_init(&fixture);
    far = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_DGRAM, 0, &handle), 0);
    ck_assert_int_eq(pendio_handle_bind(fixture.loop, handle, &any, sizeof any), 0);
    ck_assert_int_eq(pendio_handle_local(fixture.loop, handle, &name), 0);
    memcpy(&to, name.address, sizeof to);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 4);
    context = fixture_over(&fixture, memory, sizeof memory);
    expect_pending(pendio_receive_message(context, handle));
    ck_assert_int_eq(sendto(far, "ab", 2, 0, (struct sockaddr *)&to, sizeof to), 2);
    expect_next(&fixture, context, 0, 2, 0);
    message = message_of(context);
    memcpy(&seen, message.destination.address, sizeof seen);
    ck_assert_uint_eq(seen.sin_addr.s_addr, to.sin_addr.s_addr);
    ck_assert_uint_eq(seen.sin_port, 0);
    close(far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(dual_stack_socket_tells_mapped_addresses)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    const int no = 0;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 seen;
    struct pendio_endpoint name;
    struct pendio_context *context;
    struct pendio_message message;
    pendio_handle handle = 0;
    char memory[8];
    int far;

    fixture_init(&fixture);
    far = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET6, SOCK_DGRAM, 0, &handle), 0);
    ck_assert_int_ge(
        pendio_handle_set_option(fixture.loop, handle, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no),
        0);
    ck_assert_int_eq(pendio_handle_bind(fixture.loop, handle, &any, sizeof any), 0);
    ck_assert_int_eq(pendio_handle_local(fixture.loop, handle, &name), 0);
    memcpy(&seen, name.address, sizeof seen);
    to.sin_port = seen.sin6_port;
    context = fixture_over(&fixture, memory, sizeof memory);
    expect_pending(pendio_receive_message(context, handle));
    ck_assert_int_eq(sendto(far, "ab", 2, 0, (struct sockaddr *)&to, sizeof to), 2);
    expect_next(&fixture, context, 0, 2, 0);
    message = message_of(context);
    memcpy(&seen, message.destination.address, sizeof seen);
    ck_assert(IN6_IS_ADDR_V4MAPPED(&seen.sin6_addr));
    ck_assert_mem_eq(seen.sin6_addr.s6_addr + 12, &to.sin_addr, 4);
    memcpy(&seen, message.sender.address, sizeof seen);
    ck_assert(IN6_IS_ADDR_V4MAPPED(&seen.sin6_addr));
    ck_assert_uint_eq(message.interface_index, if_nametoindex("lo"));
    close(far);
    fixture_fini(&fixture);
}
END_TEST

/* The lowest byte of an entry of control data that was asked for: TTL or hop limit. */
static void expect_hops(const union message_control *control, uint64_t byte_count, int family)
{
    int hops = 0;

    ck_assert_uint_eq(byte_count, CMSG_SPACE(sizeof hops));
    ck_assert_int_eq(control->header.cmsg_level, family == 0 ? IPPROTO_IP : IPPROTO_IPV6);
    ck_assert_int_eq(control->header.cmsg_type, family == 0 ? IP_TTL : IPV6_HOPLIMIT);
    memcpy(&hops, control->bytes + CMSG_LEN(0), sizeof hops);
    ck_assert_int_gt(hops, 0);
}

static void ask_hops(pendio_handle handle, int family)
{
    const int yes = 1;

    ck_assert_int_ge(
        pendio_handle_set_option(fixture.loop, handle, family == 0 ? IPPROTO_IP : IPPROTO_IPV6,
                                 family == 0 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, &yes, sizeof yes),
        0);
}

START_TEST(control_memory_gets_what_the_caller_asked_for_and_only_that)
{
    union message_control control;
    struct pendio_context *context;
    struct pendio_message message;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    ask_hops(pair.near, _i);
    context = message_over(&fixture, memory, sizeof memory, &control);
    ck_assert_int_eq(pendio_context_set_control(context, &control, CMSG_SPACE(sizeof(int))), 0);
    expect_pending(pendio_receive_message(context, pair.near));
    fixture_put(pair.far, "abc", 3);
    expect_next(&fixture, context, 0, 3, 0);
    message = message_of(context);
    expect_hops(&control, message.control_bytes, _i);
    ck_assert_uint_ne(message.destination.byte_count, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(entry_with_the_destination_stays_for_a_caller_who_asked_for_it)
{
    const int yes = 1;
    union message_control control;
    struct pendio_context *context;
    struct pendio_message message;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    ck_assert_int_ge(
        pendio_handle_set_option(fixture.loop, pair.near, _i == 0 ? IPPROTO_IP : IPPROTO_IPV6,
                                 _i == 0 ? IP_PKTINFO : IPV6_RECVPKTINFO, &yes, sizeof yes),
        0);
    context = message_over(&fixture, memory, sizeof memory, &control);
    expect_pending(pendio_receive_message(context, pair.near));
    fixture_put(pair.far, "abc", 3);
    expect_next(&fixture, context, 0, 3, 0);
    message = message_of(context);
    ck_assert_uint_eq(message.control_bytes,
                      CMSG_SPACE(_i == 0 ? sizeof(struct in_pktinfo) : sizeof(struct in6_pktinfo)));
    ck_assert_int_eq(control.header.cmsg_type, _i == 0 ? IP_PKTINFO : IPV6_PKTINFO);
    ck_assert_uint_ne(message.destination.byte_count, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(entries_without_room_are_flagged_and_leave_the_memory_alone)
{
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    ask_hops(pair.near, _i);
    context = message_over(&fixture, memory, sizeof memory, &control);
    for (int i = 0; i < 2; i++) {
        fixture_fill(&control, sizeof control, 1);
        ck_assert_int_eq(
            pendio_context_set_control(context, i == 0 ? &control : NULL, i == 0 ? 9 : 0), 0);
        expect_pending(pendio_receive_message(context, pair.near));
        fixture_put(pair.far, "abc", 3);
        expect_next(&fixture, context, 0, 3, PENDIO_CONTROL_TRUNCATED);
        ck_assert_uint_eq(message_of(context).control_bytes, 0);
        ck_assert_uint_ne(message_of(context).destination.byte_count, 0);
        ck_assert(fixture_is_filled(&control, sizeof control, 1));
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {datagram_tells_sender_destination_and_interface_without_control_memory, 2},
        {destination_is_the_one_the_sender_named_not_the_one_bound, 0},
        {dual_stack_socket_tells_mapped_addresses, 0},
        {control_memory_gets_what_the_caller_asked_for_and_only_that, 2},
        {entry_with_the_destination_stays_for_a_caller_who_asked_for_it, 2},
        {entries_without_room_are_flagged_and_leave_the_memory_alone, 2},
    };
    return fixture_run("contract: message", cases, sizeof cases / sizeof cases[0]);
}
