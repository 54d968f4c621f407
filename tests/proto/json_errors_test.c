/*
 * json_errors_test.c - what people are told about JSON that cannot be read.
 *
 * - Whole lines are compared: the wording is part of what is tested.
 */
#include "sample.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void refuses_as(const ProtobufCMessageDescriptor *type, const char *name, const char *json,
                       const char *text)
{
    struct pnd_message_error error = {.text = "old"};
    ProtobufCMessage *message = NULL;
    int status = pnd_message_from_json(type, json, strlen(json), name, NULL, &message, &error);

    ck_assert_str_eq(error.text, text);
    ck_assert_int_eq(status, -EBADMSG);
    ck_assert_ptr_null(message);
}

static void workload_refuses(const char *json, const char *text)
{
    refuses_as(&pendio__workload__descriptor, "w.json", json, text);
}

static void every_type_refuses(const char *json, const char *text)
{
    refuses_as(&sample__every_type__descriptor, "e.json", json, text);
}

START_TEST(unknown_operation_names_line_field_and_the_right_ones)
{
    refuses_as(
        &pendio__workload__descriptor, "echo.json",
        "{\n"
        "  \"actors\": [\n"
        "    {\"name\": \"a, b: {[\\\"\", \"blocks\": [\n"
        "      {\"steps\": []},\n"
        "      {\"repeat_count\": 2, \"steps\": [{}, {}, {},\n"
        "        {\n"
        "          \"handle\": \"]}\",\n"
        "          \"operation\": \"RECIEVE\"\n"
        "        }]}]}]}\n",
        "echo.json:8: actors[0].blocks[1].steps[3].operation: \"RECIEVE\" is no Operation; "
        "use one of NOP, TIMER, ACCEPT, CONNECT, RECEIVE, SEND, RECEIVE_FROM, SEND_TO, OPEN, "
        "READ, WRITE, CLOSE, FSYNC, TRUNCATE, STAT, RENAME, UNLINK, MKDIR, POLL, DISCONNECT, "
        "RECEIVE_MESSAGE, SEND_MESSAGE, SEND_PACKETS, SPLICE, CHILD, CATCH_SIGNAL, CONNECT_NAME, "
        "SOCKET, BIND, LISTEN, HALF_CLOSE, CANCEL, POST, GET, PUT, "
        "CLOSE_NOW, PIPE, AWAIT, SIGNAL, WAIT, PAUSE, SPAWN, RAISE, LIMIT_DESCRIPTORS, "
        "HOLD_BUFFERS, FAIL, DIE (did you mean RECEIVE?)");
}
END_TEST

START_TEST(unknown_field_names_line_and_field)
{
    workload_refuses("{\"version\": 1,\n\n\"pools\": [{},\n{\"slice_byte\": 1}]}",
                     "w.json:4: pools[1].slice_byte: no such field in Pool; use one of name, "
                     "context_count, slice_bytes (did you mean slice_bytes?)");
}
END_TEST

START_TEST(unknown_field_of_a_message_without_fields_is_explained)
{
    refuses_as(&pendio__request__descriptor, "r.json", "{\"hello\": {\"who\": 1}}",
               "r.json:1: hello.who: no such field in HelloRequest; it has none, use {}");
}
END_TEST

START_TEST(name_that_resembles_nothing_gets_no_guess)
{
    workload_refuses("{\"pools\": [{\"zzzzzz\": 1}]}",
                     "w.json:1: pools[0].zzzzzz: no such field in Pool; use one of name, "
                     "context_count, slice_bytes");
}
END_TEST

START_TEST(enum_in_the_wrong_case_is_guessed)
{
    workload_refuses("{\"endpoints\": [{\"family\": \"tcp4\"}]}",
                     "w.json:1: endpoints[0].family: \"tcp4\" is no Family; use one of TCP4, TCP6, "
                     "UDP4, UDP6, UNIX_STREAM, UNIX_DATAGRAM, UNIX_SEQPACKET, FILE "
                     "(did you mean TCP4?)");
}
END_TEST

