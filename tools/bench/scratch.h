/* scratch.h - a folder of the bench's own, for sockets and for what is built at run time. */
#ifndef PND_BENCH_SCRATCH_H
#define PND_BENCH_SCRATCH_H

#include <stddef.h>

/* The path of that name in the folder. Returns 0 or -errno. The folder goes with the process. */
int pnd_bench_scratch_path(const char *name, char *ret_path, size_t path_bytes);

#endif
