/*
 * context_test.c - behaviours 1 to 25: properties of a context, and the memory it works on.
 *
 * - Each test reads back what was set, then sends with it: what arrives is what was set.
 * - .NET has memory and list exclude each other. Contract 6: a context works on a slice, on memory,
 *   on a vector or on none; what is set last counts, and only misuse is refused.
 */
#include "behaviour.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fixture_pair pair;
static struct pendio_context *context;
static char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF";

static void begin(void)
{
    behaviour_begin();
    pair = fixture_pair(&fixture, FIXTURE_UNIX_STREAM);
    context = behaviour_over(PENDIO_TRY, NULL, 0);
}

static void end(void)
{
    close(pair.far);
    behaviour_end();
}

static struct pendio_request request(void)
{
    struct pendio_request read = {.size = sizeof read};

    expect_ok(pendio_context_request(context, &read));
    return read;
}

/* Memory as set, and the part of it that is worked on. */
static void expect_memory(void *memory, uint64_t byte_count, uint64_t offset, uint64_t window)
{
    const struct pendio_request read = request();
    void *first = NULL;
    size_t first_count = 0;

    ck_assert_ptr_eq(read.memory, memory);
    ck_assert_uint_eq(read.byte_count, byte_count);
    ck_assert_uint_eq(read.window_offset, offset);
    ck_assert_uint_eq(read.window_bytes, window);
    ck_assert_uint_eq(read.piece_count, 0);
    ck_assert_ptr_null(read.pieces);
    expect_ok(pendio_context_window(context, &first, &first_count));
    ck_assert_uint_eq(first_count, window);
    if (memory != NULL)
        ck_assert_ptr_eq(first, (char *)memory + offset);
}

static void expect_pieces(const struct pendio_bytes *pieces, uint32_t count)
{
    const struct pendio_request read = request();

    ck_assert_uint_eq(read.piece_count, count);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(read.pieces[i].memory, pieces[i].memory);
        ck_assert_uint_eq(read.pieces[i].byte_count, pieces[i].byte_count);
    }
}

/* A send with the context brings this; nothing is empty on a stream, and done as well. */
static void expect_carries(const char *expected)
{
    size_t byte_count = strlen(expected);
    char seen[64];

    expect_done_with(context, pendio_send(context, pair.near), 0, byte_count, 0);
    fixture_take(pair.far, seen, byte_count);
    ck_assert_mem_eq(seen, expected, byte_count);
}

static void set_memory(void *memory, size_t byte_count)
{
    expect_ok(pendio_context_set_memory(context, memory, byte_count));
}

static void set_pieces(const struct pendio_bytes *pieces, uint32_t count)
{
    expect_ok(pendio_context_set_pieces(context, pieces, count));
}

/* A refused window leaves the old one. */
static void expect_no_window(size_t offset, size_t byte_count)
{
    const struct pendio_request before = request();
    struct pendio_request after;

    expect_refused(context, pendio_context_set_window(context, offset, byte_count), -EINVAL);
    after = request();
    ck_assert_mem_eq(&before, &after, sizeof before);
}

START_TEST(b001_user_data_is_zero_and_reads_back)
{
    struct pendio_completion result;

    begin();
    ck_assert_uint_eq(request().user_data, 0);
    expect_ok(pendio_context_set_user_data(context, UINT64_MAX - 1));
    ck_assert_uint_eq(request().user_data, UINT64_MAX - 1);
    set_memory(letters, 3);
    expect_carries("abc");
    expect_ok(pendio_context_result(context, &result));
    ck_assert_uint_eq(result.user_data, UINT64_MAX - 1);
    expect_ok(pendio_context_set_policy(context, PENDIO_QUEUE));
    expect_pends(context, pendio_send(context, pair.near));
    ck_assert_uint_eq(behaviour_delivery_of(context)->user_data, UINT64_MAX - 1);
    end();
}
END_TEST

