/*
 * contract_flags_test.c - the request half read back, and a context that goes back by itself.
 *
 * - Setters are refused while the context is in use, and change nothing then.
 * - PENDIO_AUTO_PUT: put when the turn after the delivery begins, if the receiver left it alone.
 */
#include "fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static struct pendio_request request_of(const struct pendio_context *context)
{
    struct pendio_request request = {.size = sizeof request};

    ck_assert_int_eq(pendio_context_request(context, &request), 0);
    ck_assert_uint_eq(request.size, sizeof request);
    return request;
}

/* Whether setters answer so. */
static void expect_setters(struct pendio_context *context, int status)
{
    struct pendio_bytes piece = {.memory = &piece, .byte_count = 1};

    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_PEEK), status);
    ck_assert_int_eq(pendio_context_set_pieces(context, &piece, 1), status);
    ck_assert_int_eq(pendio_context_set_control(context, &piece, sizeof piece), status);
}

static uint64_t in_use(void)
{
    return fixture_stats(&fixture).pool_in_use;
}

/* A nop that goes back by itself, started. */
static struct pendio_context *started_nop(bool by_callback)
{
    struct pendio_context *context =
        by_callback ? fixture_called(&fixture, NULL, 0) : fixture_get(&fixture);

    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_AUTO_PUT), 0);
    expect_pending(pendio_nop(context, fixture.loop));
    return context;
}

