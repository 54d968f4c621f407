/*
 * contract_handle_test.c - handles: stale, foreign, closing, detached; closed from anywhere.
 *
 * - A value that is not exactly an open handle of the loop is -EBADF, whoever has the slot now.
 * - The close without a context always succeeds, also with an empty pool.
 */
#include "fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static void expect_bad(struct fixture *of, struct pendio_context *context, pendio_handle handle)
{
    struct pendio_endpoint endpoint;
    int value = 0;

    ck_assert_int_eq(pendio_receive(context, handle), -EBADF);
    ck_assert_int_eq(pendio_receive_from(context, handle), -EBADF);
    ck_assert_int_eq(pendio_send(context, handle), -EBADF);
    ck_assert_int_eq(pendio_send_to(context, handle), -EBADF);
    ck_assert_int_eq(pendio_read(context, handle, 0), -EBADF);
    ck_assert_int_eq(pendio_write(context, handle, 0), -EBADF);
    ck_assert_int_eq(pendio_accept(context, handle, 0), -EBADF);
    ck_assert_int_eq(pendio_connect(context, handle), -EBADF);
    ck_assert_int_eq(pendio_close(context, handle, PENDIO_GRACEFUL), -EBADF);
    ck_assert_int_eq(pendio_handle_close(of->loop, handle, PENDIO_GRACEFUL), -EBADF);
    ck_assert_int_eq(pendio_handle_detach(of->loop, handle, &value), -EBADF);
    ck_assert_int_eq(pendio_handle_bind(of->loop, handle, &value, sizeof value), -EBADF);
    ck_assert_int_eq(pendio_handle_listen(of->loop, handle, 1), -EBADF);
    ck_assert_int_eq(pendio_handle_shutdown(of->loop, handle, SHUT_WR), -EBADF);
    ck_assert_int_eq(pendio_handle_set_option(of->loop, handle, SOL_SOCKET, SO_LINGER, &value, 4),
                     -EBADF);
    ck_assert_int_eq(pendio_handle_get_option(of->loop, handle, SOL_SOCKET, SO_TYPE, 4, &value),
                     -EBADF);
    ck_assert_int_eq(pendio_handle_local(of->loop, handle, &endpoint), -EBADF);
    ck_assert_int_eq(pendio_handle_peer(of->loop, handle, &endpoint), -EBADF);
    ck_assert_int_eq(value, 0);
}

START_TEST(values_that_were_never_handles_are_bad)
{
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_endpoint(context, "xx", 2), 0);
    expect_bad(&fixture, context, 0);
    expect_bad(&fixture, context, UINT64_MAX);
    for (int bit = 0; bit < 64; bit++)
        ck_assert_int_eq(pendio_receive(context, pair.near ^ UINT64_C(1) << bit), -EBADF);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(stale_handle_stays_bad_whoever_has_its_slot)
{
    struct pendio_context *context;
    pendio_handle first;
    pendio_handle last = 0;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_endpoint(context, "xx", 2), 0);
    first = fixture_adopt(&fixture, open("/dev/null", O_RDWR | O_CLOEXEC));
    ck_assert_int_eq(pendio_handle_close(fixture.loop, first, PENDIO_GRACEFUL), 0);
    for (int i = 0; i < 5000; i++) {
        pendio_handle handle = fixture_adopt(&fixture, open("/dev/null", O_RDWR | O_CLOEXEC));

        ck_assert_uint_ne(handle, last);
        ck_assert_uint_ne(handle, first);
        ck_assert_uint_ne(handle, 0);
        ck_assert_int_eq(pendio_receive(context, first), -EBADF);
        ck_assert_int_eq(pendio_handle_close(fixture.loop, handle, PENDIO_GRACEFUL), 0);
        last = handle;
    }
    expect_bad(&fixture, context, first);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(handle_of_another_loop_is_bad)
{
    struct fixture other;
    struct fixture_pair pair;
    struct fixture_pair foreign;
    struct pendio_context *context;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    fixture_init(&other);
    foreign = fixture_pair(&other, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_endpoint(context, "xx", 2), 0);
    expect_bad(&fixture, context, foreign.near);
    ck_assert_int_eq(pendio_nop(context, other.loop), -EINVAL);
    expect_bad(&other, fixture_get(&fixture), foreign.near ^ pair.near);
    close(foreign.far);
    fixture_discard(&other);
    close(pair.far);
    fixture_discard(&fixture);
}
END_TEST

