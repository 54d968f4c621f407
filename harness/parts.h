/* parts.h - parts of files and of memory, sent in one operation; and splices. */
#ifndef PND_PARTS_H
#define PND_PARTS_H

#include "engine.h"

/* Starts the SEND_PACKETS, or the SPLICE, of a task. Returns the runtime's answer. */
int pnd_parts_send(struct pnd_engine *engine, const struct pnd_task *task,
                   const struct pnd_start *start);
int pnd_parts_splice(struct pnd_engine *engine, const struct pnd_task *task,
                     const struct pnd_start *start);

#endif
