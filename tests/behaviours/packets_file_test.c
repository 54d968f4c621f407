/*
 * packets_file_test.c - behaviours 206 to 225: files sent in packets, by path and opened.
 *
 * - What .NET throws at the start for a path is the system's error, so it is the result (contract
 *   2); as every file is looked at before the first byte goes, bytes is 0 then.
 */
#include "behaviour_stream.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILE_BYTES = 1024, POSITION = 100, PARTS_MOST = 10 };

static struct pendio_context *context;
static struct behaviour_ends ends;
static struct fixture_file file;
static unsigned char content[FILE_BYTES];
static int descriptor; /* the loop's, to look at its position */
static pendio_handle opened;

/* The caller's file stands somewhere, and is to stay there. */
static void begin_with(int open_flags)
{
    fixture_file(&file);
    fixture_fill(content, FILE_BYTES, 206);
    descriptor = open(file.path, O_RDWR);
    fixture_put(descriptor, content, FILE_BYTES);
    close(descriptor);
    behaviour_begin();
    ends = behaviour_ends(FIXTURE_TCP4);
    context = behaviour_get(PENDIO_AUTO);
    descriptor = open(file.path, open_flags | O_CLOEXEC);
    ck_assert_int_eq(lseek(descriptor, POSITION, SEEK_SET), POSITION);
    opened = fixture_adopt(&fixture, descriptor);
    /* Fixed as done: nothing to send on an idle stream. */
    expect_done_with(context, pendio_send_packets(context, ends.left, NULL, 0, 0), 0, 0, 0);
}

static void begin(void)
{
    begin_with(O_RDONLY);
}

static void end(void)
{
    ck_assert_int_eq(lseek(descriptor, 0, SEEK_CUR), POSITION);
    behaviour_end();
    fixture_remove(&file);
}

/* A range of the file; by_path or through the handle. count 0: to its end. */
struct part {
    uint64_t offset;
    uint64_t byte_count;
    bool by_path;
};

static struct pendio_packet packet_of(struct part part)
{
    return (struct pendio_packet){.path = part.by_path ? file.path : NULL,
                                  .file = part.by_path ? 0 : opened,
                                  .offset = part.offset,
                                  .byte_count = part.byte_count};
}

/* They arrive one after the other, and nothing else does. */
static void expect_parts(const struct part *parts, uint32_t count)
{
    struct pendio_packet packets[PARTS_MOST] = {{.memory = NULL}};
    unsigned char seen[FILE_BYTES];
    uint64_t sum_bytes = 0;
    int answer;

    for (uint32_t i = 0; i < count; i++) {
        packets[i] = packet_of(parts[i]);
        sum_bytes += parts[i].byte_count != 0 ? parts[i].byte_count : FILE_BYTES - parts[i].offset;
    }
    answer = behaviour_note(context, pendio_send_packets(context, ends.left, packets, count, 0));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t byte_count =
            parts[i].byte_count != 0 ? parts[i].byte_count : FILE_BYTES - parts[i].offset;

        behaviour_receive_all(ends.right, seen, byte_count, FILE_BYTES);
        ck_assert_mem_eq(seen, content + parts[i].offset, byte_count);
    }
    expect_end_of(context, answer, 0, sum_bytes, 0);
    behaviour_expect_nothing(ends.right);
}

/* Nothing goes, not even what stands before. */
static void expect_failure(const struct pendio_packet *packet, int32_t error)
{
    const struct pendio_packet packets[] = {{.memory = content, .byte_count = 10}, *packet};

    expect_either(context, pendio_send_packets(context, ends.left, packets, 2, 0), error, 0, 0);
    behaviour_expect_nothing(ends.right);
}

static void expect_path_failure(const char *path, int32_t error)
{
    const struct pendio_packet packet = {.path = path};

    begin();
    expect_failure(&packet, error);
    end();
}

START_TEST(b206_empty_path_is_no_file)
{
    expect_path_failure("", -ENOENT);
}
END_TEST

START_TEST(b208_missing_folder_is_no_file)
{
    char path[128];

    snprintf(path, sizeof path, "%s/pendio/of/nowhere", "/tmp");
    expect_path_failure(path, -ENOENT);
}
END_TEST

START_TEST(b209_missing_file_is_no_file)
{
    struct fixture_file gone;

    fixture_file(&gone);
    fixture_remove(&gone);
    expect_path_failure(gone.path, -ENOENT);
}
END_TEST

static const struct part whole_by_path[] = {{0, 0, true}};
static const struct part middle_by_path[] = {{10, 20, true}};
static const struct part three_by_path[] = {{20, 10, true}, {10, 20, true}, {0, 10, true}};
static const struct part whole_sized[] = {{0, FILE_BYTES, true}};
static const struct part whole_twice[] = {{0, 0, false}, {0, 0, false}};
static const struct part whole_as_both[] = {{0, 0, false}, {0, FILE_BYTES, false}};
static const struct part three_opened[] = {
    {0, 20, false}, {10, 20, false}, {FILE_BYTES - 20, 20, false}};

