/*
 * file.c - a file to be read from, whose every block tells where it stands.
 *
 * Happy path:  write all blocks, which leaves them in the system's cache.
 * Failures:    no room below $TMPDIR is told with the call's own error.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS = PND_BENCH_FILE_BLOCK / sizeof(uint64_t) };

static void fill(uint64_t *block, uint64_t offset);

int pnd_bench_file_open(int *ret_descriptor)
{
    const char *directory = getenv("TMPDIR");
    uint64_t block[WORDS];
    int descriptor = open(directory != NULL && directory[0] != '\0' ? directory : "/var/tmp",
                          O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return -errno;
    for (uint64_t index = 0; index < PND_BENCH_FILE_BLOCKS; index++) {
        fill(block, index * PND_BENCH_FILE_BLOCK);
        ssize_t written = write(descriptor, block, sizeof block);
        if (written != (ssize_t)sizeof block) {
            int status = written < 0 ? -errno : -ENOSPC;
            (void)close(descriptor);
            return status;
        }
    }
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
