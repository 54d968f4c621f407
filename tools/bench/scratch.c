/*
 * scratch.c - a folder of the bench's own, for sockets and for what is built at run time.
 *
 * Happy path:  made below $TMPDIR when first asked for; removed with all in it as the process ends.
 * Failures:    no room for it is told with the call's own error; a path too long is -ENAMETOOLONG.
 */
#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAXIMUM = 16 };

static char folder[PATH_MAX];

static int make_folder(void);
static void remove_folder(void);
static int remove_one(const char *path, const struct stat *state, int kind, struct FTW *place);

int pnd_bench_scratch_path(const char *name, char *ret_path, size_t path_bytes)
{
    int status = folder[0] == '\0' ? make_folder() : 0;
    if (status < 0)
        return status;
    int length = snprintf(ret_path, path_bytes, "%s/%s", folder, name);
    return length < 0 || (size_t)length >= path_bytes ? -ENAMETOOLONG : 0;
}

static int make_folder(void)
{
    const char *above = getenv("TMPDIR");
    int length = snprintf(folder, sizeof folder, "%s/pendio-bench-XXXXXX",
                          above != NULL && above[0] != '\0' ? above : "/tmp");
    int status = 0;
    if (length < 0 || (size_t)length >= sizeof folder)
        status = -ENAMETOOLONG;
    else if (mkdtemp(folder) == NULL)
        status = -errno;
    else if (atexit(remove_folder) != 0)
        status = -ENOMEM;
    if (status < 0)
        folder[0] = '\0';
    return status;
}

static void remove_folder(void)
{
    (void)nftw(folder, remove_one, DEPTH_MAXIMUM, FTW_DEPTH | FTW_PHYS);
}

static int remove_one(const char *path, const struct stat *state, int kind, struct FTW *place)
{
    (void)state;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}
