/* call.h - the runtime's start calls and setters behind one door. */
#ifndef PND_CALL_H
#define PND_CALL_H

#include "engine.h"

/* Describes what a step asks of a context: handle, window, policy, times. */
void pnd_call_describe(const struct pnd_engine *engine, const struct pnd_task *task,
                       struct pnd_start *ret_start);

/* Sets the context as `start` says. Returns 0 or the -errno of the setter that refused. */
int pnd_call_configure(struct pnd_engine *engine, const struct pnd_task *task,
                       const struct pnd_start *start);

/* Calls the runtime's start function. Returns its answer. */
int pnd_call_start(struct pnd_engine *engine, const struct pnd_task *task,
                   const struct pnd_start *start);

#endif