START_TEST(closing_handle_is_bad_from_the_start)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    char byte;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    contexts[0] = fixture_over(&fixture, &byte, 1);
    contexts[1] = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_endpoint(contexts[1], "xx", 2), 0);
    expect_pending(pendio_receive(contexts[0], pair.near));
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_GRACEFUL), 0);
    expect_bad(&fixture, contexts[1], pair.near);
    expect_next(&fixture, contexts[0], -ECANCELED, 0, PENDIO_BY_CLOSE);
    expect_bad(&fixture, contexts[1], pair.near);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(close_without_context_needs_no_capacity)
{
    const struct pendio_loop_options options = {.size = sizeof options, .operation_count = 4};
    struct pendio_context *contexts[4];
    struct fixture_pair pair;
    char memory[4];

    fixture_init_with(&fixture, &options, 4, 0);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    for (int i = 0; i < 4; i++) {
        contexts[i] = fixture_over(&fixture, &memory[i], 1);
        expect_pending(pendio_receive(contexts[i], pair.near));
    }
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_GRACEFUL), 0);
    for (int i = 0; i < 4; i++)
        expect_completion(fixture_next(&fixture), -ECANCELED, 0, PENDIO_BY_CLOSE);
    fixture_quiet(&fixture);
    ck_assert_int_eq(read(pair.far, memory, 1), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

static void close_own_handle(const struct pendio_completion *completion, void *state)
{
    uint32_t mode = *(uint32_t *)state;

    fixture_collect(completion, &fixture);
    if (pendio_handle_close(fixture.loop, completion->handle, mode) == 0)
        ck_assert_int_eq(pendio_receive(completion->context, completion->handle), -EBADF);
    ck_assert_int_eq(pendio_pool_put(completion->context), 0);
}

START_TEST(handle_may_be_closed_from_the_callback_of_its_own_operation)
{
    uint32_t mode = (uint32_t)_i % 2;
    struct fixture_pair pair;
    char memory[8];
    char byte;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / 2));
    for (int i = 0; i < 8; i++) {
        struct pendio_context *context = fixture_over(&fixture, &memory[i], 1);

        ck_assert_int_eq(pendio_context_set_callback(context, close_own_handle, &mode), 0);
        expect_pending(pendio_receive(context, pair.near));
    }
    fixture_put(pair.far, "abc", 3);
    expect_completion(fixture_next(&fixture), 0, 1, 0);
    fixture_wait(&fixture, 7);
    for (int i = 0; i < 7; i++) {
        const struct pendio_completion *completion = fixture_next(&fixture);

        ck_assert(completion->error == 0 || completion->error == -ECANCELED);
        ck_assert_uint_eq(completion->flags, completion->error == 0 ? 0 : PENDIO_BY_CLOSE);
    }
    fixture_quiet(&fixture);
    ck_assert_int_le(read(pair.far, &byte, 1), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(detach_gives_the_descriptor_back_when_nothing_is_under_way)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    int descriptor = -1;
    char byte;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_over(&fixture, &byte, 1);
    expect_pending(pendio_receive(context, pair.near));
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), -EBUSY);
    fixture_put(pair.far, "a", 1);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 1000000000, NULL, 0), 0);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), -EBUSY);
    ck_assert_int_eq(descriptor, -1);
    expect_next(&fixture, context, 0, 1, 0);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, &descriptor), 0);
    ck_assert_int_eq(pendio_receive(context, pair.near), -EBADF);
    fixture_put(pair.far, "b", 1);
    fixture_take(descriptor, &byte, 1);
    close(descriptor);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(full_table_refuses_and_closes_what_it_had_opened)
{
    const struct pendio_loop_options options = {.size = sizeof options, .handle_count = 1};
    pendio_handle handle = 7;
    int ends[2];

    fixture_init_with(&fixture, &options, 4, 0);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    (void)fixture_adopt(&fixture, ends[0]);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_STREAM, 0, &handle),
                         -EAGAIN);
        ck_assert_int_eq(pendio_handle_adopt(fixture.loop, ends[1], &handle), -EAGAIN);
    }
    ck_assert_int_eq(pendio_handle_adopt(fixture.loop, -1, &handle), -EBADF);
    ck_assert_int_eq(pendio_handle_adopt(fixture.loop, 999999, &handle), -EBADF);
    ck_assert_uint_eq(handle, 7);
    ck_assert_int_eq(fcntl(ends[1], F_GETFD), FD_CLOEXEC); /* what was not taken stays open */
    close(ends[1]);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {values_that_were_never_handles_are_bad, 0},
        {stale_handle_stays_bad_whoever_has_its_slot, 0},
        {handle_of_another_loop_is_bad, 0},
        {closing_handle_is_bad_from_the_start, 0},
        {close_without_context_needs_no_capacity, 0},
        {handle_may_be_closed_from_the_callback_of_its_own_operation, 2 * FIXTURE_STREAM_COUNT},
        {detach_gives_the_descriptor_back_when_nothing_is_under_way, 0},
        {full_table_refuses_and_closes_what_it_had_opened, 0},
    };
    return fixture_run("contract: handle", cases, sizeof cases / sizeof cases[0]);
}
