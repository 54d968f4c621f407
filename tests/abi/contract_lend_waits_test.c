/*
 * contract_lend_waits_test.c - whoever waits for memory to be lent is not forgotten.
 *
 * - Buffers that come back go to those who have data, whoever waits before them without any.
 * - A handle below its quota is read; what is given back while a handle moves is counted.
 * - What ends a handle or its connection meets a transfer of what was collected, or comes before
 *   its last data: nothing is used twice, nothing stays behind.
 */
#include "fixture_host.h"
#include "lending.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG_NS = 2000000000 };

static struct fixture fixture;
static struct fixture other;

static struct pendio_completion receive(struct pendio_context *context, pendio_handle handle)
{
    return lending_receive(&fixture, context, handle);
}

START_TEST(idle_ones_that_wait_first_keep_nobody_from_a_buffer)
{
    enum { PAIR_COUNT = 12, LAST = PAIR_COUNT - 1 };
    struct pendio_loop_options options = {
        .size = sizeof options, .buffer_count = 2, .buffer_bytes = 3};
    struct pendio_context *contexts[PAIR_COUNT];
    struct fixture_pair pairs[PAIR_COUNT];
    struct pendio_completion completion;

    fixture_init_with(&fixture, &options, PAIR_COUNT, 0);
    for (int i = 0; i < PAIR_COUNT; i++) {
        pairs[i] = fixture_pair(&fixture, (enum fixture_family)_i);
        contexts[i] = lending_get(&fixture);
    }
    fixture_put(pairs[0].far, "abc", 3);
    completion = receive(contexts[0], pairs[0].near);
    lending_expect(&completion, "abc");
    for (int i = 1; i < PAIR_COUNT; i++)
        expect_pending(pendio_receive(contexts[i], pairs[i].near));
    fixture_quiet(&fixture);
    fixture_put(pairs[LAST].far, "xyz", 3);
    ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
    ck_assert_int_eq(fixture_turn(&fixture, LONG_NS), 1);
    ck_assert_ptr_eq(fixture_next(&fixture)->context, contexts[LAST]);
    for (int i = 0; i < PAIR_COUNT; i++)
        close(pairs[i].far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(message_from_a_stream_waits_for_a_buffer)
{
    struct pendio_loop_options options = {.size = sizeof options, .buffer_count = 4};
    struct pendio_context *contexts[3];
    struct pendio_completion completion;
    struct fixture_pair pairs[3];

    fixture_init_with(&fixture, &options, 3, 0);
    for (int i = 0; i < 3; i++) {
        pairs[i] = fixture_pair(&fixture, (enum fixture_family)_i);
        contexts[i] = lending_get(&fixture);
        fixture_put(pairs[i].far, "abc", 3);
    }
    for (int i = 0; i < 2; i++) {
        completion = lending_finish(&fixture, contexts[i],
                                    pendio_receive_message(contexts[i], pairs[i].near));
        lending_expect(&completion, "abc");
    }
    (void)pendio_receive_message(contexts[2], pairs[2].near);
    for (int i = 0; i < 4; i++)
        (void)fixture_turn(&fixture, 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pendio_pool_put(contexts[i]), 0);
    for (int i = 0; i < 4; i++)
        (void)fixture_turn(&fixture, 0);
    ck_assert_int_eq(pendio_context_result(contexts[2], &completion), 0);
    lending_expect(&completion, "abc");
    for (int i = 0; i < 3; i++)
        close(pairs[i].far);
    fixture_discard(&fixture);
}
END_TEST

/* A pair on which "first" was lent to *ret_context and the text is collected, if the kernel can. */
static struct fixture_pair collected(struct pendio_context **ret_context, const char *text)
{
    struct fixture_pair pair = fixture_pair(&fixture, FIXTURE_TCP4);
    struct pendio_completion completion;

    *ret_context = lending_get(&fixture);
    expect_pending(pendio_receive(*ret_context, pair.near));
    fixture_put(pair.far, "first", 5);
    completion = *fixture_next(&fixture);
    lending_expect(&completion, "first");
    if (text[0] != '\0')
        fixture_put(pair.far, text, strlen(text));
    fixture_quiet(&fixture);
    return pair;
}

START_TEST(connection_ends_while_a_splice_hands_over_what_was_collected)
{
    enum { PIPE_BYTES = 4096 };
    static char full[PIPE_BYTES];
    struct pendio_context *contexts[3];
    struct fixture_pair pair;
    pendio_handle to;
    int ends[2];

    fixture_init(&fixture);
    pair = collected(&contexts[0], "abcdef");
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES), PIPE_BYTES);
    fixture_put(ends[1], full, PIPE_BYTES);
    to = fixture_adopt(&fixture, ends[1]);
    contexts[1] = fixture_get(&fixture);
    contexts[2] = fixture_get(&fixture);
    expect_pending(
        pendio_splice(contexts[1], pair.near, PENDIO_STREAMING, to, PENDIO_STREAMING, 6));
    fixture_quiet(&fixture);
    expect_pending(pendio_disconnect(contexts[2], pair.near, _i ? PENDIO_REUSE : 0));
    for (int i = 0; i < 4; i++)
        (void)fixture_turn(&fixture, 0);
    fixture_take(ends[0], full, PIPE_BYTES);
    fixture_wait(&fixture, 2);
    fixture.read_count = fixture.seen_count;
    ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    close(ends[0]);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(data_that_come_with_the_disconnect_are_not_kept)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    int descriptor;

    fixture_init(&fixture);
    pair = collected(&contexts[0], "");
    ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
    contexts[1] = fixture_get(&fixture);
    fixture_put(pair.far, "late", 4);
    expect_pending(pendio_disconnect(contexts[1], pair.near, 0));
    expect_next(&fixture, contexts[1], 0, 0, 0);
    fixture_quiet(&fixture);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), 0);
    close(descriptor);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(host_is_told_when_an_automatic_put_frees_a_buffer)
{
    struct pendio_loop_options options = {.size = sizeof options, .buffer_count = 2};
    struct pendio_context *contexts[3];
    struct fixture_pair pairs[3];
    struct host host;

    fixture_init_with(&fixture, &options, 3, 0);
    host_watch(&host, &fixture);
    for (int i = 0; i < 3; i++)
        pairs[i] = fixture_pair(&fixture, FIXTURE_UDP4);
    for (int i = 0; i < 3; i++) {
        contexts[i] = i == 1 ? fixture_called(&fixture, NULL, 0) : fixture_get(&fixture);
        ck_assert_int_eq(pendio_context_set_lending(contexts[i]), 0);
    }
    ck_assert_int_eq(pendio_context_set_flags(contexts[1], PENDIO_AUTO_PUT), 0);
    expect_pending(pendio_receive(contexts[0], pairs[0].near));
    fixture_put(pairs[0].far, "abc", 3);
    host_run(&host, 1);
    expect_next(&fixture, contexts[0], 0, 3, PENDIO_LENT);
    host_expect_sleep(&host);
    fixture_put(pairs[1].far, "abc", 3);
    fixture_put(pairs[2].far, "abc", 3);
    expect_pending(pendio_receive(contexts[1], pairs[1].near));
    expect_pending(pendio_receive(contexts[2], pairs[2].near));
    host_run(&host, 1);
    expect_next(&fixture, contexts[1], 0, 3, PENDIO_LENT);
    ck_assert_msg(host_is_readable(&host, 2000), "the host sleeps");
    host_run(&host, 1);
    expect_next(&fixture, contexts[2], 0, 3, PENDIO_LENT);
    for (int i = 0; i < 3; i++)
        close(pairs[i].far);
    host_fini(&host);
}
END_TEST

