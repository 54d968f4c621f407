/*
 * flow_test.c - behaviours 151 to 164: long vectors, a look without taking, and Unix streams.
 */
#include "behaviour_stream.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LONG_COUNT = 2400, DATAGRAM_COUNT = 1200, CONCURRENT_COUNT = 25 };

static unsigned char bytes[LONG_COUNT];
static unsigned char seen[LONG_COUNT];

static void set_one_byte_pieces(struct pendio_context *context, uint32_t count)
{
    struct pendio_bytes pieces[LONG_COUNT];

    for (uint32_t i = 0; i < count; i++)
        pieces[i] = (struct pendio_bytes){&bytes[i], 1};
    expect_ok(pendio_context_set_pieces(context, pieces, count));
}

START_TEST(b151_vector_beyond_the_systems_limit_goes_whole)
{
    struct pendio_context *context;
    struct behaviour_ends ends;

    behaviour_begin();
    ends = behaviour_ends((enum fixture_family)_i);
    fixture_fill(bytes, sizeof bytes, 151);
    behaviour_send_now(ends.right, "idle", 4);
    context = behaviour_get(PENDIO_AUTO);
    set_one_byte_pieces(context, LONG_COUNT);
    expect_pends(context, pendio_send(context, ends.left)); /* AUTO: gathered, never done */
    expect_ends(context, 0, LONG_COUNT, 0);
    behaviour_receive_all(ends.right, seen, LONG_COUNT, LONG_COUNT);
    ck_assert_mem_eq(seen, bytes, LONG_COUNT);
    behaviour_end();
}
END_TEST

/* .NET allows the whole as well; a message takes no more pieces than the system does. */
START_TEST(b153_datagram_of_too_many_pieces_is_too_long)
{
    struct pendio_context *context;
    struct behaviour_ends ends;

    behaviour_begin();
    ends = behaviour_ends(FIXTURE_UDP4);
    fixture_fill(bytes, sizeof bytes, 153);
    context = behaviour_get(PENDIO_TRY);
    set_one_byte_pieces(context, DATAGRAM_COUNT);
    expect_either(context, pendio_send(context, ends.left), -EMSGSIZE, 0, 0);
    behaviour_expect_nothing(ends.right);
    set_one_byte_pieces(context, 1000);
    expect_done_with(context, pendio_send(context, ends.left), 0, 1000, 0);
    behaviour_receive_now(ends.right, bytes, 1000);
    behaviour_end();
}
END_TEST

/* Both ends are the loop's; what was peeked at is there, so the receive after it is done. */
static void peek(enum fixture_family family, struct behaviour_ends *ret_ends)
{
    char memory[16];
    struct pendio_context *context;

    behaviour_begin();
    *ret_ends = behaviour_ends(family);
    context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    expect_ok(pendio_context_set_flags(context, PENDIO_PEEK));
    expect_pends(context, pendio_receive(context, ret_ends->right));
    behaviour_send_now(ret_ends->left, "look", 4);
    expect_ends(context, 0, 4, 0);
    ck_assert_mem_eq(memory, "look", 4);
}

START_TEST(b156_peek_copies_and_tells_of_no_flag)
{
    struct behaviour_ends ends;
    struct pendio_context *context;
    char memory[2];

    peek((enum fixture_family)_i, &ends);
    context = behaviour_over(PENDIO_TRY, memory, sizeof memory);
    expect_ok(pendio_context_set_flags(context, PENDIO_PEEK));
    expect_done_with(context, pendio_receive(context, ends.right), 0, 2,
                     _i < FIXTURE_STREAM_COUNT ? 0 : PENDIO_TRUNCATED);
    behaviour_receive_now(ends.right, "look", 4);
    behaviour_end();
}
END_TEST

START_TEST(b157_receive_after_a_peek_gets_the_same_again)
{
    struct behaviour_ends ends;

    peek((enum fixture_family)_i, &ends);
    behaviour_receive_now(ends.right, "look", 4);
    behaviour_expect_nothing(ends.right);
    behaviour_end();
}
END_TEST

