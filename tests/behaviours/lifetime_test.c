/*
 * lifetime_test.c - behaviours 26 to 38 and 41: a context's life, from pool to pool.
 *
 * - .NET's dispose is a put or PENDIO_AUTO_PUT: refused while in use, so nothing is delayed
 *   (contract 1, pool), and after it the context is not the caller's any more.
 */
#include "behaviour.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture_pair pair;

static void begin(void)
{
    behaviour_begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
}

static void end(void)
{
    close(pair.far);
    behaviour_end();
}

/* Contract 1: a second put is -EALREADY, so that two owners of one context become known. */
START_TEST(b026_second_put_is_told_and_does_nothing)
{
    struct pendio_context *context;
    struct pendio_context *again;

    begin();
    context = behaviour_get(PENDIO_TRY);
    behaviour_show(context, "a", 1);
    expect_done_with(context, pendio_send(context, pair.near), 0, 1, 0);
    expect_ok(pendio_pool_put(context));
    ck_assert_int_eq(pendio_pool_put(context), -EALREADY);
    ck_assert_uint_eq(fixture_stats(&fixture).pool_in_use, 0);
    again = fixture_get(&fixture);
    ck_assert_ptr_eq(again, context);
    ck_assert_ptr_ne(fixture_get(&fixture), context);
    end();
}
END_TEST

START_TEST(b027_second_start_of_a_context_in_use_is_refused)
{
    struct pendio_context *context;
    char memory[8];

    begin();
    context = behaviour_over(PENDIO_TRY, memory, sizeof memory);
    expect_pends(context, pendio_receive(context, pair.near));
    expect_refused(context, pendio_receive(context, pair.near), -EBUSY);
    expect_refused(context, pendio_send(context, pair.near), -EBUSY);
    expect_refused(context, pendio_nop(context, fixture.loop), -EBUSY);
    expect_refused(context, pendio_pool_put(context), -EBUSY);
    behaviour_send_now(pair.near, "other way", 9);
    fixture_quiet(&fixture);
    fixture_put(pair.far, "abc", 3);
    expect_ends(context, 0, 3, 0);
    ck_assert_mem_eq(memory, "abc", 3);
    end();
}
END_TEST

/* Contract 8 and the header: a start of a context that lies in its pool is -EINVAL. */
START_TEST(b029_context_that_was_put_starts_nothing)
{
    struct pendio_context *context;
    char memory[8];

    begin();
    context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    behaviour_aim(context, &(struct pendio_endpoint){.byte_count = 16});
    expect_pends(context, pendio_receive(context, pair.near));
    expect_refused(context, pendio_pool_put(context), -EBUSY);
    fixture_put(pair.far, "abc", 3);
    expect_ends(context, 0, 3, 0);
    expect_ok(pendio_pool_put(context));
    expect_refused(context, pendio_receive(context, pair.near), -EINVAL);
    expect_refused(context, pendio_send(context, pair.near), -EINVAL);
    expect_refused(context, pendio_accept(context, pair.near, 0), -EINVAL);
    expect_refused(context, pendio_connect(context, pair.near), -EINVAL);
    expect_refused(context, pendio_timer(context, 0), -EINVAL);
    expect_refused(context, pendio_close(context, pair.near, PENDIO_GRACEFUL), -EINVAL);
    ck_assert_int_eq(pendio_context_set_memory(context, NULL, 0), -EINVAL);
    behaviour_talk(pair.near, pair.far);
    end();
}
END_TEST

/* .NET's dispose of a context in use waits for its end: PENDIO_AUTO_PUT (contract 6). */
START_TEST(b029_context_put_by_itself_starts_nothing)
{
    struct pendio_context *context;
    char memory[8];

    begin();
    context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    expect_ok(pendio_context_set_flags(context, PENDIO_AUTO_PUT));
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_put(pair.far, "abc", 3);
    expect_ends(context, 0, 3, 0);
    fixture_quiet(&fixture);
    expect_refused(context, pendio_receive(context, pair.near), -EINVAL);
    expect_refused(context, pendio_nop(context, fixture.loop), -EINVAL);
    ck_assert_int_eq(pendio_pool_put(context), -EALREADY);
    ck_assert_uint_eq(fixture_stats(&fixture).pool_in_use, 0);
    end();
}
END_TEST

