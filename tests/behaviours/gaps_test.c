/*
 * gaps_test.c - behaviours L1 to L8: what nobody's tests fix, about callbacks and refusals.
 *
 * - Chains, nesting and order of callbacks; setters and starts of a context in use; what a send
 *   that broke off had moved.
 */
#include "behaviour.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHAIN = 5000 };

static struct fixture_pair pair;
static struct pendio_context *context;
static uint32_t calls;
static int depth;
static bool in_start;

static void begin(uint32_t policy, void *memory, size_t byte_count)
{
    behaviour_begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = behaviour_over(policy, memory, byte_count);
    calls = 0;
    depth = 0;
    in_start = false;
}

static void end(void)
{
    close(pair.far);
    behaviour_end();
}

/* ---- L1, L4, L5, L6: chains and callbacks --------------------------------------------------- */

static void start_again(const struct pendio_completion *completion, void *state)
{
    ck_assert_int_eq(depth++, 0); /* never one inside another */
    fixture_collect(completion, state);
    expect_completion(completion, 0, 1, 0);
    ck_assert_uint_eq(pendio_context_run(completion->context), 0);
    if (++calls < CHAIN)
        expect_pends(completion->context, pendio_send(completion->context, pair.near));
    depth--;
}

static void take_all(size_t byte_count)
{
    char scratch[CHAIN];

    fixture_take(pair.far, scratch, byte_count);
    for (size_t i = 0; i < byte_count; i++)
        ck_assert_int_eq(scratch[i], 'x');
}

START_TEST(l01_context_starts_again_in_its_own_callback)
{
    char byte = 'x';

    begin(PENDIO_QUEUE, &byte, 1);
    expect_ok(pendio_context_set_callback(context, start_again, &fixture));
    expect_pends(context, pendio_send(context, pair.near));
    fixture_wait(&fixture, CHAIN);
    fixture.read_count += CHAIN;
    ck_assert_uint_eq(calls, CHAIN);
    expect_ok(pendio_context_set_policy(context, PENDIO_TRY));
    expect_done_with(context, pendio_send(context, pair.near), 0, 1, 0);
    take_all(CHAIN);
    end();
}
END_TEST

/* Contract 2: after 16 done answers of a handle in one turn the next is pending. */
START_TEST(l04_chain_of_done_answers_is_bounded)
{
    uint32_t done_count = 0;
    char byte = 'x';

    begin(PENDIO_TRY, &byte, 1);
    expect_ok(pendio_context_set_callback(context, fixture_collect, &fixture));
    for (int turn = 0; turn < 50; turn++) {
        for (int i = 0; i < 16; i++, done_count++)
            expect_done_with(context, pendio_send(context, pair.near), 0, 1, 0);
        expect_pends(context, pendio_send(context, pair.near));
        expect_ends(context, 0, 1, 0);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).done, done_count);
    take_all(50 * 17);
    end();
}
END_TEST

/* The end of a stream is known for ever, and still not told without an end in one turn. */
START_TEST(l04_chain_of_known_ends_is_bounded)
{
    uint32_t done_count = 0;
    char memory[8];
    int answer;

    begin(PENDIO_AUTO, memory, sizeof memory);
    expect_ok(shutdown(pair.far, SHUT_WR));
    expect_either(context, pendio_receive(context, pair.near), 0, 0, PENDIO_END_OF_STREAM);
    ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
    while ((answer = behaviour_note(context, pendio_receive(context, pair.near))) == PENDIO_DONE) {
        expect_result(context, 0, 0, PENDIO_END_OF_STREAM);
        done_count++;
    }
    ck_assert_uint_eq(done_count, 16);
    expect_end_of(context, answer, 0, 0, PENDIO_END_OF_STREAM);
    end();
}
END_TEST

static void expect_outside(const struct pendio_completion *completion, void *state)
{
    ck_assert(!in_start);
    calls++;
    fixture_collect(completion, state);
}

static int start_watched(struct pendio_context *watched, bool sends)
{
    int answer;

    in_start = true;
    answer = behaviour_note(watched, sends ? pendio_send(watched, pair.near)
                                           : pendio_receive(watched, pair.near));
    in_start = false;
    return answer;
}

/* The starter may touch its context after a start as before it: nothing ran meanwhile. */
START_TEST(l05_callback_never_runs_before_the_start_has_returned)
{
    struct pendio_context *other;
    char memory[8];

    begin((uint32_t)_i, memory, sizeof memory);
    other = behaviour_over(PENDIO_TRY, memory, 1);
    expect_ok(pendio_context_set_callback(context, expect_outside, &fixture));
    expect_ok(pendio_context_set_callback(other, expect_outside, &fixture));
    fixture_put(pair.far, "abc", 3);
    behaviour_await_data(pair.near);
    for (int i = 0; i < 7; i++) {
        bool sends = i >= 3; /* once the three bytes were received; then behind the first send */
        uint32_t calls_before = calls;
        int answer = start_watched(context, true);
        int other_answer = start_watched(other, sends);

        ck_assert_uint_eq(calls, calls_before);
        ck_assert_int_eq(other_answer, sends ? answer : PENDIO_DONE);
        expect_end_of(other, other_answer, 0, 1, 0);
        expect_end_of(context, answer, 0, 8, 0);
    }
    end();
}
END_TEST

