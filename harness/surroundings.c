/*
 * surroundings.c - makes the process of a run what its workload asks for.
 *
 * Happy path:  variables that the runtime reads, then processors, then the limit of locked memory.
 * Failures:    a processor that is not here, or that this process may not use.
 *
 * Whoever has CAP_IPC_LOCK is held to no limit of locked memory; so it is given up with the limit.
 */
#include "surroundings.h"

#include "names.h"

#include <linux/capability.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What daemon or request said comes first. */
static int set_variable(const char *name, const char *value)
{
    const char *chosen = getenv(name);
    if (value[0] == '\0' || (chosen != NULL && chosen[0] != '\0'))
        return 0;
    return setenv(name, value, 1) < 0 ? -errno : 0;
}

static int refuse(struct pnd_message_error *error, int status, uint32_t processor)
{
    snprintf(error->text, sizeof error->text,
             "environment.processors: processor %u is not here, or not for this process (%s)",
             processor, pnd_names_error(status));
    return status;
}

/* The system takes a set of which it knows some, and silently leaves out the others. */
static int bind(const Pendio__Environment *environment, struct pnd_message_error *error)
{
    cpu_set_t wanted;
    cpu_set_t bound;
    if (environment->n_processors == 0)
        return 0;
    CPU_ZERO(&wanted);
    CPU_ZERO(&bound);
    for (size_t i = 0; i < environment->n_processors; i++)
        CPU_SET(environment->processors[i], &wanted);
    if (sched_setaffinity(0, sizeof wanted, &wanted) < 0 && errno != EINVAL)
        return refuse(error, -errno, environment->processors[0]);
    if (sched_getaffinity(0, sizeof bound, &bound) < 0)
        return refuse(error, -errno, environment->processors[0]);
    for (size_t i = 0; i < environment->n_processors; i++)
        if (!CPU_ISSET(environment->processors[i], &bound))
            return refuse(error, -ENODEV, environment->processors[i]);
    return 0;
}

static int give_up_lock_capability(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, sets) < 0)
        return -errno;
    uint32_t *const words[] = {&sets[CAP_TO_INDEX(CAP_IPC_LOCK)].effective,
                               &sets[CAP_TO_INDEX(CAP_IPC_LOCK)].permitted,
                               &sets[CAP_TO_INDEX(CAP_IPC_LOCK)].inheritable};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        *words[i] &= ~CAP_TO_MASK(CAP_IPC_LOCK);
    return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

static int squeeze(uint64_t locked_memory_bytes, struct pnd_message_error *error)
{
    struct rlimit limits;
    if (locked_memory_bytes == 0)
        return 0;
    int status = getrlimit(RLIMIT_MEMLOCK, &limits) < 0 ? -errno : 0;
    if (status == 0 && locked_memory_bytes < limits.rlim_cur)
        limits.rlim_cur = limits.rlim_max = locked_memory_bytes;
    if (status == 0 && setrlimit(RLIMIT_MEMLOCK, &limits) < 0)
        status = -errno;
    if (status == 0)
        status = give_up_lock_capability();
    if (status < 0)
        snprintf(error->text, sizeof error->text,
                 "environment.locked_memory_bytes: the limit could not be set (%s)",
                 pnd_names_error(status));
    return status;
}

int pnd_surroundings_set(const Pendio__Workload *workload, struct pnd_message_error *error)
{
    const Pendio__Environment *environment = workload->environment;
    if (environment == NULL)
        return 0;
    int status = set_variable("PENDIO_BACKEND", environment->backend);
    if (status == 0)
        status = set_variable("PENDIO_FEATURES", environment->features);
    if (status < 0)
        snprintf(error->text, sizeof error->text, "environment: %s", pnd_names_error(status));
    if (status == 0)
        status = bind(environment, error);
    return status < 0 ? status : squeeze(environment->locked_memory_bytes, error);
}
