/*
 * contract_gather_test.c - sends started on one stream in one turn leave together, and each is told
 * by itself, in order, with its own count.
 *
 * - Plain sends under AUTO and QUEUE are gathered; TRY, zero-copy, packets and messages are not,
 *   and keep their place.
 * - How many leave together is bounded; what goes in parts is gathered again.
 * - Memory that is none is an error of the send that has it, and of no other.
 */
#include "connection.h"
#include "gathering.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY_COUNT = 600, LARGE_BYTES = 60000, LARGE_COUNT = 12 };

static void expect_gathered(uint64_t request_count, uint64_t send_count)
{
    const struct pendio_loop_statistics stats = fixture_stats(&gathering.fixture);

    ck_assert_uint_eq(stats.gathers, request_count);
    ck_assert_uint_eq(stats.sends_gathered, send_count);
}

static void set_policy(int index, uint32_t policy)
{
    ck_assert_int_eq(pendio_context_set_policy(gathering.contexts[index], policy), 0);
}

START_TEST(sends_of_one_turn_leave_in_one_request)
{
    uint64_t request_count;

    gathering_begin((enum fixture_family)_i);
    for (int i = 0; i < GATHERING_COUNT; i += 2)
        set_policy(i, PENDIO_QUEUE);
    fixture_quiet(&gathering.fixture);
    request_count = fixture_stats(&gathering.fixture).requests;
    gathering_send(0, GATHERING_COUNT);
    for (int i = 0; i < GATHERING_COUNT; i++)
        gathering_expect_whole(i);
    ck_assert_uint_eq(fixture_stats(&gathering.fixture).requests, request_count + 1);
    expect_gathered(1, GATHERING_COUNT);
    for (int i = 0; i < GATHERING_COUNT; i++)
        gathering_expect_bytes(i, GATHERING_BYTES);
    gathering_end();
}
END_TEST

/* The kernel is entered for nobody else then, unless there is something to bring. */
START_TEST(what_is_there_for_others_comes_in_the_same_turn)
{
    struct fixture_pair other;
    struct pendio_context *receive;
    char byte;

    gathering_begin((enum fixture_family)_i);
    other = fixture_pair(&gathering.fixture, (enum fixture_family)_i);
    for (int round = 0; round < 3; round++) {
        receive = fixture_over(&gathering.fixture, &byte, sizeof byte);
        expect_pending(pendio_receive(receive, other.near));
        fixture_quiet(&gathering.fixture);
        fixture_put(other.far, "x", 1);
        gathering_send(0, GATHERING_COUNT);
        ck_assert_int_eq(fixture_turn(&gathering.fixture, 0), GATHERING_COUNT + 1);
        for (int i = 0; i < GATHERING_COUNT + 1; i++)
            ck_assert_int_eq(fixture_next(&gathering.fixture)->error, 0);
        for (int i = 0; i < GATHERING_COUNT; i++)
            gathering_expect_bytes(i, GATHERING_BYTES);
    }
    (void)close(other.far);
    gathering_end();
}
END_TEST

START_TEST(a_send_alone_is_none_that_was_gathered)
{
    gathering_begin((enum fixture_family)_i);
    for (int i = 0; i < GATHERING_COUNT; i++) {
        gathering_send(i, 1);
        gathering_expect_whole(i);
        gathering_expect_bytes(i, GATHERING_BYTES);
    }
    expect_gathered(0, 0);
    gathering_end();
}
END_TEST

START_TEST(sends_started_while_one_is_under_way_leave_together_behind_it)
{
    gathering_begin((enum fixture_family)_i);
    gathering_clog();
    gathering_send(0, 1);
    gathering_hand_over();
    gathering_send(1, 3);
    gathering_hand_over();
    expect_gathered(0, 0);
    gathering_unclog();
    for (int i = 0; i < 4; i++) {
        gathering_expect_whole(i);
        gathering_expect_bytes(i, GATHERING_BYTES);
    }
    ck_assert_uint_ge(fixture_stats(&gathering.fixture).gathers, 1);
    gathering_end();
}
END_TEST

