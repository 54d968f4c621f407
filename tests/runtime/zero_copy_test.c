/*
 * zero_copy_test.c - what becomes of a send that copies nothing, whatever the kernel answers.
 *
 * Happy path:  the table of the loop's ring is replaced by one that lets such requests do nothing;
 *              the test answers them, in any order of results and notices.
 * Failures:    each request that was asked for is seen: how often, of which kind, for which bytes.
 */
#include "fixture.h"
#include "loop.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEEN_COUNT = 8 };

static struct fixture fixture;

static struct {
    struct pnd_ring_backend table;
    struct io_uring_sqe seen[SEEN_COUNT]; /* all sends, as they were asked for */
    uint32_t seen_count;
    struct pnd_ring_completion answer; /* user_data 0: none */
    uint32_t room_count;               /* for notices, when all are there */
} stand_in;

static struct pnd_loop *inside(void)
{
    return (struct pnd_loop *)fixture.loop;
}

static bool copies_nothing(const struct io_uring_sqe *entry)
{
    return entry->opcode == IORING_OP_SEND_ZC || entry->opcode == IORING_OP_SENDMSG_ZC;
}

static bool is_send(const struct io_uring_sqe *entry)
{
    return copies_nothing(entry) || entry->opcode == IORING_OP_SEND ||
           entry->opcode == IORING_OP_SENDMSG;
}

static int submit(struct pnd_ring *ring, int64_t wait_ns)
{
    for (uint32_t left = pnd_ring_queued_count(ring); left != 0; left--) {
        struct io_uring_sqe *entry = pnd_ring_queued(ring, pnd_ring_tail(ring) - left + 1);

        if (!is_send(entry))
            continue;
        ck_assert_uint_lt(stand_in.seen_count, SEEN_COUNT);
        stand_in.seen[stand_in.seen_count++] = *entry;
        if (!copies_nothing(entry))
            continue;
        *entry = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = PND_TOKEN_ALARM_MOVED};
    }
    return pnd_ring_uring.submit(ring, wait_ns);
}

static uint32_t collect(struct pnd_ring *ring)
{
    static struct pnd_ring_completion given;

    if (stand_in.answer.user_data != 0) {
        given = stand_in.answer;
        ring->given = &given;
        stand_in.answer.user_data = 0;
        return 1;
    }
    return pnd_ring_uring.collect(ring);
}

static struct fixture_pair begin(void)
{
    struct fixture_pair pair;

    memset(&stand_in, 0, sizeof stand_in);
    fixture_init(&fixture);
    inside()->ring.features |= PENDIO_FEATURE_ZERO_COPY; /* it is this program that has it */
    inside()->ring.zero_copy_flags = IORING_SEND_ZC_REPORT_USAGE;
    stand_in.table = pnd_ring_uring;
    stand_in.table.submit = submit;
    stand_in.table.collect = collect;
    stand_in.table.send_now = NULL;
    inside()->ring.backend = &stand_in.table;
    stand_in.room_count = inside()->notice_room_count;
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    return pair;
}

static void end(const struct fixture_pair *pair)
{
    ck_assert_uint_eq(inside()->notice_room_count, stand_in.room_count);
    close(pair->far);
    fixture_fini(&fixture);
}

/* Starts a send of "data" and sees what is asked for. */
static struct pendio_context *start(pendio_handle handle)
{
    struct pendio_context *context = fixture_over(&fixture, (void *)(uintptr_t) "data", 4);

    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_ZERO_COPY), 0);
    expect_pending(pendio_send(context, handle));
    fixture_quiet(&fixture);
    return context;
}

static void expect_asked(uint32_t index, uint8_t opcode, size_t offset, uint32_t byte_count)
{
    const struct io_uring_sqe *entry = &stand_in.seen[index];

    ck_assert_uint_eq(stand_in.seen_count, index + 1);
    ck_assert_uint_eq(entry->opcode, opcode);
    ck_assert_uint_eq(entry->len, byte_count);
    ck_assert_mem_eq((const char *)(uintptr_t)entry->addr, &"data"[offset], byte_count);
    ck_assert_uint_eq(entry->ioprio, opcode == IORING_OP_SEND_ZC ? IORING_SEND_ZC_REPORT_USAGE : 0);
}

static void answer(const struct pendio_context *context, int32_t result, uint32_t flags)
{
    stand_in.answer = (struct pnd_ring_completion){
        .user_data = pendio_context_run(context), .result = result, .flags = flags};
    ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
}

