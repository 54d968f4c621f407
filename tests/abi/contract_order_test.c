/*
 * contract_order_test.c - data of one handle and direction keep the order of the starts.
 *
 * - Only the head of a line is in the kernel; whoever is cancelled leaves, the others close up.
 * - Nobody overtakes: a TRY waits behind whoever waits or has not been delivered.
 */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MEGABYTE ((size_t)1 << 20)

enum { LINE_COUNT = 16 };

static struct fixture fixture;

START_TEST(receives_pending_on_one_stream_get_the_bytes_in_start_order)
{
    struct pendio_context *contexts[LINE_COUNT];
    struct fixture_pair pair;
    char memory[LINE_COUNT];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < LINE_COUNT; i++) {
        contexts[i] = fixture_over(&fixture, &memory[i], 1);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    fixture_put(pair.far, "abcdefghijklmnop", LINE_COUNT);
    for (int i = 0; i < LINE_COUNT; i++)
        expect_next(&fixture, contexts[i], 0, 1, 0);
    ck_assert_mem_eq(memory, "abcdefghijklmnop", LINE_COUNT);
    fixture_quiet(&fixture);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(messages_go_to_receives_in_start_order)
{
    struct pendio_context *contexts[LINE_COUNT];
    char memory[LINE_COUNT][4];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(FIXTURE_STREAM_COUNT + _i));
    for (int i = 0; i < LINE_COUNT; i++) {
        contexts[i] = fixture_over(&fixture, memory[i], sizeof memory[i]);
        expect_pending(i % 2 == 0 ? pendio_receive(contexts[i], pair.near)
                                  : pendio_receive_from(contexts[i], pair.near));
    }
    for (int i = 0; i < LINE_COUNT; i++)
        fixture_put(pair.far, &(char){(char)i}, 1);
    for (int i = 0; i < LINE_COUNT; i++) {
        expect_next(&fixture, contexts[i], 0, 1, 0);
        ck_assert_int_eq(memory[i][0], i);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(sends_leave_in_start_order_whatever_their_policy)
{
    struct pendio_context *contexts[LINE_COUNT];
    struct fixture_pair pair;
    char seen[LINE_COUNT];
    uint32_t pending_count = 0;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < LINE_COUNT; i++) {
        contexts[i] = fixture_over(&fixture, (void *)(uintptr_t) & "ABCDEFGHIJKLMNOP"[i], 1);
        ck_assert_int_eq(pendio_context_set_policy(contexts[i], (uint32_t)i % 3), 0);
        pending_count += pendio_send(contexts[i], pair.near) == PENDIO_PENDING;
    }
    for (uint32_t i = 0; i < pending_count; i++)
        expect_completion(fixture_next(&fixture), 0, 1, 0);
    fixture_take(pair.far, seen, LINE_COUNT);
    ck_assert_mem_eq(seen, "ABCDEFGHIJKLMNOP", LINE_COUNT);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(try_does_not_overtake_a_receive_that_waits)
{
    struct pendio_context *first;
    struct pendio_context *second;
    struct fixture_pair pair;
    char memory[2];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    first = fixture_over(&fixture, &memory[0], 1);
    second = fixture_over(&fixture, &memory[1], 1);
    ck_assert_int_eq(pendio_context_set_policy(second, PENDIO_TRY), 0);
    expect_pending(pendio_receive(first, pair.near));
    fixture_put(pair.far, "12", 2);
    expect_pending(pendio_receive(second, pair.near));
    expect_next(&fixture, first, 0, 1, 0);
    expect_next(&fixture, second, 0, 1, 0);
    ck_assert_mem_eq(memory, "12", 2);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(try_is_not_done_before_an_earlier_one_is_delivered)
{
    struct pendio_context *first;
    struct pendio_context *second;
    struct fixture_pair pair;
    char memory[2];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    first = fixture_over(&fixture, &memory[0], 1);
    second = fixture_over(&fixture, &memory[1], 1);
    ck_assert_int_eq(pendio_context_set_policy(second, PENDIO_TRY), 0);
    expect_pending(pendio_receive(first, pair.near));
    fixture_put(pair.far, "12", 2);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1000000000, NULL, 0), 0);
    ck_assert_uint_ne(pendio_context_run(first), 0);
    expect_pending(pendio_receive(second, pair.near));
    expect_next(&fixture, first, 0, 1, 0);
    expect_next(&fixture, second, 0, 1, 0);
    ck_assert_mem_eq(memory, "12", 2);
    fixture_put(pair.far, "3", 1);
    expect_done(pendio_receive(second, pair.near)); /* now that nobody is before it */
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(known_end_is_not_done_before_an_earlier_one_is_delivered)
{
    struct pendio_context *contexts[3];
    struct fixture_pair pair;
    char memory[3][4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    for (int i = 0; i < 3; i++)
        contexts[i] = fixture_over(&fixture, memory[i], 4);
    fixture_put(pair.far, "abcd", 4);
    close(pair.far);
    expect_pending(pendio_receive(contexts[0], pair.near));
    expect_pending(pendio_receive(contexts[1], pair.near));
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1000000000, NULL, 0), 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 0), 0);
    expect_pending(pendio_receive(contexts[2], pair.near));
    expect_next(&fixture, contexts[0], 0, 4, 0);
    expect_next(&fixture, contexts[1], 0, 0, PENDIO_END_OF_STREAM);
    expect_next(&fixture, contexts[2], 0, 0, PENDIO_END_OF_STREAM);
    expect_done(pendio_receive(contexts[2], pair.near));
    fixture_fini(&fixture);
}
END_TEST

