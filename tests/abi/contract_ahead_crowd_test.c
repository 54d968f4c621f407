/*
 * contract_ahead_crowd_test.c - streams that are busy together, with memory of their own.
 *
 * - Small pieces come by one request for many, and it is told why; large ones do not.
 * - What nobody asks for any more leaves buffers for who is to be lent some.
 */
#include "lending.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { STREAM_COUNT = 80, FEW = 3, MANY = 20, SMALL_BYTES = 3, LARGE_BYTES = 8192 };

static struct fixture fixture;
static struct fixture_pair pairs[STREAM_COUNT];
static struct pendio_context *contexts[STREAM_COUNT];

static void begin(int count)
{
    fixture_init_with(&fixture, NULL, STREAM_COUNT + 64, LARGE_BYTES);
    for (int i = 0; i < count; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_TCP4);
        contexts[i] = fixture_get(&fixture);
    }
}

static void end(int count)
{
    for (int i = 0; i < count; i++)
        close(pairs[i].far);
    fixture_discard(&fixture);
}

static int index_of(const struct pendio_context *context)
{
    int i = 0;

    while (contexts[i] != context)
        i++;
    return i;
}

/* Each gets a piece of so many bytes, in the same turn; what comes in parts is asked for again. */
static void receive_together(int count, uint32_t byte_count)
{
    static unsigned char bytes[LARGE_BYTES];
    uint64_t left_bytes[STREAM_COUNT];
    int left_count = count;

    for (int i = 0; i < count; i++) {
        left_bytes[i] = byte_count;
        expect_pending(pendio_receive(contexts[i], pairs[i].near));
    }
    fixture_quiet(&fixture);
    for (int i = 0; i < count; i++)
        fixture_put(pairs[i].far, bytes, byte_count);
    while (left_count != 0) {
        struct pendio_completion next = *fixture_next(&fixture);
        int i = index_of(next.context);

        left_bytes[i] -= next.bytes;
        while (left_bytes[i] != 0 && pendio_receive(contexts[i], pairs[i].near) == PENDIO_DONE) {
            ck_assert_int_eq(pendio_context_result(contexts[i], &next), 0);
            left_bytes[i] -= next.bytes;
        }
        left_count -= left_bytes[i] == 0;
    }
}

/* As Linux does from 6.17 on, which no statistic tells: a request ends after so many bytes. */
static bool has_limits(void)
{
    struct utsname name;
    int major = 0, minor = 0;

    ck_assert_int_eq(uname(&name), 0);
    ck_assert_int_eq(sscanf(name.release, "%d.%d", &major, &minor), 2);
    return major > 6 || (major == 6 && minor >= 17);
}

/* Once many have had small pieces. */
static bool comes_ahead(void)
{
    struct pendio_loop_statistics stats = fixture_stats(&fixture);
    bool is_possible =
        lending_collects(&fixture) && (stats.features & PENDIO_FEATURE_INCREMENTAL_BUFFERS) != 0;

    ck_assert(is_possible || stats.ahead_for_crowd == 0);
    ck_assert(!is_possible || !has_limits() || stats.ahead_for_crowd != 0);
    return stats.ahead_for_crowd != 0;
}

START_TEST(small_pieces_come_ahead_until_they_are_large)
{
    static const uint32_t byte_counts[] = {SMALL_BYTES, LARGE_BYTES, SMALL_BYTES};

    begin(FEW);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < MANY; k++)
            receive_together(FEW, byte_counts[i]);
        for (int k = 0; comes_ahead() && k < FEW; k++)
            fixture_expect_receive(&fixture, pairs[k].near,
                                   i == 1 ? PENDIO_RECEIVE_SINGLE : PENDIO_RECEIVE_MULTISHOT,
                                   i == 1 ? PENDIO_RECEIVE_LARGE : PENDIO_RECEIVE_CROWDED);
        ck_assert_uint_eq(fixture_stats(&fixture).ahead_for_lone, 0);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).ahead_for_crowd, comes_ahead() ? 2 * FEW : 0);
    end(FEW);
}
END_TEST

