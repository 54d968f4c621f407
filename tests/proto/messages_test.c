/*
 * messages_test.c - packing and unpacking, and what unpacking refuses.
 *
 * - Bounds are tested with inputs made to break them; leaks and overruns are the sanitizers' part.
 */
#include "budget.h"
#include "sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MUTATION_COUNT = 20000 };

static const uint8_t one_empty_actor[] = {0x4A, 0x00}; /* Workload.actors, of length 0 */

static int unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t byte_count,
                  size_t allocation_bytes, struct pnd_message_error *error)
{
    const struct pnd_message_limits limits = {.allocation_bytes = allocation_bytes};
    ProtobufCMessage *message = NULL;
    int status = pnd_message_unpack(type, bytes, byte_count, &limits, &message, error);

    ck_assert_int_eq(status == 0, message != NULL);
    ck_assert_int_eq(status == 0, error->text[0] == '\0');
    pnd_message_free(message);
    return status;
}

static void refuses(const void *bytes, size_t byte_count, int status, const char *text)
{
    struct pnd_message_error error;
    ck_assert_int_eq(unpack(&pendio__workload__descriptor, bytes, byte_count, 0, &error), status);
    ck_assert_str_eq(error.text, text);
}

static uint8_t *pack_sample(size_t *ret_byte_count)
{
    ProtobufCMessage *message = sample_read(&pendio__workload__descriptor, sample_workload);
    uint8_t *bytes = NULL;

    ck_assert_ptr_nonnull(message);
    ck_assert_int_eq(pnd_message_pack(message, &bytes, ret_byte_count), 0);
    pnd_message_free(message);
    return bytes;
}

static void survives_packing(const ProtobufCMessageDescriptor *type, const char *json)
{
    struct pnd_message_error error;
    ProtobufCMessage *message = sample_read(type, json);
    ProtobufCMessage *again = NULL;
    uint8_t *bytes = NULL;
    size_t byte_count = 0;

    ck_assert_ptr_nonnull(message);
    ck_assert_int_eq(pnd_message_pack(message, &bytes, &byte_count), 0);
    ck_assert_int_eq(pnd_message_unpack(type, bytes, byte_count, NULL, &again, &error), 0);
    ck_assert(sample_is_equal(message, again));
    free(bytes);
    pnd_message_free(message);
    pnd_message_free(again);
}

START_TEST(workload_survives_packing)
{
    survives_packing(&pendio__workload__descriptor, sample_workload);
}
END_TEST

START_TEST(every_field_type_survives_packing)
{
    survives_packing(&sample__every_type__descriptor, sample_every);
    survives_packing(&sample__every_type__descriptor, "{\"chosen_text\":\"\"}");
    survives_packing(&sample__every_type__descriptor, "{\"chosen_inner\":{}}");
    survives_packing(&sample__every_type__descriptor, "{\"chosen_blob\":\"AA==\"}");
}
END_TEST

START_TEST(empty_message_packs_into_no_bytes)
{
    Pendio__HelloRequest hello = PENDIO__HELLO_REQUEST__INIT;
    struct pnd_message_error error;
    uint8_t *bytes = NULL;
    size_t byte_count = 1;

    ck_assert_int_eq(pnd_message_pack(&hello.base, &bytes, &byte_count), 0);
    ck_assert_uint_eq(byte_count, 0);
    ck_assert_int_eq(unpack(hello.base.descriptor, bytes, 0, 0, &error), 0);
    ck_assert_int_eq(unpack(hello.base.descriptor, NULL, 0, 0, &error), 0);
    free(bytes);
}
END_TEST

START_TEST(free_takes_null)
{
    pnd_message_free(NULL);
}
END_TEST

START_TEST(input_over_the_cap_is_refused)
{
    const struct pnd_message_limits limits = {.input_bytes = 1};
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;

    ck_assert_int_eq(pnd_message_unpack(&pendio__workload__descriptor, one_empty_actor, 2, &limits,
                                        &message, &error),
                     -E2BIG);
    ck_assert_ptr_null(message);
    ck_assert_str_eq(error.text, "Workload: has more than 1 bytes; make it smaller");

    size_t byte_count = ((size_t)4 << 20) + 1;
    void *zeroes = calloc(1, byte_count);
    refuses(zeroes, byte_count, -E2BIG, "Workload: has more than 4194304 bytes; make it smaller");
    free(zeroes);
}
END_TEST

START_TEST(amplification_is_refused_by_the_budget)
{
    size_t byte_count = (size_t)4 << 20;
    uint8_t *bytes = malloc(byte_count);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < byte_count; i++)
        bytes[i] = one_empty_actor[i % 2];
    refuses(bytes, byte_count, -E2BIG,
            "Workload: decoding it takes more than the 67108864 bytes allowed; make it smaller");
    free(bytes);
}
END_TEST

