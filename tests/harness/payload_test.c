/* payload_test.c - bytes that say themselves where they belong. */
#include "payload.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

enum { STREAM_BYTES = 5000 };

static struct pnd_payload payload;
static struct pnd_payload_fault fault;
static uint8_t bytes[STREAM_BYTES];

static void begin(void)
{
    pnd_payload_init(&payload, 7);
    pnd_payload_fill(&payload, 3, 0, bytes, sizeof bytes);
}

START_TEST(bytes_made_in_pieces_equal_bytes_made_at_once)
{
    uint8_t pieces[STREAM_BYTES];
    for (size_t offset = 0, step = 1; offset < sizeof pieces;
         offset += step, step = step * 3 % 97) {
        if (step > sizeof pieces - offset)
            step = sizeof pieces - offset;
        pnd_payload_fill(&payload, 3, offset, pieces + offset, step);
    }
    ck_assert_mem_eq(pieces, bytes, sizeof bytes);
}
END_TEST

START_TEST(a_stream_is_verified_at_any_chunking)
{
    for (size_t chunk = 1; chunk < 200; chunk++) {
        struct pnd_payload_reader reader = {0};
        for (size_t offset = 0; offset < sizeof bytes; offset += chunk) {
            size_t left = sizeof bytes - offset;
            ck_assert(pnd_payload_follow(&payload, &reader, bytes + offset,
                                         left < chunk ? left : chunk, &fault));
        }
        ck_assert_uint_eq(reader.stream, 3);
        ck_assert_uint_eq(reader.offset, sizeof bytes);
    }
}
END_TEST

START_TEST(every_wrong_byte_is_found_at_its_place)
{
    for (size_t wrong = 0; wrong < 300; wrong++) {
        bytes[wrong] ^= 0x40;
        ck_assert(!pnd_payload_verify(&payload, 3, 0, bytes, sizeof bytes, &fault));
        ck_assert_uint_eq(fault.offset, wrong);
        ck_assert_uint_eq(fault.seen, bytes[wrong]);
        ck_assert_uint_eq(fault.expected, bytes[wrong] ^ 0x40);
        bytes[wrong] ^= 0x40;
    }
}
END_TEST

START_TEST(every_wrong_byte_of_a_stream_is_found_also_in_its_head)
{
    for (size_t wrong = 0; wrong < 200; wrong++) {
        struct pnd_payload_reader reader = {0};
        bytes[wrong] ^= 1;
        bool right = pnd_payload_follow(&payload, &reader, bytes, 10, &fault) &&
                     pnd_payload_follow(&payload, &reader, bytes + 10, 990, &fault);
        ck_assert_msg(!right, "byte %zu", wrong);
        bytes[wrong] ^= 1;
    }
}
END_TEST

START_TEST(a_byte_left_out_or_told_twice_is_found)
{
    struct pnd_payload_reader skipping = {0};
    ck_assert(pnd_payload_follow(&payload, &skipping, bytes, 100, &fault));
    ck_assert(!pnd_payload_follow(&payload, &skipping, bytes + 101, 100, &fault));
    struct pnd_payload_reader repeating = {0};
    ck_assert(pnd_payload_follow(&payload, &repeating, bytes, 100, &fault));
    ck_assert(!pnd_payload_follow(&payload, &repeating, bytes + 99, 100, &fault));
}
END_TEST

START_TEST(bytes_of_another_stream_or_seed_are_found)
{
    struct pnd_payload other;
    pnd_payload_init(&other, 8);
    ck_assert(!pnd_payload_verify(&payload, 4, 0, bytes, sizeof bytes, &fault));
    ck_assert(!pnd_payload_verify(&other, 3, 0, bytes, sizeof bytes, &fault));
    struct pnd_payload_reader reader = {0};
    ck_assert(!pnd_payload_follow(&other, &reader, bytes, sizeof bytes, &fault));
}
END_TEST

START_TEST(a_message_is_verified_whatever_its_stream_and_length)
{
    for (size_t count = 1; count < 300; count++) {
        pnd_payload_fill(&payload, 9, 64 * count, bytes, count);
        ck_assert(pnd_payload_verify_message(&payload, bytes, count, &fault));
        bytes[count - 1] ^= 0x80;
        bool head = count > 4 && count <= 16; /* says itself where it belongs */
        ck_assert(head || !pnd_payload_verify_message(&payload, bytes, count, &fault));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_made_in_pieces_equal_bytes_made_at_once,
        a_stream_is_verified_at_any_chunking,
        every_wrong_byte_is_found_at_its_place,
        every_wrong_byte_of_a_stream_is_found_also_in_its_head,
        a_byte_left_out_or_told_twice_is_found,
        bytes_of_another_stream_or_seed_are_found,
        a_message_is_verified_whatever_its_stream_and_length,
    };
    return suite_run("payload", begin, NULL, tests, sizeof tests / sizeof tests[0]);
}
