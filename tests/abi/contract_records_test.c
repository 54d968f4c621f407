/*
 * contract_records_test.c - records: what a turn writes into the caller's array, and what not.
 *
 * - A turn writes as many records as it answers, and nothing behind them.
 * - Records are in order of finishing, however many fit at a time and whatever stands between them.
 */
#include "lending.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONTEXTS = 24, ARRAY = 64, SEEN = 4096 };

static struct fixture fixture;
static struct pendio_completion seen[SEEN];
static uint32_t seen_count;

/* One turn with an array of `count`; its records are added to those seen. */
static int take(uint32_t count)
{
    static struct pendio_completion array[ARRAY];
    static struct pendio_completion untouched[ARRAY];
    int answer;

    memset(array, 0xa5, sizeof array);
    memset(untouched, 0xa5, sizeof untouched);
    answer =
        pendio_loop_turn(fixture.loop, INT64_C(20) * 1000000000, count == 0 ? NULL : array, count);
    ck_assert_int_le(answer, (int)count);
    if (answer < 0)
        return answer;
    ck_assert_mem_eq(array + answer, untouched,
                     (size_t)(ARRAY - (uint32_t)answer) * sizeof array[0]);
    ck_assert_uint_le(seen_count + (uint32_t)answer, SEEN);
    memcpy(seen + seen_count, array, (size_t)answer * sizeof array[0]);
    seen_count += (uint32_t)answer;
    return answer;
}

static void take_until(uint32_t wanted_count, uint32_t count)
{
    while (seen_count < wanted_count)
        ck_assert_int_ge(take(count), 0);
    ck_assert_uint_eq(seen_count, wanted_count);
}

static uint32_t count_of(const struct pendio_context *context)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < seen_count; i++)
        count += seen[i].context == context;
    return count;
}

/* Contexts whose user data are their places. */
static void get_all(struct pendio_context **contexts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        contexts[i] = fixture_get(&fixture);
        ck_assert_int_eq(pendio_context_set_user_data(contexts[i], i), 0);
    }
}

static void start_nops(struct pendio_context *const *contexts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        expect_pending(pendio_nop(contexts[i], fixture.loop));
}

/* Operations of every kind that is used have been there before. */
static void warm_up(struct pendio_context *context)
{
    for (int i = 0; i < 3; i++) {
        expect_pending(pendio_nop(context, fixture.loop));
        expect_next(&fixture, context, 0, 0, 0);
    }
    seen_count = 0;
}

START_TEST(a_disconnect_that_ends_others_keeps_to_the_array)
{
    struct pendio_context *contexts[CONTEXTS];
    struct pendio_context *receiver;
    struct fixture_pair pair;

    fixture_init(&fixture);
    get_all(contexts, CONTEXTS);
    pair = lending_pair(&fixture, &receiver);
    warm_up(contexts[0]);
    expect_pending(pendio_receive(receiver, pair.near));
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    expect_pending(pendio_disconnect(contexts[0], pair.near, 0));
    start_nops(contexts + 1, CONTEXTS - 1);
    take_until(CONTEXTS + 1, (uint32_t)_i + 1);
    ck_assert_uint_eq(count_of(receiver), 1);
    for (uint32_t i = 0; i < CONTEXTS; i++)
        ck_assert_uint_eq(count_of(contexts[i]), 1);
    fixture_quiet(&fixture);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(records_that_do_not_fit_stay_in_order)
{
    struct pendio_context *contexts[CONTEXTS];

    fixture_init(&fixture);
    get_all(contexts, CONTEXTS);
    warm_up(contexts[0]);
    start_nops(contexts, CONTEXTS);
    ck_assert_int_eq(take((uint32_t)_i), _i);
    ck_assert_int_eq(take(0), 0);
    take_until(CONTEXTS, 5);
    for (uint32_t i = 0; i < CONTEXTS; i++)
        ck_assert_uint_eq(seen[i].user_data, i);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(what_is_started_again_comes_behind_those_who_wait)
{
    struct pendio_context *contexts[4];

    fixture_init(&fixture);
    get_all(contexts, 4);
    warm_up(contexts[0]);
    start_nops(contexts, 4);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(take(1), 1);
        ck_assert_ptr_eq(seen[i].context, contexts[i]);
        expect_pending(pendio_nop(contexts[i], fixture.loop));
    }
    take_until(8, 3);
    for (uint32_t i = 0; i < 8; i++)
        ck_assert_ptr_eq(seen[i].context, contexts[i % 4]);
    fixture_fini(&fixture);
}
END_TEST

/* Each a reason for a longer way, between two without any. */
START_TEST(ways_of_any_length_keep_the_order)
{
    struct pendio_context *contexts[5];

    fixture_init(&fixture);
    for (uint32_t round = 0; round < 3; round++) {
        get_all(contexts, 5);
        warm_up(contexts[0]);
        ck_assert_int_eq(pendio_context_set_flags(contexts[1], PENDIO_AUTO_PUT), 0);
        ck_assert_int_eq(pendio_context_set_deadline(contexts[3], 1000000000), 0);
        start_nops(contexts, 5);
        take_until(5, (uint32_t)_i + 1);
        for (uint32_t i = 0; i < 5; i++)
            ck_assert_uint_eq(seen[i].user_data, i);
        fixture_quiet(&fixture);
        for (uint32_t i = 0; i < 5; i++)
            ck_assert_int_eq(pendio_pool_put(contexts[i]), i == 1 ? -EALREADY : 0);
    }
    fixture_fini(&fixture);
}
END_TEST

START_TEST(shutdown_leaves_no_record_behind)
{
    struct pendio_context *contexts[CONTEXTS];
    struct fixture_pair pair;
    int answer;

    fixture_init(&fixture);
    get_all(contexts, CONTEXTS);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    warm_up(contexts[0]);
    for (uint32_t i = 0; i < 4; i++)
        expect_pending(pendio_receive(contexts[i], pair.near));
    start_nops(contexts + 4, CONTEXTS - 4);
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    do {
        answer = take((uint32_t)_i + 1);
    } while (answer >= 0);
    ck_assert_int_eq(answer, -ESHUTDOWN);
    ck_assert_uint_eq(seen_count, CONTEXTS);
    for (uint32_t i = 0; i < CONTEXTS; i++)
        ck_assert_uint_eq(count_of(contexts[i]), 1);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* ---- at random ------------------------------------------------------------------------------ */

enum { STEPS = 600, BYTES = 16 };

static uint64_t seed;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % limit;
}

struct runs {
    struct pendio_context *contexts[CONTEXTS];
    pendio_run under_way[CONTEXTS]; /* 0: free */
    uint64_t place[CONTEXTS];       /* of nops: among all of them; else 0 */
    uint64_t next_place;
    uint64_t last_place; /* of those delivered */
    uint32_t started_count;
    pendio_handle streams[2]; /* one end and the other */
    uint64_t sent_bytes;
    uint64_t received_bytes;
};

static struct runs runs;

static int start(uint32_t index, uint32_t kind)
{
    struct pendio_context *context = runs.contexts[index];

    runs.place[index] = 0;
    switch (kind) {
    case 0:
        return pendio_send(context, runs.streams[0]);
    case 1:
        return pendio_receive(context, runs.streams[1]);
    case 2:
        return pendio_timer(context, random_below(3) * UINT64_C(50000));
    case 3:
        return pendio_poll(context, runs.streams[1], 1);
    default:
        runs.place[index] = ++runs.next_place;
        return pendio_nop(context, fixture.loop);
    }
}

/* Now and then with what keeps it off the straight way. */
static void start_one(uint32_t index)
{
    struct pendio_context *context = runs.contexts[index];
    uint32_t policy = random_below(4) == 0 ? PENDIO_QUEUE : PENDIO_AUTO;

    if (runs.under_way[index] != 0)
        return;
    ck_assert_int_eq(pendio_context_set_policy(context, policy), 0);
    ck_assert_int_eq(
        pendio_context_set_deadline(context, random_below(4) == 0 ? UINT64_C(10000000000) : 0), 0);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 1 + random_below(BYTES)), 0);
    expect_pending(start(index, random_below(8)));
    runs.under_way[index] = pendio_context_run(context);
    runs.started_count++;
}

