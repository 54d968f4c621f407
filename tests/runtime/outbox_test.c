/*
 * outbox_test.c - what becomes of sends that one request carries, whatever the kernel answers.
 *
 * Happy path:  the table of the loop's ring is replaced by one that sends nothing: it keeps the
 *              bytes of every send it is handed, and the test answers it.
 * Failures:    every answer is tried, with and without one of the sends cancelled: what each is
 *              told and what is asked for next must fit together.
 */
#include "fixture.h"
#include "loop.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT = 3, TOTAL_BYTES = 9, ROOM_BYTES = 64 };

static const char letters[] = "abcdefghi";
static const uint32_t begins[COUNT + 1] = {0, 3, 5, TOTAL_BYTES};

static struct fixture fixture;
static struct fixture_pair pair;
static struct pendio_context *contexts[COUNT];

static struct {
    struct pnd_ring_backend table;
    char asked[ROOM_BYTES]; /* the bytes of the last send */
    uint64_t token;         /* whose it was; 0: there was none since the last answer */
    uint64_t cancelled;     /* whose cancel was asked for last */
    int32_t answer;         /* INT32_MAX: none */
    bool keeps;             /* the entries stay in the ring */
} stand_in;

static struct pnd_loop *inside(void)
{
    return (struct pnd_loop *)fixture.loop;
}

/* ---- the ring ------------------------------------------------------------------------------- */

static void note_pieces(const struct iovec *pieces, size_t piece_count)
{
    size_t byte_count = 0;

    memset(stand_in.asked, 0, sizeof stand_in.asked);
    for (size_t i = 0; i < piece_count; i++) {
        memcpy(stand_in.asked + byte_count, pieces[i].iov_base, pieces[i].iov_len);
        byte_count += pieces[i].iov_len;
    }
}

static void note_send(const struct io_uring_sqe *entry)
{
    const struct iovec alone = {(void *)(uintptr_t)entry->addr, entry->len};
    const struct msghdr *message = (const struct msghdr *)(uintptr_t)entry->addr;

    if (entry->opcode == IORING_OP_SENDMSG)
        note_pieces(message->msg_iov, message->msg_iovlen);
    else if (entry->ioprio == PND_SEND_VECTOR)
        note_pieces((const struct iovec *)(uintptr_t)entry->addr, entry->len);
    else
        note_pieces(&alone, 1);
    stand_in.token = entry->user_data;
}

static int submit(struct pnd_ring *ring, int64_t wait_ns)
{
    if (stand_in.keeps)
        return -EBUSY;
    for (uint32_t left = pnd_ring_queued_count(ring); left != 0; left--) {
        struct io_uring_sqe *entry = pnd_ring_queued(ring, pnd_ring_tail(ring) - left + 1);
        uint64_t user_data = entry->user_data;

        if (entry->opcode == IORING_OP_SEND || entry->opcode == IORING_OP_SENDMSG) {
            note_send(entry);
            user_data = PND_TOKEN_ALARM_MOVED;
        } else if (entry->opcode == IORING_OP_ASYNC_CANCEL) {
            stand_in.cancelled = entry->addr;
        } else {
            continue;
        }
        *entry = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = user_data};
    }
    return pnd_ring_uring.submit(ring, wait_ns);
}

static uint32_t collect(struct pnd_ring *ring)
{
    static struct pnd_ring_completion given;

    if (stand_in.answer == INT32_MAX)
        return pnd_ring_uring.collect(ring);
    given = (struct pnd_ring_completion){.user_data = stand_in.token, .result = stand_in.answer};
    ring->given = &given;
    stand_in.answer = INT32_MAX;
    stand_in.token = 0;
    return 1;
}

static void turn(void)
{
    ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
}

/* The request under way is answered; what follows from that is asked for. */
static void answer(int32_t result)
{
    ck_assert_uint_ne(stand_in.token, 0);
    stand_in.answer = result;
    turn();
    turn();
}

/* ---- the stage ------------------------------------------------------------------------------ */

/* With vectors, where the kernel takes those, or messages. */
static void begin(bool with_messages)
{
    memset(&stand_in, 0, sizeof stand_in);
    stand_in.answer = INT32_MAX;
    stand_in.table = pnd_ring_uring;
    stand_in.table.submit = submit;
    stand_in.table.collect = collect;
    stand_in.table.send_now = NULL;
    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    for (int i = 0; i < COUNT; i++)
        contexts[i] = fixture_over(&fixture, (void *)(uintptr_t)(letters + begins[i]),
                                   begins[i + 1] - begins[i]);
    inside()->ring.backend = &stand_in.table;
    inside()->ring.sends_vectors = inside()->ring.sends_vectors && !with_messages;
}

static void end(void)
{
    turn();
    ck_assert_uint_eq(stand_in.token, 0);
    inside()->ring.backend = &pnd_ring_uring;
    close(pair.far);
    fixture_fini(&fixture);
}

