/*
 * ring_test.c - behaviours 230 to 248: what .NET's own io_uring suite fixes, without injections.
 */
#include "behaviour_stream.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE_BYTES = 8 << 20 };

static char heard[64];

/* A connection through the loop's own accept and connect; TRY takes the client that is waiting. */
static struct behaviour_ends connect_through(enum fixture_family family)
{
    struct pendio_context *connect = behaviour_get(PENDIO_AUTO);
    struct pendio_context *accept = behaviour_get(PENDIO_TRY);
    struct pendio_endpoint address;
    struct pendio_completion accepted;
    pendio_handle listener = fixture_listener(&fixture, family, &address);
    struct behaviour_ends ends;

    ends.left = behaviour_socket(&address, SOCK_STREAM);
    behaviour_aim(connect, &address);
    expect_either(connect, pendio_connect(connect, ends.left), 0, 0, 0);
    expect_done_with(accept, pendio_accept(accept, listener, 0), 0, 0, 0);
    expect_ok(pendio_context_result(accept, &accepted));
    ends.right = accepted.value;
    expect_ok(pendio_pool_put(connect));
    expect_ok(pendio_pool_put(accept));
    return ends;
}

static void expect_same(struct pendio_endpoint left, struct pendio_endpoint right)
{
    ck_assert_uint_eq(left.byte_count, right.byte_count);
    ck_assert_mem_eq(left.address, right.address, left.byte_count);
}

static void talk(const struct behaviour_ends *ends)
{
    behaviour_send_now(ends->left, "to", 2);
    behaviour_await_data(ends->right);
    behaviour_receive_now(ends->right, "to", 2);
    behaviour_send_now(ends->right, "fro", 3);
    behaviour_await_data(ends->left);
    behaviour_receive_now(ends->left, "fro", 3);
}

START_TEST(b230_accepted_peer_is_the_clients_name_exactly)
{
    struct behaviour_ends ends;

    behaviour_begin();
    ends = connect_through((enum fixture_family)_i);
    expect_same(behaviour_peer(ends.right), behaviour_local(ends.left));
    expect_same(behaviour_peer(ends.left), behaviour_local(ends.right));
    talk(&ends);
    behaviour_end();
}
END_TEST

/* The client is there before the accept; the prepared handle is what comes of it. */
START_TEST(b231_accept_into_a_prepared_handle_takes_a_client_that_waits)
{
    struct pendio_context *connect;
    struct pendio_context *accept;
    struct pendio_completion accepted;
    struct pendio_endpoint address;
    struct behaviour_ends ends;
    pendio_handle listener;

    behaviour_begin();
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    connect = behaviour_get(PENDIO_AUTO);
    accept = behaviour_get(PENDIO_TRY);
    ends.left = behaviour_socket(&address, SOCK_STREAM);
    ends.right = behaviour_socket(&address, SOCK_STREAM);
    behaviour_aim(connect, &address);
    expect_either(connect, pendio_connect(connect, ends.left), 0, 0, 0);
    expect_done_with(accept, pendio_accept(accept, listener, ends.right), 0, 0, 0);
    expect_ok(pendio_context_result(accept, &accepted));
    ck_assert_uint_eq(accepted.value, ends.right);
    expect_same(behaviour_peer(ends.right), behaviour_local(ends.left));
    talk(&ends);
    behaviour_end();
}
END_TEST

/* Both families in turn with the same context: nothing of one address is left in the other. */
START_TEST(b232_connect_takes_addresses_of_either_length)
{
    struct pendio_context *connect;

    behaviour_begin();
    connect = behaviour_get(PENDIO_AUTO);
    for (int round = 0; round < 4; round++) {
        struct pendio_endpoint address;
        pendio_handle client;
        pendio_handle listener =
            fixture_listener(&fixture, round % 2 == 0 ? FIXTURE_TCP6 : FIXTURE_TCP4, &address);

        client = behaviour_socket(&address, SOCK_STREAM);
        behaviour_aim(connect, &address);
        expect_either(connect, pendio_connect(connect, client), 0, 0, 0);
        expect_same(behaviour_peer(client), address);
        behaviour_send_now(client, "there", 5);
        behaviour_close(client);
        behaviour_close(listener);
    }
    behaviour_end();
}
END_TEST

START_TEST(b235_vectors_of_different_cuts_fit_together)
{
    char from[] = "abcdefg";
    char to[7];
    const struct pendio_bytes sent[] = {{from, 2}, {from + 2, 1}, {from + 3, 4}};
    const struct pendio_bytes wanted[] = {{to, 3}, {to + 3, 4}};
    struct pendio_context *sender;
    struct pendio_context *receiver;
    struct behaviour_ends ends;

    behaviour_begin();
    ends = connect_through((enum fixture_family)_i);
    sender = behaviour_get(PENDIO_TRY);
    receiver = behaviour_get(PENDIO_TRY);
    expect_ok(pendio_context_set_pieces(sender, sent, 3));
    expect_ok(pendio_context_set_pieces(receiver, wanted, 2));
    expect_done_with(sender, pendio_send(sender, ends.left), 0, 7, 0);
    behaviour_await_data(ends.right);
    expect_done_with(receiver, pendio_receive(receiver, ends.right), 0, 7, 0);
    ck_assert_mem_eq(to, from, 7);
    behaviour_end();
}
END_TEST

