/*
 * contract_adaptive_test.c - how a stream is received from: chosen by what is seen, and pinned.
 *
 * - Small pieces of a lone stream: one request for many. Large ones: a request for each. Only many
 *   in a row change it. Lent memory: one for many at once.
 * - What nobody asks for is not collected for ever.
 * - Where the kernel has no such request, and over Unix sockets, nothing is chosen.
 * - What is pinned stays, also while somebody waits, and goes to another loop with its handle.
 */
#include "lending.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MANY = 16,          /* in a row: more than it takes */
    FEW = 4,            /* less */
    LARGE_BYTES = 8192, /* of a piece */
};

static struct fixture fixture;
static struct fixture other; /* on the same thread: it turns when told to */

/* Another piece of so many bytes, asked for before it comes. */
static void receive_piece(struct pendio_context *context, const struct fixture_pair *pair,
                          uint32_t byte_count)
{
    static unsigned char bytes[LARGE_BYTES];
    int answer = pendio_receive(context, pair->near);
    uint32_t left = byte_count;

    ck_assert_int_eq(answer, PENDIO_PENDING);
    fixture_put(pair->far, bytes, byte_count);
    for (;;) {
        struct pendio_completion completion = lending_finish(&fixture, context, answer);

        ck_assert_int_eq(completion.error, 0);
        left -= (uint32_t)completion.bytes;
        if (left == 0)
            return;
        answer = pendio_receive(context, pair->near);
    }
}

static void receive_pieces(struct pendio_context *context, const struct fixture_pair *pair,
                           uint32_t byte_count, int count)
{
    for (int i = 0; i < count; i++)
        receive_piece(context, pair, byte_count);
}

static void pin(pendio_handle handle, uint32_t strategy)
{
    ck_assert_int_eq(pendio_handle_set_receive(fixture.loop, handle, strategy), 0);
}

/* What comes of the pin: the kernel need not have it. */
static uint32_t multishot_of(struct fixture *of)
{
    return lending_collects(of) ? PENDIO_RECEIVE_MULTISHOT : PENDIO_RECEIVE_SINGLE;
}

static uint64_t armed_count(void)
{
    return fixture_stats(&fixture).multishot_armed;
}

/* A stream of a kind that is received from ahead now, if that can be. */
static struct fixture_pair lone(struct pendio_context **ret_context)
{
    struct fixture_pair pair = fixture_pair(&fixture, FIXTURE_TCP4);

    *ret_context = fixture_get(&fixture);
    receive_pieces(*ret_context, &pair, 64, MANY);
    if (lending_collects(&fixture))
        fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_MULTISHOT, PENDIO_RECEIVE_LONE);
    else
        fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE,
                               PENDIO_RECEIVE_UNDECIDED);
    return pair;
}

static void begin(void)
{
    fixture_init_with(&fixture, NULL, 16, LARGE_BYTES);
}

START_TEST(small_pieces_of_a_lone_stream_come_by_one_request)
{
    struct pendio_loop_statistics before, after;
    struct pendio_context *context;
    struct fixture_pair pair;

    begin();
    pair = lone(&context);
    before = fixture_stats(&fixture);
    receive_pieces(context, &pair, 64, MANY);
    after = fixture_stats(&fixture);
    ck_assert_uint_eq(after.requests - before.requests, lending_collects(&fixture) ? 0 : MANY);
    ck_assert_uint_eq(after.streams_ahead, lending_collects(&fixture));
    ck_assert_uint_eq(after.ahead_for_lone, lending_collects(&fixture));
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(few_in_a_row_change_nothing)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    for (int i = 0; i < 4; i++) {
        receive_pieces(context, &pair, 64, FEW);
        receive_pieces(context, &pair, LARGE_BYTES, 1);
    }
    fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE, PENDIO_RECEIVE_UNDECIDED);
    close(pair.far);
    pair = lone(&context);
    for (int i = 0; i < 4; i++) {
        receive_pieces(context, &pair, LARGE_BYTES, 1);
        receive_pieces(context, &pair, 64, MANY);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).single_for_large, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(large_pieces_are_asked_for_one_by_one)
{
    struct pendio_loop_options options = {.size = sizeof options};
    struct pendio_context *context;
    struct fixture_pair pair;

    options.buffer_bytes = _i == 0 ? 0 : LARGE_BYTES;
    fixture_init_with(&fixture, &options, 16, LARGE_BYTES);
    pair = lone(&context);
    receive_pieces(context, &pair, LARGE_BYTES, MANY);
    ck_assert_uint_eq(fixture_stats(&fixture).single_for_large, lending_collects(&fixture));
    fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE,
                           lending_collects(&fixture) ? PENDIO_RECEIVE_LARGE
                                                      : PENDIO_RECEIVE_UNDECIDED);
    receive_pieces(context, &pair, LARGE_BYTES, MANY);
    ck_assert_uint_eq(fixture_stats(&fixture).streams_ahead, 0);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* Contexts that are lent as much as there is, each of a stream of its own, and keep it. */