static void expect_alone(const struct pendio_completion *completion, void *state)
{
    char byte = 'y';
    struct pendio_context *sender = behaviour_over(PENDIO_TRY, &byte, 1);

    ck_assert_int_eq(depth++, 0);
    ck_assert_uint_eq(completion->user_data, calls++);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 0), -EBUSY);
    if (calls == 1) /* a look inside a callback delivers nothing either */
        expect_done_with(sender, pendio_send(sender, pair.near), 0, 1, 0);
    expect_ok(pendio_pool_put(sender));
    depth--;
    fixture_collect(completion, state);
}

START_TEST(l06_callbacks_of_one_direction_follow_each_other)
{
    struct pendio_context *contexts[8];
    char bytes[8];

    begin(PENDIO_AUTO, NULL, 0);
    for (uint32_t i = 0; i < 8; i++) {
        contexts[i] = behaviour_over(PENDIO_AUTO, &bytes[i], 1);
        expect_ok(pendio_context_set_user_data(contexts[i], i));
        expect_ok(pendio_context_set_callback(contexts[i], expect_alone, &fixture));
        expect_pends(contexts[i], pendio_receive(contexts[i], pair.near));
    }
    fixture_put(pair.far, "01234567", 8);
    for (int i = 0; i < 8; i++)
        expect_next(&fixture, contexts[i], 0, 1, 0);
    ck_assert_mem_eq(bytes, "01234567", 8);
    end();
}
END_TEST

/* ---- L2, L3: a context in use --------------------------------------------------------------- */

static void expect_guarded(struct pendio_context *used)
{
    const struct pendio_bytes piece = {NULL, 0};
    struct pendio_request before = {.size = sizeof before};
    struct pendio_request after = {.size = sizeof after};

    expect_ok(pendio_context_request(used, &before));
    ck_assert_int_eq(pendio_context_set_memory(used, NULL, 0), -EBUSY);
    ck_assert_int_eq(pendio_context_set_slice(used), -EBUSY);
    ck_assert_int_eq(pendio_context_set_window(used, 0, 0), -EBUSY);
    ck_assert_int_eq(pendio_context_set_pieces(used, &piece, 1), -EBUSY);
    ck_assert_int_eq(pendio_context_set_control(used, NULL, 0), -EBUSY);
    ck_assert_int_eq(pendio_context_set_endpoint(used, NULL, 0), -EBUSY);
    ck_assert_int_eq(pendio_context_set_flags(used, 0), -EBUSY);
    ck_assert_int_eq(pendio_context_set_policy(used, PENDIO_QUEUE), -EBUSY);
    ck_assert_int_eq(pendio_context_set_deadline(used, 1), -EBUSY);
    ck_assert_int_eq(pendio_context_set_user_data(used, 7), -EBUSY);
    ck_assert_int_eq(pendio_context_set_callback(used, NULL, NULL), -EBUSY);
    expect_ok(pendio_context_request(used, &after));
    ck_assert_mem_eq(&before, &after, sizeof before);
}

START_TEST(l02_setters_are_refused_while_the_context_is_in_use)
{
    struct pendio_context *blocker;
    char memory[8];

    begin(PENDIO_TRY, memory, sizeof memory);
    expect_ok(pendio_context_set_deadline(context, UINT64_C(3600) * 1000000000));
    expect_pends(context, pendio_receive(context, pair.near)); /* in the kernel */
    expect_guarded(context);
    blocker = behaviour_over(PENDIO_AUTO, memory, 0);
    expect_pends(blocker, pendio_receive(blocker, pair.near)); /* in its line */
    expect_guarded(blocker);
    fixture_put(pair.far, "abc", 3);
    fixture.harvest_count = 0; /* finished, and not delivered */
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(fixture_turn(&fixture, 1000000), 0);
    expect_guarded(context);
    fixture.harvest_count = 16;
    expect_ends(context, 0, 3, 0);
    expect_ok(pendio_context_set_deadline(context, 0));
    fixture_put(pair.far, "d", 1);
    expect_ends(blocker, 0, 0, 0);
    behaviour_receive_now(pair.near, "d", 1);
    end();
}
END_TEST

