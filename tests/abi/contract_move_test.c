/*
 * contract_move_test.c - moving a handle to another loop.
 *
 * - The handle is stale here and good there, with all it had unread; or it stays as it was.
 * - Either loop may end at any time: nothing is lost, and nothing left behind.
 */
#include "fixture.h"

#include <string.h>
#include <unistd.h>

static struct fixture fixture;

/* The other loop, on the same thread: it turns when told to. */
static struct pendio_loop *other;
static struct pendio_pool *other_pool;

static void begin_with(uint32_t handle_count)
{
    const struct pendio_loop_options options = {.size = sizeof options,
                                                .handle_count = handle_count};

    fixture_init(&fixture);
    ck_assert_int_eq(pendio_loop_create(&options, &other), 0);
    ck_assert_int_eq(pendio_pool_create(other, NULL, &other_pool), 0);
}

static void begin(void)
{
    begin_with(0);
}

static void end(void)
{
    uint64_t leaked_count = 1;

    ck_assert_int_eq(pendio_loop_destroy(other, -1, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    fixture_fini(&fixture);
}

static void turn_other(void)
{
    ck_assert_int_eq(pendio_loop_turn(other, 0, NULL, 0), 0);
}

static pendio_handle expect_moved(struct pendio_context *context, pendio_handle old)
{
    const struct pendio_completion *completion = fixture_next(&fixture);

    ck_assert_ptr_eq(completion->context, context);
    expect_completion(completion, 0, 0, 0);
    ck_assert_uint_eq(completion->operation, PENDIO_OPERATION_MOVE);
    ck_assert_uint_eq(completion->handle, old);
    ck_assert_uint_ne(completion->value, 0);
    return completion->value;
}

static void expect_stale(struct pendio_loop *loop, pendio_handle handle)
{
    struct pendio_endpoint endpoint;

    ck_assert_int_eq(pendio_handle_local(loop, handle, &endpoint), -EBADF);
}

static void expect_open_there(uint64_t count)
{
    struct pendio_loop_statistics statistics = {.size = sizeof statistics};

    ck_assert_int_eq(pendio_loop_stats(other, &statistics), 0);
    ck_assert_uint_eq(statistics.handles_open, count);
}

static void expect_good(struct pendio_loop *loop, pendio_handle handle)
{
    struct pendio_endpoint endpoint;

    ck_assert_int_eq(pendio_handle_local(loop, handle, &endpoint), 0);
}

/* What a receive of the other loop ends with. */
static struct pendio_completion receive_there(pendio_handle handle, void *memory, size_t byte_count)
{
    struct pendio_completion record = {.context = NULL};
    struct pendio_context *context = NULL;
    int count = 0;

    ck_assert_int_eq(pendio_pool_get(other_pool, &context), 0);
    ck_assert_int_eq(pendio_context_set_memory(context, memory, byte_count), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    expect_pending(pendio_receive(context, handle));
    while (count == 0)
        count = pendio_loop_turn(other, 1000000000, &record, 1);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    return record;
}

static void expect_data_there(pendio_handle handle, const char *text)
{
    char bytes[32] = "";
    struct pendio_completion record = receive_there(handle, bytes, sizeof bytes);

    expect_completion(&record, 0, strlen(text), 0);
    ck_assert_str_eq(bytes, text);
}

/* ---- results -------------------------------------------------------------------------------- */

START_TEST(what_cannot_move_is_refused)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    contexts[0] = fixture_get(&fixture);
    contexts[1] = fixture_get(&fixture);
    ck_assert_int_eq(pendio_move(contexts[0], pair.near, NULL), -EINVAL);
    ck_assert_int_eq(pendio_move(contexts[0], pair.near, fixture.loop), -EINVAL);
    ck_assert_int_eq(pendio_move(contexts[0], 0, other), -EBADF);
    expect_pending(pendio_receive(contexts[1], pair.near));
    ck_assert_int_eq(pendio_move(contexts[0], pair.near, other), -EBUSY);
    ck_assert_int_eq(pendio_move(contexts[1], pair.near, other), -EBUSY);
    fixture_put(pair.far, "x", 1);
    expect_next(&fixture, contexts[1], 0, 1, 0);
    expect_pending(pendio_move(contexts[0], pair.near, other));
    ck_assert_int_eq(pendio_move(contexts[1], pair.near, other), -EBADF);
    turn_other();
    expect_good(other, expect_moved(contexts[0], pair.near));
    close(pair.far);
    end();
}
END_TEST

START_TEST(unread_data_travel_along_and_the_old_handle_is_stale)
{
    struct fixture_pair pair;
    struct pendio_context *context;
    pendio_handle moved;
    char byte;

    begin();
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 3));
    context = fixture_over(&fixture, &byte, 1);
    fixture_put(pair.far, "abc", 3);
    expect_pending(pendio_receive(context, pair.near)); /* whatever is collected beside it */
    expect_next(&fixture, context, 0, 1, 0);
    ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)_i % 3), 0);
    expect_pending(pendio_move(context, pair.near, other));
    expect_stale(fixture.loop, pair.near);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_GRACEFUL), -EBADF);
    fixture_quiet(&fixture);
    turn_other();
    moved = expect_moved(context, pair.near);
    expect_stale(fixture.loop, pair.near);
    expect_stale(fixture.loop, moved);
    expect_stale(other, pair.near);
    expect_data_there(moved, "bc");
    fixture_put(pair.far, "later", 5);
    expect_data_there(moved, "later");
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, 0);
    close(pair.far);
    end();
}
END_TEST

