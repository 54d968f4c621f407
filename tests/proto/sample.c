/*
 * sample.c - messages to test with, and what every test of proto/ does with them.
 *
 * - Mutations are deterministic, so that a failing round can be run again by its number.
 */
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char sample_workload[] =
    "{\n"
    "  \"version\": 1,\n"
    "  \"name\": \"connect/tcp_echo\",\n"
    "  \"purpose\": \"Grüße, échos and \\\"quotes\\\"\",\n"
    "  \"tags\": [\"echo\", \"\"],\n"
    "  \"seed\": \"18446744073709551615\",\n"
    "  \"loop\": {\"operation_count\": 64, \"handle_count\": 4294967295},\n"
    "  \"pools\": [{\"name\": \"main\", \"context_count\": 16, \"slice_bytes\": 4096}],\n"
    "  \"endpoints\": [{\"name\": \"server\", \"family\": \"TCP4\"}, {\"family\": 8}],\n"
    "  \"actors\": [\n"
    "    {\n"
    "      \"name\": \"server\",\n"
    "      \"instance_count\": 1,\n"
    "      \"blocks\": [\n"
    "        {\"steps\": [\n"
    "          {\"operation\": \"SOCKET\", \"endpoint\": \"server\", \"into\": \"listener\"},\n"
    "          {\"operation\": \"ACCEPT\", \"handle\": \"listener\", \"start_actor\": \"peer\"}\n"
    "        ]},\n"
    "        {\"repeat_count\": 100, \"steps\": [\n"
    "          {\"operation\": \"RECEIVE\", \"handle\": \"self\", \"bytes\": \"64\", \"whole\": "
    "true},\n"
    "          {\"operation\": \"SEND\", \"handle\": \"self\", \"content\": \"ECHO\",\n"
    "           \"expect\": {\"answers\": [\"DONE\", \"PENDING\"], \"errors\": [\"0\"]}}\n"
    "        ]}\n"
    "      ]\n"
    "    }\n"
    "  ],\n"
    "  \"expect\": {\"reuse_minimum\": 1.5, \"operations_minimum\": 200},\n"
    "  \"limits\": {\"time_ms\": 5000}\n"
    "}\n";

const char sample_every[] =
    "{\"int_32\":-2147483648,\"sint_32\":2147483647,\"sfixed_32\":-1,"
    "\"int_64\":\"-9223372036854775808\",\"sint_64\":\"9223372036854775807\",\"sfixed_64\":\"-1\","
    "\"uint_32\":4294967295,\"fixed_32\":1,\"uint_64\":\"18446744073709551615\","
    "\"fixed_64\":\"1\",\"real_32\":0.5,\"real_64\":0.1,\"truth\":true,\"colour\":\"GREEN\","
    "\"text\":\"żó \\\"\\\\\",\"blob\":\"AP+A\",\"inner\":{\"word\":\"deep\"},\"numbers\":[0,7],"
    "\"texts\":[\"\",\"a\"],\"blobs\":[\"\",\"YQ==\"],\"colours\":[\"COLOUR_UNSPECIFIED\",\"RED\"],"
    "\"inners\":[{},{\"word\":\"b\"}],\"reals\":[\"NaN\",\"Infinity\",\"-Infinity\",1e300],"
    "\"chosen_number\":0}";

ProtobufCMessage *sample_read(const ProtobufCMessageDescriptor *type, const char *json)
{
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;

    if (pnd_message_from_json(type, json, strlen(json), "sample", NULL, &message, &error) < 0)
        (void)fprintf(stderr, "%s\n", error.text);
    return message;
}

char *sample_write(const ProtobufCMessage *message)
{
    char *text = NULL;
    return pnd_message_to_json(message, &text) == 0 ? text : NULL;
}

bool sample_is_equal(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    uint8_t *a_bytes = NULL;
    uint8_t *b_bytes = NULL;
    size_t a_count = 0;
    size_t b_count = 0;

    bool is_equal = pnd_message_pack(a, &a_bytes, &a_count) == 0 &&
                    pnd_message_pack(b, &b_bytes, &b_count) == 0 && a_count == b_count &&
                    memcmp(a_bytes, b_bytes, a_count) == 0;
    free(a_bytes);
    free(b_bytes);
    return is_equal;
}

uint64_t sample_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

size_t sample_mutate(uint64_t *state, const void *bytes, size_t byte_count, void *ret_bytes)
{
    uint8_t *out = ret_bytes;
    uint64_t round = sample_random(state);

    memcpy(out, bytes, byte_count);
    for (uint64_t i = 0; i < 1 + round % 4; i++)
        out[sample_random(state) % byte_count] = (uint8_t)sample_random(state);
    size_t from = sample_random(state) % byte_count;
    size_t span = sample_random(state) % (byte_count - from) + 1;
    if (round % 7 == 0) {
        memmove(out + from, out + from + span, byte_count - from - span);
        byte_count -= span;
    }
    if (round % 7 == 1) {
        memmove(out + from + span, out + from, byte_count - from);
        byte_count += span;
    }
    return byte_count;
}

int sample_run(const char *name, const TTest *const *tests, size_t test_count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, 100);
    for (size_t i = 0; i < test_count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failure_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failure_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
