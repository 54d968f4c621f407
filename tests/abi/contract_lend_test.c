/*
 * contract_lend_test.c - receives of contexts without memory of their own.
 *
 * - What came is lent, of every family, and can be sent on as it is.
 * - It goes back with the next receive, the end of a send, other memory, or a put.
 * - Nothing is lent by an end, an error, a cancel.
 */
#include "lending.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static struct fixture fixture;

START_TEST(receive_lends_what_came_and_send_gives_it_back)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    char echo[5];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = lending_get(&fixture);
    lending_expect_nothing(context);
    for (int round = 0; round < 3; round++) {
        expect_pending(pendio_receive(context, pair.near));
        fixture_put(pair.far, "hello", 5);
        completion = *fixture_next(&fixture);
        lending_expect(&completion, "hello");
        ck_assert_uint_eq(lending_in_use(&fixture), 1);
        completion = lending_finish(&fixture, context, pendio_send(context, pair.near));
        expect_completion(&completion, 0, 5, 0);
        fixture_take(pair.far, echo, 5);
        ck_assert_mem_eq(echo, "hello", 5);
        lending_expect_nothing(context);
        ck_assert_uint_eq(lending_in_use(&fixture), 0);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(lent_memory_goes_back_with_receive_memory_and_put)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = lending_get(&fixture);
    for (int round = 0; round < 2; round++) {
        fixture_put(pair.far, "abc", 3);
        completion = lending_receive(&fixture, context, pair.near);
        lending_expect(&completion, "abc");
        ck_assert_uint_eq(lending_in_use(&fixture), 1);
    }
    ck_assert_int_eq(pendio_context_set_memory(context, memory, sizeof memory), 0);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    fixture_put(pair.far, "abc", 3);
    completion = lending_receive(&fixture, context, pair.near);
    expect_completion(&completion, 0, 3, 0);
    ck_assert_mem_eq(memory, "abc", 3);
    ck_assert_int_eq(pendio_context_set_lending(context), 0);
    lending_expect_nothing(context);
    fixture_put(pair.far, "abc", 3);
    completion = lending_receive(&fixture, context, pair.near);
    lending_expect(&completion, "abc");
    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(part_of_what_was_lent_can_be_sent)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    char echo[3];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = lending_get(&fixture);
    fixture_put(pair.far, "abcdef", 6);
    completion = lending_receive(&fixture, context, pair.near);
    lending_expect(&completion, "abcdef");
    ck_assert_int_eq(pendio_context_set_window(context, 4, 3), -EINVAL);
    ck_assert_int_eq(pendio_context_set_window(context, 2, 3), 0);
    completion = lending_finish(&fixture, context, pendio_send(context, pair.near));
    expect_completion(&completion, 0, 3, 0);
    fixture_take(pair.far, echo, 3);
    ck_assert_mem_eq(echo, "cde", 3);
    lending_expect_nothing(context);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(refused_start_keeps_what_was_lent)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = lending_get(&fixture);
    fixture_put(pair.far, "abc", 3);
    completion = lending_receive(&fixture, context, pair.near);
    ck_assert_int_eq(pendio_receive(context, pair.near + 1), -EBADF);
    ck_assert_int_eq(pendio_send(context, 0), -EBADF);
    lending_expect(&completion, "abc");
    ck_assert_uint_eq(lending_in_use(&fixture), 1);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(end_error_and_cancel_lend_nothing)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = lending_get(&fixture);
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    pendio_context_set_deadline(context, 1000000);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    pendio_context_set_deadline(context, 0);
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    if (_i == FIXTURE_TCP4)
        fixture_reset(pair.far);
    else
        close(pair.far);
    expect_next(&fixture, context, _i == FIXTURE_TCP4 ? -ECONNRESET : 0, 0,
                _i == FIXTURE_TCP4 ? 0 : PENDIO_END_OF_STREAM);
    lending_expect_nothing(context);
    expect_done(pendio_receive(context, pair.near));
    expect_result(context, _i == FIXTURE_TCP4 ? -ECONNRESET : 0, 0,
                  _i == FIXTURE_TCP4 ? 0 : PENDIO_END_OF_STREAM);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    fixture_fini(&fixture);
}
END_TEST

