/* wire.h - packed bytes looked through before protobuf-c decodes them. */
#ifndef PND_WIRE_H
#define PND_WIRE_H

#include "messages.h"

/* Returns 0 or -EBADMSG, with `error` filled. */
int pnd_wire_check(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t byte_count,
                   struct pnd_message_error *error);

#endif
