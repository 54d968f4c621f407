/*
 * contract_zero_copy_test.c - sends that copy nothing, as far as the system can.
 *
 * - Delivered once, with all bytes, when the memory is free again; copied ones say so.
 * - The order of data is that of starts; later sends do not wait for the memory of earlier ones.
 * - Whatever an ordinary send does: every policy, vectors, messages, errors.
 */
#include "holding.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static char memory[8 << 20];

enum { SMALL_BYTES = 3000, POLICY_COUNT = 3, MEMORY_COUNT = 3, CALL_COUNT = 3 };

/* What the loopback does is known where nothing can be avoided, and that a system may not tell. */
static void expect_copied(const struct pendio_completion *told, enum fixture_family family)
{
    if (!holding_is_possible(&fixture) || family == FIXTURE_UNIX_STREAM ||
        family == FIXTURE_UNIX_DATAGRAM || family == FIXTURE_SEQPACKET)
        ck_assert_uint_eq(told->flags, PENDIO_COPIED);
    else
        ck_assert_uint_eq(told->flags & ~(unsigned)PENDIO_COPIED, 0);
}

/* Its slice, caller memory, or three pieces of that; SMALL_BYTES of pattern 1 in each case. */
static struct pendio_context *get_over(int kind)
{
    struct pendio_context *context =
        holding_get(&fixture, kind == 0 ? NULL : memory, SMALL_BYTES, 1);
    const struct pendio_bytes pieces[] = {
        {memory, 1}, {NULL, 0}, {memory + 1, 1999}, {memory + 2000, 1000}};

    if (kind == 2)
        ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 4), 0);
    return context;
}

static struct pendio_completion result_of(struct pendio_context *context, int answer)
{
    struct pendio_completion result;

    if (answer == PENDIO_PENDING)
        return *fixture_next(&fixture);
    ck_assert_int_eq(answer, PENDIO_DONE);
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    return result;
}

static int policy_answer(int policy, enum fixture_family family, int answer)
{
    if (policy == PENDIO_TRY && family == FIXTURE_UNIX_STREAM)
        ck_assert_int_eq(answer, PENDIO_DONE); /* an ordinary send with room */
    else if (policy != PENDIO_TRY)
        ck_assert_int_eq(answer, PENDIO_PENDING);
    return answer;
}

