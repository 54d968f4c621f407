/*
 * cores.c - which core is whose: the bench's own, and those of the servers beside it.
 *
 * Happy path:  the last core is the bench's, as interrupts tend to go to the first.
 * Failures:    what may not be pinned runs anywhere.
 */
#include "cores.h"

static cpu_set_t allowed; /* before this process pinned itself */
static int own = -1;

int pnd_bench_cores_pin(void)
{
    cpu_set_t one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        return -1;
    size_t core = CPU_SETSIZE;
    while (core > 0 && !CPU_ISSET(core - 1, &allowed))
        core--;
    if (core == 0)
        return -1;
    CPU_ZERO(&one);
    CPU_SET(core - 1, &one);
    own = sched_setaffinity(0, sizeof one, &one) < 0 ? -1 : (int)core - 1;
    return own;
}

int pnd_bench_cores_server(void)
{
    int core = 0;
    while (core < own && !CPU_ISSET((size_t)core, &allowed))
        core++;
    return own < 0 ? -1 : core;
}

void pnd_bench_cores_choose(enum pnd_bench_cores which, cpu_set_t *ret_cores)
{
    *ret_cores = allowed;
    if (own < 0)
        return;
    if (which == PND_BENCH_CORES_MANY && CPU_COUNT(&allowed) > 2)
        CPU_CLR((size_t)own, ret_cores);
    if (which == PND_BENCH_CORES_ONE) {
        CPU_ZERO(ret_cores);
        CPU_SET((size_t)pnd_bench_cores_server(), ret_cores);
    }
}
