/*
 * contract_pieces_test.c - vectors: any number of pieces, empty ones anywhere, as if they were one
 * stretch of memory.
 *
 * - Copied when set: the array is the caller's at once.
 * - Streams and files go on beyond what one system call takes; a message of too many is -EMSGSIZE.
 */
#include "fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

/* Memory cut into pieces of 0 to 4 bytes, the first and the last one empty. */
struct vector {
    unsigned char *memory;
    size_t byte_count;
    struct pendio_bytes *pieces;
    uint32_t piece_count;
};

static struct vector vector_make(uint32_t piece_count, size_t unit_bytes)
{
    struct vector vector = {.piece_count = piece_count};

    vector.pieces = calloc(piece_count, sizeof *vector.pieces);
    vector.memory = calloc(piece_count, 4 * unit_bytes);
    ck_assert(vector.pieces != NULL && vector.memory != NULL);
    for (uint32_t i = 0; i < piece_count; i++) {
        size_t byte_count = i + 1 == piece_count ? 0 : i % 5 * unit_bytes;

        vector.pieces[i].memory = byte_count == 0 ? NULL : vector.memory + vector.byte_count;
        vector.pieces[i].byte_count = byte_count;
        vector.byte_count += byte_count;
    }
    return vector;
}

static void vector_free(const struct vector *vector)
{
    free(vector->pieces);
    free(vector->memory);
}

/* A context over the vector; the array is spoiled at once. */
static struct pendio_context *over(const struct vector *vector)
{
    struct pendio_context *context = fixture_get(&fixture);

    ck_assert_int_eq(pendio_context_set_pieces(context, vector->pieces, vector->piece_count), 0);
    memset(vector->pieces, 0xa5, vector->piece_count * sizeof *vector->pieces);
    return context;
}

static const uint32_t piece_counts[] = {3, 7, IOV_MAX, IOV_MAX + 1, 5000};

enum { COUNT_COUNT = sizeof piece_counts / sizeof piece_counts[0] };

START_TEST(stream_send_of_a_vector_is_all_of_it_in_order)
{
    struct vector vector = vector_make(piece_counts[_i % COUNT_COUNT], 100);
    struct pendio_context *context;
    struct fixture_pair pair;
    unsigned char *taken = malloc(vector.byte_count + 1);

    ck_assert_ptr_nonnull(taken);
    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / COUNT_COUNT));
    fixture_fill(vector.memory, vector.byte_count, 1);
    context = over(&vector);
    expect_pending(pendio_send(context, pair.near));
    ck_assert_int_eq(pendio_loop_flush(fixture.loop), 0);
    for (size_t i = 0; i < vector.byte_count;) { /* slowly, so that shares end within pieces */
        ssize_t count = recv(pair.far, taken + i, 7777, MSG_DONTWAIT);

        i += count > 0 ? (size_t)count : 0;
        ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
    }
    expect_next(&fixture, context, 0, vector.byte_count, 0);
    ck_assert(fixture_is_filled(taken, vector.byte_count, 1));
    close(pair.far);
    fixture_fini(&fixture);
    vector_free(&vector);
    free(taken);
}
END_TEST

START_TEST(short_writes_go_on_in_the_middle_of_a_piece)
{
    enum { BYTES = 8 << 20, PIECES = 37 };
    struct pendio_bytes pieces[PIECES];
    unsigned char *memory = malloc(BYTES);
    struct pendio_context *context;
    struct fixture_pair pair;
    unsigned char block[4096];

    ck_assert_ptr_nonnull(memory);
    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    for (int i = 0; i < PIECES; i++) {
        size_t at = (size_t)i * (BYTES / PIECES);

        pieces[i].memory = memory + at;
        pieces[i].byte_count = i + 1 == PIECES ? BYTES - at : BYTES / PIECES;
    }
    for (size_t i = 0; i < BYTES / sizeof block; i++)
        fixture_fill(memory + i * sizeof block, sizeof block, i);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_pieces(context, pieces, PIECES), 0);
    expect_pending(pendio_send(context, pair.near));
    for (size_t i = 0; i < BYTES / sizeof block; i++) {
        for (size_t got = 0; got < sizeof block;) {
            ssize_t count = recv(pair.far, block + got, sizeof block - got, MSG_DONTWAIT);

            got += count > 0 ? (size_t)count : 0;
            ck_assert_int_ge(fixture_turn(&fixture, 0), 0);
        }
        ck_assert(fixture_is_filled(block, sizeof block, i));
    }
    expect_next(&fixture, context, 0, BYTES, 0);
    close(pair.far);
    fixture_fini(&fixture);
    free(memory);
}
END_TEST