static void lend_all(struct fixture_pair *ret_pairs, int count)
{
    static const unsigned char bytes[LARGE_BYTES];

    for (int i = 0; i < count; i++) {
        struct pendio_context *context = lending_get(&fixture);

        ret_pairs[i] = fixture_pair(&fixture, FIXTURE_TCP4);
        fixture_put(ret_pairs[i].far, bytes, sizeof bytes / 2);
        (void)pendio_receive(context, ret_pairs[i].near);
        for (int turn = 0; turn < 4; turn++)
            (void)fixture_turn(&fixture, 0);
    }
}

START_TEST(who_has_memory_of_its_own_does_not_wait_for_what_is_lent)
{
    struct pendio_loop_options options = {.size = sizeof options, .buffer_count = 4};
    struct fixture_pair pairs[8];
    struct fixture_pair pair;
    struct pendio_context *context;

    fixture_init_with(&fixture, &options, 16, LARGE_BYTES);
    pair = lone(&context);
    lend_all(pairs, 8);
    fixture.read_count = fixture.seen_count;
    for (int i = 0; i < 3; i++) {
        expect_pending(pendio_receive(context, pair.near));
        fixture_put(pair.far, "abc", 3);
        expect_next(&fixture, context, 0, 3, 0);
    }
    for (int i = 0; i < 8; i++)
        close(pairs[i].far);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(memory_is_lent_by_one_request_where_descriptors_cannot_come)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = lending_get(&fixture);
    fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE, PENDIO_RECEIVE_UNDECIDED);
    receive_pieces(context, &pair, 3, 2);
    if (lending_collects(&fixture) && _i != FIXTURE_UNIX_STREAM)
        fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_MULTISHOT,
                               PENDIO_RECEIVE_LENDING);
    else
        fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE,
                               PENDIO_RECEIVE_UNDECIDED);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