START_TEST(enum_number_that_is_not_declared_is_refused)
{
    every_type_refuses("{\"colour\": 3}",
                       "e.json:1: colour: 3 is no Colour; use one of RED, GREEN");
    every_type_refuses("{\"colour\": 4294967297}",
                       "e.json:1: colour: 4294967297 is no Colour; use one of RED, GREEN");
    every_type_refuses("{\"colours\": [1, true]}",
                       "e.json:1: colours[1]: true is no Colour; use one of RED, GREEN");
}
END_TEST

START_TEST(number_out_of_range_names_the_range)
{
    workload_refuses("{\n\"loop\": {\n\"handle_count\": 4294967296}}",
                     "w.json:3: loop.handle_count: 4294967296 is out of range; use a whole number "
                     "from 0 to 4294967295");
    workload_refuses("{\"seed\": -1}", "w.json:1: seed: -1 is out of range; use a whole number "
                                       "from 0 to 18446744073709551615");
    workload_refuses("{\"seed\": \"18446744073709551616\"}",
                     "w.json:1: seed: \"18446744073709551616\" is out of range; use a whole number "
                     "from 0 to 18446744073709551615");
    every_type_refuses("{\"int_32\": -2147483649}",
                       "e.json:1: int_32: -2147483649 is out of range; use a whole number from "
                       "-2147483648 to 2147483647");
    every_type_refuses("{\"real_32\": 1e39}", "e.json:1: real_32: 1e39 is out of range; use a "
                                              "number within 3.40282e+38");
}
END_TEST

START_TEST(number_that_is_not_whole_is_refused)
{
    static const char *const wrong[] = {"1.5",    "\"\"",    "\"1.5\"", "\"0x10\"", "\" 1\"",
                                        "\"1 \"", "\"--1\"", "\"01\"",  "\"abc\"",  "true"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char json[64];
        char text[128];
        (void)snprintf(json, sizeof(json), "{\"version\": %s}", wrong[i]);
        (void)snprintf(text, sizeof(text),
                       "w.json:1: version: %s is no whole number; use a whole number from 0 to "
                       "4294967295",
                       wrong[i]);
        workload_refuses(json, text);
    }
}
END_TEST

START_TEST(real_that_may_have_lost_digits_is_refused)
{
    workload_refuses("{\"seed\": 9007199254740993.0}",
                     "w.json:1: seed: 9007199254740993.0 is out of range; use a whole number "
                     "from 0 to 18446744073709551615");
}
END_TEST

START_TEST(number_jansson_cannot_hold_belongs_in_quotes)
{
    workload_refuses("{\n\"seed\": 18446744073709551615}",
                     "w.json:2: column 28: too big integer near '18446744073709551615'; put such a "
                     "number in quotes");
}
END_TEST

START_TEST(values_of_the_wrong_type_are_refused)
{
    workload_refuses("{\"name\": 5}", "w.json:1: name: 5 is no text; use a string in quotes");
    workload_refuses("{\"name\": [\"a\"]}",
                     "w.json:1: name: an array is no text; use a string in quotes");
    workload_refuses("{\"tags\": \"echo\"}", "w.json:1: tags: \"echo\" is no array; put it in [ ]");
    workload_refuses("{\"loop\": []}",
                     "w.json:1: loop: an array is no LoopSettings; use an object in { }");
    workload_refuses("{\"actors\": [\n{},\n\"x\"]}",
                     "w.json:3: actors[1]: \"x\" is no Actor; use an object in { }");
    every_type_refuses("{\"truth\": 1}", "e.json:1: truth: 1 is neither; use true or false");
    every_type_refuses("{\"real_64\": \"fast\"}",
                       "e.json:1: real_64: \"fast\" is no number; use one like 1.5, \"NaN\", "
                       "\"Infinity\" or \"-Infinity\"");
    every_type_refuses("{\"real_64\": {}}",
                       "e.json:1: real_64: an object is no number; use one like 1.5, \"NaN\", "
                       "\"Infinity\" or \"-Infinity\"");
}
END_TEST