START_TEST(stream_receive_fills_pieces_in_order_and_no_more)
{
    struct vector vector = vector_make(piece_counts[_i % COUNT_COUNT], 3);
    struct pendio_context *context;
    struct fixture_pair pair;
    unsigned char sent[8];
    size_t byte_count = vector.byte_count < sizeof sent ? vector.byte_count : sizeof sent;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)(_i / COUNT_COUNT));
    fixture_fill(sent, sizeof sent, 2);
    context = over(&vector);
    expect_pending(pendio_receive(context, pair.near));
    fixture_put(pair.far, sent, byte_count);
    expect_next(&fixture, context, 0, byte_count, 0);
    ck_assert_uint_eq(fixture.seen[0].memory, (uintptr_t)vector.memory);
    ck_assert(fixture_is_filled(vector.memory, byte_count, 2));
    for (size_t i = byte_count; i < vector.byte_count; i++)
        ck_assert_uint_eq(vector.memory[i], 0);
    expect_pending(pendio_receive(context, pair.near));
    close(pair.far);
    expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
    vector_free(&vector);
}
END_TEST

START_TEST(pieces_that_are_all_empty_are_an_empty_window)
{
    struct vector vector = vector_make(2, 1);
    struct pendio_context *context;
    struct fixture_pair pair;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    context = over(&vector);
    expect_done(pendio_send(context, pair.near));
    expect_pending(pendio_receive(context, pair.near));
    fixture_quiet(&fixture);
    fixture_put(pair.far, "a", 1);
    expect_next(&fixture, context, 0, 0, 0);
    ck_assert_uint_eq(fixture.seen[0].memory, 0);
    close(pair.far);
    fixture_fini(&fixture);
    vector_free(&vector);
}
END_TEST

