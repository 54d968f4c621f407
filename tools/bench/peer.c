/*
 * peer.c - who can serve from a process of its own: programs that are there, or can be built.
 *
 * Happy path:  find the program, building it first if that is for us to do -> an address -> start
 *              it -> it says that it listens -> connect.
 * Failures:    a program that is not there, or cannot be built here, is lacking, with the reason;
 *              building is tried once.
 */
#include "peer.h"

#include "cores.h"
#include "scratch.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORD_MAXIMUM = 6, NUMBER_BYTES = 16 };

char pnd_bench_peer_lacks_go[PND_BENCH_REASON_BYTES];
char pnd_bench_peer_lacks_tokio[PND_BENCH_REASON_BYTES];
char pnd_bench_peer_lacks_dotnet[PND_BENCH_REASON_BYTES];
char pnd_bench_peer_lacks_rust[PND_BENCH_REASON_BYTES];
char pnd_bench_peer_lacks_python[PND_BENCH_REASON_BYTES];
char pnd_bench_peer_lacks_dotnet_pendio[PND_BENCH_REASON_BYTES];

static bool may_build;

static struct building {
    const char *language;
    char *reason;
    bool was_tried;
} buildings[] = {
    {"go", pnd_bench_peer_lacks_go, false},
    {"tokio", pnd_bench_peer_lacks_tokio, false},
    {"dotnet", pnd_bench_peer_lacks_dotnet, false},
    {"dotnet_pendio", pnd_bench_peer_lacks_dotnet_pendio, false},
    {"rust", pnd_bench_peer_lacks_rust, false},
    {"python", pnd_bench_peer_lacks_python, false},
};

static int find(const struct pnd_bench_peer *peer, char *ret_path, size_t path_bytes);
static int folder_path(const char *name, char *ret_path, size_t path_bytes);
static int build(struct building *building, const char *target);
static void learn_reason(struct building *building, const char *log);
static int choose_address(const struct pnd_bench_case *bench_case, char *ret_text,
                          size_t text_bytes);
static int choose_port(char *ret_text, size_t text_bytes);
static int start(const struct pnd_bench_peer *peer, const struct pnd_bench_case *bench_case,
                 const char *path, const char *address, struct pnd_bench_process *ret_server);

void pnd_bench_peers_allow_building(void)
{
    may_build = true;
}

int pnd_bench_peer_open(const struct pnd_bench_peer *peer, const struct pnd_bench_case *bench_case,
                        struct pnd_bench_site *ret_site)
{
    char path[PATH_MAX], text[PATH_MAX];
    struct pnd_bench_address address;
    int status = find(peer, path, sizeof path);
    if (status == 0)
        status = choose_address(bench_case, text, sizeof text);
    if (status == 0)
        status =
            pnd_bench_address_read(bench_case->family == AF_INET ? "tcp" : "unix", text, &address);
    if (status == 0)
        status = start(peer, bench_case, path, text, &ret_site->server);
    if (status < 0)
        return status;
    status = pnd_bench_process_listen(&ret_site->server);
    if (status == 0)
        status = pnd_bench_clients_init(&ret_site->clients, &address, bench_case->connection_count,
                                        bench_case->message_bytes);
    if (status < 0)
        pnd_bench_process_stop(&ret_site->server);
    return status;
}

void pnd_bench_peer_close(struct pnd_bench_site *site)
{
    pnd_bench_process_stop(&site->server);
    pnd_bench_clients_fini(&site->clients);
}

static int find(const struct pnd_bench_peer *peer, char *ret_path, size_t path_bytes)
{
    int status = folder_path(peer->program, ret_path, path_bytes);
    if (status < 0 || access(ret_path, X_OK) == 0)
        return status;
    for (size_t index = 0; index < sizeof buildings / sizeof buildings[0]; index++) {
        struct building *building = &buildings[index];
        if (peer->language == NULL || strcmp(building->language, peer->language) != 0)
            continue;
        status = pnd_bench_scratch_path(peer->program, ret_path, path_bytes);
        if (status == 0 && !building->was_tried)
            status = build(building, ret_path);
        if (status < 0)
            return status;
        if (access(ret_path, X_OK) == 0)
            return 0;
        if (building->reason[0] == '\0')
            (void)snprintf(building->reason, PND_BENCH_REASON_BYTES, "%s was not built",
                           peer->program);
        return -ENOTSUP;
    }
    return -ENOTSUP;
}

