/*
 * packets_test.c - behaviours 194 to 205 and 226 to 228: memory sent in packets, the end of a
 * connection behind them, and misuse.
 *
 * - A packet is a structure of the caller's: what .NET's constructors reject is refused by the
 *   start, which changes nothing (contract 2).
 */
#include "behaviour_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH_BYTES = 1 << 20 };

static struct pendio_context *context;
static struct behaviour_ends ends;
static char ten[] = "0123456789";

static void begin(void)
{
    behaviour_begin();
    ends = behaviour_ends(FIXTURE_TCP4);
    context = behaviour_get(PENDIO_AUTO);
}

/* That many bytes of `expected` arrive, and the context says so. */
static void expect_sent(const struct pendio_packet *packets, uint32_t count, const char *expected)
{
    size_t byte_count = strlen(expected);
    char seen[64];

    expect_either(context, pendio_send_packets(context, ends.left, packets, count, 0), 0,
                  byte_count, 0);
    behaviour_receive_all(ends.right, seen, byte_count, sizeof seen);
    ck_assert_mem_eq(seen, expected, byte_count);
    behaviour_expect_nothing(ends.right);
}

static void expect_nothing_to_send(const struct pendio_packet *packets, uint32_t count)
{
    expect_done_with(context, pendio_send_packets(context, ends.left, packets, count, 0), 0, 0, 0);
    behaviour_expect_nothing(ends.right);
    ck_assert_uint_ge(fixture_stats(&fixture).done_empty, 1);
}

/* .NET throws for an unconnected socket: that is the system's to say (contract 2). */
START_TEST(b194_misuse_is_refused_and_an_unconnected_socket_is_an_error)
{
    const struct pendio_endpoint nobody = behaviour_loopback(FIXTURE_TCP4, 9);
    const struct pendio_packet packet = {.memory = ten, .byte_count = 10};

    begin();
    ck_assert_int_eq(pendio_send_packets(NULL, ends.left, &packet, 1, 0), -EINVAL);
    expect_refused(context, pendio_send_packets(context, ends.left, NULL, 1, 0), -EINVAL);
    expect_refused(context, pendio_send_packets(context, 0, &packet, 1, 0), -EBADF);
    expect_either(
        context,
        pendio_send_packets(context, behaviour_socket(&nobody, SOCK_STREAM), &packet, 1, 0),
        -ENOTCONN, 0, 0);
    expect_nothing_to_send(NULL, 0);
    behaviour_end();
}
END_TEST

START_TEST(b195_packet_of_nothing_is_ignored)
{
    const struct pendio_packet nothing = {.memory = NULL};

    begin();
    expect_nothing_to_send(&nothing, 1);
    behaviour_end();
}
END_TEST

START_TEST(b196_no_packets_complete_as_well)
{
    begin();
    expect_nothing_to_send(NULL, 0);
    expect_ok(pendio_context_set_policy(context, PENDIO_QUEUE));
    expect_pends(context, pendio_send_packets(context, ends.left, NULL, 0, 0));
    expect_ends(context, 0, 0, 0);
    behaviour_end();
}
END_TEST

/* .NET's block size has no counterpart: contract 7, any mix in one operation, however long. */
START_TEST(b197_packet_of_any_size_is_one_operation)
{
    unsigned char *bytes = malloc(MUCH_BYTES);
    unsigned char *seen = malloc(MUCH_BYTES);
    const struct pendio_packet packets[] = {{.memory = bytes, .byte_count = 1},
                                            {.memory = bytes + 1, .byte_count = MUCH_BYTES - 1}};
    int answer;

    begin();
    expect_nothing_to_send(NULL, 0);
    fixture_fill(bytes, MUCH_BYTES, 197);
    answer = behaviour_note(context, pendio_send_packets(context, ends.left, packets, 2, 0));
    behaviour_receive_all(ends.right, seen, MUCH_BYTES, MUCH_BYTES);
    expect_end_of(context, answer, 0, MUCH_BYTES, 0);
    ck_assert_mem_eq(seen, bytes, MUCH_BYTES);
    free(bytes);
    free(seen);
    behaviour_end();
}
END_TEST

/* Memory of the program, of the heap, and of the pool's arena. */
START_TEST(b198_memory_is_sent_whole)
{
    char *heap = strdup(ten);
    struct pendio_packet packet = {.memory = _i == 0 ? ten : heap, .byte_count = 10};
    void *slice = NULL;
    size_t byte_count;

    begin();
    expect_nothing_to_send(NULL, 0);
    if (_i == 2) {
        expect_ok(pendio_context_window(context, &slice, &byte_count));
        memcpy(slice, ten, sizeof ten);
        packet.memory = slice;
    }
    expect_sent(&packet, 1, ten);
    free(heap);
    behaviour_end();
}
END_TEST

START_TEST(b199_part_of_memory_is_sent)
{
    const struct pendio_packet packet = {.memory = ten, .offset = 5, .byte_count = 5};

    begin();
    expect_nothing_to_send(NULL, 0);
    expect_sent(&packet, 1, "56789");
    behaviour_end();
}
END_TEST

START_TEST(b200_empty_memory_is_ignored)
{
    const struct pendio_packet packet = {.memory = ten};

    begin();
    expect_nothing_to_send(&packet, 1);
    behaviour_end();
}
END_TEST

