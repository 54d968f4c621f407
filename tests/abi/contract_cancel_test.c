/*
 * contract_cancel_test.c - cancel: each run ends exactly once, and says how.
 *
 * - A cancel completes nothing itself and never hits a later run.
 * - What succeeded although cancelled is delivered or disposed of: descriptors are counted.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEGABYTE ((size_t)1 << 20)

enum { RACE_COUNT = 1500 /* for each of seven families */ };

static struct fixture fixture;

static int cancel(const struct pendio_context *context)
{
    return pendio_cancel(fixture.loop, pendio_context_run(context));
}

static void set_deadline(struct pendio_context *context, uint64_t after_ns)
{
    ck_assert_int_eq(pendio_context_set_deadline(context, after_ns), 0);
}

START_TEST(cancelled_receive_ends_once_and_the_socket_goes_on)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 2));
    context = fixture_over(&fixture, memory, _i % 2 == 0 ? 4 : 0);
    for (int i = 0; i < 3; i++) {
        expect_pending(pendio_receive(context, pair.near));
        if (i != 0)
            fixture_quiet(&fixture);
        ck_assert_int_eq(cancel(context), 0);
        ck_assert_int_eq(cancel(context), 0); /* twice is once */
        expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
        fixture_quiet(&fixture);
    }
    ck_assert_int_eq(pendio_context_set_memory(context, memory, 4), 0);
    expect_pending(pendio_receive(context, pair.near));
    fixture_put(pair.far, "ab", 2);
    expect_next(&fixture, context, 0, 2, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(cancel_of_what_is_not_under_way_finds_nothing)
{
    struct pendio_context *context;
    pendio_run run;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, 0), -ENOENT);
    ck_assert_int_eq(pendio_cancel(fixture.loop, 1), -ENOENT);
    ck_assert_int_eq(pendio_cancel(fixture.loop, UINT64_MAX), -ENOENT);
    expect_pending(pendio_nop(context, fixture.loop));
    run = pendio_context_run(context);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1000000000, NULL, 0), 0);
    ck_assert_int_eq(pendio_cancel(fixture.loop, run), -ENOENT); /* finished, undelivered */
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_cancel(fixture.loop, run), -ENOENT);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_int_eq(pendio_cancel(fixture.loop, run), -ENOENT);
    ck_assert_int_eq(pendio_pool_destroy(fixture.pool), 0);
    ck_assert_int_eq(pendio_cancel(fixture.loop, run), -ENOENT);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(stale_run_never_hits_a_later_one)
{
    struct pendio_pool *again = NULL;
    struct pendio_context *context;
    pendio_run stale;
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, memory, sizeof memory);
    expect_pending(pendio_receive(context, pair.near));
    stale = pendio_context_run(context);
    ck_assert_int_eq(cancel(context), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_pending(pendio_receive(context, pair.near));
    ck_assert_int_eq(pendio_cancel(fixture.loop, stale), -ENOENT);
    fixture_quiet(&fixture);
    stale = pendio_context_run(context);
    ck_assert_int_eq(cancel(context), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_int_eq(pendio_pool_destroy(fixture.pool), 0); /* the slots live on in another pool */
    ck_assert_int_eq(pendio_pool_create(fixture.loop, NULL, &again), 0);
    fixture.pool = again;
    for (int i = 0; i < 64; i++)
        expect_pending(pendio_receive(fixture_over(&fixture, memory, 1), pair.near));
    ck_assert_int_eq(pendio_cancel(fixture.loop, stale), -ENOENT);
    fixture_quiet(&fixture);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(run_of_another_loop_is_not_under_way_here)
{
    struct pendio_context *context;
    struct pendio_context *foreign;
    struct fixture other;
    struct fixture_pair pair;
    char memory[4];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    fixture_init(&other);
    context = fixture_over(&fixture, memory, sizeof memory);
    expect_pending(pendio_receive(context, pair.near));
    foreign = fixture_get(&other);
    expect_pending(pendio_timer(foreign, UINT64_MAX));
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(foreign)), -ENOENT);
    fixture_quiet(&fixture);
    fixture_discard(&other);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(cancel_racing_completion_ends_each_run_exactly_once)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    uint64_t received_bytes = 0;
    uint64_t seed = 12345;
    char byte;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, &byte, 1);
    if (_i < FIXTURE_STREAM_COUNT) /* what was received ahead has nothing to race with */
        ck_assert_int_eq(pendio_handle_set_receive(fixture.loop, pair.near, PENDIO_RECEIVE_SINGLE),
                         0);
    for (int i = 0; i < RACE_COUNT; i++) {
        const struct pendio_completion *completion;
        uint64_t choice = (seed = seed * UINT64_C(6364136223846793005) + 1) >> 33;
        pendio_run run;

        expect_pending(pendio_receive(context, pair.near));
        run = pendio_context_run(context);
        if (choice & 1)
            ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
        if (choice & 2)
            fixture_put(pair.far, "x", 1);
        if (choice & 4)
            ck_assert_int_eq(cancel(context), 0);
        if (!(choice & 2))
            fixture_put(pair.far, "x", 1);
        completion = fixture_next(&fixture);
        ck_assert_uint_eq(completion->run, run);
        ck_assert(completion->error == 0 || completion->error == -ECANCELED);
        ck_assert_uint_eq(completion->bytes, completion->error == 0);
        ck_assert_uint_eq(completion->flags, completion->error == 0 ? 0 : PENDIO_BY_CANCEL);
        received_bytes += completion->bytes;
        fixture.seen_count = fixture.read_count = 0;
    }
    while (received_bytes < RACE_COUNT) { /* what cancelled receives did not take is still there */
        expect_pending(pendio_receive(context, pair.near));
        expect_next(&fixture, context, 0, 1, 0);
        received_bytes++;
    }
    fixture_quiet(&fixture);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(cancelled_open_never_leaks_what_it_opened)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    for (int i = 0; i < 1000; i++) {
        const struct pendio_completion *completion;

        expect_pending(pendio_open(context, "/dev/null", O_RDONLY, 0));
        if (i % 2 == 0)
            ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
        (void)cancel(context);
        completion = fixture_next(&fixture);
        ck_assert_int_eq(completion->error != 0, completion->value == 0);
        if (completion->value != 0 && i % 3 != 0)
            ck_assert_int_eq(pendio_handle_close(fixture.loop, completion->value, 0), 0);
    }
    fixture_fini(&fixture);
}
END_TEST

