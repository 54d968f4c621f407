/* peer.h - who can serve from a process of its own: programs that are there, or can be built. */
#ifndef PND_BENCH_PEER_H
#define PND_BENCH_PEER_H

#include "bench.h"
#include "clients.h"
#include "process.h"

struct pnd_bench_peer {
    const char *program;  /* in the folder of such programs, or built when first needed */
    const char *word;     /* its first argument; NULL: none but the address */
    const char *language; /* as build.sh knows it; NULL: cmake has built it, or not */
    bool is_wide;         /* more threads than one: it may use more cores */
};

/* Why a peer of that language is not here; filled in by pnd_bench_peer_open(). */
extern char pnd_bench_peer_lacks_go[PND_BENCH_REASON_BYTES];
extern char pnd_bench_peer_lacks_tokio[PND_BENCH_REASON_BYTES];
extern char pnd_bench_peer_lacks_dotnet[PND_BENCH_REASON_BYTES];
extern char pnd_bench_peer_lacks_python[PND_BENCH_REASON_BYTES];

/* A server, and connections to it. */
struct pnd_bench_site {
    struct pnd_bench_process server;
    struct pnd_bench_clients clients;
};

/* Returns 0, -ENOTSUP there is no such program, or another -errno. */
int pnd_bench_peer_open(const struct pnd_bench_peer *peer, const struct pnd_bench_case *bench_case,
                        struct pnd_bench_site *ret_site);
void pnd_bench_peer_close(struct pnd_bench_site *site);

#endif
