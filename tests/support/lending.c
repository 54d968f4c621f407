/*
 * lending.c - contexts that are lent memory, and what they were lent.
 */
#include "lending.h"

#include <string.h>

struct pendio_context *lending_get(struct fixture *fixture)
{
    struct pendio_context *context = fixture_get(fixture);

    ck_assert_int_eq(pendio_context_set_lending(context), 0);
    return context;
}

struct pendio_completion lending_finish(struct fixture *fixture, struct pendio_context *context,
                                        int answer)
{
    struct pendio_completion completion;

    if (answer == PENDIO_PENDING) {
        completion = *fixture_next(fixture);
        ck_assert_ptr_eq(completion.context, context);
    } else {
        ck_assert_int_eq(answer, PENDIO_DONE);
        ck_assert_int_eq(pendio_context_result(context, &completion), 0);
    }
    return completion;
}

struct pendio_completion lending_receive(struct fixture *fixture, struct pendio_context *context,
                                         pendio_handle handle)
{
    return lending_finish(fixture, context, pendio_receive(context, handle));
}

void lending_expect(const struct pendio_completion *completion, const char *text)
{
    void *memory;
    size_t byte_count;

    expect_completion(completion, 0, strlen(text), PENDIO_LENT);
    ck_assert_mem_eq((const void *)(uintptr_t)completion->memory, text, strlen(text));
    ck_assert_int_eq(pendio_context_window(completion->context, &memory, &byte_count), 0);
    ck_assert_ptr_eq(memory, (void *)(uintptr_t)completion->memory);
    ck_assert_uint_eq(byte_count, strlen(text));
}

void lending_expect_nothing(const struct pendio_context *context)
{
    void *memory;
    size_t byte_count;

    ck_assert_int_eq(pendio_context_window(context, &memory, &byte_count), 0);
    ck_assert_ptr_null(memory);
    ck_assert_uint_eq(byte_count, 0);
}

uint64_t lending_in_use(struct fixture *fixture)
{
    return fixture_stats(fixture).buffers_in_use;
}

bool lending_collects(struct fixture *fixture)
{
    return (fixture_stats(fixture).features & PENDIO_FEATURE_MULTISHOT_RECEIVE) != 0;
}

struct fixture_pair lending_pair(struct fixture *fixture, struct pendio_context **ret_context)
{
    struct fixture_pair pair = fixture_pair(fixture, FIXTURE_TCP4);
    struct pendio_completion completion;

    *ret_context = lending_get(fixture);
    expect_pending(pendio_receive(*ret_context, pair.near));
    fixture_put(pair.far, "first", 5);
    completion = *fixture_next(fixture);
    lending_expect(&completion, "first");
    return pair;
}

struct fixture_pair lending_collected(struct fixture *fixture, struct pendio_context **ret_context,
                                      const char *text)
{
    struct fixture_pair pair = lending_pair(fixture, ret_context);

    fixture_put(pair.far, text, strlen(text));
    fixture_quiet(fixture);
    if (lending_collects(fixture))
        ck_assert_uint_ge(lending_in_use(fixture), 1);
    return pair;
}
