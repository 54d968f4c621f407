/* holding.c - sends that copy nothing, and a peer that does not take them. */
#include "holding.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { READ_BYTES = 16 << 20 }; /* more than any test sends */

bool holding_is_possible(struct fixture *fixture)
{
    return (fixture_stats(fixture).features & PENDIO_FEATURE_ZERO_COPY) != 0;
}

struct fixture_pair holding_pair(struct fixture *fixture)
{
    struct fixture_pair pair = fixture_pair(fixture, FIXTURE_TCP4);
    const int much = 8 * HOLDING_BYTES;

    ck_assert_int_eq(pendio_handle_set_option(fixture->loop, pair.near, SOL_SOCKET, SO_SNDBUF,
                                              &much, sizeof much),
                     0);
    return pair;
}

struct fixture_pair holding_begin(struct fixture *fixture)
{
    fixture_init_with(fixture, NULL, 8, HOLDING_BYTES);
    return holding_pair(fixture);
}

struct pendio_context *holding_get(struct fixture *fixture, void *memory, size_t byte_count,
                                   uint64_t seed)
{
    struct pendio_context *context = fixture_get(fixture);
    size_t most = byte_count;

    if (memory != NULL)
        ck_assert_int_eq(pendio_context_set_memory(context, memory, byte_count), 0);
    else
        ck_assert_int_eq(pendio_context_set_window(context, 0, byte_count), 0);
    ck_assert_int_eq(pendio_context_window(context, &memory, &most), 0);
    fixture_fill(memory, byte_count, seed);
    ck_assert_int_eq(pendio_context_set_flags(context, PENDIO_ZERO_COPY), 0);
    return context;
}

bool holding_start(struct fixture *fixture, struct pendio_context *context, pendio_handle handle)
{
    size_t byte_count = 0;
    void *memory;

    ck_assert_int_eq(pendio_context_window(context, &memory, &byte_count), 0);
    expect_pending(pendio_send(context, handle));
    if (!holding_is_possible(fixture)) {
        expect_next(fixture, context, 0, byte_count, PENDIO_COPIED);
        return false;
    }
    fixture_quiet(fixture);
    ck_assert_int_eq(pendio_cancel(fixture->loop, pendio_context_run(context)), -ENOENT);
    return true;
}

void holding_take(struct fixture *fixture, int descriptor, size_t byte_count, uint64_t seed)
{
    char *bytes = malloc(byte_count);
    size_t taken_bytes = 0;

    ck_assert_ptr_nonnull(bytes);
    while (taken_bytes != byte_count) {
        ssize_t count =
            recv(descriptor, bytes + taken_bytes, byte_count - taken_bytes, MSG_DONTWAIT);

        ck_assert(count > 0 || (count < 0 && errno == EAGAIN));
        taken_bytes += count > 0 ? (size_t)count : 0;
        ck_assert_int_ge(fixture_turn(fixture, count > 0 ? 0 : 1000000), 0);
    }
    ck_assert(fixture_is_filled(bytes, byte_count, seed));
    free(bytes);
}

size_t holding_take_until(int descriptor, uint64_t seed, int error)
{
    char *bytes = malloc(READ_BYTES);
    size_t taken_bytes = 0;
    ssize_t count = 1;

    ck_assert_ptr_nonnull(bytes);
    while (count > 0) {
        count = recv(descriptor, bytes + taken_bytes, READ_BYTES - taken_bytes, 0);
        taken_bytes += count > 0 ? (size_t)count : 0;
    }
    ck_assert_int_eq(count < 0 ? errno : 0, error);
    ck_assert(fixture_is_filled(bytes, taken_bytes, seed));
    free(bytes);
    return taken_bytes;
}
