/*
 * contract_gather_stop_test.c - sends that leave together and end early: by cancel, deadline, or
 * close, by a reset of the peer, by the end of the loop.
 *
 * - Whoever was not handed over yet is only taken out of the line.
 * - Whoever was interrupts what he shares with others: what has gone is told as it went, he alone
 *   ends with ECANCELED or ETIMEDOUT and his own bytes, the others' rest is sent again.
 */
#include "gathering.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT = 5, PART_BYTES = 200000 };

/* The indices that are left, whole and in order. */
static void expect_rest(int count, unsigned gone)
{
    for (int i = 0; i < count; i++)
        if ((gone >> i & 1) == 0)
            gathering_expect_whole(i);
    for (int i = 0; i < count; i++)
        if ((gone >> i & 1) == 0)
            gathering_expect_bytes(i, GATHERING_BYTES);
    fixture_quiet(&gathering.fixture);
}

START_TEST(cancel_before_the_hand_over_takes_out_that_send_alone)
{
    int index = _i % COUNT;
    const struct pendio_completion *told;

    gathering_begin((enum fixture_family)(_i / COUNT));
    gathering_send(0, COUNT);
    gathering_cancel(index);
    told = fixture_next(&gathering.fixture);
    ck_assert_ptr_eq(told->context, gathering.contexts[index]);
    if (index == 0 && told->error == 0) /* its entry was in the ring, and the kernel quick */
        gathering_expect_bytes(0, GATHERING_BYTES);
    else
        expect_completion(told, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_rest(COUNT, 1u << index);
    gathering_end();
}
END_TEST

START_TEST(cancel_of_one_under_way_lets_its_company_go_on)
{
    int index = _i % COUNT;

    gathering_begin((enum fixture_family)(_i / COUNT));
    gathering_clog();
    gathering_send(0, COUNT);
    gathering_hand_over();
    ck_assert_uint_eq(fixture_stats(&gathering.fixture).sends_gathered, COUNT);
    gathering_cancel(index);
    expect_next(&gathering.fixture, gathering.contexts[index], -ECANCELED, 0, PENDIO_BY_CANCEL);
    gathering_hand_over();
    gathering_unclog();
    expect_rest(COUNT, 1u << index);
    gathering_end();
}
END_TEST

START_TEST(several_cancelled_at_a_time_end_in_order)
{
    gathering_begin((enum fixture_family)_i);
    gathering_clog();
    gathering_send(0, COUNT);
    gathering_hand_over();
    gathering_cancel(4);
    gathering_cancel(1);
    gathering_cancel(3);
    gathering_cancel(1);
    for (int i = 1; i < COUNT; i += i == 1 ? 2 : 1)
        expect_next(&gathering.fixture, gathering.contexts[i], -ECANCELED, 0, PENDIO_BY_CANCEL);
    gathering_unclog();
    expect_rest(COUNT, 1u << 1 | 1u << 3 | 1u << 4);
    gathering_end();
}
END_TEST

START_TEST(cancel_and_cancel_again_ends_one_after_another)
{
    gathering_begin((enum fixture_family)_i);
    gathering_clog();
    gathering_send(0, COUNT);
    for (int i = COUNT - 1; i > 0; i--) {
        gathering_hand_over();
        gathering_cancel(i);
        expect_next(&gathering.fixture, gathering.contexts[i], -ECANCELED, 0, PENDIO_BY_CANCEL);
    }
    gathering_unclog();
    expect_rest(1, 0);
    gathering_end();
}
END_TEST

START_TEST(deadline_of_one_under_way_lets_its_company_go_on)
{
    int index = _i % COUNT;

    gathering_begin((enum fixture_family)(_i / COUNT));
    gathering_clog();
    ck_assert_int_eq(pendio_context_set_deadline(gathering.contexts[index], 30000000), 0);
    gathering_send(0, COUNT);
    expect_next(&gathering.fixture, gathering.contexts[index], -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    ck_assert_uint_ge(fixture_stats(&gathering.fixture).gathers, 1);
    gathering_unclog();
    expect_rest(COUNT, 1u << index);
    gathering_end();
}
END_TEST

static int index_of(const struct pendio_context *context)
{
    int index = 0;

    while (index < COUNT && gathering.contexts[index] != context)
        index++;
    ck_assert_int_lt(index, COUNT);
    return index;
}

START_TEST(deadlines_that_come_together_end_all_of_them)
{
    unsigned told = 0;

    gathering_begin((enum fixture_family)_i);
    gathering_clog();
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(pendio_context_set_deadline(gathering.contexts[i], 20000000), 0);
    gathering_send(0, COUNT);
    for (int i = 0; i < COUNT; i++) { /* a slow machine finds them due in several turns */
        const struct pendio_completion *completion = fixture_next(&gathering.fixture);

        expect_completion(completion, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
        told |= 1u << index_of(completion->context);
    }
    ck_assert_uint_eq(told, (1u << COUNT) - 1);
    gathering_unclog();
    fixture_quiet(&gathering.fixture);
    gathering_end();
}
END_TEST

static void send_large(unsigned char *ret_memory[COUNT])
{
    for (int i = 0; i < COUNT; i++) {
        ret_memory[i] = malloc(PART_BYTES);
        fixture_fill(ret_memory[i], PART_BYTES, (uint64_t)i);
        ck_assert_int_eq(
            pendio_context_set_memory(gathering.contexts[i], ret_memory[i], PART_BYTES), 0);
    }
    gathering_send(0, COUNT);
}

/* The peer takes what comes until it has so many more bytes, which are these. */
static void expect_stretch(const unsigned char *bytes, uint64_t byte_count)
{
    unsigned char seen[4096];

    while (byte_count != 0) {
        ssize_t count = recv(gathering.pair.far, seen,
                             byte_count < sizeof seen ? byte_count : sizeof seen, MSG_DONTWAIT);

        ck_assert_int_ge(fixture_turn(&gathering.fixture, count > 0 ? 0 : 1000000), 0);
        if (count > 0) {
            ck_assert_mem_eq(seen, bytes, (size_t)count);
            bytes += count;
            byte_count -= (uint64_t)count;
        }
    }
}

/* More than there is room for: one of them goes in part, and that one is cancelled, or the next. */
START_TEST(bytes_that_had_gone_are_told_of_who_is_cancelled)
{
    const struct pendio_completion *told;
    unsigned char *memory[COUNT];
    uint64_t own_bytes;
    int whole_count, index;

    gathering_begin((enum fixture_family)(_i / 2));
    gathering_set_room(GATHERING_ROOM);
    send_large(memory);
    while (fixture_turn(&gathering.fixture, 20000000) > 0)
        ;
    gathering_set_room(1);
    ck_assert_int_ge(fixture_turn(&gathering.fixture, 1000000), 0);
    whole_count = (int)gathering.fixture.seen_count;
    index = whole_count + _i % 2;
    ck_assert_int_lt(index, COUNT);
    gathering_cancel(index);
    for (int i = 0; i < whole_count; i++)
        expect_next(&gathering.fixture, gathering.contexts[i], 0, PART_BYTES, 0);
    told = fixture_next(&gathering.fixture);
    ck_assert_ptr_eq(told->context, gathering.contexts[index]);
    own_bytes = told->bytes;
    expect_completion(told, -ECANCELED, own_bytes, PENDIO_BY_CANCEL);
    ck_assert_uint_lt(own_bytes, PART_BYTES);
    gathering_set_room(GATHERING_ROOM);
    for (int i = 0; i < COUNT; i++)
        expect_stretch(memory[i], i == index ? own_bytes : PART_BYTES);
    for (int i = whole_count; i < COUNT; i++)
        if (i != index)
            expect_next(&gathering.fixture, gathering.contexts[i], 0, PART_BYTES, 0);
    for (int i = 0; i < COUNT; i++)
        free(memory[i]);
    gathering_end();
}
END_TEST

START_TEST(graceful_close_waits_for_all_of_them)
{
    struct pendio_context *closer;

    gathering_begin((enum fixture_family)_i);
    closer = fixture_get(&gathering.fixture);
    gathering_clog();
    gathering_send(0, COUNT);
    gathering_hand_over();
    expect_pending(pendio_close(closer, gathering.pair.near, PENDIO_GRACEFUL));
    gathering_hand_over();
    gathering_unclog();
    for (int i = 0; i < COUNT; i++)
        gathering_expect_whole(i);
    expect_next(&gathering.fixture, closer, 0, 0, 0);
    for (int i = 0; i < COUNT; i++)
        gathering_expect_bytes(i, GATHERING_BYTES);
    gathering_end();
}
END_TEST

START_TEST(abortive_close_ends_each_once)
{
    struct pendio_context *closer;

    gathering_begin((enum fixture_family)(_i / 2));
    closer = fixture_get(&gathering.fixture);
    gathering_clog();
    gathering_send(0, COUNT - 1);
    if (_i % 2 == 0)
        gathering_hand_over();
    gathering_send(COUNT - 1, 1);
    expect_pending(pendio_close(closer, gathering.pair.near, PENDIO_ABORTIVE));
    fixture_wait(&gathering.fixture, COUNT + 1);
    for (int i = 0; i < COUNT; i++)
        expect_completion(fixture_next(&gathering.fixture), -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_next(&gathering.fixture, closer, 0, 0, 0);
    gathering_end();
}
END_TEST

START_TEST(a_reset_ends_the_first_and_sticks_to_the_others)
{
    const struct pendio_completion *told;
    int32_t error;

    gathering_begin((enum fixture_family)_i);
    gathering_clog();
    gathering_send(0, COUNT);
    gathering_hand_over();
    fixture_reset(gathering.pair.far);
    gathering.pair.far = dup(gathering.near_descriptor);
    error = fixture_next(&gathering.fixture)->error;
    ck_assert(error == -ECONNRESET || error == -EPIPE);
    for (int i = 1; i < COUNT; i++) {
        told = fixture_next(&gathering.fixture);
        ck_assert_ptr_eq(told->context, gathering.contexts[i]);
        expect_completion(told, error, 0, 0);
    }
    expect_done(pendio_send(gathering.contexts[0], gathering.pair.near));
    expect_result(gathering.contexts[0], error, 0, 0);
    gathering_end();
}
END_TEST

START_TEST(shutdown_ends_each_once)
{
    struct fixture *fixture = &gathering.fixture;

    gathering_begin((enum fixture_family)_i);
    gathering_clog();
    gathering_send(0, COUNT);
    gathering_hand_over();
    ck_assert_int_eq(pendio_loop_shutdown(fixture->loop), 0);
    for (int i = 0; i < COUNT; i++)
        expect_next(fixture, gathering.contexts[i], -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(fixture_turn(fixture, -1), -ESHUTDOWN);
    gathering_end();
}
END_TEST

START_TEST(destroy_leaves_nothing_to_the_kernel)
{
    uint64_t leaked_count = 1;

    gathering_begin((enum fixture_family)(_i / 2));
    gathering_clog();
    gathering_send(0, COUNT);
    if (_i % 2 == 0)
        gathering_hand_over();
    ck_assert_int_eq(pendio_loop_destroy(gathering.fixture.loop, -1, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    gathering.fixture.destroyed = true;
    gathering_end();
}
END_TEST

START_TEST(destroy_that_does_not_wait_counts_all_whose_memory_the_kernel_reads)
{
    uint64_t leaked_count = 0;

    gathering_begin((enum fixture_family)_i);
    gathering_clog();
    gathering_send(0, COUNT);
    gathering_hand_over();
    ck_assert_int_eq(pendio_loop_destroy(gathering.fixture.loop, 0, &leaked_count), 0);
    ck_assert(leaked_count == 0 || leaked_count == COUNT);
    gathering.fixture.destroyed = true;
    if (leaked_count == 0)
        gathering_end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {cancel_before_the_hand_over_takes_out_that_send_alone, COUNT * FIXTURE_STREAM_COUNT},
        {cancel_of_one_under_way_lets_its_company_go_on, COUNT * FIXTURE_STREAM_COUNT},
        {several_cancelled_at_a_time_end_in_order, FIXTURE_STREAM_COUNT},
        {cancel_and_cancel_again_ends_one_after_another, FIXTURE_STREAM_COUNT},
        {deadline_of_one_under_way_lets_its_company_go_on, COUNT * FIXTURE_STREAM_COUNT},
        {deadlines_that_come_together_end_all_of_them, FIXTURE_STREAM_COUNT},
        {bytes_that_had_gone_are_told_of_who_is_cancelled, 2 * FIXTURE_STREAM_COUNT},
        {graceful_close_waits_for_all_of_them, FIXTURE_STREAM_COUNT},
        {abortive_close_ends_each_once, 2 * FIXTURE_STREAM_COUNT},
        {a_reset_ends_the_first_and_sticks_to_the_others, FIXTURE_STREAM_COUNT},
        {shutdown_ends_each_once, FIXTURE_STREAM_COUNT},
        {destroy_leaves_nothing_to_the_kernel, 2 * FIXTURE_STREAM_COUNT},
        {destroy_that_does_not_wait_counts_all_whose_memory_the_kernel_reads, FIXTURE_STREAM_COUNT},
    };
    return fixture_run("contract: gather stop", cases, sizeof cases / sizeof cases[0]);
}