/* A RST too: the data come first. */
START_TEST(data_are_lent_before_the_end_that_follows_them)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    int32_t error = 0;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 2));
    context = lending_get(&fixture);
    expect_pending(pendio_receive(context, pair.near));
    fixture_put(pair.far, "first", 5);
    completion = *fixture_next(&fixture);
    lending_expect(&completion, "first");
    fixture_put(pair.far, "last", 4);
    if (_i % 2 == 1 && _i / 2 != FIXTURE_UNIX_STREAM) {
        error = -ECONNRESET;
        fixture_reset(pair.far);
    } else {
        close(pair.far);
    }
    fixture_quiet(&fixture);
    completion = lending_receive(&fixture, context, pair.near);
    lending_expect(&completion, "last");
    completion = lending_receive(&fixture, context, pair.near);
    expect_completion(&completion, error, 0, error == 0 ? PENDIO_END_OF_STREAM : 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(queue_and_try_are_as_ever)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = lending_get(&fixture);
    pendio_context_set_policy(context, PENDIO_TRY);
    fixture_put(pair.far, "abc", 3);
    expect_done(pendio_receive(context, pair.near));
    ck_assert_int_eq(pendio_context_result(context, &completion), 0);
    lending_expect(&completion, "abc");
    pendio_context_set_policy(context, PENDIO_QUEUE);
    fixture_put(pair.far, "def", 3);
    fixture_quiet(&fixture);
    expect_pending(pendio_receive(context, pair.near));
    completion = *fixture_next(&fixture);
    lending_expect(&completion, "def");
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(long_message_is_cut_off_at_the_buffer)
{
    struct pendio_loop_options options = {.size = sizeof options, .buffer_bytes = 16};
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init_with(&fixture, &options, 4, 64);
    pair = fixture_pair(&fixture, (enum fixture_family)(FIXTURE_STREAM_COUNT + _i));
    context = lending_get(&fixture);
    fixture_put(pair.far, "0123456789abcdefgh", 18);
    completion = lending_receive(&fixture, context, pair.near);
    expect_completion(&completion, 0, 16, PENDIO_LENT | PENDIO_TRUNCATED);
    ck_assert_mem_eq((const void *)(uintptr_t)completion.memory, "0123456789abcdef", 16);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(message_and_sender_come_with_lent_memory)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct pendio_endpoint sender;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = lending_get(&fixture);
    fixture_put(pair.far, "abc", 3);
    completion = lending_finish(&fixture, context, pendio_receive_from(context, pair.near));
    lending_expect(&completion, "abc");
    ck_assert_int_eq(pendio_context_sender(context, &sender), 0);
    ck_assert(_i != FIXTURE_UDP4 || sender.byte_count != 0);
    fixture_put(pair.far, "def", 3);
    completion = lending_finish(&fixture, context, pendio_receive_message(context, pair.near));
    lending_expect(&completion, "def");
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(peeked_memory_is_lent_and_the_data_stay)
{
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = lending_get(&fixture);
    fixture_put(pair.far, "abc", 3);
    pendio_context_set_flags(context, PENDIO_PEEK);
    for (int round = 0; round < 3; round++) {
        completion = lending_receive(&fixture, context, pair.near);
        lending_expect(&completion, "abc");
    }
    pendio_context_set_flags(context, 0);
    completion = lending_receive(&fixture, context, pair.near);
    lending_expect(&completion, "abc");
    ck_assert_uint_eq(lending_in_use(&fixture), 1);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* What the kernel would have dropped had it been received ahead. */
START_TEST(descriptors_behind_lent_data_are_not_lost)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    struct iovec piece = {.iov_base = (void *)(uintptr_t) "x", .iov_len = 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct pendio_message told = {.size = sizeof told};
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    int sent[2];
    int got;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = lending_get(&fixture);
    fixture_put(pair.far, "abc", 3);
    completion = lending_receive(&fixture, context, pair.near);
    lending_expect(&completion, "abc");
    ck_assert_int_eq(pipe(sent), 0);
    memcpy(CMSG_DATA(&control.header), &sent[1], sizeof(int));
    ck_assert_int_eq(sendmsg(pair.far, &message, 0), 1);
    fixture_quiet(&fixture);
    memset(control.bytes, 0, sizeof control.bytes);
    pendio_context_set_control(context, control.bytes, sizeof control.bytes);
    completion = lending_finish(&fixture, context, pendio_receive_message(context, pair.near));
    lending_expect(&completion, "x");
    ck_assert_int_eq(pendio_context_message(context, &told), 0);
    ck_assert_uint_ge(told.control_bytes, CMSG_LEN(sizeof(int)));
    memcpy(&got, CMSG_DATA(&control.header), sizeof got);
    ck_assert_int_eq(close(got), 0);
    close(sent[0]);
    close(sent[1]);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(setters_are_refused_while_it_waits)
{
    struct pendio_request request = {.size = sizeof request};
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = lending_get(&fixture);
    expect_pending(pendio_receive(context, pair.near));
    ck_assert_int_eq(pendio_context_set_lending(context), -EBUSY);
    ck_assert_int_eq(pendio_context_set_slice(context), -EBUSY);
    ck_assert_int_eq(pendio_context_request(context, &request), 0);
    ck_assert_uint_eq(request.lending, 1);
    close(pair.far);
    expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    ck_assert_int_eq(pendio_context_set_slice(context), 0);
    ck_assert_int_eq(pendio_context_request(context, &request), 0);
    ck_assert_uint_eq(request.lending, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(nothing_is_sent_of_nothing_lent)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = lending_get(&fixture);
    expect_done(pendio_send(context, pair.near));
    expect_result(context, 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* Whoever has failed for good gives it back all the same. */
START_TEST(failed_send_gives_back_what_was_lent)
{
    struct pendio_completion completion;
    struct pendio_context *contexts[2];
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    for (int i = 0; i < 2; i++) {
        contexts[i] = lending_get(&fixture);
        fixture_put(pair.far, "abc", 3);
        completion = lending_receive(&fixture, contexts[i], pair.near);
        lending_expect(&completion, "abc");
    }
    fixture_reset(pair.far);
    fixture_quiet(&fixture);
    for (int i = 0; i < 2; i++) {
        completion = lending_finish(&fixture, contexts[i], pendio_send(contexts[i], pair.near));
        ck_assert_int_lt(completion.error, 0);
        lending_expect_nothing(contexts[i]);
    }
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {receive_lends_what_came_and_send_gives_it_back, FIXTURE_FAMILY_COUNT},
        {lent_memory_goes_back_with_receive_memory_and_put, FIXTURE_FAMILY_COUNT},
        {part_of_what_was_lent_can_be_sent, FIXTURE_FAMILY_COUNT},
        {refused_start_keeps_what_was_lent, 0},
        {end_error_and_cancel_lend_nothing, FIXTURE_STREAM_COUNT},
        {data_are_lent_before_the_end_that_follows_them, 2 * FIXTURE_STREAM_COUNT},
        {queue_and_try_are_as_ever, FIXTURE_FAMILY_COUNT},
        {long_message_is_cut_off_at_the_buffer, FIXTURE_FAMILY_COUNT - FIXTURE_STREAM_COUNT},
        {message_and_sender_come_with_lent_memory, FIXTURE_FAMILY_COUNT},
        {peeked_memory_is_lent_and_the_data_stay, FIXTURE_FAMILY_COUNT},
        {descriptors_behind_lent_data_are_not_lost, 0},
        {setters_are_refused_while_it_waits, 0},
        {nothing_is_sent_of_nothing_lent, 0},
        {failed_send_gives_back_what_was_lent, 0},
    };

    return fixture_run("contract: lending", cases, sizeof cases / sizeof cases[0]);
}