/* A worker of the kernel waits for the FIFO's other end: its answer is no errno by itself. */
START_TEST(open_that_waits_in_a_worker_is_cancelled)
{
    struct pendio_context *context;
    struct fixture_file file;

    fixture_init(&fixture);
    fixture_file(&file);
    ck_assert_int_eq(unlink(file.path), 0);
    ck_assert_int_eq(mkfifo(file.path, 0600), 0);
    context = fixture_get(&fixture);
    expect_pending(pendio_open(context, file.path, O_WRONLY | O_CREAT, 0600));
    fixture_quiet(&fixture);
    ck_assert_int_eq(cancel(context), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    fixture_remove(&file);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(cancelled_accept_never_leaks_the_connection)
{
    struct pendio_endpoint address;
    struct pendio_context *context;
    pendio_handle listener;

    fixture_init(&fixture);
    listener = fixture_listener(&fixture, (enum fixture_family)_i, &address);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0); /* one may be there */
    for (int i = 0; i < 200; i++) {
        int client = socket(((struct sockaddr *)address.address)->sa_family, SOCK_STREAM, 0);
        uint32_t end = fixture.seen_count + 1;

        expect_pending(pendio_accept(context, listener, 0));
        if (i % 2 == 0)
            ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
        ck_assert_int_eq(connect(client, (struct sockaddr *)address.address, address.byte_count),
                         0);
        (void)cancel(context);
        fixture_wait(&fixture, 1);
        ck_assert_uint_eq(fixture.seen_count, end);
        ck_assert_int_eq(fixture.seen[end - 1].error != 0, fixture.seen[end - 1].value == 0);
        fixture.read_count = end;
        close(client);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(cancelled_send_says_how_much_had_gone_and_the_next_one_goes)
{
    unsigned char *memory = malloc(32 * MEGABYTE);
    struct pendio_context *contexts[2];
    struct pendio_completion first;
    struct fixture_pair pair;
    unsigned char *seen;

    fixture_init(&fixture);
    fixture_fill(memory, 32 * MEGABYTE, 1);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 2));
    contexts[0] = fixture_over(&fixture, memory, 32 * MEGABYTE);
    contexts[1] = fixture_over(&fixture, (void *)(uintptr_t) "END", 3);
    if (_i % 2 == 1)
        set_deadline(contexts[0], 20000000);
    expect_pending(pendio_send(contexts[0], pair.near));
    expect_pending(pendio_send(contexts[1], pair.near));
    if (_i % 2 == 0) {
        fixture_quiet(&fixture);
        ck_assert_int_eq(cancel(contexts[0]), 0);
    }
    first = *fixture_next(&fixture);
    ck_assert_ptr_eq(first.context, contexts[0]);
    ck_assert_int_eq(first.error, _i % 2 == 0 ? -ECANCELED : -ETIMEDOUT);
    ck_assert_uint_eq(first.flags, _i % 2 == 0 ? PENDIO_BY_CANCEL : PENDIO_BY_DEADLINE);
    ck_assert(first.bytes > 0 && first.bytes < 32 * MEGABYTE);
    seen = malloc(first.bytes + 3);
    fixture_take(pair.far, seen, first.bytes / 2);
    expect_next(&fixture, contexts[1], 0, 3, 0);
    fixture_take(pair.far, seen + first.bytes / 2, first.bytes + 3 - first.bytes / 2);
    ck_assert(fixture_is_filled(seen, first.bytes, 1));
    ck_assert_mem_eq(seen + first.bytes, "END", 3);
    close(pair.far);
    fixture_fini(&fixture);
    free(seen);
    free(memory);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {cancelled_receive_ends_once_and_the_socket_goes_on, 2 * FIXTURE_STREAM_COUNT},
        {cancel_of_what_is_not_under_way_finds_nothing, 0},
        {stale_run_never_hits_a_later_one, 0},
        {run_of_another_loop_is_not_under_way_here, 0},
        {cancel_racing_completion_ends_each_run_exactly_once, FIXTURE_FAMILY_COUNT},
        {cancelled_open_never_leaks_what_it_opened, 0},
        {open_that_waits_in_a_worker_is_cancelled, 0},
        {cancelled_accept_never_leaks_the_connection, FIXTURE_STREAM_COUNT},
        {cancelled_send_says_how_much_had_gone_and_the_next_one_goes, 2 * FIXTURE_STREAM_COUNT},
    };
    return fixture_run("contract: cancel", cases, sizeof cases / sizeof cases[0]);
}
