/*
 * contract_end_test.c - shutdown and destroy with everything under way, and thousands of it.
 *
 * - Shutdown ends every run, once; turn answers -ESHUTDOWN when all is delivered.
 * - Destroy drains, leaks nothing, and closes every descriptor of the loop.
 * - More than the ring holds waits its turn; thousands of cancels are not lost.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MEGABYTE ((size_t)1 << 20)

enum { MANY = 4096 };

static struct fixture fixture;
static struct pendio_context *contexts[MANY];

/* One of everything that does not end by itself; returns how many are under way. */
static uint32_t start_everything(int far[2])
{
    static unsigned char memory[16 * MEGABYTE];
    struct pendio_endpoint address;
    struct fixture_pair pairs[2] = {fixture_pair(&fixture, FIXTURE_TCP4),
                                    fixture_pair(&fixture, FIXTURE_UDP6)};
    pendio_handle listener = fixture_listener(&fixture, FIXTURE_UNIX_STREAM, &address);
    int ends[2];
    uint32_t count = 0;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    far[0] = pairs[0].far;
    far[1] = pairs[1].far;
    (void)fixture_adopt(&fixture, ends[1]);
    expect_pending(pendio_accept(contexts[count++], listener, 0));
    expect_pending(pendio_accept(contexts[count++], listener, 0));
    expect_pending(pendio_receive(contexts[count++], pairs[0].near));
    expect_pending(pendio_receive(contexts[count++], pairs[0].near));
    expect_pending(pendio_receive_from(contexts[count++], pairs[1].near));
    ck_assert_int_eq(pendio_context_set_memory(contexts[count], memory, 1), 0);
    expect_pending(pendio_read(contexts[count++], fixture_adopt(&fixture, ends[0]), 0));
    expect_pending(pendio_timer(contexts[count++], UINT64_MAX));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pendio_context_set_memory(contexts[count], memory, sizeof memory), 0);
        expect_pending(pendio_send(contexts[count++], pairs[0].near));
    }
    return count;
}

static void get_contexts(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        contexts[i] = i % 2 == 0 ? fixture_get(&fixture) : fixture_called(&fixture, NULL, 0);
}

START_TEST(shutdown_ends_everything_once)
{
    uint32_t count;
    int far[2];

    fixture_init(&fixture);
    get_contexts(16);
    count = start_everything(far);
    if (_i == 1)
        fixture_quiet(&fixture);
    expect_pending(pendio_nop(contexts[count], fixture.loop));
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 5, 5), 0);
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    ck_assert_int_eq(pendio_nop(contexts[15], fixture.loop), -ESHUTDOWN);
    ck_assert_int_eq(pendio_timer(contexts[15], 0), -ESHUTDOWN);
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 6, 6), -ESHUTDOWN);
    ck_assert_int_eq(pendio_pool_create(fixture.loop, NULL, &fixture.pool), -ESHUTDOWN);
    fixture_wait(&fixture, count + 2);
    for (uint32_t i = 0; i < count; i++) {
        struct pendio_completion result;

        ck_assert_int_eq(pendio_context_result(contexts[i], &result), 0);
        ck_assert_int_eq(result.error, -ECANCELED);
        ck_assert_uint_eq(result.flags, PENDIO_BY_CANCEL);
    }
    ck_assert_int_eq(fixture_turn(&fixture, -1), -ESHUTDOWN);
    ck_assert_int_eq(fixture_turn(&fixture, 0), -ESHUTDOWN);
    ck_assert_uint_eq(fixture.seen_count, count + 2);
    fixture.read_count = fixture.seen_count;
    close(far[0]);
    close(far[1]);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(message_accepted_before_the_shutdown_is_delivered)
{
    fixture_init(&fixture);
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 2), 0);
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    ck_assert_int_eq(fixture_turn(&fixture, 0), 1);
    ck_assert_uint_eq(fixture_next(&fixture)->value, 2);
    ck_assert_int_eq(fixture_turn(&fixture, 0), -ESHUTDOWN);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(handles_can_be_closed_during_and_after_a_shutdown)
{
    struct fixture_pair pair;
    char byte;

    fixture_init(&fixture);
    get_contexts(4);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    expect_pending(pendio_receive(contexts[0], pair.near));
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    expect_pending(pendio_close(contexts[2], pair.near, PENDIO_GRACEFUL));
    expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_next(&fixture, contexts[2], 0, 0, 0);
    ck_assert_int_eq(fixture_turn(&fixture, 0), -ESHUTDOWN);
    ck_assert_int_eq(read(pair.far, &byte, 1), 0);
    close(pair.far);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    expect_pending(pendio_close(contexts[2], pair.near, PENDIO_ABORTIVE));
    expect_next(&fixture, contexts[2], 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(shutdown_ends_a_graceful_close_that_waits_for_a_send)
{
    unsigned char *memory = calloc(32, MEGABYTE);
    struct fixture_pair pair;

    fixture_init(&fixture);
    get_contexts(4);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    ck_assert_int_eq(pendio_context_set_memory(contexts[0], memory, 32 * MEGABYTE), 0);
    expect_pending(pendio_send(contexts[0], pair.near));
    if (_i == 0)
        expect_pending(pendio_close(contexts[2], pair.near, PENDIO_GRACEFUL));
    else
        ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_GRACEFUL), 0);
    fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    ck_assert_int_eq(fixture_next(&fixture)->error, -ECANCELED);
    if (_i == 0)
        expect_next(&fixture, contexts[2], 0, 0, 0);
    ck_assert_int_eq(fixture_turn(&fixture, -1), -ESHUTDOWN);
    close(pair.far);
    fixture_fini(&fixture);
    free(memory);
}
END_TEST

