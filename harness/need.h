/* need.h - whether this runtime, as it is set up, has what a workload needs. */
#ifndef PND_NEED_H
#define PND_NEED_H

#include "engine.h"

/* Once there is a loop: what is missing skips the run, with its name. */
void pnd_need_check(struct pnd_engine *engine);

#endif