static void send_all(void)
{
    for (int i = 0; i < COUNT; i++)
        expect_pending(pendio_send(contexts[i], pair.near));
    turn();
    ck_assert_str_eq(stand_in.asked, letters);
}

/* Of send i, when the first `gone` bytes of all have gone. */
static uint64_t part_of(int i, uint32_t gone)
{
    if (gone <= begins[i])
        return 0;
    return gone < begins[i + 1] ? gone - begins[i] : begins[i + 1] - begins[i];
}

static bool is_whole(int i, uint32_t gone)
{
    return gone >= begins[i + 1];
}

/* ---- tests ---------------------------------------------------------------------------------- */

START_TEST(bytes_that_have_gone_are_theirs_in_order)
{
    uint32_t gone = 1 + (uint32_t)_i / 2;

    begin(_i % 2 == 1);
    send_all();
    answer((int32_t)gone);
    for (int i = 0; i < COUNT && is_whole(i, gone); i++)
        expect_next(&fixture, contexts[i], 0, begins[i + 1] - begins[i], 0);
    ck_assert_uint_eq(fixture.read_count, fixture.seen_count);
    if (gone != TOTAL_BYTES) {
        ck_assert_str_eq(stand_in.asked, letters + gone);
        answer((int32_t)(TOTAL_BYTES - gone));
    }
    for (int i = 0; i < COUNT; i++)
        if (!is_whole(i, gone))
            expect_next(&fixture, contexts[i], 0, begins[i + 1] - begins[i], 0);
    end();
}
END_TEST

START_TEST(an_answer_to_another_run_of_that_slot_is_not_theirs)
{
    uint64_t token;

    begin(_i == 1);
    send_all();
    token = stand_in.token;
    stand_in.token = token ^ UINT64_C(1) << PND_TOKEN_SLOT_BITS;
    answer((int32_t)TOTAL_BYTES);
    ck_assert_uint_eq(fixture.seen_count, 0);
    ck_assert_uint_eq(stand_in.token, 0); /* nothing was asked for again */
    ck_assert_uint_eq(inside()->stats.stale_completions, 1);
    inside()->stats.stale_completions = 0; /* the fixture takes it for a fault */
    stand_in.token = token;
    answer((int32_t)TOTAL_BYTES);
    for (int i = 0; i < COUNT; i++)
        expect_next(&fixture, contexts[i], 0, begins[i + 1] - begins[i], 0);
    end();
}
END_TEST

/* All that is left of those who were not cancelled. */
static void expect_asked(uint32_t gone, int but)
{
    char left[ROOM_BYTES] = "";

    for (int i = 0; i < COUNT; i++)
        if (i != but)
            strncat(left, letters + begins[i] + part_of(i, gone),
                    begins[i + 1] - begins[i] - part_of(i, gone));
    ck_assert_str_eq(stand_in.token != 0 ? stand_in.asked : "", left);
}

START_TEST(whoever_is_cancelled_ends_with_its_own_bytes_alone)
{
    uint32_t gone = (uint32_t)_i / COUNT;
    int chosen = _i % COUNT;
    uint64_t token;

    begin(_i % 2 == 1);
    send_all();
    token = stand_in.token;
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[chosen])), 0);
    turn();
    ck_assert_uint_eq(stand_in.cancelled, token);
    answer(gone == 0 ? -ECANCELED : (int32_t)gone);
    for (int i = 0; i < COUNT; i++)
        if (is_whole(i, gone))
            expect_next(&fixture, contexts[i], 0, begins[i + 1] - begins[i], 0);
    if (!is_whole(chosen, gone))
        expect_next(&fixture, contexts[chosen], -ECANCELED, part_of(chosen, gone),
                    PENDIO_BY_CANCEL);
    ck_assert_uint_eq(fixture.read_count, fixture.seen_count);
    expect_asked(gone, is_whole(chosen, gone) ? -1 : chosen);
    if (stand_in.token != 0)
        answer((int32_t)strlen(stand_in.asked));
    for (int i = 0; i < COUNT; i++)
        if (i != chosen && !is_whole(i, gone))
            expect_next(&fixture, contexts[i], 0, begins[i + 1] - begins[i], 0);
    end();
}
END_TEST

/* The cancel was under way when the request ended by itself, and meets the one that follows. */
START_TEST(a_cancel_that_comes_late_ends_nobody)
{
    begin(_i == 1);
    send_all();
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[1])), 0);
    turn();
    answer(1);
    expect_next(&fixture, contexts[1], -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_str_eq(stand_in.asked, "bcfghi");
    answer(-ECANCELED);
    ck_assert_uint_eq(fixture.read_count, fixture.seen_count);
    ck_assert_str_eq(stand_in.asked, "bcfghi");
    answer(6);
    expect_next(&fixture, contexts[0], 0, 3, 0);
    expect_next(&fixture, contexts[2], 0, 4, 0);
    end();
}
END_TEST