/* A callback and a record in turn; and the caller's array is short. */
START_TEST(each_is_delivered_as_it_was_asked_for)
{
    gathering_begin((enum fixture_family)_i);
    gathering.fixture.harvest_count = 2;
    for (int i = 0; i < GATHERING_COUNT; i += 2)
        ck_assert_int_eq(
            pendio_context_set_callback(gathering.contexts[i], fixture_collect, &gathering.fixture),
            0);
    for (int i = 1; i < GATHERING_COUNT; i += 4)
        ck_assert_int_eq(pendio_context_set_deadline(gathering.contexts[i], UINT64_C(60) << 30), 0);
    gathering_send(0, GATHERING_COUNT);
    fixture_wait(&gathering.fixture, GATHERING_COUNT);
    for (int i = 0; i < GATHERING_COUNT; i += 2)
        gathering_expect_whole(i);
    for (int i = 1; i < GATHERING_COUNT; i += 2)
        gathering_expect_whole(i);
    for (int i = 0; i < GATHERING_COUNT; i++)
        gathering_expect_bytes(i, GATHERING_BYTES);
    expect_gathered(1, GATHERING_COUNT);
    gathering_end();
}
END_TEST

static void count_call(const struct pendio_completion *completion, void *state)
{
    ck_assert_ptr_eq(completion->context, gathering.contexts[1]);
    ck_assert_uint_eq(completion->bytes, GATHERING_BYTES);
    ++*(int *)state;
}

START_TEST(a_callback_among_sends_told_by_record_is_called)
{
    int call_count = 0;

    gathering_begin((enum fixture_family)_i);
    ck_assert_int_eq(pendio_context_set_callback(gathering.contexts[1], count_call, &call_count),
                     0);
    gathering_send(0, GATHERING_COUNT);
    for (int i = 0; i < GATHERING_COUNT; i++)
        if (i != 1)
            gathering_expect_whole(i);
    ck_assert_int_eq(call_count, 1);
    for (int i = 0; i < GATHERING_COUNT; i++)
        gathering_expect_bytes(i, GATHERING_BYTES);
    expect_gathered(1, GATHERING_COUNT);
    gathering_end();
}
END_TEST

START_TEST(records_that_find_no_room_come_with_the_next_turn_in_order)
{
    gathering_begin((enum fixture_family)_i);
    gathering.fixture.harvest_count = 3;
    gathering_send(0, GATHERING_COUNT);
    for (int i = 0; i < GATHERING_COUNT; i++)
        gathering_expect_whole(i);
    for (int i = 0; i < GATHERING_COUNT; i++)
        gathering_expect_bytes(i, GATHERING_BYTES);
    gathering_end();
}
END_TEST

START_TEST(a_try_is_not_gathered_and_keeps_its_place)
{
    gathering_begin((enum fixture_family)_i);
    set_policy(2, PENDIO_TRY);
    gathering_send(0, 6);
    for (int i = 0; i < 6; i++)
        gathering_expect_whole(i);
    expect_gathered(2, 5);
    set_policy(6, PENDIO_TRY);
    expect_done(pendio_send(gathering.contexts[6], gathering.pair.near));
    for (int i = 0; i < 7; i++)
        gathering_expect_bytes(i, GATHERING_BYTES);
    gathering_end();
}
END_TEST

START_TEST(other_ways_to_send_are_not_gathered_and_keep_their_place)
{
    const struct pendio_packet packet = {.memory = gathering.memory[2],
                                         .byte_count = GATHERING_BYTES};
    uint16_t copied;

    gathering_begin((enum fixture_family)_i);
    ck_assert_int_eq(pendio_context_set_flags(gathering.contexts[4], PENDIO_ZERO_COPY), 0);
    gathering_send(0, 2);
    expect_pending(pendio_send_packets(gathering.contexts[2], gathering.pair.near, &packet, 1, 0));
    gathering_send(3, 2);
    expect_pending(pendio_send_message(gathering.contexts[5], gathering.pair.near));
    gathering_send(6, 2);
    fixture_wait(&gathering.fixture, GATHERING_COUNT);
    for (int i = 0; i < GATHERING_COUNT; i++) {
        const struct pendio_completion *told = fixture_next(&gathering.fixture);

        copied = told->context == gathering.contexts[4] ? PENDIO_COPIED : 0;
        expect_completion(told, 0, GATHERING_BYTES, copied);
    }
    expect_gathered(2, 4);
    for (int i = 0; i < GATHERING_COUNT; i++)
        gathering_expect_bytes(i, GATHERING_BYTES);
    gathering_end();
}
END_TEST