START_TEST(cancel_of_head_or_middle_lets_the_others_close_up)
{
    struct pendio_context *contexts[5];
    struct fixture_pair pair;
    char memory[6] = "-----";

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < 5; i++) {
        contexts[i] = fixture_over(&fixture, &memory[i], 1);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[2])), 0);
    expect_next(&fixture, contexts[2], -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[0])), 0);
    expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[4])), 0);
    expect_next(&fixture, contexts[4], -ECANCELED, 0, PENDIO_BY_CANCEL);
    fixture_quiet(&fixture);
    fixture_put(pair.far, "12", 2);
    expect_next(&fixture, contexts[1], 0, 1, 0);
    expect_next(&fixture, contexts[3], 0, 1, 0);
    ck_assert_mem_eq(memory, "-1-2-", 5);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(cancel_of_a_head_not_yet_submitted_keeps_the_order)
{
    struct pendio_context *contexts[3];
    struct fixture_pair pair;
    char memory[3] = "--";

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    for (int i = 0; i < 3; i++) {
        contexts[i] = fixture_over(&fixture, &memory[i], 1);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[0])), 0);
    expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    fixture_put(pair.far, "12", 2);
    expect_next(&fixture, contexts[1], 0, 1, 0);
    expect_next(&fixture, contexts[2], 0, 1, 0);
    ck_assert_mem_eq(memory + 1, "12", 2);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

struct reader {
    int descriptor;
    unsigned char *memory;
    size_t byte_count;
};

static void *read_slowly(void *argument)
{
    struct reader *reader = argument;
    size_t taken_bytes = 0;

    while (taken_bytes < reader->byte_count) {
        ssize_t count = read(reader->descriptor, reader->memory + taken_bytes, 7919);

        if (count <= 0)
            break;
        taken_bytes += (size_t)count;
    }
    reader->byte_count = taken_bytes;
    return NULL;
}