START_TEST(setters_are_refused_in_use_and_in_the_pool_and_change_nothing)
{
    struct pendio_request before;
    struct pendio_request after;
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    before = request_of(context);
    expect_pending(pendio_timer(context, UINT64_MAX));
    expect_setters(context, -EBUSY);
    after = request_of(context);
    ck_assert_mem_eq(&before, &after, sizeof before);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_setters(context, -EBUSY); /* finished, not yet delivered */
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    expect_setters(context, 0);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    expect_setters(context, -EINVAL);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(unknown_flags_and_control_memory_by_halves_are_refused)
{
    struct pendio_context *context;
    char memory[8];

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_PEEK), 0);
    for (uint32_t bit = 16; bit != 0; bit <<= 1)
        ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_AUTO_PUT | bit), -EINVAL);
    ck_assert_uint_eq(request_of(context).flags, PENDIO_PEEK);
    ck_assert_int_eq(pendio_context_set_control(context, NULL, 8), -EINVAL);
    ck_assert_int_eq(pendio_context_set_control(context, memory, 0), -EINVAL);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(request_reads_back_everything_and_get_makes_it_new)
{
    const unsigned char address[4] = {1, 0, 3, 4};
    struct pendio_context *context;
    struct pendio_request request;
    char memory[16];
    char control[8];

    fixture_init(&fixture);
    context = fixture_called(&fixture, memory, sizeof memory);
    ck_assert_int_eq(pendio_context_set_window(context, 3, 5), 0);
    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_PEEK | PENDIO_ZERO_COPY), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    ck_assert_int_eq(pendio_context_set_control(context, control, sizeof control), 0);
    ck_assert_int_eq(pendio_context_set_deadline(context, 12), 0);
    ck_assert_int_eq(pendio_context_set_user_data(context, 34), 0);
    ck_assert_int_eq(pendio_context_set_endpoint(context, address, sizeof address), 0);
    request = request_of(context);
    ck_assert_uint_eq(request.flags, PENDIO_PEEK | PENDIO_ZERO_COPY);
    ck_assert_uint_eq(request.policy, PENDIO_QUEUE);
    ck_assert_ptr_eq(request.memory, memory);
    ck_assert_uint_eq(request.byte_count, sizeof memory);
    ck_assert_uint_eq(request.window_offset, 3);
    ck_assert_uint_eq(request.window_bytes, 5);
    ck_assert_ptr_eq(request.control, control);
    ck_assert_uint_eq(request.control_bytes, sizeof control);
    ck_assert_uint_eq(request.deadline_ns, 12);
    ck_assert_uint_eq(request.user_data, 34);
    ck_assert(request.completed == fixture_collect && request.completed_state == &fixture);
    ck_assert_uint_eq(request.endpoint.byte_count, sizeof address);
    ck_assert_mem_eq(request.endpoint.address, address, sizeof address);
    ck_assert(request.piece_count == 0 && request.pieces == NULL);

    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_ptr_eq(fixture_get(&fixture), context); /* the one put back last */
    request = request_of(context);
    ck_assert(request.flags == 0 && request.policy == PENDIO_AUTO && request.control == NULL);
    ck_assert(request.control_bytes == 0 && request.deadline_ns == 0 && request.user_data == 0);
    ck_assert(request.completed == NULL && request.completed_state == NULL);
    ck_assert(request.endpoint.byte_count == 0 && request.byte_count == 4096);
    ck_assert(request.window_offset == 0 && request.window_bytes == 4096);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(request_writes_as_much_as_is_asked_for)
{
    struct pendio_request request;
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    memset(&request, 0xa5, sizeof request);
    request.size = 7;
    ck_assert_int_eq(pendio_context_request(context, &request), -EINVAL);
    request.size = 12;
    ck_assert_int_eq(pendio_context_request(context, &request), 0);
    ck_assert(request.size == 12 && request.flags == 0 && request.policy == 0);
    ck_assert_uint_eq(request.piece_count, 0xa5a5a5a5);
    request.size = UINT32_MAX;
    ck_assert_int_eq(pendio_context_request(context, &request), 0);
    ck_assert_uint_eq(request.size, sizeof request);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(auto_put_happens_when_the_next_turn_begins)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = started_nop(_i == 1);
    ck_assert_int_eq(pendio_pool_put(context), -EBUSY);
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_uint_eq(in_use(), 1);
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0); /* no turn */
    expect_result(context, 0, 0, 0);
    ck_assert_uint_eq(in_use(), 1);
    fixture_quiet(&fixture);
    ck_assert_uint_eq(in_use(), 0);
    ck_assert_int_eq(pendio_pool_put(context), -EALREADY);
    expect_result(context, 0, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(auto_put_leaves_alone_what_the_receiver_started_again)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = started_nop(_i == 1);
    expect_next(&fixture, context, 0, 0, 0);
    expect_pending(pendio_timer(context, UINT64_MAX));
    fixture_quiet(&fixture);
    ck_assert_uint_eq(in_use(), 1);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_uint_eq(in_use(), 1);
    fixture_quiet(&fixture); /* that was a delivery of its own */
    ck_assert_uint_eq(in_use(), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(auto_put_leaves_alone_what_the_receiver_put_or_keeps)
{
    struct pendio_context *context;

    fixture_init(&fixture);
    context = started_nop(_i == 1);
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    ck_assert_ptr_eq(fixture_get(&fixture), context); /* for somebody else */
    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_AUTO_PUT), 0);
    fixture_quiet(&fixture);
    ck_assert_uint_eq(in_use(), 1);
    expect_pending(pendio_nop(context, fixture.loop));
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_int_eq(pendio_context_set_flags(context, 0), 0);
    fixture_quiet(&fixture);
    ck_assert_uint_eq(in_use(), 1);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(done_and_refused_starts_put_nothing)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, NULL, 0);
    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_AUTO_PUT), 0);
    expect_done(pendio_send(context, pair.near));
    ck_assert_int_eq(pendio_send(context, 0), -EBADF);
    fixture_quiet(&fixture);
    ck_assert_uint_eq(in_use(), 1);
    ck_assert_int_eq(pendio_pool_put(context), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(record_that_waits_for_room_is_not_delivered_yet)
{
    struct pendio_context *contexts[2];

    fixture_init(&fixture);
    fixture.harvest_count = 1;
    for (int i = 0; i < 2; i++)
        contexts[i] = started_nop(false);
    for (int i = 0; i < 2; i++) {
        expect_next(&fixture, contexts[i], 0, 0, 0);
        ck_assert_uint_eq(in_use(), i == 0 ? 2 : 1);
    }
    fixture_quiet(&fixture);
    ck_assert_uint_eq(in_use(), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(auto_put_happens_while_a_loop_shuts_down_and_pools_end_after_it)
{
    struct pendio_context *contexts[8];

    fixture_init(&fixture);
    for (int i = 0; i < 8; i++) {
        contexts[i] = fixture_get(&fixture);
        ck_assert_int_eq(pendio_context_set_flags(contexts[i], PENDIO_AUTO_PUT), 0);
        expect_pending(pendio_timer(contexts[i], UINT64_MAX));
    }
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(fixture_next(&fixture)->error, -ECANCELED);
    ck_assert_int_eq(pendio_pool_destroy(fixture.pool), -EBUSY);
    ck_assert_int_eq(fixture_turn(&fixture, 0), -ESHUTDOWN);
    ck_assert_uint_eq(in_use(), 0);
    ck_assert_int_eq(pendio_pool_destroy(fixture.pool), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(pool_of_one_serves_any_number_of_messages_without_a_reference)
{
    enum { MESSAGE_COUNT = 1000 };
    struct pendio_context *context = NULL;

    fixture_init_with(&fixture, NULL, 1, 0);
    for (int i = 0; i < MESSAGE_COUNT; i++) {
        context = started_nop(_i == 1);
        expect_next(&fixture, context, 0, 0, 0);
        ck_assert_int_eq(pendio_pool_get(fixture.pool, &context), -EAGAIN);
        ck_assert_int_eq(fixture_turn(&fixture, 0), 0);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).pool_gets, MESSAGE_COUNT);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {setters_are_refused_in_use_and_in_the_pool_and_change_nothing, 0},
        {unknown_flags_and_control_memory_by_halves_are_refused, 0},
        {request_reads_back_everything_and_get_makes_it_new, 0},
        {request_writes_as_much_as_is_asked_for, 0},
        {auto_put_happens_when_the_next_turn_begins, 2},
        {auto_put_leaves_alone_what_the_receiver_started_again, 2},
        {auto_put_leaves_alone_what_the_receiver_put_or_keeps, 2},
        {done_and_refused_starts_put_nothing, 0},
        {record_that_waits_for_room_is_not_delivered_yet, 0},
        {auto_put_happens_while_a_loop_shuts_down_and_pools_end_after_it, 0},
        {pool_of_one_serves_any_number_of_messages_without_a_reference, 2},
    };
    return fixture_run("contract: flags", cases, sizeof cases / sizeof cases[0]);
}
