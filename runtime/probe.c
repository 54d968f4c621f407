/*
 * probe.c - what the kernel at hand can do, asked once per ring; features by name.
 *
 * Features are found by asking and trying, never by version numbers.
 */
#include <liburing.h>

#include "probe.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <string.h>

struct feature {
    const char *name;
    uint64_t bit;
};

static const struct feature features[] = {
    {"single_issuer", PENDIO_FEATURE_SINGLE_ISSUER},
    {"defer_taskrun", PENDIO_FEATURE_DEFER_TASKRUN},
    {"coop_taskrun", PENDIO_FEATURE_COOP_TASKRUN},
    {"registered_ring", PENDIO_FEATURE_REGISTERED_RING},
    {"fixed_buffers", PENDIO_FEATURE_FIXED_BUFFERS},
    {"no_signal", PENDIO_FEATURE_NO_SIGNAL},
    {"ftruncate", PENDIO_FEATURE_FTRUNCATE},
    {"multishot_accept", PENDIO_FEATURE_MULTISHOT_ACCEPT},
    {"multishot_receive", PENDIO_FEATURE_MULTISHOT_RECEIVE},
    {"buffer_ring", PENDIO_FEATURE_BUFFER_RING},
    {"incremental_buffers", PENDIO_FEATURE_INCREMENTAL_BUFFERS},
    {"zero_copy", PENDIO_FEATURE_ZERO_COPY},
};

uint64_t pnd_probe_feature_by_name(const char *name, size_t byte_count)
{
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (strlen(features[i].name) == byte_count &&
            memcmp(features[i].name, name, byte_count) == 0)
            return features[i].bit;
    return 0;
}

const char *pnd_probe_feature_name(uint64_t feature)
{
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (features[i].bit == feature)
            return features[i].name;
    return NULL;
}

int pnd_probe_opcodes(struct io_uring *uring, struct pnd_opcodes *ret_opcodes)
{
    struct pnd_opcodes found = {{0, 0}};
    struct io_uring_probe *probe = io_uring_get_probe_ring(uring);

    if (probe == NULL)
        return -ENOSYS;
    for (int opcode = 0; opcode < 128 && opcode <= probe->last_op; opcode++)
        if (io_uring_opcode_supported(probe, opcode))
            found.bits[opcode / 64] |= UINT64_C(1) << (opcode % 64);
    io_uring_free_probe(probe);
    *ret_opcodes = found;
    return 0;
}