START_TEST(large_sends_under_way_together_arrive_one_after_another)
{
    static const size_t sizes[3] = {2 * MEGABYTE, 2 * MEGABYTE, MEGABYTE};
    unsigned char *out[3];
    struct pendio_context *contexts[3];
    struct reader reader = {.byte_count = 5 * MEGABYTE, .memory = malloc(5 * MEGABYTE)};
    const unsigned char *in = reader.memory;
    struct fixture_pair pair;
    pthread_t thread;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 2));
    if (_i % 2 == 1) { /* adopted non-blocking: nothing changes */
        int descriptor = -1;

        ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), 0);
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
        pair.near = fixture_adopt(&fixture, descriptor);
    }
    reader.descriptor = pair.far;
    for (uint32_t i = 0; i < 3; i++) {
        out[i] = malloc(sizes[i]);
        fixture_fill(out[i], sizes[i], i);
        contexts[i] = fixture_over(&fixture, out[i], sizes[i]);
        ck_assert_int_eq(pendio_context_set_policy(contexts[i], i), 0);
        expect_pending(pendio_send(contexts[i], pair.near));
    }
    ck_assert_int_eq(pthread_create(&thread, NULL, read_slowly, &reader), 0);
    for (int i = 0; i < 3; i++)
        expect_next(&fixture, contexts[i], 0, sizes[i], 0);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(reader.byte_count, 5 * MEGABYTE);
    for (uint32_t i = 0; i < 3; in += sizes[i++]) {
        ck_assert(fixture_is_filled(in, sizes[i], i));
        free(out[i]);
    }
    free(reader.memory);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(sends_wait_for_the_connect_before_them)
{
    struct pendio_endpoint address;
    struct pendio_context *contexts[3];
    pendio_handle listener;
    pendio_handle client = 0;
    pendio_handle server;
    char memory[8];

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop,
                                          ((const struct sockaddr *)address.address)->sa_family,
                                          SOCK_STREAM, 0, &client),
                     0);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_over(&fixture, (void *)(uintptr_t) "ab", 2);
    contexts[2] = fixture_over(&fixture, (void *)(uintptr_t) "cd", 2);
    ck_assert_int_eq(pendio_context_set_endpoint(contexts[0], address.address, address.byte_count),
                     0);
    expect_pending(pendio_connect(contexts[0], client));
    for (int i = 1; i < 3; i++) {
        ck_assert_int_eq(pendio_context_set_policy(contexts[i], PENDIO_TRY), 0);
        expect_pending(pendio_send(contexts[i], client));
    }
    expect_next(&fixture, contexts[0], 0, 0, 0);
    expect_next(&fixture, contexts[1], 0, 2, 0);
    expect_next(&fixture, contexts[2], 0, 2, 0);
    expect_pending(pendio_accept(contexts[0], listener, 0));
    server = fixture_next(&fixture)->value;
    for (size_t got = 0; got < 4; got += fixture_next(&fixture)->bytes) {
        ck_assert_int_eq(pendio_context_set_memory(contexts[0], memory + got, 4 - got), 0);
        expect_pending(pendio_receive(contexts[0], server));
    }
    ck_assert_mem_eq(memory, "abcd", 4);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(directions_do_not_wait_for_each_other)
{
    struct pendio_context *receive;
    struct pendio_context *send;
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    receive = fixture_over(&fixture, memory, 4);
    send = fixture_over(&fixture, (void *)(uintptr_t) "abcd", 4);
    expect_pending(pendio_receive(receive, pair.near));
    expect_pending(pendio_send(send, pair.near));
    expect_next(&fixture, send, 0, 4, 0);
    fixture_put(pair.far, "z", 1);
    expect_next(&fixture, receive, 0, 1, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(accept_behind_a_receive_that_meets_the_end_has_an_answer_of_its_own)
{
    struct pendio_context *receive;
    struct pendio_context *accept;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    receive = fixture_get(&fixture);
    accept = fixture_get(&fixture);
    expect_pending(pendio_receive(receive, pair.near));
    expect_pending(pendio_accept(accept, pair.near, 0));
    close(pair.far);
    expect_next(&fixture, receive, 0, 0, PENDIO_END_OF_STREAM);
    expect_next(&fixture, accept, -EINVAL, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {receives_pending_on_one_stream_get_the_bytes_in_start_order, FIXTURE_STREAM_COUNT},
        {messages_go_to_receives_in_start_order, FIXTURE_FAMILY_COUNT - FIXTURE_STREAM_COUNT},
        {sends_leave_in_start_order_whatever_their_policy, FIXTURE_STREAM_COUNT},
        {try_does_not_overtake_a_receive_that_waits, FIXTURE_STREAM_COUNT},
        {try_is_not_done_before_an_earlier_one_is_delivered, FIXTURE_STREAM_COUNT},
        {known_end_is_not_done_before_an_earlier_one_is_delivered, 0},
        {cancel_of_head_or_middle_lets_the_others_close_up, FIXTURE_STREAM_COUNT},
        {cancel_of_a_head_not_yet_submitted_keeps_the_order, 0},
        {large_sends_under_way_together_arrive_one_after_another, 2 * FIXTURE_STREAM_COUNT},
        {sends_wait_for_the_connect_before_them, FIXTURE_STREAM_COUNT},
        {directions_do_not_wait_for_each_other, FIXTURE_FAMILY_COUNT},
        {accept_behind_a_receive_that_meets_the_end_has_an_answer_of_its_own, 0},
    };
    return fixture_run("contract: order", cases, sizeof cases / sizeof cases[0]);
}
