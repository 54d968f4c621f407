/*
 * initial_data_test.c - behaviours 233 and 234: data that go with a connect.
 */
#include "behaviour_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOME_BYTES = 256, MUCH_BYTES = 8 << 20 };

static struct pendio_endpoint address;
static pendio_handle listener;

static void begin(enum fixture_family family)
{
    behaviour_begin();
    listener = fixture_listener(&fixture, family, &address);
}

static struct pendio_context *with_first_data(void *bytes, size_t byte_count)
{
    struct pendio_context *context = behaviour_over(PENDIO_AUTO, bytes, byte_count);

    expect_ok(pendio_context_set_flags(context, PENDIO_FIRST_DATA));
    behaviour_aim(context, &address);
    return context;
}

static pendio_handle accept_now(void)
{
    struct pendio_context *context = behaviour_get(PENDIO_TRY);
    struct pendio_completion accepted;

    expect_done_with(context, pendio_accept(context, listener, 0), 0, 0, 0); /* it is waiting */
    expect_ok(pendio_context_result(context, &accepted));
    expect_ok(pendio_pool_put(context));
    return accepted.value;
}

START_TEST(b233_first_data_arrive_and_the_connection_goes_on)
{
    unsigned char bytes[SOME_BYTES];
    unsigned char seen[SOME_BYTES];
    struct pendio_context *connect;
    pendio_handle client;
    pendio_handle server;

    begin((enum fixture_family)_i);
    fixture_fill(bytes, SOME_BYTES, 233);
    client = behaviour_socket(&address, SOCK_STREAM);
    connect = with_first_data(bytes, SOME_BYTES);
    expect_either(connect, pendio_connect(connect, client), 0, SOME_BYTES, 0);
    server = accept_now();
    behaviour_receive_all(server, seen, SOME_BYTES, SOME_BYTES);
    ck_assert_mem_eq(seen, bytes, SOME_BYTES);
    behaviour_send_now(server, "back", 4);
    behaviour_await_data(client);
    behaviour_receive_now(client, "back", 4);
    behaviour_send_now(client, "and on", 6);
    behaviour_await_data(server);
    behaviour_receive_now(server, "and on", 6);
    behaviour_end();
}
END_TEST

/* No need to inject: nobody reads, so they cannot all go, and then the server resets. */
START_TEST(b234_first_data_that_cannot_go_end_the_connect_with_an_error)
{
    unsigned char *bytes = calloc(1, MUCH_BYTES);
    const int small = 64 * 1024;
    struct pendio_context *context;
    const struct pendio_completion *result;
    pendio_handle client;
    pendio_handle server;

    begin(FIXTURE_TCP4);
    expect_ok(pendio_handle_set_option(fixture.loop, listener, SOL_SOCKET, SO_RCVBUF, &small,
                                       sizeof small));
    client = behaviour_socket(&address, SOCK_STREAM);
    context = with_first_data(bytes, MUCH_BYTES);
    expect_pends(context, pendio_connect(context, client));
    fixture_quiet(&fixture);
    server = accept_now();
    expect_ok(pendio_handle_close(fixture.loop, server, PENDIO_ABORTIVE));
    result = behaviour_delivery_of(context);
    ck_assert_msg(result->error == -ECONNRESET || result->error == -EPIPE, "error %d",
                  result->error);
    ck_assert_uint_gt(result->bytes, 0);
    ck_assert_uint_lt(result->bytes, MUCH_BYTES);
    client = behaviour_socket(&address, SOCK_STREAM); /* the next client finds all in order */
    context = with_first_data(bytes, SOME_BYTES);
    expect_either(context, pendio_connect(context, client), 0, SOME_BYTES, 0);
    server = accept_now();
    behaviour_receive_all(server, bytes, SOME_BYTES, SOME_BYTES);
    free(bytes);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b233_first_data_arrive_and_the_connection_goes_on, FIXTURE_STREAM_COUNT},
        {b234_first_data_that_cannot_go_end_the_connect_with_an_error, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
