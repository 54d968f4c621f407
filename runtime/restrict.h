/*
 * restrict.h - what of the kernel a loop needs that may do some operations only.
 */
#ifndef PND_RESTRICT_H
#define PND_RESTRICT_H

#include "probe.h"

#include <stdbool.h>
#include <stdint.h>

/* Sets of operations have a bit for each PENDIO_OPERATION_...; whether all of them are known. */
bool pnd_restrict_knows(uint64_t operations);

/* The opcodes that they need, and the loop itself. */
struct pnd_opcodes pnd_restrict_opcodes(uint64_t operations);

#endif
