/* content_hash.h - what tells a workload from one that was changed. */
#ifndef PND_CONTENT_HASH_H
#define PND_CONTENT_HASH_H

#include "messages.h"

enum { PND_CONTENT_HASH_BYTES = 65 }; /* 64 digits and a NUL */

/*
 * SHA-256 of the workload, packed without its `content_hash`, in lower-case digits. Returns 0 or
 * -ENOMEM.
 */
int pnd_content_hash(const Pendio__Workload *workload, char ret_digits[PND_CONTENT_HASH_BYTES]);

/*
 * Returns 0 when the workload names no hash, or its own; -EINVAL with `error` telling it when it
 * names another; -ENOMEM.
 */
int pnd_content_hash_check(const Pendio__Workload *workload, struct pnd_message_error *error);

#endif
