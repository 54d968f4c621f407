/*
 * vector.h - windows of many pieces, and the plain memory in which their bytes stand in a row.
 *
 * Contents are made and verified in plain memory: the context's own outside every arena. The pieces
 * lie elsewhere, last one first, with a byte between them that nobody may touch.
 */
#ifndef PND_VECTOR_H
#define PND_VECTOR_H

#include "engine.h"

/* The task's context's memory outside every arena. */
uint8_t *pnd_vector_plain(const struct pnd_engine *engine, const struct pnd_task *task);

/* Sets the pieces that `whole` still wants. Returns what the setter answered. */
int pnd_vector_set(struct pnd_engine *engine, const struct pnd_task *task);

/* From plain memory to pieces; and back, true when nothing between them was touched. */
void pnd_vector_scatter(struct pnd_engine *engine, const struct pnd_task *task);
bool pnd_vector_gather(struct pnd_engine *engine, const struct pnd_task *task);

#endif
