/* cores.h - which core is whose: the bench's own, and those of the servers beside it. */
#ifndef PND_BENCH_CORES_H
#define PND_BENCH_CORES_H

#include <sched.h>

/* This thread goes to the last core it may use. Returns that core, or -1: it stays where it is. */
int pnd_bench_cores_pin(void);

/* The first of the others, for a server; its own where there is but one. -1: not pinned. */
int pnd_bench_cores_server(void);

enum pnd_bench_cores {
    PND_BENCH_CORES_ONE,  /* the server's */
    PND_BENCH_CORES_MANY, /* all but the bench's own, if that leaves two */
    PND_BENCH_CORES_ALL,  /* there are, for what is not measured */
};

void pnd_bench_cores_choose(enum pnd_bench_cores which, cpu_set_t *ret_cores);

#endif
