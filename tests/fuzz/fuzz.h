/* fuzz.h - what the targets share; what runs them is libFuzzer, or driver.c where there is none. */
#ifndef FUZZ_H
#define FUZZ_H

#include "messages.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The one function of a target: any bytes, and nothing may come of them but an answer. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count);

/* The messages from outside; all others are parts of these. */
enum { FUZZ_TYPE_COUNT = 4 };
extern const ProtobufCMessageDescriptor *const fuzz_types[FUZZ_TYPE_COUNT];

/* JSON where it begins with a brace, as the shipped ones do, else packed. NULL: it is none. */
Pendio__Workload *fuzz_workload(const uint8_t *bytes, size_t byte_count);

/* A descriptor that holds these bytes and stands at their beginning: always the same one. */
int fuzz_file(const uint8_t *bytes, size_t byte_count);

/* A stream that forgets everything. */
FILE *fuzz_nowhere(void);

#endif