START_TEST(an_error_of_the_moment_is_asked_again)
{
    begin(_i == 1);
    send_all();
    answer(-EINTR);
    ck_assert_str_eq(stand_in.asked, letters);
    answer(TOTAL_BYTES);
    for (int i = 0; i < COUNT; i++)
        expect_next(&fixture, contexts[i], 0, begins[i + 1] - begins[i], 0);
    end();
}
END_TEST

START_TEST(room_is_waited_for_and_all_leave_together)
{
    begin(_i == 1);
    send_all();
    answer(-EAGAIN); /* the descriptor has room: a poll says so at once */
    for (int i = 0; i < 3 && stand_in.token == 0; i++)
        turn();
    ck_assert_str_eq(stand_in.asked, letters);
    answer(TOTAL_BYTES);
    for (int i = 0; i < COUNT; i++)
        expect_next(&fixture, contexts[i], 0, begins[i + 1] - begins[i], 0);
    end();
}
END_TEST

START_TEST(an_error_that_may_be_of_another_is_heard_again_alone)
{
    begin(_i == 1);
    send_all();
    answer(-EFAULT);
    ck_assert_str_eq(stand_in.asked, "abc");
    answer(3);
    expect_next(&fixture, contexts[0], 0, 3, 0);
    ck_assert_str_eq(stand_in.asked, "defghi");
    answer(-EFAULT);
    ck_assert_str_eq(stand_in.asked, "de");
    answer(-EFAULT);
    expect_next(&fixture, contexts[1], -EFAULT, 0, 0);
    ck_assert_str_eq(stand_in.asked, "fghi");
    answer(4);
    expect_next(&fixture, contexts[2], 0, 4, 0);
    end();
}
END_TEST

START_TEST(a_fatal_error_ends_the_first_with_its_bytes_and_the_others_with_none)
{
    begin(_i == 1);
    send_all();
    answer(4);
    expect_next(&fixture, contexts[0], 0, 3, 0);
    answer(-EPIPE);
    expect_next(&fixture, contexts[1], -EPIPE, 1, 0);
    expect_next(&fixture, contexts[2], -EPIPE, 0, 0);
    expect_done(pendio_send(contexts[0], pair.near));
    expect_result(contexts[0], -EPIPE, 0, 0);
    end();
}
END_TEST

START_TEST(a_kernel_that_takes_nothing_and_says_no_error_is_not_asked_for_ever)
{
    begin(_i == 1);
    send_all();
    answer(0);
    expect_next(&fixture, contexts[0], -EIO, 0, 0);
    answer(6);
    expect_next(&fixture, contexts[1], 0, 2, 0);
    expect_next(&fixture, contexts[2], 0, 4, 0);
    end();
}
END_TEST

/* A ring that takes no entries now: what they point to stays until they were taken. */
START_TEST(entries_that_linger_keep_their_pieces)
{
    struct fixture_pair other;
    struct pendio_context *more[2];

    begin(_i == 1);
    other = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    stand_in.keeps = true;
    for (int i = 0; i < COUNT; i++)
        expect_pending(pendio_send(contexts[i], pair.near));
    turn();
    for (int i = 0; i < 2; i++) {
        more[i] = fixture_over(&fixture, (void *)(uintptr_t) "xy", 2);
        expect_pending(pendio_send(more[i], other.near));
    }
    turn();
    ck_assert_uint_eq(fixture_stats(&fixture).gathers, 2);
    ck_assert_uint_eq(pnd_ring_queued_count(&inside()->ring), 2);
    note_send(pnd_ring_queued(&inside()->ring, pnd_ring_tail(&inside()->ring) - 1));
    ck_assert_str_eq(stand_in.asked, letters);
    inside()->ring.backend = &pnd_ring_uring;
    fixture_wait(&fixture, COUNT + 2);
    for (int i = 0; i < COUNT; i++)
        expect_next(&fixture, contexts[i], 0, begins[i + 1] - begins[i], 0);
    for (int i = 0; i < 2; i++)
        expect_next(&fixture, more[i], 0, 2, 0);
    close(other.far);
    stand_in.token = 0;
    end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {bytes_that_have_gone_are_theirs_in_order, 2 * TOTAL_BYTES},
        {an_answer_to_another_run_of_that_slot_is_not_theirs, 2},
        {whoever_is_cancelled_ends_with_its_own_bytes_alone, COUNT * (TOTAL_BYTES + 1)},
        {a_cancel_that_comes_late_ends_nobody, 2},
        {an_error_of_the_moment_is_asked_again, 2},
        {room_is_waited_for_and_all_leave_together, 2},
        {an_error_that_may_be_of_another_is_heard_again_alone, 2},
        {a_fatal_error_ends_the_first_with_its_bytes_and_the_others_with_none, 2},
        {a_kernel_that_takes_nothing_and_says_no_error_is_not_asked_for_ever, 2},
        {entries_that_linger_keep_their_pieces, 2},
    };
    return fixture_run("runtime: outbox", cases, sizeof cases / sizeof cases[0]);
}
