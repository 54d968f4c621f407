/*
 * contract_warm_test.c - large pieces that have come for many streams go on before the loop asks
 * for more, and nobody else waits for that for long.
 *
 * - Every byte comes back in its order, and such rounds are counted; not for small pieces, and not
 *   for few streams.
 * - Whatever else there is, comes after some rounds; a deadline does not wait for them either.
 */
#include "lending.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { STREAM_COUNT = 8, SMALL_BYTES = 64, LARGE_BYTES = 8192, PIECE_COUNT = 4, ROUND_LIMIT = 8 };

static struct fixture fixture;

/* Streams whose pieces are sent back; their far ends have put so many, and taken so many. */
struct echo {
    uint32_t stream_count;
    uint32_t piece_bytes;
    bool lends;
    bool goes_on; /* for every piece that came back another one is put */
    struct pendio_context *contexts[STREAM_COUNT];
    struct fixture_pair pairs[STREAM_COUNT];
    uint32_t put_counts[STREAM_COUNT];
    uint64_t taken_bytes[STREAM_COUNT];
};

static unsigned char piece_of(uint32_t stream, uint64_t position)
{
    return (unsigned char)(stream * 31 + position / 7);
}

static void put(struct echo *echo, uint32_t stream)
{
    unsigned char bytes[LARGE_BYTES];

    for (uint32_t i = 0; i < echo->piece_bytes; i++)
        bytes[i] = piece_of(stream, (uint64_t)echo->put_counts[stream] * echo->piece_bytes + i);
    fixture_put(echo->pairs[stream].far, bytes, echo->piece_bytes);
    echo->put_counts[stream]++;
}

static void take(struct echo *echo, uint32_t stream, uint64_t byte_count)
{
    unsigned char bytes[LARGE_BYTES];

    ck_assert_uint_le(byte_count, sizeof bytes);
    fixture_take(echo->pairs[stream].far, bytes, byte_count);
    for (uint64_t i = 0; i < byte_count; i++)
        ck_assert_uint_eq(bytes[i], piece_of(stream, echo->taken_bytes[stream] + i));
    echo->taken_bytes[stream] += byte_count;
}

static void send_back(const struct echo *echo, uint32_t stream, uint64_t byte_count)
{
    struct pendio_context *context = echo->contexts[stream];

    if (!echo->lends)
        ck_assert_int_eq(pendio_context_set_window(context, 0, byte_count), 0);
    expect_pending(pendio_send(context, echo->pairs[stream].near));
}

/* What was collected is there at once. */
static void receive(const struct echo *echo, uint32_t stream)
{
    struct pendio_context *context = echo->contexts[stream];
    struct pendio_completion result;

    if (!echo->lends)
        ck_assert_int_eq(pendio_context_set_slice(context), 0);
    if (pendio_receive(context, echo->pairs[stream].near) == PENDIO_PENDING)
        return;
    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_int_eq(result.error, 0);
    send_back(echo, stream, result.bytes);
}

static void begin(struct echo *echo, enum fixture_family family)
{
    struct pendio_loop_options options = {.size = sizeof options, .buffer_bytes = LARGE_BYTES};

    fixture_init_with(&fixture, &options, STREAM_COUNT + 2, LARGE_BYTES);
    for (uint32_t i = 0; i < echo->stream_count; i++) {
        echo->pairs[i] = fixture_pair(&fixture, family);
        echo->contexts[i] = echo->lends ? lending_get(&fixture) : fixture_get(&fixture);
        receive(echo, i);
    }
    fixture_quiet(&fixture);
    for (uint32_t i = 0; i < echo->stream_count; i++)
        for (int k = 0; k < PIECE_COUNT; k++)
            put(echo, i);
}

static void end(struct echo *echo)
{
    for (uint32_t i = 0; i < echo->stream_count; i++)
        close(echo->pairs[i].far);
    fixture_discard(&fixture);
}

/* NULL: it is none of theirs. */
static struct pendio_context *follow(struct echo *echo, const struct pendio_completion *record)
{
    uint32_t stream = 0;

    while (stream < echo->stream_count && echo->contexts[stream] != record->context)
        stream++;
    if (stream == echo->stream_count)
        return NULL;
    ck_assert_int_eq(record->error, 0);
    if (record->operation == PENDIO_OPERATION_SEND) {
        take(echo, stream, record->bytes);
        if (echo->goes_on)
            put(echo, stream);
        receive(echo, stream);
        return record->context;
    }
    send_back(echo, stream, record->bytes);
    return record->context;
}

static uint64_t left_bytes(const struct echo *echo)
{
    uint64_t byte_count = 0;

    for (uint32_t i = 0; i < echo->stream_count; i++)
        byte_count += (uint64_t)echo->put_counts[i] * echo->piece_bytes - echo->taken_bytes[i];
    return byte_count;
}

static uint64_t count_rounds(struct echo *echo, enum fixture_family family)
{
    uint64_t count;

    begin(echo, family);
    while (left_bytes(echo) != 0)
        ck_assert_ptr_nonnull(follow(echo, fixture_next(&fixture)));
    count = fixture_stats(&fixture).warm_rounds;
    end(echo);
    return count;
}

/* _i: over what, with memory of their own or lent. */
START_TEST(large_pieces_of_many_streams_go_on_first)
{
    struct echo echo = {
        .stream_count = STREAM_COUNT, .piece_bytes = LARGE_BYTES, .lends = _i % 2 != 0};

    ck_assert_uint_ge(count_rounds(&echo, (enum fixture_family)(_i / 2)), 1);
}
END_TEST

