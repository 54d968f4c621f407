/* cases.h - who takes part in the cases of each kind. */
#ifndef PND_BENCH_CASES_H
#define PND_BENCH_CASES_H

#include "contest.h"

extern const struct pnd_bench_subject pnd_bench_echo[];
extern const size_t pnd_bench_echo_count;
extern const struct pnd_bench_subject pnd_bench_nop[];
extern const size_t pnd_bench_nop_count;
extern const struct pnd_bench_subject pnd_bench_gather[];
extern const size_t pnd_bench_gather_count;
extern const struct pnd_bench_subject pnd_bench_read[];
extern const size_t pnd_bench_read_count;
extern const struct pnd_bench_subject pnd_bench_churn[];
extern const size_t pnd_bench_churn_count;

extern const struct pnd_bench_subject pnd_bench_copy[];
extern const size_t pnd_bench_copy_count;
extern const struct pnd_bench_subject pnd_bench_wake[];
extern const size_t pnd_bench_wake_count;
extern const struct pnd_bench_subject pnd_bench_memory[];
extern const size_t pnd_bench_memory_count;

/* Servers in processes of their own. */
extern const struct pnd_bench_subject pnd_bench_peers[];
extern const size_t pnd_bench_peers_count;
extern const struct pnd_bench_subject pnd_bench_rtt[];
extern const size_t pnd_bench_rtt_count;
extern const struct pnd_bench_subject pnd_bench_latency[];
extern const size_t pnd_bench_latency_count;
extern const struct pnd_bench_subject pnd_bench_scale[];
extern const size_t pnd_bench_scale_count;
extern const struct pnd_bench_subject pnd_bench_bindings[];
extern const size_t pnd_bench_bindings_count;
extern const struct pnd_bench_subject pnd_bench_calls[];
extern const size_t pnd_bench_calls_count;

/* All cases of such servers, added to the list. Returns how many there are. */
enum { PND_BENCH_WHOLE_MAXIMUM = 48 };
size_t pnd_bench_cases_whole(struct pnd_bench_case *ret_cases);

#endif