START_TEST(b030_one_context_serves_many_sockets_in_turn)
{
    unsigned char memory[4];
    struct pendio_context *context;
    pendio_handle ends[2];
    int descriptors[2];

    begin();
    fixture_connect((enum fixture_family)_i, descriptors);
    ends[0] = fixture_adopt(&fixture, descriptors[0]);
    ends[1] = fixture_adopt(&fixture, descriptors[1]);
    context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    for (unsigned char i = 0; i < 10; i++) {
        expect_ok(pendio_context_set_policy(context, i % 2 == 0 ? PENDIO_AUTO : PENDIO_TRY));
        expect_ok(pendio_context_set_window(context, i % 4, 1));
        memory[i % 4] = i;
        if (i % 2 == 0)
            expect_either(context, pendio_send(context, ends[0]), 0, 1, 0);
        else
            expect_done_with(context, pendio_send(context, ends[0]), 0, 1, 0);
        memory[i % 4] = 0;
        expect_either(context, pendio_receive(context, ends[1]), 0, 1, 0);
        ck_assert_uint_eq(memory[i % 4], i);
    }
    end();
}
END_TEST

static uint32_t hook_counts[2];

static void first_hook(const struct pendio_completion *completion, void *state)
{
    hook_counts[0]++;
    fixture_collect(completion, state);
}

static void second_hook(const struct pendio_completion *completion, void *state)
{
    hook_counts[1]++;
    fixture_collect(completion, state);
}

/* Contract 3: a context has one callback, or none and is delivered by record. */
START_TEST(b033_callback_set_last_is_the_only_one_called)
{
    struct pendio_context *context;

    begin();
    hook_counts[0] = hook_counts[1] = 0;
    context = behaviour_get(PENDIO_QUEUE);
    behaviour_show(context, "a", 1);
    expect_ok(pendio_context_set_callback(context, first_hook, &fixture));
    expect_pends(context, pendio_send(context, pair.near));
    expect_ends(context, 0, 1, 0);
    ck_assert_uint_eq(hook_counts[0], 1);
    expect_ok(pendio_context_set_callback(context, second_hook, &fixture));
    expect_pends(context, pendio_send(context, pair.near));
    expect_ends(context, 0, 1, 0);
    ck_assert_uint_eq(hook_counts[0], 1);
    ck_assert_uint_eq(hook_counts[1], 1);
    expect_ok(pendio_context_set_policy(context, PENDIO_TRY));
    expect_done_with(context, pendio_send(context, pair.near), 0, 1, 0);
    expect_ok(pendio_context_set_callback(context, NULL, NULL));
    expect_ok(pendio_context_set_policy(context, PENDIO_QUEUE));
    expect_pends(context, pendio_send(context, pair.near));
    expect_ends(context, 0, 1, 0);
    ck_assert_uint_eq(hook_counts[1], 1);
    ck_assert_uint_eq(fixture_stats(&fixture).delivered_callback, 2);
    ck_assert_uint_eq(fixture_stats(&fixture).delivered_record, 1);
    end();
}
END_TEST

static bool in_turn;
static pthread_t called_on;

static void note_thread(const struct pendio_completion *completion, void *state)
{
    ck_assert(in_turn);
    called_on = pthread_self();
    fixture_collect(completion, state);
}

/* .NET changes the thread. Contract 3: delivered on the loop's thread, and only from its turn. */
START_TEST(b034_callback_runs_in_a_turn_on_the_thread_of_the_loop)
{
    struct pendio_context *context;
    char memory[8];

    begin();
    context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);
    expect_ok(pendio_context_set_callback(context, note_thread, &fixture));
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_put(pair.far, "abc", 3);
    expect_ok(pendio_loop_flush(fixture.loop));
    behaviour_send_now(pair.near, "looks", 5);
    ck_assert_uint_eq(fixture.seen_count, 0);
    in_turn = true;
    expect_ends(context, 0, 3, 0);
    in_turn = false;
    ck_assert(pthread_equal(called_on, pthread_self()));
    end();
}
END_TEST