START_TEST(small_pieces_wait_for_nothing)
{
    struct echo echo = {.stream_count = STREAM_COUNT, .piece_bytes = SMALL_BYTES};

    ck_assert_uint_eq(count_rounds(&echo, FIXTURE_UNIX_STREAM), 0);
}
END_TEST

START_TEST(few_streams_wait_for_nothing)
{
    struct echo echo = {.stream_count = 2, .piece_bytes = LARGE_BYTES};

    ck_assert_uint_eq(count_rounds(&echo, FIXTURE_UNIX_STREAM), 0);
}
END_TEST

START_TEST(who_else_has_something_waits_for_few_rounds)
{
    struct echo echo = {.stream_count = STREAM_COUNT, .piece_bytes = LARGE_BYTES, .goes_on = true};
    struct fixture_pair other;
    struct pendio_context *context;
    uint64_t before;

    begin(&echo, FIXTURE_UNIX_STREAM);
    other = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = fixture_get(&fixture);
    expect_pending(pendio_receive(context, other.near));
    while (fixture_stats(&fixture).warm_rounds == 0)
        ck_assert_ptr_nonnull(follow(&echo, fixture_next(&fixture)));
    fixture_put(other.far, "o", 1);
    before = fixture_stats(&fixture).warm_rounds;
    while (follow(&echo, fixture_next(&fixture)) != NULL)
        ck_assert_uint_le(fixture_stats(&fixture).warm_rounds, before + ROUND_LIMIT);
    expect_result(context, 0, 1, 0);
    close(other.far);
    end(&echo);
}
END_TEST

/* So a turn with no time that has nothing to deliver has looked at everything. */
START_TEST(turn_that_brings_nothing_has_asked)
{
    enum { BIG_BYTES = 1 << 20 };
    static unsigned char bytes[BIG_BYTES];
    struct echo echo = {.stream_count = STREAM_COUNT, .piece_bytes = LARGE_BYTES};
    struct pendio_context *contexts[STREAM_COUNT];
    struct fixture_pair pairs[STREAM_COUNT];

    fixture_init_with(&fixture, NULL, 3 * STREAM_COUNT, LARGE_BYTES);
    for (int i = 0; i < STREAM_COUNT; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
        contexts[i] = fixture_get(&fixture);
        expect_pending(pendio_receive(contexts[i], pairs[i].near));
    }
    fixture_quiet(&fixture);
    fixture_put(pairs[0].far, bytes, echo.piece_bytes);
    ck_assert_int_eq(fixture_turn(&fixture, 0), 1);
    for (int i = 0; i < STREAM_COUNT; i++) /* none has room for all of it: part of it goes */
        expect_pending(pendio_send(fixture_over(&fixture, bytes, sizeof bytes), pairs[i].near));
    fixture_put(pairs[1].far, "o", 1);
    ck_assert_int_eq(fixture_turn(&fixture, 0), 1);
    expect_result(contexts[1], 0, 1, 0);
    for (int i = 0; i < STREAM_COUNT; i++)
        close(pairs[i].far);
    fixture_discard(&fixture);
}
END_TEST

static void *post_sometime(void *argument)
{
    struct timespec pause = {.tv_nsec = 1000L * *(const int *)argument};

    nanosleep(&pause, NULL);
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 2), 0);
    return NULL;
}

/* Whenever it comes: while such a round has nothing to deliver, the turn does not sleep on it. */
START_TEST(message_of_another_thread_is_not_slept_on)
{
    enum { TIMES = 100 };
    struct echo echo = {.stream_count = STREAM_COUNT, .piece_bytes = LARGE_BYTES};
    const struct pendio_completion *record;

    begin(&echo, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < TIMES; i++) {
        pthread_t thread;

        while (left_bytes(&echo) != 0)
            ck_assert_ptr_nonnull(follow(&echo, fixture_next(&fixture)));
        for (uint32_t k = 0; k < echo.stream_count; k++)
            put(&echo, k);
        ck_assert_int_eq(pthread_create(&thread, NULL, post_sometime, &i), 0);
        do {
            if (fixture.read_count == fixture.seen_count)
                ck_assert_int_ge(fixture_turn(&fixture, -1), 1);
            record = fixture_next(&fixture);
        } while (follow(&echo, record) != NULL);
        ck_assert_uint_eq(record->operation, PENDIO_OPERATION_POST);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
    }
    end(&echo);
}
END_TEST

/* Whatever the streams do: the timer is not theirs. */
START_TEST(deadline_does_not_wait_for_streams_that_go_on)
{
    struct echo echo = {.stream_count = STREAM_COUNT, .piece_bytes = LARGE_BYTES, .goes_on = true};
    struct pendio_context *timer;

    begin(&echo, FIXTURE_TCP4);
    timer = fixture_get(&fixture);
    while (fixture_stats(&fixture).warm_rounds == 0)
        ck_assert_ptr_nonnull(follow(&echo, fixture_next(&fixture)));
    expect_pending(pendio_timer(timer, 1000000));
    while (follow(&echo, fixture_next(&fixture)) != NULL)
        ;
    expect_result(timer, 0, 0, 0);
    end(&echo);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {large_pieces_of_many_streams_go_on_first, 2 * FIXTURE_STREAM_COUNT},
        {small_pieces_wait_for_nothing, 0},
        {few_streams_wait_for_nothing, 0},
        {who_else_has_something_waits_for_few_rounds, 0},
        {turn_that_brings_nothing_has_asked, 0},
        {message_of_another_thread_is_not_slept_on, 0},
        {deadline_does_not_wait_for_streams_that_go_on, 0},
    };

    return fixture_run("contract: warm", cases, sizeof cases / sizeof cases[0]);
}