START_TEST(b159_unix_stream_carries_ten_round_trips)
{
    struct pendio_context *context;
    struct behaviour_ends ends;
    char byte;

    behaviour_begin();
    ends = behaviour_ends(FIXTURE_UNIX_STREAM);
    context = behaviour_over(PENDIO_AUTO, &byte, 1);
    for (char i = 0; i < 10; i++) {
        expect_pends(context, pendio_receive(context, ends.right));
        ck_assert_int_ge(fixture_turn(&fixture, 0), 0); /* a new turn, a new budget */
        behaviour_send_now(ends.left, &i, 1);
        expect_ends(context, 0, 1, 0);
        ck_assert_int_eq(byte, i);
        expect_either(context, pendio_send(context, ends.right), 0, 1, 0);
        behaviour_await_data(ends.left);
        behaviour_receive_now(ends.left, &i, 1);
    }
    behaviour_end();
}
END_TEST

static const struct {
    size_t write_count;
    size_t write_bytes;
    size_t read_bytes;
} sizes[] = {{5000, 1, 1}, {500, 18, 21}, {500, 21, 18}, {5, 128000, 64000}};

static unsigned char large[128000];
static unsigned char heard[128000];

START_TEST(b160_unix_stream_carries_writes_and_reads_of_any_size)
{
    struct pendio_context *sender;
    struct behaviour_ends ends;

    behaviour_begin();
    ends = behaviour_ends(FIXTURE_UNIX_STREAM);
    behaviour_send_now(ends.left, "first", 5);
    behaviour_receive_now(ends.right, "first", 5);
    sender = behaviour_over(PENDIO_AUTO, large, sizes[_i].write_bytes);
    for (size_t i = 0; i < sizes[_i].write_count; i++) {
        int answer;

        fixture_fill(large, sizes[_i].write_bytes, i);
        answer = behaviour_note(sender, pendio_send(sender, ends.left));
        behaviour_receive_all(ends.right, heard, sizes[_i].write_bytes, sizes[_i].read_bytes);
        expect_end_of(sender, answer, 0, sizes[_i].write_bytes, 0);
        ck_assert_mem_eq(heard, large, sizes[_i].write_bytes);
    }
    behaviour_close(ends.left);
    behaviour_expect_end(ends.right);
    behaviour_end();
}
END_TEST

/* .NET promises the same bytes in any order; contract 4 promises the order, too. */
START_TEST(b162_concurrent_sends_and_receives_pair_up_in_order)
{
    struct pendio_context *receives[CONCURRENT_COUNT];
    struct pendio_context *sends[CONCURRENT_COUNT];
    int answers[CONCURRENT_COUNT];
    struct behaviour_ends ends;

    behaviour_begin();
    ends = behaviour_ends((enum fixture_family)_i);
    fixture_fill(bytes, sizeof bytes, 162);
    for (int i = 0; i < CONCURRENT_COUNT; i++) {
        receives[i] = behaviour_over(PENDIO_AUTO, &seen[i], 1);
        expect_pends(receives[i], pendio_receive(receives[i], ends.right));
    }
    for (int i = 0; i < CONCURRENT_COUNT; i++) {
        sends[i] = behaviour_over(i == 0 ? PENDIO_TRY : PENDIO_AUTO, &bytes[i], 1);
        answers[i] = behaviour_note(sends[i], pendio_send(sends[i], ends.left));
    }
    ck_assert_int_eq(answers[0], PENDIO_DONE);
    for (int i = 0; i < CONCURRENT_COUNT; i++) {
        expect_end_of(sends[i], answers[i], 0, 1, 0);
        expect_ends(receives[i], 0, 1, 0);
    }
    ck_assert_mem_eq(seen, bytes, CONCURRENT_COUNT);
    behaviour_end();
}
END_TEST

/* ---- names ---------------------------------------------------------------------------------- */

