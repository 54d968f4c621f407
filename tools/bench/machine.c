/*
 * machine.c - the machine as quiet as is permitted: one core, a network of its own, reno.
 *
 * Happy path:  room for descriptors -> a new network namespace with its loopback up -> reno -> the
 *              last core this process may use.
 * Failures:    what is not permitted stays as it was; the figures are marked with it.
 */
#include "bench.h"
#include "cores.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pendio/pendio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAP_FROM_BYTES = 128 * 1024 };

static void raise_descriptor_limit(void);
static bool enter_own_network(char *ret_reason, size_t reason_bytes);
static int raise_loopback(void);
static void default_to_reno(void);
static void learn_congestion(char *ret_name, size_t name_bytes);
static double learn_system_call_cost(void);
static void learn_features(struct pnd_bench_machine *machine);

void pnd_bench_machine_prepare(struct pnd_bench_machine *ret_machine)
{
    *ret_machine = (struct pnd_bench_machine){.core = -1};
    (void)mallopt(M_MMAP_THRESHOLD, MAP_FROM_BYTES); /* no case has memory another one touched */
    raise_descriptor_limit();
    ret_machine->has_own_network =
        enter_own_network(ret_machine->reason, sizeof ret_machine->reason);
    learn_congestion(ret_machine->congestion, sizeof ret_machine->congestion);
    ret_machine->core = pnd_bench_cores_pin();
    ret_machine->server_core = pnd_bench_cores_server();
    ret_machine->system_call_ns = learn_system_call_cost();
    learn_features(ret_machine);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* As root, or as root of a new user namespace. */
static bool enter_own_network(char *ret_reason, size_t reason_bytes)
{
    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
        (void)snprintf(ret_reason, reason_bytes, "unshare: %s", strerror(errno));
        return false;
    }
    int status = raise_loopback();
    if (status < 0)
        (void)snprintf(ret_reason, reason_bytes, "its loopback is down: %s", strerror(-status));
    else
        default_to_reno();
    return status == 0;
}

static int raise_loopback(void)
{
    int status = 0;
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -errno;
    struct ifreq request = {.ifr_name = "lo"};
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(descriptor, SIOCSIFFLAGS, &request) < 0)
        status = -errno;
    (void)close(descriptor);
    return status;
}

/* For servers that do not ask for it themselves; the setting is of this network alone. */
static void default_to_reno(void)
{
    int descriptor = open("/proc/sys/net/ipv4/tcp_congestion_control", O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    ssize_t written = write(descriptor, "reno", 4);
    (void)written;
    (void)close(descriptor);
}

/* Every socket of the bench asks for reno: this tells what it gets. */
static void learn_congestion(char *ret_name, size_t name_bytes)
{
    socklen_t byte_count = (socklen_t)name_bytes - 1;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    (void)getsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, ret_name, &byte_count);
    (void)close(descriptor);
}

static double learn_system_call_cost(void)
{
    enum { CALLS = 20000 };
    struct timespec begun, ended;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
    for (int call = 0; call < CALLS; call++)
        (void)syscall(SYS_getppid);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    double spent_ns = (double)(ended.tv_sec - begun.tv_sec) * 1e9;
    return (spent_ns + (double)(ended.tv_nsec - begun.tv_nsec)) / CALLS;
}

static void learn_features(struct pnd_bench_machine *machine)
{
    struct pendio_loop_statistics statistics = {.size = sizeof statistics};
    struct pendio_loop *loop;
    int status = pendio_loop_create(NULL, &loop);
    if (status < 0) {
        (void)snprintf(machine->refusal, sizeof machine->refusal, "%s",
                       pendio_loop_explain(status));
        return;
    }
    (void)pendio_loop_stats(loop, &statistics);
    (void)pendio_loop_destroy(loop, -1, NULL);
    for (uint64_t feature = 1; feature != 0; feature <<= 1) {
        size_t used = strlen(machine->features);
        if ((statistics.features & feature) != 0 && pendio_feature_name(feature) != NULL)
            (void)snprintf(machine->features + used, sizeof machine->features - used, "%s%s",
                           used > 0 ? "," : "", pendio_feature_name(feature));
    }
}
