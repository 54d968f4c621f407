/*
 * environment.h - what the process's environment says of backends and features.
 *
 * Read before the first io_uring system call; ignored in set-uid programs.
 */
#ifndef PND_ENVIRONMENT_H
#define PND_ENVIRONMENT_H

#include <stdint.h>

/*
 * Returns 0 and the features to leave unused; -EACCES when io_uring is switched off
 * (PENDIO_DISABLE_URING), -ENOTSUP when PENDIO_BACKEND names a backend that is not built in,
 * -EINVAL when PENDIO_FEATURES has an entry that is not "-" and the name of a feature.
 */
int pnd_environment_read(uint64_t *ret_masked_features);

#endif
