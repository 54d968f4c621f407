/*
 * contract_first_data_test.c - connects that also send: PENDIO_FIRST_DATA.
 *
 * - Bytes say how much had gone; the order of what is sent is that of the starts.
 * - With fast open too, a connect that is refused says so, once, with nothing gone.
 */
#include "fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static const int domains[] = {
    [FIXTURE_TCP4] = AF_INET, [FIXTURE_TCP6] = AF_INET6, [FIXTURE_UNIX_STREAM] = AF_UNIX};

static pendio_handle new_socket(enum fixture_family family, int flags)
{
    pendio_handle handle = 0;

    ck_assert_int_eq(
        pendio_handle_socket(fixture.loop, domains[family], SOCK_STREAM | flags, 0, &handle), 0);
    return handle;
}

static struct pendio_context *towards(const struct pendio_endpoint *address, void *memory,
                                      size_t byte_count)
{
    struct pendio_context *context = fixture_over(&fixture, memory, byte_count);

    ck_assert_int_eq(pendio_context_set_endpoint(context, address->address, address->byte_count),
                     0);
    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_FIRST_DATA), 0);
    return context;
}

/* A listener of the test's own, and the loop's name for it. */
static int listen_at(enum fixture_family family, struct pendio_endpoint *ret_address)
{
    pendio_handle listener = fixture_listener(&fixture, family, ret_address);
    int descriptor = -1;

    ck_assert_int_eq(pendio_handle_detach(fixture.loop, listener, &descriptor), 0);
    return descriptor;
}