START_TEST(budget_gives_out_no_more_than_it_has)
{
    const struct pnd_message_limits limits = {.allocation_bytes = 10000};
    struct pnd_budget budget;
    size_t given_bytes = 0;

    pnd_budget_init(&budget, &limits);
    for (void *block = &budget; block != NULL;) {
        block = pnd_budget_alloc(&budget, 100);
        given_bytes += block != NULL ? 100 : 0;
        free(block);
    }
    ck_assert(budget.is_spent);
    ck_assert_uint_le(given_bytes, limits.allocation_bytes);
    ck_assert_uint_ge(given_bytes, limits.allocation_bytes / 2);
    ck_assert_ptr_null(pnd_budget_alloc(&budget, SIZE_MAX));
}
END_TEST

START_TEST(every_budget_suffices_or_is_refused)
{
    struct pnd_message_error error;
    size_t byte_count;
    uint8_t *bytes = pack_sample(&byte_count);
    size_t enough_bytes = 1;

    while (unpack(&pendio__workload__descriptor, bytes, byte_count, enough_bytes, &error) != 0)
        enough_bytes += 8;
    ck_assert_uint_gt(enough_bytes, byte_count);
    ck_assert_uint_lt(enough_bytes, 100 * byte_count);
    free(bytes);
}
END_TEST

START_TEST(truncated_input_is_refused_or_shorter)
{
    struct pnd_message_error error;
    size_t byte_count;
    uint8_t *bytes = pack_sample(&byte_count);

    for (size_t length = 0; length < byte_count; length++) {
        uint8_t *prefix = malloc(length + 1); /* so that the sanitizer sees the end */
        ck_assert_ptr_nonnull(prefix);
        memcpy(prefix + 1, bytes, length);
        int status = unpack(&pendio__workload__descriptor, prefix + 1, length, 0, &error);
        ck_assert(status == 0 || status == -EBADMSG);
        free(prefix);
    }
    free(bytes);
}
END_TEST

START_TEST(mutated_input_is_refused_or_another_message)
{
    struct pnd_message_error error;
    uint64_t state = 20;
    size_t byte_count;
    uint8_t *bytes = pack_sample(&byte_count);

    for (int round = 0; round < MUTATION_COUNT; round++) {
        uint8_t *mutated = malloc(2 * byte_count);
        ck_assert_ptr_nonnull(mutated);
        size_t length = sample_mutate(&state, bytes, byte_count, mutated);
        int status = unpack(&pendio__workload__descriptor, mutated, length, 32768, &error);
        ck_assert(status == 0 || status == -EBADMSG || status == -E2BIG);
        free(mutated);
    }
    free(bytes);
}
END_TEST

START_TEST(random_bytes_are_refused_or_a_message)
{
    struct pnd_message_error error;
    uint64_t state = 21;
    uint8_t bytes[64];

    for (int round = 0; round < MUTATION_COUNT; round++) {
        size_t length = sample_random(&state) % sizeof(bytes);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)sample_random(&state);
        int status = unpack(&pendio__request__descriptor, bytes, length, 0, &error);
        ck_assert(status == 0 || status == -EBADMSG);
    }
}
END_TEST

START_TEST(nesting_bomb_of_groups_is_refused)
{
    uint8_t bytes[100000];
    memset(bytes, 0x0B, sizeof(bytes)); /* field 1 opens a group, again and again */
    refuses(bytes, sizeof(bytes), -EBADMSG,
            "Workload: cut off or damaged; use a whole packed message");
}
END_TEST

/* Every level is the same field, so it is deeper than any schema of ours after a few. */
START_TEST(nesting_bomb_of_messages_is_not_followed)
{
    enum { LEVEL_COUNT = 20000, HEAD_BYTES = 4 };
    static uint8_t bytes[LEVEL_COUNT * HEAD_BYTES];
    struct pnd_message_error error;

    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        size_t inner_bytes = (LEVEL_COUNT - 1 - i) * HEAD_BYTES;
        uint8_t *head = bytes + i * HEAD_BYTES;
        head[0] = 0x1A; /* field 3, a message in Reply, Actor and more */
        head[1] = (uint8_t)(inner_bytes & 0x7F) | 0x80;
        head[2] = (uint8_t)(inner_bytes >> 7 & 0x7F) | 0x80;
        head[3] = (uint8_t)(inner_bytes >> 14);
    }
    ck_assert_int_eq(unpack(&pendio__actor__descriptor, bytes, sizeof(bytes), 0, &error), 0);
}
END_TEST

