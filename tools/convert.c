/*
 * convert.c - `pendio convert`: JSON to packed protobuf, or back.
 *
 * Happy path:  choose the message and both formats -> read -> write as a whole.
 * Failures:    anything wrong with the input leaves the output as it was.
 */
#include "command.h"
#include "input.h"
#include "output.h"
#include "say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const ProtobufCMessageDescriptor *const types[] = {
    &pendio__workload__descriptor, &pendio__report__descriptor, &pendio__stats__descriptor,
    &pendio__request__descriptor,  &pendio__reply__descriptor,  &pendio__event__descriptor,
    &pendio__progress__descriptor,
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

static int choose_type(const struct pnd_options *options,
                       const ProtobufCMessageDescriptor **ret_type);
static int choose_formats(const struct pnd_options *options, enum pnd_format *ret_from,
                          enum pnd_format *ret_to);
static int choose_format(const char *option, const char *value, const char *file,
                         enum pnd_format *ret_format);
static int convert(const struct pnd_options *options, const ProtobufCMessageDescriptor *type,
                   enum pnd_format from, enum pnd_format to);
static int write_message(const ProtobufCMessage *message, enum pnd_format format, const char *name);
static int write_all(const char *name, const void *bytes, size_t byte_count);

enum pnd_exit pnd_command_convert(const struct pnd_options *options)
{
    const ProtobufCMessageDescriptor *type = NULL;
    enum pnd_format from = PND_FORMAT_UNKNOWN, to = PND_FORMAT_UNKNOWN;
    int status = choose_type(options, &type);
    if (status == 0)
        status = choose_formats(options, &from, &to);
    if (status == 0)
        status = convert(options, type, from, to);
    if (status == -EIO)
        return PND_EXIT_UNREACHABLE;
    return status < 0 ? PND_EXIT_USAGE : PND_EXIT_OK;
}

static int choose_type(const struct pnd_options *options,
                       const ProtobufCMessageDescriptor **ret_type)
{
    const char *wanted = options->type != NULL ? options->type : "Workload";
    const char *names[TYPE_COUNT];
    for (size_t index = 0; index < TYPE_COUNT; index++) {
        names[index] = types[index]->short_name;
        if (strcmp(names[index], wanted) == 0) {
            *ret_type = types[index];
            return 0;
        }
    }
    const char *near = pnd_say_nearest(wanted, names, TYPE_COUNT);
    if (near != NULL)
        pnd_say_error("--type %s: no such message; did you mean %s?", wanted, near);
    else
        pnd_say_error("--type %s: use Workload, Report, Stats, Request, Reply, Event or Progress",
                      wanted);
    return -EINVAL;
}

/* What neither option nor name tells is what the other one is not. */
static int choose_formats(const struct pnd_options *options, enum pnd_format *ret_from,
                          enum pnd_format *ret_to)
{
    int status = choose_format("--from", options->from, options->files[0], ret_from);
    if (status == 0)
        status = choose_format("--to", options->to, options->files[1], ret_to);
    if (status < 0)
        return status;

    if (*ret_from == PND_FORMAT_UNKNOWN && *ret_to == PND_FORMAT_UNKNOWN) {
        pnd_say_error("%s: cannot tell its format; say --from json or --from protobuf",
                      pnd_input_name(options->files[0]));
        return -EINVAL;
    }
    if (*ret_from == PND_FORMAT_UNKNOWN)
        *ret_from = *ret_to == PND_FORMAT_JSON ? PND_FORMAT_PROTOBUF : PND_FORMAT_JSON;
    if (*ret_to == PND_FORMAT_UNKNOWN)
        *ret_to = *ret_from == PND_FORMAT_JSON ? PND_FORMAT_PROTOBUF : PND_FORMAT_JSON;
    return 0;
}

static int choose_format(const char *option, const char *value, const char *file,
                         enum pnd_format *ret_format)
{
    if (value == NULL) {
        *ret_format = pnd_input_format(file);
    } else if (strcmp(value, "json") == 0) {
        *ret_format = PND_FORMAT_JSON;
    } else if (strcmp(value, "protobuf") == 0) {
        *ret_format = PND_FORMAT_PROTOBUF;
    } else {
        pnd_say_error("%s %s: use json or protobuf", option, value);
        return -EINVAL;
    }
    return 0;
}

static int convert(const struct pnd_options *options, const ProtobufCMessageDescriptor *type,
                   enum pnd_format from, enum pnd_format to)
{
    ProtobufCMessage *message = NULL;
    int status = pnd_input_read(options->files[0], from, type, &message);
    if (status < 0)
        return status;
    status = write_message(message, to, options->files[1]);
    pnd_message_free(message);
    return status;
}

static int write_message(const ProtobufCMessage *message, enum pnd_format format, const char *name)
{
    char *text = NULL;
    uint8_t *bytes = NULL;
    size_t byte_count = 0;
    int status = 0;
    if (format == PND_FORMAT_JSON)
        status = pnd_message_to_json(message, &text);
    else
        status = pnd_message_pack(message, &bytes, &byte_count);

    if (status < 0)
        pnd_say_error("%s: %s; free some memory and try again", name, strerror(-status));
    else if (text != NULL)
        status = write_all(name, text, strlen(text));
    else
        status = write_all(name, bytes, byte_count);
    free(text);
    free(bytes);
    return status;
}

/* -EIO when the output was begun and could not be finished. */
static int write_all(const char *name, const void *bytes, size_t byte_count)
{
    struct pnd_output output;
    int status = pnd_output_begin(name, &output);
    if (status < 0)
        return status;
    (void)fwrite(bytes, 1, byte_count, output.stream); /* ending it tells whether that went well */
    return pnd_output_end(&output) < 0 ? -EIO : 0;
}