START_TEST(l03_refused_start_does_not_touch_what_runs)
{
    struct pendio_endpoint before;
    struct pendio_endpoint sender;
    struct fixture_pair other;
    char memory[8];

    begin(PENDIO_TRY, memory, sizeof memory);
    other = fixture_pair(&fixture, FIXTURE_UDP4);
    before = behaviour_peer(other.near);
    behaviour_aim(context, &before);
    expect_pends(context, pendio_receive_from(context, other.near));
    expect_refused(context, pendio_send_to(context, other.near), -EBUSY);
    expect_refused(context, pendio_receive_from(context, other.near), -EBUSY);
    expect_refused(context, pendio_send(context, pair.near), -EBUSY);
    expect_refused(context, pendio_connect(context, pair.near), -EBUSY);
    expect_refused(context, pendio_timer(context, 0), -EBUSY);
    expect_refused(context, pendio_open(context, "/dev/null", 0, 0), -EBUSY);
    expect_refused(context, pendio_close(context, pair.near, PENDIO_GRACEFUL), -EBUSY);
    fixture_put(other.far, "abc", 3);
    expect_ends(context, 0, 3, 0);
    ck_assert_mem_eq(memory, "abc", 3);
    expect_ok(pendio_context_sender(context, &sender));
    ck_assert_mem_eq(&sender, &before, sizeof sender);
    behaviour_talk(pair.near, pair.far);
    close(other.far);
    end();
}
END_TEST

/* ---- L7: a send that breaks off ------------------------------------------------------------- */

START_TEST(l07_broken_send_says_how_much_had_gone)
{
    enum { WHOLE = 16 << 20, TAKEN = 1 << 20 };
    static char memory[WHOLE];
    const struct pendio_completion *broken;

    begin(PENDIO_AUTO, memory, sizeof memory);
    if (_i == 1)
        expect_ok(pendio_context_set_policy(context, PENDIO_TRY));
    expect_pends(context, pendio_send(context, pair.near)); /* more than there is room for */
    fixture_drain(&fixture, pair.far, TAKEN);
    fixture_reset(pair.far);
    broken = behaviour_delivery_of(context);
    ck_assert(broken->error == -ECONNRESET || broken->error == -EPIPE);
    ck_assert_uint_eq(broken->flags, 0);
    ck_assert_uint_ge(broken->bytes, TAKEN);
    ck_assert_uint_lt(broken->bytes, WHOLE);
    expect_done_with(context, pendio_send(context, pair.near), broken->error, 0, 0);
    behaviour_end();
}
END_TEST

/* ---- L8: send_packets ----------------------------------------------------------------------- */

static int send_packets_watched(const struct pendio_packet *packets, uint32_t count)
{
    int answer;

    in_start = true;
    answer = behaviour_note(context, pendio_send_packets(context, pair.near, packets, count, 0));
    in_start = false;
    return answer;
}

START_TEST(l08_send_packets_tells_nothing_before_it_has_returned)
{
    struct fixture_file file;
    struct pendio_packet packets[2];
    char seen[5];

    begin((uint32_t)_i, NULL, 0);
    fixture_file(&file);
    packets[0] = (struct pendio_packet){.memory = (void *)(uintptr_t) "hello", .byte_count = 5};
    packets[1] = (struct pendio_packet){.path = file.path}; /* which is empty */
    expect_ok(pendio_context_set_callback(context, expect_outside, &fixture));
    for (int i = 0; i < 4; i++) {
        uint32_t calls_before = calls;
        int answer = send_packets_watched(packets, i % 2 == 0 ? 1 : 2);

        ck_assert_uint_eq(calls, calls_before);
        expect_end_of(context, answer, 0, 5, 0);
        ck_assert_uint_eq(calls, calls_before + (answer == PENDIO_PENDING));
        fixture_take(pair.far, seen, sizeof seen);
        ck_assert_mem_eq(seen, "hello", sizeof seen);
    }
    ck_assert_int_eq(send_packets_watched(NULL, 0),
                     _i == PENDIO_QUEUE ? PENDIO_PENDING : PENDIO_DONE);
    expect_end_of(context, _i == PENDIO_QUEUE ? PENDIO_PENDING : PENDIO_DONE, 0, 0, 0);
    fixture_remove(&file);
    end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {l01_context_starts_again_in_its_own_callback, 0},
        {l02_setters_are_refused_while_the_context_is_in_use, 0},
        {l03_refused_start_does_not_touch_what_runs, 0},
        {l04_chain_of_done_answers_is_bounded, 0},
        {l04_chain_of_known_ends_is_bounded, 0},
        {l05_callback_never_runs_before_the_start_has_returned, PENDIO_QUEUE + 1},
        {l06_callbacks_of_one_direction_follow_each_other, 0},
        {l07_broken_send_says_how_much_had_gone, 2},
        {l08_send_packets_tells_nothing_before_it_has_returned, PENDIO_QUEUE + 1},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
