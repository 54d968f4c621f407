/* input.h - files from the command line as messages. */
#ifndef PND_INPUT_H
#define PND_INPUT_H

#include "messages.h"

enum pnd_format { PND_FORMAT_UNKNOWN, PND_FORMAT_JSON, PND_FORMAT_PROTOBUF };

/* By the ending of the name; "-" is unknown. */
enum pnd_format pnd_input_format(const char *name);

/*
 * Reads the whole of `name` ("-": stdin) as a message of `type`. Returns 0, or -errno after a line
 * on stderr that names the input. The message is freed with pnd_message_free().
 */
int pnd_input_read(const char *name, enum pnd_format format, const ProtobufCMessageDescriptor *type,
                   ProtobufCMessage **ret_message);

/* The same for a workload, its format by its name; stdin is JSON. */
int pnd_input_read_workload(const char *name, Pendio__Workload **ret_workload);

/* What error lines call the input. */
const char *pnd_input_name(const char *name);

#endif
