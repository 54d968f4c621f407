/* control.h - what messages carry beside their bytes: addresses, an interface, descriptors. */
#ifndef PND_CONTROL_H
#define PND_CONTROL_H

#include "engine.h"

/* Makes the file whose descriptors are passed. Returns 0 or -errno. */
int pnd_control_begin(struct pnd_engine *engine);
void pnd_control_end(struct pnd_engine *engine);

/* Gives the context its control memory, filled in for a send. Returns what the setter answered. */
int pnd_control_set(struct pnd_engine *engine, const struct pnd_task *task);

/* After the completion of a RECEIVE_MESSAGE: closes what it brought, and holds it to the step. */
void pnd_control_verify(struct pnd_engine *engine, const struct pnd_task *task,
                        const struct pendio_completion *completion);

#endif
