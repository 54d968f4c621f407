/*
 * send_now_test.c - a send that is all a turn has for the kernel leaves without the ring.
 *
 * Happy path:  the table of the loop's ring is replaced by one that counts: how often the ring is
 *              entered, and how often a send is tried without it.
 * Failures:    where it would have to wait, or something is to be collected, the ring has it; and
 *              who had to wait once is not tried again at once.
 */
#include "fixture.h"
#include "workbench.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE_BYTES = 1 << 20, PAUSE_COUNT = 8 };

static struct fixture fixture;

static struct {
    struct pnd_ring_backend table;
    uint32_t entered_count; /* with something to hand over */
    uint32_t tried_count;
    uint32_t sent_count;
} stand_in;

static struct pnd_ring *ring_of_loop(void)
{
    return &workbench_inside(fixture.loop)->ring;
}

static int submit(struct pnd_ring *ring, int64_t wait_ns)
{
    stand_in.entered_count += pnd_ring_queued_count(ring) != 0;
    return pnd_ring_uring.submit(ring, wait_ns);
}

static bool send_now(struct pnd_ring *ring, struct pnd_ring_completion *ret_completion)
{
    bool is_sent = pnd_ring_uring.send_now(ring, ret_completion);

    stand_in.tried_count++;
    stand_in.sent_count += is_sent;
    return is_sent;
}

static void begin_with(uint64_t spin_ns)
{
    struct pendio_loop_options options = {.size = sizeof options, .spin_ns = spin_ns};

    memset(&stand_in, 0, sizeof stand_in);
    stand_in.table = pnd_ring_uring;
    stand_in.table.submit = submit;
    stand_in.table.send_now = send_now;
    fixture_init_with(&fixture, &options, 16, 64);
    ring_of_loop()->backend = &stand_in.table;
}

static void begin(void)
{
    begin_with(0);
}

static void end(const struct fixture_pair *pair)
{
    ring_of_loop()->backend = &pnd_ring_uring;
    close(pair->far);
    fixture_fini(&fixture);
}

static void expect_counts(uint32_t entered_count, uint32_t tried_count, uint32_t sent_count)
{
    ck_assert_uint_eq(stand_in.entered_count, entered_count);
    ck_assert_uint_eq(stand_in.tried_count, tried_count);
    ck_assert_uint_eq(stand_in.sent_count, sent_count);
    stand_in.entered_count = stand_in.tried_count = stand_in.sent_count = 0;
}

/* One byte, wherever in the ring its entry is. */
static void send_byte(struct pendio_context *context, const struct fixture_pair *pair)
{
    char byte;

    expect_pending(pendio_send(context, pair->near));
    expect_next(&fixture, context, 0, 1, 0);
    fixture_take(pair->far, &byte, 1);
    ck_assert_int_eq(byte, 'b');
}

/* _i: the family. */
START_TEST(single_send_takes_no_entry_of_the_ring)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    bool can_look;

    begin();
    can_look = ring_of_loop()->can_look;
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = fixture_over(&fixture, (void *)(uintptr_t) "b", 1);
    stand_in.entered_count = 0;
    for (uint32_t i = 0; i < 2 * ring_of_loop()->entry_count; i++) {
        send_byte(context, &pair);
        expect_counts(!can_look, can_look, can_look);
    }
    ck_assert_uint_ge(fixture_stats(&fixture).requests, 2 * ring_of_loop()->entry_count);
    end(&pair);
}
END_TEST

START_TEST(loop_that_looks_before_it_sleeps_sends_so_too)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    bool can_look;

    begin_with(50000);
    can_look = ring_of_loop()->can_look;
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = fixture_over(&fixture, (void *)(uintptr_t) "b", 1);
    stand_in.entered_count = 0;
    for (int i = 0; i < 20; i++) {
        send_byte(context, &pair);
        expect_counts(!can_look, can_look, can_look);
    }
    end(&pair);
}
END_TEST