START_TEST(b002_flags_are_none_and_read_back)
{
    char memory[4];

    begin();
    ck_assert_uint_eq(request().flags, 0);
    expect_ok(pendio_context_set_flags(context, PENDIO_PEEK));
    ck_assert_uint_eq(request().flags, PENDIO_PEEK);
    expect_refused(context, pendio_context_set_flags(context, 1u << 31), -EINVAL);
    ck_assert_uint_eq(request().flags, PENDIO_PEEK);
    fixture_put(pair.far, "abc", 3);
    set_memory(memory, sizeof memory);
    for (int i = 0; i < 3; i++) {
        expect_done_with(context, pendio_receive(context, pair.near), 0, 3, 0);
        ck_assert_mem_eq(memory, "abc", 3);
        if (i == 1) /* the last one takes them */
            expect_ok(pendio_context_set_flags(context, 0));
    }
    expect_pends(context, pendio_receive(context, pair.near));
    expect_ok(pendio_cancel(fixture.loop, pendio_context_run(context)));
    expect_ends(context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    end();
}
END_TEST

START_TEST(b005_window_that_begins_outside_is_refused)
{
    begin();
    set_memory(letters, 1);
    expect_no_window(SIZE_MAX, 0);
    expect_no_window(SIZE_MAX, 1);
    expect_no_window(2, 0);
    expect_memory(letters, 1, 0, 1);
    expect_carries("a");
    end();
}
END_TEST

START_TEST(b006_window_that_reaches_beyond_is_refused)
{
    begin();
    set_memory(letters, 1);
    expect_no_window(0, SIZE_MAX);
    expect_no_window(0, 2);
    expect_no_window(1, 2);
    expect_no_window(1, SIZE_MAX); /* whose end is 0 */
    expect_memory(letters, 1, 0, 1);
    expect_carries("a");
    end();
}
END_TEST

START_TEST(b007_window_is_checked_whenever_it_is_set)
{
    begin();
    set_memory(letters, 2);
    expect_ok(pendio_context_set_window(context, 1, 1));
    expect_no_window(SIZE_MAX, 1);
    expect_no_window(3, 0);
    expect_no_window(0, SIZE_MAX);
    expect_no_window(0, 3);
    expect_memory(letters, 2, 1, 1);
    expect_carries("b");
    expect_ok(pendio_context_set_window(context, 2, 0));
    expect_memory(letters, 2, 2, 0);
    expect_carries("");
    end();
}
END_TEST

/* .NET ignores it in silence. Contract 2: a bad argument is refused. */
START_TEST(b008_window_without_memory_is_refused)
{
    begin();
    expect_no_window(42, 84);
    expect_memory(NULL, 0, 0, 0);
    expect_ok(pendio_context_set_window(context, 0, 0));
    expect_carries("");
    end();
}
END_TEST

START_TEST(b009_no_memory_has_no_window)
{
    begin();
    set_memory(letters, 3);
    expect_ok(pendio_context_set_window(context, 1, 2));
    expect_memory(letters, 3, 1, 2);
    expect_carries("bc");
    expect_refused(context, pendio_context_set_memory(context, NULL, 2), -EINVAL);
    expect_memory(letters, 3, 1, 2);
    set_memory(NULL, 0);
    expect_memory(NULL, 0, 0, 0);
    expect_carries("");
    end();
}
END_TEST

static const struct pendio_bytes two_pieces[] = {{&letters[3], 2}, {&letters[0], 1}};

START_TEST(b010_pieces_take_the_place_of_memory)
{
    begin();
    set_memory(letters, 3);
    expect_carries("abc");
    set_pieces(two_pieces, 2);
    expect_pieces(two_pieces, 2);
    expect_carries("dea");
    end();
}
END_TEST

START_TEST(b011_pieces_after_memory_was_removed)
{
    begin();
    set_memory(letters, 3);
    set_memory(NULL, 0);
    set_pieces(two_pieces, 2);
    expect_pieces(two_pieces, 2);
    expect_carries("dea");
    end();
}
END_TEST

START_TEST(b012_memory_takes_the_place_of_pieces)
{
    begin();
    set_pieces(two_pieces, 2);
    expect_carries("dea");
    set_memory(letters, 3);
    expect_memory(letters, 3, 0, 3);
    expect_carries("abc");
    set_pieces(two_pieces, 2);
    set_pieces(NULL, 0);
    expect_memory(NULL, 0, 0, 0);
    set_memory(&letters[1], 3);
    expect_carries("bcd");
    end();
}
END_TEST

START_TEST(b014_memory_may_be_set_again_and_again)
{
    begin();
    set_memory(letters, 3);
    set_memory(letters, 3);
    expect_memory(letters, 3, 0, 3);
    expect_carries("abc");
    set_memory(&letters[4], 5);
    expect_memory(&letters[4], 5, 0, 5);
    expect_carries("efghi");
    end();
}
END_TEST

START_TEST(b016_one_bad_piece_refuses_them_all)
{
    const struct pendio_bytes bad[][2] = {{{letters, 1}, {NULL, 1}},
                                          {{letters, 1}, {letters, SIZE_MAX}},
                                          {{letters, INT64_MAX}, {letters, 1}}};

    begin();
    set_pieces(two_pieces, 2);
    for (int i = 0; i < 3; i++)
        expect_refused(context, pendio_context_set_pieces(context, bad[i], 2), -EINVAL);
    expect_refused(context, pendio_context_set_pieces(context, NULL, 1), -EINVAL);
    expect_pieces(two_pieces, 2);
    expect_carries("dea");
    end();
}
END_TEST

START_TEST(b017_memory_reads_back_whole)
{
    begin();
    set_memory(letters, 42);
    expect_memory(letters, 42, 0, 42);
    expect_carries(letters);
    end();
}
END_TEST

START_TEST(b019_window_hides_nothing_of_the_memory)
{
    begin();
    set_memory(letters, 4);
    expect_ok(pendio_context_set_window(context, 1, 2));
    expect_memory(letters, 4, 1, 2);
    expect_carries("bc");
    expect_ok(pendio_context_set_window(context, 0, 4)); /* of the memory, not of the window */
    expect_memory(letters, 4, 0, 4);
    expect_carries("abcd");
    end();
}
END_TEST

START_TEST(b020_empty_memory_has_no_bytes)
{
    begin();
    set_memory(letters, 4);
    expect_ok(pendio_context_set_window(context, 1, 2));
    set_memory(letters, 0);
    expect_memory(letters, 0, 0, 0);
    expect_carries("");
    set_memory(NULL, 0);
    expect_memory(NULL, 0, 0, 0);
    expect_carries("");
    end();
}
END_TEST

START_TEST(b021_pieces_replace_a_window_and_all)
{
    begin();
    set_memory(letters, 4);
    expect_ok(pendio_context_set_window(context, 1, 2));
    expect_refused(context, pendio_context_set_pieces(context, NULL, 2), -EINVAL);
    expect_memory(letters, 4, 1, 2);
    set_pieces(two_pieces, 2);
    expect_carries("dea");
    expect_no_window(0, 1); /* of a vector there is none */
    expect_pieces(two_pieces, 2);
    expect_carries("dea");
    end();
}
END_TEST

/* .NET keeps the list when no memory is set beside it; here what is set last counts: none. */
START_TEST(b022_no_memory_takes_the_place_of_pieces)
{
    begin();
    set_pieces(two_pieces, 2);
    expect_carries("dea");
    set_memory(NULL, 0);
    expect_memory(NULL, 0, 0, 0);
    expect_carries("");
    set_pieces(two_pieces, 1);
    set_memory(letters, 2);
    expect_memory(letters, 2, 0, 2);
    expect_carries("ab");
    end();
}
END_TEST

START_TEST(b023_window_follows_the_memory_set_last)
{
    begin();
    set_memory(letters, 3);
    set_memory(letters, 3);
    set_memory(&letters[2], 5);
    expect_memory(&letters[2], 5, 0, 5);
    expect_no_window(0, 6);
    expect_carries("cdefg");
    end();
}
END_TEST

START_TEST(b024_new_memory_begins_with_all_of_it)
{
    begin();
    set_memory(letters, 3);
    expect_ok(pendio_context_set_window(context, 1, 2));
    set_memory(&letters[10], 4);
    expect_memory(&letters[10], 4, 0, 4);
    expect_carries("klmn");
    end();
}
END_TEST

START_TEST(b025_any_memory_will_do)
{
    char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(mapped, MAP_FAILED);
    begin();
    set_memory(mapped, 4096);
    expect_ok(pendio_context_set_window(context, 4093, 3));
    memset(&mapped[4093], 'm', 3);
    expect_carries("mmm");
    fixture_put(pair.far, "xyz", 3);
    expect_done_with(context, pendio_receive(context, pair.near), 0, 3, 0);
    ck_assert_mem_eq(&mapped[4093], "xyz", 3);
    end();
    munmap(mapped, 4096);
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b001_user_data_is_zero_and_reads_back, 0},
        {b002_flags_are_none_and_read_back, 0},
        {b005_window_that_begins_outside_is_refused, 0},
        {b006_window_that_reaches_beyond_is_refused, 0},
        {b007_window_is_checked_whenever_it_is_set, 0},
        {b008_window_without_memory_is_refused, 0},
        {b009_no_memory_has_no_window, 0},
        {b010_pieces_take_the_place_of_memory, 0},
        {b011_pieces_after_memory_was_removed, 0},
        {b012_memory_takes_the_place_of_pieces, 0},
        {b014_memory_may_be_set_again_and_again, 0},
        {b016_one_bad_piece_refuses_them_all, 0},
        {b017_memory_reads_back_whole, 0},
        {b019_window_hides_nothing_of_the_memory, 0},
        {b020_empty_memory_has_no_bytes, 0},
        {b021_pieces_replace_a_window_and_all, 0},
        {b022_no_memory_takes_the_place_of_pieces, 0},
        {b023_window_follows_the_memory_set_last, 0},
        {b024_new_memory_begins_with_all_of_it, 0},
        {b025_any_memory_will_do, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
