/* system.h - processes that a run begins and waits for, signals that it sends itself and takes. */
#ifndef PND_SYSTEM_H
#define PND_SYSTEM_H

#include "engine.h"

/* Blocks the signals a plan waits for: only then they wait to be taken. */
void pnd_system_begin(const struct pnd_plan *plan);

/* After a completion: a status was taken if and only if it was told; a signal tells who sent it. */
void pnd_system_verify(struct pnd_engine *engine, const struct pnd_task *task,
                       const struct pnd_start *start, const struct pendio_completion *completion);

/* Ends what still runs of the processes begun. */
void pnd_system_end(struct pnd_engine *engine);

#endif
