/*
 * contract_message_rights_test.c - descriptors that come and go with messages.
 *
 * - A received one is close-on-exec, and closed when nobody is told of it.
 * - So is one beside bytes that, as the caller has pinned it, are received ahead of who asks.
 */
#include "message.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct fixture fixture;

static const enum fixture_family unix_families[] = {FIXTURE_UNIX_STREAM, FIXTURE_UNIX_DATAGRAM,
                                                    FIXTURE_SEQPACKET};

START_TEST(received_descriptor_is_close_on_exec_and_the_callers)
{
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];
    int received;
    int sent;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, unix_families[_i]);
    context = message_over(&fixture, memory, sizeof memory, &control);
    expect_pending(pendio_receive_message(context, pair.near));
    sent = message_open_null();
    message_put_rights(pair.far, sent, 3);
    expect_next(&fixture, context, 0, 3, 0);
    received = message_descriptor(&control, message_of(context).control_bytes);
    ck_assert_int_ne(received, sent);
    ck_assert_int_eq(fcntl(received, F_GETFD), FD_CLOEXEC);
    close(received);
    close(sent);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(peeked_descriptors_are_duplicates)
{
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];
    int sent;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, unix_families[_i]);
    context = message_over(&fixture, memory, sizeof memory, &control);
    sent = message_open_null();
    message_put_rights(pair.far, sent, 3);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(pendio_context_set_flags(context, i == 0 ? PENDIO_PEEK : 0), 0);
        expect_pending(pendio_receive_message(context, pair.near));
        expect_next(&fixture, context, 0, 3, 0);
        close(message_descriptor(&control, message_of(context).control_bytes));
    }
    close(sent);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(descriptor_without_room_is_flagged_and_closed)
{
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];
    int sent;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, unix_families[_i % 3]);
    context = message_over(&fixture, memory, sizeof memory, &control);
    ck_assert_int_eq(pendio_context_set_control(context, _i < 3 ? NULL : &control, _i < 3 ? 0 : 8),
                     0);
    expect_pending(pendio_receive_message(context, pair.near));
    sent = message_open_null();
    message_put_rights(pair.far, sent, 3);
    expect_next(&fixture, context, 0, 3, PENDIO_CONTROL_TRUNCATED);
    close(sent);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(descriptors_nobody_is_told_of_are_closed)
{
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;
    uint64_t leaked_count = 1;
    char memory[8];
    int before;
    int sent;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, unix_families[_i % 3]);
    before = fixture_count_descriptors();
    context = message_over(&fixture, memory, sizeof memory, &control);
    expect_pending(pendio_receive_message(context, pair.near));
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    sent = message_open_null();
    message_put_rights(pair.far, sent, 3);
    if (_i >= 3) /* received, and only not delivered */
        ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 0), 0);
    ck_assert_int_ge(fixture_count_descriptors(), before + 1);
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, -1, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    fixture.destroyed = true;
    close(sent);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(sent_descriptor_arrives_with_the_bytes)
{
    char bytes[] = "abcde";
    const struct pendio_bytes pieces[] = {{bytes, 2}, {bytes + 3, 2}};
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;
    char taken[8] = "";
    int sent;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, unix_families[_i]);
    sent = message_open_null();
    message_fill_rights(&control, sent);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 2), 0);
    ck_assert_int_eq(pendio_context_set_control(context, &control, MESSAGE_RIGHTS_BYTES), 0);
    expect_pending(pendio_send_message(context, pair.near));
    expect_next(&fixture, context, 0, 4, 0);
    close(sent);
    close(message_take_rights(pair.far, taken, sizeof taken));
    ck_assert_mem_eq(taken, "abde", 4);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(control_data_of_a_long_send_go_once)
{
    enum { BYTES = 4 << 20, BLOCK = 4096 };
    static unsigned char memory[BYTES];
    unsigned char block[BLOCK];
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;
    size_t taken = 1;
    int sent;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    sent = message_open_null();
    message_fill_rights(&control, sent);
    context = fixture_over(&fixture, memory, BYTES);
    ck_assert_int_eq(pendio_context_set_control(context, &control, MESSAGE_RIGHTS_BYTES), 0);
    expect_pending(pendio_send_message(context, pair.near));
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    close(message_take_rights(pair.far, block, 1));
    while (taken < BYTES) {
        struct iovec piece = {block, BLOCK};
        union message_control more;
        struct msghdr message = {
            .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &more, .msg_controllen = 256};
        ssize_t count = recvmsg(pair.far, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        taken += count > 0 ? (size_t)count : 0;
        ck_assert(count < 0 || message.msg_controllen == 0);
        ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
    }
    expect_next(&fixture, context, 0, BYTES, 0);
    close(sent);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(empty_window_on_a_stream_waits_and_leaves_data_and_descriptors)
{
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];
    int descriptor;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = message_over(&fixture, memory, 0, &control);
    expect_pending(pendio_receive_message(context, pair.near));
    descriptor = message_open_null();
    message_put_rights(pair.far, descriptor, 3);
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_uint_eq(message_of(context).control_bytes, 0);
    ck_assert_int_eq(pendio_context_set_memory(context, memory, sizeof memory), 0);
    expect_pending(pendio_receive_message(context, pair.near));
    expect_next(&fixture, context, 0, 3, 0);
    close(message_descriptor(&control, message_of(context).control_bytes));
    close(descriptor);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(descriptor_beside_bytes_received_ahead_is_closed)
{
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;
    uint64_t features;
    char memory[8];
    int sent;

    fixture_init(&fixture);
    features = fixture_stats(&fixture).features;
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    ck_assert_int_eq(pendio_handle_set_receive(fixture.loop, pair.near, PENDIO_RECEIVE_MULTISHOT),
                     0);
    context = message_over(&fixture, memory, sizeof memory, &control);
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "abc", 3);
    expect_next(&fixture, context, 0, 3, 0);
    sent = message_open_null();
    message_put_rights(pair.far, sent, 3);
    ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    expect_done(pendio_receive_message(context, pair.near));
    expect_result(context, 0, 3, 0);
    if (features & PENDIO_FEATURE_MULTISHOT_RECEIVE)
        ck_assert_uint_eq(message_of(context).control_bytes, 0);
    else
        close(message_descriptor(&control, message_of(context).control_bytes));
    close(sent);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {received_descriptor_is_close_on_exec_and_the_callers, 3},
        {peeked_descriptors_are_duplicates, 3},
        {descriptor_without_room_is_flagged_and_closed, 6},
        {descriptors_nobody_is_told_of_are_closed, 6},
        {sent_descriptor_arrives_with_the_bytes, 3},
        {control_data_of_a_long_send_go_once, 0},
        {empty_window_on_a_stream_waits_and_leaves_data_and_descriptors, 0},
        {descriptor_beside_bytes_received_ahead_is_closed, 0},
    };
    return fixture_run("contract: message rights", cases, sizeof cases / sizeof cases[0]);
}
