/*
 * json_test.c - what is read from JSON, and how it is written.
 *
 * - Round trips in both directions; every form that one value may take.
 * - Inputs made to break bounds are refused; leaks and overruns are the sanitizers' part.
 */
#include "sample.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MUTATION_COUNT = 20000 };

static int read_within(const char *text, size_t byte_count, size_t allocation_bytes,
                       struct pnd_message_error *error)
{
    const struct pnd_message_limits limits = {.allocation_bytes = allocation_bytes};
    ProtobufCMessage *message = NULL;
    int status = pnd_message_from_json(&pendio__workload__descriptor, text, byte_count, "w.json",
                                       &limits, &message, error);

    ck_assert_int_eq(status == 0, message != NULL);
    ck_assert_int_eq(status == 0, error->text[0] == '\0');
    pnd_message_free(message);
    return status;
}

/* What is read from `json` is written as `written`. */
static void becomes(const char *json, const char *written)
{
    ProtobufCMessage *message = sample_read(&sample__every_type__descriptor, json);
    ck_assert_msg(message != NULL, "%s", json);
    char *text = sample_write(message);
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, written);
    free(text);
    pnd_message_free(message);
}

START_TEST(every_field_type_is_written_as_it_was_read)
{
    becomes(sample_every, sample_every);
    becomes("{\"chosen_text\":\"\"}", "{\"chosen_text\":\"\"}");
    becomes("{\"chosen_inner\":{}}", "{\"chosen_inner\":{}}");
    becomes("{\"chosen_blob\":\"\"}", "{\"chosen_blob\":\"\"}");
}
END_TEST

START_TEST(workload_survives_writing_and_reading)
{
    ProtobufCMessage *message = sample_read(&pendio__workload__descriptor, sample_workload);
    ck_assert_ptr_nonnull(message);
    char *text = sample_write(message);
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_null(strchr(text, '\n'));
    ProtobufCMessage *again = sample_read(&pendio__workload__descriptor, text);
    ck_assert_ptr_nonnull(again);
    ck_assert(sample_is_equal(message, again));
    free(text);
    pnd_message_free(message);
    pnd_message_free(again);
}
END_TEST

START_TEST(workload_is_read_field_by_field)
{
    ProtobufCMessage *message = sample_read(&pendio__workload__descriptor, sample_workload);
    ck_assert_ptr_nonnull(message);
    const Pendio__Workload *workload = (Pendio__Workload *)message;
    ck_assert_str_eq(workload->name, "connect/tcp_echo");
    ck_assert_uint_eq(workload->seed, UINT64_MAX);
    ck_assert_uint_eq(workload->n_tags, 2);
    ck_assert_int_eq(workload->endpoints[1]->family, PENDIO__FAMILY__FILE);
    const Pendio__Step *step = workload->actors[0]->blocks[1]->steps[0];
    ck_assert_int_eq(step->operation, PENDIO__OPERATION__RECEIVE);
    ck_assert_uint_eq(step->bytes, 64);
    ck_assert(step->whole);
    ck_assert_str_eq(step->context, "");
    ck_assert_ptr_null(step->expect);
    ck_assert(workload->expect->reuse_minimum == 1.5);
    pnd_message_free(message);
}
END_TEST

START_TEST(names_may_be_in_camel_case)
{
    becomes("{\"int32\":1,\"chosenText\":\"a\"}", "{\"int_32\":1,\"chosen_text\":\"a\"}");
}
END_TEST

START_TEST(null_means_not_given)
{
    becomes("{\"int_32\":null,\"inner\":null,\"numbers\":null,\"chosen_text\":null,"
            "\"chosen_number\":3}",
            "{\"chosen_number\":3}");
}
END_TEST

START_TEST(defaults_are_not_written)
{
    becomes("{\"int_32\":0,\"int_64\":\"0\",\"real_64\":0.0,\"truth\":false,\"text\":\"\","
            "\"blob\":\"\",\"colour\":\"COLOUR_UNSPECIFIED\",\"numbers\":[]}",
            "{}");
}
END_TEST

START_TEST(empty_inner_message_is_written)
{
    becomes("{\"inner\":{\"word\":\"\"}}", "{\"inner\":{}}");
}
END_TEST

START_TEST(whole_numbers_come_in_many_forms)
{
    becomes("{\"uint_32\":1e3}", "{\"uint_32\":1000}");
    becomes("{\"uint_32\":\"1e3\"}", "{\"uint_32\":1000}");
    becomes("{\"uint_32\":7.0}", "{\"uint_32\":7}");
    becomes("{\"uint_32\":\"4294967295\"}", "{\"uint_32\":4294967295}");
    becomes("{\"int_32\":\"-2147483648\"}", "{\"int_32\":-2147483648}");
    becomes("{\"int_32\":-2.5e1}", "{\"int_32\":-25}");
    becomes("{\"uint_64\":9223372036854775807}", "{\"uint_64\":\"9223372036854775807\"}");
    becomes("{\"uint_64\":9007199254740991.0}", "{\"uint_64\":\"9007199254740991\"}");
    becomes("{\"int_64\":-9223372036854775808}", "{\"int_64\":\"-9223372036854775808\"}");
    becomes("{\"uint_32\":\"-0\",\"int_32\":1}", "{\"int_32\":1}");
}
END_TEST

START_TEST(reals_come_in_many_forms)
{
    becomes("{\"real_64\":3}", "{\"real_64\":3.0}");
    becomes("{\"real_64\":\"2.5\",\"real_32\":\"-Infinity\"}",
            "{\"real_32\":\"-Infinity\",\"real_64\":2.5}");
    becomes("{\"real_32\":\"NaN\"}", "{\"real_32\":\"NaN\"}");
    becomes("{\"reals\":[0.1,0.30000000000000004]}",
            "{\"reals\":[0.10000000000000001,0.30000000000000004]}");
}
END_TEST