START_TEST(vectors_and_empty_sends_go_with_the_others)
{
    unsigned char *memory = gathering.memory[1];
    const struct pendio_bytes pieces[] = {
        {memory, 1}, {NULL, 0}, {memory + 1, 299}, {memory + 300, 0}, {memory + 300, 700}};
    const struct pendio_bytes alone[] = {{gathering.memory[4], GATHERING_BYTES}};

    gathering_begin((enum fixture_family)_i);
    ck_assert_int_eq(pendio_context_set_pieces(gathering.contexts[1], pieces, 5), 0);
    ck_assert_int_eq(pendio_context_set_memory(gathering.contexts[2], NULL, 0), 0);
    ck_assert_int_eq(pendio_context_set_pieces(gathering.contexts[4], alone, 1), 0);
    ck_assert_int_eq(pendio_context_set_pieces(gathering.contexts[5], NULL, 0), 0);
    gathering_send(0, 6);
    for (int i = 0; i < 6; i++)
        expect_next(&gathering.fixture, gathering.contexts[i], 0,
                    i == 2 || i == 5 ? 0 : GATHERING_BYTES, 0);
    expect_gathered(1, 6);
    for (int i = 0; i < 5; i += i == 1 ? 2 : 1)
        gathering_expect_bytes(i, GATHERING_BYTES);
    gathering_end();
}
END_TEST

/* More than one request may have pieces. */
START_TEST(many_small_sends_leave_in_a_few_requests)
{
    static unsigned char memory[MANY_COUNT];
    struct pendio_context *contexts[MANY_COUNT];
    unsigned char seen[MANY_COUNT];
    struct fixture_pair pair;
    struct fixture fixture;

    fixture_init_with(&fixture, NULL, MANY_COUNT, 0);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    fixture_fill(memory, sizeof memory, 7);
    for (int i = 0; i < MANY_COUNT; i++) {
        contexts[i] = fixture_over(&fixture, &memory[i], 1);
        expect_pending(pendio_send(contexts[i], pair.near));
    }
    for (int i = 0; i < MANY_COUNT; i++)
        expect_next(&fixture, contexts[i], 0, 1, 0);
    ck_assert_uint_le(fixture_stats(&fixture).gathers, 8);
    ck_assert_uint_eq(fixture_stats(&fixture).sends_gathered, MANY_COUNT);
    fixture_take(pair.far, seen, sizeof seen);
    ck_assert_mem_eq(seen, memory, sizeof seen);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* More than all requests may have between two times the ring is handed over. */
START_TEST(many_streams_gather_at_a_time)
{
    enum { STREAMS = 40, SENDS = 120 };
    const struct pendio_loop_options options = {
        .size = sizeof options, .operation_count = STREAMS * SENDS, .handle_count = STREAMS};
    struct fixture_pair pairs[STREAMS];
    unsigned char memory[SENDS];
    unsigned char seen[SENDS];
    struct fixture fixture;

    fixture_init_with(&fixture, &options, STREAMS * SENDS, 0);
    fixture_fill(memory, sizeof memory, 3);
    for (int stream = 0; stream < STREAMS; stream++)
        pairs[stream] = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < SENDS; i++)
        for (int stream = 0; stream < STREAMS; stream++)
            expect_pending(pendio_send(fixture_over(&fixture, &memory[i], 1), pairs[stream].near));
    fixture_wait(&fixture, STREAMS * SENDS);
    for (int i = 0; i < STREAMS * SENDS; i++)
        expect_completion(fixture_next(&fixture), 0, 1, 0);
    for (int stream = 0; stream < STREAMS; stream++) {
        fixture_take(pairs[stream].far, seen, sizeof seen);
        ck_assert_mem_eq(seen, memory, sizeof seen);
        close(pairs[stream].far);
    }
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
    const struct reader *reader = argument;
    size_t taken_bytes = 0;

    while (taken_bytes < reader->byte_count) {
        ssize_t count = read(reader->descriptor, reader->memory + taken_bytes, 3001);

        if (count <= 0)
            break;
        taken_bytes += (size_t)count;
    }
    return NULL;
}