START_TEST(text_that_is_not_utf8_is_refused_with_its_field)
{
    static const char *const bad[] = {"\x80",         "\xC0\xAF",         "\xC3",
                                      "\xE0\x80\xAF", "\xED\xA0\x80",     "\xF4\x90\x80\x80",
                                      "\xE2\x82",     "\xF8\x88\x80\x80", "a\xFFz"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t bytes[16] = {0x4A, (uint8_t)(strlen(bad[i]) + 2), 0x0A, (uint8_t)strlen(bad[i])};
        memcpy(bytes + 4, bad[i], strlen(bad[i]));
        refuses(bytes, strlen(bad[i]) + 4, -EBADMSG,
                "Workload.actors.name: not text; use UTF-8 without NUL");
    }
}
END_TEST

START_TEST(text_of_every_length_of_utf8_is_taken)
{
    static const char text[] = "\x12\x10"
                               "a\x7F\xC2\x80\xE0\xA0\x80\xEF\xBF\xBF\xF4\x8F\xBF\xBF\xC3\xA9";
    struct pnd_message_error error;
    ck_assert_int_eq(unpack(&pendio__workload__descriptor, text, sizeof(text) - 1, 0, &error), 0);
}
END_TEST

START_TEST(text_with_a_nul_is_refused)
{
    static const uint8_t bytes[] = {0x12, 3, 'a', 0, 'b'};
    refuses(bytes, sizeof(bytes), -EBADMSG, "Workload.name: not text; use UTF-8 without NUL");
}
END_TEST

START_TEST(field_of_another_type_is_refused)
{
    static const uint8_t bytes[] = {0x10, 1}; /* name as a number */
    refuses(bytes, sizeof(bytes), -EBADMSG,
            "Workload: fields of other types than this schema's; use a packed Workload");
}
END_TEST

START_TEST(unknown_fields_are_kept_and_count)
{
    uint8_t bytes[4096] = {0xFA, 0x7F, 0xFC, 0x1F}; /* field 2047 of 4092 bytes */
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;

    ck_assert_int_eq(pnd_message_unpack(&pendio__workload__descriptor, bytes, sizeof(bytes), NULL,
                                        &message, &error),
                     0);
    ck_assert_uint_eq(message->n_unknown_fields, 1);
    pnd_message_free(message);
    ck_assert_int_eq(
        unpack(&pendio__workload__descriptor, bytes, sizeof(bytes), sizeof(bytes), &error), -E2BIG);
}
END_TEST

START_TEST(unknown_enum_values_are_kept)
{
    static const uint8_t bytes[] = {0x08, 99}; /* Step.operation */
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;

    ck_assert_int_eq(
        pnd_message_unpack(&pendio__step__descriptor, bytes, sizeof(bytes), NULL, &message, &error),
        0);
    ck_assert_int_eq(((Pendio__Step *)message)->operation, 99);
    pnd_message_free(message);
}
END_TEST

START_TEST(last_of_two_alternatives_wins)
{
    static const uint8_t bytes[] = {0x12, 0, 0x1A, 0, 0x22, 2, 0x08, 7}; /* hello, submit, fetch */
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;

    ck_assert_int_eq(pnd_message_unpack(&pendio__request__descriptor, bytes, sizeof(bytes), NULL,
                                        &message, &error),
                     0);
    const Pendio__Request *request = (Pendio__Request *)message;
    ck_assert_int_eq(request->body_case, PENDIO__REQUEST__BODY_FETCH);
    ck_assert_uint_eq(request->fetch->run, 7);
    pnd_message_free(message);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        workload_survives_packing,
        every_field_type_survives_packing,
        empty_message_packs_into_no_bytes,
        free_takes_null,
        input_over_the_cap_is_refused,
        amplification_is_refused_by_the_budget,
        budget_gives_out_no_more_than_it_has,
        every_budget_suffices_or_is_refused,
        truncated_input_is_refused_or_shorter,
        mutated_input_is_refused_or_another_message,
        random_bytes_are_refused_or_a_message,
        nesting_bomb_of_groups_is_refused,
        nesting_bomb_of_messages_is_not_followed,
        text_that_is_not_utf8_is_refused_with_its_field,
        text_of_every_length_of_utf8_is_taken,
        text_with_a_nul_is_refused,
        field_of_another_type_is_refused,
        unknown_fields_are_kept_and_count,
        unknown_enum_values_are_kept,
        last_of_two_alternatives_wins,
    };
    return sample_run("messages", tests, sizeof(tests) / sizeof(tests[0]));
}
