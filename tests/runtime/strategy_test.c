/*
 * strategy_test.c - how a stream is received from where the kernel does not do as it was asked.
 *
 * Happy path:  the table of the loop's ring is replaced by one that refuses requests for many, or
 *              the ring of buffers: single receives bring the data, and the loop says so.
 */
#include "fixture.h"
#include "loop.h"
#include "pool.h"

#include <string.h>
#include <unistd.h>

enum { MANY = 16 }; /* pieces in a row that make a stream one to be received from ahead */

static struct fixture fixture;
static struct fixture_pair pair;

static struct {
    struct pnd_ring_backend table;
    int32_t refusal;
    uint32_t refused_count;
} stand_in;

static struct pnd_loop *inside(void)
{
    return (struct pnd_loop *)fixture.loop;
}

static int submit(struct pnd_ring *ring, int64_t wait_ns)
{
    for (uint32_t left = pnd_ring_queued_count(ring); left != 0; left--) {
        struct io_uring_sqe *entry = pnd_ring_queued(ring, pnd_ring_tail(ring) - left + 1);

        if (entry->opcode == IORING_OP_RECV && (entry->ioprio & IORING_RECV_MULTISHOT))
            *entry = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = entry->user_data};
    }
    return pnd_ring_uring.submit(ring, wait_ns);
}

static uint32_t collect(struct pnd_ring *ring)
{
    uint32_t count = pnd_ring_uring.collect(ring);

    for (uint32_t i = 0; i < count; i++) {
        if (pnd_token_slot(ring->given[i].user_data) != PND_TOKEN_MULTISHOT)
            continue;
        ring->given[i].result = stand_in.refusal;
        stand_in.refused_count++;
    }
    return count;
}

static int register_none(struct pnd_ring *ring, struct io_uring_buf *entries, uint32_t entry_count,
                         bool is_incremental)
{
    (void)ring;
    (void)entries;
    (void)entry_count;
    (void)is_incremental;
    return -ENOMEM;
}

static void begin(void)
{
    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    stand_in.table = pnd_ring_uring;
    inside()->ring.backend = &stand_in.table;
}

static void end(void)
{
    inside()->ring.backend = &pnd_ring_uring;
    close(pair.far);
    fixture_discard(&fixture);
}

/* By a context with memory of its own, or without. */
static void receive_pieces(bool lends)
{
    struct pendio_context *context = fixture_get(&fixture);

    if (lends)
        ck_assert_int_eq(pendio_context_set_lending(context), 0);
    for (int i = 0; i < MANY; i++) {
        const struct pendio_completion *completion;

        expect_pending(pendio_receive(context, pair.near));
        (void)fixture_turn(&fixture, 0);
        fixture_put(pair.far, "abc", 3);
        completion = fixture_next(&fixture);
        ck_assert_uint_eq(completion->bytes, 3);
        ck_assert_mem_eq((const void *)(uintptr_t)completion->memory, "abc", 3);
    }
}

static void expect_single(uint32_t reason)
{
    fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE, reason);
    ck_assert_uint_eq(fixture_stats(&fixture).streams_ahead, 0);
}

static void pin(void)
{
    ck_assert_int_eq(pendio_handle_set_receive(fixture.loop, pair.near, PENDIO_RECEIVE_MULTISHOT),
                     0);
}

/* _i: own memory or lent; chosen or pinned; which refusal. */
START_TEST(stream_whose_request_for_many_is_refused_is_asked_one_by_one)
{
    bool is_pinned = _i / 2 % 2 != 0;

    begin();
    stand_in.table.submit = submit;
    stand_in.table.collect = collect;
    stand_in.refusal = _i / 4 == 0 ? -EAGAIN : -EINVAL;
    stand_in.refused_count = 0;
    if (is_pinned)
        pin();
    receive_pieces(_i % 2 != 0);
    expect_single(is_pinned ? PENDIO_RECEIVE_PINNED : PENDIO_RECEIVE_UNDECIDED);
    if (fixture_stats(&fixture).features & PENDIO_FEATURE_MULTISHOT_RECEIVE)
        ck_assert_uint_eq(stand_in.refused_count, 1);
    end();
}
END_TEST

START_TEST(where_the_ring_takes_no_buffers_streams_are_asked_one_by_one)
{
    bool is_pinned = _i / 2 != 0;

    begin();
    stand_in.table.register_buffers = register_none;
    if (is_pinned)
        pin();
    receive_pieces(_i % 2 != 0);
    expect_single(is_pinned ? PENDIO_RECEIVE_PINNED : PENDIO_RECEIVE_UNDECIDED);
    ck_assert_uint_eq(fixture_stats(&fixture).ahead_for_lone, 0);
    end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {stream_whose_request_for_many_is_refused_is_asked_one_by_one, 8},
        {where_the_ring_takes_no_buffers_streams_are_asked_one_by_one, 4},
    };

    return fixture_run("runtime: strategy", cases, sizeof cases / sizeof cases[0]);
}