/* Whoever is asked for it again gets all of it, and after some asking it comes ahead again. */
START_TEST(what_nobody_asks_for_stays_in_the_socket)
{
    enum { PIECE_COUNT = 40, PIECE_BYTES = 64 };
    struct pendio_loop_options options = {
        .size = sizeof options, .buffer_bytes = PIECE_BYTES, .buffer_count = PIECE_COUNT};
    unsigned char bytes[PIECE_BYTES];
    struct pendio_context *context;
    struct fixture_pair pair;
    uint64_t received_bytes = 0;

    fixture_init_with(&fixture, &options, 16, 0);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = lending_get(&fixture);
    receive_piece(context, &pair, 1);
    for (int i = 0; i < PIECE_COUNT; i++) {
        fixture_fill(bytes, sizeof bytes, (uint64_t)i);
        fixture_put(pair.far, bytes, sizeof bytes);
        (void)fixture_turn(&fixture, 0);
    }
    ck_assert_uint_le(lending_in_use(&fixture), PIECE_COUNT / 2);
    ck_assert_uint_eq(fixture_stats(&fixture).single_for_unasked, lending_collects(&fixture));
    while (received_bytes != PIECE_COUNT * PIECE_BYTES) {
        const struct pendio_completion completion = lending_receive(&fixture, context, pair.near);
        const unsigned char *memory = (const unsigned char *)(uintptr_t)completion.memory;

        for (uint64_t i = 0; i < completion.bytes; i++, received_bytes++) {
            fixture_fill(bytes, sizeof bytes, received_bytes / PIECE_BYTES);
            ck_assert_uint_eq(memory[i], bytes[received_bytes % PIECE_BYTES]);
        }
    }
    if (lending_collects(&fixture))
        fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_MULTISHOT,
                               PENDIO_RECEIVE_LENDING);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(pinned_is_as_the_caller_says)
{
    enum fixture_family family = _i % 2 == 0 ? FIXTURE_TCP4 : FIXTURE_UNIX_STREAM;
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, family);
    context = _i < 2 ? fixture_get(&fixture) : lending_get(&fixture);
    pin(pair.near, PENDIO_RECEIVE_SINGLE);
    receive_pieces(context, &pair, 64, MANY);
    fixture_expect_receive(&fixture, pair.near, PENDIO_RECEIVE_SINGLE, PENDIO_RECEIVE_PINNED);
    ck_assert_uint_eq(armed_count(), 0);
    pin(pair.near, PENDIO_RECEIVE_MULTISHOT);
    receive_pieces(context, &pair, 64, MANY);
    fixture_expect_receive(&fixture, pair.near, multishot_of(&fixture), PENDIO_RECEIVE_PINNED);
    ck_assert_uint_eq(armed_count(), lending_collects(&fixture));
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(pinning_while_somebody_waits_loses_nothing)
{
    static const uint32_t pins[] = {PENDIO_RECEIVE_MULTISHOT, PENDIO_RECEIVE_SINGLE,
                                    PENDIO_RECEIVE_MULTISHOT, PENDIO_RECEIVE_ADAPTIVE,
                                    PENDIO_RECEIVE_SINGLE};
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = _i == 0 ? fixture_get(&fixture) : lending_get(&fixture);
    for (size_t i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        const struct pendio_completion *completion;

        expect_pending(pendio_receive(context, pair.near));
        if (i % 2 == 0)
            fixture_quiet(&fixture);
        pin(pair.near, pins[i]);
        fixture_put(pair.far, "abc", 3);
        completion = fixture_next(&fixture);
        ck_assert_uint_eq(completion->bytes, 3);
        ck_assert_mem_eq((const void *)(uintptr_t)completion->memory, "abc", 3);
    }
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(what_came_ahead_is_first_when_it_is_not_wanted_any_more)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    pin(pair.near, PENDIO_RECEIVE_MULTISHOT);
    context = fixture_get(&fixture);
    receive_piece(context, &pair, 3);
    fixture_put(pair.far, "abc", 3);
    fixture_quiet(&fixture);
    ck_assert_uint_eq(lending_in_use(&fixture), lending_collects(&fixture));
    pin(pair.near, PENDIO_RECEIVE_SINGLE);
    fixture_quiet(&fixture);
    fixture_put(pair.far, "def", 3);
    for (int i = 0; i < (lending_collects(&fixture) ? 2 : 1); i++)
        (void)lending_receive(&fixture, context, pair.near);
    ck_assert_uint_eq(lending_in_use(&fixture), 0);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(pin_goes_to_another_loop_with_its_handle)
{
    const struct pendio_completion *completion;
    struct pendio_context *context;
    struct fixture_pair pair;
    pendio_handle moved;

    fixture_init(&fixture);
    fixture_init(&other);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    pin(pair.near, _i == 0 ? PENDIO_RECEIVE_SINGLE : PENDIO_RECEIVE_MULTISHOT);
    context = fixture_get(&fixture);
    expect_pending(pendio_move(context, pair.near, other.loop));
    fixture_quiet(&fixture);
    fixture_quiet(&other);
    completion = fixture_next(&fixture);
    expect_completion(completion, 0, 0, 0);
    moved = completion->value;
    fixture_expect_receive(&other, moved, _i == 0 ? PENDIO_RECEIVE_SINGLE : multishot_of(&other),
                           PENDIO_RECEIVE_PINNED);
    ck_assert_uint_eq(fixture_stats(&fixture).streams_ahead, 0);
    ck_assert_uint_eq(fixture_stats(&other).streams_ahead, _i && lending_collects(&other));
    close(pair.far);
    fixture_quiet(&fixture); /* lets go of the other loop */
    fixture_fini(&other);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(only_streams_have_a_choice)
{
    struct fixture_pair pair;
    uint32_t strategy = 7, reason = 7;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UDP4);
    ck_assert_int_eq(pendio_handle_set_receive(fixture.loop, pair.near, PENDIO_RECEIVE_MULTISHOT),
                     -EINVAL);
    ck_assert_int_eq(pendio_handle_get_receive(fixture.loop, pair.near, &strategy, &reason),
                     -EINVAL);
    close(pair.far);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    ck_assert_int_eq(pendio_handle_set_receive(fixture.loop, pair.near, 3), -EINVAL);
    ck_assert_int_eq(pendio_handle_set_receive(fixture.loop, 0, 0), -EBADF);
    ck_assert_int_eq(pendio_handle_get_receive(fixture.loop, pair.near, &strategy, NULL), -EINVAL);
    ck_assert_uint_eq(strategy, 7);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {small_pieces_of_a_lone_stream_come_by_one_request, 0},
        {few_in_a_row_change_nothing, 0},
        {large_pieces_are_asked_for_one_by_one, 2},
        {who_has_memory_of_its_own_does_not_wait_for_what_is_lent, 0},
        {memory_is_lent_by_one_request_where_descriptors_cannot_come, FIXTURE_STREAM_COUNT},
        {what_nobody_asks_for_stays_in_the_socket, 0},
        {pinned_is_as_the_caller_says, 4},
        {pinning_while_somebody_waits_loses_nothing, 2},
        {what_came_ahead_is_first_when_it_is_not_wanted_any_more, 0},
        {pin_goes_to_another_loop_with_its_handle, 2},
        {only_streams_have_a_choice, 0},
    };

    return fixture_run("contract: adaptive receive", cases, sizeof cases / sizeof cases[0]);
}
