/*
 * input.c - files from the command line as messages.
 *
 * Happy path:  open -> read all of it, at most a byte more than the codec takes -> decode.
 * Failures:    each is one line that names the file; a signal while reading is silent, since the
 *              user knows.
 */
#include "input.h"

#include "interrupt.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    INPUT_LIMIT_BYTES = 4 << 20, /* the codec's own default */
    FIRST_BYTES = 64 << 10,
};

static int read_all(const char *name, char **ret_bytes, size_t *ret_byte_count);
static int read_descriptor(int descriptor, char **ret_bytes, size_t *ret_byte_count);
static ssize_t read_some(int descriptor, char *memory, size_t byte_count);
static int decode(const char *name, enum pnd_format format, const ProtobufCMessageDescriptor *type,
                  const char *bytes, size_t byte_count, ProtobufCMessage **ret_message);

enum pnd_format pnd_input_format(const char *name)
{
    const char *ending = strrchr(name, '.');
    if (ending == NULL)
        return PND_FORMAT_UNKNOWN;
    if (strcmp(ending, ".json") == 0)
        return PND_FORMAT_JSON;
    if (strcmp(ending, ".pb") == 0 || strcmp(ending, ".bin") == 0)
        return PND_FORMAT_PROTOBUF;
    return PND_FORMAT_UNKNOWN;
}

const char *pnd_input_name(const char *name)
{
    return strcmp(name, "-") == 0 ? "stdin" : name;
}

int pnd_input_read_workload(const char *name, Pendio__Workload **ret_workload)
{
    enum pnd_format format = strcmp(name, "-") == 0 ? PND_FORMAT_JSON : pnd_input_format(name);
    if (format == PND_FORMAT_UNKNOWN) {
        pnd_say_error("%s: cannot tell its format; name it .json, .pb or .bin", name);
        return -EINVAL;
    }

    ProtobufCMessage *message = NULL;
    int status = pnd_input_read(name, format, &pendio__workload__descriptor, &message);
    if (status == 0)
        *ret_workload = (Pendio__Workload *)message;
    return status;
}

int pnd_input_read(const char *name, enum pnd_format format, const ProtobufCMessageDescriptor *type,
                   ProtobufCMessage **ret_message)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    int status = read_all(name, &bytes, &byte_count);
    if (status == -EINTR)
        return status;
    if (status < 0) {
        pnd_say_error("%s: %s; name a file that can be read", pnd_input_name(name),
                      strerror(-status));
        return status;
    }

    status = decode(pnd_input_name(name), format, type, bytes, byte_count, ret_message);
    free(bytes);
    return status;
}

static int read_all(const char *name, char **ret_bytes, size_t *ret_byte_count)
{
    if (strcmp(name, "-") == 0)
        return read_descriptor(STDIN_FILENO, ret_bytes, ret_byte_count);

    int descriptor = open(name, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return pnd_interrupt_signal() != 0 ? -EINTR : -errno;
    int status = read_descriptor(descriptor, ret_bytes, ret_byte_count);
    (void)close(descriptor);
    return status;
}

/* Reads one byte more than may be, so that the codec sees, and says, that it is too much. */
static int read_descriptor(int descriptor, char **ret_bytes, size_t *ret_byte_count)
{
    size_t room_bytes = FIRST_BYTES, byte_count = 0;
    char *bytes = malloc(room_bytes);
    ssize_t result = bytes != NULL ? 1 : -ENOMEM;
    while (result > 0 && byte_count <= INPUT_LIMIT_BYTES) {
        if (byte_count == room_bytes) {
            room_bytes =
                room_bytes * 2 <= INPUT_LIMIT_BYTES ? room_bytes * 2 : INPUT_LIMIT_BYTES + 1;
            char *larger = realloc(bytes, room_bytes);
            if (larger == NULL) {
                result = -ENOMEM;
                break;
            }
            bytes = larger;
        }
        result = read_some(descriptor, bytes + byte_count, room_bytes - byte_count);
        byte_count += result > 0 ? (size_t)result : 0;
    }
    if (result < 0) {
        free(bytes);
        return (int)result;
    }
    *ret_bytes = bytes;
    *ret_byte_count = byte_count;
    return 0;
}

static ssize_t read_some(int descriptor, char *memory, size_t byte_count)
{
    for (;;) {
        ssize_t result = read(descriptor, memory, byte_count);
        if (result >= 0)
            return result;
        if (errno != EINTR || pnd_interrupt_signal() != 0)
            return -errno;
    }
}

static int decode(const char *name, enum pnd_format format, const ProtobufCMessageDescriptor *type,
                  const char *bytes, size_t byte_count, ProtobufCMessage **ret_message)
{
    struct pnd_message_error error = {.text = ""};
    int status = 0;
    if (format == PND_FORMAT_JSON) {
        status = pnd_message_from_json(type, bytes, byte_count, name, NULL, ret_message, &error);
        if (status < 0)
            pnd_say_error("%s", error.text);
    } else {
        status = pnd_message_unpack(type, bytes, byte_count, NULL, ret_message, &error);
        if (status < 0)
            pnd_say_error("%s: %s", name, error.text);
    }
    return status;
}
