/* behaviour_stream.c - streams both of whose ends are the loop's, for tests of behaviours. */
#include "behaviour_stream.h"

struct behaviour_ends behaviour_ends(enum fixture_family family)
{
    int descriptors[2];

    fixture_connect(family, descriptors);
    return (struct behaviour_ends){.left = fixture_adopt(&fixture, descriptors[0]),
                                   .right = fixture_adopt(&fixture, descriptors[1])};
}

void behaviour_send_all(pendio_handle handle, const void *bytes, size_t byte_count)
{
    struct pendio_context *context = behaviour_get(PENDIO_AUTO);

    behaviour_show(context, bytes, byte_count);
    expect_either(context, pendio_send(context, handle), 0, byte_count, 0);
    expect_ok(pendio_pool_put(context));
}

void behaviour_receive_all(pendio_handle handle, void *ret_bytes, size_t byte_count,
                           size_t most_bytes)
{
    struct pendio_context *context = behaviour_get(PENDIO_AUTO);
    unsigned char *to = ret_bytes;

    while (byte_count != 0) {
        size_t window_bytes = byte_count < most_bytes ? byte_count : most_bytes;
        const struct pendio_completion *result;

        expect_ok(pendio_context_set_memory(context, to, window_bytes));
        result =
            behaviour_outcome(context, behaviour_note(context, pendio_receive(context, handle)));
        ck_assert_int_eq(result->error, 0);
        ck_assert_uint_eq(result->flags, 0);
        ck_assert_uint_ge(result->bytes, 1);
        ck_assert_uint_le(result->bytes, window_bytes);
        to += result->bytes;
        byte_count -= result->bytes;
    }
    expect_ok(pendio_pool_put(context));
}

void behaviour_expect_end(pendio_handle handle)
{
    char memory[16];
    struct pendio_context *context = behaviour_over(PENDIO_AUTO, memory, sizeof memory);

    expect_either(context, pendio_receive(context, handle), 0, 0, PENDIO_END_OF_STREAM);
    expect_done_with(context, pendio_receive(context, handle), 0, 0, PENDIO_END_OF_STREAM);
    expect_ok(pendio_pool_put(context));
}

void behaviour_cancel(struct pendio_context *context)
{
    expect_ok(pendio_cancel(fixture.loop, pendio_context_run(context)));
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CANCEL);
}

void behaviour_expect_nothing(pendio_handle handle)
{
    char memory[16];
    struct pendio_context *context = behaviour_over(PENDIO_TRY, memory, sizeof memory);

    expect_pends(context, pendio_receive(context, handle));
    behaviour_cancel(context);
    expect_ok(pendio_pool_put(context));
}
