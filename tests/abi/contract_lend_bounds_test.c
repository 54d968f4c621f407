/*
 * contract_lend_bounds_test.c - what is collected and lent has bounds: of a handle and of the loop.
 *
 * - A handle that holds its share is not read, the peer waits, and nothing is lost.
 * - Whoever finds no buffer waits for one, in turn.
 * - A queue of completions that is full ends what collects, and it begins again.
 * - One stream that never stops keeps nobody waiting.
 */
#include "lending.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* At first so many buffers are at the kernel's hand; it fills all before anybody hears of one. */
enum { BURST_COUNT = 64 };

static struct fixture fixture;

/* Bytes that say where they stand in their stream. */
static unsigned char byte_at(uint64_t at)
{
    return (unsigned char)(at % 251);
}

static void expect_bytes(const struct pendio_completion *completion, uint64_t at)
{
    const unsigned char *bytes = (const unsigned char *)(uintptr_t)completion->memory;
    uint64_t i = 0;

    ck_assert_int_eq(completion->error, 0);
    ck_assert_uint_gt(completion->bytes, 0);
    while (i < completion->bytes && bytes[i] == byte_at(at + i))
        i++;
    ck_assert_uint_eq(i, completion->bytes);
}

/* As many bytes as go without waiting, or byte_count; returns where the stream stands then. */
static uint64_t push(int descriptor, uint64_t at, uint64_t byte_count)
{
    unsigned char bytes[512];
    ssize_t sent = 1;

    while (byte_count != 0 && sent > 0) {
        size_t part = byte_count < sizeof bytes ? byte_count : sizeof bytes;

        for (size_t i = 0; i < part; i++)
            bytes[i] = byte_at(at + i);
        sent = send(descriptor, bytes, part, MSG_DONTWAIT);
        at += sent > 0 ? (uint64_t)sent : 0;
        byte_count -= sent > 0 ? (uint64_t)sent : 0;
    }
    return at;
}