/* Pieces that become large and small again and again are not followed for ever. */
START_TEST(who_changes_often_is_not_followed)
{
    enum { CHANGE_COUNT = 10, DOUBTS = 4 };

    begin(FEW);
    for (int i = 0; i < CHANGE_COUNT; i++)
        for (int k = 0; k < MANY; k++)
            receive_together(FEW, i % 2 == 0 ? SMALL_BYTES : LARGE_BYTES);
    ck_assert_uint_le(fixture_stats(&fixture).ahead_for_crowd, DOUBTS * FEW);
    end(FEW);
}
END_TEST

START_TEST(what_nobody_asks_for_leaves_buffers_to_lend)
{
    static const unsigned char bytes[65536];
    struct fixture_pair pair;
    struct pendio_context *lender;

    begin(STREAM_COUNT);
    for (int i = 0; i < MANY; i++)
        receive_together(STREAM_COUNT, SMALL_BYTES);
    ck_assert_uint_eq(fixture_stats(&fixture).streams_ahead, comes_ahead() ? STREAM_COUNT : 0);
    for (int i = 0; i < STREAM_COUNT; i++)
        fixture_put(pairs[i].far, bytes, sizeof bytes);
    fixture_quiet(&fixture);
    ck_assert_uint_le(lending_in_use(&fixture), fixture_stats(&fixture).buffers / 2);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    lender = lending_get(&fixture);
    expect_pending(pendio_receive(lender, pair.near));
    fixture_put(pair.far, "lent", 4);
    lending_expect(fixture_next(&fixture), "lent");
    close(pair.far);
    end(STREAM_COUNT);
}
END_TEST

/* Each holds what it is lent: more in all than comes ahead for memory of one's own. */
START_TEST(who_is_lent_to_has_the_whole_bound)
{
    enum { LENT_COUNT = 8, LENT_BYTES = 4096 };
    static const unsigned char bytes[LENT_BYTES];

    begin(FEW);
    for (int i = 0; i < MANY; i++)
        receive_together(FEW, SMALL_BYTES);
    for (int i = 0; i < LENT_COUNT; i++) {
        uint64_t left_bytes = LENT_BYTES;

        fixture_put(pairs[0].far, bytes, sizeof bytes);
        while (left_bytes != 0) {
            struct pendio_completion next =
                lending_receive(&fixture, lending_get(&fixture), pairs[0].near);

            ck_assert_int_eq(next.error, 0);
            left_bytes -= next.bytes;
        }
    }
    end(FEW);
}
END_TEST

/* Whoever has memory needs no buffer, whatever others hold of the same stream. */
START_TEST(what_is_lent_holds_up_nobody_with_memory)
{
    enum { LENT_COUNT = 6, LENT_BYTES = 4096 };
    static const unsigned char bytes[LENT_BYTES];

    begin(1);
    for (int i = 0; i < LENT_COUNT; i++) {
        fixture_put(pairs[0].far, bytes, sizeof bytes);
        for (uint64_t left_bytes = LENT_BYTES; left_bytes != 0;)
            left_bytes -= lending_receive(&fixture, lending_get(&fixture), pairs[0].near).bytes;
    }
    for (int i = 0; i < 2; i++) /* so it is chosen anew, for small pieces */
        ck_assert_int_eq(
            pendio_handle_set_receive(fixture.loop, pairs[0].near,
                                      i == 0 ? PENDIO_RECEIVE_SINGLE : PENDIO_RECEIVE_ADAPTIVE),
            0);
    for (int i = 0; i < MANY; i++)
        receive_together(1, SMALL_BYTES);
    end(1);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {small_pieces_come_ahead_until_they_are_large, 0}, {who_changes_often_is_not_followed, 0},
        {what_nobody_asks_for_leaves_buffers_to_lend, 0},  {who_is_lent_to_has_the_whole_bound, 0},
        {what_is_lent_holds_up_nobody_with_memory, 0},
    };

    return fixture_run("contract: ahead, crowd", cases, sizeof cases / sizeof cases[0]);
}