static void *map(size_t byte_count)
{
    void *memory =
        mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

struct hook {
    struct fixture *fixture;
};

static void collect_through(const struct pendio_completion *completion, void *state)
{
    fixture_collect(completion, ((struct hook *)state)->fixture);
}

/* What was the runtime's until delivery is gone afterwards: whoever still used it would crash. */
START_TEST(b037_nothing_of_the_callers_is_kept_after_delivery)
{
    struct pendio_context *context;
    struct hook *state;
    unsigned char *memory;

    begin();
    memory = map(4096);
    state = map(4096);
    state->fixture = &fixture;
    context = behaviour_over(PENDIO_QUEUE, memory, 8);
    expect_ok(pendio_context_set_callback(context, collect_through, state));
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_put(pair.far, "abc", 3);
    expect_ends(context, 0, 3, 0);
    ck_assert_mem_eq(memory, "abc", 3);
    expect_ok(pendio_context_set_callback(context, NULL, NULL));
    expect_ok(munmap(memory, 4096));
    expect_ok(munmap(state, 4096));
    fixture_quiet(&fixture);
    behaviour_talk(pair.near, pair.far);
    expect_ok(pendio_context_set_slice(context));
    expect_pends(context, pendio_receive(context, pair.near));
    fixture_put(pair.far, "de", 2);
    expect_ends(context, 0, 2, 0);
    expect_ok(pendio_pool_put(context));
    end();
}
END_TEST

/* Contract 6: the loop's end frees what nobody put; the last reference is the application's. */
START_TEST(b038_contexts_nobody_puts_end_with_their_loop)
{
    struct pendio_context *contexts[5];

    begin();
    for (int i = 0; i < 5; i++) {
        contexts[i] = behaviour_get(PENDIO_TRY);
        behaviour_show(contexts[i], "a", 1);
        if (i > 0)
            expect_done_with(contexts[i], pendio_send(contexts[i], pair.near), 0, 1, 0);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).pool_in_use, 5);
    end();
}
END_TEST

/* Without a reference of the application's the operation under way is the last one. */
START_TEST(b038_contexts_nobody_holds_return_to_their_pool)
{
    struct pendio_context *context;
    char seen[5];

    begin();
    for (int i = 0; i < 5; i++) {
        context = behaviour_get(PENDIO_QUEUE);
        behaviour_show(context, &"abcde"[i], 1);
        expect_ok(pendio_context_set_flags(context, PENDIO_AUTO_PUT));
        expect_pends(context, pendio_send(context, pair.near));
    }
    fixture_wait(&fixture, 5);
    fixture.read_count += 5;
    fixture_quiet(&fixture);
    ck_assert_uint_eq(fixture_stats(&fixture).pool_in_use, 0);
    fixture_take(pair.far, seen, sizeof seen);
    ck_assert_mem_eq(seen, "abcde", sizeof seen);
    behaviour_talk(pair.near, pair.far);
    end();
}
END_TEST

static void put_itself(const struct pendio_completion *completion, void *state)
{
    fixture_collect(completion, state);
    expect_ok(pendio_pool_put(completion->context));
}

START_TEST(b041_context_may_be_put_where_its_end_is_told)
{
    struct pendio_context *context;
    struct pendio_completion result;

    begin();
    for (int i = 0; i < 3; i++) {
        context = behaviour_get(i == 1 ? PENDIO_TRY : PENDIO_QUEUE);
        behaviour_show(context, "a", 1);
        expect_ok(pendio_context_set_callback(context, put_itself, &fixture));
        if (i == 1) { /* done: the starter is told, and puts it */
            expect_done_with(context, pendio_send(context, pair.near), 0, 1, 0);
            expect_ok(pendio_context_result(context, &result));
            expect_ok(pendio_pool_put(context));
        } else {
            expect_pends(context, pendio_send(context, pair.near));
            expect_ends(context, 0, 1, 0);
        }
        ck_assert_int_eq(pendio_pool_put(context), -EALREADY);
        ck_assert_uint_eq(fixture_stats(&fixture).pool_in_use, 0);
    }
    end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b026_second_put_is_told_and_does_nothing, 0},
        {b027_second_start_of_a_context_in_use_is_refused, 0},
        {b029_context_that_was_put_starts_nothing, 0},
        {b029_context_put_by_itself_starts_nothing, 0},
        {b030_one_context_serves_many_sockets_in_turn, FIXTURE_STREAM_COUNT},
        {b033_callback_set_last_is_the_only_one_called, 0},
        {b034_callback_runs_in_a_turn_on_the_thread_of_the_loop, 0},
        {b037_nothing_of_the_callers_is_kept_after_delivery, 0},
        {b038_contexts_nobody_puts_end_with_their_loop, 0},
        {b038_contexts_nobody_holds_return_to_their_pool, 0},
        {b041_context_may_be_put_where_its_end_is_told, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