START_TEST(reals_do_not_depend_on_the_locale)
{
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* if it is there */
    becomes("{\"reals\":[0.1,\"2.5\"]}", "{\"reals\":[0.1,2.5]}");
    (void)setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(enums_come_by_name_or_number)
{
    becomes("{\"colour\":2,\"colours\":[0,\"GREEN\"]}",
            "{\"colour\":\"GREEN\",\"colours\":[\"COLOUR_UNSPECIFIED\",\"GREEN\"]}");
}
END_TEST

START_TEST(enum_value_without_name_is_written_as_number)
{
    Sample__EveryType message = SAMPLE__EVERY_TYPE__INIT;
    message.colour = (Sample__Colour)99;
    char *text = sample_write(&message.base);
    ck_assert_str_eq(text, "{\"colour\":99}");
    free(text);
}
END_TEST

START_TEST(bytes_come_in_either_alphabet_padded_or_not)
{
    becomes("{\"blob\":\"-_8\"}", "{\"blob\":\"+/8=\"}");
    becomes("{\"blob\":\"+/8=\"}", "{\"blob\":\"+/8=\"}");
    becomes("{\"blob\":\"YWI\"}", "{\"blob\":\"YWI=\"}");
    becomes("{\"blob\":\"YWJj\"}", "{\"blob\":\"YWJj\"}");
    becomes("{\"blob\":\"AAAAAA==\"}", "{\"blob\":\"AAAAAA==\"}");
}
END_TEST

START_TEST(escapes_in_names_and_text_are_understood)
{
    becomes("{\"te\\u0078t\":\"\\u0041\\n\\ud83d\\ude00\"}", "{\"text\":\"A\\n\xF0\x9F\x98\x80\"}");
}
END_TEST

START_TEST(text_need_not_end_in_nul)
{
    static const char text[] = "{\"version\":1}garbage";
    struct pnd_message_error error;
    ck_assert_int_eq(read_within(text, strlen(text) - strlen("garbage"), 0, &error), 0);
}
END_TEST

START_TEST(text_that_is_not_utf8_cannot_be_written)
{
    Sample__EveryType message = SAMPLE__EVERY_TYPE__INIT;
    char latin[] = "caf\xE9";
    char *text = NULL;
    message.text = latin;
    ck_assert_int_eq(pnd_message_to_json(&message.base, &text), -EBADMSG);
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(missing_text_is_written_as_empty)
{
    Sample__EveryType message = SAMPLE__EVERY_TYPE__INIT;
    char *texts[] = {NULL};
    message.text = NULL;
    message.texts = texts;
    message.n_texts = 1;
    char *text = sample_write(&message.base);
    ck_assert_str_eq(text, "{\"texts\":[\"\"]}");
    free(text);
}
END_TEST

START_TEST(every_budget_suffices_or_is_refused)
{
    struct pnd_message_error error;
    size_t enough_bytes = 1;

    while (read_within(sample_workload, strlen(sample_workload), enough_bytes, &error) != 0) {
        ck_assert_ptr_nonnull(strstr(error.text, "w.json: decoding it takes more than the "));
        enough_bytes += 8;
    }
    ck_assert_uint_lt(enough_bytes, 20 * strlen(sample_workload));
}
END_TEST

START_TEST(mutated_text_is_refused_or_another_message)
{
    struct pnd_message_error error;
    size_t byte_count = strlen(sample_workload);
    uint64_t state = 22;

    for (int round = 0; round < MUTATION_COUNT; round++) {
        char *mutated = malloc(2 * byte_count);
        ck_assert_ptr_nonnull(mutated);
        size_t length = sample_mutate(&state, sample_workload, byte_count, mutated);
        int status = read_within(mutated, length, 32768, &error);
        ck_assert(status == 0 || status == -EBADMSG || status == -E2BIG);
        ck_assert_ptr_null(strchr(error.text, '\n'));
        free(mutated);
    }
}
END_TEST

START_TEST(truncated_text_is_refused)
{
    struct pnd_message_error error;
    size_t byte_count = strlen(sample_workload) - strlen("}\n");

    for (size_t length = 0; length <= byte_count; length++) {
        char *prefix = malloc(length + 1); /* so that the sanitizer sees the end */
        ck_assert_ptr_nonnull(prefix);
        memcpy(prefix + 1, sample_workload, length);
        ck_assert_int_eq(read_within(prefix + 1, length, 0, &error), -EBADMSG);
        free(prefix);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_field_type_is_written_as_it_was_read,
        workload_survives_writing_and_reading,
        workload_is_read_field_by_field,
        names_may_be_in_camel_case,
        null_means_not_given,
        defaults_are_not_written,
        empty_inner_message_is_written,
        whole_numbers_come_in_many_forms,
        reals_come_in_many_forms,
        reals_do_not_depend_on_the_locale,
        enums_come_by_name_or_number,
        enum_value_without_name_is_written_as_number,
        bytes_come_in_either_alphabet_padded_or_not,
        escapes_in_names_and_text_are_understood,
        text_need_not_end_in_nul,
        text_that_is_not_utf8_cannot_be_written,
        missing_text_is_written_as_empty,
        every_budget_suffices_or_is_refused,
        mutated_text_is_refused_or_another_message,
        truncated_text_is_refused,
    };
    return sample_run("json", tests, sizeof(tests) / sizeof(tests[0]));
}
