/* surroundings.h - makes the process of a run what its workload asks for. */
#ifndef PND_SURROUNDINGS_H
#define PND_SURROUNDINGS_H

#include "messages.h"

/*
 * Before the loop is created: backend and features, where nobody chose them before; processors;
 * the limit of locked memory, which counts for root too then. Returns 0, or -errno with the reason
 * why this machine cannot.
 */
int pnd_surroundings_set(const Pendio__Workload *workload, struct pnd_message_error *error);

#endif