/* ---- datagrams ------------------------------------------------------------------------------ */

static pendio_handle bound(struct pendio_endpoint *ret_name)
{
    const struct pendio_endpoint any = behaviour_loopback(FIXTURE_UDP4, 0);
    pendio_handle handle = behaviour_socket(&any, SOCK_DGRAM);

    expect_ok(pendio_handle_bind(fixture.loop, handle, any.address, any.byte_count));
    *ret_name = behaviour_local(handle);
    return handle;
}

/* Sends "abcdef" in pieces from a new socket; its name. */
static struct pendio_endpoint send_pieces_to(const struct pendio_endpoint *to)
{
    char from[] = "abcdef";
    const struct pendio_bytes pieces[] = {{from, 1}, {NULL, 0}, {from + 1, 5}};
    struct pendio_context *context = behaviour_get(PENDIO_TRY);
    struct pendio_endpoint name;
    pendio_handle handle = bound(&name);

    expect_ok(pendio_context_set_pieces(context, pieces, 3));
    behaviour_aim(context, to);
    expect_done_with(context, pendio_send_to(context, handle), 0, 6, 0);
    return name;
}

static void expect_sender(const struct pendio_context *context, struct pendio_endpoint name)
{
    struct pendio_endpoint sender;

    expect_ok(pendio_context_sender(context, &sender));
    expect_same(sender, name);
}

START_TEST(b237_vector_receives_a_datagram_and_its_sender)
{
    const struct pendio_bytes pieces[] = {{heard, 2}, {heard + 2, 10}};
    struct pendio_endpoint name;
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound(&name);
    context = behaviour_get(PENDIO_TRY);
    expect_ok(pendio_context_set_pieces(context, pieces, 2));
    if (_i == 0)
        expect_pends(context, pendio_receive_from(context, handle));
    name = send_pieces_to(&name);
    if (_i == 0)
        expect_ends(context, 0, 6, 0);
    else
        expect_done_with(context, pendio_receive_from(context, handle), 0, 6, 0);
    ck_assert_mem_eq(heard, "abcdef", 6);
    expect_sender(context, name);
    behaviour_end();
}
END_TEST

START_TEST(b238_vector_is_sent_as_one_datagram)
{
    struct pendio_endpoint name;
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound(&name);
    context = behaviour_over(PENDIO_TRY, heard, sizeof heard);
    name = send_pieces_to(&name);
    expect_done_with(context, pendio_receive_from(context, handle), 0, 6, 0);
    ck_assert_mem_eq(heard, "abcdef", 6);
    expect_sender(context, name);
    behaviour_expect_nothing(handle);
    behaviour_end();
}
END_TEST

/* ---- short writes, ends, cuts --------------------------------------------------------------- */

START_TEST(b240_large_send_goes_on_until_it_is_complete)
{
    unsigned char *bytes = malloc(LARGE_BYTES);
    unsigned char *seen = malloc(LARGE_BYTES);
    const struct pendio_bytes pieces[] = {{bytes, 1}, {bytes + 1, LARGE_BYTES - 1}};
    const int small = 16 * 1024;
    struct pendio_context *sender;
    struct behaviour_ends ends;

    behaviour_begin();
    fixture_fill(bytes, LARGE_BYTES, 240);
    ends = connect_through(_i < 2 ? FIXTURE_TCP4 : FIXTURE_UNIX_STREAM);
    expect_ok(pendio_handle_set_option(fixture.loop, ends.left, SOL_SOCKET, SO_SNDBUF, &small,
                                       sizeof small));
    behaviour_send_now(ends.left, "small", 5);
    sender = behaviour_over(PENDIO_TRY, bytes, LARGE_BYTES);
    if (_i % 2 == 1)
        expect_ok(pendio_context_set_pieces(sender, pieces, 2));
    expect_pends(sender, pendio_send(sender, ends.left)); /* more than there is room for */
    behaviour_receive_all(ends.right, seen, 5, 5);
    behaviour_receive_all(ends.right, seen, LARGE_BYTES, 64 * 1024);
    expect_ends(sender, 0, LARGE_BYTES, 0);
    ck_assert_mem_eq(seen, bytes, LARGE_BYTES);
    free(bytes);
    free(seen);
    behaviour_end();
}
END_TEST