START_TEST(message_is_gathered_and_scattered_and_too_many_pieces_are_too_long)
{
    const enum fixture_family family = (enum fixture_family)(FIXTURE_STREAM_COUNT + _i);
    const uint32_t counts[] = {2, 7, IOV_MAX, IOV_MAX + 1};
    struct fixture_pair pair;
    unsigned char bytes[4096];

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, family);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct vector vector = vector_make(counts[i], 1);
        struct pendio_context *context = over(&vector);
        bool fits = counts[i] <= IOV_MAX;
        size_t byte_count = fits ? vector.byte_count : 0;

        fixture_fill(vector.memory, vector.byte_count, i);
        expect_pending(pendio_send(context, pair.near));
        expect_next(&fixture, context, fits ? 0 : -EMSGSIZE, byte_count, 0);
        if (fits) {
            ck_assert_int_eq(recv(pair.far, bytes, sizeof bytes, 0), (int)byte_count);
            ck_assert(fixture_is_filled(bytes, byte_count, i));
        }
        memset(vector.memory, 0, vector.byte_count);
        fixture_fill(bytes, vector.byte_count + 1, 100 + i);
        ck_assert_int_eq(send(pair.far, bytes, vector.byte_count + 1, 0),
                         (int)vector.byte_count + 1);
        expect_pending(pendio_receive(context, pair.near));
        expect_next(&fixture, context, fits ? 0 : -EMSGSIZE, byte_count,
                    fits ? PENDIO_TRUNCATED : 0);
        ck_assert(fixture_is_filled(vector.memory, byte_count, 100 + i));
        vector_free(&vector);
    }
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(receive_from_and_send_to_work_on_pieces)
{
    struct pendio_context *contexts[2];
    struct fixture_pair pair;
    struct pendio_endpoint name = {.byte_count = sizeof name.address};
    struct pendio_endpoint sender;
    char memory[6] = "abcdef";
    const struct pendio_bytes pieces[] = {{memory, 2}, {NULL, 0}, {memory + 2, 4}};

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, _i == 0 ? FIXTURE_UDP4 : FIXTURE_UDP6);
    ck_assert_int_eq(getsockname(pair.far, (struct sockaddr *)name.address, &name.byte_count), 0);
    for (int i = 0; i < 2; i++) {
        contexts[i] = fixture_get(&fixture);
        ck_assert_int_eq(pendio_context_set_pieces(contexts[i], pieces, 3), 0);
    }
    ck_assert_int_eq(pendio_context_set_endpoint(contexts[0], name.address, name.byte_count), 0);
    expect_pending(pendio_send_to(contexts[0], pair.near));
    expect_next(&fixture, contexts[0], 0, 6, 0);
    fixture_put(pair.far, "uvwxyz", 6);
    expect_pending(pendio_receive_from(contexts[1], pair.near));
    expect_next(&fixture, contexts[1], 0, 6, 0);
    ck_assert_mem_eq(memory, "uvwxyz", 6);
    ck_assert_int_eq(pendio_context_sender(contexts[1], &sender), 0);
    ck_assert_mem_eq(sender.address, name.address, name.byte_count);
    fixture_take(pair.far, memory, 6);
    ck_assert_mem_eq(memory, "abcdef", 6);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(files_are_written_and_read_whole_at_an_offset_and_streaming)
{
    const uint64_t offset = _i / COUNT_COUNT == 0 ? 10 : PENDIO_STREAMING;
    const uint64_t start = offset == PENDIO_STREAMING ? 0 : offset;
    struct vector vector = vector_make(piece_counts[_i % COUNT_COUNT], 33);
    struct pendio_context *context;
    struct fixture_file file;
    pendio_handle handle;
    unsigned char *read_back = malloc(vector.byte_count + 1);
    int descriptor;

    fixture_init(&fixture);
    fixture_file(&file);
    descriptor = open(file.path, O_RDWR | O_CLOEXEC);
    ck_assert(descriptor >= 0 && read_back != NULL);
    handle = fixture_adopt(&fixture, descriptor);
    fixture_fill(vector.memory, vector.byte_count, 3);
    context = over(&vector);
    expect_pending(pendio_write(context, handle, offset));
    expect_next(&fixture, context, 0, vector.byte_count, 0);
    ck_assert_int_eq(pread(descriptor, read_back, vector.byte_count + 1, (off_t)start),
                     (ssize_t)vector.byte_count);
    ck_assert(fixture_is_filled(read_back, vector.byte_count, 3));
    memset(vector.memory, 0, vector.byte_count);
    ck_assert_int_eq(lseek(descriptor, 0, SEEK_SET), 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0); /* not from the cache */
    expect_pending(pendio_read(context, handle, offset));
    expect_next(&fixture, context, 0, vector.byte_count, 0);
    ck_assert(fixture_is_filled(vector.memory, vector.byte_count, 3));
    expect_pending(pendio_read(context, handle, start + 5)); /* what is left, then the end */
    expect_next(&fixture, context, 0, vector.byte_count - 5, 0);
    expect_pending(pendio_read(context, handle, start + vector.byte_count));
    expect_next(&fixture, context, 0, 0, PENDIO_END_OF_STREAM);
    fixture_fini(&fixture);
    fixture_remove(&file);
    vector_free(&vector);
    free(read_back);
}
END_TEST

