/*
 * contract_packets_then_test.c - memory and files sent, and the connection ended, as one operation.
 *
 * - Everything goes, then FIN; it is told once, afterwards.
 * - It keeps its place in the order of sends until the connection has ended.
 * - What is not sent whole ends nothing.
 */
#include "parting.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- everything goes, then the end ---------------------------------------------------------- */

START_TEST(everything_arrives_then_the_end)
{
    parting_begin((enum fixture_family)_i);
    parting_start(2, PENDIO_THEN_DISCONNECT);
    parting_take_all();
    parting_expect_told(0, PARTING_ALL_BYTES, 0);
    connection_expect_end(parting.pair.far);
    parting_expect_disconnected();
    parting_end();
}
END_TEST

START_TEST(with_reuse_the_same_handle_connects_again)
{
    enum fixture_family family = (enum fixture_family)(_i % FIXTURE_STREAM_COUNT);
    uint32_t both = _i < FIXTURE_STREAM_COUNT ? 0 : PENDIO_THEN_DISCONNECT;
    int descriptor = -1;

    parting_begin(family);
    for (int i = 0; i < 10; i++) {
        fixture_put(parting.pair.far, "unread", 6);
        parting_start(2, PENDIO_THEN_REUSE | both);
        parting_take_all();
        parting_expect_told(0, PARTING_ALL_BYTES, 0);
        connection_expect_end(parting.pair.far);
        close(parting.pair.far);
        parting.pair.far = connection_anew(&parting.fixture, parting.pair.near, family);
        parting_expect_connected();
    }
    ck_assert_int_eq(pendio_handle_detach(parting.fixture.loop, parting.pair.near, &descriptor), 0);
    ck_assert_int_eq(fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0);
    close(descriptor);
    parting_end();
}
END_TEST

START_TEST(nothing_to_send_is_followed_by_the_end_as_well)
{
    const struct pendio_packet nothing = {.path = parting.file.path, .offset = PARTING_FILE_BYTES};
    uint32_t flags = _i % 2 == 0 ? PENDIO_THEN_DISCONNECT : PENDIO_THEN_REUSE;

    parting_begin(FIXTURE_TCP4);
    parting.packets[0] = nothing;
    ck_assert_int_eq(pendio_context_set_policy(parting.context, PENDIO_TRY), 0);
    parting_start(_i / 2 == 0 ? 0 : 1, flags);
    parting_expect_told(0, 0, 0);
    connection_expect_end(parting.pair.far);
    if (flags == PENDIO_THEN_DISCONNECT) {
        parting_expect_disconnected();
    } else {
        parting_start(0, flags);
        parting_expect_told(-ENOTCONN, 0, 0);
    }
    parting_end();
}
END_TEST

START_TEST(it_keeps_its_place_in_the_order_of_sends)
{
    bool reuse = _i >= FIXTURE_STREAM_COUNT;
    enum fixture_family family = (enum fixture_family)(_i % FIXTURE_STREAM_COUNT);
    struct pendio_endpoint address;
    struct pendio_context *behind[3];

    parting_begin(family);
    (void)fixture_listener(&parting.fixture, family, &address);
    for (int i = 0; i < 3; i++)
        behind[i] = fixture_over(&parting.fixture, parting.seen, 1);
    connection_aim(behind[1], &address);
    parting_start(2, reuse ? PENDIO_THEN_REUSE : PENDIO_THEN_DISCONNECT);
    if (!reuse)
        expect_pending(pendio_send(behind[0], parting.pair.near));
    expect_pending(pendio_connect(behind[1], parting.pair.near));
    expect_pending(pendio_send_packets(behind[2], parting.pair.near, parting.packets, 1,
                                       PENDIO_THEN_DISCONNECT));
    parting_take_all();
    parting_expect_told(0, PARTING_ALL_BYTES, 0);
    if (!reuse)
        expect_next(&parting.fixture, behind[0], -EPIPE, 0, 0);
    expect_next(&parting.fixture, behind[1], reuse ? 0 : -EISCONN, 0, 0);
    expect_next(&parting.fixture, behind[2], reuse ? 0 : -EPIPE, reuse ? PARTING_HEAD_BYTES : 0, 0);
    connection_expect_end(parting.pair.far);
    parting_end();
}
END_TEST

START_TEST(pending_receives_and_polls_end_first)
{
    struct pendio_context *others[3];

    parting_begin((enum fixture_family)_i);
    for (int i = 0; i < 3; i++)
        others[i] = fixture_get(&parting.fixture);
    expect_pending(pendio_receive(others[0], parting.pair.near));
    expect_pending(pendio_receive(others[1], parting.pair.near));
    expect_pending(pendio_poll(others[2], parting.pair.near, POLLIN));
    parting_start(2, PENDIO_THEN_REUSE);
    parting_take_all();
    fixture_wait(&parting.fixture, 4);
    ck_assert_ptr_eq(parting.fixture.seen[3].context, parting.context);
    expect_result(others[0], 0, 0, PENDIO_END_OF_STREAM);
    expect_result(others[1], 0, 0, PENDIO_END_OF_STREAM);
    expect_result(others[2], 0, 0, 0);
    expect_result(parting.context, 0, PARTING_ALL_BYTES, 0);
    parting.fixture.read_count = parting.fixture.seen_count;
    close(connection_anew(&parting.fixture, parting.pair.near, (enum fixture_family)_i));
    parting_end();
}
END_TEST