START_TEST(window_goes_with_the_connect)
{
    static const size_t sizes[] = {1, 256, 10000, 0};
    static char sent[10000];
    static char got[10000];
    size_t size = sizes[_i / 2 % 4];
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle client;
    int listener;
    int far;

    fixture_init(&fixture);
    listener = listen_at((enum fixture_family)(_i / 8), &address);
    client = new_socket((enum fixture_family)(_i / 8), _i % 2 == 0 ? 0 : SOCK_NONBLOCK);
    fixture_fill(sent, size, 3);
    context = towards(&address, sent, size);
    expect_pending(pendio_connect(context, client));
    expect_next(&fixture, context, 0, size, 0);
    ck_assert_uint_eq(fixture.seen[0].operation, PENDIO_OPERATION_CONNECT);
    far = accept(listener, NULL, NULL);
    fixture_take(far, got, size);
    ck_assert(fixture_is_filled(got, size, 3));
    close(far);
    close(listener);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(pieces_and_a_part_of_the_memory_go_too)
{
    char bytes[] = "xabcdefx";
    const struct pendio_bytes pieces[] = {{bytes + 1, 2}, {bytes, 0}, {bytes + 3, 4}};
    struct pendio_endpoint address;
    struct pendio_context *context;
    char got[6];
    int listener;
    int far;

    fixture_init(&fixture);
    listener = listen_at(FIXTURE_TCP4, &address);
    context = towards(&address, bytes, sizeof bytes);
    if (_i == 0)
        ck_assert_int_eq(pendio_context_set_window(context, 1, 6), 0);
    else
        ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 3), 0);
    expect_pending(pendio_connect(context, new_socket(FIXTURE_TCP4, 0)));
    expect_next(&fixture, context, 0, 6, 0);
    far = accept(listener, NULL, NULL);
    fixture_take(far, got, 6);
    ck_assert_mem_eq(got, "abcdef", 6);
    close(far);
    close(listener);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(window_goes_with_a_connect_by_name)
{
    char bytes[6] = "abcdef";
    struct pendio_endpoint address;
    struct sockaddr_in in;
    struct pendio_context *context;
    pendio_handle client = 0;
    int listener;
    int far;

    fixture_init(&fixture);
    listener = listen_at(FIXTURE_TCP4, &address);
    memcpy(&in, address.address, sizeof in);
    context = towards(&address, bytes, sizeof bytes);
    if (_i == 1)
        client = new_socket(FIXTURE_TCP4, 0);
    expect_pending(pendio_connect_name(context, client, "127.0.0.1", ntohs(in.sin_port)));
    expect_next(&fixture, context, 0, sizeof bytes, 0);
    ck_assert_int_eq(fixture.seen[0].value != 0, _i == 0);
    ck_assert_uint_eq(fixture.seen[0].handle, client);
    if (_i == 0)
        client = fixture.seen[0].value;
    far = accept(listener, NULL, NULL);
    memset(bytes, 0, sizeof bytes);
    fixture_take(far, bytes, sizeof bytes);
    ck_assert_mem_eq(bytes, "abcdef", sizeof bytes);
    expect_pending(pendio_send(context, client));
    expect_next(&fixture, context, 0, sizeof bytes, 0);
    close(far);
    close(listener);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(without_the_flag_nothing_is_sent)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    char byte;
    int listener;
    int far;

    fixture_init(&fixture);
    listener = listen_at(FIXTURE_TCP4, &address);
    context = towards(&address, &byte, 1);
    ck_assert_int_eq(pendio_context_set_flags(context, 0), 0);
    expect_pending(pendio_connect(context, new_socket(FIXTURE_TCP4, 0)));
    expect_next(&fixture, context, 0, 0, 0);
    far = accept(listener, NULL, NULL);
    ck_assert_int_eq(recv(far, &byte, 1, MSG_DONTWAIT), -1);
    close(far);
    close(listener);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(sends_started_meanwhile_come_after_it)
{
    static char sent[4 << 20];
    struct pendio_endpoint address;
    struct pendio_context *contexts[2];
    pendio_handle client;
    char last[1];
    int listener;
    int far;

    fixture_init(&fixture);
    listener = listen_at((enum fixture_family)_i, &address);
    client = new_socket((enum fixture_family)_i, 0);
    contexts[0] = towards(&address, sent, sizeof sent);
    contexts[1] = fixture_over(&fixture, (void *)(uintptr_t) "!", 1);
    expect_pending(pendio_connect(contexts[0], client));
    expect_pending(pendio_send(contexts[1], client));
    while (fixture_turn(&fixture, 1000000) != 0)
        ;
    far = accept(listener, NULL, NULL);
    fixture_drain(&fixture, far, sizeof sent);
    expect_next(&fixture, contexts[0], 0, sizeof sent, 0);
    expect_next(&fixture, contexts[1], 0, 1, 0);
    fixture_take(far, last, 1);
    ck_assert_int_eq(last[0], '!');
    close(far);
    close(listener);
    fixture_fini(&fixture);
}
END_TEST

static void allow_fast_open(pendio_handle client)
{
    const int yes = 1;

    ck_assert_int_eq(pendio_handle_set_option(fixture.loop, client, IPPROTO_TCP,
                                              TCP_FASTOPEN_CONNECT, &yes, sizeof yes),
                     0);
}

START_TEST(refused_connect_says_so_once_and_nothing_has_gone)
{
    static char sent[10000];
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle client;
    int listener;

    fixture_init(&fixture);
    listener = listen_at(_i % 2 == 0 ? FIXTURE_TCP4 : FIXTURE_TCP6, &address);
    close(listener);
    client = new_socket(_i % 2 == 0 ? FIXTURE_TCP4 : FIXTURE_TCP6, 0);
    if (_i >= 2)
        allow_fast_open(client);
    context = towards(&address, sent, sizeof sent);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_connect(context, client));
        expect_next(&fixture, context, -ECONNREFUSED, 0, 0);
    }
    fixture_quiet(&fixture);
    fixture_fini(&fixture);
}
END_TEST

