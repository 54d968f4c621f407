/*
 * contract_lend_crowd_test.c - many connections with data at once, and few buffers.
 *
 * - Whoever finds no buffer is asked for again when there is one for him, and not each time that
 *   one comes back to somebody: so the kernel is asked about once for what one buffer holds.
 * - Who waits first gets what comes back first: one that always has data keeps nobody from it.
 */
#include "lending.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PAIR_COUNT = 200,
    BUFFER_COUNT = 32,
    BUFFER_BYTES = 1024,
    BURST_COUNT = 8, /* buffers that what comes on a connection fills */
    ROUND_COUNT = 3,
};

static struct fixture fixture;

static uint64_t request_count(void)
{
    return fixture_stats(&fixture).requests;
}

/* A burst on each of them, whose contexts wait; everything is read. */
static void read_bursts(const struct fixture_pair *pairs)
{
    static unsigned char burst[BURST_COUNT * BUFFER_BYTES];
    uint64_t left_bytes = (uint64_t)PAIR_COUNT * sizeof burst;

    for (int i = 0; i < PAIR_COUNT; i++)
        fixture_put(pairs[i].far, burst, sizeof burst);
    while (left_bytes != 0) {
        struct pendio_completion completion = *fixture_next(&fixture);
        int answer;

        do {
            ck_assert_int_eq(completion.error, 0);
            ck_assert_uint_ne(completion.bytes, 0);
            left_bytes -= completion.bytes;
            answer = pendio_receive(completion.context, completion.handle);
            ck_assert_int_ge(answer, 0);
            (void)pendio_context_result(completion.context, &completion);
        } while (answer == PENDIO_DONE);
    }
}

START_TEST(who_finds_no_buffer_is_asked_again_when_there_is_one_for_him)
{
    static const enum fixture_family families[] = {FIXTURE_TCP4, FIXTURE_UNIX_STREAM};
    struct pendio_loop_options options = {
        .size = sizeof options,
        .buffer_count = BUFFER_COUNT,
        .buffer_bytes = BUFFER_BYTES,
        .collect_bytes = 4 * BUFFER_BYTES,
    };
    static struct fixture_pair pairs[PAIR_COUNT];
    const uint64_t piece_count = (uint64_t)ROUND_COUNT * PAIR_COUNT * BURST_COUNT;
    uint64_t before_count, bound;

    fixture_init_with(&fixture, &options, PAIR_COUNT, 0);
    for (int i = 0; i < PAIR_COUNT; i++) {
        pairs[i] = fixture_pair(&fixture, families[_i]);
        expect_pending(pendio_receive(lending_get(&fixture), pairs[i].near));
    }
    fixture_quiet(&fixture);
    bound = lending_collects(&fixture) && families[_i] == FIXTURE_TCP4 ? 3 : 6; /* quarters */
    before_count = request_count();
    for (int i = 0; i < ROUND_COUNT; i++)
        read_bursts(pairs);
    ck_assert_uint_le(4 * (request_count() - before_count), bound * piece_count);
    for (int i = 0; i < PAIR_COUNT; i++)
        close(pairs[i].far);
    fixture_discard(&fixture);
}
END_TEST

enum {
    FLOOD_COUNT = 32,   /* messages, or pieces, there are from the start */
    TAKER_COUNT = 8,    /* contexts that take them; or as many as there are buffers */
    PATIENCE_COUNT = 12 /* of them that may come before another's only one */
};

static void flood(const struct fixture_pair *pair)
{
    static const unsigned char piece[BUFFER_BYTES];

    for (int i = 0; i < FLOOD_COUNT; i++)
        fixture_put(pair->far, piece, sizeof piece);
}

/* Starts whatever was delivered again, until `waiting` was; returns how many others were. */
static int takes_until(const struct pendio_context *waiting)
{
    for (int count = 0;; count++) {
        const struct pendio_completion *completion = fixture_next(&fixture);

        ck_assert_int_eq(completion->error, 0);
        if (completion->context == waiting || count > PATIENCE_COUNT)
            return count;
        expect_pending(pendio_receive(completion->context, completion->handle));
    }
}

START_TEST(who_always_has_data_keeps_no_other_from_a_buffer)
{
    struct pendio_loop_options options = {
        .size = sizeof options, .buffer_count = 2, .buffer_bytes = BUFFER_BYTES};
    enum fixture_family family = (enum fixture_family)(_i % FIXTURE_FAMILY_COUNT);
    int taker_count = _i < FIXTURE_FAMILY_COUNT ? TAKER_COUNT : 2;
    struct fixture_pair flooded[2], pair;
    struct pendio_context *waiting;

    fixture_init_with(&fixture, &options, TAKER_COUNT + 1, 0);
    pair = fixture_pair(&fixture, family);
    for (int i = 0; i < 2; i++)
        flooded[i] = fixture_pair(&fixture, family);
    for (int i = 0; i < taker_count; i++) {
        struct pendio_context *taker = lending_get(&fixture);

        ck_assert_int_eq(pendio_context_set_policy(taker, PENDIO_QUEUE), 0);
        expect_pending(pendio_receive(taker, flooded[i % 2].near));
    }
    for (int i = 0; i < 2; i++)
        flood(&flooded[i]);
    fixture_wait(&fixture, 1);
    for (int i = 0; i < 3; i++) {
        waiting = lending_get(&fixture);
        expect_pending(pendio_receive(waiting, pair.near));
        fixture_put(pair.far, "abc", 3);
        ck_assert_int_le(takes_until(waiting), PATIENCE_COUNT);
        ck_assert_int_eq(pendio_pool_put(waiting), 0);
    }
    for (int i = 0; i < 2; i++)
        close(flooded[i].far);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {who_finds_no_buffer_is_asked_again_when_there_is_one_for_him, 2},
        {who_always_has_data_keeps_no_other_from_a_buffer, 2 * FIXTURE_FAMILY_COUNT},
    };

    return fixture_run("contract: lending, to a crowd", cases, sizeof cases / sizeof cases[0]);
}