START_TEST(null_is_no_element)
{
    workload_refuses("{\"tags\": [\"a\", null]}",
                     "w.json:1: tags[1]: null is no text; use a string in quotes");
    workload_refuses("{\"pools\": [null]}",
                     "w.json:1: pools[0]: null is no Pool; use an object in { }");
}
END_TEST

START_TEST(bytes_that_are_not_base64_are_refused)
{
    static const char *const wrong[] = {"A", "AA=A", "A===", "AA A", "AAAA=", "\xC3\xA9\xC3\xA9"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char json[64];
        char text[128];
        (void)snprintf(json, sizeof(json), "{\"blob\": \"%s\"}", wrong[i]);
        (void)snprintf(text, sizeof(text),
                       "e.json:1: blob: \"%s\" is no base64; use letters, digits, + and /",
                       wrong[i]);
        every_type_refuses(json, text);
    }
    every_type_refuses("{\"blob\": 7}", "e.json:1: blob: 7 is no base64; use a string in quotes");
}
END_TEST

START_TEST(two_alternatives_at_once_are_refused)
{
    refuses_as(&pendio__request__descriptor, "r.json", "{\"hello\": {},\n \"submit\": {}}",
               "r.json:2: submit: \"hello\" is there already; keep one of the two");
}
END_TEST

START_TEST(field_under_both_names_is_refused)
{
    workload_refuses("{\"loop\": {\"handle_count\": 1,\n\"handleCount\": 1}}",
                     "w.json:2: loop.handleCount: \"handle_count\" is the same field; keep one of "
                     "the two");
}
END_TEST

START_TEST(doubled_name_is_refused)
{
    workload_refuses(
        "{\"version\": 1,\n \"version\": 1}",
        "w.json:2: column 10: duplicate object key near '\"version\"'; keep one of the two");
}
END_TEST

START_TEST(syntax_errors_name_line_and_column)
{
    workload_refuses(
        "", "w.json:1: column 0: unexpected token near end of file; the text ends too early");
    workload_refuses("{\n  \"version\" 1}", "w.json:2: column 13: ':' expected near '1'");
    workload_refuses("{\"name\": \"a\nb\"}", "w.json:1: column 11: unexpected newline near '\"a'");
    workload_refuses("{} x", "w.json:1: column 4: end of file expected near 'x'");
    workload_refuses(
        "{\"loop\": {",
        "w.json:1: column 10: string or '}' expected near end of file; the text ends too early");
}
END_TEST

START_TEST(outermost_value_must_be_an_object)
{
    workload_refuses("\n[]", "w.json:2: an array is no Workload; use an object in { }");
    workload_refuses("\n\"x\"", "w.json:2: \"x\" is no Workload; use an object in { }");
}
END_TEST

START_TEST(text_that_is_not_utf8_is_refused)
{
    workload_refuses("{\"name\": \"\xC0\xAF\"}",
                     "w.json:1: column 10: unable to decode byte 0xc0 near '\"'; save the text in "
                     "UTF-8");
    workload_refuses("\xEF\xBB\xBF{}",
                     "w.json:1: begins with a byte order mark; save the text without it");
}
END_TEST

START_TEST(text_with_a_nul_is_refused)
{
    workload_refuses("{\"name\": \"a\\u0000b\"}",
                     "w.json:1: column 19: \\u0000 is not allowed in a text; leave it out");
}
END_TEST

START_TEST(nesting_bombs_are_refused)
{
    enum { LEVEL_COUNT = 100000 };
    static char bomb[LEVEL_COUNT + 1];

    memset(bomb, '[', LEVEL_COUNT);
    workload_refuses(bomb,
                     "w.json:1: column 2049: maximum parsing depth reached near '['; nest less");
    memset(bomb + 1000, ']', 1000);
    bomb[2000] = '\0';
    workload_refuses(bomb, "w.json:1: an array is no Workload; use an object in { }");
}
END_TEST