START_TEST(destroy_drains_and_leaks_nothing)
{
    static const int64_t drains_ns[] = {-1, INT64_MAX, INT64_C(10) * 1000000000};
    uint64_t leaked_count = 9;
    int far[2];

    fixture_init(&fixture);
    get_contexts(16);
    (void)start_everything(far);
    if (_i / 3 == 1) { /* finished, never delivered */
        expect_pending(pendio_nop(contexts[15], fixture.loop));
        expect_pending(pendio_open(contexts[14], "/dev/null", O_RDONLY, 0));
        ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
        ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 1), 0);
    }
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, drains_ns[_i % 3], &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    ck_assert_uint_eq(fixture.seen_count, 0);
    fixture.destroyed = true;
    close(far[0]);
    close(far[1]);
    fixture_fini(&fixture);
}
END_TEST

static void shut_down(const struct pendio_completion *completion, void *state)
{
    fixture_collect(completion, state);
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    ck_assert_int_eq(pendio_nop(completion->context, fixture.loop), -ESHUTDOWN);
}

START_TEST(destroy_without_time_still_closes_what_was_closing)
{
    uint64_t leaked_count = 1;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    expect_pending(pendio_receive(fixture_get(&fixture), pair.near));
    expect_pending(pendio_close(fixture_get(&fixture), pair.near, PENDIO_GRACEFUL));
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, 0, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    fixture.destroyed = true;
    close(pair.far);
    fixture_discard(&fixture); /* counts the descriptors */
}
END_TEST

START_TEST(shutdown_from_a_callback)
{
    uint32_t count;
    int far[2];

    fixture_init(&fixture);
    get_contexts(16);
    count = start_everything(far);
    ck_assert_int_eq(pendio_context_set_callback(contexts[15], shut_down, &fixture), 0);
    expect_pending(pendio_nop(contexts[15], fixture.loop));
    fixture_wait(&fixture, count + 1);
    ck_assert_int_eq(fixture_turn(&fixture, -1), -ESHUTDOWN);
    fixture.read_count = fixture.seen_count;
    close(far[0]);
    close(far[1]);
    fixture_fini(&fixture);
}
END_TEST

/* ---- thousands ------------------------------------------------------------------------------ */