START_TEST(read_and_write_of_pipes_and_sockets_take_pieces)
{
    struct pendio_context *context;
    char memory[6] = "abcdef";
    const struct pendio_bytes pieces[] = {{memory, 1}, {memory + 1, 0}, {memory + 1, 5}};
    pendio_handle ends[2];
    int descriptors[2];

    fixture_init(&fixture);
    if (_i == 0)
        ck_assert_int_eq(pipe2(descriptors, O_CLOEXEC), 0);
    else
        fixture_connect((enum fixture_family)(_i - 1), descriptors);
    for (int i = 0; i < 2; i++)
        ends[i] = fixture_adopt(&fixture, descriptors[i]);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_pieces(context, pieces, 3), 0);
    expect_pending(pendio_write(context, ends[1], PENDIO_STREAMING));
    expect_next(&fixture, context, 0, 6, 0);
    memset(memory, 0, sizeof memory);
    expect_pending(pendio_read(context, ends[0], PENDIO_STREAMING));
    expect_next(&fixture, context, 0, 6, 0);
    ck_assert_mem_eq(memory, "abcdef", 6);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(vector_is_checked_read_back_and_replaced)
{
    const size_t huge = (size_t)INT64_MAX;
    char memory[8];
    const struct pendio_bytes good[] = {{NULL, 0}, {memory + 3, 2}, {memory, 3}};
    const struct pendio_bytes hollow[] = {{memory, 1}, {NULL, 1}};
    const struct pendio_bytes long_ones[] = {{memory, huge}, {memory, 1}};
    struct pendio_request request = {.size = sizeof request};
    struct pendio_context *context;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_pieces(context, good, 3), 0);
    ck_assert_int_eq(pendio_context_set_pieces(context, NULL, 1), -EINVAL);
    ck_assert_int_eq(pendio_context_set_pieces(context, hollow, 2), -EINVAL);
    ck_assert_int_eq(pendio_context_set_pieces(context, long_ones, 2), -EINVAL);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 1), -EINVAL);
    ck_assert_int_eq(pendio_context_request(context, &request), 0);
    ck_assert(request.piece_count == 3 && request.byte_count == 5 && request.window_bytes == 5);
    ck_assert(request.memory == memory + 3 && request.window_offset == 0);
    ck_assert_mem_eq(request.pieces, good, sizeof good);
    ck_assert_int_eq(pendio_context_set_pieces(context, request.pieces + 1, 2), 0); /* of itself */
    ck_assert_int_eq(pendio_context_request(context, &request), 0);
    ck_assert_mem_eq(request.pieces, good + 1, 2 * sizeof good[0]);
    ck_assert_int_eq(pendio_stat(context, 0, "/"), -EINVAL);
    ck_assert_int_eq(pendio_context_set_memory(context, memory, 8), 0);
    ck_assert_int_eq(pendio_context_set_window(context, 0, 1), 0);
    ck_assert_int_eq(pendio_context_set_pieces(context, NULL, 0), 0);
    ck_assert_int_eq(pendio_context_request(context, &request), 0);
    ck_assert(request.piece_count == 0 && request.memory == NULL && request.byte_count == 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(pool_may_reserve_the_pieces_of_its_contexts)
{
    const struct pendio_pool_options options = {
        .size = sizeof options, .context_count = 3, .piece_count = 4};
    const struct pendio_pool_options huge = {
        .size = sizeof huge, .context_count = 1000, .piece_count = UINT32_MAX};
    struct pendio_request request = {.size = sizeof request};
    struct pendio_context *contexts[3];
    struct pendio_pool *pool = NULL;
    char memory[5];
    struct pendio_bytes pieces[5];

    fixture_init(&fixture);
    ck_assert_int_eq(pendio_pool_create(fixture.loop, &options, &pool), 0);
    for (uint32_t i = 0; i < 3; i++) {
        for (int piece = 0; piece < 5; piece++)
            pieces[piece] = (struct pendio_bytes){memory + i, i};
        ck_assert_int_eq(pendio_pool_get(pool, &contexts[i]), 0);
        ck_assert_int_eq(pendio_context_set_pieces(contexts[i], pieces, 3 + i), 0);
    }
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pendio_context_request(contexts[i], &request), 0);
        ck_assert_uint_eq(request.piece_count, 3 + i);
        for (uint32_t piece = 0; piece < 3 + i; piece++)
            ck_assert(request.pieces[piece].memory == memory + i);
        ck_assert_int_eq(pendio_pool_put(contexts[i]), 0);
    }
    ck_assert_int_eq(pendio_pool_destroy(pool), 0);
    ck_assert_int_eq(pendio_pool_create(fixture.loop, &huge, &pool), -ENOMEM);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {stream_send_of_a_vector_is_all_of_it_in_order, FIXTURE_STREAM_COUNT * COUNT_COUNT},
        {short_writes_go_on_in_the_middle_of_a_piece, FIXTURE_STREAM_COUNT},
        {stream_receive_fills_pieces_in_order_and_no_more, FIXTURE_STREAM_COUNT * COUNT_COUNT},
        {pieces_that_are_all_empty_are_an_empty_window, FIXTURE_STREAM_COUNT},
        {message_is_gathered_and_scattered_and_too_many_pieces_are_too_long,
         FIXTURE_FAMILY_COUNT - FIXTURE_STREAM_COUNT},
        {receive_from_and_send_to_work_on_pieces, 2},
        {files_are_written_and_read_whole_at_an_offset_and_streaming, 2 * COUNT_COUNT},
        {read_and_write_of_pipes_and_sockets_take_pieces, 1 + FIXTURE_FAMILY_COUNT},
        {vector_is_checked_read_back_and_replaced, 0},
        {pool_may_reserve_the_pieces_of_its_contexts, 0},
    };
    return fixture_run("contract: pieces", cases, sizeof cases / sizeof cases[0]);
}
