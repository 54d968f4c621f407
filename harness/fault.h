/* fault.h - what a workload brings about on purpose, and how it ends. */
#ifndef PND_FAULT_H
#define PND_FAULT_H

#include "instance.h"

pnd_step_fn pnd_step_limit_descriptors;
pnd_step_fn pnd_step_hold_buffers;
pnd_step_fn pnd_step_die;

/* FAIL: where a backend can do it, it is asked before; else the run was skipped. */
pnd_step_fn pnd_step_fail;

/* As many descriptors as before; so that what the run left open can be looked at. */
void pnd_fault_end(struct pnd_engine *engine);

#endif
