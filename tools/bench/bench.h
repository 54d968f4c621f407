/* bench.h - what there is to be measured, and one measurement: all the command knows of it. */
#ifndef PND_BENCH_H
#define PND_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PND_BENCH_SUBJECT_MAXIMUM = 12, PND_BENCH_NAME_BYTES = 48, PND_BENCH_REASON_BYTES = 160 };

struct pnd_bench_subject;

/* One question, asked of several subjects in the same rounds. */
struct pnd_bench_case {
    char name[PND_BENCH_NAME_BYTES];
    const char *unit;
    const struct pnd_bench_subject *subjects;
    size_t subject_count;
    int family; /* AF_INET or AF_UNIX; of cases with connections */
    uint32_t connection_count;
    uint32_t message_bytes;
    bool is_direct;    /* files are read past the system's cache */
    bool resets;       /* connections are closed with a reset, not gracefully */
    bool by_wall;      /* the figure is time that passed; else CPU time of the process */
    bool is_whole;     /* servers are processes of their own, started by the subjects */
    uint32_t depth;    /* messages of a connection, or reads, under way at once */
    uint32_t patience; /* so many times as long as other cases; 0: as long */
    uint32_t rate;     /* messages a second, and which share of them the figure is not */
    double share;      /* exceeded by; of cases with latencies */
};

struct pnd_bench_spread {
    double minimum, low, median, high, maximum; /* low and high: the quartiles */
};

enum pnd_bench_state { PND_BENCH_MEASURED, PND_BENCH_SKIPPED, PND_BENCH_FAILED };

enum pnd_bench_role {
    PND_BENCH_FLOOR, /* written by hand for this one job */
    PND_BENCH_OURS,
    PND_BENCH_PEER,        /* another library */
    PND_BENCH_INFORMATION, /* another way to the same end; no floor for ours */
};

struct pnd_bench_result {
    const struct pnd_bench_case *bench_case;
    const char *subject;
    enum pnd_bench_role role;
    const char *reference; /* whose figure it is divided by, round by round */
    enum pnd_bench_state state;
    char reason[PND_BENCH_REASON_BYTES]; /* of what was not measured */
    struct pnd_bench_spread figure;      /* in the case's unit */
    struct pnd_bench_spread ratio;
    uint32_t round_count;

    /* Of those written by hand, and of the peers, the one with the lowest median; NULL: none. */
    const char *best, *best_peer;
    struct pnd_bench_spread ratio_to_best, ratio_to_peer;

    /* Operations a second of time that passed, and that divided by the reference's, the peer's. */
    struct pnd_bench_spread rate, rate_ratio, rate_to_peer;
};

struct pnd_bench_effort {
    int64_t limit_ns; /* rounds go on for this long */
    uint32_t round_minimum;
    uint32_t round_maximum;
    bool brief; /* blocks of next to no length: to see that everything runs */

    /* Called between rounds; false ends the measurement. */
    bool (*go_on)(void *state, uint32_t round_count, int64_t spent_ns);
    void *state;
};

/* All cases, in the order they run; they live as long as the program. */
const struct pnd_bench_case *pnd_bench_cases(size_t *ret_count);

/* Of the subject at that place. */
const char *pnd_bench_subject_name(const struct pnd_bench_case *bench_case, size_t place);

/*
 * A result for each subject of the case, measured or not. Returns 0, -EINTR when go_on() said no,
 * or -ENOMEM.
 */
int pnd_bench_measure(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_effort *effort, struct pnd_bench_result *ret_results);

/* Where files are made; NULL: in $TMPDIR, else /var/tmp. `name` must outlive all measurements. */
void pnd_bench_set_directory(const char *name);

/* What was done to the machine for the sake of the figures. */
struct pnd_bench_machine {
    double
        system_call_ns;   /* of CPU, for one that does nothing: it decides which strategy is best */
    int core;             /* the thread is pinned to; -1: to none */
    int server_core;      /* and servers in processes of their own; -1: to none */
    bool has_own_network; /* a network namespace of its own */
    char congestion[16];  /* control of its TCP connections */
    char features[256];   /* the runtime found and uses */
    char reason[96];      /* why it has no network of its own */
    char refusal[PND_BENCH_REASON_BYTES]; /* why the runtime has no loop here; "": it has */
};

/* Whatever is not permitted is left as it was, and told. */
void pnd_bench_machine_prepare(struct pnd_bench_machine *ret_machine);

/* Peers in languages of their own may be built when they are first needed, which takes a while. */
void pnd_bench_peers_allow_building(void);

#endif