#define PARTS(parts) (parts), (uint32_t)(sizeof(parts) / sizeof(parts)[0])

static void expect_alone(const struct part *parts, uint32_t count)
{
    begin();
    expect_parts(parts, count);
    end();
}

START_TEST(b210_whole_file_is_sent_by_path)
{
    expect_alone(PARTS(whole_by_path));
}
END_TEST

START_TEST(b211_no_offset_and_no_count_are_the_whole_file)
{
    expect_alone(PARTS(whole_by_path));
    expect_alone(PARTS(whole_sized));
}
END_TEST

START_TEST(b212_part_of_a_file_is_sent)
{
    expect_alone(PARTS(middle_by_path));
}
END_TEST

START_TEST(b213_parts_of_one_file_go_in_the_order_of_packets)
{
    expect_alone(PARTS(three_by_path));
}
END_TEST

START_TEST(b215_count_beyond_the_end_is_an_error_and_nothing_goes)
{
    struct pendio_packet packet = {.path = file.path, .byte_count = FILE_BYTES + 1};

    begin();
    packet.path = file.path;
    expect_failure(&packet, -EINVAL);
    packet = (struct pendio_packet){.path = file.path, .offset = 1, .byte_count = FILE_BYTES};
    expect_failure(&packet, -EINVAL);
    end();
}
END_TEST

/* Twice in a row, and twice in one operation: the position is nobody's but the caller's. */
START_TEST(b217_open_file_is_sent_whole_and_stays_where_it_stands)
{
    begin();
    expect_parts(whole_twice, 1);
    expect_parts(whole_twice, 1);
    expect_parts(PARTS(whole_twice));
    end();
}
END_TEST

START_TEST(b218_open_file_is_sent_whole_by_no_count_and_by_its_size)
{
    expect_alone(PARTS(whole_as_both));
}
END_TEST

START_TEST(b219_parts_of_an_open_file_are_sent)
{
    expect_alone(PARTS(three_opened));
}
END_TEST

START_TEST(b221_offset_or_count_beyond_an_open_file_is_an_error)
{
    const struct part beyond[] = {{UINT64_C(5) << 30, 1, false},
                                  {UINT64_C(5) << 30, 0, false},
                                  {0, FILE_BYTES + 1, false},
                                  {5, UINT64_MAX, false}};

    begin();
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        const struct pendio_packet packet = packet_of(beyond[i]);

        expect_failure(&packet, -EINVAL);
    }
    end();
}
END_TEST

START_TEST(b222_file_opened_in_another_way_is_sent_alike)
{
    static const int flags[] = {O_RDWR, O_RDONLY | O_NOATIME, O_RDONLY | O_NONBLOCK,
                                O_RDWR | O_APPEND};

    begin_with(flags[_i]);
    (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM);
    expect_parts(PARTS(three_opened));
    end();
}
END_TEST

START_TEST(b223_memory_paths_and_files_mix_in_one_operation)
{
    struct pendio_packet packets[] = {{.memory = content, .byte_count = 10},
                                      {.path = file.path, .offset = 10, .byte_count = 20},
                                      {.memory = content, .offset = 30, .byte_count = 30},
                                      {.offset = 60, .byte_count = 40},
                                      {.memory = content, .offset = 100},
                                      {.path = file.path, .offset = 100}};
    unsigned char seen[FILE_BYTES];

    begin();
    packets[3].file = opened;
    expect_either(context, pendio_send_packets(context, ends.left, packets, 6, 0), 0, FILE_BYTES,
                  0);
    behaviour_receive_all(ends.right, seen, FILE_BYTES, FILE_BYTES);
    ck_assert_mem_eq(seen, content, FILE_BYTES);
    end();
}
END_TEST

START_TEST(b225_whole_files_and_parts_alternate)
{
    const struct part parts[] = {
        {0, 0, _i == 0}, {10, 20, _i == 0}, {0, 0, true}, {FILE_BYTES - 20, 20, false}};

    expect_alone(PARTS(parts));
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b206_empty_path_is_no_file, 0},
        {b208_missing_folder_is_no_file, 0},
        {b209_missing_file_is_no_file, 0},
        {b210_whole_file_is_sent_by_path, 0},
        {b211_no_offset_and_no_count_are_the_whole_file, 0},
        {b212_part_of_a_file_is_sent, 0},
        {b213_parts_of_one_file_go_in_the_order_of_packets, 0},
        {b215_count_beyond_the_end_is_an_error_and_nothing_goes, 0},
        {b217_open_file_is_sent_whole_and_stays_where_it_stands, 0},
        {b218_open_file_is_sent_whole_by_no_count_and_by_its_size, 0},
        {b219_parts_of_an_open_file_are_sent, 0},
        {b221_offset_or_count_beyond_an_open_file_is_an_error, 0},
        {b222_file_opened_in_another_way_is_sent_alike, 4},
        {b223_memory_paths_and_files_mix_in_one_operation, 0},
        {b225_whole_files_and_parts_alternate, 2},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