static void init_many(void)
{
    fixture_init_with(&fixture, NULL, MANY, 64);
    get_contexts(MANY);
}

START_TEST(more_nops_than_the_ring_has_entries_all_finish)
{
    init_many();
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < MANY; i++)
            expect_pending(pendio_nop(contexts[i], fixture.loop));
        fixture_wait(&fixture, MANY);
        for (int i = 0; i < MANY; i++)
            expect_completion(fixture_next(&fixture), 0, 0, 0);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(thousands_on_one_handle_keep_their_order)
{
    static unsigned char sent[MANY];
    static unsigned char received[MANY];
    struct fixture_pair pair;

    init_many();
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    fixture_fill(sent, MANY, 1);
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(pendio_context_set_memory(contexts[i], &received[i], 1), 0);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    fixture_quiet(&fixture);
    for (int i = 1; i < MANY; i += 2)
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[i])), 0);
    fixture_put(pair.far, sent, MANY / 2);
    fixture_wait(&fixture, MANY);
    fixture.read_count = fixture.seen_count;
    for (int i = 0; i < MANY; i++) {
        expect_result(contexts[i], i % 2 == 0 ? 0 : -ECANCELED, (unsigned)(i + 1) % 2,
                      i % 2 == 0 ? 0 : PENDIO_BY_CANCEL);
        ck_assert_uint_eq(received[i], i % 2 == 0 ? sent[i / 2] : 0);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(thousands_in_the_kernel_are_cancelled_at_once)
{
    static pendio_handle handles[MANY];

    init_many();
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_DGRAM, 0, &handles[i]),
                         0);
        expect_pending(pendio_receive(contexts[i], handles[i]));
    }
    if (_i != 0)
        fixture_quiet(&fixture);
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(_i < 2 ? pendio_cancel(fixture.loop, pendio_context_run(contexts[i]))
                                : pendio_handle_close(fixture.loop, handles[i], PENDIO_ABORTIVE),
                         0);
    fixture_wait(&fixture, MANY);
    for (int i = 0; i < MANY; i++)
        expect_completion(fixture_next(&fixture), -ECANCELED, 0,
                          _i < 2 ? PENDIO_BY_CANCEL : PENDIO_BY_CLOSE);
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, _i < 2 ? MANY : 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(thousands_of_timers_and_deadlines_end_once)
{
    init_many();
    for (uint64_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(pendio_context_set_deadline(contexts[i], i % 3 == 0 ? i * 10000 : 0), 0);
        expect_pending(pendio_timer(contexts[i], i * 15000));
        if (i % 5 == 0)
            ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[i])), 0);
    }
    fixture_wait(&fixture, MANY);
    fixture.read_count = fixture.seen_count;
    fixture_quiet(&fixture);
    for (unsigned i = 1; i < MANY; i++) {
        const int error = i % 5 == 0 ? -ECANCELED : i % 3 == 0 ? -ETIMEDOUT : 0;

        expect_result(contexts[i], error, 0,
                      error == 0            ? 0
                      : error == -ECANCELED ? PENDIO_BY_CANCEL
                                            : PENDIO_BY_DEADLINE);
    }
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {shutdown_ends_everything_once, 2},
        {message_accepted_before_the_shutdown_is_delivered, 0},
        {handles_can_be_closed_during_and_after_a_shutdown, 0},
        {shutdown_ends_a_graceful_close_that_waits_for_a_send, 2},
        {destroy_drains_and_leaks_nothing, 6},
        {destroy_without_time_still_closes_what_was_closing, 0},
        {shutdown_from_a_callback, 0},
        {more_nops_than_the_ring_has_entries_all_finish, 0},
        {thousands_on_one_handle_keep_their_order, 0},
        {thousands_in_the_kernel_are_cancelled_at_once, 3},
        {thousands_of_timers_and_deadlines_end_once, 0},
    };
    return fixture_run("contract: end", cases, sizeof cases / sizeof cases[0]);
}