static struct pendio_endpoint unix_name(const char *name, size_t byte_count)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct pendio_endpoint endpoint = {.byte_count = 0};

    memcpy(address.sun_path, name, byte_count);
    endpoint.byte_count = (uint32_t)(offsetof(struct sockaddr_un, sun_path) + byte_count);
    memcpy(endpoint.address, &address, endpoint.byte_count);
    return endpoint;
}

/* A connection by that name: whoever connected sees it as the peer's. */
static pendio_handle meet_at(const struct pendio_endpoint *name)
{
    struct pendio_context *connect = behaviour_get(PENDIO_AUTO);
    struct pendio_context *accept = behaviour_get(PENDIO_TRY);
    pendio_handle listener = behaviour_socket(name, SOCK_STREAM);
    pendio_handle client = behaviour_socket(name, SOCK_STREAM);
    struct pendio_endpoint seen_name;
    struct pendio_completion accepted;

    expect_ok(pendio_handle_bind(fixture.loop, listener, name->address, name->byte_count));
    expect_ok(pendio_handle_listen(fixture.loop, listener, 4));
    behaviour_aim(connect, name);
    expect_either(connect, pendio_connect(connect, client), 0, 0, 0);
    expect_done_with(accept, pendio_accept(accept, listener, 0), 0, 0, 0); /* it is waiting */
    expect_ok(pendio_context_result(accept, &accepted));
    behaviour_send_now(client, "hello", 5);
    behaviour_receive_now(accepted.value, "hello", 5);
    seen_name = behaviour_peer(client);
    ck_assert_uint_ge(seen_name.byte_count, name->byte_count);
    ck_assert_mem_eq(seen_name.address, name->address, name->byte_count);
    behaviour_close(client);
    behaviour_close(accepted.value);
    return listener;
}

/*
 * .NET's own endpoint objects reject names; here an address is bytes as the system has them, whose
 * errors bind answers (contract 7, immediate calls are the system call). So is the file of a path:
 * no rule removes it, it is the application's, as after bind(2).
 */
START_TEST(b164_unix_names_are_the_systems)
{
    struct pendio_context *context;
    struct pendio_endpoint name;
    struct fixture_file file;
    struct stat status;
    char path[108];
    char abstract[32] = {0};
    int length;

    behaviour_begin();
    context = behaviour_get(PENDIO_AUTO);
    ck_assert_int_eq(pendio_context_set_endpoint(context, path, 1), -EINVAL);
    ck_assert_int_eq(pendio_context_set_endpoint(context, path, 129), -EINVAL);
    ck_assert_int_eq(pendio_context_set_endpoint(context, NULL, 4), -EINVAL);
    length = snprintf(abstract + 1, sizeof abstract - 1, "pendio-b164-%d", (int)getpid());
    name = unix_name(abstract, 1 + (size_t)length);
    behaviour_close(meet_at(&name));
    fixture_file(&file);
    ck_assert_int_eq(unlink(file.path), 0);
    name = unix_name(file.path, strlen(file.path) + 1);
    behaviour_close(meet_at(&name));
    ck_assert_int_eq(stat(file.path, &status), 0);
    ck_assert(S_ISSOCK(status.st_mode));
    fixture_remove(&file);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b151_vector_beyond_the_systems_limit_goes_whole, FIXTURE_STREAM_COUNT},
        {b153_datagram_of_too_many_pieces_is_too_long, 0},
        {b156_peek_copies_and_tells_of_no_flag, FIXTURE_MESSAGE_COUNT},
        {b157_receive_after_a_peek_gets_the_same_again, FIXTURE_MESSAGE_COUNT},
        {b159_unix_stream_carries_ten_round_trips, 0},
        {b160_unix_stream_carries_writes_and_reads_of_any_size, 4},
        {b162_concurrent_sends_and_receives_pair_up_in_order, FIXTURE_STREAM_COUNT},
        {b164_unix_names_are_the_systems, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