START_TEST(what_goes_in_parts_is_gathered_again)
{
    struct reader reader = {.byte_count = (size_t)LARGE_COUNT * LARGE_BYTES};
    unsigned char *memory = malloc(reader.byte_count);
    struct pendio_context *contexts[LARGE_COUNT];
    struct fixture_pair pair;
    struct fixture fixture;
    const int room = 8192;
    pthread_t thread;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    ck_assert_int_eq(pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_SNDBUF, &room,
                                              sizeof room),
                     0);
    reader.descriptor = pair.far;
    reader.memory = malloc(reader.byte_count);
    fixture_fill(memory, reader.byte_count, 5);
    for (int i = 0; i < LARGE_COUNT; i++) {
        contexts[i] = fixture_over(&fixture, memory + (size_t)i * LARGE_BYTES, LARGE_BYTES);
        expect_pending(pendio_send(contexts[i], pair.near));
    }
    ck_assert_int_eq(pthread_create(&thread, NULL, read_slowly, &reader), 0);
    for (int i = 0; i < LARGE_COUNT; i++)
        expect_next(&fixture, contexts[i], 0, LARGE_BYTES, 0);
    pthread_join(thread, NULL);
    ck_assert(fixture_is_filled(reader.memory, reader.byte_count, 5));
    ck_assert_uint_gt(fixture_stats(&fixture).gathers, 1);
    free(reader.memory);
    free(memory);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(memory_that_is_none_is_an_error_of_its_send_alone)
{
    void *nowhere = mmap(NULL, GATHERING_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    gathering_begin((enum fixture_family)_i);
    for (int i = 2; i < 6; i += 3)
        ck_assert_int_eq(pendio_context_set_memory(gathering.contexts[i], nowhere, GATHERING_BYTES),
                         0);
    gathering_send(0, GATHERING_COUNT);
    for (int i = 0; i < GATHERING_COUNT; i++)
        if (i == 2 || i == 5)
            expect_next(&gathering.fixture, gathering.contexts[i], -EFAULT, 0, 0);
        else
            gathering_expect_whole(i);
    for (int i = 0; i < GATHERING_COUNT; i++)
        if (i != 2 && i != 5)
            gathering_expect_bytes(i, GATHERING_BYTES);
    ck_assert_int_eq(munmap(nowhere, GATHERING_BYTES), 0);
    gathering_end();
}
END_TEST

START_TEST(sends_that_waited_for_a_connection_leave_together)
{
    struct pendio_endpoint address;
    struct pendio_context *connect;
    pendio_handle listener;
    pendio_handle client = 0;

    gathering_begin((enum fixture_family)_i);
    listener = fixture_listener(&gathering.fixture, (enum fixture_family)_i, &address);
    ck_assert_int_eq(pendio_handle_socket(gathering.fixture.loop,
                                          ((const struct sockaddr *)address.address)->sa_family,
                                          SOCK_STREAM, 0, &client),
                     0);
    connect = fixture_get(&gathering.fixture);
    connection_aim(connect, &address);
    expect_pending(pendio_connect(connect, client));
    for (int i = 0; i < 4; i++)
        expect_pending(pendio_send(gathering.contexts[i], client));
    expect_next(&gathering.fixture, connect, 0, 0, 0);
    for (int i = 0; i < 4; i++)
        gathering_expect_whole(i);
    expect_gathered(1, 4);
    ck_assert_int_eq(pendio_handle_close(gathering.fixture.loop, listener, PENDIO_ABORTIVE), 0);
    gathering_end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {sends_of_one_turn_leave_in_one_request, FIXTURE_STREAM_COUNT},
        {what_is_there_for_others_comes_in_the_same_turn, FIXTURE_STREAM_COUNT},
        {a_send_alone_is_none_that_was_gathered, FIXTURE_STREAM_COUNT},
        {sends_started_while_one_is_under_way_leave_together_behind_it, FIXTURE_STREAM_COUNT},
        {each_is_delivered_as_it_was_asked_for, FIXTURE_STREAM_COUNT},
        {a_callback_among_sends_told_by_record_is_called, FIXTURE_STREAM_COUNT},
        {records_that_find_no_room_come_with_the_next_turn_in_order, FIXTURE_STREAM_COUNT},
        {a_try_is_not_gathered_and_keeps_its_place, FIXTURE_STREAM_COUNT},
        {other_ways_to_send_are_not_gathered_and_keep_their_place, FIXTURE_STREAM_COUNT},
        {vectors_and_empty_sends_go_with_the_others, FIXTURE_STREAM_COUNT},
        {many_small_sends_leave_in_a_few_requests, FIXTURE_STREAM_COUNT},
        {many_streams_gather_at_a_time, FIXTURE_STREAM_COUNT},
        {what_goes_in_parts_is_gathered_again, FIXTURE_STREAM_COUNT},
        {memory_that_is_none_is_an_error_of_its_send_alone, FIXTURE_STREAM_COUNT},
        {sends_that_waited_for_a_connection_leave_together, FIXTURE_STREAM_COUNT},
    };
    return fixture_run("contract: gather", cases, sizeof cases / sizeof cases[0]);
}
