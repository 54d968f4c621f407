/*
 * contract_message_end_test.c - messages answer and end as receives and sends do.
 */
#include "message.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static struct fixture fixture;

START_TEST(bytes_are_received_as_by_receive)
{
    char memory[8] = "-------";
    const struct pendio_bytes pieces[] = {{memory, 1}, {NULL, 0}, {memory + 3, 2}};
    struct pendio_context *context;
    struct fixture_pair pair;
    uint16_t truncated = _i < FIXTURE_STREAM_COUNT ? 0 : PENDIO_TRUNCATED;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 3), 0);
    fixture_put(pair.far, "abcdef", 6);
    expect_pending(pendio_receive_message(context, pair.near));
    expect_next(&fixture, context, 0, 3, truncated);
    ck_assert_mem_eq(memory, "a--bc--", 8);
    if (truncated) {
        fixture_put(pair.far, "xy", 2);
        expect_pending(pendio_receive_message(context, pair.near));
        expect_next(&fixture, context, 0, 2, 0);
        ck_assert_mem_eq(memory, "x--yc--", 8);
    }
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(end_of_a_stream_is_an_end_and_sticks)
{
    const enum fixture_family families[] = {FIXTURE_TCP4, FIXTURE_TCP6, FIXTURE_UNIX_STREAM,
                                            FIXTURE_SEQPACKET};
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, families[_i]);
    context = fixture_over(&fixture, memory, sizeof memory);
    fixture_put(pair.far, "ab", 2);
    close(pair.far);
    expect_pending(pendio_receive_message(context, pair.near));
    expect_next(&fixture, context, 0, 2, 0);
    expect_pending(pendio_receive_message(context, pair.near));
    expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    expect_done(pendio_receive_message(context, pair.near));
    expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
    ck_assert_uint_eq(message_of(context).control_bytes, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(message_goes_to_the_endpoint_or_without_one_to_the_peer)
{
    struct pendio_context *context;
    struct pendio_endpoint name;
    struct fixture_pair pair;
    pendio_handle client = 0;
    char memory[8] = "";
    int domain = _i == 0 ? AF_INET : AF_INET6;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    context = fixture_over(&fixture, (void *)(uintptr_t) "hello", 5);
    expect_pending(pendio_send_message(context, pair.near));
    expect_next(&fixture, context, 0, 5, 0);
    fixture_take(pair.far, memory, 5);
    ck_assert_mem_eq(memory, "hello", 5);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, domain, SOCK_DGRAM, 0, &client), 0);
    expect_pending(pendio_send_message(context, client));
    expect_next(&fixture, context, -EDESTADDRREQ, 0, 0);
    ck_assert_int_eq(pendio_handle_local(fixture.loop, pair.near, &name), 0);
    ck_assert_int_eq(pendio_context_set_endpoint(context, name.address, name.byte_count), 0);
    expect_pending(pendio_send_message(context, client));
    expect_next(&fixture, context, 0, 5, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(control_data_that_the_kernel_does_not_take_are_an_error)
{
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = fixture_over(&fixture, (void *)(uintptr_t) "hello", 5);
    message_fill_rights(&control, -1);
    ck_assert_int_eq(pendio_context_set_control(context, &control, MESSAGE_RIGHTS_BYTES), 0);
    expect_pending(pendio_send_message(context, pair.near));
    expect_next(&fixture, context, -EBADF, 0, 0);
    ck_assert_int_eq(pendio_context_set_control(context, NULL, 0), 0);
    expect_pending(pendio_send_message(context, pair.near));
    expect_next(&fixture, context, 0, 5, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(control_data_without_a_byte_of_a_stream_are_refused)
{
    union message_control control;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = fixture_over(&fixture, NULL, 0);
    message_fill_rights(&control, pair.far);
    ck_assert_int_eq(pendio_context_set_control(context, &control, MESSAGE_RIGHTS_BYTES), 0);
    ck_assert_int_eq(pendio_send_message(context, pair.near), -EINVAL);
    ck_assert_int_eq(pendio_context_set_control(context, NULL, 0), 0);
    expect_done(pendio_send_message(context, pair.near));
    expect_result(context, 0, 0, 0);
    ck_assert_int_eq(pendio_receive_message(context, pair.near + 1), -EBADF);
    ck_assert_int_eq(pendio_send_message(context, pair.near + 1), -EBADF);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* ---- answers and early ends ----------------------------------------------------------------- */

START_TEST(data_that_are_there_are_done_under_try_and_pending_under_queue)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[8];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, memory, sizeof memory);
    fixture_put(pair.far, "abc", 3);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_TRY), 0);
    expect_done(pendio_receive_message(context, pair.near));
    expect_result(context, 0, 3, 0);
    expect_done(pendio_send_message(context, pair.near));
    expect_result(context, 0, 8, 0);
    fixture_put(pair.far, "abc", 3);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    expect_pending(pendio_receive_message(context, pair.near));
    expect_next(&fixture, context, 0, 3, 0);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(pending_one_ends_early_by_cancel_deadline_or_close)
{
    const int32_t errors[] = {-ECANCELED, -ETIMEDOUT, -ECANCELED, -ECANCELED};
    const uint16_t flags[] = {PENDIO_BY_CANCEL, PENDIO_BY_DEADLINE, PENDIO_BY_CLOSE,
                              PENDIO_BY_CLOSE};
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    union message_control control;
    char memory[8];
    int how = _i % 4;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 4));
    for (int i = 0; i < 2; i++) { /* one in the kernel, one in line */
        contexts[i] = message_over(&fixture, memory, sizeof memory, &control);
        if (how == 1)
            ck_assert_int_eq(pendio_context_set_deadline(contexts[i], 1000000), 0);
        expect_pending(pendio_receive_message(contexts[i], pair.near));
    }
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    for (int i = 0; how == 0 && i < 2; i++)
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[i])), 0);
    if (how >= 2)
        ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near,
                                             how == 2 ? PENDIO_GRACEFUL : PENDIO_ABORTIVE),
                         0);
    fixture_wait(&fixture, 2);
    for (int i = 0; i < 2; i++) {
        (void)fixture_next(&fixture);
        expect_result(contexts[i], errors[how], 0, flags[how]);
        ck_assert_uint_eq(message_of(contexts[i]).control_bytes, 0);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {bytes_are_received_as_by_receive, FIXTURE_FAMILY_COUNT},
        {end_of_a_stream_is_an_end_and_sticks, 4},
        {message_goes_to_the_endpoint_or_without_one_to_the_peer, 2},
        {control_data_that_the_kernel_does_not_take_are_an_error, 0},
        {control_data_without_a_byte_of_a_stream_are_refused, 0},
        {data_that_are_there_are_done_under_try_and_pending_under_queue, FIXTURE_FAMILY_COUNT},
        {pending_one_ends_early_by_cancel_deadline_or_close, 4 * FIXTURE_FAMILY_COUNT},
    };
    return fixture_run("contract: message end", cases, sizeof cases / sizeof cases[0]);
}