/* ---- not sent: not ended -------------------------------------------------------------------- */

START_TEST(what_cannot_be_sent_ends_no_connection)
{
    uint32_t flags = _i == 0 ? PENDIO_THEN_DISCONNECT : PENDIO_THEN_REUSE;
    pendio_handle unconnected = 0;

    parting_begin(FIXTURE_TCP4);
    parting.packets[1].byte_count = PARTING_FILE_BYTES + 1;
    parting_start(2, flags);
    parting_expect_told(-EINVAL, 0, 0);
    parting.packets[1].path = "/nowhere/at/all";
    parting_start(2, flags);
    parting_expect_told(-ENOENT, 0, 0);
    parting_expect_connected();
    ck_assert_int_eq(
        pendio_handle_socket(parting.fixture.loop, AF_INET, SOCK_STREAM, 0, &unconnected), 0);
    for (uint32_t count = 0; count < 2; count++) {
        expect_pending(
            pendio_send_packets(parting.context, unconnected, parting.packets, count, flags));
        expect_next(&parting.fixture, parting.context, -ENOTCONN, 0, 0);
    }
    fixture_reset(parting.pair.far);
    parting.pair.far = connection_anew(&parting.fixture, unconnected, FIXTURE_TCP4);
    parting.packets[0].byte_count = PARTING_FILE_BYTES; /* more than fits: it hears of the reset */
    parting_start(1, flags);
    parting_expect_told(-ECONNRESET, 0, 0);
    connection_disconnect(&parting.fixture, parting.context, parting.pair.near, 0);
    parting_end();
}
END_TEST

START_TEST(misuse_is_refused_and_changes_nothing)
{
    static const enum fixture_family families[] = {FIXTURE_UDP4, FIXTURE_UNIX_DATAGRAM,
                                                   FIXTURE_SEQPACKET};
    struct pendio_completion before;
    struct pendio_completion after;

    parting_begin(FIXTURE_TCP4);
    ck_assert_int_eq(pendio_context_result(parting.context, &before), 0);
    for (uint32_t flags = 4; flags != 0; flags <<= 1)
        ck_assert_int_eq(
            pendio_send_packets(parting.context, parting.pair.near, parting.packets, 1, flags | 1),
            -EINVAL);
    for (int i = 0; i < 3; i++) {
        struct fixture_pair other = fixture_pair(&parting.fixture, families[i]);

        for (uint32_t flags = 1; flags <= 3; flags++)
            for (uint32_t count = 0; count < 2; count++)
                ck_assert_int_eq(
                    pendio_send_packets(parting.context, other.near, parting.packets, count, flags),
                    -EINVAL);
        close(other.far);
    }
    parting.packets[1].memory = parting.content;
    ck_assert_int_eq(pendio_send_packets(parting.context, parting.pair.near, parting.packets, 2, 1),
                     -EINVAL);
    ck_assert_int_eq(pendio_send_packets(parting.context, 0, parting.packets, 1, 1), -EBADF);
    ck_assert_int_eq(pendio_context_result(parting.context, &after), 0);
    ck_assert_mem_eq(&before, &after, sizeof before);
    parting_expect_connected();
    parting_end();
}
END_TEST

START_TEST(without_a_free_descriptor_it_is_disconnected_with_all_sent)
{
    struct rlimit limit;
    struct rlimit none;

    parting_begin(FIXTURE_TCP4);
    getrlimit(RLIMIT_NOFILE, &limit);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    parting_start(1, PENDIO_THEN_REUSE);
    parting_expect_told(-EMFILE, PARTING_HEAD_BYTES, 0);
    setrlimit(RLIMIT_NOFILE, &limit);
    fixture_take(parting.pair.far, parting.seen, PARTING_HEAD_BYTES);
    connection_expect_end(parting.pair.far);
    parting_expect_disconnected();
    parting_end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {everything_arrives_then_the_end, FIXTURE_STREAM_COUNT},
        {with_reuse_the_same_handle_connects_again, 2 * FIXTURE_STREAM_COUNT},
        {nothing_to_send_is_followed_by_the_end_as_well, 4},
        {it_keeps_its_place_in_the_order_of_sends, 2 * FIXTURE_STREAM_COUNT},
        {pending_receives_and_polls_end_first, FIXTURE_STREAM_COUNT},
        {what_cannot_be_sent_ends_no_connection, 2},
        {misuse_is_refused_and_changes_nothing, 0},
        {without_a_free_descriptor_it_is_disconnected_with_all_sent, 0},
    };
    return fixture_run("contract: packets, then the end", cases, sizeof cases / sizeof cases[0]);
}