START_TEST(what_is_known_of_a_stream_travels_along)
{
    struct pendio_completion record;
    struct fixture_pair pair;
    struct pendio_context *context;
    pendio_handle moved;
    char byte;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, &byte, 1);
    if (_i == 0)
        close(pair.far);
    else
        fixture_reset(pair.far);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, _i == 0 ? 0 : -ECONNRESET, 0,
                _i == 0 ? PENDIO_END_OF_STREAM : 0);
    expect_pending(pendio_move(context, pair.near, other));
    turn_other();
    moved = expect_moved(context, pair.near);
    record = receive_there(moved, &byte, 1);
    expect_completion(&record, _i == 0 ? 0 : -ECONNRESET, 0, _i == 0 ? PENDIO_END_OF_STREAM : 0);
    end();
}
END_TEST

START_TEST(handle_moves_there_and_back_and_there_again)
{
    struct pendio_completion record;
    struct pendio_context *there = NULL;
    struct pendio_context *here;
    struct fixture_pair pair;
    pendio_handle handle;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    handle = pair.near;
    here = fixture_get(&fixture);
    ck_assert_int_eq(pendio_pool_get(other_pool, &there), 0);
    for (int i = 0; i < 20; i++) {
        expect_pending(pendio_move(here, handle, other));
        turn_other();
        handle = expect_moved(here, handle);
        expect_pending(pendio_move(there, handle, fixture.loop));
        fixture_quiet(&fixture);
        ck_assert_int_eq(pendio_loop_turn(other, 0, &record, 1), 1);
        expect_completion(&record, 0, 0, 0);
        handle = record.value;
        expect_good(fixture.loop, handle);
    }
    close(pair.far);
    end();
}
END_TEST

START_TEST(target_without_room_sends_the_handle_back)
{
    struct pendio_context *context;
    struct fixture_pair pairs[2];

    begin_with(1);
    context = fixture_get(&fixture);
    for (int i = 0; i < 2; i++)
        pairs[i] = fixture_pair(&fixture, FIXTURE_TCP4);
    expect_pending(pendio_move(context, pairs[0].near, other));
    turn_other();
    expect_good(other, expect_moved(context, pairs[0].near));
    expect_pending(pendio_move(context, pairs[1].near, other));
    turn_other();
    expect_next(&fixture, context, -EAGAIN, 0, 0);
    ck_assert_uint_eq(fixture.seen[1].value, 0);
    fixture_put(pairs[1].far, "x", 1);
    expect_pending(pendio_receive(context, pairs[1].near));
    expect_next(&fixture, context, 0, 1, 0);
    for (int i = 0; i < 2; i++)
        close(pairs[i].far);
    end();
}
END_TEST

/* Known at once, found by the target, or found by its end. */
START_TEST(target_that_ends_sends_the_handle_back)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    if (_i == 0)
        ck_assert_int_eq(pendio_loop_shutdown(other), 0);
    expect_pending(pendio_move(context, pair.near, other));
    if (_i == 1)
        ck_assert_int_eq(pendio_loop_shutdown(other), 0);
    if (_i < 2)
        ck_assert_int_eq(pendio_loop_turn(other, 0, NULL, 0), -ESHUTDOWN);
    ck_assert_int_eq(pendio_loop_destroy(other, 0, NULL), 0);
    expect_next(&fixture, context, -ESHUTDOWN, 0, 0);
    expect_good(fixture.loop, pair.near);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* ---- early ends ----------------------------------------------------------------------------- */

