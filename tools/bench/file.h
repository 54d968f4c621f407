/* file.h - a file to be read from, whose every block tells where it stands. */
#ifndef PND_BENCH_FILE_H
#define PND_BENCH_FILE_H

#include <stdbool.h>
#include <stdint.h>

enum { PND_BENCH_FILE_BLOCK = 4096, PND_BENCH_FILE_BLOCKS = 4096 };

/*
 * Nameless, in the directory set, else $TMPDIR, else /var/tmp; in the system's cache as a whole.
 * Returns 0 or -errno.
 */
int pnd_bench_file_open(int *ret_descriptor);

/* As that, and to be read past the cache. Returns also -ENOTSUP: its file system has no such thing.
 */
int pnd_bench_file_open_direct(int *ret_descriptor);

/* Nothing in it yet. */
int pnd_bench_file_open_empty(int *ret_descriptor);

/* A place to read from, by chance, and the same for everybody. */
uint64_t pnd_bench_file_offset(uint64_t *seed);

/* The bytes are those of that place. */
bool pnd_bench_file_is(const void *bytes, uint64_t offset);

/* All of the file is as it should be. Returns 0, -EBADMSG or -errno. */
int pnd_bench_file_verify(int descriptor);

#endif
