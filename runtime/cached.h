/*
 * cached.h - reads that need not wait: of files, when the system has the data in its memory.
 */
#ifndef PND_CACHED_H
#define PND_CACHED_H

#include "context.h"

/*
 * Reads at `offset`, or where the position stands with PENDIO_STREAMING, if that is expected to be
 * in the page cache. True: it was, and the bytes or the end are in the context.
 */
bool pnd_cached_try(struct pnd_context *context, uint64_t offset);

#endif
