/*
 * quirks.c - kernels known to do a feature wrong, though they have it: ranges, as data.
 *
 * Features are found by trying, never by version numbers; only what was tried and is known to be
 * wrong all the same is taken away again. What cannot be read as a release is in no range.
 */
#include "quirks.h"

#include <pendio/pendio.h>

#include <stddef.h>
#include <stdlib.h>
#include <sys/utsname.h>

#define RELEASE(major, minor, patch) ((uint64_t)(major) << 32 | (uint64_t)(minor) << 16 | (patch))

static const struct {
    uint64_t features;
    uint64_t first; /* that has the fault */
    uint64_t fixed; /* that has it no more */
} quirks[] = {
    /* Buffers that multishot requests were woken for in vain stayed away. */
    {PENDIO_FEATURE_MULTISHOT_RECEIVE, RELEASE(6, 1, 7), RELEASE(6, 1, 9)},
    /* What was left of a buffer after a short transfer was reckoned wrong, in several ways. */
    {PENDIO_FEATURE_INCREMENTAL_BUFFERS, RELEASE(6, 12, 0), RELEASE(6, 17, 0)},
};

static uint64_t read_release(const char *release)
{
    uint64_t parts[3] = {0, 0, 0};

    for (size_t i = 0; i < 3; i++) {
        char *end;

        parts[i] = strtoul(release, &end, 10);
        if (end == release || *end != '.')
            break;
        release = end + 1;
    }
    return RELEASE(parts[0], parts[1], parts[2]);
}

uint64_t pnd_quirks_of(const char *release)
{
    uint64_t number = read_release(release);
    uint64_t features = 0;

    for (size_t i = 0; i < sizeof quirks / sizeof quirks[0]; i++)
        if (number >= quirks[i].first && number < quirks[i].fixed)
            features |= quirks[i].features;
    return features;
}

uint64_t pnd_quirks_here(void)
{
    struct utsname name;

    return uname(&name) < 0 ? 0 : pnd_quirks_of(name.release);
}
