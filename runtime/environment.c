/*
 * environment.c - what the process's environment says of backends and features.
 *
 * Happy path:  nothing is set -> io_uring with every feature the kernel has.
 * Failures:    a switch that cannot be honoured is refused, never ignored: who set it relies on it.
 */
#include "environment.h"

#include "probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_backend(void)
{
    const char *off = secure_getenv("PENDIO_DISABLE_URING");
    const char *backend = secure_getenv("PENDIO_BACKEND");

    if (backend != NULL && backend[0] != '\0' && strcmp(backend, "uring") != 0)
        return -ENOTSUP;
    if (off != NULL && off[0] != '\0' && strcmp(off, "0") != 0)
        return -EACCES;
    return 0;
}

static int read_features(uint64_t *ret_masked_features)
{
    const char *entry = secure_getenv("PENDIO_FEATURES");
    uint64_t masked = 0;

    while (entry != NULL && *entry != '\0') {
        size_t length = strcspn(entry, ",");
        uint64_t feature = 0;

        if (length < 2 || entry[0] != '-')
            return -EINVAL;
        feature = pnd_probe_feature_by_name(entry + 1, length - 1);
        if (feature == 0)
            return -EINVAL;
        masked |= feature;
        entry += length;
        entry += *entry == ',';
    }
    *ret_masked_features = masked;
    return 0;
}

int pnd_environment_read(uint64_t *ret_masked_features)
{
    int status = read_backend();

    return status < 0 ? status : read_features(ret_masked_features);
}