START_TEST(b201_no_bytes_at_an_offset_are_ignored)
{
    const struct pendio_packet packet = {.memory = ten, .offset = 4};

    begin();
    expect_nothing_to_send(&packet, 1);
    behaviour_end();
}
END_TEST

START_TEST(b202_empty_packets_among_others_are_ignored)
{
    const struct pendio_packet packets[] = {{.memory = ten, .offset = 4},
                                            {.memory = ten, .offset = 4, .byte_count = 4},
                                            {.memory = ten, .byte_count = 4}};

    begin();
    expect_nothing_to_send(packets, 1);
    expect_sent(packets, 3, "45670123");
    behaviour_end();
}
END_TEST

/* All ten arrive, then the end: told once, with the bytes sent. */
static void expect_sent_to_the_end(uint32_t flags)
{
    const struct pendio_packet packets[] = {{.memory = ten, .byte_count = 4},
                                            {.memory = ten, .offset = 4, .byte_count = 6}};
    char seen[10];

    expect_either(context, pendio_send_packets(context, ends.left, packets, 2, flags), 0, 10, 0);
    behaviour_receive_all(ends.right, seen, sizeof seen, sizeof seen);
    ck_assert_mem_eq(seen, ten, sizeof seen);
    behaviour_expect_end(ends.right);
}

START_TEST(b204_after_packets_with_disconnect_nothing_is_sent)
{
    begin();
    expect_sent_to_the_end(PENDIO_THEN_DISCONNECT);
    behaviour_show(context, "a", 1);
    expect_done_with(context, pendio_send(context, ends.left), -EPIPE, 0, 0);
    expect_done_with(context, pendio_send_packets(context, ends.left, NULL, 0, 0), -EPIPE, 0, 0);
    behaviour_end();
}
END_TEST

/* .NET wants both of its flags; here reuse implies the end. */
START_TEST(b205_after_packets_with_reuse_the_handle_connects_again)
{
    struct pendio_endpoint address;

    begin();
    (void)fixture_listener(&fixture, FIXTURE_TCP4, &address);
    expect_sent_to_the_end(_i == 0 ? PENDIO_THEN_REUSE
                                   : PENDIO_THEN_DISCONNECT | PENDIO_THEN_REUSE);
    behaviour_aim(context, &address);
    expect_either(context, pendio_connect(context, ends.left), 0, 0, 0);
    behaviour_send_now(ends.left, "again", 5);
    behaviour_end();
}
END_TEST

/* Without a source there are no bytes; two are one too many; an empty one is nothing. */
START_TEST(b226_packet_has_one_source_or_none)
{
    struct pendio_packet packet = {.byte_count = 1};

    begin();
    expect_refused(context, pendio_send_packets(context, ends.left, &packet, 1, 0), -EINVAL);
    packet = (struct pendio_packet){.memory = ten, .path = "/", .byte_count = 1};
    expect_refused(context, pendio_send_packets(context, ends.left, &packet, 1, 0), -EINVAL);
    packet = (struct pendio_packet){.file = ends.right + 1};
    expect_refused(context, pendio_send_packets(context, ends.left, &packet, 1, 0), -EBADF);
    packet = (struct pendio_packet){.memory = ten};
    expect_nothing_to_send(&packet, 1);
    behaviour_end();
}
END_TEST

/*
 * Offsets have no sign here, and memory has no end the runtime could know (contract 8: scalars and
 * pointers); files are looked at when it runs: a range beyond the end is its error, nothing sent.
 */
START_TEST(b227_range_beyond_a_file_is_found_when_it_runs)
{
    struct fixture_file file;
    struct pendio_packet packet = {.offset = 1};

    begin();
    expect_nothing_to_send(NULL, 0);
    fixture_file(&file);
    packet.path = file.path;
    expect_either(context, pendio_send_packets(context, ends.left, &packet, 1, 0), -EINVAL, 0, 0);
    packet = (struct pendio_packet){.path = file.path, .offset = UINT64_MAX, .byte_count = 1};
    expect_either(context, pendio_send_packets(context, ends.left, &packet, 1, 0), -EINVAL, 0, 0);
    behaviour_expect_nothing(ends.right);
    fixture_remove(&file);
    behaviour_end();
}
END_TEST

/* A mark of a message's end means nothing on a stream: contract 8, unknown flags are refused. */
START_TEST(b228_unknown_flags_are_refused)
{
    const struct pendio_packet packet = {.memory = ten, .byte_count = 10};

    begin();
    expect_refused(context, pendio_send_packets(context, ends.left, &packet, 1, 1u << 20), -EINVAL);
    expect_nothing_to_send(NULL, 0);
    expect_sent(&packet, 1, ten);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b194_misuse_is_refused_and_an_unconnected_socket_is_an_error, 0},
        {b195_packet_of_nothing_is_ignored, 0},
        {b196_no_packets_complete_as_well, 0},
        {b197_packet_of_any_size_is_one_operation, 0},
        {b198_memory_is_sent_whole, 3},
        {b199_part_of_memory_is_sent, 0},
        {b200_empty_memory_is_ignored, 0},
        {b201_no_bytes_at_an_offset_are_ignored, 0},
        {b202_empty_packets_among_others_are_ignored, 0},
        {b204_after_packets_with_disconnect_nothing_is_sent, 0},
        {b205_after_packets_with_reuse_the_handle_connects_again, 2},
        {b226_packet_has_one_source_or_none, 0},
        {b227_range_beyond_a_file_is_found_when_it_runs, 0},
        {b228_unknown_flags_are_refused, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