START_TEST(send_is_delivered_once_with_all_bytes)
{
    int policy = _i / FIXTURE_FAMILY_COUNT % POLICY_COUNT;
    int kind = _i / FIXTURE_FAMILY_COUNT / POLICY_COUNT;
    enum fixture_family family = (enum fixture_family)(_i % FIXTURE_FAMILY_COUNT);
    struct pendio_completion result;
    struct pendio_context *context;
    struct fixture_pair pair;
    char got[SMALL_BYTES + 1];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, family);
    context = get_over(kind);
    ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)policy), 0);
    for (int round = 0; round < 3; round++) {
        result = result_of(context, policy_answer(policy, family, pendio_send(context, pair.near)));
        ck_assert_ptr_eq(result.context, context);
        ck_assert_int_eq(result.error, 0);
        ck_assert_uint_eq(result.bytes, SMALL_BYTES);
        ck_assert_uint_eq(result.operation, PENDIO_OPERATION_SEND);
        expect_copied(&result, family);
        ck_assert_int_eq(recv(pair.far, got, sizeof got, 0), SMALL_BYTES);
        ck_assert(fixture_is_filled(got, SMALL_BYTES, 1));
        fixture_quiet(&fixture);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(memory_is_kept_until_the_peer_has_taken_it)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context =
        holding_get(&fixture, _i == 0 ? NULL : memory, HOLDING_BYTES, 1);
    bool held = holding_start(&fixture, context, pair.near);

    if (held) {
        ck_assert_int_eq(pendio_context_set_slice(context), -EBUSY);
        ck_assert_int_eq(pendio_pool_put(context), -EBUSY);
        ck_assert_int_eq(pendio_send(context, pair.near), -EBUSY);
        ck_assert_int_eq(pendio_pool_destroy(fixture.pool), -EBUSY);
    }
    holding_take(&fixture, pair.far, HOLDING_BYTES, 1);
    if (held)
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    fixture_quiet(&fixture);
    expect_pending(pendio_send(context, pair.near)); /* and again */
    holding_take(&fixture, pair.far, HOLDING_BYTES, 1);
    expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(later_sends_go_on_in_order_and_are_told_before)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *first = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    struct pendio_context *second = holding_get(&fixture, NULL, SMALL_BYTES, 2);
    struct pendio_context *third = holding_get(&fixture, NULL, SMALL_BYTES, 3);
    bool held = holding_start(&fixture, first, pair.near);
    struct pendio_completion result;
    int answer;

    ck_assert_int_eq(pendio_context_set_flags(second, 0), 0);
    ck_assert_int_eq(pendio_context_set_policy(second, PENDIO_TRY), 0);
    answer = pendio_send(second, pair.near);
    ck_assert_int_eq(answer, held ? PENDIO_PENDING : PENDIO_DONE);
    result = result_of(second, answer);
    expect_completion(&result, 0, SMALL_BYTES, 0);
    expect_pending(pendio_send(third, pair.near));
    if (held)
        fixture_quiet(&fixture);
    else
        expect_next(&fixture, third, 0, SMALL_BYTES, PENDIO_COPIED);
    holding_take(&fixture, pair.far, HOLDING_BYTES, 1);
    holding_take(&fixture, pair.far, SMALL_BYTES, 2);
    holding_take(&fixture, pair.far, SMALL_BYTES, 3);
    if (held) {
        expect_sent(&fixture, first, 0, HOLDING_BYTES, 0);
        expect_sent(&fixture, third, 0, SMALL_BYTES, 0);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(large_send_goes_in_several_shares)
{
    const struct pendio_bytes halves[] = {{memory, 1234567},
                                          {memory + 1234567, sizeof memory - 1234567}};
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i < 2 ? FIXTURE_TCP6 : FIXTURE_UNIX_STREAM);
    context = holding_get(&fixture, memory, sizeof memory, 1);
    if (_i % 2 == 1)
        ck_assert_int_eq(pendio_context_set_pieces(context, halves, 2), 0);
    for (int round = 0; round < 2; round++) {
        expect_pending(pendio_send(context, pair.near));
        holding_take(&fixture, pair.far, sizeof memory, 1);
        expect_sent(&fixture, context, 0, sizeof memory, 0);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(descriptor_that_does_not_block_is_waited_for)
{
    struct fixture_pair pair;
    struct pendio_context *context;
    int ends[2];

    fixture_init(&fixture);
    fixture_connect(FIXTURE_TCP4, ends);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    pair = (struct fixture_pair){.near = fixture_adopt(&fixture, ends[0]), .far = ends[1]};
    context = holding_get(&fixture, memory, sizeof memory, 1);
    expect_pending(pendio_send(context, pair.near));
    fixture_quiet(&fixture);
    holding_take(&fixture, pair.far, sizeof memory, 1);
    expect_sent(&fixture, context, 0, sizeof memory, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(messages_keep_their_borders)
{
    static const size_t lengths[] = {0, 1, 1400, 65000};
    enum fixture_family family = _i % 2 == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6;
    int call = _i / 2 % CALL_COUNT;
    struct pendio_endpoint address = {.byte_count = 0};
    struct pendio_context *context;
    struct fixture_pair pair;
    socklen_t byte_count = sizeof address.address;
    static char got[65536];

    fixture_init_with(&fixture, NULL, 8, 65536);
    pair = fixture_pair(&fixture, family);
    ck_assert_int_eq(getsockname(pair.far, (struct sockaddr *)address.address, &byte_count), 0);
    context = holding_get(&fixture, _i < 2 * CALL_COUNT ? NULL : memory, 65000, 1);
    if (call != 0)
        ck_assert_int_eq(pendio_context_set_endpoint(context, address.address, byte_count), 0);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        ck_assert_int_eq(pendio_context_set_window(context, 0, lengths[i]), 0);
        expect_pending(call == 0   ? pendio_send(context, pair.near)
                       : call == 1 ? pendio_send_to(context, pair.near)
                                   : pendio_send_message(context, pair.near));
        expect_sent(&fixture, context, 0, lengths[i], 0);
        ck_assert_int_eq(recv(pair.far, got, sizeof got, 0), (ssize_t)lengths[i]);
        ck_assert(fixture_is_filled(got, lengths[i], 1));
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(vector_of_many_pieces_is_one_message)
{
    static struct pendio_bytes pieces[500];
    struct pendio_context *context;
    struct fixture_pair pair;
    char got[5000];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = holding_get(&fixture, memory, 5000, 1);
    for (size_t i = 0; i < 500; i++) /* on pages of their own: too many to be lent one by one */
        pieces[i] = (struct pendio_bytes){memory + 8192 * (i + 1), 10};
    for (size_t i = 0; i < 500; i++)
        memcpy(pieces[i].memory, memory + 10 * i, 10);
    ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 500), 0);
    expect_pending(pendio_send(context, pair.near));
    expect_sent(&fixture, context, 0, 5000, 0);
    ck_assert_int_eq(recv(pair.far, got, 5000, _i < FIXTURE_STREAM_COUNT ? MSG_WAITALL : 0), 5000);
    ck_assert(fixture_is_filled(got, 5000, 1));
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_send_of_a_stream_is_done)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = holding_get(&fixture, memory, 0, 1);
    expect_done(pendio_send(context, pair.near));
    expect_result(context, 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(errors_are_those_of_an_ordinary_send)
{
    void *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    context = holding_get(&fixture, memory, 70000, 1);
    pair = fixture_pair(&fixture, FIXTURE_UDP4);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, -EMSGSIZE, 0, 0);
    ck_assert_int_eq(pendio_context_set_memory(context, hole, 4096), 0);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, -EFAULT, 0, 0);
    close(pair.far);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, -EFAULT, 0, 0);
    ck_assert_int_eq(pendio_context_set_memory(context, memory, 100), 0);
    ck_assert_int_eq(pendio_handle_shutdown(fixture.loop, pair.near, SHUT_WR), 0);
    for (int round = 0; round < 2; round++) { /* it sticks */
        struct pendio_completion result = result_of(context, pendio_send(context, pair.near));

        expect_completion(&result, -EPIPE, 0, 0);
    }
    close(pair.far);
    munmap(hole, 4096);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(every_context_at_once_overflows_nothing)
{
    enum { COUNT = 500 };
    const struct pendio_loop_options options = {
        .size = sizeof options, .operation_count = COUNT, .handle_count = 8};
    struct pendio_context *contexts[COUNT];
    struct fixture_pair pair;

    fixture_init_with(&fixture, &options, COUNT, 1024);
    pair = holding_pair(&fixture);
    for (uint64_t i = 0; i < COUNT; i++) {
        contexts[i] = holding_get(&fixture, _i == 0 ? NULL : memory + 1024 * i, 1024, i);
        expect_pending(pendio_send(contexts[i], pair.near));
    }
    fixture.harvest_count = COUNT;
    for (uint64_t i = 0; i < COUNT; i++)
        holding_take(&fixture, pair.far, 1024, i);
    for (int i = 0; i < COUNT; i++)
        expect_sent(&fixture, contexts[i], 0, 1024, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).completion_overflows, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(send_that_puts_itself_goes_when_its_memory_is_free)
{
    struct fixture_pair pair = holding_begin(&fixture);
    struct pendio_context *context = holding_get(&fixture, NULL, HOLDING_BYTES, 1);
    bool held;

    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_ZERO_COPY | PENDIO_AUTO_PUT), 0);
    held = holding_start(&fixture, context, pair.near);
    ck_assert_uint_eq(fixture_stats(&fixture).pool_in_use, 1);
    holding_take(&fixture, pair.far, HOLDING_BYTES, 1);
    if (held)
        expect_sent(&fixture, context, 0, HOLDING_BYTES, 0);
    fixture_quiet(&fixture);
    ck_assert_uint_eq(fixture_stats(&fixture).pool_in_use, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {send_is_delivered_once_with_all_bytes, FIXTURE_FAMILY_COUNT * POLICY_COUNT * MEMORY_COUNT},
        {memory_is_kept_until_the_peer_has_taken_it, 2},
        {later_sends_go_on_in_order_and_are_told_before, 0},
        {large_send_goes_in_several_shares, 4},
        {descriptor_that_does_not_block_is_waited_for, 0},
        {messages_keep_their_borders, 4 * CALL_COUNT},
        {vector_of_many_pieces_is_one_message, FIXTURE_FAMILY_COUNT},
        {empty_send_of_a_stream_is_done, FIXTURE_STREAM_COUNT},
        {errors_are_those_of_an_ordinary_send, FIXTURE_STREAM_COUNT},
        {every_context_at_once_overflows_nothing, 2},
        {send_that_puts_itself_goes_when_its_memory_is_free, 0},
    };
    return fixture_run("contract: zero copy", cases, sizeof cases / sizeof cases[0]);
}