START_TEST(cancel_or_deadline_before_the_arrival_leaves_the_handle_as_it_was)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    if (_i == 1)
        ck_assert_int_eq(pendio_context_set_deadline(context, 1000000), 0);
    expect_pending(pendio_move(context, pair.near, other));
    if (_i == 0)
        ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, _i == 0 ? -ECANCELED : -ETIMEDOUT, 0,
                _i == 0 ? PENDIO_BY_CANCEL : PENDIO_BY_DEADLINE);
    expect_good(fixture.loop, pair.near);
    turn_other();
    ck_assert_int_eq(pendio_context_set_deadline(context, 0), 0);
    expect_pending(pendio_move(context, pair.near, other));
    turn_other();
    expect_good(other, expect_moved(context, pair.near));
    close(pair.far);
    end();
}
END_TEST

START_TEST(cancel_after_the_arrival_comes_too_late)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    expect_pending(pendio_move(context, pair.near, other));
    turn_other();
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_good(other, expect_moved(context, pair.near));
    close(pair.far);
    end();
}
END_TEST

/* The other loop has not looked yet, or has; it ends first, last, or looks when all is over. */
START_TEST(either_loop_ends_with_a_move_under_way)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    bool arrives = _i % 2 == 1;
    uint64_t leaked_count = 1;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    expect_pending(pendio_move(context, pair.near, other));
    if (arrives)
        turn_other();
    if (_i / 2 == 1)
        ck_assert_int_eq(pendio_loop_destroy(other, -1, NULL), 0);
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, _i / 2 == 2 ? 0 : -1, &leaked_count), 0);
    ck_assert_uint_eq(leaked_count, 0);
    fixture.destroyed = true;
    if (_i / 2 != 1) {
        turn_other();
        expect_open_there(0);
    }
    if (_i / 2 != 1)
        ck_assert_int_eq(pendio_loop_destroy(other, -1, NULL), 0);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

/* The answer is there when the loop ends, or back already and waiting to be told. */
START_TEST(handle_whose_arrival_nobody_is_told_of_is_closed)
{
    struct pendio_context *contexts[3];
    struct fixture_pair pairs[3];
    char byte;

    begin();
    for (int i = 0; i < 3; i++) {
        pairs[i] = fixture_pair(&fixture, FIXTURE_TCP4);
        contexts[i] = fixture_get(&fixture);
        expect_pending(pendio_move(contexts[i], pairs[i].near, other));
    }
    turn_other();
    fixture.harvest_count = 1;
    expect_good(other, expect_moved(contexts[0], pairs[0].near));
    if (_i / 2 == 1) { /* told of the one, and the next turn finds nobody else to tell */
        fixture.harvest_count = 0;
        fixture_turn(&fixture, 0);
    }
    expect_open_there(3);
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, _i % 2 == 0 ? 0 : -1, NULL), 0);
    fixture.destroyed = true;
    turn_other();
    expect_open_there(1);
    for (int i = 1; i < 3; i++)
        ck_assert_int_eq(read(pairs[i].far, &byte, 1), 0);
    ck_assert_int_eq(pendio_loop_destroy(other, -1, NULL), 0);
    for (int i = 0; i < 3; i++)
        close(pairs[i].far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(target_that_has_ended_is_not_asked_to_close)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    begin();
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    expect_pending(pendio_move(context, pair.near, other));
    turn_other();
    fixture.harvest_count = 0;
    fixture_turn(&fixture, 0);
    ck_assert_int_eq(pendio_loop_destroy(other, -1, NULL), 0);
    if (_i == 1) {
        fixture.harvest_count = 1;
        ck_assert_uint_ne(expect_moved(context, pair.near), 0);
        fixture_quiet(&fixture);
    }
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, -1, NULL), 0);
    fixture.destroyed = true;
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {what_cannot_move_is_refused, 0},
        {unread_data_travel_along_and_the_old_handle_is_stale, FIXTURE_STREAM_COUNT * 3},
        {what_is_known_of_a_stream_travels_along, 2},
        {handle_moves_there_and_back_and_there_again, 0},
        {target_without_room_sends_the_handle_back, 0},
        {target_that_ends_sends_the_handle_back, 3},
        {cancel_or_deadline_before_the_arrival_leaves_the_handle_as_it_was, 2},
        {cancel_after_the_arrival_comes_too_late, 0},
        {either_loop_ends_with_a_move_under_way, 6},
        {handle_whose_arrival_nobody_is_told_of_is_closed, 4},
        {target_that_has_ended_is_not_asked_to_close, 2},
    };
    return fixture_run("contract: move", cases, sizeof cases / sizeof cases[0]);
}