static void look_at(const struct pendio_completion *record)
{
    uint64_t index = record->user_data;

    ck_assert_uint_lt(index, CONTEXTS);
    ck_assert_ptr_eq(record->context, runs.contexts[index]);
    ck_assert_uint_eq(record->run, runs.under_way[index]);
    ck_assert(record->error == 0 || record->error == -ECANCELED);
    runs.under_way[index] = 0;
    if (runs.place[index] != 0) {
        ck_assert_uint_gt(runs.place[index], runs.last_place);
        runs.last_place = runs.place[index];
    }
    if (record->operation == PENDIO_OPERATION_SEND)
        runs.sent_bytes += record->bytes;
    if (record->operation == PENDIO_OPERATION_RECEIVE)
        runs.received_bytes += record->bytes;
}

static void take_some(uint32_t count)
{
    uint32_t before_count = seen_count = 0;

    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0); /* nothing may be there */
    ck_assert_int_ge(take(count), 0);
    for (uint32_t i = before_count; i < seen_count; i++)
        look_at(&seen[i]);
}

static bool is_any_under_way(void)
{
    for (uint32_t i = 0; i < CONTEXTS; i++)
        if (runs.under_way[i] != 0)
            return true;
    return false;
}

START_TEST(every_run_has_one_record_whatever_is_mixed)
{
    struct fixture_pair pair;

    fixture_init(&fixture);
    seed = (uint64_t)_i + 1;
    runs = (struct runs){.next_place = 0};
    get_all(runs.contexts, CONTEXTS);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    runs.streams[0] = pair.near;
    runs.streams[1] = fixture_adopt(&fixture, pair.far);
    warm_up(runs.contexts[0]);
    for (int step = 0; step < STEPS; step++) {
        start_one(random_below(CONTEXTS));
        if (random_below(10) == 0)
            (void)pendio_cancel(fixture.loop, runs.under_way[random_below(CONTEXTS)]);
        if (random_below(4) == 0)
            take_some(random_below(8));
    }
    for (uint32_t i = 0; i < CONTEXTS; i++)
        if (runs.under_way[i] != 0)
            (void)pendio_cancel(fixture.loop, runs.under_way[i]);
    while (is_any_under_way())
        take_some(8);
    ck_assert_uint_le(runs.received_bytes, runs.sent_bytes);
    ck_assert_uint_gt(runs.started_count, STEPS / 4);
    ck_assert_uint_eq(fixture_stats(&fixture).stale_completions, 0);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {a_disconnect_that_ends_others_keeps_to_the_array, 4},
        {records_that_do_not_fit_stay_in_order, 4},
        {what_is_started_again_comes_behind_those_who_wait, 0},
        {ways_of_any_length_keep_the_order, 5},
        {shutdown_leaves_no_record_behind, 4},
        {every_run_has_one_record_whatever_is_mixed, 20},
    };
    return fixture_run("contract: records", cases, sizeof cases / sizeof cases[0]);
}