/* The first completion of a request, after which a notice comes; and the notice. */
static void answer_first(const struct pendio_context *context, int32_t result)
{
    answer(context, result, IORING_CQE_F_MORE);
}

static void notice(const struct pendio_context *context, bool copied)
{
    answer(context, copied ? (int32_t)IORING_NOTIF_USAGE_ZC_COPIED : 0, IORING_CQE_F_NOTIF);
}

START_TEST(result_waits_for_the_notice)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context = start(pair.near);

    expect_asked(0, IORING_OP_SEND_ZC, 0, 4);
    ck_assert_uint_eq(inside()->notice_room_count, stand_in.room_count - 1);
    answer_first(context, 4);
    fixture_quiet(&fixture);
    notice(context, _i != 0);
    expect_next(&fixture, context, 0, 4, _i != 0 ? PENDIO_COPIED : 0);
    end(&pair);
}
END_TEST

START_TEST(notice_may_come_before_the_result)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context = start(pair.near);

    notice(context, _i != 0);
    fixture_quiet(&fixture);
    answer_first(context, 4);
    expect_next(&fixture, context, 0, 4, _i != 0 ? PENDIO_COPIED : 0);
    end(&pair);
}
END_TEST

START_TEST(result_without_a_notice_is_the_end)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context = start(pair.near);

    answer(context, _i == 0 ? 4 : -ECONNRESET, 0);
    expect_next(&fixture, context, _i == 0 ? 0 : -ECONNRESET, _i == 0 ? 4 : 0, 0);
    end(&pair);
}
END_TEST

START_TEST(error_waits_for_its_notice)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context = start(pair.near);

    answer_first(context, -ECONNRESET);
    fixture_quiet(&fixture);
    notice(context, true);
    expect_next(&fixture, context, -ECONNRESET, 0, 0);
    end(&pair);
}
END_TEST

static const int refusals[] = {EOPNOTSUPP, EINVAL, ENOMEM, ENOBUFS, EMSGSIZE, EFAULT};
enum { REFUSAL_COUNT = sizeof refusals / sizeof refusals[0] };

/* And where that needs a notice, only then it is told. */
START_TEST(refused_request_is_asked_again_as_an_ordinary_one)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context = start(pair.near);
    bool has_notice = _i / REFUSAL_COUNT != 0;

    answer(context, -refusals[_i % REFUSAL_COUNT], has_notice ? IORING_CQE_F_MORE : 0);
    if (has_notice) {
        fixture_quiet(&fixture);
        notice(context, true);
    }
    expect_next(&fixture, context, 0, 4, PENDIO_COPIED);
    expect_asked(1, IORING_OP_SEND, 0, 4);
    end(&pair);
}
END_TEST

START_TEST(family_that_refuses_is_not_asked_twice)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context = start(pair.near);

    answer(context, -refusals[_i], 0);
    expect_next(&fixture, context, 0, 4, PENDIO_COPIED);
    expect_pending(pendio_send(context, pair.near));
    if (refusals[_i] == EOPNOTSUPP) {
        expect_next(&fixture, context, 0, 4, PENDIO_COPIED);
        expect_asked(2, IORING_OP_SEND, 0, 4);
    } else {
        fixture_quiet(&fixture);
        expect_asked(2, IORING_OP_SEND_ZC, 0, 4);
        answer(context, 4, 0);
        expect_next(&fixture, context, 0, 4, 0);
    }
    end(&pair);
}
END_TEST

/* Bits of _i: one of the shares was copied, the other one was. */
START_TEST(every_share_has_a_notice)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context = start(pair.near);

    answer_first(context, 1);
    fixture_quiet(&fixture);
    expect_asked(1, IORING_OP_SEND_ZC, 1, 3);
    answer_first(context, 3);
    ck_assert_uint_eq(inside()->notice_room_count, stand_in.room_count - 2);
    fixture_quiet(&fixture);
    notice(context, (_i & 1) != 0);
    fixture_quiet(&fixture);
    notice(context, (_i & 2) != 0);
    expect_next(&fixture, context, 0, 4, (_i & 3) != 0 ? PENDIO_COPIED : 0);
    end(&pair);
}
END_TEST

