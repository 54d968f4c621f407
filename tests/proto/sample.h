/* sample.h - messages to test with, and what every test of proto/ does with them. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "every_type.pb-c.h"
#include "messages.h"

#include <check.h>
#include <stdbool.h>

extern const char sample_workload[]; /* JSON in several lines, with most fields set */
extern const char sample_every[];    /* an EveryType as the writer would write it */

/* The message, or NULL after printing the error. */
ProtobufCMessage *sample_read(const ProtobufCMessageDescriptor *type, const char *json);

/* The written message; the caller frees it. */
char *sample_write(const ProtobufCMessage *message);

/* True if both pack into the same bytes. */
bool sample_is_equal(const ProtobufCMessage *a, const ProtobufCMessage *b);

/* The same sequence in every run; `state` starts anywhere but at zero. */
uint64_t sample_random(uint64_t *state);

/* Changes, removes or doubles a few bytes. `ret_bytes` has room for twice the count. */
size_t sample_mutate(uint64_t *state, const void *bytes, size_t byte_count, void *ret_bytes);

/* All tests of a program; returns what main() returns. */
int sample_run(const char *name, const TTest *const *tests, size_t test_count);

#endif
