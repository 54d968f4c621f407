/* results_message.h - messages as the JSON that scripts read: numbers are numbers. */
#ifndef PND_RESULTS_MESSAGE_H
#define PND_RESULTS_MESSAGE_H

#include "messages.h"

#include <jansson.h>

/* Every number, and what is said; empty texts and lists are left out. NULL for want of memory. */
json_t *pnd_results_message(const ProtobufCMessage *message);

/* The same of many. */
json_t *pnd_results_messages(ProtobufCMessage *const *messages, size_t message_count);

#endif
