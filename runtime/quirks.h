/*
 * quirks.h - kernels known to do a feature wrong, though they have it.
 */
#ifndef PND_QUIRKS_H
#define PND_QUIRKS_H

#include <stdint.h>

/* The features (PENDIO_FEATURE_...) to leave alone on a kernel of that release, as uname has it. */
uint64_t pnd_quirks_of(const char *release);

/* Those of the kernel at hand. */
uint64_t pnd_quirks_here(void);

#endif