/* Its entry is the last of a row, the first of one, or between. */
START_TEST(send_beside_another_request_goes_by_the_ring)
{
    char byte;
    struct pendio_context *contexts[2];
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    contexts[0] = fixture_over(&fixture, (void *)(uintptr_t) "b", 1);
    contexts[1] = fixture_get(&fixture);
    stand_in.entered_count = 0;
    for (uint32_t i = 0; i < 2 * ring_of_loop()->entry_count; i++) {
        expect_pending(pendio_nop(contexts[1], fixture.loop));
        expect_pending(pendio_send(contexts[0], pair.near));
        fixture_wait(&fixture, 2);
        fixture.read_count = fixture.seen_count;
        expect_counts(1, 0, 0);
        fixture_take(pair.far, &byte, 1);
    }
    end(&pair);
}
END_TEST

START_TEST(who_has_something_to_collect_is_not_passed)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pairs[2];

    begin();
    for (int i = 0; i < 2; i++)
        pairs[i] = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    contexts[0] = fixture_over(&fixture, (void *)(uintptr_t) "b", 1);
    contexts[1] = fixture_get(&fixture);
    expect_pending(pendio_receive(contexts[1], pairs[1].near));
    fixture_quiet(&fixture);
    fixture_put(pairs[1].far, "abc", 3);
    stand_in.entered_count = 0;
    expect_pending(pendio_send(contexts[0], pairs[0].near));
    (void)fixture_turn(&fixture, 0);
    expect_counts(1, 0, 0);
    fixture_wait(&fixture, 2);
    fixture.read_count = fixture.seen_count;
    close(pairs[1].far);
    end(&pairs[0]);
}
END_TEST

/* Of which nothing more can be sent for now. */
static struct fixture_pair full_pair(char *memory, size_t *ret_count)
{
    struct fixture_pair pair;
    int ends[2];
    ssize_t part;

    fixture_connect(FIXTURE_UNIX_STREAM, ends);
    *ret_count = 0;
    while ((part = send(ends[0], memory, LARGE_BYTES, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
        *ret_count += (size_t)part;
    pair.near = fixture_adopt(&fixture, ends[0]);
    pair.far = ends[1];
    return pair;
}

/* That shows by one call, and then the ring waits for it to have room. */
START_TEST(who_had_to_wait_is_not_tried_again_at_once)
{
    static char memory[LARGE_BYTES];
    struct pendio_context *contexts[2];
    struct fixture_pair pairs[2];
    bool can_look;
    size_t count;

    begin();
    can_look = ring_of_loop()->can_look;
    pairs[0] = full_pair(memory, &count);
    pairs[1] = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < 2; i++)
        contexts[i] = fixture_over(&fixture, (void *)(uintptr_t) "b", 1);
    expect_pending(pendio_send(contexts[0], pairs[0].near));
    (void)fixture_turn(&fixture, 0);
    expect_counts(1, can_look, 0);
    for (int i = 0; i < PAUSE_COUNT; i++) {
        send_byte(contexts[1], &pairs[1]);
        expect_counts(1, 0, 0);
    }
    send_byte(contexts[1], &pairs[1]);
    expect_counts(!can_look, can_look, can_look);
    fixture_take(pairs[0].far, memory, count);
    expect_next(&fixture, contexts[0], 0, 1, 0);
    close(pairs[1].far);
    end(&pairs[0]);
}
END_TEST

START_TEST(what_fails_is_told_as_by_the_ring)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = fixture_over(&fixture, (void *)(uintptr_t) "b", 1);
    close(pair.far);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, -EPIPE, 0, 0);
    expect_done(pendio_send(context, pair.near));
    expect_result(context, -EPIPE, 0, 0);
    pair.far = -1;
    end(&pair);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {single_send_takes_no_entry_of_the_ring, FIXTURE_FAMILY_COUNT},
        {loop_that_looks_before_it_sleeps_sends_so_too, 0},
        {send_beside_another_request_goes_by_the_ring, 0},
        {who_has_something_to_collect_is_not_passed, 0},
        {who_had_to_wait_is_not_tried_again_at_once, 0},
        {what_fails_is_told_as_by_the_ring, 0},
    };
    return fixture_run("runtime: send now", cases, sizeof cases / sizeof cases[0]);
}