START_TEST(b243_receive_of_no_bytes_ends_with_the_peer)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    bool is_reset = _i == 2;

    behaviour_begin();
    pair = fixture_pair(&fixture, is_reset ? FIXTURE_TCP4 : (enum fixture_family)_i);
    context = behaviour_over(PENDIO_AUTO, NULL, 0);
    expect_pends(context, pendio_receive(context, pair.near));
    if (is_reset) {
        fixture_reset(pair.far);
        expect_ends(context, -ECONNRESET, 0, 0);
        expect_done_with(context, pendio_receive(context, pair.near), -ECONNRESET, 0, 0);
    } else {
        close(pair.far);
        expect_ends(context, 0, 0, PENDIO_END_OF_STREAM);
        expect_done_with(context, pendio_receive(context, pair.near), 0, 0, PENDIO_END_OF_STREAM);
    }
    behaviour_end();
}
END_TEST

/* .NET allows MessageSize as well; contract 4 fixes it: the prefix and the flag. */
START_TEST(b245_datagram_longer_than_the_window_is_cut_and_says_so)
{
    struct pendio_endpoint name;
    struct pendio_context *context;
    pendio_handle handle;

    behaviour_begin();
    handle = bound(&name);
    memset(heard, '.', sizeof heard);
    context = behaviour_over((uint32_t)(_i / 2), heard, 2);
    if (_i % 2 == 0)
        expect_pends(context, pendio_receive_from(context, handle));
    name = send_pieces_to(&name);
    if (_i % 2 == 0)
        expect_ends(context, 0, 2, PENDIO_TRUNCATED);
    else
        expect_either(context, pendio_receive_from(context, handle), 0, 2, PENDIO_TRUNCATED);
    ck_assert_mem_eq(heard, "ab..", 4);
    expect_sender(context, name);
    behaviour_expect_nothing(handle); /* the rest is gone */
    behaviour_end();
}
END_TEST

/* However many come, each is cut by itself: no request of the runtime's own swallows the mark. */
START_TEST(b246_every_datagram_that_is_cut_says_so)
{
    struct pendio_endpoint name;
    struct pendio_context *context;
    struct pendio_context *sender;
    pendio_handle handle;

    behaviour_begin();
    handle = bound(&name);
    context = behaviour_over(PENDIO_AUTO, heard, 2);
    sender = behaviour_get(PENDIO_TRY);
    behaviour_aim(sender, &name);
    for (size_t i = 1; i <= 8; i++) {
        ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
        behaviour_show(sender, "12345678", i);
        expect_done_with(sender, pendio_send_to(sender, handle), 0, i, 0);
    }
    for (uint64_t i = 1; i <= 8; i++)
        expect_either(context, pendio_receive(context, handle), 0, i < 2 ? i : 2,
                      i > 2 ? PENDIO_TRUNCATED : 0);
    behaviour_expect_nothing(handle);
    behaviour_end();
}
END_TEST

START_TEST(b248_send_to_nowhere_ends_in_a_known_way)
{
    static const int32_t errors[] = {0,      -ENETUNREACH, -EHOSTUNREACH,  -EACCES,
                                     -EPERM, -ENETDOWN,    -EADDRNOTAVAIL, -ECONNREFUSED};
    const struct sockaddr_in nowhere = {.sin_family = AF_INET,
                                        .sin_port = htons(9),
                                        .sin_addr.s_addr = htonl(0xc0000201)}; /* RFC 5737 */
    const struct pendio_completion *result;
    struct pendio_endpoint name;
    struct pendio_context *context;
    pendio_handle handle;
    bool is_known = false;

    behaviour_begin();
    handle = bound(&name);
    behaviour_close(handle);
    handle = behaviour_socket(&name, SOCK_DGRAM);
    context = behaviour_get(PENDIO_TRY);
    behaviour_show(context, "hello", 5);
    expect_ok(pendio_context_set_endpoint(context, &nowhere, sizeof nowhere));
    result = behaviour_outcome(context, behaviour_note(context, pendio_send_to(context, handle)));
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        is_known = is_known || result->error == errors[i];
    ck_assert_msg(is_known, "error %d", result->error);
    ck_assert_uint_eq(result->bytes, result->error == 0 ? 5 : 0);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b230_accepted_peer_is_the_clients_name_exactly, FIXTURE_TCP6 + 1},
        {b231_accept_into_a_prepared_handle_takes_a_client_that_waits, FIXTURE_STREAM_COUNT},
        {b232_connect_takes_addresses_of_either_length, 0},
        {b235_vectors_of_different_cuts_fit_together, FIXTURE_STREAM_COUNT},
        {b237_vector_receives_a_datagram_and_its_sender, 2},
        {b238_vector_is_sent_as_one_datagram, 0},
        {b240_large_send_goes_on_until_it_is_complete, 4},
        {b243_receive_of_no_bytes_ends_with_the_peer, 3},
        {b245_datagram_longer_than_the_window_is_cut_and_says_so, 6},
        {b246_every_datagram_that_is_cut_says_so, 0},
        {b248_send_to_nowhere_ends_in_a_known_way, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
