/*
 * contract_restricted_test.c - loops that may do some operations only.
 *
 * - What they may not is refused before the kernel sees it, and nothing is changed by that.
 * - The loop itself works all the same.
 */
#include "fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static void begin_with(uint64_t operations)
{
    const struct pendio_loop_options options = {.size = sizeof options,
                                                .allowed_operations = operations};

    fixture_init_with(&fixture, &options, 64, 4096);
}

START_TEST(sets_of_unknown_operations_are_refused)
{
    struct pendio_loop_options options = {.size = sizeof options};
    struct pendio_loop *loop;

    for (int bit = 0; bit < 64; bit++) {
        int status = bit == 0 || bit > PENDIO_OPERATION_MOVE ? -EINVAL : 0;

        options.allowed_operations = UINT64_C(1) << bit;
        ck_assert_int_eq(pendio_loop_create(&options, &loop), status);
        if (status == 0)
            ck_assert_int_eq(pendio_loop_destroy(loop, -1, NULL), 0);
    }
}
END_TEST

START_TEST(other_operations_are_refused_and_nothing_has_changed)
{
    struct pendio_context *context;
    pendio_handle handle;

    begin_with(UINT64_C(1) << PENDIO_OPERATION_POST);
    context = fixture_get(&fixture);
    handle = fixture_adopt(&fixture, open("/dev/null", O_RDONLY | O_CLOEXEC));
    ck_assert_int_eq(pendio_nop(context, fixture.loop), -ENOTSUP);
    ck_assert_int_eq(pendio_timer(context, 1), -ENOTSUP);
    ck_assert_int_eq(pendio_read(context, handle, 0), -ENOTSUP);
    ck_assert_int_eq(pendio_open(context, "/dev/null", O_RDONLY, 0), -ENOTSUP);
    ck_assert_int_eq(pendio_truncate(context, handle, 0), -ENOTSUP);
    ck_assert_int_eq(pendio_signal(context, SIGUSR1), -ENOTSUP);
    ck_assert_int_eq(pendio_close(context, handle, PENDIO_GRACEFUL), -ENOTSUP);
    ck_assert_uint_eq(pendio_context_run(context), 0);
    ck_assert_uint_eq(fixture_stats(&fixture).started, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).refused_invalid, 7);
    ck_assert_int_eq(pendio_loop_post(fixture.loop, 1, 2), 0);
    ck_assert_uint_eq(fixture_next(&fixture)->value, 2);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, handle, PENDIO_GRACEFUL), 0);
    fixture_fini(&fixture);
}
END_TEST

/* Its sleep, its deadlines, its descriptor and its arenas need no operation of their own. */
START_TEST(loop_itself_works_whatever_is_allowed)
{
    struct pendio_context *context;
    struct fixture_pair pair;
    struct pollfd ready;

    begin_with(UINT64_C(1) << PENDIO_OPERATION_RECEIVE);
    ready = (struct pollfd){.fd = pendio_loop_descriptor(fixture.loop), .events = POLLIN};
    ck_assert_int_ge(ready.fd, 0);
    context = fixture_get(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    expect_pending(pendio_receive(context, pair.near));
    while (fixture_turn(&fixture, 0) > 0)
        ;
    fixture_put(pair.far, "a", 1);
    ck_assert_int_eq(poll(&ready, 1, 10000), 1);
    expect_next(&fixture, context, 0, 1, 0);
    ck_assert_int_eq(pendio_context_set_deadline(context, 1000), 0);
    expect_pending(pendio_receive(context, pair.near));
    expect_next(&fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    if (fixture_stats(&fixture).features & PENDIO_FEATURE_FIXED_BUFFERS)
        ck_assert_uint_ne(fixture_stats(&fixture).arena_registered_bytes, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

static void close_at_once(struct pendio_loop *loop, pendio_handle handle, void *state)
{
    (void)state;
    (void)pendio_handle_close(loop, handle, PENDIO_ABORTIVE);
}

static void expect_group(uint64_t operations, uint32_t spread, int status)
{
    const struct pendio_loop_options loop = {.size = sizeof loop, .allowed_operations = operations};
    const struct pendio_group_options options = {
        .size = sizeof options, .loop_count = 2, .spread = spread, .loop = &loop};
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pendio_group *group;

    ck_assert_int_eq(pendio_group_create(&options, &group), 0);
    ck_assert_int_eq(
        pendio_group_listen(group, &address, sizeof address, 4, close_at_once, NULL, NULL), status);
    ck_assert_int_eq(pendio_group_destroy(group, -1, NULL), 0);
}

START_TEST(group_listens_where_its_loops_may)
{
    const uint64_t least = UINT64_C(1) << PENDIO_OPERATION_ACCEPT | UINT64_C(1)
                                                                        << PENDIO_OPERATION_TIMER;

    expect_group(UINT64_C(1) << PENDIO_OPERATION_ACCEPT, PENDIO_SPREAD_REUSE_PORT, -ENOTSUP);
    expect_group(least, PENDIO_SPREAD_REUSE_PORT, 0);
    expect_group(least, PENDIO_SPREAD_MOVE, -ENOTSUP);
    expect_group(least | UINT64_C(1) << PENDIO_OPERATION_MOVE, PENDIO_SPREAD_MOVE, 0);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {sets_of_unknown_operations_are_refused, 0},
        {other_operations_are_refused_and_nothing_has_changed, 0},
        {loop_itself_works_whatever_is_allowed, 0},
        {group_listens_where_its_loops_may, 0},
    };
    return fixture_run("contract: restricted", cases, sizeof cases / sizeof cases[0]);
}
