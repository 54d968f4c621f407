/*
 * scratch.c - private directories, made and removed.
 *
 * Happy path:  mkdtemp, locked; then everything below it removed, depth first.
 * Failures:    a $TMPDIR that is relative or too long is as good as none; what cannot be removed
 *              stays. A daemon that is killed leaves a lock that nobody holds any more, so that the
 *              next one can tell; one swept away before it was locked is made anew.
 */
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DESCRIPTOR_COUNT = 16, /* that the walk may hold */
    TRY_COUNT = 16,
};

static const char prefix[] = "pendio-run-";
static const char pattern[] = "XXXXXX";

static int try_create(struct pnd_scratch *ret_scratch);
static int lock(struct pnd_scratch *scratch);
static int remove_entry(const char *path, const struct stat *state, int kind, struct FTW *where);
static void sweep_one(const char *name);

const char *pnd_scratch_base(void)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] != '/' ||
        strlen(base) + sizeof prefix + sizeof pattern > PND_SCRATCH_BYTES)
        base = "/tmp";
    return base;
}

int pnd_scratch_create(struct pnd_scratch *ret_scratch)
{
    int status = -ESTALE;
    for (unsigned i = 0; i < TRY_COUNT && status == -ESTALE; i++)
        status = try_create(ret_scratch);
    return status;
}

/* -ESTALE when somebody swept it away before it was locked. */
static int try_create(struct pnd_scratch *ret_scratch)
{
    struct pnd_scratch scratch = {.lock = -1};
    struct stat state;
    int length =
        snprintf(scratch.path, sizeof scratch.path, "%s/%s%s", pnd_scratch_base(), prefix, pattern);
    if (length < 0 || (size_t)length >= sizeof scratch.path)
        return -ENAMETOOLONG;
    if (mkdtemp(scratch.path) == NULL)
        return -errno;
    int status = lock(&scratch);
    if (status == 0 && (fstat(scratch.lock, &state) < 0 || state.st_nlink == 0)) {
        (void)close(scratch.lock);
        status = -ESTALE;
    }
    if (status == -ENOENT || status == -EWOULDBLOCK)
        status = -ESTALE;
    if (status == 0)
        *ret_scratch = scratch;
    else if (status != -ESTALE)
        (void)rmdir(scratch.path);
    return status;
}

static int lock(struct pnd_scratch *scratch)
{
    scratch->lock = open(scratch->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (scratch->lock < 0)
        return -errno;
    if (flock(scratch->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    int status = -errno;
    (void)close(scratch->lock);
    return status;
}

void pnd_scratch_destroy(struct pnd_scratch *scratch)
{
    if (scratch->path[0] == '\0')
        return;
    (void)nftw(scratch->path, remove_entry, DESCRIPTOR_COUNT, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    (void)close(scratch->lock);
    scratch->path[0] = '\0';
}

static int remove_entry(const char *path, const struct stat *state, int kind, struct FTW *where)
{
    (void)state;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

void pnd_scratch_sweep(void)
{
    DIR *directory = opendir(pnd_scratch_base());
    if (directory == NULL)
        return;
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL) {
        if (strlen(entry->d_name) == strlen(prefix) + strlen(pattern) &&
            strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            sweep_one(entry->d_name);
    }
    (void)closedir(directory);
}

static void sweep_one(const char *name)
{
    struct pnd_scratch scratch;
    struct stat state;
    int length = snprintf(scratch.path, sizeof scratch.path, "%s/%s", pnd_scratch_base(), name);
    if (length < 0 || (size_t)length >= sizeof scratch.path || lock(&scratch) < 0)
        return;
    if (fstat(scratch.lock, &state) == 0 && state.st_uid == geteuid())
        pnd_scratch_destroy(&scratch);
    else
        (void)close(scratch.lock);
}
