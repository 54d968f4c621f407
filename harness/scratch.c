/*
 * scratch.c - private directories, made and removed.
 *
 * Happy path:  mkdtemp, then everything below it removed, depth first.
 * Failures:    a $TMPDIR that is relative or too long is as good as none; what cannot be removed
 *              stays.
 */
#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DESCRIPTOR_COUNT = 16 }; /* that the walk may hold */

static const char name_pattern[] = "/pendio-run-XXXXXX";

static int remove_entry(const char *path, const struct stat *state, int kind, struct FTW *where);

const char *pnd_scratch_base(void)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] != '/' || strlen(base) + sizeof name_pattern > PND_SCRATCH_BYTES)
        base = "/tmp";
    return base;
}

int pnd_scratch_create(char *ret_path)
{
    char path[PND_SCRATCH_BYTES];
    int length = snprintf(path, sizeof path, "%s%s", pnd_scratch_base(), name_pattern);
    if (length < 0 || (size_t)length >= sizeof path)
        return -ENAMETOOLONG;
    if (mkdtemp(path) == NULL)
        return -errno;
    memcpy(ret_path, path, (size_t)length + 1);
    return 0;
}

void pnd_scratch_destroy(const char *path)
{
    (void)nftw(path, remove_entry, DESCRIPTOR_COUNT, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int remove_entry(const char *path, const struct stat *state, int kind, struct FTW *where)
{
    (void)state;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}