/* Beside the folder of this program: where the build puts them, and the installation. */
static int folder_path(const char *name, char *ret_path, size_t path_bytes)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return -errno;
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    int needed = snprintf(ret_path, path_bytes, "%s/%s/%s", self, PENDIO_BENCH_PROGRAMS, name);
    return needed < 0 || (size_t)needed >= path_bytes ? -ENAMETOOLONG : 0;
}

/* On all cores, as nothing is measured meanwhile. -EINTR: a signal came. */
static int build(struct building *building, const char *target)
{
    char script[PATH_MAX], folder[PATH_MAX], log[PATH_MAX];
    struct pnd_bench_process compiler;
    cpu_set_t cores;

    if (!may_build) {
        (void)snprintf(building->reason, PND_BENCH_REASON_BYTES,
                       "not built yet, and --quick builds nothing");
        return -ENOTSUP;
    }
    building->was_tried = true;
    (void)snprintf(folder, sizeof folder, "%s", target);
    *strrchr(folder, '/') = '\0';
    int status = folder_path("build.sh", script, sizeof script);
    if (status == 0)
        status = pnd_bench_scratch_path("log", log, sizeof log);
    if (status < 0)
        return status;
    const char *const words[] = {"/bin/sh", script, building->language, folder, NULL};
    pnd_bench_cores_choose(PND_BENCH_CORES_ALL, &cores);
    status = pnd_bench_process_start(words, &cores, log, &compiler);
    if (status == 0)
        status = pnd_bench_process_join(&compiler);
    if (status > 0)
        learn_reason(building, log);
    if (status == -EINTR)
        may_build = false; /* who interrupts one compiler does not wait for the next */
    return status < 0 ? status : 0;
}

/* The last line of what was said. */
static void learn_reason(struct building *building, const char *log)
{
    char line[PND_BENCH_REASON_BYTES];
    FILE *said = fopen(log, "re");
    (void)snprintf(building->reason, PND_BENCH_REASON_BYTES, "it could not be built");
    while (said != NULL && fgets(line, sizeof line, said) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0')
            (void)snprintf(building->reason, PND_BENCH_REASON_BYTES, "%s", line);
    }
    if (said != NULL)
        (void)fclose(said);
}

static int choose_address(const struct pnd_bench_case *bench_case, char *ret_text,
                          size_t text_bytes)
{
    static unsigned count; /* each has a path of its own: nobody removes them before the end */
    char name[NUMBER_BYTES];
    if (bench_case->family == AF_INET)
        return choose_port(ret_text, text_bytes);
    (void)snprintf(name, sizeof name, "%u", count++);
    return pnd_bench_scratch_path(name, ret_text, text_bytes);
}

/* One that is free at this moment. */
static int choose_port(char *ret_text, size_t text_bytes)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t address_bytes = sizeof address;
    int status = 0;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -errno;
    if (bind(descriptor, (const struct sockaddr *)&address, address_bytes) < 0 ||
        getsockname(descriptor, (struct sockaddr *)&address, &address_bytes) < 0)
        status = -errno;
    (void)close(descriptor);
    (void)snprintf(ret_text, text_bytes, "%u", ntohs(address.sin_port));
    return status;
}

static int start(const struct pnd_bench_peer *peer, const struct pnd_bench_case *bench_case,
                 const char *path, const char *address, struct pnd_bench_process *ret_server)
{
    const char *words[WORD_MAXIMUM] = {path};
    char connections[NUMBER_BYTES];
    cpu_set_t cores;
    size_t count = 1;

    (void)snprintf(connections, sizeof connections, "%u", bench_case->connection_count);
    if (peer->word != NULL)
        words[count++] = peer->word;
    words[count++] = bench_case->family == AF_INET ? "tcp" : "unix";
    words[count++] = address;
    words[count++] = connections;
    pnd_bench_cores_choose(peer->is_wide ? PND_BENCH_CORES_MANY : PND_BENCH_CORES_ONE, &cores);
    return pnd_bench_process_start(words, &cores, NULL, ret_server);
}