START_TEST(request_that_sent_nothing_was_not_copied)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context = start(pair.near);

    answer_first(context, -EAGAIN);
    notice(context, true);
    fixture_quiet(&fixture);
    expect_asked(1, IORING_OP_SEND_ZC, 0, 4);
    answer_first(context, 4);
    notice(context, false);
    expect_next(&fixture, context, 0, 4, 0);
    end(&pair);
}
END_TEST

START_TEST(without_room_for_a_notice_it_is_an_ordinary_send)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context;

    inside()->notice_room_count = 0;
    context = fixture_over(&fixture, (void *)(uintptr_t) "data", 4);
    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_ZERO_COPY), 0);
    expect_pending(pendio_send(context, pair.near));
    expect_next(&fixture, context, 0, 4, PENDIO_COPIED);
    expect_asked(0, IORING_OP_SEND, 0, 4);
    inside()->notice_room_count = stand_in.room_count;
    end(&pair);
}
END_TEST

START_TEST(notice_of_another_run_is_stale)
{
    struct fixture_pair pair = begin();
    struct pendio_context *context = start(pair.near);
    pendio_run run = pendio_context_run(context);

    answer(context, 4, 0);
    expect_next(&fixture, context, 0, 4, 0);
    for (int i = 0; i < 2; i++) { /* of a run that is over, and of one that never asked */
        expect_pending(pendio_receive(context, pair.near));
        stand_in.answer = (struct pnd_ring_completion){
            .user_data = i == 0 ? run : pendio_context_run(context), .flags = IORING_CQE_F_NOTIF};
        fixture_quiet(&fixture);
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
        expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    }
    ck_assert_uint_eq(inside()->stats.stale_completions, 2);
    inside()->stats.stale_completions = 0; /* seen and wanted: otherwise there must be none */
    end(&pair);
}
END_TEST

/* Memory of the pool: one stretch, alone or with an address; a vector and control data never. */
START_TEST(memory_of_a_pool_takes_the_fixed_path)
{
    static const struct pendio_bytes pieces[] = {{(void *)(uintptr_t) "da", 2},
                                                 {(void *)(uintptr_t) "ta", 2}};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct fixture_pair pair = begin();
    struct pendio_context *context = fixture_get(&fixture);
    const struct io_uring_sqe *entry = stand_in.seen;
    bool registered = fixture_stats(&fixture).arena_registered_bytes != 0;
    const unsigned fixed =
        IORING_SEND_ZC_REPORT_USAGE | (registered ? IORING_RECVSEND_FIXED_BUF : 0);

    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_ZERO_COPY), 0);
    ck_assert_int_eq(pendio_context_set_endpoint(context, &address, sizeof address), 0);
    if (_i == 3)
        ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 2), 0);
    expect_pending(_i == 0   ? pendio_send(context, pair.near)
                   : _i == 1 ? pendio_send_to(context, pair.near)
                             : pendio_send_message(context, pair.near));
    fixture_quiet(&fixture);
    ck_assert_uint_eq(stand_in.seen_count, 1);
    ck_assert_uint_eq(entry->opcode, _i == 3 ? IORING_OP_SENDMSG_ZC : IORING_OP_SEND_ZC);
    ck_assert_uint_eq(entry->ioprio, _i == 3 ? IORING_SEND_ZC_REPORT_USAGE : fixed);
    ck_assert_uint_eq(entry->len, _i == 3 ? 1 : 4096);
    ck_assert_uint_eq(entry->addr_len, _i == 1 || _i == 2 ? sizeof address : 0);
    answer(context, _i == 3 ? 4 : 4096, 0);
    expect_next(&fixture, context, 0, _i == 3 ? 4 : 4096, 0);
    end(&pair);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {result_waits_for_the_notice, 2},
        {notice_may_come_before_the_result, 2},
        {result_without_a_notice_is_the_end, 2},
        {error_waits_for_its_notice, 0},
        {refused_request_is_asked_again_as_an_ordinary_one, 2 * REFUSAL_COUNT},
        {family_that_refuses_is_not_asked_twice, REFUSAL_COUNT},
        {every_share_has_a_notice, 4},
        {request_that_sent_nothing_was_not_copied, 0},
        {without_room_for_a_notice_it_is_an_ordinary_send, 0},
        {notice_of_another_run_is_stale, 0},
        {memory_of_a_pool_takes_the_fixed_path, 4},
    };
    return fixture_run("runtime: zero copy", cases, sizeof cases / sizeof cases[0]);
}