START_TEST(long_values_are_shortened)
{
    char value[500];
    char json[1024];
    memset(value, 'x', sizeof(value));
    (void)snprintf(json, sizeof(json), "{\"version\": \"%.*s\"}", (int)sizeof(value), value);
    workload_refuses(json,
                     "w.json:1: version: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                     "xxx... is no whole number; use a whole number from 0 to 4294967295");
}
END_TEST

START_TEST(long_input_names_lose_their_beginning)
{
    char name[600];
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;

    memset(name, 'd', sizeof(name));
    memcpy(name + sizeof(name) - 8, "/w.json", 8);
    ck_assert_int_eq(
        pnd_message_from_json(&pendio__workload__descriptor, "[]", 2, name, NULL, &message, &error),
        -EBADMSG);
    ck_assert_ptr_nonnull(strstr(error.text, "d/w.json:1: an array is no Workload"));
    ck_assert_uint_lt(strlen(error.text), 256);
}
END_TEST

START_TEST(control_characters_do_not_reach_the_error_line)
{
    workload_refuses(
        "{\"a\\n\\u001bb\": 1}",
        "w.json:1: a  b: no such field in Workload; use one of version, name, purpose, "
        "tags, seed, loop, pools, endpoints, actors, expect, limits, environment, needs, "
        "content_hash, record");
}
END_TEST

START_TEST(input_over_the_cap_is_refused)
{
    const struct pnd_message_limits limits = {.input_bytes = 10};
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;

    ck_assert_int_eq(pnd_message_from_json(&pendio__workload__descriptor, "{         }", 11,
                                           "w.json", &limits, &message, &error),
                     -E2BIG);
    ck_assert_str_eq(error.text, "w.json: has more than 10 bytes; make it smaller");
}
END_TEST

START_TEST(amplification_is_refused_by_the_budget)
{
    const struct pnd_message_limits limits = {.allocation_bytes = 1 << 20};
    enum { ACTOR_COUNT = 40000 };
    static char json[3 * ACTOR_COUNT + 32] = "{\"actors\":[";
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;
    char *at = json + strlen(json);

    for (size_t i = 0; i < ACTOR_COUNT; i++, at += 3)
        memcpy(at, "{},", 3);
    memcpy(at - 1, "]}", 3);
    ck_assert_int_eq(pnd_message_from_json(&pendio__workload__descriptor, json, strlen(json),
                                           "w.json", &limits, &message, &error),
                     -E2BIG);
    ck_assert_str_eq(error.text, "w.json: decoding it takes more than the 1048576 bytes allowed; "
                                 "make it smaller");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        unknown_operation_names_line_field_and_the_right_ones,
        unknown_field_names_line_and_field,
        unknown_field_of_a_message_without_fields_is_explained,
        name_that_resembles_nothing_gets_no_guess,
        enum_in_the_wrong_case_is_guessed,
        enum_number_that_is_not_declared_is_refused,
        number_out_of_range_names_the_range,
        number_that_is_not_whole_is_refused,
        real_that_may_have_lost_digits_is_refused,
        number_jansson_cannot_hold_belongs_in_quotes,
        values_of_the_wrong_type_are_refused,
        null_is_no_element,
        bytes_that_are_not_base64_are_refused,
        two_alternatives_at_once_are_refused,
        field_under_both_names_is_refused,
        doubled_name_is_refused,
        syntax_errors_name_line_and_column,
        outermost_value_must_be_an_object,
        text_that_is_not_utf8_is_refused,
        text_with_a_nul_is_refused,
        nesting_bombs_are_refused,
        long_values_are_shortened,
        long_input_names_lose_their_beginning,
        control_characters_do_not_reach_the_error_line,
        input_over_the_cap_is_refused,
        amplification_is_refused_by_the_budget,
    };
    return sample_run("json_errors", tests, sizeof(tests) / sizeof(tests[0]));
}
