/*
 * first_data_test.c - behaviours 96 to 101: a connect that takes the first data along.
 *
 * - One completion tells of both; bytes says how much of the window had gone.
 */
#include "behaviour.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 10000 };

static struct pendio_endpoint address;
static struct pendio_context *context;
static pendio_handle listener;
static unsigned char memory[MANY + 20];

static void begin(enum fixture_family family, size_t byte_count)
{
    behaviour_begin();
    listener = fixture_listener(&fixture, family, &address);
    fixture_fill(memory, sizeof memory, 96);
    context = behaviour_over(PENDIO_AUTO, memory, byte_count);
    expect_ok(pendio_context_set_flags(context, PENDIO_FIRST_DATA));
    behaviour_aim(context, &address);
}

/* Exactly these bytes have come, and the connection works. */
static void expect_arrives(pendio_handle client, const unsigned char *bytes, size_t byte_count)
{
    struct pendio_context *accept = behaviour_get(PENDIO_AUTO);
    unsigned char seen[MANY];
    pendio_handle server;
    int descriptor;

    expect_either(accept, pendio_accept(accept, listener, 0), 0, 0, 0);
    server = behaviour_result(accept).value;
    expect_ok(pendio_handle_detach(fixture.loop, server, &descriptor));
    fixture_take(descriptor, seen, byte_count);
    ck_assert_mem_eq(seen, bytes, byte_count);
    ck_assert_int_eq(recv(descriptor, seen, 1, MSG_DONTWAIT), -1);
    expect_ok(pendio_pool_put(accept));
    behaviour_talk(client, descriptor);
    close(descriptor);
}

static void connect_with_data(size_t offset, size_t byte_count)
{
    pendio_handle client = behaviour_socket(&address, SOCK_STREAM);

    expect_either(context, pendio_connect(context, client), 0, byte_count, 0);
    expect_arrives(client, &memory[offset], byte_count);
}

START_TEST(b096_connect_takes_one_byte_along)
{
    begin((enum fixture_family)_i, 1);
    connect_with_data(0, 1);
    behaviour_end();
}
END_TEST

START_TEST(b097_connect_takes_many_bytes_along)
{
    begin((enum fixture_family)_i, MANY);
    connect_with_data(0, MANY);
    behaviour_end();
}
END_TEST

/* Whether the kernel grants it is its own affair: what arrives is the same. */
START_TEST(b098_fast_open_brings_the_same)
{
    const int queue_length = 8;
    const int on = 1;

    begin(FIXTURE_TCP4, _i == 0 ? 1 : MANY);
    ck_assert_int_le(pendio_handle_set_option(fixture.loop, listener, IPPROTO_TCP, TCP_FASTOPEN,
                                              &queue_length, sizeof queue_length),
                     0);
    for (int round = 0; round < 2; round++) { /* the second has the cookie of the first */
        pendio_handle client = behaviour_socket(&address, SOCK_STREAM);

        expect_ok(pendio_handle_set_option(fixture.loop, client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT,
                                           &on, sizeof on));
        expect_either(context, pendio_connect(context, client), 0, _i == 0 ? 1 : MANY, 0);
        expect_arrives(client, memory, _i == 0 ? 1 : MANY);
    }
    behaviour_end();
}
END_TEST

START_TEST(b100_window_is_what_goes_along)
{
    begin((enum fixture_family)_i, sizeof memory);
    expect_ok(pendio_context_set_window(context, 7, 1));
    connect_with_data(7, 1);
    expect_ok(pendio_context_set_window(context, 9, MANY));
    connect_with_data(9, MANY);
    behaviour_end();
}
END_TEST

START_TEST(b100_vector_goes_along_in_order)
{
    const struct pendio_bytes pieces[] = {{&memory[2], 3}, {NULL, 0}, {&memory[5], 4}};

    begin((enum fixture_family)_i, 0);
    expect_ok(pendio_context_set_pieces(context, pieces, 3));
    connect_with_data(2, 7);
    behaviour_end();
}
END_TEST

/* The socket is blocking as before, and free for another try. */
START_TEST(b101_failed_connect_has_taken_nothing_along)
{
    pendio_handle client;
    pendio_handle failed;

    begin((enum fixture_family)_i, 8);
    client = behaviour_socket(&address, SOCK_STREAM);
    behaviour_close(listener);
    fixture_quiet(&fixture);
    expect_either(context, pendio_connect(context, client), -ECONNREFUSED, 0, 0);
    failed = client;
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    behaviour_aim(context, &address);
    expect_either(context, pendio_connect(context, failed), 0, 8, 0);
    expect_arrives(failed, memory, 8);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b096_connect_takes_one_byte_along, FIXTURE_STREAM_COUNT},
        {b097_connect_takes_many_bytes_along, FIXTURE_STREAM_COUNT},
        {b098_fast_open_brings_the_same, 2},
        {b100_window_is_what_goes_along, FIXTURE_STREAM_COUNT},
        {b100_vector_goes_along_in_order, FIXTURE_STREAM_COUNT},
        {b101_failed_connect_has_taken_nothing_along, FIXTURE_TCP6 + 1},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