/* Two buffers of three are lent, and a poll has ended what receives ahead. */
START_TEST(handle_below_its_quota_is_read)
{
    struct pendio_loop_options options = {
        .size = sizeof options, .buffer_bytes = 1024, .collect_bytes = 3072};
    static const char bytes[1024];
    struct pendio_context *contexts[4];
    struct pendio_completion completion;
    struct fixture_pair pair;

    fixture_init_with(&fixture, &options, 4, 0);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < 4; i++)
        contexts[i] = lending_get(&fixture);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_poll(contexts[3], pair.near, POLLIN));
        fixture_put(pair.far, bytes, sizeof bytes);
        fixture_wait(&fixture, 1);
        ck_assert_ptr_eq(fixture_next(&fixture)->context, contexts[3]);
        completion = receive(contexts[i], pair.near);
        expect_completion(&completion, 0, sizeof bytes, PENDIO_LENT);
    }
    expect_pending(pendio_poll(contexts[3], pair.near, POLLIN));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[3])), 0);
    expect_next(&fixture, contexts[3], -ECANCELED, 0, PENDIO_BY_CANCEL);
    fixture_put(pair.far, "abc", 3);
    completion = receive(contexts[2], pair.near);
    lending_expect(&completion, "abc");
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(handle_goes_on_below_its_quota_when_some_is_given_back)
{
    struct pendio_loop_options options = {
        .size = sizeof options, .buffer_bytes = 1024, .collect_bytes = 4096};
    static const char bytes[1024];
    struct pendio_context *contexts[5];
    struct pendio_completion completion;
    struct fixture_pair pair;

    fixture_init_with(&fixture, &options, 5, 0);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < 5; i++)
        contexts[i] = lending_get(&fixture);
    for (int i = 0; i < 4; i++) {
        fixture_put(pair.far, bytes, sizeof bytes);
        completion = receive(contexts[i], pair.near);
        expect_completion(&completion, 0, sizeof bytes, PENDIO_LENT);
    }
    fixture_put(pair.far, "abc", 3);
    if (pendio_receive(contexts[4], pair.near) == PENDIO_PENDING) {
        (void)fixture_turn(&fixture, 0);
        (void)fixture_turn(&fixture, 0);
        if (fixture.seen_count == fixture.read_count)
            ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
        completion = *fixture_next(&fixture);
        lending_expect(&completion, "abc");
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(receive_from_a_listener_fails_without_buffers_too)
{
    struct pendio_loop_options options = {.size = sizeof options, .buffer_count = 2};
    struct pendio_context *contexts[4];
    struct fixture_pair pairs[2];
    struct pendio_endpoint address;
    pendio_handle listener;

    fixture_init_with(&fixture, &options, 4, 0);
    for (int i = 0; i < 2; i++) {
        struct pendio_completion completion;

        pairs[i] = fixture_pair(&fixture, FIXTURE_UDP4);
        contexts[i] = lending_get(&fixture);
        fixture_put(pairs[i].far, "abc", 3);
        completion = receive(contexts[i], pairs[i].near);
        lending_expect(&completion, "abc");
    }
    listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    contexts[2] = fixture_get(&fixture);
    contexts[3] = lending_get(&fixture);
    expect_pending(pendio_accept(contexts[2], listener, 0));
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[2])), 0);
    expect_next(&fixture, contexts[2], -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_pending(pendio_receive(contexts[3], listener));
    for (int i = 0; i < 2; i++) /* where it is not known to be a listener it waits for one */
        if (!(fixture_stats(&fixture).features & PENDIO_FEATURE_MULTISHOT_ACCEPT))
            ck_assert_int_eq(pendio_pool_put(contexts[i]), 0);
    expect_next(&fixture, contexts[3], -ENOTCONN, 0, 0);
    for (int i = 0; i < 2; i++)
        close(pairs[i].far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(memory_given_back_while_the_handle_moves_counts_when_it_stays)
{
    struct pendio_loop_options options = {
        .size = sizeof options, .buffer_bytes = 1024, .collect_bytes = 1024};
    struct pendio_context *contexts[2];
    struct pendio_completion completion;
    struct fixture_pair pair;
    static const char bytes[1024];

    fixture_init(&other);
    fixture_init_with(&fixture, &options, 4, 0);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    contexts[0] = lending_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    fixture_put(pair.far, bytes, sizeof bytes);
    completion = receive(contexts[0], pair.near);
    expect_completion(&completion, 0, sizeof bytes, PENDIO_LENT);
    expect_pending(pendio_move(contexts[1], pair.near, other.loop));
    ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[1])), 0);
    expect_next(&fixture, contexts[1], -ECANCELED, 0, PENDIO_BY_CANCEL);
    contexts[0] = lending_get(&fixture);
    fixture_put(pair.far, "abc", 3);
    completion = receive(contexts[0], pair.near);
    lending_expect(&completion, "abc");
    close(pair.far);
    fixture_quiet(&other);
    fixture_fini(&fixture);
    fixture_fini(&other);
}
END_TEST