/* The first round asks for a cookie, where the system gives any; the second uses it. */
START_TEST(fast_open_brings_the_same_bytes)
{
    static const size_t sizes[] = {1, 10000};
    static char sent[10000];
    static char got[10000];
    const int queue_count = 16;
    enum fixture_family family = _i / 2 == 0 ? FIXTURE_TCP4 : FIXTURE_TCP6;
    size_t size = sizes[_i % 2];
    struct pendio_endpoint address;
    struct pendio_context *context;
    int listener;

    fixture_init(&fixture);
    listener = listen_at(family, &address);
    ck_assert_int_eq(
        setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &queue_count, sizeof queue_count), 0);
    context = towards(&address, sent, size);
    for (uint64_t i = 0; i < 3; i++) {
        pendio_handle client = new_socket(family, i == 2 ? SOCK_NONBLOCK : 0);
        int far;

        allow_fast_open(client);
        fixture_fill(sent, size, i);
        expect_pending(pendio_connect(context, client));
        expect_next(&fixture, context, 0, size, 0);
        far = accept(listener, NULL, NULL);
        fixture_take(far, got, size);
        ck_assert(fixture_is_filled(got, size, i));
        fixture_put(far, "y", 1);
        expect_pending(pendio_receive(context, client));
        expect_next(&fixture, context, 0, 1, 0);
        close(far);
    }
    close(listener);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(peer_that_resets_ends_it_with_what_had_gone)
{
    static char sent[8 << 20];
    struct pendio_endpoint address;
    const struct pendio_completion *completion;
    struct pendio_context *context;
    int listener;

    fixture_init(&fixture);
    listener = listen_at(FIXTURE_TCP4, &address);
    context = towards(&address, sent, sizeof sent);
    expect_pending(pendio_connect(context, new_socket(FIXTURE_TCP4, 0)));
    fixture_quiet(&fixture);
    fixture_reset(accept(listener, NULL, NULL));
    completion = fixture_next(&fixture);
    ck_assert_ptr_eq(completion->context, context);
    ck_assert(completion->error == -ECONNRESET || completion->error == -EPIPE);
    ck_assert_uint_gt(completion->bytes, 0);
    ck_assert_uint_lt(completion->bytes, sizeof sent);
    close(listener);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(ended_early_the_handle_is_as_after_any_connect)
{
    static char sent[8 << 20];
    struct pendio_endpoint address;
    const struct pendio_completion *completion;
    struct pendio_context *context;
    pendio_handle client;
    int listener;

    fixture_init(&fixture);
    listener = listen_at(FIXTURE_TCP4, &address);
    client = new_socket(FIXTURE_TCP4, _i % 2 == 0 ? 0 : SOCK_NONBLOCK);
    context = towards(&address, sent, sizeof sent);
    ck_assert_int_eq(pendio_context_set_deadline(context, _i < 2 ? 0 : 20000000), 0);
    expect_pending(pendio_connect(context, client));
    if (_i < 2) {
        fixture_quiet(&fixture);
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    }
    completion = fixture_next(&fixture);
    ck_assert_int_eq(completion->error, _i < 2 ? -ECANCELED : -ETIMEDOUT);
    ck_assert_uint_eq(completion->flags, _i < 2 ? PENDIO_BY_CANCEL : PENDIO_BY_DEADLINE);
    ck_assert_uint_gt(completion->bytes, 0);
    expect_done(pendio_send(context, client));
    expect_result(context, -ECONNABORTED, 0, 0);
    close(listener);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {window_goes_with_the_connect, 8 * FIXTURE_STREAM_COUNT},
        {pieces_and_a_part_of_the_memory_go_too, 2},
        {window_goes_with_a_connect_by_name, 2},
        {without_the_flag_nothing_is_sent, 0},
        {sends_started_meanwhile_come_after_it, FIXTURE_STREAM_COUNT},
        {refused_connect_says_so_once_and_nothing_has_gone, 4},
        {fast_open_brings_the_same_bytes, 4},
        {peer_that_resets_ends_it_with_what_had_gone, 0},
        {ended_early_the_handle_is_as_after_any_connect, 4},
    };
    return fixture_run("contract: first data", cases, sizeof cases / sizeof cases[0]);
}