START_TEST(handle_above_its_share_is_not_read_until_some_is_given_back)
{
    struct pendio_loop_options options = {
        .size = sizeof options, .buffer_bytes = 1024, .collect_bytes = 8192};
    struct pendio_context *contexts[128];
    struct pendio_completion completion;
    struct fixture_pair pair;
    uint64_t sent, received = 0;
    int count = 0;

    fixture_init_with(&fixture, &options, 128, 0);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    sent = push(pair.far, 0, UINT64_C(1) << 18);
    for (int i = 0; i < 128; i++) { /* until one has to wait */
        int answer;

        contexts[i] = lending_get(&fixture);
        answer = pendio_receive(contexts[i], pair.near);
        for (int turn = 0; answer == PENDIO_PENDING && turn < 8; turn++)
            if (fixture_turn(&fixture, 0) > 0)
                answer = PENDIO_DONE;
        if (answer == PENDIO_PENDING)
            break;
        ck_assert_int_eq(pendio_context_result(contexts[i], &completion), 0);
        expect_bytes(&completion, received);
        received += completion.bytes;
        count++;
    }
    ck_assert_int_ge(count, 2);
    ck_assert_int_lt(count, 128);
    ck_assert_uint_le(received, 8192 + BURST_COUNT * 1024);
    ck_assert_uint_lt(received, sent);
    fixture.read_count = fixture.seen_count;
    fixture_quiet(&fixture);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pendio_pool_put(contexts[i]), 0);
    completion = *fixture_next(&fixture);
    ck_assert_ptr_eq(completion.context, contexts[count]);
    while (received != sent) {
        expect_bytes(&completion, received);
        received += completion.bytes;
        if (received != sent)
            completion = lending_receive(&fixture, contexts[count], pair.near);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(peer_waits_while_nobody_takes_what_is_collected)
{
    struct pendio_loop_options options = {.size = sizeof options, .collect_bytes = 65536};
    struct pendio_completion completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    uint64_t received = 0;
    uint64_t sent;

    fixture_init_with(&fixture, &options, 4, 0);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = lending_get(&fixture);
    expect_pending(pendio_receive(context, pair.near));
    sent = push(pair.far, 0, 1);
    completion = *fixture_next(&fixture);
    expect_bytes(&completion, received++);
    for (uint64_t before = 0; before != sent;) {
        before = sent;
        sent = push(pair.far, sent, UINT64_C(1) << 20);
        fixture_quiet(&fixture);
        ck_assert_uint_lt(sent, UINT64_C(1) << 28); /* somebody stopped it */
    }
    ck_assert_uint_lt(lending_in_use(&fixture), 1024 / 4); /* of the loop's */
    shutdown(pair.far, SHUT_WR);
    while (received != sent) {
        completion = lending_receive(&fixture, context, pair.near);
        expect_bytes(&completion, received);
        received += completion.bytes;
    }
    completion = lending_receive(&fixture, context, pair.near);
    expect_completion(&completion, 0, 0, PENDIO_END_OF_STREAM);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* Two buffers, of which one is kept for messages: nobody is forgotten. */
START_TEST(whoever_finds_no_buffer_waits_for_one)
{
    enum { PAIR_COUNT = 8 };
    struct pendio_loop_options options = {.size = sizeof options, .buffer_count = 2};
    struct pendio_context *contexts[PAIR_COUNT];
    struct fixture_pair pairs[PAIR_COUNT];
    struct pendio_completion completion;
    uint32_t told = 0;

    fixture_init_with(&fixture, &options, PAIR_COUNT, 0);
    for (int i = 0; i < PAIR_COUNT; i++) {
        pairs[i] = fixture_pair(&fixture, (enum fixture_family)_i);
        contexts[i] = lending_get(&fixture);
        expect_pending(pendio_receive(contexts[i], pairs[i].near));
    }
    fixture_quiet(&fixture);
    for (int i = 0; i < PAIR_COUNT; i++)
        fixture_put(pairs[i].far, "abc", 3);
    for (int i = 0; i < PAIR_COUNT; i++) {
        completion = *fixture_next(&fixture);
        lending_expect(&completion, "abc");
        ck_assert_uint_le(lending_in_use(&fixture), 2);
        for (uint32_t j = 0; j < PAIR_COUNT; j++)
            told |= contexts[j] == completion.context ? 1u << j : 0;
        ck_assert_int_eq(pendio_pool_put(completion.context), 0);
    }
    ck_assert_uint_eq(told, (1u << PAIR_COUNT) - 1);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    for (int i = 0; i < PAIR_COUNT; i++)
        close(pairs[i].far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(what_waits_for_a_buffer_can_be_cancelled)
{
    struct pendio_loop_options options = {.size = sizeof options, .buffer_count = 2};
    struct pendio_context *contexts[4];
    struct fixture_pair pairs[4];
    struct pendio_completion completion;

    fixture_init_with(&fixture, &options, 4, 0);
    for (int i = 0; i < 4; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_UDP4);
        contexts[i] = lending_get(&fixture);
        fixture_put(pairs[i].far, "abc", 3);
    }
    for (int i = 0; i < 2; i++) {
        completion = lending_receive(&fixture, contexts[i], pairs[i].near);
        lending_expect(&completion, "abc");
    }
    for (int i = 2; i < 4; i++)
        expect_pending(pendio_receive(contexts[i], pairs[i].near));
    fixture_quiet(&fixture);
    ck_assert_uint_ge(fixture_stats(&fixture).buffers_exhausted, 2);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(contexts[2])), 0);
    expect_next(&fixture, contexts[2], -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(pendio_pool_put(contexts[0]), 0);
    completion = *fixture_next(&fixture);
    ck_assert_ptr_eq(completion.context, contexts[3]);
    lending_expect(&completion, "abc");
    for (int i = 0; i < 4; i++)
        close(pairs[i].far);
    fixture_fini(&fixture);
}
END_TEST

/* More answers at once than the queue has room for: it ends, is collected, and begins again. */
START_TEST(full_queue_of_completions_loses_nothing)
{
    enum { PAIR_COUNT = 8, ROUND_COUNT = 400 };
    struct pendio_loop_options options = {
        .size = sizeof options, .operation_count = PAIR_COUNT, .handle_count = 16};
    struct pendio_context *contexts[PAIR_COUNT];
    struct fixture_pair pairs[PAIR_COUNT];
    uint64_t at[PAIR_COUNT] = {0};
    uint64_t left = (uint64_t)PAIR_COUNT * ROUND_COUNT;
    struct pendio_completion completion;
    int answer = PENDIO_PENDING;
    uint64_t who = 0;

    fixture_init_with(&fixture, &options, PAIR_COUNT, 0);
    for (int i = 0; i < PAIR_COUNT; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_TCP4);
        contexts[i] = lending_get(&fixture);
        pendio_context_set_user_data(contexts[i], (uint64_t)i);
        expect_pending(pendio_receive(contexts[i], pairs[i].near));
    }
    fixture_quiet(&fixture);
    for (uint64_t round = 0; round < ROUND_COUNT; round++)
        for (int i = 0; i < PAIR_COUNT; i++)
            ck_assert_uint_eq(push(pairs[i].far, round, 1), round + 1);
    while (left != 0) {
        if (answer == PENDIO_PENDING)
            completion = *fixture_next(&fixture);
        else
            ck_assert_int_eq(pendio_context_result(contexts[who], &completion), 0);
        who = completion.user_data;
        expect_bytes(&completion, at[who]);
        at[who] += completion.bytes;
        left -= completion.bytes;
        answer = at[who] == ROUND_COUNT ? PENDIO_PENDING
                                        : pendio_receive(contexts[who], pairs[who].near);
    }
    for (int i = 0; i < PAIR_COUNT; i++)
        ck_assert_uint_eq(at[i], ROUND_COUNT);
    for (int i = 0; i < PAIR_COUNT; i++)
        close(pairs[i].far);
    fixture_discard(&fixture); /* completions did overflow */
}
END_TEST

/* ---- fairness ------------------------------------------------------------------------------- */

struct flood {
    int descriptor;
    uint64_t byte_count;
};

static void *flood(void *argument)
{
    const struct flood *given = argument;

    for (uint64_t at = 0; at < given->byte_count;) {
        unsigned char bytes[4096];
        ssize_t sent;

        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = byte_at(at + i);
        sent = send(given->descriptor, bytes, sizeof bytes, MSG_NOSIGNAL);
        if (sent < 0)
            break;
        at += (uint64_t)sent;
    }
    close(given->descriptor);
    return NULL;
}

/*
 * Receives from the stream until the chain of done answers ends; returns how long it was, or -1 at
 * the end of the stream.
 */
static int chain(struct pendio_context *context, pendio_handle handle, uint64_t *at)
{
    struct pendio_completion completion;
    int length = 0;

    while (pendio_receive(context, handle) == PENDIO_DONE) {
        ck_assert_int_eq(pendio_context_result(context, &completion), 0);
        if (completion.flags & PENDIO_END_OF_STREAM)
            return -1;
        expect_bytes(&completion, *at);
        *at += completion.bytes;
        length++;
    }
    return length;
}

static uint64_t flooded; /* bytes that were received of the flood */

/* Goes on with whoever was told of; returns whether that was the end of the flood. */
static bool go_on(const struct pendio_completion *record, const struct fixture_pair pairs[2],
                  bool *ret_other)
{
    int length;

    if (record->handle == pairs[1].near) {
        expect_bytes(record, 0);
        *ret_other = true;
        return false;
    }
    if (record->flags & PENDIO_END_OF_STREAM)
        return true;
    expect_bytes(record, flooded);
    flooded += record->bytes;
    length = chain(record->context, record->handle, &flooded);
    ck_assert_int_le(length, 4);
    return length < 0;
}

/* Between two turns at most one budget of the flood is done, and the next tells of the other. */
START_TEST(one_stream_without_end_keeps_nobody_waiting)
{
    struct pendio_loop_options options = {
        .size = sizeof options, .done_budget = 4, .buffer_bytes = 512};
    struct pendio_completion records[4];
    struct pendio_context *contexts[2];
    struct fixture_pair pairs[2];
    struct flood given = {.byte_count = UINT64_C(1) << 22};
    bool over = false;
    pthread_t thread;

    fixture_init_with(&fixture, &options, 2, 0);
    flooded = 0;
    for (int i = 0; i < 2; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_TCP4);
        contexts[i] = lending_get(&fixture);
    }
    given.descriptor = pairs[0].far;
    ck_assert_int_eq(pthread_create(&thread, NULL, flood, &given), 0);
    expect_pending(pendio_receive(contexts[0], pairs[0].near));
    while (!over) {
        bool other = false;
        int count;

        expect_pending(pendio_receive(contexts[1], pairs[1].near));
        (void)push(pairs[1].far, 0, 1);
        count = pendio_loop_turn(fixture.loop, -1, records, 4);
        for (int i = 0; i < count; i++)
            over = go_on(&records[i], pairs, &other) || over;
        if (!other && !over) /* its request had ended, for a queue that the flood has filled */
            count = pendio_loop_turn(fixture.loop, 0, records, 4);
        for (int i = 0; !other && !over && i < count; i++)
            over = go_on(&records[i], pairs, &other) || over;
        ck_assert(other || over);
    }
    ck_assert_uint_eq(flooded, given.byte_count);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    close(pairs[1].far);
    fixture_discard(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {handle_above_its_share_is_not_read_until_some_is_given_back, FIXTURE_STREAM_COUNT},
        {peer_waits_while_nobody_takes_what_is_collected, 0},
        {whoever_finds_no_buffer_waits_for_one, FIXTURE_FAMILY_COUNT},
        {what_waits_for_a_buffer_can_be_cancelled, 0},
        {full_queue_of_completions_loses_nothing, 0},
        {one_stream_without_end_keeps_nobody_waiting, 0},
    };

    return fixture_run("contract: bounds of lending", cases, sizeof cases / sizeof cases[0]);
}