/* What a stream might choose from is not all there is for datagrams. */
START_TEST(datagrams_find_buffers_beside_a_stream)
{
    enum { PAIR_COUNT = 4 };
    struct pendio_loop_options options = {.size = sizeof options, .buffer_count = 32};
    struct pendio_context *contexts[PAIR_COUNT], *waiting;
    struct fixture_pair pairs[PAIR_COUNT], stream;
    struct pendio_completion completion;

    fixture_init_with(&fixture, &options, PAIR_COUNT + 1, 0);
    stream = fixture_pair(&fixture, FIXTURE_TCP4);
    waiting = lending_get(&fixture);
    expect_pending(pendio_receive(waiting, stream.near));
    fixture_quiet(&fixture);
    for (int i = 0; i < PAIR_COUNT; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_UDP4);
        contexts[i] = lending_get(&fixture);
        fixture_put(pairs[i].far, "abc", 3);
        completion = receive(contexts[i], pairs[i].near);
        lending_expect(&completion, "abc");
    }
    fixture_put(stream.far, "abc", 3);
    completion = *fixture_next(&fixture);
    lending_expect(&completion, "abc");
    for (int i = 0; i < PAIR_COUNT; i++)
        close(pairs[i].far);
    close(stream.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {idle_ones_that_wait_first_keep_nobody_from_a_buffer, FIXTURE_FAMILY_COUNT},
        {message_from_a_stream_waits_for_a_buffer, FIXTURE_FAMILY_COUNT},
        {connection_ends_while_a_splice_hands_over_what_was_collected, 2},
        {data_that_come_with_the_disconnect_are_not_kept, 0},
        {host_is_told_when_an_automatic_put_frees_a_buffer, 0},
        {handle_below_its_quota_is_read, FIXTURE_FAMILY_COUNT},
        {handle_goes_on_below_its_quota_when_some_is_given_back, FIXTURE_FAMILY_COUNT},
        {receive_from_a_listener_fails_without_buffers_too, 0},
        {memory_given_back_while_the_handle_moves_counts_when_it_stays, FIXTURE_FAMILY_COUNT},
        {datagrams_find_buffers_beside_a_stream, 0},
    };

    return fixture_run("contract: waits for memory to be lent", cases,
                       sizeof cases / sizeof cases[0]);
}
