/* validate.h - what is wrong with a workload, as far as the schema alone can tell. */
#ifndef PND_VALIDATE_H
#define PND_VALIDATE_H

#include "messages.h"

/*
 * Returns 0, or -EINVAL with `error` naming the place, what is wrong and the remedy. The daemon
 * knows more: limits, handles, contexts, and what goes with which operation.
 */
int pnd_validate_workload(const Pendio__Workload *workload, struct pnd_message_error *error);

#endif
