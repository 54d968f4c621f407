/*
 * fuzz.c - what the targets share.
 *
 * Happy path:  bytes become a message, or a file.
 * Failures:    what is no message is NULL, with a line that says why; no file ends the program.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const ProtobufCMessageDescriptor *const fuzz_types[FUZZ_TYPE_COUNT] = {
    &pendio__workload__descriptor, &pendio__request__descriptor, &pendio__reply__descriptor,
    &pendio__event__descriptor};

Pendio__Workload *fuzz_workload(const uint8_t *bytes, size_t byte_count)
{
    const ProtobufCMessageDescriptor *type = &pendio__workload__descriptor;
    struct pnd_message_error error = {""};
    ProtobufCMessage *message = NULL;
    if (byte_count > 0 && bytes[0] == '{')
        (void)pnd_message_from_json(type, (const char *)bytes, byte_count, "fuzz", NULL, &message,
                                    &error);
    else
        (void)pnd_message_unpack(type, bytes, byte_count, NULL, &message, &error);
    assert((message != NULL) == (error.text[0] == '\0'));
    return (Pendio__Workload *)message;
}

int fuzz_file(const uint8_t *bytes, size_t byte_count)
{
    static int file = -1;
    if (file < 0)
        file = memfd_create("input", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, 0) < 0 ||
        pwrite(file, bytes, byte_count, 0) != (ssize_t)byte_count || lseek(file, 0, SEEK_SET) < 0)
        abort();
    return file;
}

FILE *fuzz_nowhere(void)
{
    static FILE *nowhere;
    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL)
        abort();
    return nowhere;
}
