/*
 * null_test.c - NULL where something is needed.
 *
 * - Every function refuses it with -EINVAL, and leaves what it was given untouched.
 */
#include "every_call.h"
#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

START_TEST(nothing_works_on_null)
{
    const struct every_subject nobody = {.handle = 1};

    ck_assert_int_eq(every_call_count_others(&nobody, false, -EINVAL), 0);
    ck_assert_uint_eq(pendio_context_run(NULL), 0);
}
END_TEST

START_TEST(every_function_of_the_snapshot_is_called_by_these_tests)
{
    static const char *const others[] = {"context_run", "feature_name", "group_create",
                                         "loop_create", "loop_explain", "version"};
    FILE *snapshot = fopen(PENDIO_SNAPSHOT, "r");
    size_t symbol_count = 0;
    size_t called_count = 0;
    char line[256];
    char name[128];

    ck_assert_msg(snapshot != NULL, "cannot open " PENDIO_SNAPSHOT);
    while (fgets(line, sizeof line, snapshot) != NULL) {
        if (sscanf(line, "symbol pendio_%127[a-z_]@", name) != 1)
            continue;
        symbol_count++;
        for (size_t i = 0; i < every_call_count; i++)
            called_count += strcmp(every_calls[i].name, name) == 0;
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
            called_count += strcmp(others[i], name) == 0;
    }
    fclose(snapshot);
    ck_assert_uint_ne(symbol_count, 0);
    ck_assert_uint_eq(called_count, symbol_count);
}
END_TEST

START_TEST(creation_without_a_place_for_the_result_is_refused)
{
    fixture_init(&fixture);
    ck_assert_int_eq(pendio_loop_create(NULL, NULL), -EINVAL);
    ck_assert_int_eq(pendio_pool_create(fixture.loop, NULL, NULL), -EINVAL);
    ck_assert_int_eq(pendio_pool_get(fixture.pool, NULL), -EINVAL);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(results_without_a_place_are_refused)
{
    struct pendio_context *context;
    uint64_t slice_bytes = 7;
    size_t byte_count = 7;
    void *memory = &memory;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_result(context, NULL), -EINVAL);
    ck_assert_int_eq(pendio_context_sender(context, NULL), -EINVAL);
    ck_assert_int_eq(pendio_context_window(context, NULL, &byte_count), -EINVAL);
    ck_assert_int_eq(pendio_context_window(context, &memory, NULL), -EINVAL);
    ck_assert_int_eq(pendio_pool_memory(fixture.pool, NULL, &slice_bytes), -EINVAL);
    ck_assert_int_eq(pendio_pool_memory(fixture.pool, &memory, NULL), -EINVAL);
    ck_assert_int_eq(pendio_loop_stats(fixture.loop, NULL), -EINVAL);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, 0, NULL, 1), -EINVAL);
    ck_assert_ptr_eq(memory, &memory);
    ck_assert_uint_eq(byte_count, 7);
    ck_assert_uint_eq(slice_bytes, 7);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(handles_without_a_place_or_an_argument_are_refused)
{
    struct fixture_pair pair;
    int yes = 1;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_INET, SOCK_STREAM, 0, NULL), -EINVAL);
    ck_assert_int_eq(pendio_handle_adopt(fixture.loop, pair.far, NULL), -EINVAL);
    ck_assert_int_eq(pendio_handle_detach(fixture.loop, pair.near, NULL), -EINVAL);
    ck_assert_int_eq(pendio_handle_local(fixture.loop, pair.near, NULL), -EINVAL);
    ck_assert_int_eq(pendio_handle_peer(fixture.loop, pair.near, NULL), -EINVAL);
    ck_assert_int_eq(pendio_handle_bind(fixture.loop, pair.near, NULL, 16), -EINVAL);
    ck_assert_int_eq(
        pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_KEEPALIVE, NULL, 4),
        -EINVAL);
    ck_assert_int_eq(
        pendio_handle_get_option(fixture.loop, pair.near, SOL_SOCKET, SO_KEEPALIVE, 4, NULL),
        -EINVAL);
    ck_assert_int_eq(
        pendio_handle_set_option(fixture.loop, pair.near, SOL_SOCKET, SO_KEEPALIVE, &yes, 4), 0);
    ck_assert_uint_eq(fixture_stats(&fixture).handles_open, 1);
    ck_assert_int_eq(pendio_handle_close(fixture.loop, pair.near, PENDIO_GRACEFUL), 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(requests_without_their_argument_are_refused_and_change_nothing)
{
    unsigned char bytes[8];
    struct pendio_context *context;
    size_t byte_count = 0;
    void *memory = NULL;

    fixture_init(&fixture);
    context = fixture_over(&fixture, bytes, sizeof bytes);
    ck_assert_int_eq(pendio_context_set_memory(context, NULL, 1), -EINVAL);
    ck_assert_int_eq(pendio_context_set_endpoint(context, NULL, 16), -EINVAL);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE + 1), -EINVAL);
    ck_assert_int_eq(pendio_context_set_window(context, 1, sizeof bytes), -EINVAL);
    ck_assert_int_eq(pendio_open(context, NULL, 0, 0), -EINVAL);
    ck_assert_int_eq(pendio_nop(context, NULL), -EINVAL);
    ck_assert_int_eq(pendio_context_window(context, &memory, &byte_count), 0);
    ck_assert_ptr_eq(memory, bytes);
    ck_assert_uint_eq(byte_count, sizeof bytes);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {nothing_works_on_null, 0},
        {every_function_of_the_snapshot_is_called_by_these_tests, 0},
        {creation_without_a_place_for_the_result_is_refused, 0},
        {results_without_a_place_are_refused, 0},
        {handles_without_a_place_or_an_argument_are_refused, 0},
        {requests_without_their_argument_are_refused_and_change_nothing, 0},
    };

    return fixture_run("abi: NULL", cases, sizeof cases / sizeof cases[0]);
}
