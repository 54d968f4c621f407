/*
 * crowd.h - how many streams over Unix sockets are busy at once.
 */
#ifndef PND_CROWD_H
#define PND_CROWD_H

#include "loop.h"

/* Its owner was received from. Returns how many were in a turn lately, or in this one. */
uint32_t pnd_crowd_count(struct pnd_loop *loop, struct pnd_strategy *strategy);

#endif
