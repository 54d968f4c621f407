/*
 * file.c - a file to be read from, whose every block tells where it stands.
 *
 * Happy path:  write all blocks, which leaves them in the system's cache -> or let go of that.
 * Failures:    no room in the directory is told with the call's own error.
 */
#include "file.h"

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { WORDS = PND_BENCH_FILE_BLOCK / sizeof(uint64_t) };

static const char *directory; /* NULL: as the environment says */

static void fill(uint64_t *block, uint64_t offset);

void pnd_bench_set_directory(const char *name)
{
    directory = name;
}

int pnd_bench_file_open_empty(int *ret_descriptor)
{
    const char *name = directory != NULL ? directory : getenv("TMPDIR");
    int descriptor = open(name != NULL && name[0] != '\0' ? name : "/var/tmp",
                          O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return -errno;
    *ret_descriptor = descriptor;
    return 0;
}

int pnd_bench_file_open(int *ret_descriptor)
{
    uint64_t block[WORDS];
    int descriptor = -1;
    int status = pnd_bench_file_open_empty(&descriptor);
    if (status < 0)
        return status;
    for (uint64_t index = 0; index < PND_BENCH_FILE_BLOCKS; index++) {
        fill(block, index * PND_BENCH_FILE_BLOCK);
        ssize_t written = write(descriptor, block, sizeof block);
        if (written != (ssize_t)sizeof block) {
            status = written < 0 ? -errno : -ENOSPC;
            (void)close(descriptor);
            return status;
        }
    }
    *ret_descriptor = descriptor;
    return 0;
}

int pnd_bench_file_open_direct(int *ret_descriptor)
{
    int descriptor = -1;
    int status = pnd_bench_file_open(&descriptor);
    if (status < 0)
        return status;
    struct statfs system;
    if (fdatasync(descriptor) < 0 || fstatfs(descriptor, &system) < 0)
        status = -errno;
    else if (system.f_type == TMPFS_MAGIC) /* takes it for granted, and has nothing but a cache */
        status = -ENOTSUP;
    else if (fcntl(descriptor, F_SETFL, O_DIRECT) < 0)
        status = errno == EINVAL ? -ENOTSUP : -errno;
    if (status < 0) {
        (void)close(descriptor);
        return status;
    }
    (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    *ret_descriptor = descriptor;
    return 0;
}

static void fill(uint64_t *block, uint64_t offset)
{
    for (uint64_t index = 0; index < WORDS; index++)
        block[index] = (offset + index) * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t pnd_bench_file_offset(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % PND_BENCH_FILE_BLOCKS * PND_BENCH_FILE_BLOCK;
}

/* Its first and its last word: all of them would cost more than the read. */
bool pnd_bench_file_is(const void *bytes, uint64_t offset)
{
    uint64_t first, last;
    memcpy(&first, bytes, sizeof first);
    memcpy(&last, (const char *)bytes + PND_BENCH_FILE_BLOCK - sizeof last, sizeof last);
    return first == offset * UINT64_C(0x9e3779b97f4a7c15) &&
           last == (offset + WORDS - 1) * UINT64_C(0x9e3779b97f4a7c15);
}

int pnd_bench_file_verify(int descriptor)
{
    unsigned char block[PND_BENCH_FILE_BLOCK];
    for (uint64_t offset = 0; offset < (uint64_t)PND_BENCH_FILE_BLOCKS * sizeof block;
         offset += sizeof block) {
        ssize_t got = pread(descriptor, block, sizeof block, (off_t)offset);
        if (got != (ssize_t)sizeof block || !pnd_bench_file_is(block, offset))
            return got < 0 ? -errno : -EBADMSG;
    }
    return 0;
}
