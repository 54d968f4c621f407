/* remedy.h - what would have been right, from the names a descriptor knows. */
#ifndef PND_REMEDY_H
#define PND_REMEDY_H

#include "messages.h"

/* Both append "; use one of A, B, C (did you mean B?)". */
void pnd_remedy_add_fields(struct pnd_message_error *error, const ProtobufCMessageDescriptor *type,
                           const char *wrong);
void pnd_remedy_add_values(struct pnd_message_error *error, const ProtobufCEnumDescriptor *type,
                           const char *wrong);

#endif
